"""ObjectSearch: what is searched for in the code of a whole object, program by program, in a thread."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from ....core.errors import BpftuiError
from ....core.listing.search import ListingSearch

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Sequence

    from ....core.listing.listing import Listing

__all__ = ["ObjectSearch"]

_PAUSE = 0.002
"""Seconds that the thread leaves to the screen after each program."""


class ObjectSearch:
    """Counts matches in all programs, and finds the next program that has one.

    Args:
        listing: Returns a program's listing, from whichever thread.
    """

    def __init__(self, listing: Callable[[str], Listing]) -> None:
        self._listing = listing
        self._turn = 0
        self._lock = threading.Lock()
        self.pattern: re.Pattern[str] | None = None
        self.count = 0
        """How many rows match, as far as they were looked at."""
        self.is_done = True

    def begin(self, pattern: re.Pattern[str] | None) -> int:
        """Begin anew, and return what `look` is to be given; what was looked for before is given up."""
        with self._lock:
            self._turn += 1
            self.pattern, self.count, self.is_done = pattern, 0, pattern is None
            return self._turn

    def look(self, turn: int, names: Sequence[str]) -> None:
        """Count, in a thread, what matches in some programs."""
        pattern = self.pattern
        if pattern is None:
            return
        for name in names:
            found = self._matches(name, pattern)
            time.sleep(_PAUSE)
            with self._lock:
                if turn != self._turn:
                    return
                self.count += found
        with self._lock:
            if turn == self._turn:
                self.is_done = True

    def text(self) -> str:
        """Return what is known of it: `41`, `≥ 12`."""
        return f"{self.count:,}" if self.is_done else f"≥ {self.count:,}"

    def next(self, pattern: re.Pattern[str], names: Sequence[str], step: int) -> tuple[str, int] | None:
        """Return the first of some programs in which a pattern matches, and the row: the last one, going back."""
        for name in names:
            try:
                listing = self._listing(name)
            except BpftuiError:
                continue  # damaged code says so itself
            row = ListingSearch(listing).find(pattern).nearest(0 if step > 0 else len(listing) - 1, step)
            if row is not None:
                return name, row
            time.sleep(_PAUSE)
        return None

    def _matches(self, name: str, pattern: re.Pattern[str]) -> int:
        try:
            return len(ListingSearch(self._listing(name)).find(pattern))
        except BpftuiError:
            return 0
