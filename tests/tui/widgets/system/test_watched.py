"""Numbers of a table that are drawn over time."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from bpftui.tui.widgets.system.watched import Watched

if TYPE_CHECKING:
    from bpftui.core.system.history import Seen
    from bpftui.tui.widgets.system.column import Column

COLUMNS = cast(
    "list[Column[Any]]",
    [
        SimpleNamespace(title="Runs", order=lambda _, row: row[0], drawn="count", is_rate=True),
        SimpleNamespace(title="Memory", order=lambda _, row: row[1], drawn="bytes", is_rate=False),
    ],
)


def seen(time: float) -> Seen:
    return cast("Seen", SimpleNamespace(look=SimpleNamespace(time=time)))


def test_six_numbers_have_a_colour_each() -> None:
    watched = Watched(COLUMNS)
    assert not watched
    assert watched.toggle({key: f"row {key}" for key in range(4)}, 0)
    assert watched.toggle({0: "row 0", 1: "row 1"}, 1)
    assert watched
    assert [(each.label, each.slot) for each in watched.series()] == [
        ("row 0 Runs", 0),
        ("row 1 Runs", 1),
        ("row 2 Runs", 2),
        ("row 3 Runs", 3),
        ("row 0 Memory", 4),
        ("row 1 Memory", 5),
    ]
    assert not watched.toggle({9: "row 9"}, 0)  # there is no seventh
    assert [watched.slot_of(key) for key in (0, 1, 2, 9)] == [0, 1, 2, None]
    assert watched.toggle({1: "row 1"}, 0)  # watched no more: its colour is free
    assert watched.slot_of(1) == 5
    assert watched.toggle({9: "row 9"}, 0)
    assert watched.slot_of(9) == 1
    assert not watched.toggle({0: "row 0", 8: "row 8"}, 0)  # one of them is new


def test_all_of_them_are_watched_or_none() -> None:
    watched = Watched(COLUMNS)
    watched.toggle({0: "a"}, 0)
    assert watched.toggle({0: "a", 1: "b"}, 0)  # the one that was not is added
    assert [each.label for each in watched.series()] == ["a Runs", "b Runs"]
    assert watched.toggle({0: "a", 1: "b"}, 0)
    assert not watched


def test_what_was_seen_and_what_was_not() -> None:
    watched = Watched(COLUMNS)
    watched.toggle({"x": "x", "y": "y"}, 1)
    watched.add(seen(1.0), {"x": (5, 100), "y": (6, None)})
    watched.add(seen(1.0), {"x": (5, 999)})  # the same look
    watched.add(seen(2.0), {"x": (5, 200)})
    one, other = watched.series()
    assert one.points == [(1.0, 100.0), (2.0, 200.0)]
    assert [at for at, _ in other.points] == [1.0, 2.0]
    assert all(math.isnan(value) for _, value in other.points)
    assert watched.now == 2.0
    watched.add(seen(0.5), {"x": (5, 7), "y": (5, 8)})  # somebody began to look anew
    assert [each.points for each in watched.series()] == [[(0.5, 7.0)], [(0.5, 8.0)]]
