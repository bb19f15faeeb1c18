"""Entries of DWARF made by hand: forms, headers of units, lists of ranges and of places (DWARF 5, chapter 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bpftui.core.dwarf.info import At, DebugInfo, Form, Tag
from bpftui.core.dwarf.variables import Span, read_locals
from bpftui.core.errors import ObjectError
from tests.core.dwarf.made import Die, Made, info_of, leb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.core.dwarf.made import Attribute

EIGHT = bytes(range(1, 9))


@pytest.mark.parametrize(
    ("form", "raw", "value"),
    [
        (0x01, EIGHT, 0x0807_0605_0403_0201),  # addr
        (0x03, b"\2\0ab", b"ab"),  # block2
        (0x04, b"\2\0\0\0ab", b"ab"),  # block4
        (0x05, b"\1\2", 0x0201),  # data2
        (0x06, EIGHT[:4], 0x0403_0201),  # data4
        (0x07, EIGHT, 0x0807_0605_0403_0201),  # data8
        (0x08, b"ab\0", "ab"),  # string
        (0x09, b"\2ab", b"ab"),  # block
        (0x0A, b"\2ab", b"ab"),  # block1
        (0x0B, b"\xfe", 0xFE),  # data1
        (0x0C, b"\1", 1),  # flag
        (0x0D, b"\x7e", -2),  # sdata
        (0x0D, b"\x80\x7f", -128),
        (0x0D, b"\x3f", 63),
        (0x0E, EIGHT[:4], 0x0403_0201),  # strp
        (0x0F, b"\x80\x01", 128),  # udata
        (0x0F, b"\xff" * 9 + b"\x01", (1 << 64) - 1),
        (0x10, EIGHT[:4], 0x0403_0201),  # ref_addr
        (0x11, b"\1", 1),  # ref1
        (0x12, b"\1\2", 0x0201),  # ref2
        (0x13, EIGHT[:4], 0x0403_0201),  # ref4
        (0x14, EIGHT, 0x0807_0605_0403_0201),  # ref8
        (0x15, b"\x81\x01", 129),  # ref_udata
        (0x16, b"\x0b\x05", 5),  # indirect, of data1
        (0x17, EIGHT[:4], 0x0403_0201),  # sec_offset
        (0x18, b"\1\x50", b"\x50"),  # exprloc
        (0x19, b"", 1),  # flag_present
        (0x1A, b"\x81\x01", 129),  # strx
        (0x1B, b"\x81\x01", 129),  # addrx
        (0x1C, EIGHT[:4], 0x0403_0201),  # ref_sup4
        (0x1D, EIGHT[:4], 0x0403_0201),  # strp_sup
        (0x1E, EIGHT * 2, EIGHT * 2),  # data16
        (0x1F, EIGHT[:4], 0x0403_0201),  # line_strp
        (0x20, EIGHT, 0x0807_0605_0403_0201),  # ref_sig8
        (0x22, b"\x81\x01", 129),  # loclistx
        (0x23, b"\x81\x01", 129),  # rnglistx
        (0x24, EIGHT, 0x0807_0605_0403_0201),  # ref_sup8
        (0x25, b"\1", 1),  # strx1
        (0x26, b"\1\2", 0x0201),  # strx2
        (0x27, b"\1\2\3", 0x03_0201),  # strx3
        (0x28, EIGHT[:4], 0x0403_0201),  # strx4
        (0x29, b"\1", 1),  # addrx1
        (0x2A, b"\1\2", 0x0201),  # addrx2
        (0x2B, b"\1\2\3", 0x03_0201),  # addrx3
        (0x2C, EIGHT[:4], 0x0403_0201),  # addrx4
    ],
)
def test_forms(form: int, raw: bytes, value: int | bytes | str) -> None:
    """A value is what its form says, what is behind it is read from the right place, and it is passed over as well."""
    top = Die(Tag.COMPILE_UNIT, [(At.CONST_VALUE, form, raw), (At.BYTE_SIZE, 0x0B, b"\x2a")])
    info = info_of(Die(Tag.COMPILE_UNIT, (), [top, Die(Tag.VARIABLE, [(At.COUNT, 0x0B, b"\x07")])]))
    first, second = info.units[0].children
    assert first.attributes[At.CONST_VALUE] == (0x0B if form == 0x16 else form, value)
    assert (first.number(At.BYTE_SIZE), second.number(At.COUNT)) == (42, 7)
    again = DebugInfo(info.sections, only=frozenset({Tag.VARIABLE}))
    (only,) = again.units[0].children
    assert only.number(At.COUNT) == 7


def test_a_form_that_is_not_known() -> None:
    with pytest.raises(AssertionError, match=r"offset 0xd: form 0x2d of an attribute is not known"):
        info_of(Die(Tag.COMPILE_UNIT, [(At.NAME, 0x2D, b"\0")]))
    with pytest.raises(AssertionError, match="a form is indirect twice"):
        info_of(Die(Tag.COMPILE_UNIT, [(At.NAME, 0x16, b"\x16\x0b\0")]))


def headed(head: str, *, abbreviations: str = "01 11 00 0b 10 49 01 00 00 00") -> DebugInfo:
    """Return what is read of a unit of one entry, with a byte size as ref_addr and a type as addr, of so many bytes."""
    body = bytes.fromhex(head)
    return DebugInfo(Made({".debug_info": body, ".debug_abbrev": bytes.fromhex(abbreviations)}))


NUMBERS = 0x0403_0201, 0x0807_0605
BODY = "01 01020304 0506070800000000"


@pytest.mark.parametrize(
    ("head", "found"),
    [
        # Length, version, abbreviations, size of an address; in version 2 what ref_addr has is one of these.
        ("10000000 0200 00000000 04 01 01020304 05060708", (2, 4, 4)),
        ("18000000 0200 00000000 08 01 0102030400000000 0506070800000000", (2, 4, 8)),
        (f"14000000 0300 00000000 08 {BODY}", (3, 4, 8)),
        (f"14000000 0400 00000000 08 {BODY}", (4, 4, 8)),
        # Since 5 its kind stands first, and the size of an address before the abbreviations: DW_UT_compile, partial,
        (f"15000000 0500 01 08 00000000 {BODY}", (5, 4, 8)),
        (f"15000000 0500 03 08 00000000 {BODY}", (5, 4, 8)),
        # skeleton and split_compile, which have the number of another file,
        (f"1d000000 0500 04 08 00000000 1111111111111111 {BODY}", (5, 4, 8)),
        (f"1d000000 0500 05 08 00000000 1111111111111111 {BODY}", (5, 4, 8)),
        # and 64-bit DWARF.
        ("ffffffff 1d00000000000000 0500 01 08 0000000000000000 01 0102030400000000 0506070800000000", (5, 8, 8)),
        ("ffffffff 1c00000000000000 0400 0000000000000000 08 01 0102030400000000 0506070800000000", (4, 8, 8)),
    ],
)
def test_headers_of_units(head: str, found: tuple[int, ...]) -> None:
    info = headed(head)
    assert info.problem is None
    (unit,) = info.units
    told = unit.unit
    numbers = unit.number(At.BYTE_SIZE), unit.number(At.TYPE)
    assert (told.version, told.offset_size, told.address_size) == found
    assert numbers == NUMBERS
    again = headed(head * 2)  # the second begins behind the first
    assert [each.unit.offset for each in again.units] == [0, len(bytes.fromhex(head))]


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        ("10000000 0100 00000000 04 01 01020304 05060708", "version 1 of DWARF is not known"),
        ("10000000 0600 00000000 04 01 01020304 05060708", "version 6 of DWARF is not known"),
        ("10000000 0400 00000000 02 01 01020304 05060708", "addresses of 2 bytes are not known"),
        ("10000000 0400 00000000 04 02 01020304 05060708", "abbreviation 2 is not in .debug_abbrev"),
        ("11000000 0400 00000000 04 01 01020304 05060708", "it is cut off: 17 bytes are wanted, 16 are left"),
        ("0b000000 0400 00000000 04 01 010203", "it is cut off within a number of 4 bytes"),
    ],
)
def test_headers_that_are_none(head: str, reason: str) -> None:
    problem = headed(head).problem
    assert problem is not None
    assert reason in str(problem)


def test_a_type_is_found_by_the_signature_of_its_unit() -> None:
    """DW_UT_type: the signature, and where the type stands in the unit; DW_FORM_ref_sig8 is that signature."""
    abbreviations = "01 41 01 00 00  02 24 00 0b 0b 00 00  03 11 00 49 20 00 00  00"
    types = "18000000 0500 02 08 00000000 8877665544332211 19000000 01 02 2a 00"
    info = headed(f"{types} 11000000 0500 01 08 00000000 03 8877665544332211", abbreviations=abbreviations)
    assert info.problem is None
    target = info.reference(info.units[1], At.TYPE)
    assert target is not None
    assert (target.offset, target.tag, target.number(At.BYTE_SIZE)) == (0x19, Tag.BASE, 42)
    wrong = headed(f"{types} 11000000 0500 01 08 00000000 03 8877665544332212", abbreviations=abbreviations)
    with pytest.raises(ObjectError, match="it refers to an entry that is not there"):
        wrong.reference(wrong.units[1], At.TYPE)


def test_references_count_from_their_unit_or_from_the_first() -> None:
    """ref1 to ref8 and ref_udata count from the header of their unit, ref_addr from the start of the section."""
    abbreviations = "01 11 01 00 00  02 24 00 49 13 00 00  03 24 00 49 10 00 00  04 24 00 49 11 00 00 00"
    unit = "16000000 0500 01 08 00000000 01 02 0d000000 03 0d000000 04 0d 00"
    assert len(bytes.fromhex(unit)) == 0x1A
    info = headed(unit * 2, abbreviations=abbreviations)
    assert info.problem is None
    found = [info.reference(each, At.TYPE) for each in info.units[1].children]
    assert [each and each.offset for each in found] == [0x1A + 0x0D, 0x0D, 0x1A + 0x0D]
    assert [each.offset for each in info.units[1].children] == [0x27, 0x2C, 0x31]
    alone = DebugInfo(info.sections, only=frozenset({Tag.COMPILE_UNIT}))
    assert alone.units[1].children == []
    assert [(each and each.offset) for each in (alone.reference(info.units[1].children[0], At.TYPE),)] == [0x27]


def test_texts_and_addresses_by_their_number() -> None:
    """strx and addrx count entries of 4 and 8 bytes from where the unit's own begin."""
    top = Die(
        Tag.COMPILE_UNIT,
        [
            (At.STR_OFFSETS_BASE, Form.SEC_OFFSET, b"\x08\0\0\0"),
            (At.ADDR_BASE, Form.SEC_OFFSET, b"\x08\0\0\0"),
            (At.NAME, Form.STRX1, b"\x01"),
            (At.COMP_DIR, Form.LINE_STRP, b"\x02\0\0\0"),
            (At.LINKAGE_NAME, Form.STRP, b"\x03\0\0\0"),
            (At.LOW_PC, Form.ADDRX1, b"\x01"),
            (At.HIGH_PC, Form.ADDR, b"\x90\0\0\0\x07\0\0\0"),
            (At.COUNT, Form.DATA4, b"\x90\0\0\0"),
        ],
    )
    parts = {
        ".debug_str": b"\0ab\0cd\0",
        ".debug_line_str": b"x\0dir\0",
        ".debug_str_offsets": bytes(8) + b"\4\0\0\0" + b"\1\0\0\0",
        ".debug_addr": bytes(8) + b"\x10\0\0\0\3\0\0\0" + b"\x80\0\0\0\x05\0\0\0",
    }
    info = info_of(top, parts=parts)
    (unit,) = info.units
    assert [info.text(unit, at) for at in (At.NAME, At.COMP_DIR, At.LINKAGE_NAME, At.TYPE)] == ["ab", "dir", "", ""]
    assert [info.address(unit, at) for at in (At.LOW_PC, At.HIGH_PC, At.COUNT)] == [(5, 0x80), (7, 0x90), None]
    assert info.indexed(unit.unit, 0) == (3, 0x10)


@pytest.mark.parametrize(
    ("expression", "place"),
    [
        ("", None),
        ("03 1000000002000000", (2, 0x10)),  # DW_OP_addr: the section stands above the offset
        ("03 1000000002000000 23 08", (2, 0x18)),  # and DW_OP_plus_uconst
        ("03 1000000002000000 9f", (2, 0x10)),
        ("a1 00", (3, 0x20)),  # DW_OP_addrx
        ("fb 00", (3, 0x20)),  # DW_OP_GNU_addr_index
        ("a1 00 23 88 01", (3, 0xA8)),
        ("91 00", None),  # in the frame
    ],
)
def test_where_a_variable_lies(expression: str, place: tuple[int, int] | None) -> None:
    raw = bytes.fromhex(expression)
    top = Die(Tag.COMPILE_UNIT, [(At.LOCATION, Form.EXPRLOC, leb(len(raw)) + raw)])
    info = info_of(top, parts={".debug_addr": b"\x20\0\0\0\3\0\0\0"})
    assert info.location(info.units[0]) == place


def test_entries_of_no_interest_leave_their_children_to_nobody() -> None:
    """What is below a tag that is not kept is not kept; what stands behind it belongs to who is above."""
    inner = Die(0x4108, (), [Die(Tag.VARIABLE, [(At.COUNT, Form.DATA1, b"\1")])])  # DW_TAG_GNU_call_site…
    top = Die(Tag.COMPILE_UNIT, (), [inner, Die(Tag.VARIABLE, [(At.COUNT, Form.DATA1, b"\2")])])
    info = info_of(top)
    assert [each.number(At.COUNT) for each in info.units[0].children] == [2]
    assert len(info.entries) == 2


def address(offset: int, section: int = 4) -> bytes:
    return offset.to_bytes(4, "little") + section.to_bytes(4, "little")


FUNCTION = [
    (At.LOW_PC, Form.ADDR, address(0x100)),
    (At.HIGH_PC, Form.ADDR, address(0x180)),
]
STARTS = (At.LOW_PC, Form.ADDR, address(0x100))


def variable(*attributes: Attribute) -> Die:
    return Die(Tag.VARIABLE, [(At.NAME, Form.STRING, b"v\0"), *attributes])


def spans_of(
    variable_: Die,
    *,
    function: Sequence[Attribute] | None = None,
    unit: Sequence[Attribute] | None = None,
    parts: dict[str, bytes] | None = None,
    version: int = 5,
    block: Sequence[Attribute] | None = None,
) -> tuple[tuple[Span, ...], tuple[tuple[Span, bytes], ...]]:
    """Return the scope and the places of a variable of a function at 0x100 to 0x180 of section 4, or in its block."""
    inner = [Die(Tag.LEXICAL_BLOCK, block, [variable_])] if block is not None else [variable_]
    function = function or [(At.LOW_PC, Form.ADDR, address(0x100)), (At.HIGH_PC, Form.DATA4, b"\x80\0\0\0")]
    top = Die(Tag.COMPILE_UNIT, unit or (), [Die(Tag.SUBPROGRAM, function, inner)])
    problems: list[ObjectError] = []
    (found,) = read_locals(info_of(top, version=version, parts=parts), {}, problems)
    assert problems == []
    return found.scope, found.places


ADDRESSES = b"".join(address(at) for at in (0x200, 0x240))


@pytest.mark.parametrize(
    ("kind", "raw", "spans"),
    [
        ("end_of_list", "", []),
        ("base_addressx, offset_pair", "01 00  04 10 20", [(0x210, 0x220)]),
        ("startx_endx", "02 00 01", [(0x200, 0x240)]),
        ("startx_length", "03 01 10", [(0x240, 0x250)]),
        ("offset_pair", "04 10 20", [(0x110, 0x120)]),
        ("base_address, offset_pair", "05 0003000004000000  04 01 82 01", [(0x301, 0x382)]),
        ("start_end", "06 0002000004000000 4002000004000000", [(0x200, 0x240)]),
        ("start_length", "07 0002000004000000 90 01", [(0x200, 0x290)]),
        ("two", "04 10 20 04 30 40", [(0x110, 0x120), (0x130, 0x140)]),
    ],
)
def test_lists_of_ranges_and_of_places(kind: str, raw: str, spans: list[tuple[int, int]]) -> None:
    """Kinds of DW_RLE; those of DW_LLE have the numbers one higher from 5 on, and an expression behind each range."""
    expected = tuple(Span(4, *each) for each in spans)
    ranges = b"\xaa" * 4 + bytes.fromhex(raw) + b"\0"
    parts = {".debug_rnglists": ranges, ".debug_addr": ADDRESSES}
    block = [(At.RANGES, Form.SEC_OFFSET, b"\4\0\0\0")]
    # Where the block has no code of its own, the function's is meant.
    block_scope, _ = spans_of(variable(), parts=parts, block=block, unit=[STARTS], function=FUNCTION)
    assert block_scope == (expected or (Span(4, 0x100, 0x180),)), kind
    indexed = {**parts, ".debug_rnglists": b"\xbb" * 4 + b"\x99\0\0\0" + b"\x08\0\0\0" + ranges[4:]}
    unit = [STARTS, (At.RNGLISTS_BASE, Form.SEC_OFFSET, b"\4\0\0\0")]
    by_number = [(At.RANGES, Form.RNGLISTX, b"\1")]
    assert spans_of(variable(), parts=indexed, block=by_number, unit=unit, function=FUNCTION)[0] == block_scope
    places = located(bytes.fromhex(raw))
    found = spans_of(
        variable((At.LOCATION, Form.SEC_OFFSET, bytes(4))), parts={".debug_loclists": places, ".debug_addr": ADDRESSES}
    )
    assert found == ((Span(4, 0x100, 0x180),), tuple((each, b"\x51") for each in expected))
    indexed = {".debug_loclists": b"\xcc" * 4 + b"\4\0\0\0" + places, ".debug_addr": ADDRESSES}
    unit = [(At.LOCLISTS_BASE, Form.SEC_OFFSET, b"\4\0\0\0")]
    assert spans_of(variable((At.LOCATION, Form.LOCLISTX, b"\0")), parts=indexed, unit=unit) == found


def located(raw: bytes) -> bytes:
    """Return a list of ranges as one of places, all in r1, with a default location before them, which is left out."""
    found, at = bytearray(b"\5\1\x52"), 0
    size = {1: 0, 5: 8, 6: 16, 7: 8}
    while at < len(raw):
        kind, start = raw[at], at
        at += 1 + size.get(kind, 0)
        for _ in range({1: 1, 2: 2, 3: 2, 4: 2, 7: 1}.get(kind, 0)):  # LEB128 numbers
            while raw[at] & 0x80:
                at += 1
            at += 1
        found += bytes([kind if kind < 5 else kind + 1]) + raw[start + 1 : at]
        found += b"\1\x51" if kind not in (1, 5) else b""
    return bytes(found) + b"\0"


def test_lists_of_dwarf_4() -> None:
    """Pairs that count from the function's start, or from what stands behind the greatest address; relocated ones."""
    pairs = [
        address(0x10, 0) + address(0x20, 0),
        address(0x300) + address(0x310),
        b"\xff" * 8 + address(0x400, 6),
        address(0, 0) + address(8, 0),
    ]
    spans = (Span(4, 0x110, 0x120), Span(4, 0x300, 0x310), Span(6, 0x400, 0x408))
    ranges = b"".join(pairs) + bytes(16)
    block = [(At.RANGES, Form.SEC_OFFSET, bytes(4))]
    unit = [STARTS]
    assert spans_of(variable(), version=4, block=block, unit=unit, parts={".debug_ranges": ranges})[0] == spans
    expression = b"\2\0\x91\x08"
    places = b"".join([pairs[0] + expression, pairs[1] + expression, pairs[2], pairs[3] + expression]) + bytes(16)
    _, found = spans_of(
        variable((At.LOCATION, Form.SEC_OFFSET, bytes(4))), version=4, unit=unit, parts={".debug_loc": places}
    )
    assert found == tuple((each, b"\x91\x08") for each in spans)


def test_a_list_of_an_unknown_kind_is_a_problem_and_the_next_variable_is_there() -> None:
    first = variable((At.LOCATION, Form.SEC_OFFSET, bytes(4)))
    second = Die(
        Tag.FORMAL_PARAMETER,
        [
            (At.NAME, Form.STRING, b"w\0"),
            (At.LOCATION, Form.EXPRLOC, b"\1\x53"),
            (At.CONST_VALUE, Form.SDATA, b"\x7d"),
        ],
    )
    top = Die(Tag.COMPILE_UNIT, (), [Die(Tag.SUBPROGRAM, FUNCTION, [first, second])])
    problems: list[ObjectError] = []
    (found,) = read_locals(info_of(top, parts={".debug_loclists": b"\x09\0"}), {}, problems)
    assert [str(each) for each in problems] == [
        "made.o: section .debug_loclists: offset 0x1: an entry of a list is of the unknown kind 9"
    ]
    span = Span(4, 0x100, 0x180)
    assert (found.name, found.is_parameter, found.constant, found.depth) == ("w", True, -3, 1)
    assert (found.scope, found.places) == ((span,), ((span, b"\x53"),))


def test_variables_that_are_declared_or_everybodys_are_none_of_a_function() -> None:
    kinds = [(At.DECLARATION, Form.FLAG_PRESENT, b""), (At.EXTERNAL, Form.FLAG, b"\1"), (At.EXTERNAL, Form.FLAG, b"\0")]
    top = Die(Tag.COMPILE_UNIT, (), [Die(Tag.SUBPROGRAM, FUNCTION, [variable(kind) for kind in kinds])])
    info = info_of(top)
    assert len(read_locals(info, {}, [])) == 1
    nowhere = Die(Tag.COMPILE_UNIT, (), [Die(Tag.SUBPROGRAM, (), [variable()])])
    assert read_locals(info_of(nowhere), {}, []) == []  # a function without code


def test_variables_are_in_the_order_of_the_file_each_with_its_scopes() -> None:
    """As a source has them: parameters, what stands before a block, what is in it, what stands behind it."""

    def named(tag: int, name: str) -> Die:
        return Die(tag, [(At.NAME, Form.STRING, name.encode() + b"\0")])

    block = Die(Tag.LEXICAL_BLOCK, (), [named(Tag.VARIABLE, "c"), named(Tag.VARIABLE, "d")])
    inlined = Die(Tag.INLINED_SUBROUTINE, (), [named(Tag.FORMAL_PARAMETER, "e"), Die(Tag.LEXICAL_BLOCK, (), [block])])
    inner = [named(Tag.FORMAL_PARAMETER, "a"), named(Tag.VARIABLE, "b"), inlined, named(Tag.VARIABLE, "f")]
    second = Die(Tag.SUBPROGRAM, FUNCTION, [named(Tag.VARIABLE, "g")])
    top = Die(Tag.COMPILE_UNIT, (), [Die(Tag.SUBPROGRAM, FUNCTION, inner), second])
    found = read_locals(info_of(top), {}, [])
    assert [(each.name, each.depth) for each in found] == [
        ("a", 1),
        ("b", 1),
        ("e", 2),
        ("c", 4),
        ("d", 4),
        ("f", 1),
        ("g", 1),
    ]
