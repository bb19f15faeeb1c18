"""ChangedColumn: a column that tells what of the code is not as it was in the version before."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment

from .....core.diff import Change, Kind
from .....core.listing.listing import RowKind
from ....text.signs import change_sign
from .decoration import Decoration

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .....core.diff import ProgramMarks
    from .....core.listing.listing import Row
    from .decoration import Spot

__all__ = ["ChangedColumn"]


class ChangedColumn(Decoration):
    """`+` for what is new, `±` for what was another, `≈` for the same in other registers, `−` where something is gone.

    Each instruction says what it was; of a line of C and a function the sign counts for what is below, too.
    """

    STYLES: ClassVar[Mapping[str, str]] = {
        "listing-view--added": "color: $text-success; text-style: bold;",
        "listing-view--changed": "color: $changed; text-style: bold;",
        "listing-view--renamed": "color: $text-muted;",
        "listing-view--removed-before": "color: $text-error; text-style: bold;",
        "listing-view--changed-below": "color: $text-muted;",
    }

    def __init__(self) -> None:
        self._marks: ProgramMarks | None = None
        self._slots: Sequence[int] = ()
        """Those that have a mark, ascending."""

    def show(self, marks: ProgramMarks | None) -> bool:
        """Show what is new in the program, None for nothing; return whether that is another answer."""
        if marks is self._marks:
            return False
        self._marks = marks
        self._slots = () if marks is None else sorted({*marks.insns, *marks.lines, *marks.gone})
        return True

    def column(self, spot: Spot) -> list[Segment]:
        """Return the sign of a row; nothing as long as nothing is marked."""
        if self._marks is None:
            return []
        kind, is_below = self._kind(self._marks, spot)
        if kind is None:
            return [Segment("  ")]
        sign = change_sign(kind, ascii_only=spot.canvas.ascii_only)
        style = "changed-below" if is_below else "removed-before" if kind is Kind.REMOVED else kind.value
        return [Segment(f"{sign} ", spot.canvas.ink(f"listing-view--{style}"))]

    def _kind(self, marks: ProgramMarks, spot: Spot) -> tuple[Kind | None, bool]:
        """Return what has become of a row, and whether that is of what is below it."""
        row = spot.row
        if row.kind is RowKind.INSN:
            mark = marks.insns.get(row.slot)
            return (Kind.REMOVED if row.slot in marks.gone else None) if mark is None else mark.kind, False
        if row.kind is RowKind.FUNCTION:
            change = marks.functions.get(row.slot)
            if change is not None:
                return Kind.ADDED if change is Change.ADDED else Kind.CHANGED, change is not Change.ADDED
        elif (line := marks.lines.get(row.slot)) is not None:
            return line.kind, False
        at = bisect_left(self._slots, row.slot)
        return (Kind.CHANGED if at < len(self._slots) and self._slots[at] < spot.shown.stop(spot.index) else None), True

    def note(self, row: Row) -> str:
        """Return what an instruction was, and what stood before it and is gone."""
        marks = self._marks
        if marks is None or row.kind is not RowKind.INSN:
            return ""
        mark, gone = marks.insns.get(row.slot), marks.gone.get(row.slot, ())
        was = f"was {mark.was}" if mark is not None and mark.was else ""
        lost = "" if not gone else f"gone: {gone[0]}" if len(gone) == 1 else f"gone: {len(gone)}, {gone[0]} …"
        return ", ".join(filter(None, (was, lost)))
