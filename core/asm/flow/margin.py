"""Arrows of jumps for a margin left of a listing: which column each takes, and the cells of any row.

Jumps to the same instruction share a line. Short lines lie next to the code and longer ones around them, so that loops
and branches that are nested in the code are nested here. A line for which no column is left over is not drawn: an
arrow up or down beside the jump says where it goes, and the arrowhead stays.
"""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Cell", "Jump", "Margin"]

_UP, _DOWN, _LEFT, _RIGHT = 1, 2, 4, 8
_LINES: Final = (" ", "╵", "╷", "│", "╴", "╯", "╮", "┤", "╶", "╰", "╭", "├", "─", "┴", "┬", "┼")
"""By the sides that a line leaves its cell at."""
_ASCII_LINES: Final = (" ", "'", ".", "|", "-", "'", ".", "+", "-", "'", ".", "+", "-", "+", "+", "+")
_SIGNS: Final = {"head": "►", "up": "↑", "down": "↓"}
_ASCII_SIGNS: Final = {"head": ">", "up": "^", "down": "v"}


class Jump(NamedTuple):
    """All jumps to one instruction, drawn as one line."""

    target: int
    """The slot that they lead to."""
    sources: tuple[int, ...]
    """The slots that they come from, ascending."""
    column: int | None
    """Where the line lies, 0 next to the code; None where there is no column left for it."""

    @property
    def first(self) -> int:
        """The line's first slot."""
        return min(self.target, self.sources[0])

    @property
    def last(self) -> int:
        """The line's last slot."""
        return max(self.target, self.sources[-1])

    @property
    def goes_back(self) -> bool:
        """Whether one of them leads back: to itself or up."""
        return self.target <= self.sources[-1]


class Cell(NamedTuple):
    """One character of the margin."""

    text: str
    jump: int | None
    """Whose line it belongs to, as an index into `Margin.jumps`; None for a blank. Where lines cross it is the
    upright one."""


class Margin:
    """The arrows of one function.

    Args:
        jumps: The slots that jumps come from and lead to.
        columns: How many lines there may be side by side.
        ascii_only: Draw with ASCII characters.
    """

    def __init__(self, jumps: Iterable[tuple[int, int]], columns: int = 12, *, ascii_only: bool = False) -> None:
        self._lines = _ASCII_LINES if ascii_only else _LINES
        self._signs = _ASCII_SIGNS if ascii_only else _SIGNS
        by_target: dict[int, list[int]] = {}
        for source, target in jumps:
            by_target.setdefault(target, []).append(source)
        found = [Jump(target, tuple(sorted(sources)), None) for target, sources in by_target.items()]
        found.sort(key=lambda jump: (jump.last - jump.first, jump.first))
        self._firsts: list[list[int]] = []
        self._owners: list[list[int]] = []
        self.jumps: list[Jump] = []
        """The lines, short ones first."""
        for number, jump in enumerate(found):
            self.jumps.append(jump._replace(column=self._place(number, jump, found, columns)))
        self._ends: dict[int, list[int]] = {}
        for number, jump in enumerate(self.jumps):
            for slot in {jump.target, *jump.sources}:
                self._ends.setdefault(slot, []).append(number)
        self._places: list[int] = sorted(self._ends)
        self._gaps: dict[int, tuple[Cell, ...]] = {}
        self.width: int = len(self._firsts) + 1 if self.jumps else 0
        """Characters of each row: one per column and one for arrowheads; 0 where there are no jumps."""

    def _place(self, number: int, jump: Jump, found: list[Jump], columns: int) -> int | None:
        """Take the innermost column that is free from the line's first slot to its last."""
        first, last = jump.first, jump.last
        for column in range(columns):
            if column == len(self._firsts):
                self._firsts.append([])
                self._owners.append([])
            firsts, owners = self._firsts[column], self._owners[column]
            at = bisect.bisect_left(firsts, first)
            if (at == 0 or found[owners[at - 1]].last < first) and (at == len(firsts) or firsts[at] > last):
                firsts.insert(at, first)
                owners.insert(at, number)
                return column
        return None

    def insn(self, slot: int) -> tuple[Cell, ...]:
        """Return the cells beside an instruction, `width` of them, from left to right."""
        ends = self._ends.get(slot)
        return self.above(slot) if ends is None else self._row(slot, ends)

    def above(self, slot: int) -> tuple[Cell, ...]:
        """Return the cells of a row between an instruction and the one before it: a label's, a source line's."""
        # These are the same for all rows between two instructions at which a line ends, and so for most instructions.
        gap = bisect.bisect_left(self._places, slot)
        found = self._gaps.get(gap)
        if found is None:
            found = self._gaps[gap] = self._row(slot, None)
        return found

    def _row(self, slot: int, ends: list[int] | None) -> tuple[Cell, ...]:
        if not self.jumps:
            return ()
        here = set[int]() if ends is None else {self.jumps[number].column for number in ends} - {None}
        outermost = max((column for column in here if column is not None), default=-1)
        cells = [self._head(slot, ends or [])]
        across: int | None = None
        for column in range(len(self._firsts) - 1, -1, -1):
            owner = self._owner(column, slot)
            sides = 0
            if owner is not None:
                jump = self.jumps[owner]
                sides |= _UP if jump.first < slot else 0
                sides |= _DOWN if jump.last > slot or (ends is None and jump.last == slot) else 0
                if ends is None and jump.first == slot:
                    sides = 0  # its line begins below this row
                if column in here:
                    sides |= _RIGHT
            if column < outermost:
                sides |= _LEFT | _RIGHT
            upright = owner if sides & (_UP | _DOWN) or column in here else None
            if column in here:
                across = owner
            cells.insert(-1, Cell(self._lines[sides], across if upright is None and sides else upright))
        return tuple(cells)

    def _owner(self, column: int, slot: int) -> int | None:
        """Return the line that lies in a column at a slot."""
        at = bisect.bisect_right(self._firsts[column], slot) - 1
        if at < 0:
            return None
        owner = self._owners[column][at]
        return owner if self.jumps[owner].last >= slot else None

    def _head(self, slot: int, ends: list[int]) -> Cell:
        """Return the cell next to the code."""
        for number in ends:
            if self.jumps[number].target == slot:
                return Cell(self._signs["head"], number)
        for number in ends:
            jump = self.jumps[number]
            if jump.column is None:
                return Cell(self._signs["up" if jump.target < slot else "down"], number)
        return Cell(self._lines[_LEFT | _RIGHT], ends[0]) if ends else Cell(" ", None)
