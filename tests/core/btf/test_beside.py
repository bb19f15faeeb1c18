"""A struct beside that of another BTF: tests/objects/core_shapes.c beside core_target.c, whose structs have changed."""

from __future__ import annotations

from pathlib import Path

from bpftui.core.btf import CType, Kind
from bpftui.core.btf.beside import Beside, Difference, beside, counterpart
from bpftui.core.btf.target import read_btf
from bpftui.core.spec import CollectionSpec

OBJECTS = Path(__file__).parents[2] / "objects"
SHAPES = CollectionSpec.from_file(OBJECTS / "core_shapes.o")
TARGET = read_btf(OBJECTS / "core_target.o")


def here(name: str) -> CType:
    assert SHAPES.types is not None
    found = SHAPES.types.find(name, Kind.STRUCT)
    assert found is not None
    return CType(SHAPES.types, found)


def compared(name: str) -> Beside:
    ours = here(name)
    theirs = counterpart(ours, TARGET)
    assert theirs is not None
    return beside(ours, theirs)


def rows(found: Beside) -> list[tuple[str, str, str, str]]:
    return [
        (
            row.name,
            "–" if row.here is None else f"{row.here.where}+{row.here.extent} {row.here.type}",
            "–" if row.there is None else f"{row.there.where}+{row.there.extent} {row.there.type}",
            row.difference.text,
        )
        for row in found.rows
    ]


def test_members_are_beside_those_of_their_names() -> None:
    found = compared("moved")
    assert rows(found) == [
        ("before", "–", "0+8 __u64", "only there"),
        ("padding", "–", "8+8 long", "only there"),
        ("second", "0+4 int", "64+4 int", "moved"),
        ("array", "4+16 int[4]", "32+32 int[8]", "moved, other size, other type"),
        ("points", "20+24 struct point[3]", "68+16 struct point[2]", "moved, other size, other type"),
        ("in_anonymous", "48+4 int", "24+4 int", "moved"),
        ("in_union", "56+4 int", "16+4 int", "moved"),
        ("other", "56+8 long", "16+8 long", "moved"),
        ("too_far", "64+32 int[8]", "84+16 int[4]", "moved, other size, other type"),
        ("was_struct", "96+4 int", "100+8 struct point", "moved, other size, other type"),
        ("text", "100+0 char[]", "108+0 char[]", "moved"),
    ]
    assert found.differs
    assert found.count(Difference.MOVED) == 9
    assert found.summary == ("2 only there, 9 moved, 4 other size, 4 other type, 104 bytes here, 112 there")


def test_bitfields_are_by_their_bits() -> None:
    assert rows(compared("bits"))[1:3] == [
        ("low", "0:0+3 bits __u32", "8:7+4 bits int", "moved, other size, other type"),
        ("middle", "0:3+5 bits int", "8:0+7 bits __u32", "moved, other size, other type"),
    ]


def test_a_flavour_is_beside_the_type_that_it_is_of() -> None:
    assert rows(compared("flavored___here")) == [
        ("before", "–", "0+8 long", "only there"),
        ("value", "0+4 int", "8+4 int", "moved"),
    ]


def test_what_is_the_same_is_said_to_be() -> None:
    ours = here("point")
    found = beside(ours, ours)
    assert (found.differs, found.summary) == (False, "the same")
    assert counterpart(ours, TARGET) is not None
    absent = SHAPES.types
    assert absent is not None
    integer = absent.find("int", Kind.INT)
    assert integer is not None
    assert counterpart(CType(absent, integer), TARGET) is None
