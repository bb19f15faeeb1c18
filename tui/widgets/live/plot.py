"""The arithmetic of a chart: a grid of dots that becomes braille or ASCII, and round numbers for its axis."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["AREA", "CURSOR", "MARK", "Axis", "Canvas", "linear_axis", "log_axis", "nice_ticks"]

AREA = -1
"""The owner of cells that hold nothing but the area under a line."""
MARK, CURSOR = -2, -3
"""The owners of vertical lines: of what was done at a moment, and of the moment that is read."""

_BRAILLE = 0x2800
# Bits of a braille cell's two columns, from the lowest dot up (Unicode, chapter 21.1).
_LEFT_DOTS = (0x40, 0x04, 0x02, 0x01)
_RIGHT_DOTS = (0x80, 0x20, 0x10, 0x08)


def _masks(dots: Sequence[int]) -> list[list[int]]:
    """Return the bits of the dots from `low` up to `high`, as `masks[low][high]`."""
    return [[sum(dots[low : high + 1]) for high in range(4)] for low in range(4)]


_LEFT_MASKS, _RIGHT_MASKS = _masks(_LEFT_DOTS), _masks(_RIGHT_DOTS)
_MARK_EVERY = 32
"""Dots between the markers along a line."""


def nice_ticks(peak: float, count: int, scale: float = 1.0) -> tuple[float, list[float]]:
    """Return an axis' top and about *count* ticks from 0: multiples of 1, 2, 2.5 or 5 times a power of ten.

    Args:
        peak: What has to be below the top.
        count: How many ticks.
        scale: Of what they are multiples: 1024 ** n for a number of bytes.
    """
    if not peak > 0:
        return 1.0, [0.0, 1.0]
    if scale != 1.0:
        top, ticks = nice_ticks(peak / scale, count)
        return top * scale, [tick * scale for tick in ticks]
    rough = peak / max(1, count)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * (1 - 1e-9))
    steps = max(1, math.ceil(peak / step - 1e-9))
    return step * steps, [step * index for index in range(steps + 1)]


@dataclass(frozen=True, slots=True)
class Axis:
    """How values become heights."""

    low: float
    """The value at the bottom; on a logarithmic one also where what is below it is drawn, zero too."""
    top: float
    ticks: list[float]
    is_log: bool = False

    def share(self, value: float) -> float:
        """Return how high a value is: 0 at the bottom, 1 at the top."""
        if not self.is_log:
            return (value - self.low) / (self.top - self.low)
        return math.log(max(value, self.low) / self.low) / math.log(self.top / self.low)


def linear_axis(peak: float, count: int, scale: float = 1.0) -> Axis:
    """Return an axis from zero; what is given is that of `nice_ticks`."""
    top, ticks = nice_ticks(peak, count, scale)
    return Axis(0.0, top, ticks)


def log_axis(least: float, peak: float, base: int = 10, *, zero: bool = False) -> Axis:
    """Return an axis on which each tick is so many times the one below; zero, which has no place on it, is the lowest.

    Args:
        least: The least value above zero; what is a million times smaller than the peak is at the bottom.
        peak: What has to be below the top.
        base: So many times.
        zero: Whether there are zeros: a tick below all others is theirs.
    """
    if not peak > 0:
        return _log_axis([1.0, float(base)], base, zero=zero)
    high = math.ceil(math.log(peak, base) - 1e-9)
    steps = round(6 / math.log10(base))
    low = max(high - max(1, steps), min(high - 1, math.floor(math.log(least, base) + 1e-9)))
    return _log_axis([float(base) ** power for power in range(low, high + 1)], base, zero=zero)


def _log_axis(ticks: list[float], base: int, *, zero: bool) -> Axis:
    if zero:
        return Axis(ticks[0] / base, ticks[-1], [0.0, *ticks], is_log=True)
    return Axis(ticks[0], ticks[-1], ticks, is_log=True)


class Canvas:
    """A grid of cells, each of 2 × 4 dots in braille, 1 × 1 in ASCII. Dots count from the lower left corner.

    Args:
        columns: Width in cells.
        rows: Height in cells.
        ascii: Whether to draw with ASCII alone.
    """

    def __init__(self, columns: int, rows: int, *, ascii: bool = False) -> None:  # noqa: A002 - the word for it
        self.columns = columns
        self.rows = rows
        self.ascii = ascii
        self.dots_wide = columns if ascii else columns * 2
        self.dots_high = rows if ascii else rows * 4
        self._bits = [bytearray(columns) for _ in range(rows)]
        self._owners: list[list[int | None]] = [[None] * columns for _ in range(rows)]
        self._marks: list[dict[int, str]] = [{} for _ in range(rows)]

    def line(
        self, dots: Sequence[tuple[float, float]], owner: int, *, filled: bool, marker: str, thickness: int = 1
    ) -> None:
        """Draw a line through *dots*, which are sorted by x and may lie outside the canvas.

        Args:
            dots: (x, y) in dots.
            owner: Whose line it is, from 0; comes back from `row`.
            filled: Whether the area under the line is filled.
            marker: A character along the line and at its end; empty for none.
            thickness: How many dots a line is high.
        """
        previous: int | None = None
        for x, y in _levels(dots, self.dots_wide).items():
            level = max(0, min(self.dots_high - 1, round(y)))
            low, high = (level, level) if previous is None else _joined(previous, level)
            self._column(x, low, min(self.dots_high - 1, high + thickness - 1), owner)
            if filled:
                self._fill(x, low)
            if marker and (self.ascii or x % _MARK_EVERY == owner * 10 % _MARK_EVERY):
                self._mark(x, level, marker, owner)
            previous = level
        if marker and previous is not None:
            self._mark(max(0, min(self.dots_wide - 1, round(dots[-1][0]))), previous, marker, owner)

    def band(self, spans: Iterable[tuple[float, float, float]]) -> None:
        """Give cells that nobody has to the area, between heights.

        Args:
            spans: (x, low, high) in dots; those in one column of cells are one, from the lowest to the highest.
        """
        columns: dict[int, tuple[float, float]] = {}
        for x, low, high in spans:
            column = round(x) if self.ascii else round(x) // 2
            known = columns.get(column, (low, high))
            columns[column] = min(low, known[0]), max(high, known[1])
        cell = 1 if self.ascii else 4
        for column, (low, high) in columns.items():
            if not 0 <= column < self.columns:
                continue
            bottom, top = (max(0, min(self.rows - 1, round(y) // cell)) for y in (low, high))
            for row in range(self.rows - 1 - top, self.rows - bottom):
                if self._owners[row][column] is None:
                    self._owners[row][column] = AREA
                    self._bits[row][column] = 0xFF

    def rule(self, column: int, character: str, owner: int) -> None:
        """Draw a vertical line in a column, behind all that is there."""
        for row, owners in enumerate(self._owners):
            if owners[column] is None or owners[column] == AREA:
                owners[column] = owner
                self._marks[row][column] = character

    def row(self, row: int, grid: str) -> Iterator[tuple[str, int | None]]:
        """Yield a row as runs of (text, owner). None owns the background, which is drawn with *grid*."""
        bits, marks = self._bits[row], self._marks[row]
        column = 0
        for owner, cells in groupby(self._owners[row]):
            stop = column + sum(1 for _ in cells)
            if owner is None:
                yield grid * (stop - column), None
            else:
                yield "".join(marks.get(at) or self._character(bits[at], owner) for at in range(column, stop)), owner
            column = stop

    def _character(self, bits: int, owner: int) -> str:
        if not self.ascii:
            return chr(_BRAILLE + bits)
        return ":" if owner == AREA else "*"

    def _mark(self, x: int, y: int, marker: str, owner: int) -> None:
        column, row = (x, self.rows - 1 - y) if self.ascii else (x // 2, self.rows - 1 - y // 4)
        self._marks[row][column] = marker
        self._owners[row][column] = owner

    def _column(self, x: int, low: int, high: int, owner: int) -> None:
        """Set the dots of one column from *low* to *high*."""
        if self.ascii:
            for y in range(low, high + 1):
                self._own(x, self.rows - 1 - y, 1, owner)
            return
        column, masks = x // 2, _RIGHT_MASKS if x % 2 else _LEFT_MASKS
        bottom, top = low // 4, high // 4
        for step in range(bottom, top + 1):
            bits = masks[low % 4 if step == bottom else 0][high % 4 if step == top else 3]
            self._own(column, self.rows - 1 - step, bits, owner)

    def _own(self, column: int, row: int, bits: int, owner: int) -> None:
        """Add dots to a cell. The last line takes it, with its colour and without another's marker.

        A cell of the area is taken whole, so that the line's edge stays sharp.
        """
        before = self._owners[row][column]
        if before != owner:
            self._marks[row].pop(column, None)
            self._owners[row][column] = owner
        self._bits[row][column] = bits if before == AREA else self._bits[row][column] | bits

    def _fill(self, x: int, y: int) -> None:
        """Give the cells below a dot to the area, down to the first that is given."""
        column, row = (x, self.rows - y) if self.ascii else (x // 2, self.rows - y // 4)
        while row < self.rows and self._owners[row][column] is None:
            self._owners[row][column] = AREA
            self._bits[row][column] = 0xFF
            row += 1


def _levels(dots: Sequence[tuple[float, float]], width: int) -> dict[int, float]:
    """Return the y of each whole x within the canvas that a line through *dots* passes, from the left.

    Several dots in a column become their highest, so that no peak is lost.
    """
    levels: dict[int, float] = {}

    def at_least(x: int, y: float) -> None:
        if 0 <= x < width:
            levels[x] = max(y, levels.get(x, y))

    at_least(round(dots[0][0]), dots[0][1])
    for (x0, y0), (x1, y1) in pairwise(dots):
        first, last = round(x0), round(x1)
        if last > first:
            slope = (y1 - y0) / (x1 - x0)
            for x in range(max(first + 1, 0), min(last, width)):
                levels[x] = y0 + slope * (x - x0)
        at_least(last, y1)
    return levels


def _joined(previous: int, level: int) -> tuple[int, int]:
    """Return the span of dots that joins *level* to the column before, without the dot that is there."""
    if level > previous:
        return previous + 1, level
    return level, max(level, previous - 1)
