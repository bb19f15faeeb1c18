"""Series of measurements in fixed memory, and rates that follow real time."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Point", "RateTracker", "Series", "rate"]

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
