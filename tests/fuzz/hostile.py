"""Objects that say what no compiler does, a kind for each fault that was once found; the rest of them is whole."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from bpftui.core.btf.index import TAIL
from bpftui.core.btf.types import Kind
from bpftui.core.elf import Elf, SectionType
from tests.fuzz.mutants import EXTREMES, mutant

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator

__all__ = ["KINDS", "hostile"]

NAMES: Final = (
    b"\x1b]52;c;QQ==\x07",
    b"\x1b[2J",
    b"[bold]x[/nope]",
    "\u202e\u200b".encode(),
    b"\n\r\t",
    b"\xff\xfe",
    b"\x9b1m",
)
ACCESSES: Final = (b"9" * 5000, b"0:" * 5000 + b"0", b"0:" + b"1" * 12, b"-1", b"0:\xd9\xa3", b"", b":" * 100)


class _Object:
    """An object whose words can be changed where they are, and whose sections can be replaced by longer ones."""

    def __init__(self, data: bytes) -> None:
        self.data = bytearray(data)
        self.elf = Elf(data)
        self.order = "<" if self.elf.byte_order == "little" else ">"
        (self.table,) = struct.unpack_from(self.order + "Q", data, 40)

    def put(self, at: int, value: int, width: int = 4) -> None:
        if at + width <= len(self.data):
            self.data[at : at + width] = (value % (1 << 8 * width)).to_bytes(width, self.elf.byte_order)

    def word(self, at: int) -> int:
        return int.from_bytes(self.data[at : at + 4], self.elf.byte_order)

    def size(self, number: int, size: int) -> None:
        """Set the size that a section claims."""
        self.put(self.table + 64 * number + 32, size, 8)

    def replace(self, number: int, contents: bytes) -> None:
        """Give a section other contents, behind all that there is."""
        self.put(self.table + 64 * number + 24, len(self.data), 8)
        self.size(number, len(contents))
        self.data += contents

    def types(self, *kinds: Kind) -> Iterator[tuple[int, int]]:
        """Iterate over the types of some kinds: where the record begins in the file, and how many members it has."""
        section = self.elf.by_name.get(".BTF")
        if section is None or section.size < 24:
            return
        header, start, size = (self.word(section.offset + at) for at in (4, 8, 12))
        at, end = section.offset + header + start, section.offset + header + start + size
        while at + 12 <= end:
            info = self.word(at + 4)
            tail, each = TAIL.get(info >> 24 & 0x1F, (0, 0))
            if info >> 24 & 0x1F in kinds:
                yield at, info & 0xFFFF
            at += 4 * (3 + tail + each * (info & 0xFFFF))


def _nested(item: _Object, rng: random.Random) -> None:
    """Let members of structs and unions be structs and unions: of each other, of themselves, and without names."""
    found = list(item.types(Kind.STRUCT, Kind.UNION))
    count = max(1, sum(1 for _ in item.types(*Kind)))
    for at, members in rng.sample(found, min(len(found), 6)):
        if rng.random() < 0.5:
            item.put(at + 4, item.word(at + 4) & ~(0x1F << 24) | Kind.UNION << 24)
        for member in range(members):
            place = at + 12 + 12 * member
            item.put(place + 4, rng.randrange(1, count + 1))
            item.put(place + 8, 0)
            if rng.random() < 0.5:
                item.put(place, 0)


def _arrays(item: _Object, rng: random.Random) -> None:
    """Arrays without a length, of all the lengths that there are, and of themselves; attributes of maps are such."""
    found = list(item.types(Kind.ARRAY))
    for at, _ in rng.sample(found, min(len(found), 4)):
        item.put(at + 20, rng.choice((0, 0, *EXTREMES)))
        if rng.random() < 0.2:
            item.put(at + 12, rng.randrange(1, 40))


def _enums(item: _Object, rng: random.Random) -> None:
    """Attributes of maps as 64 bits hold them, and enumerators of any value."""
    for at, count in item.types(Kind.ENUM, Kind.ENUM64):
        if count:
            item.put(at + 16, rng.choice(EXTREMES))
    for at, _ in item.types(Kind.INT):
        if rng.random() < 0.2:
            item.put(at + 8, rng.choice((0, 3, 5, 16, 17, 255)))


def _names(item: _Object, rng: random.Random) -> None:
    """Names with escapes, markup, newlines and what is no text."""
    for section in item.elf.sections:
        tables = (".BTF", ".debug_str", ".debug_line_str")
        if section.type == SectionType.STRTAB or section.name in tables:
            start = section.offset + (24 + item.word(section.offset + 16) if section.name == ".BTF" else 0)
            for _ in range(4):
                at = rng.randrange(start, max(section.offset + section.size, start + 1))
                name = rng.choice(NAMES)
                item.data[at : at + len(name)] = name[: max(0, len(item.data) - at)]


def _accesses(item: _Object, rng: random.Random) -> None:
    """CO-RE relocations by access strings that no compiler writes."""
    btf, ext = item.elf.by_name.get(".BTF"), item.elf.by_name.get(".BTF.ext")
    if btf is None or ext is None or ext.size < 32:
        return
    size = item.word(btf.offset + 20)
    text = rng.choice(ACCESSES)
    raw = bytearray(item.data[btf.offset : btf.offset + btf.size])
    raw[20:24] = (size + len(text) + 1).to_bytes(4, item.elf.byte_order)
    start = ext.offset + item.word(ext.offset + 4) + item.word(ext.offset + 24)
    records = range(start + 12, min(start + item.word(ext.offset + 28), len(item.data) - 16), 16)
    for at in records:
        if rng.random() < 0.5:
            item.put(at + 8, size)
        if rng.random() < 0.2:
            item.put(at + 12, rng.randrange(14))
    item.replace(btf.number, bytes(raw) + text + b"\0")


def _sizes(item: _Object, rng: random.Random) -> None:
    """Sections of more bytes than there are."""
    for section in item.elf.sections:
        if section.type == SectionType.NOBITS or rng.random() < 0.1:
            item.size(section.number, rng.choice((1 << 20, 165 << 20, 1 << 31, (1 << 32) - 1, 1 << 40, *EXTREMES)))


def _pointers(item: _Object, rng: random.Random) -> None:
    """Relocations that patch data, and that patch what they should not."""
    tables = [section for section in item.elf.sections if section.type == SectionType.REL]
    for section in rng.sample(tables, min(len(tables), 2)):
        item.put(item.table + 64 * section.number + 44, rng.randrange(len(item.elf.sections)))


KINDS: Final[tuple[Callable[[_Object, random.Random], None], ...]] = (
    _nested,
    _arrays,
    _enums,
    _names,
    _accesses,
    _sizes,
    _pointers,
)


def hostile(seed: bytes, rng: random.Random) -> bytes:
    """Return an object with one or more of these kinds in it, sometimes damaged besides."""
    item = _Object(seed)
    for kind in rng.sample(KINDS, rng.choice((1, 1, 2, 3))):
        kind(item, rng)
    made = bytes(item.data)
    return mutant(made, rng) if rng.random() < 0.1 else made
