"""Variables set by their members, with what a choice of the member means for the bytes around it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpftui.core.errors import BpftuiError
from bpftui.core.spec import CollectionSpec

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
