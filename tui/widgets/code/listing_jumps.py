"""ListingJumps: how the cursor of a listing gets to an instruction, and back to where it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...jumps import CodePlace, JumpList

if TYPE_CHECKING:
    from .listing_view import ListingView

__all__ = ["ListingJumps"]


class ListingJumps:
    """Moves the cursor of a view, and remembers where it was.

    Args:
        view: Whose cursor it is. It may show one program after the other: the ways back lead through all of them.
    """

    def __init__(self, view: ListingView) -> None:
        self._view = view
        self.places = JumpList()
        """Where the user has been."""

    @property
    def here(self) -> CodePlace | None:
        """Where the cursor is; None without a listing."""
        view = self._view
        if view.listing is None or not view.row_count():
            return None
        return CodePlace(view.listing.program.name, view.slot_at(view.cursor))

    def remember(self) -> None:
        """Let the way back lead here."""
        here = self.here
        if here is not None:
            self.places.push(here)

    def go_to(self, slot: int) -> None:
        """Bring the cursor to an instruction and remember where it was."""
        self.remember()
        self.show(slot)

    def show(self, slot: int) -> None:
        """Bring the cursor to an instruction, which is unfolded for it."""
        view = self._view
        if view.listing is not None:
            view.reveal(view.listing.index_of_slot(slot))
            view.cursor = view.index_of_slot(slot)
            view.refresh_bindings()

    def show_function(self, start: int) -> None:
        """Bring the cursor to the header of the function that begins at a slot."""
        view = self._view
        if view.listing is None:
            return
        row = view.listing.index_of_slot(start)
        while row > 0 and (heading := view.listing.heading(row - 1)) is not None and heading.slot == start:
            row -= 1
        view.reveal(row)
        view.cursor = view.shown.folds.index(row)

    def back(self) -> CodePlace | None:
        """Return to where the last jump was made from; in another program it is returned, and nothing moves."""
        return self._travel(self.places.back(self.here))

    def forward(self) -> CodePlace | None:
        """Go again where the last return came from; in another program it is returned, and nothing moves."""
        return self._travel(self.places.forward())

    def _travel(self, place: CodePlace | None) -> CodePlace | None:
        listing = self._view.listing
        if place is None or listing is None or place.program != listing.program.name:
            return place
        self.show(place.slot)
        return None
