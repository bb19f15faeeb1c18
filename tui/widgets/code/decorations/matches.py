"""SearchedListing: searching a listing, also in what is folded away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

from .....core.listing.search import ListingSearch
from .heat import HeatRows

if TYPE_CHECKING:
    import re

    from .....core.listing.listing import Listing
    from .....core.listing.search import Matches

__all__ = ["SearchedListing"]


class SearchedListing(HeatRows):
    """A listing's rows with a search that knows all matches at once."""

    class NotHere(Message):
        """What is searched for is not in this program.

        Args:
            pattern: What it is.
        """

        def __init__(self, pattern: re.Pattern[str]) -> None:
            super().__init__()
            self.pattern = pattern

    def __init__(
        self,
        listing: Listing | None = None,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name
        classes: str | None = None,
        disabled: bool = False,
    ) -> None:
        """Initialise a listing's view; the arguments are those of `ListingRows`."""
        super().__init__(listing, name=name, id=id, classes=classes, disabled=disabled)
        self._search: ListingSearch | None = None
        self._matches: tuple[re.Pattern[str], Matches] | None = None

    def remember(self) -> None:
        """Let the way back lead here: a search is about to go elsewhere."""

    def reveal(self, row: int) -> None:
        """Unfold what hides a row of the listing."""
        before = len(self.folds)
        self.folds.reveal(row)
        if len(self.folds) != before:
            with self.prevent(self.Highlighted):
                self.refresh_rows()

    def find(self, pattern: re.Pattern[str], start: int, step: int) -> int | None:
        """Return the nearest match from a row in sight on; what is folded away is found, and unfolded."""
        matches = self._matching(pattern)
        if self.listing is None or matches is None:
            return None
        row = self.place(start) if 0 <= start < self.row_count() else len(self.listing) if start > 0 else -1
        found = matches.nearest(row, step)
        if found is None:
            return None
        self.reveal(found)
        return self.folds.index(found)

    def action_search(self) -> None:
        """Ask for a pattern; what is needed to find it is made while it is being typed."""
        search = self._searcher()
        if search is not None:
            self.run_worker(search.prepare, thread=True, exit_on_error=False)
        super().action_search()

    def _searcher(self) -> ListingSearch | None:
        if self.listing is not None and (self._search is None or self._search.listing is not self.listing):
            self._search, self._matches = ListingSearch(self.listing), None
        return self._search

    def _matching(self, pattern: re.Pattern[str]) -> Matches | None:
        """Return the rows of the listing that match; they are looked for once. None without a listing."""
        search = self._searcher()
        if self.listing is None or search is None:
            return None
        if self._matches is None or self._matches[0] is not pattern:
            self._matches = pattern, search.find(pattern)
        return self._matches[1]

    @property
    def match(self) -> tuple[int, int] | None:
        """Which match the cursor is on, from 1 (0 for none), and how many there are; None without a search."""
        if self.pattern is None or not self.row_count():
            return None
        matches = self._matching(self.pattern)
        return None if matches is None else (matches.number(self.place(self.cursor)), len(matches))

    def _go_to_match(self, start: int, step: int) -> bool:
        """Go to a match; where this program has none, ask for one in another."""
        assert self.pattern is not None
        if self._matching(self.pattern):
            self.remember()
            return super()._go_to_match(start, step)
        self.post_message(self.NotHere(self.pattern))
        return False
