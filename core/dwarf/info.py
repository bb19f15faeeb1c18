"""`.debug_info`: the tree of entries (DIEs), with the attributes that say something about types, data and functions.

Numbers are those of DWARF 5, chapter 7; forms of older versions are a part of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ..errors import ObjectError
from .cursor import Cursor
from .sections import ADDRESS_BITS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..btf import ByteOrder
    from .sections import DebugSections

__all__ = ["Abbreviation", "At", "DebugInfo", "Entry", "Form", "Tag", "Unit"]


class Tag:
    """`DW_TAG_*`: those that are kept. Plain numbers: an enum of so many would cost more than most files to read."""

    ARRAY: Final = 0x01
    CLASS: Final = 0x02
    ENUMERATION: Final = 0x04
    FORMAL_PARAMETER: Final = 0x05
    LEXICAL_BLOCK: Final = 0x0B
    MEMBER: Final = 0x0D
    POINTER: Final = 0x0F
    REFERENCE: Final = 0x10
    COMPILE_UNIT: Final = 0x11
    STRUCTURE: Final = 0x13
    SUBROUTINE_TYPE: Final = 0x15
    TYPEDEF: Final = 0x16
    UNION: Final = 0x17
    UNSPECIFIED_PARAMETERS: Final = 0x18
    VARIANT: Final = 0x19
    INHERITANCE: Final = 0x1C
    INLINED_SUBROUTINE: Final = 0x1D
    SUBRANGE: Final = 0x21
    BASE: Final = 0x24
    CONST: Final = 0x26
    ENUMERATOR: Final = 0x28
    SUBPROGRAM: Final = 0x2E
    VARIANT_PART: Final = 0x33
    VARIABLE: Final = 0x34
    VOLATILE: Final = 0x35
    RESTRICT: Final = 0x37
    NAMESPACE: Final = 0x39
    UNSPECIFIED: Final = 0x3B
    PARTIAL_UNIT: Final = 0x3C
    TYPE_UNIT: Final = 0x41
    RVALUE_REFERENCE: Final = 0x42
    ATOMIC: Final = 0x47


class At:
    """`DW_AT_*`: those that are kept."""

    LOCATION: Final = 0x02
    NAME: Final = 0x03
    BYTE_SIZE: Final = 0x0B
    BIT_OFFSET: Final = 0x0C
    BIT_SIZE: Final = 0x0D
    STMT_LIST: Final = 0x10
    LOW_PC: Final = 0x11
    HIGH_PC: Final = 0x12
    DISCR: Final = 0x15
    DISCR_VALUE: Final = 0x16
    COMP_DIR: Final = 0x1B
    CONST_VALUE: Final = 0x1C
    UPPER_BOUND: Final = 0x2F
    ABSTRACT_ORIGIN: Final = 0x31
    COUNT: Final = 0x37
    DATA_MEMBER_LOCATION: Final = 0x38
    DECLARATION: Final = 0x3C
    ENCODING: Final = 0x3E
    EXTERNAL: Final = 0x3F
    FRAME_BASE: Final = 0x40
    SPECIFICATION: Final = 0x47
    TYPE: Final = 0x49
    RANGES: Final = 0x55
    DATA_BIT_OFFSET: Final = 0x6B
    LINKAGE_NAME: Final = 0x6E
    STR_OFFSETS_BASE: Final = 0x72
    ADDR_BASE: Final = 0x73
    RNGLISTS_BASE: Final = 0x74
    LOCLISTS_BASE: Final = 0x8C


class Form:
    """`DW_FORM_*`."""

    ADDR: Final = 0x01
    BLOCK2: Final = 0x03
    BLOCK4: Final = 0x04
    DATA2: Final = 0x05
    DATA4: Final = 0x06
    DATA8: Final = 0x07
    STRING: Final = 0x08
    BLOCK: Final = 0x09
    BLOCK1: Final = 0x0A
    DATA1: Final = 0x0B
    FLAG: Final = 0x0C
    SDATA: Final = 0x0D
    STRP: Final = 0x0E
    UDATA: Final = 0x0F
    REF_ADDR: Final = 0x10
    REF1: Final = 0x11
    REF2: Final = 0x12
    REF4: Final = 0x13
    REF8: Final = 0x14
    REF_UDATA: Final = 0x15
    INDIRECT: Final = 0x16
    SEC_OFFSET: Final = 0x17
    EXPRLOC: Final = 0x18
    FLAG_PRESENT: Final = 0x19
    STRX: Final = 0x1A
    ADDRX: Final = 0x1B
    REF_SUP4: Final = 0x1C
    STRP_SUP: Final = 0x1D
    DATA16: Final = 0x1E
    LINE_STRP: Final = 0x1F
    REF_SIG8: Final = 0x20
    IMPLICIT_CONST: Final = 0x21
    LOCLISTX: Final = 0x22
    RNGLISTX: Final = 0x23
    REF_SUP8: Final = 0x24
    STRX1: Final = 0x25
    STRX2: Final = 0x26
    STRX3: Final = 0x27
    STRX4: Final = 0x28
    ADDRX1: Final = 0x29
    ADDRX2: Final = 0x2A
    ADDRX3: Final = 0x2B
    ADDRX4: Final = 0x2C


_FIXED: Final[dict[int, int]] = {
    **dict.fromkeys((Form.DATA1, Form.FLAG, Form.REF1, Form.STRX1, Form.ADDRX1), 1),
    **dict.fromkeys((Form.DATA2, Form.REF2, Form.STRX2, Form.ADDRX2), 2),
    **dict.fromkeys((Form.STRX3, Form.ADDRX3), 3),
    **dict.fromkeys((Form.DATA4, Form.REF4, Form.STRX4, Form.ADDRX4, Form.REF_SUP4), 4),
    **dict.fromkeys((Form.DATA8, Form.REF8, Form.REF_SIG8, Form.REF_SUP8), 8),
}
"""Forms that are unsigned numbers of so many bytes."""
_NO_NUMBERS: Final = {Form.FLAG_PRESENT: 0, Form.IMPLICIT_CONST: 0, Form.DATA16: 16}
"""Other forms of a fixed number of bytes."""
_LEBS: Final = frozenset({Form.UDATA, Form.REF_UDATA, Form.STRX, Form.ADDRX, Form.LOCLISTX, Form.RNGLISTX})
_OFFSETS: Final = frozenset({Form.STRP, Form.LINE_STRP, Form.SEC_OFFSET, Form.STRP_SUP})
_BLOCKS: Final = {Form.BLOCK1: 1, Form.BLOCK2: 2, Form.BLOCK4: 4}
_INDEXED: Final = frozenset({Form.STRX, Form.STRX1, Form.STRX2, Form.STRX3, Form.STRX4})
_ADDRESSED: Final = frozenset({Form.ADDRX, Form.ADDRX1, Form.ADDRX2, Form.ADDRX3, Form.ADDRX4})
_LOCAL: Final = frozenset({Form.REF1, Form.REF2, Form.REF4, Form.REF8, Form.REF_UDATA})

_KEPT_TAGS: Final = frozenset(value for value in vars(Tag).values() if isinstance(value, int))
_KEPT: Final = frozenset(value for value in vars(At).values() if isinstance(value, int))
_MAX_ENTRIES: Final = 200_000
"""Entries that are kept, so that a crafted file cannot fill the memory: 0.5 kB each."""
_MAX_ATTRIBUTES: Final = 2_000_000
"""Attributes that are read: one may take no byte at all, so that the size of the file bounds nothing."""
_COMPILE, _TYPE, _PARTIAL, _SKELETON, _SPLIT_COMPILE, _SPLIT_TYPE = 1, 2, 3, 4, 5, 6
_OP_ADDR: Final = 0x03
_OP_ADDRX: Final = frozenset({0xA1, 0xFB})
"""DW_OP_addrx, and DW_OP_GNU_addr_index, which it grew out of."""


class Unit(NamedTuple):
    """The header of a unit: what reading its entries needs."""

    offset: int
    version: int
    offset_size: int
    """4 or 8: 32-bit or 64-bit DWARF."""
    address_size: int
    bases: dict[int, int]
    """By attribute, from its first entry: where its parts of .debug_str_offsets and .debug_addr begin."""
    table: dict[int, Abbreviation]
    """Its abbreviations, by code."""


class Entry:
    """A debugging information entry: its tag, its attributes as (form, value), its children."""

    __slots__ = ("attributes", "children", "offset", "tag", "unit")

    def __init__(self, unit: Unit, offset: int, tag: int) -> None:
        self.unit = unit
        self.offset = offset
        self.tag = tag
        self.attributes: dict[int, tuple[int, int | bytes | str]] = {}
        self.children: list[Entry] = []

    def number(self, attribute: int) -> int | None:
        """Return an attribute that is a number; None where it is none, or missing."""
        _, value = self.attributes.get(attribute, (0, None))
        return value if isinstance(value, int) else None

    def constant(self, attribute: int, *, signed: bool) -> int | None:
        """Return a number of a type that is signed or not, which forms of so many bytes do not say themselves."""
        form, value = self.attributes.get(attribute, (0, None))
        if not isinstance(value, int):
            return None
        bits = 8 * _FIXED.get(form, 0)
        return value - (1 << bits) if signed and bits and value >> bits - 1 else value

    def block(self, attribute: int) -> bytes | None:
        """Return an attribute that is a block or an expression; None where it is none, or missing."""
        _, value = self.attributes.get(attribute, (0, None))
        return value if isinstance(value, bytes) else None


class DebugInfo:
    """All entries of an object.

    Nothing is raised for what is damaged: the entries before it are there, and `problem` says where reading ended.

    Args:
        sections: The object's debug sections.
        only: Keep only the entries with these tags that stand directly below their unit, and pass over all others,
            which takes a tenth of the time; what they refer to is read when it is asked for.
    """

    def __init__(self, sections: DebugSections, *, only: frozenset[int] | None = None) -> None:
        self._only = only
        self.sections = sections
        self.order: ByteOrder = sections.elf.byte_order
        self.file = sections.elf.file
        self.units: list[Entry] = []
        """The first entry of each unit."""
        self.entries: dict[int, Entry] = {}
        """By offset in .debug_info."""
        self.signatures: dict[int, int] = {}
        """Offsets of types, by the signature of their type unit."""
        self._abbreviations: dict[tuple[int, int, int], dict[int, Abbreviation]] = {}
        self._attributes = 0
        self.problem: ObjectError | None = None
        """Where reading had to end."""
        try:
            cursor = self.cursor(".debug_info")
            while cursor.at < cursor.end:
                self._unit(cursor)
        except ObjectError as error:
            self.problem = error

    def cursor(self, name: str, at: int = 0) -> Cursor:
        """Return a cursor over a debug section."""
        return Cursor(self.sections[name], self.order, name, self.file, at=at)

    def _unit(self, cursor: Cursor) -> None:
        start = cursor.at
        length, offset_size = cursor.unsigned(4), 4
        if length == 0xFFFFFFFF:
            length, offset_size = cursor.unsigned(8), 8
        body = cursor.part(length)
        version = body.unsigned(2)
        if not 2 <= version <= 5:
            raise body.error(f"version {version} of DWARF is not known")
        kind = _COMPILE
        if version >= 5:
            kind, address_size, abbreviations = body.unsigned(1), body.unsigned(1), body.unsigned(offset_size)
        else:
            abbreviations, address_size = body.unsigned(offset_size), body.unsigned(1)
        if address_size not in (4, 8):
            raise body.error(f"addresses of {address_size} bytes are not known")
        if kind in (_SKELETON, _SPLIT_COMPILE):
            body.skip(8)
        elif kind in (_TYPE, _SPLIT_TYPE):
            signature = body.unsigned(8)
            self.signatures[signature] = start + body.unsigned(offset_size)
        table = self._table(abbreviations, offset_size, address_size)
        self._tree(Unit(start, version, offset_size, address_size, {}, table), body)

    def _table(self, offset: int, offset_size: int, address_size: int) -> dict[int, Abbreviation]:
        """Return the abbreviations at an offset of .debug_abbrev, by code."""
        key = (offset, offset_size, address_size)
        found = self._abbreviations.get(key)
        if found is not None:
            return found
        found = self._abbreviations[key] = {}
        sizes = {**_FIXED, **_NO_NUMBERS, **dict.fromkeys(_OFFSETS, offset_size), Form.ADDR: address_size}
        cursor = self.cursor(".debug_abbrev", offset)
        while code := cursor.uleb():
            tag, children = cursor.uleb(), bool(cursor.unsigned(1))
            attributes: list[tuple[int, int, int]] = []
            while True:
                attribute, form = cursor.uleb(), cursor.uleb()
                if not attribute and not form:
                    break
                attributes.append((attribute, form, cursor.sleb() if form == Form.IMPLICIT_CONST else 0))
            widths = [sizes.get(form, -1) for _, form, _ in attributes]
            found[code] = Abbreviation(tag, children, attributes, -1 if -1 in widths else sum(widths))
        return found

    def _tree(self, unit: Unit, cursor: Cursor) -> None:
        """Read the entries of a unit. Those of no interest are passed over; their children go to who is above."""
        parents: list[Entry | None] = []
        while cursor.at < cursor.end:
            offset = cursor.at
            code = cursor.uleb()
            if code == 0:
                if parents:
                    parents.pop()
                if not parents:
                    return  # padding may follow
                continue
            abbreviation = self._abbreviation(unit, cursor, code)
            if self._only is not None and parents and (len(parents) > 1 or abbreviation.tag not in self._only):
                self._pass_over(unit, cursor, abbreviation)
                if abbreviation.children:
                    parents.append(None)
                continue
            entry = self._entry(unit, cursor, offset, abbreviation)
            if not parents:
                self.units.append(entry)
                for base in (At.STR_OFFSETS_BASE, At.ADDR_BASE, At.RNGLISTS_BASE, At.LOCLISTS_BASE):
                    unit.bases[base] = entry.number(base) or 0
            parent = parents[-1] if parents else None
            kept = (not parents or parent is not None) and abbreviation.tag in _KEPT_TAGS
            if kept:
                if len(self.entries) >= _MAX_ENTRIES:
                    raise cursor.error(f"it has more than {_MAX_ENTRIES:,} entries: the rest is left out")
                self.entries[offset] = entry
                if parent is not None:
                    parent.children.append(entry)
            if abbreviation.children:
                parents.append(entry if kept else None)
            elif not parents:
                return

    def _abbreviation(self, unit: Unit, cursor: Cursor, code: int) -> Abbreviation:
        found = unit.table.get(code)
        if found is None:
            raise cursor.error(f"abbreviation {code} is not in .debug_abbrev")
        self._attributes += len(found.attributes)
        if self._attributes > _MAX_ATTRIBUTES:
            raise cursor.error(f"it has more than {_MAX_ATTRIBUTES:,} attributes: the rest is left out")
        return found

    def _entry(self, unit: Unit, cursor: Cursor, offset: int, abbreviation: Abbreviation) -> Entry:
        """Read the attributes of the entry that begins at *offset*, from behind its code on."""
        entry = Entry(unit, offset, abbreviation.tag)
        for attribute, form, constant in abbreviation.attributes:
            value = self._form(cursor, unit, form, constant)
            if attribute in _KEPT:
                entry.attributes[attribute] = value
        return entry

    def _pass_over(self, unit: Unit, cursor: Cursor, abbreviation: Abbreviation) -> None:
        if abbreviation.size >= 0:
            cursor.skip(abbreviation.size)
            return
        for _, form, constant in abbreviation.attributes:
            self._form(cursor, unit, form, constant)

    def _form(self, cursor: Cursor, unit: Unit, form: int, constant: int) -> tuple[int, int | bytes | str]:
        """Return the form of an attribute, which DW_FORM_indirect hides, and its value as it stands there."""
        if form == Form.INDIRECT:
            form = cursor.uleb()
            if form == Form.INDIRECT:
                raise cursor.error("a form is indirect twice")
        size = _FIXED.get(form)
        if size is not None:
            return form, cursor.unsigned(size)
        if form in _LEBS:
            return form, cursor.uleb()
        if form in _OFFSETS:
            return form, cursor.unsigned(unit.offset_size)
        match form:
            case Form.ADDR:
                return form, cursor.unsigned(unit.address_size)
            case Form.REF_ADDR:
                return form, cursor.unsigned(unit.address_size if unit.version == 2 else unit.offset_size)
            case Form.STRING:
                return form, cursor.text()
            case Form.SDATA:
                return form, cursor.sleb()
            case Form.FLAG_PRESENT:
                return form, 1
            case Form.IMPLICIT_CONST:
                return form, constant
            case Form.BLOCK | Form.EXPRLOC:
                return form, cursor.take(cursor.uleb())
            case Form.BLOCK1 | Form.BLOCK2 | Form.BLOCK4:
                return form, cursor.take(cursor.unsigned(_BLOCKS[form]))
            case Form.DATA16:
                return form, cursor.take(16)
            case _:
                raise cursor.error(f"form {form:#x} of an attribute is not known")

    def text(self, entry: Entry, attribute: int) -> str:
        """Return an attribute that is text; empty where it is missing."""
        form, value = entry.attributes.get(attribute, (0, ""))
        if isinstance(value, str):
            return value
        if not isinstance(value, int):
            return ""
        if form in _INDEXED:
            base, size = entry.unit.bases.get(At.STR_OFFSETS_BASE, 0), entry.unit.offset_size
            form, value = Form.STRP, self.cursor(".debug_str_offsets", base + value * size).unsigned(size)
        name = ".debug_line_str" if form == Form.LINE_STRP else ".debug_str"
        return self.cursor(name, value).text()

    def reference(self, entry: Entry, attribute: int) -> Entry | None:
        """Return the entry that an attribute refers to; None where there is no such attribute.

        Raises:
            ObjectError: There is nothing at that place.
        """
        form, value = entry.attributes.get(attribute, (0, None))
        if not isinstance(value, int):
            return None
        if form == Form.REF_SIG8:
            value = self.signatures.get(value, -1)
        elif form in _LOCAL:
            value += entry.unit.offset
        found = self.entries.get(value)
        if found is None and self._only is not None and value > entry.unit.offset:
            cursor = self.cursor(".debug_info", value)
            found = self._entry(entry.unit, cursor, value, self._abbreviation(entry.unit, cursor, cursor.uleb()))
        if found is None:
            raise self.cursor(".debug_info", entry.offset).error("it refers to an entry that is not there")
        return found

    def address(self, entry: Entry, attribute: int) -> tuple[int, int] | None:
        """Return an attribute that is an address, as section number and offset; None where it is none."""
        form, value = entry.attributes.get(attribute, (0, None))
        if not isinstance(value, int):
            return None
        if form in _ADDRESSED:
            value = self._indexed(entry.unit, value)
        elif form != Form.ADDR:
            return None
        return value >> ADDRESS_BITS, value & (1 << ADDRESS_BITS) - 1

    def location(self, entry: Entry) -> tuple[int, int] | None:
        """Return where a variable lies, as section number and offset; None for one without a fixed place."""
        block = entry.block(At.LOCATION)
        if not block:
            return None
        cursor = Cursor(block, self.order, ".debug_info", self.file, at=1)
        if block[0] == _OP_ADDR:
            value = cursor.unsigned(entry.unit.address_size)
        elif block[0] in _OP_ADDRX:
            value = self._indexed(entry.unit, cursor.uleb())
        else:
            return None
        offset = value & (1 << ADDRESS_BITS) - 1
        if cursor.at < cursor.end and block[cursor.at] == 0x23:  # DW_OP_plus_uconst: a part of something larger
            cursor.at += 1
            offset += cursor.uleb()
        return value >> ADDRESS_BITS, offset

    def indexed(self, unit: Unit, index: int) -> tuple[int, int]:
        """Return an address of .debug_addr, as section number and offset."""
        value = self._indexed(unit, index)
        return value >> ADDRESS_BITS, value & (1 << ADDRESS_BITS) - 1

    def _indexed(self, unit: Unit, index: int) -> int:
        at = unit.bases.get(At.ADDR_BASE, 0) + index * unit.address_size
        return self.cursor(".debug_addr", at).unsigned(unit.address_size)

    def walk(self, *tags: int) -> Iterator[Entry]:
        """Yield the entries of these kinds that are no part of a type, in the order of the file."""
        inside = (Tag.NAMESPACE, Tag.SUBPROGRAM, Tag.LEXICAL_BLOCK)
        for unit in self.units:
            waiting = list(reversed(unit.children))
            while waiting:
                entry = waiting.pop()
                if entry.tag in tags:
                    yield entry
                if entry.tag in inside:
                    waiting += reversed(entry.children)


class Abbreviation(NamedTuple):
    """What an entry looks like."""

    tag: int
    children: bool
    """Whether others follow that are part of it."""
    attributes: list[tuple[int, int, int]]
    """Attribute, form, and the value of an implicit constant."""
    size: int
    """Bytes of all attributes; -1 where they are not always the same number."""
