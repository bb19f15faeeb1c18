"""JumpTarget: the row that the cursor's instruction goes to."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from .decoration import Decoration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..folded_listing import FoldedListing
    from .decoration import Canvas

__all__ = ["JumpTarget"]


class JumpTarget(Decoration):
    """A mark at the row that the cursor's instruction jumps to, calls, or takes the address of."""

    STYLES: ClassVar[Mapping[str, str]] = {"listing-view--target": "background: $cursor-row-blurred;"}

    def __init__(self) -> None:
        self._index: int | None = None

    def follow(self, shown: FoldedListing, index: int, canvas: Canvas) -> bool:
        """Mark where the cursor's instruction goes, or what that is folded below."""
        row = shown.row(index)
        before, self._index = self._index, None if row.target is None else shown.index_of_slot(row.target)
        return self._index != before

    def forget(self) -> None:
        """Mark nothing."""
        self._index = None

    def mark(self, index: int) -> tuple[str, str] | None:
        """Mark the line from edge to edge."""
        return ("▸", "listing-view--target") if index == self._index else None
