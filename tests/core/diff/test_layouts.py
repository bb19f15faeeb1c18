"""bpftui.core.diff.layouts: what values of a type no longer have where they had it."""

from __future__ import annotations

from bpftui.core.btf import Btf, CType, Kind
from bpftui.core.diff.layouts import Layouts, named_types
from bpftui.core.limits import Budget
from bpftui.core.spec import CollectionSpec
from tests.core.btf.blob import Blob


def event(**values: int) -> CType:
    """Return `struct event { enum64 kind kind; }`, whose enumerators are `N0`, `N1`, … `N99`, but for those given."""
    blob = Blob()
    numbers = {f"N{number}": number for number in range(100)} | values
    kind = blob.enum64("kind", list(numbers.items()))
    struct = blob.struct("event", 8, [("kind", kind, 0)])
    return CType(Btf(blob.bytes()), struct)


def test_all_enumerators_are_looked_at() -> None:
    layouts = Layouts(Budget(0, "the comparison of types"))
    assert list(layouts.breaks(event(), event(N68=1000, N99=7), "value")) == [
        "N68 is 1000 instead of 68",
        "N99 is 7 instead of 99",
    ]
    # Each of them is told; what prints them cuts.
    all_others = {f"N{number}": number + 1 for number in range(100)}
    assert len(list(layouts.breaks(event(), event(**all_others)))) == 100


def test_what_is_not_looked_at_is_told() -> None:
    layouts = Layouts(Budget(0, "the comparison of types", least=202))
    assert list(layouts.breaks(event(), event(N68=1000), "value")) == []
    gap = "the comparison of types: given up after 202 steps, more than anything sound takes"
    assert layouts.gaps == (gap,)
    enough = Layouts(Budget(0, "the comparison of types", least=203))
    assert list(enough.breaks(event(), event(N68=1000), "value")) == ["N68 is 1000 instead of 68"]
    assert enough.gaps == ()


def nested(depth: int, size: int) -> CType:
    """Return so many structs in each other, the innermost with an integer of *size* bytes."""
    blob = Blob()
    inner = blob.integer("number", size)
    for number in range(depth):
        inner = blob.struct(f"s{number}", 8, [("a", inner, 0)])
    return CType(Btf(blob.bytes()), inner)


def test_structs_that_are_too_deep_are_told() -> None:
    layouts = Layouts(Budget(0, "the comparison of types"))
    deep = f"{'a.' * 16}a"
    assert list(layouts.breaks(nested(17, 4), nested(17, 8))) == [f"member {deep} grew from 4 to 8 bytes"]
    assert layouts.gaps == ()
    assert list(layouts.breaks(nested(18, 4), nested(18, 8))) == []
    assert layouts.gaps == (f"{deep} is more than 16 structs deep",)


def packed(*members: tuple[str, int, int]) -> CType:
    """Return `struct s` of so many unsigned bitfields, or integers of 4 bytes: name, bit, width (0 for an integer)."""
    blob = Blob()
    number = blob.integer("unsigned int", 4, signed=False)
    bitfields = any(width for *_, width in members)
    placed = [(name, number, at | width << 24 if bitfields else at) for name, at, width in members]
    struct = blob.struct("s", 8, placed, bitfields=bitfields)
    return CType(Btf(blob.bytes()), struct)


def test_what_became_of_members() -> None:
    layouts = Layouts(Budget(0, "the comparison of types"))
    old = packed(("a", 0, 0), ("b", 32, 0))
    assert list(layouts.breaks(old, packed(("a", 0, 0), ("b", 32, 0)))) == []
    assert list(layouts.breaks(old, packed(("b", 32, 0)))) == ["member a is gone"]
    assert list(layouts.breaks(old, packed(("c", 0, 0), ("b", 32, 0)))) == []  # another name for the same bytes
    assert list(layouts.breaks(old, packed(("b", 0, 0)))) == ["member a is gone", "member b moved from 4 to 0"]
    bits = packed(("a", 0, 3), ("b", 32, 5))
    assert list(layouts.breaks(bits, packed(("a", 0, 4), ("b", 32, 5)))) == ["member a grew from 3 to 4 bits"]
    assert list(layouts.breaks(bits, packed(("a", 0, 2), ("b", 33, 5)))) == [
        "member a shrank from 3 to 2 bits",
        "member b moved from 4:0 to 4:1",
    ]
    assert list(layouts.breaks(old, packed(("a", 0, 3), ("b", 32, 0)))) == ["member a shrank from 32 to 3 bits"]
    assert list(layouts.breaks(packed(("a", 0, 3), ("b", 32, 0)), old)) == ["member a grew from 3 to 32 bits"]


def test_types_by_the_names_that_c_has_for_them() -> None:
    """Also of an enum of 64 bits, which BTF has as a kind of its own."""
    found = named_types(CollectionSpec.from_file("tests/objects/values.o"))
    kinds = {name: ctype.btf.kind(ctype.id) for name, ctype in found.items()}
    assert kinds["enum large"] is Kind.ENUM64
    assert kinds["enum colour"] is Kind.ENUM
    assert {name.partition(" ")[0] for name in kinds} == {"struct", "union", "enum"}
