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

    def find(self, listing: Listing, pattern: re.Pattern[str]) -> search.Matches:
        """Return the rows of a listing that match; they are looked for once."""
        searcher = self.searcher(listing)
        if self._found is None or self._found[0] is not pattern:
            self._found = pattern, searcher.find(pattern)
        return self._found[1]

    def over(self, strip: Strip, canvas: Canvas) -> Strip:
        """Mark what matches in a row."""
        return strip if self.pattern is None else mark_matches(strip, self.pattern, canvas.style("row-view--match"))
