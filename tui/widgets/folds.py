"""Folds: which rows of a list are folded away below their headings."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Folds"]


class Folds:
    """Maps the rows of a whole list to those that are left to see, and back.

    Args:
        rows: How many rows the whole list has.
    """

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._folded: dict[int, int] = {}
        """By heading: one past the last row that is folded below it."""
        self._starts: list[int] = []
        """The first hidden row of each run of them, ascending."""
        self._stops: list[int] = []
        self._shown: list[int] = []
        """Of each run: how many rows are left to see before it."""

    def __len__(self) -> int:
        """Return how many rows are left to see."""
        return self._rows - (self._stops[-1] - self._shown[-1] if self._starts else 0)

    def __bool__(self) -> bool:
        """Whether anything is folded."""
        return bool(self._folded)

    def __contains__(self, heading: int) -> bool:
        """Whether rows are folded below *heading*."""
        return heading in self._folded

    def hidden_below(self, heading: int) -> int:
        """Return how many rows are folded below *heading*."""
        return self._folded.get(heading, heading + 1) - heading - 1

    def toggle(self, heading: int, stop: int) -> None:
        """Fold the rows between *heading* and *stop*, or unfold them."""
        if self._folded.pop(heading, None) is None and stop > heading + 1:
            self._folded[heading] = stop
        self._rebuild()

    def fold(self, spans: Iterable[tuple[int, int]]) -> None:
        """Fold the rows between each heading and its stop, and nothing else."""
        self._folded = {heading: stop for heading, stop in spans if stop > heading + 1}
        self._rebuild()

    def reveal(self, row: int) -> None:
        """Unfold whatever hides *row*."""
        hiding = [heading for heading, stop in self._folded.items() if heading < row < stop]
        for heading in hiding:
            del self._folded[heading]
        if hiding:
            self._rebuild()

    def _rebuild(self) -> None:
        self._starts, self._stops, self._shown = [], [], []
        hidden = 0
        for heading in sorted(self._folded):
            stop = self._folded[heading]
            if self._stops and heading < self._stops[-1]:
                continue  # a heading that is folded away itself: its rows lie within those of an outer one
            self._starts.append(heading + 1)
            self._stops.append(stop)
            self._shown.append(heading + 1 - hidden)
            hidden += stop - heading - 1

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
