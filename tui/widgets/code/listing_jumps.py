"""ListingJumps: how the cursor of a listing gets to an instruction."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ...jumps import CodePlace, remember_place

if TYPE_CHECKING:
    from .listing_view import ListingView

__all__ = ["CodeSpot", "ListingJumps"]


class CodeSpot(NamedTuple):
    """Where one is in the code."""

    place: CodePlace
    lead: int
    """How many rows the one that it is stands above the instruction: a line of C and what is below it are one place."""
    above: int
    """How many rows stand over it."""


class ListingJumps:
    """Moves the cursor of a view.

    Args:
        view: Whose cursor it is. It may show one program after the other.
    """

    def __init__(self, view: ListingView) -> None:
        self._view = view

    @property
    def here(self) -> CodePlace | None:
        """Where the cursor is; None without a listing."""
        view = self._view
        if view.listing is None or not view.row_count():
            return None
        return CodePlace(view.listing.program.name, view.slot_at(view.cursor))

    @property
    def spot(self) -> CodeSpot | None:
        """The same with its row and scroll."""
        here, view = self.here, self._view
        if here is None:
            return None
        assert view.listing is not None
        lead = view.listing.index_of_slot(here.slot) - view.shown.place(view.cursor)
        return CodeSpot(here, lead, view.cursor - view.scroll_offset.y)

    def return_to(self, spot: CodeSpot) -> None:
        """Bring back a spot in the program that is shown."""
        view = self._view
        if view.listing is None:
            return
        row = view.row_of(spot.place.slot, spot.lead)
        view.reveal(row)
        view.cursor = view.shown.folds.index(row)
        view.scroll_top_to(view.cursor - spot.above)

    def go_to(self, slot: int) -> None:
        """Bring the cursor to an instruction and remember where it was."""
        remember_place(self._view)
        self.show(slot)

    def show(self, slot: int) -> None:
        """Bring the cursor to an instruction, which is unfolded for it."""
        view = self._view
        if view.listing is not None:
            view.reveal(view.listing.index_of_slot(slot))
            view.cursor = view.index_of_slot(slot)
            view.refresh_bindings()

    def follow(self, slot: int) -> None:
        """Bring the cursor to an instruction that another view of the code is at; a row of its own it stays in."""
        view = self._view
        if view.listing is not None and view.row_count() and view.slot_at(view.cursor) != slot:
            self.show(slot)

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
