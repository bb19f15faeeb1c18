"""The members of structs and unions as C names them, and what the values of arrays are: text, or of no fixed size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..limits import Budget
from . import types as t
from .declare import declaration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .btf import Btf

__all__ = ["DISCRIMINANT", "Field", "fields", "is_flexible", "is_text"]

DISCRIMINANT: Final = "__discr"
"""What an integer without a name is called, which C does not have: rustc's, that says which variant an enum has."""
_MAX_MEMBERS: Final = 1 << 16
_FEW_PARTS: Final = 8


class Field:
    """A member as it lies in its outermost named struct: anonymous ones in between are dissolved."""

    __slots__ = ("bit_offset", "bit_size", "flexible", "name", "type_id")

    def __init__(self, name: str, type_id: int, bit_offset: int, bit_size: int, *, flexible: bool = False) -> None:
        self.name = name
        self.type_id = type_id
        self.bit_offset = bit_offset
        self.bit_size = bit_size
        self.flexible = flexible
        """Whether what follows the outermost struct belongs to it: an array without a length, at the end."""


def fields(btf: Btf, composite: t.Composite) -> Iterator[Field]:
    """Iterate over the named members of a struct or union, those of anonymous ones inside it among them.

    Raises:
        LimitError: Anonymous structs in each other make more members than there are bytes.
    """
    what = f"the members of {declaration(btf, composite.id, room=_FEW_PARTS)}"
    budget = Budget(composite.size, what, file=btf.file, least=_MAX_MEMBERS + len(composite.members))
    return _fields(btf, composite, 0, budget, 0, last=True)


def _fields(btf: Btf, composite: t.Composite, base: int, budget: Budget, depth: int, *, last: bool) -> Iterator[Field]:
    """Iterate over the members; *base* is the struct's own bit offset, *last* whether it ends its outermost struct."""
    for index, member in enumerate(composite.members, 1):
        budget.spend()
        ends = last and (composite.is_union or index == len(composite.members))
        if not member.name and depth < 32:
            inner = btf.strip(member.type_id)
            if isinstance(inner, t.Composite):
                yield from _fields(btf, inner, base + member.bit_offset, budget, depth + 1, last=ends)
            elif not member.bit_size and isinstance(inner, t.Int | t.Enum):
                yield Field(DISCRIMINANT, member.type_id, base + member.bit_offset, 0)
        elif member.name:
            shift, old_size = _old_bitfield(btf, member)
            flexible = ends and is_flexible(btf, member.type_id)
            at = base + member.bit_offset + shift
            yield Field(member.name, member.type_id, at, member.bit_size or old_size, flexible=flexible)


def _old_bitfield(btf: Btf, member: t.Member) -> tuple[int, int]:
    """Return offset and width of a bitfield of before the kind flag (LLVM 8, pahole 1.12): an INT with fewer bits than
    its size holds, and with an offset of its own.
    """
    found = btf.strip(member.type_id)
    if isinstance(found, t.Int) and not member.bit_size and found.bits < found.size * 8:
        return found.bit_offset, found.bits
    return 0, 0


def is_flexible(btf: Btf, type_id: int, depth: int = 0) -> bool:
    """Whether values of a type have no fixed size: an array without a length, or a struct that ends with one."""
    found = btf.strip(type_id)
    if not isinstance(found, t.Composite):
        return isinstance(found, t.Array) and found.count == 0
    known = btf.flexible.get(found.id)
    if known is None:
        ends = found.members if found.is_union else found.members[-1:]
        known = depth < 32 and any(is_flexible(btf, member.type_id, depth + 1) for member in ends)
        btf.flexible[found.id] = known
    return known


def is_text(btf: Btf, array: t.Array) -> bool:
    """Whether an array is one of plain `char`; `unsigned char` (`__u8`) counts as numbers."""
    element = btf.strip(array.element)
    return isinstance(element, t.Int) and element.size == 1 and (element.name == "char" or element.is_char)
