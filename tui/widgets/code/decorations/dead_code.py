"""DeadCode: what the verifier removed, struck out, with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from .....core.listing.listing import RowKind
from .decoration import Decoration, RowStyle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .....core.listing.listing import Row

__all__ = ["DeadCode"]

_REMOVED: Final = RowStyle("listing-view--removed", "listing-view--removed-beside", is_gone=True)


class DeadCode(Decoration):
    """Instructions that are struck out; each says why."""

    STYLES: ClassVar[Mapping[str, str]] = {
        _REMOVED.text: "color: $text-muted; text-style: strike;",
        _REMOVED.beside: "color: $text-muted;",
    }

    def __init__(self) -> None:
        self._removed: Mapping[int, str] = {}

    def show(self, removed: Mapping[int, str]) -> bool:
        """Strike out instructions; return whether these are others than before.

        Args:
            removed: Their slots, each with what to say of it (`dead: verbose = false`).
        """
        is_new = removed != self._removed
        self._removed = removed
        return is_new

    def row_style(self, row: Row) -> RowStyle | None:
        """Strike an instruction out."""
        return _REMOVED if row.kind is RowKind.INSN and row.slot in self._removed else None

    def note(self, row: Row) -> str:
        """Return why an instruction was removed."""
        return self._removed.get(row.slot, "") if row.kind is RowKind.INSN else ""
