"""A program's listing as lines of text: arrows of jumps, slots, instructions, comments, with the C above them."""

from __future__ import annotations

import functools
import itertools
from typing import TYPE_CHECKING, Final

from ...core.listing.listing import RowKind
from .charset import is_writable
from .colors import Painted, joined, paint, paint_listing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ...core.asm.flow import Cell
    from ...core.listing.listing import Listing, Row
    from ...core.listing.text import Stretch

__all__ = ["listing_lines"]

_ARROW_STYLES: Final = ("register", "keyword", "number", "dim")
"""Roles of code that jumps are drawn in, in turn: lines that lie side by side differ."""
_TAB: Final = 4
_MARGINS: Final = 4096
"""Pictures of the margin that are kept: most rows have one that others have too."""


def listing_lines(
    rows: Listing, *, color: bool, arrows: bool = True, ascii_only: bool | None = None, span: range | None = None
) -> Iterator[str]:
    """Yield the lines of a listing, without line ends: painted, or plain ones that are not made visible yet.

    Args:
        rows: The listing.
        color: Whether they have escape sequences for colours.
        arrows: Whether jumps are drawn at the left, where there are any.
        ascii_only: Whether they are drawn in ASCII; None for: if stdout has no box characters.
        span: Only these rows.
    """
    if ascii_only is None:
        ascii_only = not is_writable("╭┼►")
    lines = (_PaintedLines if color else _PlainLines)(rows, arrows=arrows, ascii_only=ascii_only)
    for headings, insns in rows.stretches() if span is None else rows.stretches(span.start, span.stop):
        below, done = lines.insns(insns), 0
        for row in headings:
            above = row.slot - insns.start
            yield from filter(None, below[done:above])
            yield lines.heading(row)
            done = above
        yield from filter(None, below[done:])


class _PlainLines:
    """What a listing's rows are as lines of text.

    Args:
        rows: The listing.
        arrows: Whether jumps are drawn at the left.
        ascii_only: Whether they are drawn in ASCII.
    """

    def __init__(self, rows: Listing, *, arrows: bool, ascii_only: bool) -> None:
        self._width = max(rows.slot_width, 4)
        starts = [function.start for function in rows.functions if function.size] if arrows else []
        self._margin = functools.partial(rows.margin, ascii_only=ascii_only)
        self._margin_width = max([self._margin(start).width for start in starts], default=0)

    def insns(self, insns: Stretch) -> list[str]:
        """Return the lines of instructions, by slot; '' for the second half of a 64-bit immediate."""
        start, texts, comments, _ = insns
        texts = texts.copy()
        for slot, comment in comments.items():
            if comment and texts[slot - start]:
                texts[slot - start] += f" ; {comment}"
        numbers = [f"{slot:>{self._width}}: " for slot in range(start, insns.stop)]
        if self._margin_width and texts:
            margin = self._margin(start)
            space = " " * (self._margin_width - margin.width)
            numbers = [
                f"{space}{row}{number}" for row, number in zip(margin.texts(start, insns.stop), numbers, strict=True)
            ]
        return [f"{number}{text}" if text else "" for number, text in zip(numbers, texts, strict=True)]

    def heading(self, row: Row) -> str:
        """Return the line of a function's header, or of a line of C."""
        if row.kind is RowKind.FUNCTION:
            return row.text
        if not self._margin_width:
            return f"{_source(row)} {_place(row)}"
        return f"{self._margin(row.slot).text_above(row.slot):>{self._margin_width}}{_source(row)} {_place(row)}"


class _PaintedLines(_PlainLines):
    """The same in colours."""

    def insns(self, insns: Stretch) -> list[str]:
        """Return the lines of instructions, by slot; '' for the second half of a 64-bit immediate."""
        found = [""] * len(insns.texts)
        for slot, text, comment, reachable in insns.insns():
            found[slot - insns.start] = joined(
                self._drawn(self._margin(slot).insn(slot)) if self._margin_width else "",
                paint(f"{slot:>{self._width}}:", "dim"),
                " ",
                paint_listing(text) if reachable else paint(text, "dim"),
                paint(f" ; {comment}", "dim") if comment else "",
            )
        return found

    def heading(self, row: Row) -> str:
        """Return the line of a function's header, or of a line of C."""
        if row.kind is RowKind.FUNCTION:
            return paint(row.text, "bold underline")
        margin = self._drawn(self._margin(row.slot).above(row.slot)) if self._margin_width else ""
        return joined(margin, paint(_source(row), "italic"), " ", paint(_place(row), "dim"))

    def _drawn(self, cells: tuple[Cell, ...]) -> Painted:
        return joined(" " * (self._margin_width - len(cells)), _painted(cells))


def _source(row: Row) -> str:
    return f"; {row.text.expandtabs(_TAB)}"


def _place(row: Row) -> str:
    return f"@ {row.file.rpartition('/')[2]}:{row.line}"


@functools.lru_cache(_MARGINS)
def _painted(cells: Sequence[Cell]) -> Painted:
    parts: list[str] = []
    for jump, run in itertools.groupby(cells, lambda cell: cell.jump):
        text = "".join(cell.text for cell in run)
        parts.append(text if jump is None else paint(text, _ARROW_STYLES[jump % len(_ARROW_STYLES)]))
    return joined(*parts)
