"""A program's listing as lines of text: arrows of jumps, slots, instructions, comments, with the C above them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

from ...core.spec.listing import RowKind
from .colors import paint, paint_listing, visible
from .common import is_writable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ...core.asm.flow import Cell
    from ...core.spec.listing import Listing, Row

__all__ = ["listing_lines"]

_ARROW_STYLES: Final = ("cyan", "yellow", "magenta", "green", "blue", "red")
"""Colours of jumps, in turn: lines that lie side by side differ."""


def listing_lines(
    rows: Listing, *, color: bool, arrows: bool = True, ascii_only: bool | None = None, span: range | None = None
) -> Iterator[str]:
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

    def styled(text: str, style: str) -> str:
        return paint(text, style) if color else text

    def margin(row: Row) -> str:
        if not margin_width:
            return ""
        found = rows.margin(row.slot, ascii_only=ascii_only)
        cells = found.insn(row.slot) if row.kind is RowKind.INSN else found.above(row.slot)
        return " " * (margin_width - len(cells)) + (_painted(cells) if color else "".join(cell.text for cell in cells))

    for index in range(len(rows)) if span is None else span:
        row = rows.row(index)
        said = visible(row.text)
        match row.kind:
            case RowKind.FUNCTION:
                yield styled(said, "bold underline")
            case RowKind.SOURCE:
                place = f"@ {visible(row.file.rpartition('/')[2])}:{row.line}"
                yield f"{margin(row)}{styled(f'; {said}', 'italic')} {styled(place, 'dim')}"
            case RowKind.INSN:
                slot = styled(f"{row.slot:>{width}}:", "dim")
                comment = styled(f" ; {visible(row.comment)}", "dim") if row.comment else ""
                text = paint_listing(said) if color and row.reachable else styled(said, "dim")
                yield f"{margin(row)}{slot} {text}{comment}"


def _painted(cells: Sequence[Cell]) -> str:
    parts: list[str] = []
    for jump, run in itertools.groupby(cells, lambda cell: cell.jump):
        text = "".join(cell.text for cell in run)
        parts.append(text if jump is None else paint(text, _ARROW_STYLES[jump % len(_ARROW_STYLES)]))
    return "".join(parts)
