"""Which member of its context a program accesses: told by the offset. A line of C may name several, and other ones."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ..context.fields import CONTEXTS, ContextField, context_fields
from ..context.values import layout_of
from ..uapi import ProgramType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..btf import Btf
    from ..spec import ProgramSpec
    from .log import SourceLine

__all__ = ["ContextMembers"]

_NAMED: Final = re.compile(r"(?P<base>\w+)->(?P<member>\w+)")
_ARGUMENTS: Final = "arguments"
"""What `ContextLayout` calls the context of raw tracepoints, of traced functions and of struct_ops."""


class ContextMembers:
    """The members of a program's context.

    Args:
        program: The program; None where only its log is at hand.
        target: The kernel's types, which name the arguments of traced functions; None for the running kernel's.
    """

    def __init__(self, program: ProgramSpec | None, target: Btf | None = None) -> None:
        self.struct = ""
        """The context's struct; empty where it is none, or not known."""
        self.size = 0
        """Its bytes; 0 where they are not known, or not limited."""
        self._fields: tuple[ContextField, ...] = ()
        self._is_known = False
        # What replaces a function is given what that one is, and not a context of its own.
        layout = None if program is None or program.type is ProgramType.EXT else layout_of(program, target)
        if layout is not None:
            self._fields, self._is_known, self.size = layout.fields, True, layout.size
            self.struct = "" if layout.struct == _ARGUMENTS else layout.struct

    def fields(self, offset: int, size: int) -> list[ContextField]:
        """Return the members that an access is to, the first one first; none where the context has none there."""
        return _fields_at(self._fields, offset, size)

    def named(self, offset: int, size: int, source: SourceLine | None = None) -> str:
        """Return `remote_ip4`, `cb[2]`, `remote_ip4 and local_ip4`, or empty where it cannot be told.

        Without the program, a member is named if the C line does, and if a context has it at that offset.
        """
        if self._is_known:
            return " and ".join(_name(field, offset) for field in self.fields(offset, size))
        written = {found["member"] for found in _NAMED.finditer(source.text)} if source is not None else set[str]()
        possible = {
            _name(field, offset)
            for type_ in CONTEXTS
            for field in _fields_at(context_fields(type_), offset, size)
            if field.name in written
        }
        return possible.pop() if len(possible) == 1 else ""

    def expression(self, offset: int, size: int, source: SourceLine | None = None) -> str:
        """Return the access as C has it, with the name that the line gives the context: `skb->len`; empty as above."""
        name = self.named(offset, size, source)
        if not name or " " in name:
            return name
        if self._is_known and not self.struct:
            return f"the argument {name}"
        bases = [found["base"] for found in _NAMED.finditer(source.text)] if source is not None else []
        written = [found["member"] for found in _NAMED.finditer(source.text)] if source is not None else []
        member = name.partition("[")[0]
        return f"{bases[written.index(member)] if member in written else 'ctx'}->{name}"


def _fields_at(fields: Iterable[ContextField], offset: int, size: int) -> list[ContextField]:
    return [field for field in fields if field.offset < offset + size and offset < field.offset + field.size]


def _name(field: ContextField, offset: int) -> str:
    """Return a member's name, with the index of the element of an array."""
    index = max(0, offset - field.offset) // field.width
    return f"{field.name}[{index}]" if field.length else field.name
