"""bpftui.core.diff.layouts: what values of a type no longer have where they had it."""

from __future__ import annotations

from bpftui.core.btf import Btf, CType
from bpftui.core.diff.layouts import Layouts
from bpftui.core.limits import Budget
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
