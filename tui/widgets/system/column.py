"""Columns of what the machine runs: how a cell is got, written and ordered, and which have room in a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, TypeVar

from ...text.fit import width_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ....core.btf.units import Unit
    from ....core.system.history import Seen
    from ...targets import Thing

__all__ = ["Cell", "Column", "Places", "place_columns", "wanted_widths"]

_Row = TypeVar("_Row", contravariant=True)

GAP: Final = 2
"""Cells before a number; before a text there is one. The last one is for the mark of what moved."""


class Cell(NamedTuple):
    """What stands in a column of a row."""

    text: str
    role: str = ""
    """`link`, `muted`, `warning`; empty for plain text."""
    moved: bool = False
    """Whether it moved since the look before."""
    thing: Thing | None = None
    """What it names, where that is a place to go to."""
    short: str = ""
    """What stands there where the text has no room; empty where it is cut."""


@dataclass(frozen=True, slots=True)
class Column(Generic[_Row]):
    """One column of a table of rows of some type."""

    title: str
    cell: Callable[[Seen, _Row], Cell]
    order: Callable[[Seen, _Row], Any]
    """What rows are ordered by: None, which is unknown, comes last."""
    is_number: bool = False
    """Whether it is aligned on the right, never cut, and ordered with the largest first."""
    least: int = 4
    """Cells that it has at least."""
    fair: int = 0
    """Cells that a text has at least as long as columns are there that matter less."""
    most: int = 24
    """Cells that a text has at most; a number has what it needs."""
    drop: int = 0
    """When it is left out where there is no room for all: the highest first; 0 never. See `place_columns`."""
    is_found: bool = True
    """Whether it is looked at where rows are narrowed: texts are, and ids."""
    drawn: Unit | None = None
    """What its numbers are of, which are those that rows are ordered by, where they can be drawn over time."""
    is_rate: bool = False
    """Whether they are per second."""
    keeps_end: bool = False
    """Whether a text that has no room keeps its end, as a path does, which says most there."""
    text: Callable[[Seen, _Row], str] | None = None
    """What rows are narrowed by, where that is quicker to be had than the text of the cell, and the same."""

    @property
    def gap(self) -> int:
        """Cells before it, but for the first one in a line."""
        return GAP if self.is_number else 1


class Places(NamedTuple):
    """The columns that have room, from left to right."""

    shown: tuple[tuple[int, int], ...]
    """Their numbers, and their widths."""
    left_out: int
    """How many have none."""


_OPTIONAL: Final = 6
_USEFUL: Final = 3


def place_columns(columns: Sequence[Column[Any]], wanted: Sequence[int], width: int, chosen: int) -> Places:
    """Return which columns have room in *width* cells: others are left out whole, never the *chosen* one.

    Columns whose `drop` is 6 or more are left out before any text is cut, those from 3 on before one has less than is
    `fair`, the others before one has less than its `least`.

    Args:
        columns: All of them.
        wanted: The width of each that would cut nothing.
        width: Cells that there are.
        chosen: The number of the column that the user is at.
    """

    def least(number: int, drop: int = 0) -> int:
        """Return the cells that a column takes at least, as long as one with that *drop* is still there."""
        column = columns[number]
        if column.is_number or drop >= _OPTIONAL:
            return column.gap + wanted[number]
        return column.gap + min(max(column.least, column.fair if drop >= _USEFUL else 0), wanted[number])

    shown = list(range(len(columns)))
    for number in sorted(shown, key=lambda number: -columns[number].drop):
        drop = columns[number].drop
        if not drop:
            break
        if number != chosen and sum(least(each, drop) for each in shown) > width:
            shown.remove(number)
    widths = {number: least(number) - columns[number].gap for number in shown}
    spare = width - sum(map(least, shown))
    # What is left goes to texts that are cut, the first ones first.
    for number in shown:
        if spare <= 0:
            break
        more = min(spare, max(wanted[number] - widths[number], 0))
        widths[number] += more
        spare -= more
    return Places(tuple((number, widths[number]) for number in shown), len(columns) - len(shown))


_MEASURED: Final = 100
"""Rows that are measured from the first one on, and as many of all the others."""


def wanted_widths(
    columns: Sequence[Column[Any]],
    seen: Seen,
    rows: Sequence[Any],
    before: Mapping[str, int],
) -> dict[str, int]:
    """Return what cells each column wants, by title: no less than *before*, so that nothing shifts in place."""
    step = max(1, len(rows) // _MEASURED)
    some = (*rows[:_MEASURED], *rows[_MEASURED::step])
    found: dict[str, int] = {}
    for column in columns:
        title = width_of(column.title) + 1
        least = max(title, column.least) if column.is_number else min(title, column.most)
        found[column.title] = max(least, before.get(column.title, 0))
    return widened(columns, ([column.cell(seen, row) for column in columns] for row in some), found)


def widened(
    columns: Sequence[Column[Any]], rows: Iterable[Sequence[Cell]], before: Mapping[str, int]
) -> dict[str, int]:
    """Return what cells each column wants, by title: no less than *before*, and as many as the cells of *rows* want."""
    found = dict(before)
    for cells in rows:
        for column, cell in zip(columns, cells, strict=True):
            width = width_of(cell.text)
            if width > found[column.title]:
                found[column.title] = width if column.is_number else max(min(width, column.most), found[column.title])
    return found
