"""Members as C names them: through anonymous structs, of bitfields of any age, and up to an end without a length."""

from __future__ import annotations

import pytest

from bpftui.core.btf import Btf
from bpftui.core.btf import types as t
from bpftui.core.btf.members import DISCRIMINANT, fields, is_flexible, is_text
from bpftui.core.errors import LimitError
from tests.core.btf.blob import Blob


def listed(blob: Blob, struct: int) -> list[tuple[str, int, int, bool]]:
    """Return name, bit offset, bits of a bitfield and whether it has no end, of each member."""
    btf = Btf(blob.bytes())
    found = btf.type(struct)
    assert isinstance(found, t.Composite)
    return [(each.name, each.bit_offset, each.bit_size, each.flexible) for each in fields(btf, found)]


def test_members_of_anonymous_structs_are_its_own() -> None:
    blob = Blob()
    number = blob.integer("int", 4)
    union = blob.union("", 4, [("one", number, 0), ("other", number, 0)])
    inner = blob.struct("", 12, [("a", number, 0), ("", union, 32), ("b", number, 64)])
    named = blob.struct("", 4, [("hidden", number, 0)])
    outer = blob.struct("outer", 20, [("", inner, 0), ("named", named, 96), ("z", number, 128)])
    assert listed(blob, outer) == [
        ("a", 0, 0, False),
        ("one", 32, 0, False),
        ("other", 32, 0, False),
        ("b", 64, 0, False),
        ("named", 96, 0, False),
        ("z", 128, 0, False),
    ]


def test_a_struct_that_is_in_itself_ends() -> None:
    """No compiler makes one; what is deeper than 32 is left out."""
    blob = Blob()
    number = blob.integer("int", 4)
    itself = blob.struct("itself", 8, [("x", number, 0), ("", blob.next_id, 32)])
    found = listed(blob, itself)
    assert [name for name, *_ in found] == ["x"] * 33
    assert [offset for _, offset, _, _ in found] == [32 * level for level in range(33)]


def test_more_members_than_bytes_are_too_many() -> None:
    blob = Blob()
    number = blob.integer("int", 4)
    last = blob.struct("", 4, [("x", number, 0)] * 4)
    for _ in range(9):
        last = blob.struct("", 4, [("", last, 0)] * 4)
    outer = blob.struct("outer", 4, [("", last, 0)])
    with pytest.raises(LimitError, match="the members of struct outer"):
        listed(blob, outer)


def test_what_has_no_name() -> None:
    """rustc's discriminants have none; padding that is a bitfield, and arrays, are no members."""
    blob = Blob()
    number = blob.integer("u32", 4, signed=False)
    array = blob.array(number, 2)
    tagged = blob.struct("tagged", 12, [("", number, 0), ("x", number, 32), ("", array, 64)])
    assert listed(blob, tagged) == [(DISCRIMINANT, 0, 0, False), ("x", 32, 0, False)]
    padded = blob.struct("padded", 4, [("", number, 3 << 24), ("x", number, 5 << 24 | 3)], bitfields=True)
    assert listed(blob, padded) == [("x", 3, 5, False)]


def test_bitfields_from_before_there_was_a_flag_for_them() -> None:
    """An INT of fewer bits than its bytes hold, with an offset of its own."""
    blob = Blob()
    three, whole = blob.integer("old", 4, bits=3, bit_offset=5), blob.integer("int", 4)
    struct = blob.struct("old", 8, [("bits", three, 0), ("x", whole, 32)])
    assert listed(blob, struct) == [("bits", 5, 3, False), ("x", 32, 0, False)]


def test_what_ends_without_a_length() -> None:
    blob = Blob()
    byte, number = blob.integer("char", 1), blob.integer("int", 4)
    endless, two = blob.array(byte, 0), blob.array(byte, 2)
    tail = blob.struct("tail", 4, [("n", number, 0), ("data", endless, 32)])
    middle = blob.struct("middle", 8, [("data", endless, 0), ("n", number, 32)])
    outer = blob.struct("outer", 8, [("n", number, 0), ("tail", tail, 32)])
    either = blob.union("either", 4, [("data", endless, 0), ("n", number, 0)])
    inside = blob.struct("inside", 8, [("n", number, 0), ("", either, 32)])
    before = blob.struct("before", 8, [("", either, 0), ("n", number, 32)])
    assert [(name, flexible) for name, _, _, flexible in listed(blob, tail)] == [("n", False), ("data", True)]
    assert [flexible for *_, flexible in listed(blob, middle)] == [False, False]
    assert [flexible for *_, flexible in listed(blob, outer)] == [False, True]
    assert [flexible for *_, flexible in listed(blob, inside)] == [False, True, False]
    assert [flexible for *_, flexible in listed(blob, before)] == [False, False, False]
    btf = Btf(blob.bytes())
    each = (number, endless, two, tail, middle, outer, either, inside)
    assert [is_flexible(btf, kind) for kind in each] == [False, True, False, True, False, True, True, True]


@pytest.mark.parametrize(
    ("name", "size", "encoding", "text"),
    [
        ("char", 1, 1, True),
        ("signed char", 1, 1, False),
        ("x", 1, 2, True),
        ("__u8", 1, 0, False),
        ("char", 2, 1, False),
    ],
)
def test_which_arrays_are_text(name: str, size: int, encoding: int, text: bool) -> None:
    blob = Blob()
    array = blob.array(blob.add(name, 1, size, encoding << 24 | size * 8), 4)
    btf = Btf(blob.bytes())
    found = btf.type(array)
    assert isinstance(found, t.Array)
    assert is_text(btf, found) is text
