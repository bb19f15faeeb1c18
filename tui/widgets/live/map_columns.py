"""MapColumns: the columns of a map's entries, and how keys and numbers are written in them."""

from __future__ import annotations

import enum
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from ...text.fit import width_of
from ...text.format import grouped, rate

if TYPE_CHECKING:
    from ....core.live.table import MapRow, MapTable

__all__ = ["CHART_MARK", "Column", "MapColumns", "ValueFormat"]

CHART_MARK: Final = "▂▆"
"""What stands before the title of the counter that a graph would show."""

SUM_MARK: Final = "sum "
"""What stands before the title of a counter that is a sum over the CPUs."""
BY_CPU: Final = -2

_MANY_COUNTERS = 6
"""A map with more counters than this shows its values as text, and one counter at a time."""
_RATE_WIDTH = 8
"""Cells of the longest rate: `999,999`, `-1.25 M`."""
_LONGEST_KEY = 40
_LONGEST_VALUE = 60
"""Cells."""


class ValueFormat(enum.StrEnum):
    """How keys and integers are written."""

    TYPED = "typed"
    """Keys by their C type, integers with thousands separators."""
    HEX = "hex"
    DECIMAL = "decimal"
    """Keys of up to 8 bytes as one integer, integers as plain digits."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column behind the key."""

    title: str
    width: int
    """In cells."""
    counter: int
    """The index of its counter; -1 for the value as text, -2 for what of it is shown by CPU."""
    is_rate: bool = False

    def differs(self, before: MapRow, row: MapRow) -> bool:
        """Whether the value is another one than before."""
        if self.counter < 0:
            return text_of(self, before) != text_of(self, row)
        return before.values[self.counter] != row.values[self.counter]


def text_of(column: Column, row: MapRow) -> str:
    """Return what stands in a column that is no counter's."""
    return row.rest_text if column.counter == BY_CPU else row.value_text


class MapColumns:
    """The columns of a table: measured from the largest numbers, without writing every row.

    Args:
        table: The entries; None for none.
        form: How keys and integers are written.
        chosen: The index of the counter that stands alone where there are too many for a column each.
    """

    def __init__(self, table: MapTable | None, form: ValueFormat, chosen: int) -> None:
        self._form = form
        self.key_width = 0
        """In cells."""
        self.columns: list[Column] = []
        if table is None:
            return
        rows, counters = table.rows, table.counters
        self.key_width = max(len("key"), min(max((width_of(self.key(row)) for row in rows), default=0), _LONGEST_KEY))
        many = len(counters) > _MANY_COUNTERS
        shown = range(chosen, chosen + 1) if many else range(len(counters))
        if many or not counters:
            texts = max((width_of(row.value_text) for row in rows), default=0)
            self.columns.append(Column("value", max(len("value"), min(texts, _LONGEST_VALUE)), -1))
        for index in shown:
            title = counters[index].label if counters[index].path else "value"
            if table.is_summed:
                title = f"{SUM_MARK}{title}"
            extremes = (max, min) if counters[index].signed else (max,)
            numbers = [self._number(pick(row.values[index] for row in rows)) for pick in extremes] if rows else []
            rates = f"{title}/s" if len(shown) > 1 else "rate/s"
            self.columns += [
                Column(title, max(max(map(len, numbers), default=0), cell_len(title) + len(CHART_MARK)), index),
                Column(rates, max(_RATE_WIDTH, cell_len(title) + 2), index, is_rate=True),
            ]
        rests = max((width_of(row.rest_text) for row in rows), default=0)
        if rests and self.columns[0].counter >= 0:
            self.columns.append(Column("by CPU", max(len("by CPU"), min(rests, _LONGEST_VALUE)), BY_CPU))

    def cell(self, column: Column, row: MapRow) -> str:
        """Return what stands in a column of a row."""
        if column.counter < 0:
            return text_of(column, row)
        if column.is_rate:
            value = row.rates[column.counter]
            return "–" if value is None else rate(value)
        return self._number(row.values[column.counter])

    def key(self, row: MapRow) -> str:
        """Return a row's key."""
        match self._form:
            case ValueFormat.HEX:
                return row.key.hex(" ")
            case ValueFormat.DECIMAL if len(row.key) <= 8:
                return str(int.from_bytes(row.key, sys.byteorder))
            case _:
                return row.key_text

    def _number(self, value: int) -> str:
        match self._form:
            case ValueFormat.HEX:
                return f"{value:#x}"
            case ValueFormat.DECIMAL:
                return str(value)
            case _:
                return grouped(value)
