"""FoldedListing: the rows of a listing that are in sight, and what is known of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .folds import Folds

if TYPE_CHECKING:
    from ....core.asm.flow import FlowGraph
    from ....core.listing.listing import Listing, Row

__all__ = ["FoldedListing"]


class FoldedListing:
    """A listing, and what of it is folded away: nothing at first.

    An *index* is of rows in sight, a *place* of all rows of the listing.
    """

    def __init__(self, listing: Listing) -> None:
        self.listing = listing
        self.folds = Folds(len(listing))
        self.sizes = {function.start: function.size for function in listing.functions}
        """The instructions of each function, by its first slot."""
        self.relocated = frozenset(item.slot for item in listing.program.linked.core_relocations)
        """The slots that CO-RE relocations change."""

    def __len__(self) -> int:
        """Return the rows in sight: functions, C lines and instructions."""
        return len(self.folds)

    def place(self, index: int) -> int:
        """Return which row of the listing is at *index*."""
        return self.folds.row(index)

    def row(self, index: int) -> Row:
        """Return the row at *index*, which must be there."""
        return self.listing.row(self.place(index))

    def heading(self, index: int) -> Row | None:
        """Return the row at *index* if it is a function or a C line; None for an instruction."""
        return self.listing.heading(self.place(index))

    def slot_at(self, index: int) -> int:
        """Return the slot of the row at *index*."""
        return self.listing.slot_at(self.place(index))

    def index_of_slot(self, slot: int) -> int:
        """Return where an instruction is, or what it is folded below."""
        return self.folds.index(self.listing.index_of_slot(slot))

    def stop(self, index: int) -> int:
        """Return the slot behind what a C line or a function heads."""
        _, stop = self.listing.span(self.place(index))
        return self.listing.slot_at(stop) if stop < len(self.listing) else self.listing.program.insns

    def graph(self, slot: int) -> FlowGraph | None:
        """Return the control flow of the function that holds a slot; None where there is no code."""
        flow = self.listing.program.flow
        return flow.graph_at(slot) if 0 <= slot < flow.slots else None
