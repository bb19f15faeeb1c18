"""Wanted: bytes of memory that somebody asks for, by their addresses."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Wanted"]


class Wanted:
    """Bytes of memory that are asked for, with the steps that used them: as ranges, for values may be large."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._stops: list[int] = []
        self._steps: list[list[int]] = []

    def __iter__(self) -> Iterator[tuple[range, list[int]]]:
        """Iterate over ranges that do not overlap, by their addresses."""
        for start, stop, steps in zip(self._starts, self._stops, self._steps, strict=True):
            yield range(start, stop), steps

    def add(self, part: range, step: int) -> None:
        """Ask for bytes that a step used."""
        first, last = self._cut(part.start), self._cut(part.stop)
        found: list[tuple[int, int, list[int]]] = []
        position = part.start
        for start, stop, steps in zip(
            self._starts[first:last], self._stops[first:last], self._steps[first:last], strict=True
        ):
            if position < start:
                found.append((position, start, [step]))
            found.append((start, stop, [*steps, step]))
            position = stop
        if position < part.stop:
            found.append((position, part.stop, [step]))
        self._starts[first:last] = [start for start, _, _ in found]
        self._stops[first:last] = [stop for _, stop, _ in found]
        self._steps[first:last] = [steps for _, _, steps in found]

    def take(self, part: range) -> set[int]:
        """Ask for bytes no more; return the steps that used some of them."""
        at = bisect_right(self._stops, part.start)
        if at == len(self._starts) or self._starts[at] >= part.stop:
            return set()
        first, last = self._cut(part.start), self._cut(part.stop)
        found = {step for steps in self._steps[first:last] for step in steps}
        del self._starts[first:last], self._stops[first:last], self._steps[first:last]
        return found

    def move(self, part: range, to: int) -> None:
        """Ask, in place of some bytes, for as many others that begin at an address."""
        first, last = self._cut(part.start), self._cut(part.stop)
        found = list(zip(self._starts[first:last], self._stops[first:last], self._steps[first:last], strict=True))
        del self._starts[first:last], self._stops[first:last], self._steps[first:last]
        delta = to - part.start
        for start, stop, steps in found:
            for step in steps:
                self.add(range(start + delta, stop + delta), step)

    def _cut(self, address: int) -> int:
        """Let no range reach over an address; return the number of the first one behind it."""
        at = bisect_left(self._starts, address)
        if at and self._stops[at - 1] > address:
            self._starts.insert(at, address)
            self._stops.insert(at, self._stops[at - 1])
            self._steps.insert(at, self._steps[at - 1].copy())
            self._stops[at - 1] = address
        return at
