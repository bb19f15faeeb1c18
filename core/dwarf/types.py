"""DWARF's types as BTF: the same types in the form that everything else here reads.

What BTF cannot say (complex numbers, members at computed places) becomes a struct of plain bytes: its values are
numbers then, never a guess. A Rust enum with data becomes a union of its variants beside `__discr`, as rustc's own BTF
has it, and `Btf.variants` says which of them is meant by which value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..btf import Btf, Kind
from ..btf.members import DISCRIMINANT
from ..btf.types import Linkage
from ..btf.variants import VariantPart
from ..errors import ObjectError
from .blob import BlobWriter
from .info import At, Entry, Tag
from .names import MAX_PARTS, completed, entry_name, symbol_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .info import DebugInfo

__all__ = ["convert"]

_MODIFIERS: Final = {
    Tag.POINTER: Kind.PTR,
    Tag.REFERENCE: Kind.PTR,
    Tag.RVALUE_REFERENCE: Kind.PTR,
    Tag.CONST: Kind.CONST,
    Tag.VOLATILE: Kind.VOLATILE,
    Tag.RESTRICT: Kind.RESTRICT,
}
_COMPOSITES: Final = (Tag.STRUCTURE, Tag.CLASS, Tag.UNION)
_MAX_DEPTH: Final = 32
_U32: Final = 0xFFFF_FFFF

# DW_ATE_*: how a base type's bits are meant.
_BOOLEAN: Final = 2
_FLOATING: Final = 4
_UTF: Final = 0x10
_SIGNED: Final = frozenset({5, 6})
_UNSIGNED: Final = frozenset({1, 7, 8, 0x10, 0x11, 0x12})
"""Address, unsigned, unsigned char, UTF, UCS, ASCII."""
_INT_SIZES: Final = frozenset({1, 2, 4, 8, 16})

_PLUS_UCONST: Final = 0x23


class _NoBtfError(Exception):
    """BTF has no way to say what a type is."""


def convert(info: DebugInfo, sections: Mapping[int, str], typed: dict[int, int] | None = None) -> Btf | None:
    """Return the types of all units, the variables by section and the functions; None where there are none.

    Args:
        info: The entries.
        sections: Names of the sections that hold data, by number.
        typed: By the offsets of entries that have a type, gets its id.
    """
    converter = _Converter(info)
    for offset in typed or ():
        assert typed is not None
        typed[offset] = converter.target(info.entries[offset])
    for unit in info.units:
        for entry in unit.children:
            if entry.tag in (*_COMPOSITES, Tag.ENUMERATION, Tag.TYPEDEF) and At.NAME in entry.attributes:
                converter.id_of(entry)
    converter.variables(sections)
    converter.functions()
    converter.finish()
    if not converter.ids:
        return None
    btf = Btf(converter.blob.bytes(), info.order, file=info.file)
    btf.variants = converter.variants
    return btf


class _Converter:
    def __init__(self, info: DebugInfo) -> None:
        self.info = info
        self.blob = BlobWriter(info.order)
        self.ids: dict[int, int] = {}
        """By the offset of the entry."""
        self.waiting: list[Entry] = []
        self.index_type = 0
        self.variants: dict[int, VariantPart] = {}

    def id_of(self, entry: Entry | None) -> int:
        """Return the id that a type has or will have; 0 for void."""
        for _ in range(_MAX_DEPTH):
            if entry is None or entry.tag == Tag.UNSPECIFIED:
                return 0
            if entry.tag != Tag.ATOMIC:
                break
            entry = self.info.reference(entry, At.TYPE)
        else:
            return 0
        found = self.ids.get(entry.offset)
        if found is None:
            found = self.ids[entry.offset] = self.blob.reserve()
            self.waiting.append(entry)
        return found

    def target(self, entry: Entry) -> int:
        """Return the id of the type that an entry refers to; 0 where that is void, or is not there."""
        try:
            return self.id_of(self.info.reference(entry, At.TYPE))
        except ObjectError:
            return 0

    def finish(self) -> None:
        """Fill in all ids that were given out."""
        while self.waiting:
            entry = self.waiting.pop()
            try:
                self.put(self.ids[entry.offset], entry)
            except (ObjectError, OverflowError, _NoBtfError):
                self.opaque(self.ids[entry.offset], entry)

    def opaque(self, type_id: int, entry: Entry) -> None:
        """Make a type of plain bytes."""
        self.variants.pop(type_id, None)
        size = min(entry.number(At.BYTE_SIZE) or 0, _U32)
        byte = self.blob.add(Kind.INT, "unsigned char", 1, (8,))
        array = self.blob.add(Kind.ARRAY, "", 0, (byte, self.index(), size))
        self.blob.put(
            type_id,
            Kind.STRUCT,
            entry_name(self.info, entry),
            size,
            (self.blob.string("bytes"), array, 0) if size else (),
            count=1 if size else 0,
        )

    def index(self) -> int:
        """Return the type of array indices, which C does not ask for and BTF does."""
        if not self.index_type:
            self.index_type = self.blob.add(Kind.INT, "__ARRAY_SIZE_TYPE__", 4, (32,))
        return self.index_type

    def put(self, type_id: int, entry: Entry) -> None:
        """Say what one id is."""
        blob, tag = self.blob, entry.tag
        if tag in _MODIFIERS:
            blob.put(type_id, _MODIFIERS[tag], "", self.target(entry))
        elif tag == Tag.TYPEDEF:
            blob.put(type_id, Kind.TYPEDEF, entry_name(self.info, entry), self.target(entry))
        elif tag == Tag.BASE:
            self.base(type_id, entry)
        elif tag in _COMPOSITES:
            self.composite(type_id, entry)
        elif tag == Tag.ENUMERATION:
            self.enumeration(type_id, entry)
        elif tag == Tag.ARRAY:
            self.array(type_id, entry)
        elif tag == Tag.SUBROUTINE_TYPE:
            self.prototype(type_id, entry)
        else:
            raise _NoBtfError

    def base(self, type_id: int, entry: Entry) -> None:
        size, encoding = entry.number(At.BYTE_SIZE) or 0, entry.number(At.ENCODING)
        name = entry_name(self.info, entry)
        if encoding == _FLOATING:
            self.blob.put(type_id, Kind.FLOAT, name, size)
        elif size in _INT_SIZES and (encoding in _SIGNED or encoding in _UNSIGNED or encoding == _BOOLEAN):
            flags = 4 if encoding == _BOOLEAN else 2 if encoding == _UTF else encoding in _SIGNED
            self.blob.put(type_id, Kind.INT, name, size, (flags << 24 | size * 8,))
        else:
            raise _NoBtfError  # as Rust's (), of no bytes

    def composite(self, type_id: int, entry: Entry) -> None:
        name, kind = entry_name(self.info, entry), Kind.UNION if entry.tag == Tag.UNION else Kind.STRUCT
        if entry.number(At.DECLARATION):
            self.blob.put(type_id, Kind.FWD, name, flag=kind == Kind.UNION)
            return
        members: list[tuple[int, int, int, int]] = []
        for child in entry.children:
            if child.tag == Tag.MEMBER and not child.number(At.EXTERNAL):
                bits, width = self.place(child)
                members.append((self.blob.string(entry_name(self.info, child)), self.target(child), bits, width))
            elif child.tag == Tag.VARIANT_PART and type_id not in self.variants:
                members.append((0, self.variant_part(type_id, child, entry.number(At.BYTE_SIZE) or 0), 0, 0))
            elif child.tag in (Tag.INHERITANCE, Tag.VARIANT_PART):
                raise _NoBtfError
        bitfields = any(width for *_, width in members)
        if bitfields and any(bits >> 24 or width >> 8 for _, _, bits, width in members):
            raise _NoBtfError
        words = (word for text, target, bits, width in members for word in (text, target, width << 24 | bits))
        self.blob.put(type_id, kind, name, entry.number(At.BYTE_SIZE) or 0, words, count=len(members), flag=bitfields)

    def variant_part(self, type_id: int, entry: Entry, size: int) -> int:
        """Return the id of the union that the variants of an enum with data make, and note what tells them apart."""
        told = self.info.reference(entry, At.DISCR)
        offset, width = (0, 0) if told is None else (self.start(told), self.size(told))
        base = self.info.reference(told, At.TYPE) if told is not None else None
        signed = base is not None and base.number(At.ENCODING) in _SIGNED
        if told is not None and (width not in (1, 2, 4, 8) or offset + width > size):
            raise _NoBtfError
        names: dict[int, str] = {}
        default, words = "", list[int]()
        for child in entry.children:
            member = next((inner for inner in child.children if inner.tag == Tag.MEMBER), None)
            if child.tag != Tag.VARIANT or member is None:
                continue
            name, number = entry_name(self.info, member), child.constant(At.DISCR_VALUE, signed=signed)
            if not name or name in (default, *names.values()):
                raise _NoBtfError
            if number is not None and told is not None:
                names[number & (1 << width * 8) - 1] = name
            elif not default and not child.attributes:
                default = name
            else:
                raise _NoBtfError
            words += [self.blob.string(name), self.target(member), self.place(member)[0]]
        if told is not None:
            words = [self.blob.string(DISCRIMINANT), self.discriminant(width, names, signed), offset * 8, *words]
        if default or names:
            self.variants[type_id] = VariantPart(names, default, offset, width)
        return self.blob.add(Kind.UNION, "", size, words, count=len(words) // 3)

    def discriminant(self, width: int, names: Mapping[int, str], signed: bool) -> int:
        """Return the id of the enumeration of the variants by their discriminants."""
        words: list[int] = []
        for number, name in names.items():
            words.append(self.blob.string(name))
            if width == 8:
                words += [number & _U32, number >> 32]
            else:  # an ENUM's values have 32 bits, however many it has itself
                words.append((number - (signed and number >> width * 8 - 1) * (1 << width * 8)) & _U32)
        kind = Kind.ENUM64 if width == 8 else Kind.ENUM
        return self.blob.add(kind, "", width, words, count=len(names), flag=signed)

    def place(self, member: Entry) -> tuple[int, int]:
        """Return a member's offset in bits, and its width where it is a bitfield, else 0."""
        width = entry_width = member.number(At.BIT_SIZE) or 0
        bits = member.number(At.DATA_BIT_OFFSET)
        if bits is not None:
            return bits, entry_width
        start = self.start(member) * 8
        old = member.number(At.BIT_OFFSET)
        if old is None or not width:
            return start, width
        # Before DWARF 4 a bitfield's place was counted from the most significant bit of its storage unit.
        storage = (member.number(At.BYTE_SIZE) or self.size(member)) * 8
        old = old - (1 << 64) if old >> 63 else old
        return (start + old if self.info.order == "big" else start + storage - old - width), width

    def start(self, member: Entry) -> int:
        """Return a member's offset in bytes, which DWARF 2 writes as an expression."""
        number = member.number(At.DATA_MEMBER_LOCATION)
        if number is not None:
            return number
        block = member.block(At.DATA_MEMBER_LOCATION)
        if block is None:
            return 0
        if not block or block[0] != _PLUS_UCONST:
            raise _NoBtfError
        return sum((byte & 0x7F) << 7 * at for at, byte in enumerate(block[1:6]))

    def size(self, member: Entry) -> int:
        """Return the size of what a member is declared as, in bytes; 0 where that is not known."""
        entry = member
        for _ in range(_MAX_DEPTH):
            found = self.info.reference(entry, At.TYPE)
            if found is None:
                return 0
            entry = found
            size = found.number(At.BYTE_SIZE)
            if size is not None:
                return size
        return 0

    def enumeration(self, type_id: int, entry: Entry) -> None:
        size = entry.number(At.BYTE_SIZE) or 4
        named = [(entry_name(self.info, child), child.number(At.CONST_VALUE) or 0) for child in entry.children]
        underlying = self.info.reference(entry, At.TYPE) if At.TYPE in entry.attributes else None
        if underlying is None:
            signed = any(value < 0 for _, value in named)
        else:
            signed = underlying.number(At.ENCODING) in _SIGNED
        wide = size == 8
        limit = 0xFFFF_FFFF_FFFF_FFFF if wide else _U32
        words: list[int] = []
        for text, value in named:
            words += [self.blob.string(text), value & limit & _U32] + ([(value & limit) >> 32] if wide else [])
        kind = Kind.ENUM64 if wide else Kind.ENUM
        self.blob.put(type_id, kind, entry_name(self.info, entry), size, words, count=len(named), flag=signed)

    def array(self, type_id: int, entry: Entry) -> None:
        counts = [self.count(child) for child in entry.children if child.tag == Tag.SUBRANGE] or [0]
        element = self.target(entry)
        for count in reversed(counts[1:]):
            element = self.blob.add(Kind.ARRAY, "", 0, (element, self.index(), count))
        self.blob.put(type_id, Kind.ARRAY, "", 0, (element, self.index(), counts[0]))

    def count(self, subrange: Entry) -> int:
        """Return the length of one dimension; 0 for one that is open."""
        count = subrange.number(At.COUNT)
        if count is not None:
            return count
        upper = subrange.number(At.UPPER_BOUND)
        # gcc writes -1 for a flexible array, in as many bits as it likes.
        return 0 if upper is None or upper in (-1, _U32, (1 << 64) - 1) else upper + 1

    def prototype(self, type_id: int, entry: Entry) -> None:
        words: list[int] = []
        for child in entry.children:
            if child.tag == Tag.FORMAL_PARAMETER:
                words += [self.blob.string(entry_name(self.info, child)), self.target(self.origin(child))]
            elif child.tag == Tag.UNSPECIFIED_PARAMETERS:
                words += [0, 0]
        self.blob.put(type_id, Kind.FUNC_PROTO, "", self.target(self.origin(entry)), words, count=len(words) // 2)

    def origin(self, entry: Entry) -> Entry:
        """Return the entry that has the type of a function, parameter or variable that is written in two parts."""
        for _ in range(MAX_PARTS):
            if At.TYPE in entry.attributes:
                break
            other = completed(self.info, entry)
            if other is None:
                break
            entry = other
        return entry

    def variables(self, sections: Mapping[int, str]) -> None:
        """Add the variables that have a fixed place, section by section."""
        held: dict[int, list[tuple[int, int]]] = {}
        for entry in self.info.walk(Tag.VARIABLE):
            try:
                place = self.info.location(entry)
                if place is None or place[0] not in sections:
                    continue
                typed = self.origin(entry)
                external = entry.number(At.EXTERNAL) or typed.number(At.EXTERNAL)
            except ObjectError:
                continue
            linkage = Linkage.GLOBAL if external else Linkage.STATIC
            var = self.blob.add(Kind.VAR, symbol_name(self.info, entry), self.target(typed), (linkage,))
            held.setdefault(place[0], []).append((place[1], var))
        for number, found in held.items():
            found.sort()
            words = (word for offset, var in found for word in (var, offset, 0))
            self.blob.add(Kind.DATASEC, sections[number], 0, words, count=len(found))

    def functions(self) -> None:
        """Add the functions that have code."""
        for entry in self.info.walk(Tag.SUBPROGRAM):
            if At.LOW_PC not in entry.attributes:
                continue
            proto = self.blob.reserve()
            try:
                self.prototype(proto, entry)
                external = entry.number(At.EXTERNAL) or self.origin(entry).number(At.EXTERNAL)
            except (ObjectError, OverflowError):
                self.blob.put(proto, Kind.FUNC_PROTO)
                external = True
            linkage = Linkage.GLOBAL if external else Linkage.STATIC
            self.blob.add(Kind.FUNC, symbol_name(self.info, entry), proto, count=linkage)
