"""Scan: the rows that a pattern matches, found from where one is on, a slice at a time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterator

__all__ = ["Scan"]

_STEP = 50
"""Rows of a step."""


class Scan:
    """Finds the matches behind a row first, then those before it: the first one that is found is where one goes.

    Args:
        text: Returns a row's text.
        count: How many rows there are.
        pattern: What is looked for.
        origin: The row from which on it is looked for.
    """

    def __init__(self, text: Callable[[int], str], count: int, pattern: re.Pattern[str], origin: int) -> None:
        self._text = text
        self.pattern = pattern
        self.count = count
        self._origin = min(origin, count)
        self._behind: list[int] = []
        self._before: list[int] = []
        self.is_done = False
        """Whether every row was looked at."""

    def __len__(self) -> int:
        """Return how many match so far."""
        return len(self._behind) + len(self._before)

    @property
    def first(self) -> int | None:
        """The match to go to; None while there is none."""
        if self._behind:
            return self._behind[0]
        return self._before[0] if self.is_done and self._before else None

    def steps(self) -> Iterator[None]:
        """Look at all rows, some at each step."""
        search, text = self.pattern.search, self._text
        for found, rows in ((self._behind, range(self._origin, self.count)), (self._before, range(self._origin))):
            for at in range(0, len(rows), _STEP):
                found += [index for index in rows[at : at + _STEP] if search(text(index))]
                yield
        self.is_done = True

    def nearest(self, row: int, step: int) -> int | None:
        """Return the first match from a row on, by a *step* of 1 or -1; None where there is none."""
        rows = [*self._before, *self._behind]
        at = bisect_left(rows, row) if step > 0 else bisect_right(rows, row) - 1
        return rows[at] if 0 <= at < len(rows) else None

    def number(self, row: int) -> int:
        """Return which match a row is, from 1; 0 where it is none. What lies before is only known at the end."""
        for found, earlier in ((self._before, 0), (self._behind, len(self._before))):
            at = bisect_left(found, row)
            if at < len(found) and found[at] == row:
                return earlier + at + 1
        return 0
