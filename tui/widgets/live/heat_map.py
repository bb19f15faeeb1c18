"""HeatMap: a number of all entries of a map over time: a row for each, time to the right, the amount as a shade."""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ....core.listing.amount import LEVELS
from ....core.live.histogram import quantile
from ...text.format import amount

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ....core.live.histogram import Span
    from ....core.live.series import Point

__all__ = ["HeatMap", "HeatRow"]

_SHADES: Final = " ·░▒▓█"
_ASCII_SHADES: Final = " .:*#@"
_STEPS: Final = len(_SHADES) - 1
"""Each shade is for ten times as much as the one before: what a histogram has differs by powers."""


@dataclass(frozen=True, slots=True)
class HeatRow:
    """An entry."""

    label: str
    runs: Sequence[Sequence[Point]]
    """(seconds, value) without gaps, oldest first."""
    longest: float
    """Seconds beyond a run for which it still tells something."""
    span: Span | None = None
    """The numbers that it counts, where rows are the slots of a histogram."""

    def value_at(self, time: float) -> float | None:
        """Return the value nearest to a moment; None where there is none."""
        for run in self.runs:
            if run[0][0] - self.longest <= time <= run[-1][0] + self.longest:
                at = bisect_left(run, (time,))
                near = run[max(0, at - 1) : at + 1]
                return min(near, key=lambda point: abs(point[0] - time))[1]
        return None


class HeatMap:
    """Shades of the rows, from the lowest on. Rows before the first and behind the last that ever had anything are
    left out.

    Args:
        rows: The entries in their order.
        times: The moment of each column.
        ascii: Whether to draw with ASCII alone.
    """

    def __init__(self, rows: Sequence[HeatRow], times: Sequence[float], *, ascii: bool) -> None:  # noqa: A002 - the word for it
        self._shades = _ASCII_SHADES if ascii else _SHADES
        values = [[row.value_at(time) or 0.0 for time in times] for row in rows]
        busy = [number for number, row in enumerate(values) if any(row)]
        first, stop = (busy[0], busy[-1] + 1) if busy else (0, 0)
        self.rows: Sequence[HeatRow] = rows[first:stop]
        """Those that are drawn."""
        self._values = values[first:stop]
        most = max((value for row in self._values for value in row), default=0.0)
        self._top = math.floor(math.log10(most)) if most > 0 else 0

    @property
    def steps(self) -> list[tuple[str, float]]:
        """Each shade, with the least that has it; the first has what is less, too."""
        return [(shade, 10.0 ** (self._top - _STEPS + number)) for number, shade in enumerate(self._shades[1:], 1)]

    def cells(self, row: int) -> list[tuple[str, int]]:
        """Return the shade of each column of a row, and its step of the ramp of colours; 0 for nothing."""
        return [self._cell(value) for value in self._values[row]]

    def _cell(self, value: float) -> tuple[str, int]:
        if value <= 0:
            return self._shades[0], 0
        step = max(1, min(_STEPS, math.floor(math.log10(value)) - self._top + _STEPS))
        return self._shades[step], 1 + round((step - 1) * (LEVELS - 1) / (_STEPS - 1))

    def quantiles(self, column: int) -> list[tuple[str, str]]:
        """Return where half, nine of ten and 99 of 100 are at a moment: `p50` and the number of a slot, or the row."""
        counts = [row[column] for row in self._values]
        if sum(counts) <= 0:
            return []
        shares = {"p50": 0.5, "p90": 0.9, "p99": 0.99}
        return [(name, self._place(quantile(counts, share))) for name, share in shares.items()]

    def _place(self, place: tuple[int, float]) -> str:
        row = self.rows[place[0]]
        if row.span is None:
            return row.label
        low, high, unit = row.span
        return amount(low + (high - low) * place[1], unit)
