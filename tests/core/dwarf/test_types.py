"""DWARF's types as BTF: entries made by hand, and the types that BTF has for them (Documentation/bpf/btf.rst)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bpftui.core.btf import Btf, Kind
from bpftui.core.btf import types as t
from bpftui.core.btf.variants import VariantPart
from bpftui.core.dwarf.blob import BlobWriter
from bpftui.core.dwarf.info import At, Form, Tag
from bpftui.core.dwarf.names import is_function_pointer, symbol_name
from bpftui.core.dwarf.types import convert
from tests.core.dwarf.made import Die, info_of, leb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bpftui.core.btf import ByteOrder
    from tests.core.dwarf.made import Attribute


def name(text: str) -> Attribute:
    return At.NAME, Form.STRING, text.encode() + b"\0"


def number(attribute: int, value: int) -> Attribute:
    return (attribute, Form.UDATA, leb(value)) if value >= 0 else (attribute, Form.SDATA, bytes([value & 0x7F]))


def of(target: Die) -> Attribute:
    return At.TYPE, Form.REF_ADDR, target


def base(text: str, size: int, encoding: int) -> Die:
    return Die(Tag.BASE, [name(text), number(At.BYTE_SIZE, size), number(At.ENCODING, encoding)])


def member(text: str, target: Die, at: int, *more: Attribute) -> Die:
    return Die(Tag.MEMBER, [name(text), of(target), number(At.DATA_MEMBER_LOCATION, at), *more])


def struct(text: str, size: int, *members: Die, tag: int = Tag.STRUCTURE) -> Die:
    return Die(tag, [name(text), number(At.BYTE_SIZE, size)], members)


def made(*children: Die, order: ByteOrder = "little", sections: dict[int, str] | None = None) -> Btf:
    """Return the types of a unit."""
    found = convert(info_of(Die(Tag.COMPILE_UNIT, (), children), order=order), sections or {})
    assert found is not None
    return found


def typedefs(*types: Die) -> list[Die]:
    """Return the types, and a typedef of each, T0, T1, …: BTF has what something refers to."""
    return [*types, *(Die(Tag.TYPEDEF, [name(f"T{at}"), of(each)]) for at, each in enumerate(types))]


def target(btf: Btf, text: str = "T0") -> t.BtfType:
    found = btf.find(text, Kind.TYPEDEF)
    assert found is not None
    typedef = btf.type(found)
    assert isinstance(typedef, t.Typedef)
    return btf.type(typedef.target)


@pytest.mark.parametrize(
    ("size", "encoding", "signed", "is_char", "is_bool"),
    [
        (8, 0x01, False, False, False),  # address
        (1, 0x02, False, False, True),  # boolean
        (4, 0x05, True, False, False),  # signed
        (1, 0x06, True, False, False),  # signed_char
        (16, 0x07, False, False, False),  # unsigned
        (2, 0x08, False, False, False),  # unsigned_char
        (4, 0x10, False, True, False),  # UTF
        (4, 0x11, False, False, False),  # UCS
        (1, 0x12, False, False, False),  # ASCII
    ],
)
def test_integers(size: int, encoding: int, signed: bool, is_char: bool, is_bool: bool) -> None:
    found = target(made(*typedefs(base("number", size, encoding))))
    assert found == t.Int(found.id, "number", size, size * 8, 0, signed, is_char, is_bool)


def size_word(btf: Btf, type_id: int) -> int:
    """Return the third word of a type's record."""
    at = btf.record(type_id)[0] + 8
    return int.from_bytes(btf.raw[at : at + 4], btf.byte_order)


def test_what_is_no_integer() -> None:
    """A float is one; complex numbers (3), and integers of three bytes or of none, are plain bytes."""
    shapes = [base("double", 8, 4), base("complex", 16, 3), base("odd", 3, 5), base("()", 0, 7)]
    btf = made(*typedefs(*shapes))
    assert target(btf, "T0") == t.Float(target(btf, "T0").id, "double", 8)
    for at, (text, size) in enumerate((("complex", 16), ("odd", 3)), 1):
        found = target(btf, f"T{at}")
        assert isinstance(found, t.Composite)
        assert (found.name, found.size, found.is_union) == (text, size, False)
        ((inner),) = found.members
        assert (inner.name, inner.bit_offset, inner.bit_size) == ("bytes", 0, 0)
        array = btf.type(inner.type_id)
        assert isinstance(array, t.Array)
        assert array.count == size
        assert size_word(btf, array.id) == 0  # an array has no size of its own (btf_array_check_meta)
        assert btf.type(array.element) == t.Int(array.element, "unsigned char", 1, 8, 0, False, False, False)
        assert btf.type(array.index) == t.Int(array.index, "__ARRAY_SIZE_TYPE__", 4, 32, 0, False, False, False)
    assert target(btf, "T3") == t.Composite(target(btf, "T3").id, "()", False, 0, ())


def test_what_leads_to_a_type() -> None:
    """DW_TAG_atomic_type is nothing in BTF; an unspecified type is void; a class is a struct."""
    integer = base("int", 4, 5)
    atomic = Die(Tag.ATOMIC, [of(integer)])
    kinds = [
        Die(Tag.POINTER, [of(integer)]),
        Die(Tag.REFERENCE, [of(atomic)]),
        Die(Tag.RVALUE_REFERENCE, [of(Die(Tag.UNSPECIFIED))]),
        Die(Tag.CONST, [of(integer)]),
        Die(Tag.VOLATILE, [of(integer)]),
        Die(Tag.RESTRICT),
        struct("C", 1, tag=Tag.CLASS),
        struct("U", 2, tag=Tag.UNION),
        Die(Tag.STRUCTURE, [name("F"), (At.DECLARATION, Form.FLAG_PRESENT, b"")]),
        Die(Tag.UNION, [name("G"), (At.DECLARATION, Form.FLAG_PRESENT, b"")]),
    ]
    nothing = kinds[2].attributes[0][2]
    assert isinstance(nothing, Die)
    btf = made(*typedefs(*kinds), integer, atomic, nothing)
    ids = btf.find("int", Kind.INT)
    assert ids is not None
    found = [target(btf, f"T{at}") for at in range(len(kinds))]
    assert [(type(each), getattr(each, "target", None)) for each in found[:6]] == [
        (t.Pointer, ids),
        (t.Pointer, ids),
        (t.Pointer, 0),
        (t.Modifier, ids),
        (t.Modifier, ids),
        (t.Modifier, 0),
    ]
    assert [btf.kind(each.id) for each in found[3:6]] == [Kind.CONST, Kind.VOLATILE, Kind.RESTRICT]
    assert found[6:] == [
        t.Composite(found[6].id, "C", False, 1, ()),
        t.Composite(found[7].id, "U", True, 2, ()),
        t.Forward(found[8].id, "F", False),
        t.Forward(found[9].id, "G", True),
    ]


@pytest.mark.parametrize(
    ("order", "attributes", "place"),
    [
        # DWARF 4 and 5: from the start of the struct.
        ("little", [number(At.BIT_SIZE, 3), number(At.DATA_BIT_OFFSET, 37)], (37, 3)),
        ("little", [number(At.DATA_BIT_OFFSET, 37)], (37, 0)),
        # Before, from the most significant bit of the storage unit, of 4 bytes at byte 4: 32 + 32 - 5 - 3.
        ("little", [number(At.BIT_SIZE, 3), number(At.BIT_OFFSET, 5), number(At.DATA_MEMBER_LOCATION, 4)], (56, 3)),
        ("big", [number(At.BIT_SIZE, 3), number(At.BIT_OFFSET, 5), number(At.DATA_MEMBER_LOCATION, 4)], (37, 3)),
        # Of the size that it says: 32 + 16 - 5 - 3.
        (
            "little",
            [
                number(At.BIT_SIZE, 3),
                number(At.BIT_OFFSET, 5),
                number(At.BYTE_SIZE, 2),
                number(At.DATA_MEMBER_LOCATION, 4),
            ],
            (40, 3),
        ),
        # One that begins before its storage unit: 32 + 32 + 2 - 3.
        (
            "little",
            [
                number(At.BIT_SIZE, 3),
                (At.BIT_OFFSET, Form.DATA8, b"\xfe" + b"\xff" * 7),
                number(At.DATA_MEMBER_LOCATION, 4),
            ],
            (63, 3),
        ),
        ("little", [number(At.BIT_OFFSET, 5), number(At.DATA_MEMBER_LOCATION, 4)], (32, 0)),
        ("little", [number(At.BIT_SIZE, 3), number(At.DATA_MEMBER_LOCATION, 4)], (32, 3)),
        # DWARF 2: DW_OP_plus_uconst.
        ("little", [(At.DATA_MEMBER_LOCATION, Form.BLOCK1, b"\3\x23\x84\x01")], (0x84 * 8, 0)),
        ("little", [], (0, 0)),
    ],
)
def test_places_of_members(order: ByteOrder, attributes: list[Attribute], place: tuple[int, int]) -> None:
    integer = base("unsigned int", 4, 7)
    around = Die(Tag.CONST, [of(integer)])  # has no size of its own
    one = Die(Tag.MEMBER, [name("m"), of(around), *attributes])
    shape = struct("S", 256, one, Die(Tag.MEMBER, [name("everybodys"), (At.EXTERNAL, Form.FLAG, b"\1")]))
    ((first),) = composite(made(integer, around, shape, order=order), "S").members
    assert (first.name, first.bit_offset, first.bit_size) == ("m", *place)


def composite(btf: Btf, text: str) -> t.Composite:
    (found,) = btf.find_all(text)
    decoded = btf.type(found)
    assert isinstance(decoded, t.Composite)
    return decoded


def test_places_that_btf_cannot_say() -> None:
    """A bitfield has 24 bits for its place and 8 for its width, and a member a number of bytes."""
    integer = base("unsigned int", 4, 7)

    def placed(*attributes: Attribute) -> str:
        shape = struct("S", 1 << 22, Die(Tag.MEMBER, [name("m"), of(integer), *attributes]))
        return composite(made(integer, shape), "S").members[0].name

    assert placed(number(At.BIT_SIZE, 255), number(At.DATA_BIT_OFFSET, (1 << 24) - 1)) == "m"
    assert placed(number(At.BIT_SIZE, 256), number(At.DATA_BIT_OFFSET, 0)) == "bytes"
    assert placed(number(At.BIT_SIZE, 1), number(At.DATA_BIT_OFFSET, 1 << 24)) == "bytes"
    assert placed((At.DATA_MEMBER_LOCATION, Form.BLOCK1, b"\2\x10\x04")) == "bytes"
    assert placed((At.DATA_MEMBER_LOCATION, Form.BLOCK1, b"\0")) == "bytes"
    inherits = struct("S", 8, Die(Tag.INHERITANCE, [of(integer)]))
    assert composite(made(integer, inherits), "S").members[0].name == "bytes"


@pytest.mark.parametrize(
    ("size", "values", "signed"), [(4, [0, 1], False), (4, [-1, 1], True), (1, [-2], True), (8, [5, -1], True)]
)
def test_enumerations(size: int, values: list[int], signed: bool) -> None:
    """Signed where a value is negative; ENUM64 where it has eight bytes."""
    children = [Die(Tag.ENUMERATOR, [name(f"E{at}"), number(At.CONST_VALUE, value)]) for at, value in enumerate(values)]
    btf = made(Die(Tag.ENUMERATION, [name("e"), number(At.BYTE_SIZE, size)], children))
    found = btf.type(1)
    told = tuple(t.Enumerator(f"E{at}", value) for at, value in enumerate(values))
    assert found == t.Enum(1, "e", size, signed, told)
    assert btf.kind(1) is (Kind.ENUM64 if size == 8 else Kind.ENUM)


@pytest.mark.parametrize(("encoding", "signed", "value"), [(5, True, -1), (7, False, (1 << 32) - 1)])
def test_enumerations_have_the_sign_of_their_type(encoding: int, signed: bool, value: int) -> None:
    under = base("under", 4, encoding)
    children = [Die(Tag.ENUMERATOR, [name("E"), number(At.CONST_VALUE, -1)]), Die(Tag.ENUMERATOR, [name("N")])]
    btf = made(under, Die(Tag.ENUMERATION, [name("e"), of(under)], children))
    (found,) = btf.find_all("e")
    assert btf.type(found) == t.Enum(found, "e", 4, signed, (t.Enumerator("E", value), t.Enumerator("N", 0)))


def test_a_number_of_an_enumeration_of_eight_bytes() -> None:
    big = (At.CONST_VALUE, Form.DATA8, bytes.fromhex("8877665544332201"))
    btf = made(Die(Tag.ENUMERATION, [name("e"), number(At.BYTE_SIZE, 8)], [Die(Tag.ENUMERATOR, [name("E"), big])]))
    assert btf.type(1) == t.Enum(1, "e", 8, False, (t.Enumerator("E", 0x0122_3344_5566_7788),))


@pytest.mark.parametrize(
    ("subrange", "count"),
    [
        ([number(At.COUNT, 5)], 5),
        ([number(At.UPPER_BOUND, 5)], 6),
        ([number(At.UPPER_BOUND, 0)], 1),
        ([number(At.UPPER_BOUND, -1)], 0),
        ([(At.UPPER_BOUND, Form.DATA4, b"\xff" * 4)], 0),
        ([(At.UPPER_BOUND, Form.DATA8, b"\xff" * 8)], 0),
        ([], 0),
    ],
)
def test_lengths_of_arrays(subrange: Sequence[Attribute], count: int) -> None:
    integer = base("int", 4, 5)
    array = Die(Tag.ARRAY, [of(integer)], [Die(Tag.SUBRANGE, subrange)])
    found = target(made(*typedefs(array), integer))
    assert isinstance(found, t.Array)
    assert found.count == count


def test_arrays_of_arrays() -> None:
    """`int a[2][3][5]`: the outermost first."""
    integer = base("int", 4, 5)
    array = Die(Tag.ARRAY, [of(integer)], [Die(Tag.SUBRANGE, [number(At.COUNT, count)]) for count in (2, 3, 5)])
    btf = made(*typedefs(array), integer)
    counts: list[int] = []
    found = target(btf)
    while isinstance(found, t.Array):
        counts.append(found.count)
        assert btf.type_name(found.index) == "__ARRAY_SIZE_TYPE__"
        found = btf.type(found.element)
    assert (counts, found.name) == ([2, 3, 5], "int")
    bare = Die(Tag.ARRAY, [of(integer)])
    empty = target(made(*typedefs(bare), integer))
    assert isinstance(empty, t.Array)
    assert empty.count == 0


def function(text: str, *more: Attribute, children: Sequence[Die] = ()) -> Die:
    return Die(Tag.SUBPROGRAM, [name(text), *more], children)


def test_functions_and_prototypes() -> None:
    """Those with code, with what is written in two parts; `...` is a parameter of no name and type."""
    integer = base("int", 4, 5)
    code = (At.LOW_PC, Form.ADDR, bytes(8))
    everybodys = (At.EXTERNAL, Form.FLAG_PRESENT, b"")
    declared = function("first", of(integer), everybodys)
    origin = Die(Tag.FORMAL_PARAMETER, [name("p"), of(integer)])
    inlined = function("inlined", children=[origin])
    parameters = [
        Die(Tag.FORMAL_PARAMETER, [(At.ABSTRACT_ORIGIN, Form.REF_ADDR, origin)]),
        Die(Tag.UNSPECIFIED_PARAMETERS),
    ]
    defined = Die(Tag.SUBPROGRAM, [(At.SPECIFICATION, Form.REF_ADDR, declared), code], parameters)
    linked = function("second", code, (At.LINKAGE_NAME, Form.STRING, b"_second\0"))
    prototype = Die(Tag.SUBROUTINE_TYPE, [of(integer)], [Die(Tag.FORMAL_PARAMETER, [of(integer)])])
    btf = made(integer, declared, inlined, defined, linked, *typedefs(prototype))
    (number_,) = btf.find_all("int")
    functions = [btf.type(each) for each in btf.ids(Kind.FUNC)]
    assert [(each.name, getattr(each, "linkage", None)) for each in functions] == [("first", 1), ("_second", 0)]
    protos = [btf.type(getattr(each, "proto", 0)) for each in functions]
    assert protos == [
        t.FunctionProto(protos[0].id, "", number_, (t.Parameter("p", number_), t.Parameter("", 0))),
        t.FunctionProto(protos[1].id, "", 0, ()),
    ]
    assert target(btf) == t.FunctionProto(target(btf).id, "", number_, (t.Parameter("", number_),))


def test_a_function_whose_prototype_is_damaged_is_everybodys() -> None:
    nowhere = (At.ABSTRACT_ORIGIN, Form.REF_ADDR, b"\xff\xff\xff\x7f")
    btf = made(*typedefs(base("int", 4, 5)), function("f", nowhere, (At.LOW_PC, Form.ADDR, bytes(8))))
    (found,) = (btf.type(each) for each in btf.ids(Kind.FUNC))
    assert isinstance(found, t.Function)
    assert (found.name, found.linkage) == ("f", 1)
    assert btf.type(found.proto) == t.FunctionProto(found.proto, "", 0, ())


def test_an_enum_with_data_that_has_no_size() -> None:
    one = struct("One", 8)
    part = Die(Tag.VARIANT_PART, [], [variant("One", None, one)])
    btf = made(Die(Tag.STRUCTURE, [name("E")], [part]), one)
    ((inner),) = composite(btf, "E").members
    union = btf.type(inner.type_id)
    assert isinstance(union, t.Composite)
    assert (union.is_union, union.size) == (True, 0)


def test_variables_by_section_at_their_offsets() -> None:
    integer = base("int", 4, 5)

    def variable(text: str, at: int, section: int, *more: Attribute) -> Die:
        expression = b"\x03" + at.to_bytes(4, "little") + section.to_bytes(4, "little")
        return Die(Tag.VARIABLE, [name(text), of(integer), (At.LOCATION, Form.EXPRLOC, b"\x09" + expression), *more])

    declared = Die(Tag.VARIABLE, [name("far"), of(integer), (At.EXTERNAL, Form.FLAG_PRESENT, b"")])
    placed = variable("", 8, 3).attributes[2]
    btf = made(
        integer,
        declared,
        Die(Tag.VARIABLE, [(At.SPECIFICATION, Form.REF_ADDR, b"\xff\xff\xff\x7f"), placed]),  # nothing is there
        variable("late", 12, 3),
        variable("early", 4, 3, (At.EXTERNAL, Form.FLAG, b"\1")),
        variable("elsewhere", 0, 9),
        variable("other", 0, 5),
        Die(Tag.VARIABLE, [(At.SPECIFICATION, Form.REF_ADDR, declared), placed]),
        Die(Tag.VARIABLE, [name("nowhere"), of(integer)]),
        sections={3: ".data", 5: ".bss"},
    )
    (number_,) = btf.find_all("int")
    sections = [btf.type(each) for each in btf.ids(Kind.DATASEC)]
    told: dict[str, list[tuple[str, int, int, int, int]]] = {}
    for section in sections:
        assert isinstance(section, t.DataSec)
        assert section.size == 0  # as clang has it; the section knows
        for each in section.variables:
            found = btf.type(each.type_id)
            assert isinstance(found, t.Var)
            told.setdefault(section.name, []).append(
                (found.name, each.offset, each.size, found.linkage, found.type_id - number_)
            )
    assert told == {
        ".data": [("early", 4, 0, 1, 0), ("far", 8, 0, 1, 0), ("late", 12, 0, 0, 0)],
        ".bss": [("other", 0, 0, 0, 0)],
    }


def variant(text: str, value: Attribute | None, target_: Die, at: int = 0) -> Die:
    return Die(Tag.VARIANT, [] if value is None else [value], [member(text, target_, at)])


@pytest.mark.parametrize(
    ("width", "encoding", "value", "bits", "told"),
    [
        (1, 7, (At.DISCR_VALUE, Form.DATA1, b"\xfe"), 0xFE, 0xFE),
        (1, 5, (At.DISCR_VALUE, Form.DATA1, b"\xfe"), 0xFE, -2),
        (2, 5, (At.DISCR_VALUE, Form.SDATA, b"\x7e"), 0xFFFE, -2),
        (4, 7, (At.DISCR_VALUE, Form.DATA4, b"\xff" * 4), 0xFFFF_FFFF, 0xFFFF_FFFF),
        (8, 7, (At.DISCR_VALUE, Form.DATA8, b"\1\0\0\0\2\0\0\0"), 0x2_0000_0001, 0x2_0000_0001),
        (8, 5, (At.DISCR_VALUE, Form.SDATA, b"\x7f"), (1 << 64) - 1, -1),
    ],
)
def test_enums_with_data(width: int, encoding: int, value: Attribute, bits: int, told: int) -> None:
    """Rust's: a union of the variants beside what tells them apart, whose names are the variants'."""
    discriminant = base("d", width, encoding)
    one, two = struct("One", 16, member("x", discriminant, 8)), struct("Two", 16)
    tag = Die(Tag.MEMBER, [of(discriminant), number(At.DATA_MEMBER_LOCATION, 8)])
    part = Die(
        Tag.VARIANT_PART,
        [(At.DISCR, Form.REF_ADDR, tag)],
        [tag, variant("One", value, one, 4), variant("Two", None, two), Die(Tag.VARIANT)],
    )
    btf = made(discriminant, struct("E", 16, part), one, two)
    outer = composite(btf, "E")
    assert btf.variants == {outer.id: VariantPart({bits: "One"}, "Two", 8, width)}
    ((inner),) = outer.members
    assert (inner.name, inner.bit_offset, inner.bit_size) == ("", 0, 0)
    union = btf.type(inner.type_id)
    assert isinstance(union, t.Composite)
    assert (union.is_union, union.size) == (True, 16)
    assert [(each.name, each.bit_offset, each.bit_size) for each in union.members] == [
        ("__discr", 64, 0),
        ("One", 32, 0),
        ("Two", 0, 0),
    ]
    assert [btf.type_name(each.type_id) for each in union.members] == ["", "One", "Two"]
    told_apart = btf.type(union.members[0].type_id)
    assert told_apart == t.Enum(told_apart.id, "", width, encoding == 5, (t.Enumerator("One", told),))


def test_an_enum_of_one_variant_has_nothing_that_tells_it_apart() -> None:
    one = struct("Only", 4)
    btf = made(struct("E", 4, Die(Tag.VARIANT_PART, (), [variant("Only", None, one)])), one)
    outer = composite(btf, "E")
    assert btf.variants == {outer.id: VariantPart({}, "Only", 0, 0)}
    union = btf.type(outer.members[0].type_id)
    assert isinstance(union, t.Composite)
    assert [each.name for each in union.members] == ["Only"]


@pytest.mark.parametrize("damage", ["three bytes", "beyond", "twice", "two defaults", "two parts", "no name"])
def test_enums_with_data_that_are_damaged_are_bytes(damage: str) -> None:
    width, at, size = (3 if damage == "three bytes" else 4), (13 if damage == "beyond" else 12), 16
    discriminant, one = base("d", width, 7), struct("One", 4)
    tag = Die(Tag.MEMBER, [of(discriminant), number(At.DATA_MEMBER_LOCATION, at)])
    zero, five = number(At.DISCR_VALUE, 0), number(At.DISCR_VALUE, 5)
    variants = [variant("One", zero, one), variant("Two", None, one)]
    if damage == "twice":
        variants.append(variant("One", five, one))
    if damage == "two defaults":
        variants.append(variant("Three", None, one))
    if damage == "no name":
        variants.append(variant("", five, one))
    part = Die(Tag.VARIANT_PART, [(At.DISCR, Form.REF_ADDR, tag)], [tag, *variants])
    parts = [part, Die(Tag.VARIANT_PART)] if damage == "two parts" else [part]
    btf = made(discriminant, one, struct("E", size, *parts))
    assert composite(btf, "E").members[0].name == "bytes"
    assert btf.variants == {}


def test_names_are_looked_for_in_what_is_completed() -> None:
    """Four entries deep, and no further; the symbol table's name is the linkage name."""
    chain = [Die(Tag.SUBPROGRAM, [name("deep"), (At.LINKAGE_NAME, Form.STRING, b"_deep\0")])]
    for _ in range(4):
        chain.append(Die(Tag.SUBPROGRAM, [(At.SPECIFICATION, Form.REF_ADDR, chain[-1])]))
    info = info_of(Die(Tag.COMPILE_UNIT, (), chain))
    assert [symbol_name(info, each) for each in info.units[0].children] == ["_deep"] * 4 + [""]


def test_pointers_to_functions() -> None:
    """Through typedefs and qualifiers; a pointer to a pointer is none, nor is what is lost on the way."""
    prototype = Die(Tag.SUBROUTINE_TYPE)
    pointer = Die(Tag.POINTER, [of(Die(Tag.TYPEDEF, [name("f"), of(prototype)]))])
    typedef = pointer.attributes[0][2]
    assert isinstance(typedef, Die)
    constant = Die(Tag.CONST, [of(pointer)])
    twice = Die(Tag.POINTER, [of(constant)])
    void = Die(Tag.POINTER)
    integer = base("int", 4, 5)
    lost = Die(Tag.POINTER, [(At.TYPE, Form.REF_ADDR, b"\xff\0\0\0")])
    kinds = [pointer, constant, typedef, twice, void, integer, lost]
    variables = [Die(Tag.VARIABLE, [of(kind)]) for kind in kinds]
    info = info_of(Die(Tag.COMPILE_UNIT, (), [prototype, *kinds, *variables]))
    found = [is_function_pointer(info, each) for each in info.units[0].children if each.tag == Tag.VARIABLE]
    assert found == [True, True, False, False, False, False, False]


def test_the_blob_to_the_byte() -> None:
    """The header has 24 bytes: magic, version, flags, its length, where types and strings begin and how long they are;
    the first text is empty."""
    writer = BlobWriter("big")
    first = writer.reserve()
    assert writer.add(Kind.INT, "int", 4, (32,)) == 2
    assert writer.put(first, Kind.STRUCT, "int", 8, (0, 2, 1 << 24), count=1, flag=True) == 1
    assert writer.bytes() == bytes.fromhex(
        "eb9f0100 00000018 00000000 00000028 00000028 00000005"
        " 00000001 84000001 00000008 00000000 00000002 01000000"
        " 00000001 01000000 00000004 00000020"
        " 00696e74 00"
    )


@pytest.mark.parametrize(
    ("size", "count", "fits"),
    [(0xFFFF_FFFF, 0, True), (0x1_0000_0000, 0, False), (-1, 0, False), (0, 0xFFFF, True), (0, 0x1_0000, False)],
)
def test_numbers_that_do_not_fit_a_blob(size: int, count: int, fits: bool) -> None:
    writer = BlobWriter("little")
    if fits:
        assert writer.add(Kind.STRUCT, "", size, (), count=count) == 1
        return
    with pytest.raises(OverflowError, match="a number of a type does not fit BTF"):
        writer.add(Kind.STRUCT, "s", size, (), count=count)
    assert writer.bytes()[24:-3].hex() == "010000000000000800000000"  # a typedef of void
