"""Watched: numbers of a table that are drawn over time, for as long as somebody looks."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ....core.live.drawn import ChartSeries

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from ....core.system.history import Seen
    from .column import Column

__all__ = ["MOST_WATCHED", "Watched"]

MOST_WATCHED: Final = 6
"""Numbers in the chart: as many as it has colours and shapes."""
_POINTS: Final = 4096
"""Looks that are remembered of each."""


class _Number(NamedTuple):
    """A number of a table: which row, and which column."""

    key: Hashable
    column: int


@dataclass(slots=True)
class _Line:
    slot: int
    label: str
    points: deque[tuple[float, float]] = field(default_factory=lambda: deque[tuple[float, float]](maxlen=_POINTS))


class Watched:
    """What is drawn, and the values that were seen of it.

    Args:
        columns: Those of the table.
    """

    def __init__(self, columns: Sequence[Column[Any]]) -> None:
        self._columns = columns
        self._lines: dict[_Number, _Line] = {}
        self.now = 0.0
        """The time of the last look."""

    def __bool__(self) -> bool:
        return bool(self._lines)

    def toggle(self, keys: Mapping[Hashable, str], column: int) -> bool:
        """Watch a column's numbers of these rows; no more, where all of them are watched. Return whether there is room.

        Args:
            keys: What each row is called, by its key.
            column: The number of the column.
        """
        numbers = {_Number(key, column): name for key, name in keys.items()}
        if numbers.keys() <= self._lines.keys():
            for each in numbers:
                del self._lines[each]
            return True
        free = [slot for slot in range(MOST_WATCHED) if slot not in {line.slot for line in self._lines.values()}]
        new = [each for each in numbers if each not in self._lines]
        if len(new) > len(free):
            return False
        for each, slot in zip(new, free, strict=False):
            self._lines[each] = _Line(slot, f"{numbers[each]} {self._columns[column].title}")
        return True

    def add(self, seen: Seen, rows: Mapping[Hashable, Any]) -> None:
        """Add what was seen; where there was nothing to be seen, there is a gap."""
        now = seen.look.time
        if now < self.now:  # somebody began to look anew
            for line in self._lines.values():
                line.points.clear()
        self.now = now
        for each, line in self._lines.items():
            if line.points and line.points[-1][0] == now:
                continue
            row = rows.get(each.key)
            value = None if row is None else self._columns[each.column].order(seen, row)
            line.points.append((now, math.nan if value is None else float(value)))

    def slot_of(self, key: Hashable) -> int | None:
        """Return which of the colours and shapes is a row's first one; None where nothing of it is watched."""
        return min((line.slot for each, line in self._lines.items() if each.key == key), default=None)

    def series(self) -> list[ChartSeries]:
        """Return the lines of the chart."""
        found: list[ChartSeries] = []
        for each, line in self._lines.items():
            column = self._columns[each.column]
            assert column.drawn is not None
            found.append(ChartSeries(line.label, list(line.points), line.slot, column.drawn, column.is_rate))
        return found
