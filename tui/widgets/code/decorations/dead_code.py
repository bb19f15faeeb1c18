"""DeadRows: a listing in which what the verifier removed is struck out, with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual.strip import Strip

from .....core.listing.listing import RowKind
from ..listing_rows import ListingRows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .....core.listing.listing import Listing, Row

__all__ = ["DeadRows"]


class DeadRows(ListingRows):
    """The rows of a listing, of which some instructions may be dead."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"dead-rows--removed", "dead-rows--gutter"}
    """
    | Class | Description |
    | :- | :- |
    | `dead-rows--removed` | The text of an instruction that the verifier removed. |
    | `dead-rows--gutter` | Its slot, and why it was removed. |
    """

    DEFAULT_CSS = """
    DeadRows {
        & > .dead-rows--removed { color: $foreground 45%; text-style: dim strike; }
        & > .dead-rows--gutter { color: $foreground 45%; text-style: dim; }
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
        self._removed: Mapping[int, str] = {}

    def mark_removed(self, removed: Mapping[int, str]) -> None:
        """Strike out instructions.

        Args:
            removed: Their slots, each with what to say of it (`dead: verbose = false`).
        """
        if removed != self._removed:
            self._removed = removed
            self.forget_strips()
            self.refresh()

    def row_text(self, index: int) -> str:
        """Return a row as plain text, a dead one with its reason."""
        row = self.row(index)
        text = super().row_text(index)
        reason = self._removed.get(row.slot) if row.kind is RowKind.INSN else None
        if reason is None:
            return text
        return f"{text}, {reason}" if row.comment else f"{text}  ; {reason}"

    def _instruction(self, row: Row, gutter: int) -> Strip:
        reason = self._removed.get(row.slot)
        if reason is None:
            return super()._instruction(row, gutter)
        segments = self._arrows(row.slot, insn=True)
        pale = self.ink("dead-rows--gutter")
        segments.append(Segment(f"{row.slot:>{gutter}}    ", pale))
        margin = Segment.get_line_length(segments)
        segments.append(Segment(row.text, self.ink("dead-rows--removed")))
        comment = f"{reason}, {row.comment}" if row.comment else reason
        return Strip([*segments, self._comment(comment, Segment.get_line_length(segments) - margin, pale)])
