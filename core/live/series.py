"""Series of measurements in fixed memory, and rates that follow real time."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Bucket", "Past", "Point", "RateTracker", "Series", "mean", "rate", "runs"]

_WRAPPED: Final = 2
"""How many times as quickly as before a counter may have grown when it wrapped."""
Point = tuple[float, float]
"""Monotonic seconds, and a value; NaN where there is a gap."""


def rate(before: float, after: float, seconds: float) -> float | None:
    """Return the change per second, or None where it says nothing: no time passed, or the counter was reset.

    A counter that went back has started anew, after a reload or an eviction; what it counted meanwhile is unknown.
    """
    if seconds <= 0 or after < before:
        return None
    return (after - before) / seconds


class RateTracker:
    """Makes rates of a counter's successive values."""

    def __init__(self) -> None:
        self._last: Point | None = None
        self._rate: float | None = None

    def update(self, time: float, value: float, modulus: int = 0) -> float | None:
        """Return the rate since the last call, per second; None at the first call and after a reset.

        A counter of few bits that went back may have wrapped, or been reset. It is taken to have wrapped where it then
        grew no more than twice as quickly as before; else nobody knows.

        Args:
            time: Seconds.
            value: Of the counter.
            modulus: Where it begins anew at 0; 0 for nowhere.
        """
        last, self._last = self._last, (time, value)
        if last is None:
            return None
        seconds, before = time - last[0], self._rate
        found = rate(last[1], value, seconds)
        if found is None and modulus and seconds > 0 and before is not None:
            wrapped = rate(last[1], value + modulus, seconds)
            found = wrapped if wrapped is not None and wrapped <= _WRAPPED * before else None
        self._rate = found
        return found

    def reset(self) -> None:
        """Forget the last value, so that the next one starts anew."""
        self._last = self._rate = None


class Bucket(NamedTuple):
    """Some points one after the other, as one."""

    time: float
    """Of the last of them."""
    low: float
    """The least of their values."""
    mean: float
    """Over the time that they are about: that since the point before each."""
    high: float


class Past(NamedTuple):
    """What there was, oldest first."""

    points: list[Point]
    """As they were; the buckets' means, where they are not known any more."""
    buckets: list[Bucket]
    """What they are the means of; nothing where they are as they were."""


class _Ring:
    """The last *capacity* rows of *width* numbers each, oldest first. Takes memory as it grows."""

    def __init__(self, capacity: int, width: int) -> None:
        self.capacity = capacity
        self._columns = [array("d") for _ in range(width)]
        self._start = 0

    def append(self, *row: float) -> None:
        """Add a row, over the oldest one when there is no more room."""
        if len(self) < self.capacity:
            for column, number in zip(self._columns, row, strict=True):
                column.append(number)
        else:
            for column, number in zip(self._columns, row, strict=True):
                column[self._start] = number
            self._start = (self._start + 1) % self.capacity

    def clear(self) -> None:
        """Forget all rows."""
        self._start = 0
        for column in self._columns:
            del column[:]

    def time(self, index: int) -> float:
        """Return the first number of a row."""
        return self._columns[0][(self._start + index) % len(self)]

    def since(self, time: float) -> Iterator[tuple[float, ...]]:
        """Iterate over the rows from a time on."""
        return self.rows(bisect_left(range(len(self)), time, key=self.time))

    def rows(self, first: int = 0) -> Iterator[tuple[float, ...]]:
        """Iterate over the rows from one on."""
        start = self._start + first
        old = len(self)
        if start < old:
            return zip(*(chain(column[start:], column[: self._start]) for column in self._columns), strict=True)
        return zip(*(column[start - old : self._start] for column in self._columns), strict=True)

    def __len__(self) -> int:
        return len(self._columns[0])

    def __getitem__(self, index: int) -> tuple[float, ...]:
        slot = (self._start + index) % len(self)
        return tuple([column[slot] for column in self._columns])


class _Tier:
    """The past in buckets of *seconds*, each of which begins at a multiple of that; at most *capacity* of them."""

    def __init__(self, seconds: float, capacity: int) -> None:
        self.seconds = seconds
        self._ring = _Ring(capacity, 4)
        self._open: Bucket | None = None
        self._weight = 0.0

    @property
    def start(self) -> float:
        """From when on it has all that there was; minus infinity while it has forgotten nothing."""
        return self._ring.time(0) if len(self._ring) == self._ring.capacity else -math.inf

    def add(self, time: float, value: float, seconds: float) -> None:
        """Take a point that is about the *seconds* before it; NaN ends the bucket."""
        bucket = self._open
        if bucket is not None and (math.isnan(value) or time // self.seconds != bucket.time // self.seconds):
            self._ring.append(*bucket)
            self._open = bucket = None
        if math.isnan(value):
            if not len(self._ring) or not math.isnan(self._ring[-1][1]):  # a gap is one, however long it is
                self._ring.append(time, value, value, value)
        elif bucket is None:
            self._open, self._weight = Bucket(time, value, value, value), seconds
        else:
            weight = self._weight + seconds
            mean = bucket.mean + (value - bucket.mean) * (seconds / weight if weight else 1.0)
            self._open, self._weight = Bucket(time, min(bucket.low, value), mean, max(bucket.high, value)), weight

    def since(self, time: float) -> Iterator[Bucket]:
        """Iterate over the buckets that end from a time on; the last may still grow."""
        yield from map(Bucket._make, self._ring.since(time))
        if self._open is not None and self._open.time >= time:
            yield self._open

    def clear(self) -> None:
        """Forget all buckets."""
        self._ring.clear()
        self._open = None


class Series:
    """Measurements of a day in fixed memory: the last *capacity* as they are, older ones as minimum, mean and maximum.

    Points take 16 bytes each; buckets, of 2 seconds for an hour and of 30 seconds for a day, 32 bytes: 150 KB for both.
    A series takes memory as it grows.
    """

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise ValueError(f"a series needs room for a point, not for {capacity}")
        self._points = _Ring(capacity, 2)
        self._tiers = [_Tier(2.0, 1800), _Tier(30.0, 2880)]
        self._newest = math.nan

    @property
    def capacity(self) -> int:
        """How many points there is room for."""
        return self._points.capacity

    @property
    def last(self) -> float | None:
        """The newest value that is no gap."""
        values = (self._points[index][1] for index in range(len(self) - 1, -1, -1))
        return next((value for value in values if not math.isnan(value)), None)

    @property
    def max(self) -> float | None:
        """The greatest of the points."""
        return max((value for _, value in self if not math.isnan(value)), default=None)

    def append(self, time: float, value: float | None) -> None:
        """Add a point, over the oldest one when there is no more room. Times must not go back; None is a gap."""
        if time < self._newest:
            raise ValueError("the points of a series are ordered by time")
        seconds = 0.0 if math.isnan(self._newest) else time - self._newest
        self._newest = time
        number = math.nan if value is None else value
        self._points.append(time, number)
        for tier in self._tiers:
            tier.add(time, number, seconds)

    def window(self, seconds: float, now: float | None = None) -> list[Point]:
        """Return the points of the last *seconds* before *now* (without it, before the newest point)."""
        now = self._newest if now is None else now
        return [(time, value) for time, value in self._points.since(now - seconds) if time <= now]

    def past(self, seconds: float) -> Past:
        """Return what there was in the last *seconds* before the newest point, and one point before that.

        As finely as all of it is known: its points, else buckets.
        """
        since = self._newest - seconds
        if len(self) < self.capacity or self._points.time(0) <= since:
            first = bisect_left(range(len(self)), since, key=self._points.time)
            return Past([(time, value) for time, value in self._points.rows(max(0, first - 1))], [])
        tier = next((tier for tier in self._tiers if tier.start <= since), self._tiers[-1])
        buckets = [*tier.since(since - tier.seconds)]
        return Past([(each.time, each.mean) for each in buckets], buckets)

    def clear(self) -> None:
        """Forget all points."""
        self._points.clear()
        for tier in self._tiers:
            tier.clear()
        self._newest = math.nan

    def __len__(self) -> int:
        return len(self._points)

    def __iter__(self) -> Iterator[Point]:
        return ((time, value) for time, value in self._points.rows())


def runs(points: Sequence[Point], longest: float, cell: float = 0.0, *, is_rate: bool = True) -> list[list[Point]]:
    """Split points at their gaps, and make those that are denser than a *cell* one for each: their mean over time.

    A rate holds for the time since the point before it; a late one weighs as much as the time that it is about, and
    cells begin at multiples of their length, so that they stay what they are while time goes on.

    Args:
        points: Oldest first.
        longest: Seconds; points further apart have a gap between them.
        cell: Seconds.
        is_rate: Whether values are rates; else each holds until the next.
    """
    found: list[list[Point]] = [[]]
    previous = math.inf
    starts: list[float] = []
    for time, value in points:
        if math.isnan(value):
            found.append([])
        elif time - previous > longest:
            found.append([(time, value)])
            starts.append(time)
        else:
            if not found[-1]:
                starts.append(previous if is_rate and previous < time else time)
            found[-1].append((time, value))
        previous = time
    found = [run for run in found if run]
    return [_smoothed(run, start, cell, is_rate=is_rate) for run, start in zip(found, starts, strict=True)]


def _smoothed(run: list[Point], start: float, cell: float, *, is_rate: bool) -> list[Point]:
    """Return one point for each cell of a run in which there are several; its time is the middle of the points'."""
    if not cell or len(run) < 3 or (run[-1][0] - start) / len(run) >= cell:
        return run
    spans: list[tuple[float, float, float]]
    if is_rate:
        spans = [
            (before, time, value) for (before, (time, value)) in zip((start, *(t for t, _ in run)), run, strict=False)
        ]
    else:
        spans = [(time, after, value) for (time, value), (after, _) in pairwise(run)]
    totals: dict[int, list[float]] = {}
    for begin, end, value in spans:
        first, last = math.floor(begin / cell), math.floor(end / cell)
        for index in range(first, last + 1):
            seconds = min(end, (index + 1) * cell) - max(begin, index * cell)
            if seconds <= 0:
                continue
            total = totals.setdefault(index, [0.0, 0.0, math.inf, -math.inf])
            total[0] += seconds
            total[1] += seconds * value
            total[2] = min(total[2], begin)
            total[3] = max(total[3], end)
    return [
        ((max(begin, index * cell) + min(end, (index + 1) * cell)) / 2, summed / seconds)
        for index, (seconds, summed, begin, end) in sorted(totals.items())
    ]


def mean(points: Sequence[Point], longest: float, *, is_rate: bool = True) -> float | None:
    """Return the mean of points over the time that they are about; None without any.

    Args:
        points: Oldest first; gaps do not count.
        longest: Seconds; points further apart have a gap between them.
        is_rate: Whether values are rates, of the time since the point before; else each holds until the next.
    """
    seconds = total = 0.0
    for (begin, before), (end, value) in pairwise(points):
        held = value if is_rate else before
        if end - begin <= longest and not math.isnan(held):
            seconds += end - begin
            total += (end - begin) * held
    if seconds:
        return total / seconds
    known = [value for _, value in points if not math.isnan(value)]
    return sum(known) / len(known) if known else None
