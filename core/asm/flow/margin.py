"""Arrows of jumps for a margin left of a listing: which column each takes, and the cells of any row.

Jumps to the same instruction share a line. Short lines lie next to the code and longer ones around them, so that loops
and branches that are nested in the code are nested here. A line for which no column is left over is not drawn: an
arrow up or down beside the jump says where it goes, and the arrowhead stays.
"""

from __future__ import annotations

import bisect
from functools import cached_property
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
        """The slots at which lines begin, end or meet a jump."""
        self._gaps: dict[int, tuple[Cell, ...]] = {}
        """The cells above each place, as far as they were asked for."""
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
        if ends is None:
            return self.above(slot)
        here = {self.jumps[number].column for number in ends}
        numbers: list[int | None] = []
        across: int | None = None
        for column in range(len(self._firsts) - 1, -1, -1):
            owner = self._owner(column, slot)
            across = owner if column in here else across
            numbers.append(across if owner is None else owner)
        numbers.append(self._head(slot)[1])
        return tuple(map(Cell, self._rows[0][bisect.bisect_left(self._places, slot)], numbers))

    def above(self, slot: int) -> tuple[Cell, ...]:
        """Return the cells of a row between an instruction and the one before it: a label's, a source line's."""
        gap = bisect.bisect_left(self._places, slot)
        found = self._gaps.get(gap)
        if found is None:
            owners = [self._owner(column, slot) for column in range(len(self._firsts) - 1, -1, -1)]
            # A line that begins at the instruction begins below this row.
            numbers = [None if owner is None or self.jumps[owner].first == slot else owner for owner in owners]
            found = self._gaps[gap] = tuple(map(Cell, self._rows[1][gap], (*numbers, None)))
        return found

    def text_above(self, slot: int) -> str:
        """Return what `above` does, as text."""
        return self._rows[1][bisect.bisect_left(self._places, slot)]

    def texts(self, start: int, stop: int) -> list[str]:
        """Return what is beside the instructions at slots *start* to *stop*, as text."""
        (beside, above), places = self._rows, self._places
        first, last = bisect.bisect_left(places, start), bisect.bisect_left(places, stop)
        found: list[str] = []
        for number in range(first, last):
            found += [above[number]] * (places[number] - start)
            found.append(beside[number])
            start = places[number] + 1
        return found + [above[last]] * (stop - start)

    @cached_property
    def _rows(self) -> tuple[list[str], list[str]]:
        """The rows as text: beside each of `_places`, and above each; one more is below all of them.

        Those above are the same for all rows between two places, and so for most instructions.
        """
        count, lines = len(self._places), self._lines
        if not count:
            return [], [""]
        number_of = {slot: number for number, slot in enumerate(self._places)}
        outermost = [0] * count
        beside, above = list[list[str]](), list[list[str]]()
        for column, owners in enumerate(self._owners):
            here, between = [lines[0]] * count, [lines[0]] * (count + 1)
            for jump in map(self.jumps.__getitem__, owners):
                ends = sorted({number_of[jump.target], *map(number_of.__getitem__, jump.sources)})
                first, last = ends[0], ends[-1]
                between[first + 1 : last + 1] = here[first:last] = [lines[_UP | _DOWN]] * (last - first)
                for number in ends:
                    here[number] = lines[_RIGHT | (_UP if number > first else 0) | (_DOWN if number < last else 0)]
                    outermost[number] = column
            beside.append(here)
            above.append(between)
        beside.reverse()
        above.reverse()
        beside.append([self._head(slot)[0] for slot in self._places])
        above.append([lines[0]] * (count + 1))
        crossed = {ord(line): lines[sides | _LEFT | _RIGHT] for sides, line in enumerate(lines) if not sides & _LEFT}
        rows = list(map("".join, zip(*beside, strict=True)))
        for number, column in enumerate(outermost):
            if column:
                row = rows[number]
                rows[number] = row[: -column - 1] + row[-column - 1 : -1].translate(crossed) + row[-1]
        return rows, list(map("".join, zip(*above, strict=True)))

    def _owner(self, column: int, slot: int) -> int | None:
        """Return the line that lies in a column at a slot."""
        at = bisect.bisect_right(self._firsts[column], slot) - 1
        if at < 0:
            return None
        owner = self._owners[column][at]
        return owner if self.jumps[owner].last >= slot else None

    def _head(self, slot: int) -> tuple[str, int]:
        """Return what is next to the code where lines end, and whose it is."""
        ends = self._ends[slot]
        for number in ends:
            if self.jumps[number].target == slot:
                return self._signs["head"], number
        for number in ends:
            jump = self.jumps[number]
            if jump.column is None:
                return self._signs["up" if jump.target < slot else "down"], number
        return self._lines[_LEFT | _RIGHT], ends[0]
