"""Variables set by their members, with what a choice of the member means for the bytes around it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bpftui.core.errors import BpftuiError, TypeMismatchError, ValueRangeError
from bpftui.core.spec import CollectionSpec, VariableSpec
from bpftui.core.spec.sparse import LARGE
from bpftui.core.spec.variable import Difference

OBJECTS = Path(__file__).parents[2] / "objects"


@pytest.mark.parametrize(
    ("path", "text", "raw"),
    [
        (".B.__0", "3", "01060000030000000500000000000000"),
        (".C.x", "9", "02060000000000000900000000000000"),
        (".__discr", "A", "00060000000000000500000000000000"),
    ],
)
def test_a_member_of_a_variant_chooses_the_variant(path: str, text: str, raw: str) -> None:
    """Of a 16-byte `enum Choice { A, B(u32), C { x: u64, y: u8 } }`: y at 1, B at 4."""
    variable = CollectionSpec.from_file(OBJECTS / "rust_enums.o").variables["CHOICE"]
    before = bytes(variable.raw)
    assert variable.encode_text(text, path).hex() == raw
    assert variable.encode_text(text, path, current=before).hex() == raw
    variable.set_text(text, path)
    assert bytes(variable.raw).hex() == raw


def test_a_member_leaves_its_neighbours() -> None:
    variable = CollectionSpec.from_file(OBJECTS / "values.o").variables["points"]
    raw = "0100000002000000ffffffff0000000000000000feffffff"
    found = variable.encode_text(
        "-2", "[2].y", current=bytes.fromhex("0100000002000000ffffffff000000000000000000000000")
    )
    assert found.hex() == raw


def test_a_text_is_checked_without_being_set() -> None:
    spec = CollectionSpec.from_file(OBJECTS / "values.o")
    variable = spec.variables["points"]
    before = variable.raw
    variable.check_text("-2", "[2].y")
    variable.check_text("hex:" + "01" * variable.size)
    for text, path in (("99999999999", "[2].y"), ("x", "[2].y"), ("hex:01", ""), ("[1", "")):
        with pytest.raises(BpftuiError):
            variable.check_text(text, path)
    assert variable.raw == before


def test_a_member_of_a_variant_of_rust_makes_it_that_variant_and_leaves_all_else() -> None:
    spec = CollectionSpec.from_file(OBJECTS / "rust_enums.o")
    rule = spec.variables["RULE"]
    data = rule.map.data
    assert data is not None
    before = bytes(data)
    assert (rule.offset, before[24:32].hex()) == (24, "0100000009000000")
    spec.set_text("RULE.choice.C.x", "7")
    assert bytes(data) == before[:24] + bytes([2, 0, 0, 0, 9, 0, 0, 0, 7, 0, 0, 0]) + before[36:]


def points() -> tuple[CollectionSpec, VariableSpec]:
    """Return `struct point points[3] = {{1, -1}, {2, -2}, {3, -3}}` at .data+0x98."""
    spec = CollectionSpec.from_file(OBJECTS / "values.o")
    return spec, spec.variables["points"]


def test_what_differs_from_the_file_is_told_member_by_member() -> None:
    _, variable = points()
    assert (variable.changed, variable.diff()) == (False, [])
    variable.set_text("-9", "[1].y")
    variable.set_text("8", "[2].x")
    assert variable.changed
    assert variable.diff() == [Difference("points[1].y", -2, -9), Difference("points[2].x", 3, 8)]
    assert variable.get() == [{"x": 1, "y": -1}, {"x": 2, "y": -9}, {"x": 8, "y": -3}]
    assert variable.original.hex() == "01000000ffffffff02000000feffffff03000000fdffffff"
    variable.reset()
    assert (variable.changed, variable.diff()) == (False, [])


def test_what_has_no_type_is_bytes() -> None:
    _, typed = points()
    variable = replace(typed, type=None)
    assert variable.get() == variable.raw == variable.told() == typed.raw
    with pytest.raises(TypeMismatchError, match="variable points has no type information: it takes 24 bytes") as raised:
        variable.set([1])
    assert raised.value.hint == "write hex:0102…"
    variable.set(bytes(23) + b"\1")
    assert variable.diff() == [Difference("points", variable.original, bytes(23) + b"\1")]
    for size in (23, 25):
        with pytest.raises(ValueRangeError, match=f"variable points takes 24 bytes, not {size}"):
            variable.set(bytes(size))
        with pytest.raises(ValueRangeError, match=f"variable points takes 24 bytes, not {size}"):
            variable.set_text("hex:" + "00" * size)
    variable.set_text("hex:" + "07" * 24)
    assert variable.raw == b"\7" * 24


def test_its_neighbours_in_the_section_are_left_alone() -> None:
    _, variable = points()
    data = variable.map.data
    assert data is not None
    assert variable.offset == 0x98
    before = bytes(data)
    variable.set(b"\xff" * 24)
    assert bytes(data) == before[:0x98] + b"\xff" * 24 + before[0x98 + 24 :]
    assert variable.raw == b"\xff" * 24
    assert variable.head == b"\xff" * 24


@pytest.mark.parametrize(("size", "is_large"), [(LARGE, False), (LARGE + 1, True)])
def test_of_what_is_large_the_first_megabyte_is_shown(size: int, is_large: bool) -> None:
    _, typed = points()
    section = replace(typed.map, data=bytearray(b"\1" * (size + 8)))
    variable = replace(typed, map=section, offset=8, size=size, type=None, original=b"\1" * size)
    assert variable.is_large is is_large
    assert len(variable.head) == LARGE == 1 << 20
    assert (len(variable.raw), variable.changed) == (size, False)
    assert section.data is not None
    section.data[8 + size - 1] = 2
    assert variable.changed
    section.data[8 + size - 1], section.data[7] = 1, 2  # which is another's
    assert not variable.changed


def test_a_part_of_a_variable_is_shown_by_its_own_type() -> None:
    _, variable = points()
    assert variable.type is not None
    member, offset = variable.type.member("[1].y", name="points")
    assert (variable.told(variable.raw[offset : offset + 4], member, offset), offset) == (-2, 12)
    assert variable.told(b"\1\0") == b"\1\0"  # too short to be one
    assert variable.told() == variable.get()


def test_a_section_without_contents_has_none() -> None:
    _, typed = points()
    variable = replace(typed, map=replace(typed.map, data=None))
    assert (variable.raw, variable.head, variable.changed) == (b"", b"", False)
    variable.reset()
    variable.set_text("5", "[1].y")  # there is nothing to be set
    variable.check_text("5", "[1].y")
