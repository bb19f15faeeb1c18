"""Series and rates."""

from __future__ import annotations

import math

import pytest

from bpftui.core.live import RateTracker, Series, rate


def test_a_series_keeps_the_last_points_in_order() -> None:
    series = Series(3)
    for second in range(5):
        series.append(second, second * 10)
    assert list(series) == [(2.0, 20.0), (3.0, 30.0), (4.0, 40.0)]
    assert len(series) == series.capacity == 3
    assert series.last == 40.0
    assert series.max == 40.0


def test_a_window_ends_at_now_and_has_both_ends() -> None:
    series = Series(4)
    for second in range(10):
        series.append(second, second)
    assert [time for time, _ in series.window(2)] == [7, 8, 9]
    assert [time for time, _ in series.window(2, now=8)] == [6, 7, 8]
    assert [time for time, _ in series.window(2, now=10.5)] == [9]
    assert series.window(100) == list(series)
    assert Series(1).window(5) == []


def test_gaps_are_kept_and_do_not_count() -> None:
    series = Series(4)
    series.append(0, 7)
    series.append(1, None)
    assert series.last == 7
    assert series.max == 7
    assert math.isnan(list(series)[1][1])


def test_a_cleared_series_starts_anew() -> None:
    series = Series(2)
    for second in (5, 6, 7):
        series.append(second, 1)
    series.clear()
    assert (len(series), series.last, series.max) == (0, None, None)
    series.append(1, 2)
    assert list(series) == [(1.0, 2.0)]


def test_time_does_not_go_back() -> None:
    series = Series(2)
    series.append(2, 0)
    with pytest.raises(ValueError, match="ordered"):
        series.append(1, 0)


def test_a_series_needs_room() -> None:
    with pytest.raises(ValueError, match="room"):
        Series(0)


def test_a_rate_is_per_second_of_real_time() -> None:
    assert rate(100, 400, 1.5) == 200
    assert rate(100, 100, 1) == 0
    assert rate(100, 200, 0) is None
    assert rate(200, 100, 1) is None


def test_a_reset_gives_no_rate_for_that_interval_only() -> None:
    tracker = RateTracker()
    assert [tracker.update(*point) for point in ((0, 10), (2, 30), (3, 5), (4, 8))] == [None, 10, None, 3]
    tracker.reset()
    assert tracker.update(5, 100) is None
