"""A program's listing as lines of text: arrows of jumps, slots, instructions, comments, with the C above them."""

from __future__ import annotations

import functools
import itertools
from typing import TYPE_CHECKING, Final

from ...core.listing.listing import RowKind
from ...core.listing.text import InsnText
from .charset import is_writable
from .colors import Painted, joined, paint, paint_listing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ...core.asm.flow import Cell
    from ...core.listing.listing import Listing

__all__ = ["listing_lines"]

_ARROW_STYLES: Final = ("register", "keyword", "number", "dim")
"""Roles of code that jumps are drawn in, in turn: lines that lie side by side differ."""
_NOTHING: Final = joined()
_TAB: Final = 4
_MARGINS: Final = 4096
"""Pictures of the margin that are kept: most rows have one that others have too."""


def listing_lines(
    rows: Listing, *, color: bool, arrows: bool = True, ascii_only: bool | None = None, span: range | None = None
) -> Iterator[Painted]:
    """Yield the lines of a listing, without line ends.

    Args:
        rows: The listing.
        color: Whether they have escape sequences for colours.
        arrows: Whether jumps are drawn at the left, where there are any.
        ascii_only: Whether they are drawn in ASCII; None for: if stdout has no box characters.
        span: Only these rows.
    """
    if ascii_only is None:
        ascii_only = not is_writable("╭┼►")
    margin_width = 0
    if arrows:
        margin_width = max(
            (rows.margin(function.start, ascii_only=ascii_only).width for function in rows.functions if function.size),
            default=0,
        )
    width = max(rows.slot_width, 4)

    def styled(text: str, style: str) -> Painted:
        return paint(text, style) if color else joined(text)

    def margin(slot: int, *, insn: bool) -> Painted:
        if not margin_width:
            return _NOTHING
        found = rows.margin(slot, ascii_only=ascii_only)
        return drawn(found.insn(slot) if insn else found.above(slot))

    @functools.lru_cache(_MARGINS)
    def drawn(cells: tuple[Cell, ...]) -> Painted:
        arrows = _painted(cells) if color else "".join(cell.text for cell in cells)
        return joined(" " * (margin_width - len(cells)), arrows)

    for row in rows.walk() if span is None else rows.walk(span.start, span.stop):
        if isinstance(row, InsnText):
            slot, text, comment, reachable = row
            comment = styled(f" ; {comment}", "dim") if comment else ""
            text = paint_listing(text) if color and reachable else styled(text, "dim")
            yield joined(margin(slot, insn=True), styled(f"{slot:>{width}}:", "dim"), " ", text, comment)
        elif row.kind is RowKind.FUNCTION:
            yield styled(row.text, "bold underline")
        else:
            place = f"@ {row.file.rpartition('/')[2]}:{row.line}"
            line = styled(f"; {row.text.expandtabs(_TAB)}", "italic")
            yield joined(margin(row.slot, insn=False), line, " ", styled(place, "dim"))


def _painted(cells: Sequence[Cell]) -> Painted:
    parts: list[str] = []
    for jump, run in itertools.groupby(cells, lambda cell: cell.jump):
        text = "".join(cell.text for cell in run)
        parts.append(text if jump is None else paint(text, _ARROW_STYLES[jump % len(_ARROW_STYLES)]))
    return joined(*parts)
