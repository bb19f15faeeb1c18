"""The token of C that an instruction comes from: .BTF.ext has a column for each, and the text of its line."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Final, NamedTuple

from .....core.listing.listing import RowKind

if TYPE_CHECKING:
    from .....core.listing.listing import Listing
    from .....core.spec import LineInfo

__all__ = ["TokenPlace", "find_token", "first_of_line"]

_TOKEN: Final = re.compile(r'[A-Za-z_]\w*|"(?:\\.|[^"\\])*"?|\d[\w.]*|->|<<=?|>>=?|&&|\|\||\+\+|--|[-+*/%&|^=!<>]=?|\S')
"""A token of C, as far as a column can point to one."""


class TokenPlace(NamedTuple):
    """Where a token is drawn."""

    row: int
    """The row of the listing beside or in which its line of C stands."""
    start: int
    """Cells from the first one of the line, its indentation left out."""
    stop: int


def find_token(listing: Listing, slot: int, *, beside: bool) -> TokenPlace | None:
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
        return TokenPlace(first_of_line(listing, info), *span)
    number = bisect_right(listing.headings, listing.index_of_slot(slot)) - 1
    heading = listing.heading(listing.headings[number]) if number >= 0 else None
    if heading is None or (heading.kind, heading.line, heading.file) != (RowKind.SOURCE, info.line, info.file):
        return None
    return TokenPlace(listing.headings[number], *span)


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
