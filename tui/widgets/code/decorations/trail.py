"""TrailColumn: where a run stands, where it has been and how often, and where it would stop."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from rich.segment import Segment

from .....core.listing.listing import RowKind
from ....text.format import amount
from .decoration import Decoration, RowStyle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .....core.listing.listing import Row
    from ..folded_listing import FoldedListing
    from .decoration import Canvas, Spot

__all__ = ["Trail", "TrailColumn"]

_NEVER: Final = RowStyle("listing-view--never", "listing-view--never")


class Trail(NamedTuple):
    """A run's way through a program."""

    here: int | None
    """The slot that comes next; None at the end, and while it is in another program."""
    position: int
    """How many steps were taken."""
    counts: Mapping[int, int]
    """By slot, how often the whole run is there."""
    first: Mapping[int, int]
    """By slot, the first step there."""
    stops: frozenset[int] = frozenset()
    """The slots that have a breakpoint."""
    will_jump: bool | None = None
    """Whether it jumps from where it is; None where there is nothing to jump."""


class TrailColumn(Decoration):
    """How often a run is at an instruction in all, `–` for never; `●` for a breakpoint, `▶` for where it stands.

    What was not come to yet is dim, and so is what never will be.
    """

    STYLES: ClassVar[Mapping[str, str]] = {
        "listing-view--stop": "color: $set; text-style: bold;",
        "listing-view--here": "color: $changed; text-style: bold;",
        "listing-view--been": "color: $foreground;",
        "listing-view--to-come": "color: $text-muted;",
        _NEVER.text: "color: $text-muted;",
    }

    def __init__(self) -> None:
        self._trail: Trail | None = None
        self._width = 0
        """Cells of a count: `×12.3 k`."""
        self._shown: FoldedListing | None = None

    def show(self, trail: Trail | None) -> bool:
        """Show a run's way, None for none; return whether that is new."""
        is_new = trail != self._trail
        self._trail = trail
        self._width = 1 + max((len(_written(each)) for each in trail.counts.values()), default=1) if trail else 0
        return is_new

    def follow(self, shown: FoldedListing, index: int, canvas: Canvas) -> bool:
        """Learn which listing it is."""
        self._shown = shown
        return False

    def forget(self) -> None:
        """Forget which listing it was."""
        self._shown = None

    def column(self, spot: Spot) -> list[Segment]:
        """Return how often the run is at a row, whether it would stop there, and whether it stands there."""
        trail, row, canvas = self._trail, spot.row, spot.canvas
        if trail is None:
            return []
        times, never, stop, here = ("x", "-", "*", ">") if canvas.ascii_only else ("×", "–", "●", "▶")
        if row.kind is RowKind.FUNCTION:
            return [Segment(" " * (self._width + 3))]
        slot = row.slot
        count = trail.counts.get(slot, 0)
        been = count and trail.first[slot] < trail.position
        ink = canvas.ink("listing-view--been" if been else "listing-view--to-come")
        text = f"{times}{_written(count)}" if count else never
        is_insn = row.kind is RowKind.INSN
        return [
            Segment(f"{text:>{self._width}} ", ink),
            Segment(stop if is_insn and slot in trail.stops else " ", canvas.ink("listing-view--stop")),
            Segment(here if is_insn and slot == trail.here else " ", canvas.ink("listing-view--here")),
        ]

    def row_style(self, row: Row) -> RowStyle | None:
        """Let what the run never comes to be dim."""
        trail = self._trail
        is_never = trail is not None and row.kind is RowKind.INSN and row.slot not in trail.counts
        return _NEVER if is_never else None

    def note(self, row: Row) -> str:
        """Say of the instruction that comes next whether it will jump."""
        trail = self._trail
        if trail is None or trail.will_jump is None or row.kind is not RowKind.INSN or row.slot != trail.here:
            return ""
        return "will jump" if trail.will_jump else "will not jump"

    def over_source(self, index: int, line: list[Segment], canvas: Canvas) -> list[Segment]:
        """Let a line of C that the run never comes to be dim."""
        trail, shown = self._trail, self._shown
        if trail is None or shown is None or index >= len(shown):
            return line
        slots = range(shown.slot_at(index), shown.stop(index)) if shown.heading(index) is not None else range(0)
        if not slots or any(slot in trail.counts for slot in slots):
            return line
        ink = canvas.ink(_NEVER.text)
        return [Segment(segment.text, ink) for segment in line]


def _written(count: int) -> str:
    return str(count) if count < 1000 else amount(count)
