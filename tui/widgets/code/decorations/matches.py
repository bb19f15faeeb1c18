"""Matches: what is searched for in a listing, found in all of it at once and marked where it is in sight."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .....core.listing.search import ListingSearch
from ...lists.matches import mark_matches
from .decoration import Decoration

if TYPE_CHECKING:
    import re

    from textual.strip import Strip

    from .....core.listing import search
    from .....core.listing.listing import Listing
    from ..folded_listing import FoldedListing
    from .decoration import Canvas

__all__ = ["Matches"]


class Matches(Decoration):
    """A search that knows all matches of a listing at once, also in what is folded away."""

    def __init__(self) -> None:
        self.pattern: re.Pattern[str] | None = None
        """What is marked."""
        self._search: ListingSearch | None = None
        self._found: tuple[re.Pattern[str], search.Matches] | None = None

    def searcher(self, listing: Listing) -> ListingSearch:
        """Return what searches a listing; it is kept as long as no other one is searched."""
        if self._search is None or self._search.listing is not listing:
            self._search, self._found = ListingSearch(listing), None
        return self._search

    def number(self, shown: FoldedListing, index: int) -> tuple[int, int] | None:
        """Return which match a row in sight is, from 1 (0 for none), and how many there are; None without a search."""
        if self.pattern is None:
            return None
        matches = self.find(shown.listing, self.pattern)
        return matches.number(shown.place(index)), len(matches)

    def nearest(self, shown: FoldedListing, pattern: re.Pattern[str], start: int, step: int) -> int | None:
        """Return the place of the first match from a row in sight on, backwards where *step* is negative."""
        end = len(shown.listing) if start > 0 else -1
        place = shown.place(start) if 0 <= start < len(shown) else end
        return self.find(shown.listing, pattern).nearest(place, step)

    def find(self, listing: Listing, pattern: re.Pattern[str]) -> search.Matches:
        """Return the rows of a listing that match; they are looked for once."""
        searcher = self.searcher(listing)
        if self._found is None or self._found[0] is not pattern:
            self._found = pattern, searcher.find(pattern)
        return self._found[1]

    def over(self, strip: Strip, canvas: Canvas) -> Strip:
        """Mark what matches in a row."""
        return strip if self.pattern is None else mark_matches(strip, self.pattern, canvas.style("row-view--match"))
