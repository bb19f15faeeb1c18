"""RunsColumn: a column that tells how often each instruction ran, and a word for each zero."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from rich.segment import Segment

from .....core.listing.listing import RowKind
from ....text.format import amount
from .decoration import Decoration
from .heat import heat_bar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .....core.coverage.program import ProgramCoverage
    from .....core.listing.listing import Row
    from .decoration import Spot

__all__ = ["RunsColumn"]

_NEVER: Final = "never"
_REMOVED: Final = "removed"
_LARGE: Final = 10_000_000
"""A count from which on three figures of it are shown."""


class RunsColumn(Decoration):
    """How often each instruction ran, for C lines the most of theirs. A bar compares with what ran most; what never ran
    says so, and what nothing can come to, by constants, that it is removed.
    """

    STYLES: ClassVar[Mapping[str, str]] = {
        "listing-view--ran": "color: $foreground;",
        "listing-view--line-ran": "color: $text-muted;",
        "listing-view--never-ran": "color: $text-error; text-style: bold;",
        "listing-view--not-there": "color: $text-muted; text-style: italic;",
    }

    def __init__(self) -> None:
        self._coverage: ProgramCoverage | None = None
        self._width = 0

    def show(self, coverage: ProgramCoverage | None) -> bool:
        """Show what runs came to, None for nothing; return whether that is new."""
        if coverage is self._coverage:
            return False
        self._coverage = coverage
        if coverage is not None:
            words = [_NEVER, *([_REMOVED] if coverage.removed else []), _written(coverage.most)]
            self._width = max(map(len, words))
        return True

    def column(self, spot: Spot) -> list[Segment]:
        """Return how often a row ran; nothing as long as there is nothing to show."""
        coverage, row, canvas = self._coverage, spot.row, spot.canvas
        if coverage is None:
            return []
        is_insn = row.kind is RowKind.INSN
        count = coverage.within(row.slot, row.slot + 1 if is_insn else spot.shown.stop(spot.index))
        if not count:
            word, style = (_REMOVED, "not-there") if count is None else (_NEVER, "never-ran")
            return [Segment(f"{word:>{self._width}}   ", canvas.ink(f"listing-view--{style}"))]
        text = f"{_written(count):>{self._width}} "
        if not is_insn:
            return [Segment(f"{text}  ", canvas.ink("listing-view--line-ran"))]
        return [Segment(text, canvas.ink("listing-view--ran")), heat_bar(count, coverage.most, canvas)]

    @property
    def head(self) -> str:
        """What it counts."""
        return "" if self._coverage is None else f"{'runs':>{self._width}}   "

    def note(self, row: Row) -> str:
        """Say of a jump that it never went one way."""
        coverage = self._coverage
        return coverage.one_sided(row.slot) if coverage is not None and row.kind is RowKind.INSN else ""


def _written(count: int) -> str:
    return f"{count:,}" if count < _LARGE else amount(count)
