"""Series and rates."""

from __future__ import annotations

import math

import pytest

from bpftui.core.live import RateTracker, Series, rate
from bpftui.core.live.series import Bucket, mean, runs


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


def test_a_counter_of_few_bits_wraps_where_it_goes_on_as_before() -> None:
    tracker, top = RateTracker(), 1 << 32
    points = [(0, top - 250), (1, top - 150), (2, top - 50), (3, 40), (4, 130)]
    assert [tracker.update(*point, top) for point in points] == [None, 100, 100, 90, 90]
    assert tracker.update(5, 3, top) is None  # that would be 4,294,967,169 in a second: it was reset
    assert tracker.update(6, 1, top) is None  # and nobody knows how quickly it grew before
    assert tracker.update(7, 11, top) == 10
    assert tracker.update(8, 5) is None


def test_points_are_split_at_their_gaps() -> None:
    points = [(0.0, math.nan), (1.0, 5.0), (2.0, 6.0), (3.0, math.nan), (4.0, 7.0), (9.0, 8.0), (10.0, 9.0)]
    assert runs(points, 2.5) == [[(1.0, 5.0), (2.0, 6.0)], [(4.0, 7.0)], [(9.0, 8.0), (10.0, 9.0)]]
    assert runs([], 2.5) == []
    assert runs([(0.0, math.nan)], 2.5) == []


def test_what_is_denser_than_a_cell_is_its_mean_over_time() -> None:
    # A rate is of the time before its point: 10 a second for 1.5 s and 30 for 0.5 s are 15 in the first cell of 2 s.
    points = [(0.0, math.nan), (1.0, 10.0), (1.5, 10.0), (2.0, 30.0), (2.5, 4.0), (3.0, 4.0), (4.0, 6.0)]
    assert runs(points, 2.5, 2.0) == [[(1.0, 15.0), (3.0, 5.0)]]
    # A late point weighs as much as the time that it is about, however many came before it.
    late = [(0.0, math.nan), (0.1, 0.0), (0.2, 0.0), (0.3, 0.0), (0.4, 0.0), (2.0, 100.0)]
    assert runs(late, 2.5, 2.0) == [[(1.0, pytest.approx(80.0))]]
    # A value holds until the next.
    assert runs([(0.0, 8.0), (0.5, 0.0), (1.0, 0.0), (2.0, 0.0)], 2.5, 2.0, is_rate=False) == [[(1.0, 2.0)]]


def test_cells_stay_what_they_are_while_time_goes_on() -> None:
    points = [(t / 4, float(t % 3)) for t in range(40)]
    before, after = runs(points[:-4], 1.0, 1.0)[0], runs(points, 1.0, 1.0)[0]
    assert after[: len(before) - 1] == before[:-1]


def test_a_mean_is_over_time() -> None:
    points = [(0.0, math.nan), (1.0, 10.0), (4.0, 30.0), (5.0, math.nan), (60.0, 1000.0)]
    assert mean(points, 10.0) == 25.0
    assert mean([(0.0, 10.0), (1.0, 30.0), (4.0, 50.0)], 10.0, is_rate=False) == 25.0
    assert mean([(0.0, 10.0)], 10.0) == 10.0
    assert mean([(0.0, math.nan)], 10.0) is None


def test_what_is_older_is_kept_as_minimum_mean_and_maximum() -> None:
    series = Series(10)
    for number in range(100):  # each half second 1 and 3 in turn, and one 9
        series.append(number / 2, 9.0 if number == 21 else 3.0 if number % 2 else 1.0)
    assert series.past(4).points == [(45.0 + number / 2, 3.0 if number % 2 else 1.0) for number in range(10)]
    assert series.past(5).buckets[0] == Bucket(43.5, 1.0, 2.0, 3.0)  # the first of the points is behind the beginning
    points, buckets = series.past(49.5)
    assert len(buckets) == 25
    assert points[5] == (11.5, 3.5)
    assert buckets[0] == Bucket(1.5, 1.0, 7 / 3, 3.0)  # the first point is about no time: nothing was before it
    assert buckets[5] == Bucket(11.5, 1.0, 3.5, 9.0)
    assert buckets[-1] == Bucket(49.5, 1.0, 2.0, 3.0)


def test_a_mean_weighs_the_time_that_points_are_about() -> None:
    series = Series(1)
    for time, value in ((0.0, 5.0), (0.5, 8.0), (1.75, 2.0)):
        series.append(time, value)
    assert series.past(10).buckets == [Bucket(1.75, 2.0, (0.5 * 8 + 1.25 * 2) / 1.75, 8.0)]


def test_a_gap_in_the_past_is_one_however_long_it_is() -> None:
    series = Series(2)
    for second, value in enumerate([4.0, 4.0, *[None] * 5000, 6.0, 6.0]):
        series.append(float(second), value)
    first, gap, last = series.past(1e6).buckets
    assert first == Bucket(1.0, 4.0, 4.0, 4.0)
    assert (gap.time, math.isnan(gap.mean)) == (2.0, True)
    assert last == Bucket(5003.0, 6.0, 6.0, 6.0)


def test_a_day_is_kept_in_buckets_of_half_a_minute() -> None:
    series = Series(3600)
    for number in range(2 * 90_000):  # 25 hours, two points a second
        series.append(number / 2, float(number % 600))
    assert series.past(1799).points == [(88_200 + n / 2, float(n % 600)) for n in range(3600)]  # and one before
    hour, day = series.past(3600).buckets, series.past(86_400).buckets
    assert (len(hour), len(day)) == (1801, 2881)
    assert hour[0] == Bucket(86_399.5, 596.0, 597.5, 599.0)
    assert day[1] == Bucket(3629.5, 0.0, 29.5, 59.0)
