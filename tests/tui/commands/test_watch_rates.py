"""Rates of a map's entry, as `watch` prints them behind its value."""

from __future__ import annotations

import pytest

from bpftui.core.live import Counter, MapRow, MapTable
from bpftui.tui.commands.watch import rates_text


def table(*paths: str) -> MapTable:
    counters = tuple(Counter("map", "stats", path, 8 * at, 8) for at, path in enumerate(paths))
    return MapTable("stats", counters, (), 1, partial=False)


def row(*rates: float | None) -> MapRow:
    return MapRow(b"\0\0\0\0", "0", "", tuple(0 for _ in rates), rates, changed=True)


@pytest.mark.parametrize(
    ("paths", "rates", "expected"),
    [
        (("",), (19.0,), "  +19.0/s"),
        ((".packets", ".bytes"), (2.0, 1234.5), "  packets +2.0/s  bytes +1,234.5/s"),
        # One without a rate, and one that stood still, are not to be taken for their neighbour.
        ((".drops", "[1].hits", ".lock", ".c8"), (None, 0.0, 0.0, 47.9), "  c8 +47.9/s"),
        ((".packets",), (None,), ""),
    ],
    ids=["a number", "a struct", "some of a struct", "nothing"],
)
def test_a_rate_says_whose_it_is(paths: tuple[str, ...], rates: tuple[float | None, ...], expected: str) -> None:
    assert rates_text(table(*paths), row(*rates)) == expected
