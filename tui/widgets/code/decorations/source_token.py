"""SourceToken: the token of C that the cursor's instruction comes from.

.BTF.ext has a column for each instruction, and the text of its line.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from textual.strip import Strip

from .....core.listing.listing import RowKind
from .decoration import Decoration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.segment import Segment

    from .....core.listing.listing import Listing
    from .....core.spec import LineInfo
    from ..folded_listing import FoldedListing
    from .decoration import Canvas

__all__ = ["MAX_WRAPPED", "SourceToken", "first_of_line"]

MAX_WRAPPED: Final = 4
"""Rows beside which a long line of C goes on."""

_TOKEN: Final = re.compile(r'[A-Za-z_]\w*|"(?:\\.|[^"\\])*"?|\d[\w.]*|->|<<=?|>>=?|&&|\|\||\+\+|--|[-+*/%&|^=!<>]=?|\S')
"""A token of C, as far as a column can point to one."""


class _Place(NamedTuple):
    """Where a token is drawn."""

    row: int
    """The row beside or in which its line of C begins."""
    start: int
    """Cells from the first one of the line, its indentation left out."""
    stop: int


class SourceToken(Decoration):
    """The token of C that the cursor's instruction comes from, underlined."""

    STYLES: ClassVar[Mapping[str, str]] = {"listing-view--token": "text-style: bold underline;"}

    def __init__(self) -> None:
        self._place: _Place | None = None
        self._rows = range(0)
        """The rows in sight that its line of C may take."""

    def follow(self, shown: FoldedListing, index: int, canvas: Canvas) -> bool:
        """Find the token of the cursor's instruction."""
        row = shown.row(index)
        place: _Place | None = None
        if row.kind is RowKind.INSN:
            place = _find_token(shown.listing, row.slot, beside=canvas.side_by_side)
        if place is not None:
            place = place._replace(row=shown.folds.index(place.row))
        rows = range(place.row, place.row + (MAX_WRAPPED if canvas.side_by_side else 1)) if place else range(0)
        before, self._place, self._rows = (self._place, self._rows), place, rows
        return (place, rows) != before

    def forget(self) -> None:
        """Underline nothing."""
        self._place, self._rows = None, range(0)

    def variant(self, index: int) -> object:
        """Return what is underlined in or beside a row."""
        return self._place if index in self._rows else None

    def over_source(self, index: int, line: list[Segment], canvas: Canvas) -> list[Segment]:
        """Underline the token."""
        place = self._place
        if place is None or place.row != index:
            return line
        strip = Strip(line)
        middle = strip.crop(place.start, place.stop).apply_style(canvas.ink("listing-view--token"))
        return [*strip.crop(0, place.start), *middle, *strip.crop(place.stop)]


def _find_token(listing: Listing, slot: int, *, beside: bool) -> _Place | None:
    """Return the token that an instruction comes from; None where there is no column, or no line in sight.

    Args:
        listing: The listing.
        slot: The instruction.
        beside: Whether the C stands beside its first instruction, and not in a row above it.
    """
    info = listing.source_at(slot)
    span = None if info is None else _span(info)
    if info is None or span is None:
        return None
    if beside:
        return _Place(first_of_line(listing, info), *span)
    number = bisect_right(listing.headings, listing.index_of_slot(slot)) - 1
    heading = listing.heading(listing.headings[number]) if number >= 0 else None
    if heading is None or (heading.kind, heading.line, heading.file) != (RowKind.SOURCE, info.line, info.file):
        return None
    return _Place(listing.headings[number], *span)


def first_of_line(listing: Listing, info: LineInfo) -> int:
    """Return the row of the first instruction of a line of C, up to one of another line."""
    slot = info.slot
    while slot > 0:
        before = listing.source_at(slot - 1)
        if before is None or (before.line, before.file) != (info.line, info.file):
            break
        slot = before.slot
    return listing.index_of_slot(slot)


def _span(info: LineInfo) -> tuple[int, int] | None:
    """Return the cells of the token at a line info's column, within the line as it is shown."""
    source = info.source.rstrip()
    start, indent = info.column - 1, len(source) - len(source.lstrip())
    match = _TOKEN.match(source, start) if indent <= start < len(source) else None
    if match is None:
        return None
    before = len(source[indent:start].expandtabs(4))
    return before, before + len(match.group().expandtabs(4))
