"""What is said of a swap of versions: names, links, and by how much variables grew meanwhile."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from bpftui.core.live.swap import _added, _link_text, _outlived, _some
from bpftui.core.spec import CollectionSpec, MapType

if TYPE_CHECKING:
    from bpftui.core.runtime import Collection, Link, Variable


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, ""), (1, "n0"), (6, "n0, n1, n2, n3, n4, n5"), (7, "n0, n1, n2, n3, n4, n5 and 1 more")],
)
def test_six_names_are_named(count: int, text: str) -> None:
    assert _some([f"n{number}" for number in range(count)]) == text


@pytest.mark.parametrize(
    ("name", "namespace", "text"),
    [("eth1", None, "count → eth1"), ("", None, "count → what its section says"), ("eth1", 7, "count → sandbox")],
)
def test_where_a_link_is(name: str, namespace: int | None, text: str) -> None:
    link = SimpleNamespace(program="count", target=SimpleNamespace(name=name, namespace=namespace))
    assert _link_text(cast("Link", link)) == text


@pytest.mark.parametrize(
    ("before", "now", "grown"),
    [(5, 5, 0), (5, 9, 4), (9, 5, 0), (0, 1 << 40, 1 << 40)],
)
def test_by_how_much_an_integer_grew(before: int, now: int, grown: int) -> None:
    spec = CollectionSpec.from_file("bpf/traffic.o").variables["total_packets"]
    variable = SimpleNamespace(spec=spec, raw=lambda: now.to_bytes(8, "little"))
    assert _added(cast("Variable", variable), before.to_bytes(8, "little")) == grown


def test_what_has_no_type_grows_by_nothing() -> None:
    variable = SimpleNamespace(spec=SimpleNamespace(type=None), raw=lambda: b"\1")
    assert _added(cast("Variable", variable), b"\0") == 0


def test_integers_of_a_struct_that_grew_are_added_up() -> None:
    """tests/objects/values.c: `points` is three pairs of 32 bits, signed."""
    spec = CollectionSpec.from_file("tests/objects/values.o").variables["points"]
    pairs = (1, -1, 2, -2, 3, -3), (4, -1, 2, -5, 10, 0)
    before, now = (b"".join(each.to_bytes(4, "little", signed=True) for each in numbers) for numbers in pairs)
    variable = SimpleNamespace(spec=spec, raw=lambda: now)
    assert _added(cast("Variable", variable), before) == 3 + 7


def test_programs_that_program_arrays_hold_on_to() -> None:
    def collection(**programs: int) -> SimpleNamespace:
        return SimpleNamespace(programs={name: SimpleNamespace(id=number) for name, number in programs.items()})

    old, new = collection(a=1, b=2, c=3), collection(a=11)
    new.maps = {
        "jumps": SimpleNamespace(type=MapType.PROG_ARRAY, items=lambda: [(0, 2), (1, 11), (2, 1), (3, b"raw")]),
        "others": SimpleNamespace(type=MapType.PROG_ARRAY, items=lambda: [(0, 11)]),
        "counts": SimpleNamespace(type=MapType.ARRAY, items=lambda: [(0, 1)]),
    }
    found = _outlived(cast("Collection", old), cast("Collection", new), ["jumps", "others", "counts"])
    assert found == {"jumps": ("a", "b")}
