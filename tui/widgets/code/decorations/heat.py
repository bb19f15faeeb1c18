"""HeatRows: a listing with a column that tells how often the verifier walked over each instruction."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from rich.segment import Segment
from textual.strip import Strip

from .....core.listing.listing import RowKind
from .dead_code import DeadRows

if TYPE_CHECKING:
    from .....core.listing.listing import Listing
    from .....core.verifier import Heat

__all__ = ["HeatRows"]

_BARS: Final = " ▁▂▃▄▅▆▇█"
_ASCII_BARS: Final = " .:-=+*#@"
_HOT: Final = 0.5
"""The part of the hottest instruction's visits from which on one is hot."""


class HeatRows(DeadRows):
    """The rows of a listing, left of which may stand the visits: of each instruction, and for C lines and functions the
    sum of theirs. A bar compares instructions with the hottest one.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"heat-rows--hot", "heat-rows--warm", "heat-rows--sum"}
    """
    | Class | Description |
    | :- | :- |
    | `heat-rows--hot` | Instructions that were walked over most often. |
    | `heat-rows--warm` | The others. |
    | `heat-rows--sum` | The sums of C lines and functions. |
    """

    DEFAULT_CSS = """
    HeatRows {
        & > .heat-rows--hot { color: $text-error; text-style: bold; }
        & > .heat-rows--warm { color: $foreground 70%; }
        & > .heat-rows--sum { color: $text-warning; }
    }
    """

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
        self._heat: Heat | None = None
        self._most = 1

    def mark_heat(self, heat: Heat | None) -> None:
        """Show how often each instruction was walked over; None for nothing."""
        if heat is not self._heat:
            self._heat = heat
            self._most = max(heat.visits.values(), default=1) if heat is not None else 1
            self.forget_strips()
            self.refresh()

    def draw_row(self, index: int, width: int) -> Strip:
        """Draw the column, and what the row is."""
        if self._heat is None:
            return super().draw_row(index, width)
        cell = self._visits(self._heat, index)
        return Strip([cell, *super().draw_row(index, width - len(cell.text))])

    def _visits(self, heat: Heat, index: int) -> Segment:
        digits = len(f"{heat.total:,}")
        row = self.row(index)
        if row.kind is not RowKind.INSN:
            count = heat.within(row.slot, self._stop(index))
            return Segment(f"{f'{count:,}' if count else '':>{digits}}   ", self.ink("heat-rows--sum"))
        count = heat.visits.get(row.slot, 0)
        bars = _ASCII_BARS if self._ascii else _BARS
        # Where each was walked over once, none is hot.
        bar = bars[-(-count * (len(bars) - 1) // self._most)] if self._most > 1 else " "
        is_hot = count > 1 and count >= _HOT * self._most
        ink = self.ink("heat-rows--hot" if is_hot else "heat-rows--warm")
        return Segment(f"{f'{count:,}' if count else '':>{digits}} {bar} ", ink)

    def _stop(self, index: int) -> int:
        """Return the slot behind what a C line or a function heads."""
        assert self.listing is not None
        _, stop = self.listing.span(self.place(index))
        return self.listing.slot_at(stop) if stop < len(self.listing) else self.listing.program.insns
