"""Legend: the lines above a chart that name its series, and what they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from ...text.colors import tabbed
from ...text.fit import fitted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Legend", "LegendRow"]

_LEAST_NAME: Final = 8
"""Cells of a name that is cut."""
_SIGN: Final = 3
"""Cells before a name: the mark of the chosen series, its shape, and one between."""


@dataclass(frozen=True, slots=True)
class LegendRow:
    """A series."""

    sign: str
    """Its shape."""
    name: str
    numbers: Mapping[str, str]
    """What it is, by what that is called; the most useful first."""
    ink: Style
    """Its colour."""
    is_selected: bool = False

    @property
    def text(self) -> str:
        """The row with a tab between its parts: what a spreadsheet takes."""
        return tabbed(self.name, *(part for each in self.numbers.items() for part in each))


class Legend:
    """Series with their numbers: one a line in columns, and where that is too many lines, as many to a line as fit.

    Args:
        rows: The series.
        ink: The colour of numbers.
        ascii: Whether to draw with ASCII alone.
    """

    def __init__(self, rows: Sequence[LegendRow], ink: Style, *, ascii: bool) -> None:  # noqa: A002 - the word for it
        self.rows = rows
        self._ink = ink
        self._chosen = ">" if ascii else "▌"

    def lines(self, width: int, most: int) -> list[list[Segment]]:
        """Return the legend in lines of *width* cells, if possible in no more than *most* of them."""
        if len(self.rows) <= most:
            return self._in_columns(width)
        names = [name for row in self.rows[:1] for name in row.numbers]
        packed = [self._packed(names[:kept], width) for kept in range(min(2, len(names)), -1, -1)]
        return next((lines for lines in packed if len(lines) <= most), packed[-1][: max(1, most)])

    def _in_columns(self, width: int) -> list[list[Segment]]:
        """Return a line for each series; numbers that have no room are left out in all of them."""
        names = [name for row in self.rows[:1] for name in row.numbers]
        rooms = {name: max(len(row.numbers[name]) for row in self.rows) for name in names}
        label = max(cell_len(row.name) for row in self.rows)
        while names and _SIGN + label + sum(3 + len(name) + rooms[name] for name in names) > width and len(names) > 1:
            del names[-1]
        label = min(label, max(_LEAST_NAME, width - _SIGN - sum(3 + len(name) + rooms[name] for name in names)))
        return [
            [
                Segment(f"{self._mark(row)}{row.sign} {fitted(row.name, label)}", row.ink + _meta(number)),
                Segment("".join(f"  {name} {row.numbers[name]:>{rooms[name]}}" for name in names), self._ink),
            ]
            for number, row in enumerate(self.rows)
        ]

    def _packed(self, names: Sequence[str], width: int) -> list[list[Segment]]:
        """Return as many series to a line as fit."""
        lines: list[list[Segment]] = [[]]
        used = 0
        for number, row in enumerate(self.rows):
            numbers = "".join(f"{name} {row.numbers[name]}  " for name in names)
            room = max(_LEAST_NAME, width - _SIGN - 2 - cell_len(numbers))
            name = fitted(row.name, min(cell_len(row.name), room))
            item = [
                Segment(f"{self._mark(row)}{row.sign} {name}  ", row.ink + _meta(number)),
                Segment(numbers, self._ink),
            ]
            cells = Segment.get_line_length(item)
            if lines[-1] and used + cells - 2 > width:  # nothing is behind the last one
                lines.append([])
                used = 0
            lines[-1] += item
            used += cells
        return lines

    def _mark(self, row: LegendRow) -> str:
        return self._chosen if row.is_selected else " "


def _meta(number: int) -> Style:
    """Return what tells a click which series a name is of."""
    return Style(meta={"series": number})
