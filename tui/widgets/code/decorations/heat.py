"""HeatColumn: a column that tells how often the verifier walked over each instruction."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from rich.segment import Segment

from .....core.listing.amount import LEVELS, bar, level
from .....core.listing.listing import RowKind
from .decoration import Decoration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .....core.verifier import Heat
    from .decoration import Canvas, Spot

__all__ = ["HeatColumn", "heat_bar"]

_HEAD: Final = "verified"
_HOT: Final = 0.5
"""The part of the hottest instruction's visits from which on one is hot."""


class HeatColumn(Decoration):
    """The visits of each instruction, and for C lines and functions the sum of theirs. A bar compares instructions with
    the hottest one.
    """

    STYLES: ClassVar[Mapping[str, str]] = {
        "listing-view--hot": "color: $foreground; text-style: bold;",
        "listing-view--warm": "color: $foreground;",
        "listing-view--sum": "color: $text-muted;",
        **{f"listing-view--heat-{level}": f"color: $heat-{level};" for level in range(1, LEVELS + 1)},
    }

    def __init__(self) -> None:
        self._heat: Heat | None = None
        self._most = 1
        self._digits = 0

    def show(self, heat: Heat | None) -> bool:
        """Show how often each instruction was walked over, None for nothing; return whether that is new."""
        if heat is self._heat:
            return False
        self._heat = heat
        self._most = max(heat.visits.values(), default=1) if heat is not None else 1
        self._digits = max(len(f"{heat.total:,}"), len(_HEAD) - 3) if heat is not None else 0
        return True

    @property
    def head(self) -> str:
        """What it counts."""
        return "" if self._heat is None else f"{_HEAD:>{self._digits + 3}}"

    def column(self, spot: Spot) -> list[Segment]:
        """Return the visits of a row; nothing as long as there is nothing to show."""
        heat, row, canvas = self._heat, spot.row, spot.canvas
        if heat is None:
            return []
        digits = self._digits
        if row.kind is not RowKind.INSN:
            count = heat.within(row.slot, spot.shown.stop(spot.index))
            return [Segment(f"{f'{count:,}' if count else '':>{digits}}   ", canvas.ink("listing-view--sum"))]
        count = heat.visits.get(row.slot, 0)
        is_hot = count > 1 and count >= _HOT * self._most
        ink = canvas.ink("listing-view--hot" if is_hot else "listing-view--warm")
        return [Segment(f"{f'{count:,}' if count else '':>{digits}} ", ink), heat_bar(count, self._most, canvas)]


def heat_bar(count: int, most: int, canvas: Canvas) -> Segment:
    """Return two cells with a bar that compares a count with the largest one; none where that is 1."""
    drawn = bar(count, most, ascii_only=canvas.ascii_only)  # where each was counted once, none is hot
    return Segment(f"{drawn} ", canvas.ink(f"listing-view--heat-{level(count, most)}"))
