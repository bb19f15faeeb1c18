"""Bars and steps of colours: from the first that there is to the most."""

from __future__ import annotations

from bpftui.core.listing.amount import LEVELS, bar, level


def test_what_is_there_at_all_is_seen_and_only_the_most_is_full() -> None:
    assert [bar(count, 1000) for count in (0, 1, 125, 126, 500, 875, 876, 1000)] == list(" ▁▁▂▄▇██")
    assert [bar(count, 1000, ascii_only=True) for count in (0, 1, 500, 1000)] == [" ", ".", "=", "@"]
    assert [level(count, 1000) for count in (0, 1, 142, 143, 500, 857, 858, 1000)] == [1, 1, 1, 2, 4, 6, 7, LEVELS]


def test_where_nothing_is_twice_there_nothing_stands_out() -> None:
    assert bar(1, 1) == bar(0, 1) == " "
    assert level(0, 0) == 1
