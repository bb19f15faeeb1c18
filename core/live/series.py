"""Series of measurements in fixed memory, and rates that follow real time."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Point", "RateTracker", "Series", "mean", "rate", "runs"]

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

    def update(self, time: float, value: float) -> float | None:
        """Return the rate since the last call, per second; None at the first call and after a reset."""
        last, self._last = self._last, (time, value)
        return None if last is None else rate(last[1], value, time - last[0])

    def reset(self) -> None:
        """Forget the last value, so that the next one starts anew."""
        self._last = None


class Series:
    """A ring of the last *capacity* points, oldest first. Takes 16 bytes a point, all of them from the start."""

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise ValueError(f"a series needs room for a point, not for {capacity}")
        self._times = array("d", bytes(8 * capacity))
        self._values = array("d", bytes(8 * capacity))
        self._start = 0
        self._length = 0

    @property
    def capacity(self) -> int:
        """How many points there is room for."""
        return len(self._times)

    @property
    def last(self) -> float | None:
        """The newest value that is no gap."""
        values = (self._values[self._slot(index)] for index in range(self._length - 1, -1, -1))
        return next((value for value in values if not math.isnan(value)), None)

    @property
    def max(self) -> float | None:
        """The greatest value."""
        return max((value for _, value in self if not math.isnan(value)), default=None)

    def append(self, time: float, value: float | None) -> None:
        """Add a point, over the oldest one when there is no more room. Times must not go back; None is a gap."""
        if self._length and time < self._time(self._length - 1):
            raise ValueError("the points of a series are ordered by time")
        slot = self._slot(self._length)
        self._times[slot] = time
        self._values[slot] = math.nan if value is None else value
        if self._length < self.capacity:
            self._length += 1
        else:
            self._start = (self._start + 1) % self.capacity

    def window(self, seconds: float, now: float | None = None) -> list[Point]:
        """Return the points of the last *seconds* before *now* (without it, before the newest point)."""
        if not self._length:
            return []
        now = self._time(self._length - 1) if now is None else now
        first = bisect_left(range(self._length), now - seconds, key=self._time)
        return [point for point in map(self._point, range(first, self._length)) if point[0] <= now]

    def clear(self) -> None:
        """Forget all points."""
        self._start = self._length = 0

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Point]:
        return map(self._point, range(self._length))

    def _slot(self, index: int) -> int:
        return (self._start + index) % self.capacity

    def _time(self, index: int) -> float:
        return self._times[self._slot(index)]

    def _point(self, index: int) -> Point:
        slot = self._slot(index)
        return self._times[slot], self._values[slot]


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
