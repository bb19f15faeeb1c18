"""Values of every kind of C type: bytes ↔ Python, in both byte orders, and what is said about wrong ones."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpftui.core.btf import Btf, CType, Kind, format_value, types
from bpftui.core.btf.forms import how_written
from bpftui.core.errors import BpftuiError, TypeMismatchError, UnknownNameError, UsageError, ValueRangeError
from bpftui.core.spec import CollectionSpec
from tests.core.btf.blob import Blob

if TYPE_CHECKING:
    from bpftui.core.btf import Value

ROOT = Path(__file__).parents[3]
SPECS = {order: CollectionSpec.from_file(ROOT / f"tests/objects/values{order}.o") for order in ("", ".eb")}
VARIABLES = sorted(SPECS[""].variables)


def spec(order: str = "") -> CollectionSpec:
    """Return a spec of values.c that a test can change."""
    return SPECS[order].copy()


def ctype(name: str, order: str = "") -> CType:
    """Return the type of a variable of values.c."""
    found = SPECS[order].variables[name].type
    assert found is not None
    return found


def values_of(found: CType) -> st.SearchStrategy[Any]:
    """Return a strategy for all values of a type, as `decode` would give them."""
    limits = found.limits
    match found.stripped:
        case types.Int(is_bool=True):
            return st.booleans()
        case types.Enum():
            names = [e.name for e in found.enumerators]
            values = {e.value for e in found.enumerators}
            assert limits is not None
            return st.sampled_from(names) | st.integers(*limits).filter(lambda number: number not in values)
        case types.Int() | types.Pointer():
            assert limits is not None
            return st.integers(*limits)
        case types.Float(size=size):
            numbers = st.floats(width=8 * size, allow_nan=False)  # type: ignore[arg-type]
            return numbers.map(lambda number: found.decode(found.encode(number)))  # the shortest of its bytes
        case types.Array() as array if not found.is_composite:
            alphabet = st.characters(codec="utf-8", exclude_categories=["C", "Z"])
            return st.text(alphabet, max_size=array.count).filter(lambda text: len(text.encode()) <= array.count)
        case types.Array() as array:
            element = CType(found.btf, array.element)
            return st.lists(values_of(element), min_size=array.count, max_size=array.count)
        case types.Composite(is_union=True):
            # One member at a time: they overlap.
            return st.one_of([st.fixed_dictionaries({name: values_of(inner)}) for name, inner, _ in found.members()])
        case types.Composite():
            members = {name: values_of(inner) for name, inner, _ in found.members()}
            members.pop("pointer", None)  # shares its bytes with `number`
            return st.fixed_dictionaries(members)
        case other:
            raise AssertionError(other)


def subset(wanted: Value, found: Value) -> bool:
    """Whether *found* says all that *wanted* does; a decoded union says more."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(subset(wanted[name], found[name]) for name in wanted)
    if isinstance(wanted, list):
        return isinstance(found, list) and all(map(subset, wanted, found)) and len(wanted) == len(found)
    return wanted == found


@pytest.mark.parametrize("order", SPECS)
@pytest.mark.parametrize("name", VARIABLES)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_what_is_encoded_is_decoded_again(name: str, order: str, data: st.DataObject) -> None:
    found = ctype(name, order)
    value = data.draw(values_of(found))
    current = data.draw(st.binary(min_size=found.size, max_size=found.size))
    raw = found.encode(value, current=current)
    assert len(raw) == found.size
    assert subset(value, found.decode(raw))


@pytest.mark.parametrize("order", SPECS)
@pytest.mark.parametrize("name", [name for name in VARIABLES if name != "truth"])  # a bool of 2 is no value of C
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_what_is_decoded_can_be_set_again(name: str, order: str, data: st.DataObject) -> None:
    """Also on top of other bytes: members of a union that repeat each other must not cancel out."""
    found = ctype(name, order)
    raw = data.draw(st.binary(min_size=found.size, max_size=found.size))
    value = found.decode(raw)
    if name in ("f32", "f64") and value != value:
        return  # a NaN has many bit patterns
    assert found.encode(value, current=raw) == raw
    again = found.encode(value, current=bytes(found.size))
    assert found.decode(again) == value


@pytest.mark.parametrize("order", SPECS)
@pytest.mark.parametrize("name", VARIABLES)
def test_setting_what_is_there_changes_nothing(name: str, order: str) -> None:
    twin = spec(order)
    variable = twin.variables[name]
    variable.set(variable.get())
    assert not variable.changed


@pytest.mark.parametrize("order", SPECS)
def test_bitfields_leave_their_neighbours_alone(order: str) -> None:
    twin = spec(order)
    flags = twin.variables["flags"]
    before = flags.get()
    for member, text, value in [("three", "2", 2), ("minus", "-8", -8), ("wide", "0x100000001", 1 + (1 << 32))]:
        twin.set_text(f"flags.{member}", text)
        assert isinstance(before, dict)
        before[member] = value
        assert flags.get() == before
    twin.set_text("flags.colour", "GREEN")
    assert flags.get() == before | {"colour": "GREEN"}


def test_where_bits_of_a_bitfield_lie() -> None:
    """From the lowest bit on little-endian machines, from the highest on big-endian ones: as clang stored them."""
    for order, first in (("", 0b1101_101_1), (".eb", 0b1_101_1101)):
        twin = spec(order)
        assert twin.variables["flags"].raw[0] == first
        twin.set("flags", {"one": 0, "three": 0, "minus": 0})
        assert twin.variables["flags"].raw[0] == 0
        assert twin.variables["flags"].raw[1:] == SPECS[order].variables["flags"].raw[1:]


@pytest.mark.parametrize("order", SPECS)
def test_numbers_are_in_the_byte_order_of_the_object(order: str) -> None:
    end = ">" if order else "<"
    twin = spec(order)
    for name, layout, value in [
        ("u16", "H", 0x1234),
        ("s16", "h", -2),
        ("u32", "I", 0x12345678),
        ("s64", "q", -3),
        ("f32", "f", 0.5),
        ("f64", "d", 1e300),
    ]:
        twin.set(name, value)
        assert twin.variables[name].raw == struct.pack(end + layout, value)
    twin.set("u128", 1 << 127)
    assert twin.variables["u128"].raw == (1 << 127).to_bytes(16, "big" if order else "little")


@pytest.mark.parametrize(
    ("path", "text", "value"),
    [
        ("u16", "9000", 9000),
        ("u16", "0x2328", 9000),
        ("u16", "0b11", 3),
        ("u16", " 007 ", 7),
        ("s8", "-128", -128),
        ("letter", "'a'", 97),
        ("truth", "off", False),
        ("truth", "YES", True),
        ("colour", "GREEN", "GREEN"),
        ("colour", "2", "GREEN"),
        ("colour", "99", 99),
        ("sign", "-1", "MINUS"),
        ("large", "HUGE", "HUGE"),
        ("large_signed", "-0x7000000000000000", "LOWEST"),
        ("f64", "-2.5e3", -2500.0),
        ("f32", "3", 3.0),
        ("text", "eth0", "eth0"),
        ("text", '"two words "', "two words "),
        ("text", "sixteen bytes…", "sixteen bytes…"),
        ("text", "", ""),
        ("full", "[1, 2, 3, 4]", "\x01\x02\x03\x04"),
        ("bytes", "[1,2,3,4,5,6]", [1, 2, 3, 4, 5, 6]),
        ("bytes", "hex:010203040506", [1, 2, 3, 4, 5, 6]),
        ("points", '[{"x": 5}, {}, {"y": 7}]', [{"x": 5, "y": -1}, {"x": 2, "y": -2}, {"x": 3, "y": 7}]),
        ("points[1].y", "-9", [{"x": 1, "y": -1}, {"x": 2, "y": -9}, {"x": 3, "y": -3}]),
        ("matrix[1][2]", "0xffff", [[1, 2, 3], [4, 5, 65535]]),
        ("node.data", "1", {"next": 0, "call": 0, "data": 1}),
        ("node.next", "0xffff888000000000", {"next": 0xFFFF888000000000, "call": 0, "data": 77}),
        ("packed.b", "1", {"a": 1, "b": 1, "c": 0x506}),
        ("alias", "4294967295", 4294967295),
        ("u128", "0x" + "f" * 32, (1 << 128) - 1),
        ("s128", str(-(1 << 127)), -(1 << 127)),
    ],
)
@pytest.mark.parametrize("order", SPECS)
def test_what_users_type(path: str, text: str, value: Value, order: str) -> None:
    twin = spec(order)
    twin.set_text(path, text)
    name = path.partition(".")[0].partition("[")[0]
    assert twin.variables[name].get() == value


def test_members_of_anonymous_structs_and_unions_belong_to_their_parent() -> None:
    twin = spec()
    twin.set_text("nested.named.sign", "MINUS")
    twin.set_text("nested.number", "0x0102")
    twin.set_text("word.rest[2]", "0xff")
    nested, word = twin.variables["nested"].get(), twin.variables["word"].get()
    assert isinstance(nested, dict)
    assert isinstance(word, dict)
    assert nested["named"] == {"inner": 5, "sign": "MINUS"}
    assert nested["pointer"] == 0x0102
    assert word["whole"] == 0xFF223344


@pytest.mark.parametrize(
    ("path", "text", "error", "message", "hint"),
    [
        ("u16", "70000", ValueRangeError, "u16: 70000 does not fit __u16, which takes 0 to 65535", None),
        ("u8", "-1", ValueRangeError, "u8: -1 does not fit __u8, which takes 0 to 255", None),
        ("s8", "128", ValueRangeError, "s8: 128 does not fit __s8, which takes -128 to 127", None),
        ("flags.three", "8", ValueRangeError, "flags.three: 8 does not fit __u32, which takes 0 to 7", None),
        ("flags.minus", "-9", ValueRangeError, "flags.minus: -9 does not fit __s32, which takes -8 to 7", None),
        (
            "u128",
            str(1 << 128),
            ValueRangeError,
            f"u128: {1 << 128} does not fit unsigned __int128, which takes 0 to {(1 << 128) - 1}",
            None,
        ),
        ("f32", "1e39", ValueRangeError, "f32: 1e+39 does not fit float", None),
        (
            "text",
            "seventeen bytes!!",
            ValueRangeError,
            "text: 'seventeen bytes!!' has 17 bytes, char[16] takes at most 16",
            None,
        ),
        ("bytes", "hex:0102", ValueRangeError, "bytes: __u8[6] takes 6 bytes, not 2", None),
        ("points[3].x", "1", ValueRangeError, "points[3]: the array has 3 elements, 0 to 2", None),
        ("u16", "many", TypeMismatchError, "u16: __u16 takes an integer, not 'many'", "as 9000, 0x2328"),
        ("letter", "xy", TypeMismatchError, "letter: char takes an integer or a character in quotes, not 'xy'", "as 9"),
        (
            "letter",
            "aba",
            TypeMismatchError,
            "letter: char takes an integer or a character in quotes, not 'aba'",
            "as 9",
        ),
        ("colour", "", TypeMismatchError, "colour: enum colour takes an enumerator's name or an integer, not ''", "as"),
        ("f64", "1e999", ValueRangeError, "f64: '1e999' does not fit double", "infinity is inf"),
        ("points.x", "1", UsageError, "points is struct point[3]: a member is one of an element, as points[0].x", None),
        ("word", "5", TypeMismatchError, "word: union word takes its members by name", '{"whole": …} or {"halves": …}'),
        ("text", "[1]", TypeMismatchError, "text: char[16] takes 16 values, not 1", "as text of up to 16 bytes"),
        ("u16", "1.5", TypeMismatchError, "u16: __u16 takes an integer, not '1.5'", None),
        ("u16", "", TypeMismatchError, "u16: __u16 takes an integer, not ''", None),
        ("u16", "9" * 5000, TypeMismatchError, "u16: __u16 takes an integer, not '999", None),
        ("truth", "maybe", TypeMismatchError, "truth: bool takes true or false, not 'maybe'", None),
        ("f64", "pi", TypeMismatchError, "f64: double takes a number, not 'pi'", "as 1.5, 2e-3"),
        (
            "points",
            "1, 2",
            TypeMismatchError,
            "points: struct point[3] takes JSON, not '1, 2'",
            "as […, …, …]; or as hex:…",
        ),
        ("points", "[1]", TypeMismatchError, "points: struct point[3] takes 3 values, not 1", None),
        (
            "points",
            "[1,2,3]",
            TypeMismatchError,
            "points[0]: struct point takes its members by name, not 1",
            'as {"x": …, "y": …};',
        ),
        ("matrix", '{"a": 1}', TypeMismatchError, "matrix: __u16[2][3] takes a list of 2, not {'a': 1}", None),
        ("bytes", "hex:0g", TypeMismatchError, "bytes: 'hex:0g' are no bytes", "hex:0102"),
        ("flags.three", "hex:01", TypeMismatchError, "flags.three: __u32 takes an integer, not b'\\x01'", None),
        ("node", '{"data": null}', TypeMismatchError, "node.data: __u32 takes an integer, not null", None),
        ("colour", "GREN", UnknownNameError, "there is no enumerator 'GREN' in enum colour of colour", "'GREEN'"),
        ("colourr", "GREEN", UnknownNameError, "there is no variable 'colourr' in ", "'colour'"),
        ("points[0].z", "1", UnknownNameError, "there is no member 'z' in points[0] (struct point)", "x, y"),
        ("node", '{"dat": 1}', UnknownNameError, "there is no member 'dat' in struct node", "'data'"),
        ("u16[0]", "1", UsageError, "u16 is no array but __u16: it has no element [0]", None),
        ("points[x]", "1", UsageError, "points[x]: an index is a number", None),
        ("points[", "1", UsageError, "points[: the path is not understood from '[' on", None),
    ],
)
def test_a_wrong_value_is_one_clear_error_and_changes_nothing(
    path: str, text: str, error: type[BpftuiError], message: str, hint: str | None
) -> None:
    twin = spec()
    before = {name: bytes(found.data or b"") for name, found in twin.maps.items()}
    with pytest.raises(error) as caught:
        twin.set_text(path, text)
    assert type(caught.value) is error
    assert caught.value.message.startswith(message)
    assert hint is None or hint in str(caught.value.hint)
    assert {name: bytes(found.data or b"") for name, found in twin.maps.items()} == before


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("u16", "9000"),
        ("u16", 1.5),
        ("u16", None),
        ("u16", [1]),
        ("u16", float("nan")),
        ("f32", None),
        ("f32", "1.5"),
        ("text", 5),
        ("text", "\ud800"),
        ("colour", None),
        ("points", "x"),
        ("word", {"whole": 1, "halves": [2, 0]}),
        ("nested", {"number": 1, "pointer": 2}),
    ],
)
def test_a_python_value_of_the_wrong_shape(name: str, value: Any) -> None:
    twin = spec()
    with pytest.raises(TypeMismatchError, match=f"^{name}"):
        twin.set(name, value)
    assert not twin.variables[name].changed


def test_members_of_a_union_that_agree_can_be_set_together() -> None:
    twin = spec()
    twin.set("word", {"whole": 0x01020304, "halves": [0x0304, 0x0102], "low": 4})
    assert twin.variables["word"].raw.hex() == "04030201"
    # and of a decoded one, the member that was changed counts
    twin.set("word", twin.variables["word"].get() | {"bytes": [9, 8, 7, 6]})
    assert twin.variables["word"].raw.hex() == "09080706"


def test_bytes_that_a_shell_hands_over_are_kept() -> None:
    twin = spec()
    twin.set_text("text", b"caf\xe9".decode("utf-8", "surrogateescape"))
    assert twin.variables["text"].raw == b"caf\xe9".ljust(16, b"\0")


def test_a_floating_point_number_is_no_integer_unless_it_is_whole() -> None:
    twin = spec()
    twin.set("u16", 3.0)
    assert twin.variables["u16"].get() == 3


def test_without_types_only_bytes_are_taken() -> None:
    twin = CollectionSpec.from_file(ROOT / "tests/objects/subprograms.nobtf.o").copy()
    twin.set_text("calls", "hex:0100000000000000")
    assert twin.variables["calls"].get() == b"\1" + bytes(7)
    with pytest.raises(TypeMismatchError, match="no type information"):
        twin.set("calls", 1)
    with pytest.raises(TypeMismatchError, match="'1' are no bytes"):
        twin.set_text("calls", "1")
    with pytest.raises(ValueRangeError, match="takes 8 bytes, not 1"):
        twin.set_text("calls", "hex:01")


@pytest.mark.parametrize("order", SPECS)
def test_leaves_lie_where_members_do(order: str) -> None:
    """Each leaf, decoded from its own bytes, is what the whole value says at that path."""
    for name in VARIABLES:
        variable, found = SPECS[order].variables[name], ctype(name, order)
        for path, leaf, offset in found.leaves():
            inner, inside = found.member(path)
            assert (inner, inside) == (leaf, offset), path
            value: Any = variable.get()
            for step in path.replace("[", ".").replace("]", "").split(".")[1:]:
                value = value[int(step) if step.isdigit() else step]
            assert leaf.decode(variable.raw[offset : offset + leaf.size]) == value, path


def test_a_value_as_one_line() -> None:
    shown = {name: ctype(name).format(SPECS[""].variables[name].raw) for name in VARIABLES}
    assert shown["colour"] == "BLUE"
    assert shown["text"] == '"hello"'
    assert shown["packed"] == "{a=1, b=16909060, c=1286}"
    assert shown["matrix"] == "[[1, 2, 3], [4, 5, 6]]"
    assert shown["truth"] == "true"
    assert shown["flags"] == "{one=1, three=5, minus=-3, wide=8589934591, colour=BLUE}"
    assert (
        format_value(ctype("packed").decode(SPECS[""].variables["packed"].raw), hexadecimal=True)
        == "{a=0x1, b=0x1020304, c=0x506}"
    )


def test_a_value_as_one_line_of_limited_length() -> None:
    raw = SPECS[""].variables["matrix"].raw
    assert ctype("matrix").format(raw, limit=22) == "[[1, 2, 3], [4, 5, 6]]"
    assert ctype("matrix").format(raw, limit=8) == "[[1, 2,…"
    assert format_value(list(range(3)), limit=9) == "[0, 1, 2]"
    assert format_value(list(range(3)), limit=8) == "[0, 1, …"
    assert format_value(b"abc", limit=8) == "61 62 63"
    assert format_value(b"abcd", limit=4) == "61 …"
    long: list[Value] = [1] * 1000
    assert format_value({"a": long, "b": 2}, limit=10) == "{a=[1, 1,…"
    assert format_value([True, 255], hexadecimal=True, limit=20) == "[true, 0xff]"


@pytest.mark.parametrize("order", ["little", "big"])
def test_arrays_of_integers_of_every_size(order: Literal["little", "big"]) -> None:
    blob = Blob(order="<" if order == "little" else ">")
    arrays = {
        (size, signed): blob.array(blob.integer(f"int{size}", size, signed=signed), 2)
        for size in (1, 2, 4, 8, 16)
        for signed in (True, False)
    }
    btf = Btf(blob.bytes(), order)
    for (size, signed), array in arrays.items():
        raw = (5).to_bytes(size, order) + (256**size - 2).to_bytes(size, order)
        assert CType(btf, array).decode(raw) == [5, -2 if signed else 256**size - 2], (size, signed)


def test_declarations_and_definitions() -> None:
    assert ctype("matrix").declaration("matrix") == "__u16 matrix[2][3]"
    assert ctype("origin").declaration("origin") == "const volatile struct point origin"
    assert ctype("node").definition == (
        "struct node {\n\tstruct node *next;\n\tint (*call)(struct node *, const char *);\n\t__u32 data;\n};"
    )
    assert ctype("flags").definition.splitlines()[1:4] == [
        "\t__u32 one : 1;",
        "\t__u32 three : 3;",
        "\t__s32 minus : 4;",
    ]
    assert ctype("word").definition.endswith("\tstruct {\n\t\t__u8 low;\n\t\t__u8 rest[3];\n\t};\n};")
    btf = SPECS[""].btf
    assert btf is not None
    assert btf.find("valves", Kind.FUNC) is None
    values = btf.find("values", Kind.FUNC)
    assert values is not None
    assert CType(btf, values).c_text == "int values(struct __sk_buff *skb)"


@pytest.mark.parametrize(
    ("raw", "text", "hexadecimal"),
    [
        (b"sh\0\0", '"sh"', '"sh"'),
        (b"sh\0^", '"sh"', "73 68 00 5e"),
        (b"\0\1\2\3", '""', "00 01 02 03"),
        (b"a\tb\0", '"a\\tb"', '"a\\tb"'),
        (b"\xffab\0", '"\\\\xffab"', "ff 61 62 00"),
        (b"four", '"four"', '"four"'),
    ],
)
def test_a_char_array_is_text_up_to_its_nul_whatever_it_holds(raw: bytes, text: str, hexadecimal: str) -> None:
    found = ctype("full")
    value = found.decode(raw)
    assert isinstance(value, str)
    assert format_value(value) == text
    assert format_value(value, hexadecimal=True) == hexadecimal
    assert found.encode(value) == raw


@pytest.mark.parametrize(
    ("size", "raw", "value"),
    [
        (2, "3e00", 1.5),
        (4, "3fc00000", 1.5),
        (8, "3ff8000000000000", 1.5),
        (10, "3fffc000000000000000", None),
        (16, "3fff8000000000000000000000000000", None),
    ],
)
@pytest.mark.parametrize("order", ["little", "big"])
def test_floating_point_numbers_of_every_size(
    size: int, raw: str, value: float | None, order: Literal["little", "big"]
) -> None:
    """IEEE 754; of what Python has no type for, the bytes."""
    blob = Blob(order="<" if order == "little" else ">")
    number = blob.floating("number", size)
    ctype = CType(Btf(blob.bytes(), order), number)
    held = bytes.fromhex(raw) if order == "big" else bytes.fromhex(raw)[::-1]
    assert ctype.size == size
    assert ctype.decode(held) == (held if value is None else value)
    if value is not None:
        assert ctype.encode(value, "number", bytes(size)) == held


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("cdcccc3d", 0.1),
        ("c3f54840", 3.14),
        ("ffff7f7f", 3.4028235e38),
        ("01000000", 1e-45),
        ("0000807f", float("inf")),
        ("00000080", -0.0),
        ("9a9999999999b93f", 0.1),
    ],
)
def test_a_float_is_the_number_that_was_written(raw: str, number: float) -> None:
    found = ctype("f32" if len(raw) == 8 else "f64")
    assert repr(found.decode(bytes.fromhex(raw))) == repr(number)
    assert found.encode(number).hex() == raw


@pytest.mark.parametrize(
    ("count", "hint"),
    [
        (8, "as […, …, …, …, …, …, …, …]; or as hex:… of 32 bytes"),
        (9, "as […, …, …, …, …, …, …, …, …], 9 in all; or as hex:… of 36 bytes"),
    ],
)
def test_how_an_array_is_written(count: int, hint: str) -> None:
    blob = Blob()
    array = blob.array(blob.integer("int", 4), count)
    assert how_written(Btf(blob.bytes()), array) == hint
