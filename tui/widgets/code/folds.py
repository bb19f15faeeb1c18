"""Folds: which rows of a list are folded away below their headings."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from itertools import accumulate
from operator import gt, sub
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Folds"]


class Folds:
    """Maps the rows of a whole list to those that are left to see, and back.

    Args:
        rows: How many rows the whole list has.
    """

    def __init__(self, rows: int) -> None:
        self._rows = rows
        # Arrays, because there can be 100,000 folds, and as Python's numbers in a dictionary these take 20 MB.
        self._headings = array("I")
        """The headings that rows are folded below, ascending."""
        self._ends = array("I")
        """Of each: one past the last row that is folded below it."""
        self._starts = array("I")
        """The first hidden row of each run of them, ascending."""
        self._stops = array("I")
        self._shown = array("I")
        """Of each run: how many rows are left to see before it."""

    def __len__(self) -> int:
        """Return how many rows are left to see."""
        return self._rows - (self._stops[-1] - self._shown[-1] if self._starts else 0)

    def __bool__(self) -> bool:
        """Whether anything is folded."""
        return bool(self._headings)

    @property
    def headings(self) -> Sequence[int]:
        """The headings that rows are folded below, ascending."""
        return self._headings

    def _find(self, heading: int) -> tuple[int, bool]:
        """Return where a heading is among the folded ones, or would be, and whether it is."""
        at = bisect_left(self._headings, heading)
        return at, at < len(self._headings) and self._headings[at] == heading

    def hidden_below(self, heading: int) -> int:
        """Return how many rows are folded below *heading*."""
        at, is_folded = self._find(heading)
        return self._ends[at] - heading - 1 if is_folded else 0

    def toggle(self, heading: int, stop: int) -> None:
        """Fold the rows between *heading* and *stop*, or unfold them."""
        at, is_folded = self._find(heading)
        if is_folded:
            del self._headings[at], self._ends[at]
        elif stop > heading + 1:
            self._headings.insert(at, heading)
            self._ends.insert(at, stop)
        self._rebuild()

    def fold(self, spans: Iterable[tuple[int, int]]) -> None:
        """Fold the rows between each heading and its stop, and nothing else; spans come by their headings."""
        self._headings, self._ends = array("I"), array("I")
        for heading, stop in spans:
            if stop > heading + 1:
                self._headings.append(heading)
                self._ends.append(stop)
        self._rebuild()

    def reveal(self, row: int) -> None:
        """Unfold whatever hides *row*."""
        run = bisect_right(self._starts, row) - 1
        if run < 0 or row >= self._stops[run]:
            return
        first = self._find(self._starts[run] - 1)[0]
        for at in reversed(range(first, self._find(row)[0])):
            if self._ends[at] > row:
                del self._headings[at], self._ends[at]
        self._replace_run(run, range(first, self._find(self._stops[run])[0]))

    def _replace_run(self, run: int, folded: range) -> None:
        """Show what a run hides, but for what is folded below the headings at these places."""
        hidden = self._starts[run] - self._shown[run]
        starts, stops = _runs(self._headings[folded.start : folded.stop], self._ends[folded.start : folded.stop])
        shown = _left_to_see(starts, stops, hidden)
        gained = self._stops[run] - self._starts[run] - sum(map(sub, stops, starts))
        shown.extend(array("I", map(gained.__add__, self._shown[run + 1 :])))
        self._starts[run : run + 1], self._stops[run : run + 1], self._shown[run:] = starts, stops, shown

    def _rebuild(self) -> None:
        self._starts, self._stops = _runs(self._headings, self._ends)
        self._shown = _left_to_see(self._starts, self._stops, 0)

    def row(self, index: int) -> int:
        """Return the row that is seen at *index*."""
        at = bisect_right(self._shown, index) - 1
        return index if at < 0 else self._stops[at] + index - self._shown[at]

    def index(self, row: int) -> int:
        """Return where *row* is seen; for a hidden one its heading."""
        at = bisect_right(self._starts, row) - 1
        if at < 0:
            return row
        return self._shown[at] - 1 if row < self._stops[at] else self._shown[at] + row - self._stops[at]


def _runs(headings: array[int], ends: array[int]) -> tuple[array[int], array[int]]:
    """Return where the rows begin and end that are folded away below headings."""
    if any(map(gt, ends, headings[1:])):
        # A heading that is folded away itself: its rows lie within those of an outer one.
        outer: list[int] = []
        for at, heading in enumerate(headings):
            if not outer or heading >= ends[outer[-1]]:
                outer.append(at)
        headings, ends = array("I", map(headings.__getitem__, outer)), array("I", map(ends.__getitem__, outer))
    return array("I", map((1).__add__, headings)), ends[:]


def _left_to_see(starts: array[int], stops: array[int], hidden: int) -> array[int]:
    """Return how many rows are left to see before each run, where so many are hidden before the first."""
    return array("I", map(sub, starts, accumulate(map(sub, stops, starts), initial=hidden)))
