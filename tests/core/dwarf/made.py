"""DWARF made by hand: sections as bytes, and units whose entries are written down as trees."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from bpftui.core.dwarf.info import DebugInfo
from bpftui.core.dwarf.sections import DebugSections
from bpftui.core.elf import Elf

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bpftui.core.btf import ByteOrder

__all__ = ["Attribute", "Die", "Made", "info_of", "leb", "unit_bytes"]

_OBJECTS = Path(__file__).parents[2] / "objects"
_NAMES = {"little": "values.o", "big": "values.eb.o"}
"""Objects of either byte order, of which no more is asked for."""


class Made(DebugSections):
    """Debug sections that were never in a file.

    Args:
        parts: Their contents, by name.
        order: The byte order of the object that they would be in.
    """

    def __init__(self, parts: Mapping[str, bytes], order: ByteOrder = "little") -> None:
        super().__init__(Elf((_OBJECTS / _NAMES[order]).read_bytes(), file="made.o"))
        self._parts = parts

    def __getitem__(self, name: str) -> bytes:
        return self._parts.get(name, b"")


def leb(number: int) -> bytes:
    """Return an unsigned LEB128 number."""
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])


Attribute: TypeAlias = "tuple[int, int, bytes | Die]"
"""DW_AT, DW_FORM, and the bytes or the entry that it refers to."""


@dataclass
class Die:
    """An entry."""

    tag: int
    attributes: Sequence[Attribute] = ()
    children: Sequence[Die] = ()
    at: int = field(default=0, init=False)
    """Where it begins in .debug_info, once it is written."""

    def all(self) -> list[Die]:
        """Return it and all that is below it, in the order of the file."""
        return [self, *itertools.chain.from_iterable(child.all() for child in self.children)]

    def write(self, code: itertools.count[int], abbreviations: bytearray, order: ByteOrder, at: int) -> bytes:
        """Return its bytes, for an offset; references have four bytes (DW_FORM_ref_addr)."""
        self.at = at
        number = leb(next(code))
        abbreviations += number + leb(self.tag) + bytes([bool(self.children)])
        found = bytearray(number)
        for attribute, form, value in self.attributes:
            abbreviations += leb(attribute) + leb(form)
            found += value if isinstance(value, bytes) else value.at.to_bytes(4, order)
        abbreviations += b"\0\0"
        for child in self.children:
            found += child.write(code, abbreviations, order, at + len(found))
        return bytes(found) + (b"\0" if self.children else b"")


def unit_bytes(top: Die, *, version: int = 5, order: ByteOrder = "little") -> tuple[bytes, bytes]:
    """Return .debug_info and .debug_abbrev of one unit of 32-bit DWARF with addresses of 8 bytes."""
    size = 12 if version >= 5 else 11
    top.write(
        itertools.count(1), bytearray(), order, size
    )  # what is referred to may stand behind: now all have a place
    abbreviations = bytearray()
    body = top.write(itertools.count(1), abbreviations, order, size)
    head = version.to_bytes(2, order)
    head += b"\1\x08" + bytes(4) if version >= 5 else bytes(4) + b"\x08"
    return (len(head) + len(body)).to_bytes(4, order) + head + body, bytes(abbreviations) + b"\0"


def info_of(
    top: Die, *, version: int = 5, order: ByteOrder = "little", parts: Mapping[str, bytes] | None = None
) -> DebugInfo:
    """Return what is read of one unit, and of other sections."""
    info, abbreviations = unit_bytes(top, version=version, order=order)
    found = DebugInfo(Made({".debug_info": info, ".debug_abbrev": abbreviations, **(parts or {})}, order))
    assert found.problem is None, found.problem
    return found
