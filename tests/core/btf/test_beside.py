"""A struct beside that of another BTF: tests/objects/core_shapes.c beside core_target.c, whose structs have changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bpftui.core.btf import Btf, CType, Kind
from bpftui.core.btf.beside import Beside, Difference, Place, beside, counterpart
from bpftui.core.btf.target import read_btf
from bpftui.core.errors import ObjectError
from bpftui.core.spec import CollectionSpec
from tests.core.btf.blob import Blob

if TYPE_CHECKING:
    from collections.abc import Callable

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


def struct_of(*members: tuple[str, Callable[[Blob], int], int], size: int = 64) -> CType:
    """Return `struct s` with members of types that a blob is asked for, at bits."""
    blob = Blob()
    placed = [(name, make(blob), at) for name, make, at in members]
    struct = blob.struct("s", size, placed)
    return CType(Btf(blob.bytes()), struct)


def integer(size: int = 4, *, signed: bool = True, name: str = "int") -> Callable[[Blob], int]:
    return lambda blob: blob.integer(name, size, signed=signed)


def pointer(target: Callable[[Blob], int], times: int = 1) -> Callable[[Blob], int]:
    def make(blob: Blob) -> int:
        found = target(blob)
        for _ in range(times):
            found = blob.pointer(found)
        return found

    return make


def array(count: int, element: Callable[[Blob], int]) -> Callable[[Blob], int]:
    return lambda blob: blob.array(element(blob), count)


def named(name: str, kind: int = 4) -> Callable[[Blob], int]:
    """Return a struct (4), a union (5), a forward declaration (7) or an enumeration (6) of a name, of four bytes."""
    return lambda blob: blob.add(name, kind, 0 if kind == 7 else 4)


def truth(blob: Blob) -> int:
    return blob.add("_Bool", 1, 1, 4 << 24 | 8)


@pytest.mark.parametrize(
    ("one", "other", "is_alike"),
    [
        (integer(), integer(name="__s32"), True),
        (integer(), lambda blob: blob.typedef("number", blob.const(blob.integer("int", 4))), True),
        (integer(), integer(signed=False, name="unsigned int"), False),
        (integer(1, name="char"), truth, False),
        (integer(1, signed=False, name="u8"), truth, False),
        (truth, truth, True),
        (pointer(integer()), pointer(integer(name="s32")), True),
        (pointer(integer()), pointer(integer(8, name="long")), False),
        (pointer(integer()), integer(8, name="long"), False),
        (pointer(named("a")), pointer(named("a___older")), True),
        (pointer(named("a")), pointer(named("b")), False),
        (pointer(named("a")), pointer(named("a", 7)), True),
        (named("a"), named("a", 6), True),
        (named("a", 5), named("b", 5), False),
        (array(2, integer()), array(2, integer(name="s32")), True),
        (array(2, integer()), array(3, integer(name="s32")), False),
        (array(2, integer()), array(2, integer(signed=False, name="u32")), False),
        (lambda blob: blob.floating("float", 4), lambda blob: blob.floating("other", 4), True),
        (lambda blob: blob.floating("float", 4), integer(), False),
        # As far as eight pointers; behind them nothing is looked at.
        (pointer(integer(), 7), pointer(integer(8, name="long"), 7), False),
        (pointer(integer(), 8), pointer(integer(8, name="long"), 8), True),
    ],
)
def test_types_that_are_written_alike(one: Callable[[Blob], int], other: Callable[[Blob], int], is_alike: bool) -> None:
    found = beside(struct_of(("m", one, 0)), struct_of(("m", other, 0)))
    assert (Difference.RETYPED not in found.rows[0].difference) is is_alike


def test_what_only_the_other_has_follows_what_it_follows_there() -> None:
    ours = struct_of(("a", integer(), 0), ("gone", integer(), 32), ("b", integer(), 64))
    theirs = struct_of(*((name, integer(), 32 * at) for at, name in enumerate(("x", "a", "y", "z", "b", "w"))))
    found = beside(ours, theirs)
    assert [(row.name, row.difference.text) for row in found.rows] == [
        ("x", "only there"),
        ("a", "moved"),
        ("y", "only there"),
        ("z", "only there"),
        ("gone", "missing there"),
        ("b", "moved"),
        ("w", "only there"),
    ]
    assert found.summary == "1 missing there, 4 only there, 2 moved"
    other_size = beside(struct_of(("a", integer(), 0)), struct_of(("a", integer(), 0), size=72))
    assert (other_size.differs, other_size.summary) == (True, "64 bytes here, 72 there")
    alike = beside(struct_of(("a", integer(), 0)), struct_of(("a", integer(), 0)))
    assert (alike.differs, alike.summary) == (False, "the same")


def test_members_of_anonymous_structs_are_those_of_what_they_are_in() -> None:
    def nested(depth: int) -> CType:
        blob = Blob()
        inner = blob.struct("", 4, [("deep", blob.integer("int", 4), 8)])
        for _ in range(depth - 1):
            inner = blob.struct("", 8, [("", inner, 8)])
        struct = blob.struct("s", 64, [("", inner, 8)])
        return CType(Btf(blob.bytes()), struct)

    for depth, names in ((1, ["deep"]), (8, ["deep"]), (9, [])):
        found = beside(nested(depth), nested(depth))
        assert [row.name for row in found.rows] == names
        assert [row.here and row.here.bit_offset for row in found.rows] == [8 * (depth + 1)] * len(names)


def test_a_struct_without_a_name_is_known_by_its_typedef() -> None:
    def blob_of(name: str, kind: int = 4, outer: str = "") -> CType:
        blob = Blob()
        found = blob.struct(name, 4, [("m", blob.integer("int", 4), 0)], kind=kind)
        if outer:
            found = blob.typedef(outer, found)
        return CType(Btf(blob.bytes()), found)

    alias, other = blob_of("", outer="alias"), blob_of("", outer="alias")
    found = counterpart(alias, other.btf)
    assert found is not None
    assert found.id == other.id
    assert counterpart(alias, blob_of("", outer="another").btf) is None
    assert counterpart(alias, blob_of("alias").btf) is None  # the struct is of that name, not a typedef
    assert counterpart(blob_of("s"), blob_of("s", kind=5).btf) is None  # a union is none
    assert counterpart(blob_of("s___new"), blob_of("s").btf) is not None
    assert counterpart(CType(alias.btf, 1), other.btf) is None  # an integer


def test_places_as_text() -> None:
    assert (Place("int", 164, 3, True).where, Place("int", 164, 3, True).extent) == ("20:4", "3 bits")
    assert (Place("int", 160, 1, True).where, Place("int", 160, 1, True).extent) == ("20:0", "1 bit")
    assert (Place("long", 64, 64, False).where, Place("long", 64, 64, False).extent) == ("8", "8")


def test_a_struct_of_too_many_members(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bpftui.core.btf.beside._MAX_MEMBERS", 2)
    two = struct_of(("a", integer(), 0), ("b", integer(), 32))
    assert len(beside(two, two).rows) == 2
    three = struct_of(("a", integer(), 0), ("b", integer(), 32), ("c", integer(), 64))
    with pytest.raises(ObjectError, match="struct s has more than 2 members"):
        beside(three, two)


@pytest.mark.parametrize(("sign", "order"), [("<", "little"), (">", "big")])
def test_types_that_stand_alone_in_a_file(tmp_path: Path, sign: str, order: str) -> None:
    blob = Blob(order=sign)
    blob.integer("long", 8)
    (tmp_path / "kernel.btf").write_bytes(blob.bytes())
    btf = read_btf(tmp_path / "kernel.btf")
    assert (btf.byte_order, btf.type_name(1), btf.file) == (order, "long", str(tmp_path / "kernel.btf"))
