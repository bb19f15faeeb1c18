"""The arithmetic of a chart: a grid of dots that becomes braille or ASCII, and round numbers for its axis."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["AREA", "Canvas", "nice_ticks"]

AREA = -1
"""The owner of cells that hold nothing but the area under a line."""

_BRAILLE = 0x2800
# Bits of a braille cell, two dots wide and four high, from the top (Unicode, chapter 21.1).
_LEFT_DOTS = (0x01, 0x02, 0x04, 0x40)
_RIGHT_DOTS = (0x08, 0x10, 0x20, 0x80)
_MARK_EVERY = 32
"""Dots between the markers along a line."""


def nice_ticks(peak: float, count: int) -> tuple[float, list[float]]:
    """Return an axis' top and about *count* ticks from 0: multiples of 1, 2, 2.5 or 5 times a power of ten."""
    if not peak > 0:
        return 1.0, [0.0, 1.0]
    rough = peak / max(1, count)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * (1 - 1e-9))
    steps = max(1, math.ceil(peak / step - 1e-9))
    return step * steps, [step * index for index in range(steps + 1)]


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
        self._marks: dict[tuple[int, int], str] = {}

    def line(self, dots: Sequence[tuple[float, float]], owner: int, *, filled: bool, marker: str) -> None:
        """Draw a line through *dots*, which are sorted by x and may lie outside the canvas.

        Args:
            dots: (x, y) in dots.
            owner: Whose line it is, from 0; comes back from `row`.
            filled: Whether the area under the line is filled.
            marker: A character along the line and at its end; empty for none.
        """
        previous: int | None = None
        for x, y in _columns(dots, self.dots_wide):
            level = max(0, min(self.dots_high - 1, round(y)))
            low, high = (level, level) if previous is None else _joined(previous, level)
            self._column(x, low, high, owner)
            if filled:
                self._fill(x, low)
            if marker and (self.ascii or x % _MARK_EVERY == owner * 10 % _MARK_EVERY):
                self._mark(x, level, marker, owner)
            previous = level
        if marker and previous is not None:
            self._mark(max(0, min(self.dots_wide - 1, round(dots[-1][0]))), previous, marker, owner)

    def row(self, row: int, grid: str) -> Iterator[tuple[str, int | None]]:
        """Yield a row as runs of (text, owner). None owns the background, which is drawn with *grid*."""
        bits, owners = self._bits[row], self._owners[row]
        text, run = "", owners[0]
        for column, owner in enumerate(owners):
            if owner != run:
                yield text, run
                text, run = "", owner
            mark = self._marks.get((column, row))
            text += mark or (grid if owner is None else self._character(bits[column], owner))
        yield text, run

    def _character(self, bits: int, owner: int) -> str:
        if not self.ascii:
            return chr(_BRAILLE + bits)
        return ":" if owner == AREA else "*"

    def _mark(self, x: int, y: int, marker: str, owner: int) -> None:
        column, row = (x, self.rows - 1 - y) if self.ascii else (x // 2, self.rows - 1 - y // 4)
        self._marks[column, row] = marker
        self._owners[row][column] = owner

    def _column(self, x: int, low: int, high: int, owner: int) -> None:
        """Set the dots of one column from *low* to *high*."""
        if self.ascii:
            for y in range(low, high + 1):
                self._own(x, self.rows - 1 - y, 1, owner)
            return
        column, dots = x // 2, _RIGHT_DOTS if x % 2 else _LEFT_DOTS
        for step in range(low // 4, high // 4 + 1):
            base = step * 4
            bits = 0
            for y in range(max(low, base), min(high, base + 3) + 1):
                bits |= dots[3 - (y - base)]
            self._own(column, self.rows - 1 - step, bits, owner)

    def _own(self, column: int, row: int, bits: int, owner: int) -> None:
        """Add dots to a cell; a line takes a cell of the area whole, so that its edge stays sharp."""
        if self._owners[row][column] == AREA:
            self._bits[row][column] = 0
        self._bits[row][column] |= bits
        self._owners[row][column] = owner

    def _fill(self, x: int, y: int) -> None:
        """Give the cells below a dot to the area, down to the first that is given."""
        column, row = (x, self.rows - y) if self.ascii else (x // 2, self.rows - y // 4)
        while row < self.rows and self._owners[row][column] is None:
            self._owners[row][column] = AREA
            self._bits[row][column] = 0xFF
            row += 1


def _columns(dots: Sequence[tuple[float, float]], width: int) -> Iterator[tuple[int, float]]:
    """Yield (x, y) for each whole x within the canvas that a line through *dots* passes.

    Several dots in a column become their highest, so that no peak is lost.
    """
    column, best = -1, -math.inf
    for (x0, y0), (x1, y1) in zip(dots, dots[1:] or dots[:1], strict=False):
        first, last = max(0, round(x0)), min(width - 1, round(x1))
        slope = (y1 - y0) / (x1 - x0) if x1 > x0 else 0.0
        for x in range(first, last + 1):
            y = max(y0, y1) if first == last else y0 + slope * (x - x0)
            y = min(max(y, min(y0, y1)), max(y0, y1))
            if x == column:
                best = max(best, y)
                continue
            if column >= 0:
                yield column, best
            column, best = x, y
    if column >= 0:
        yield column, best


def _joined(previous: int, level: int) -> tuple[int, int]:
    """Return the span of dots that joins *level* to the column before, without the dot that is there."""
    if level > previous:
        return previous + 1, level
    return level, max(level, previous - 1)
