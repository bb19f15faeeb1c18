"""Timeline: one run from its beginning to its end, as the places it was at: what is sought in it is sought here."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from ..errors import GivenUpError
from ..numerical import find_numpy
from .turns import Turn
from .walk import Walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import ModuleType

    from ..errors import BpftuiError
    from .recording import Call
    from .symbols import Symbols
    from .world import World

__all__ = ["Timeline"]

_CHUNK: Final = 1 << 16
_LONG: Final = 1 << 12
"""Steps of one function, in a row, that are worth the way to numpy, where it is installed."""
_MOST_SMALL: Final = 1 << 12
"""Programs up to which places fit 32 bits."""


class Timeline:
    """The places of a run by the number of the step, and how deep it was.

    Step *n* is the *n*-th instruction, from 0 on. The position before it is *n*, too; `length` is the position at the
    end, or, of a run that was stopped, before the instruction that it was stopped at.

    Args:
        world: Stands before the run; stands somewhere behind it afterwards.
        call: What the run is given.
        symbols: What is known of places.

    Raises:
        GivenUpError: It was given up on the way.
    """

    def __init__(self, world: World, call: Call, symbols: Symbols) -> None:
        self._symbols = symbols
        self.places = places = array("I" if len(world.processor.machines) < _MOST_SMALL else "Q")
        """By step, the place (`bpftui.core.vm.engine.machine.Machine.place`)."""
        starts, depths, depth = array("Q"), array("B"), world.processor.depth
        begins, ends = {0: 0}, dict[int, int]()  # by the program's number in the path

        def turned() -> None:
            begins.setdefault(world.turn, len(places))
            starts.append(len(places))
            depths.append(max(depth[0], 0))
            if depth[0] < 0:
                ends.setdefault(world.turn, len(places))
                self.direct = self.direct or len(places)

        self.changes: dict[tuple[int, int], Sequence[int] | None] = {}
        """By address and size, the positions behind the instructions that change bytes there (see `watching`)."""
        self.direct = 0
        """How many steps are the program's own, of a run in which it came to its end: behind them come timers."""
        walk = Walk(world, call, turned=turned)
        try:
            walk.run(places.extend)
        finally:
            walk.close()
        if isinstance(walk.error, GivenUpError):
            raise walk.error  # these are not all steps
        self.error: BpftuiError | None = walk.error
        """Why the run was stopped before its end."""
        self.r0 = walk.r0
        """What the program returned, unsigned; None where it was stopped before. Of several the last one."""
        has_returned = dict(zip(begins, world.returned, strict=False))  # one that was stopped has not
        self.turns = [
            Turn(
                world.path[each].spec,
                begin,
                ends.get(each) if each in has_returned else None,
                has_returned.get(each, 0),
            )
            for each, begin in begins.items()
        ]
        """The programs that it came to, in this order."""
        self.is_alone = len(world.path) == 1
        """Whether no other program stands behind the first."""
        self._starts, self._depths = starts, depths
        """Where depth changes: the first position of each, and how deep it is from there on."""

    @property
    def length(self) -> int:
        """The last position."""
        return len(self.places) - (self.error is not None and bool(self.places))

    def depth(self, position: int) -> int:
        """Return how many functions are around the one that runs at a position."""
        at = bisect_right(self._starts, position) - 1
        return self._depths[at] if at >= 0 else 0

    def count(self, place: int, stop: int) -> int | None:
        """Return how often the run is at a place before a position; None where that takes too long to be counted."""
        np = find_numpy()
        if np is None:
            return None
        return int(np.count_nonzero(np.frombuffer(self.places, self.places.typecode)[:stop] == place))

    def next_at(self, places: Iterable[int], after: int) -> int | None:
        """Return the first position behind *after* at which the run is at one of *places*; None where there is none."""
        found: int | None = None
        for place in places:
            try:
                end = self.length + 1 if found is None else found
                found = self.places.index(place, after + 1, end)
            except ValueError:
                continue
        return found

    def last_at(self, places: Iterable[int], before: int) -> int | None:
        """Return the last position before *before* at which the run is at one of *places*; None where there is none."""
        wanted = set(places)
        for end in range(before, 0, -_CHUNK):
            start = max(end - _CHUNK, 0)
            part = self.places[start:end]
            if wanted.isdisjoint(part):
                continue
            return start + max(at for at, place in enumerate(part) if place in wanted)
        return None

    # By C line

    @cached_property
    def lines(self) -> array[int]:
        """The positions at which a C line begins: another one than before in the same function."""
        line_of, places = self._symbols.line_numbers, self.places
        found = array("Q")
        last: dict[int, int] = {}
        starts = [*self._starts, len(places)] if self._starts else [0, len(places)]
        depths = self._depths or array("B", [0])
        before = -1
        for (start, stop), depth in zip(pairwise(starts), depths, strict=True):
            # A function that begins has no line yet; one that is come back to has that of its call.
            line = last.get(depth, -1) if depth < before else -1
            if stop - start > _LONG and (np := find_numpy()) is not None:
                line = self._lines_of(np, start, stop, line, found)
            else:
                for position in range(start, stop):
                    here = line_of[places[position]]
                    if here and here != line:
                        line = here
                        found.append(position)
            last[depth], before = line, depth
        return found

    def _lines_of(self, np: ModuleType, start: int, stop: int, line: int, found: array[int]) -> int:
        """Add to *found* where lines begin between two positions, all of one function; return the line at the end.

        The loop of `lines`, for millions of steps, where there is numpy.
        """
        for begin in range(start, stop, _CHUNK):
            places = np.frombuffer(self.places, self.places.typecode)[begin : min(begin + _CHUNK, stop)]
            first = int(places.min())
            offsets = places - first
            if int(offsets.max()) < _CHUNK:  # all of one program, as a rule
                there = np.flatnonzero(np.bincount(offsets))
                numbers = np.zeros(int(there[-1]) + 1, np.int64)
                numbers[there] = [self._symbols.line_numbers[first + offset] for offset in there.tolist()]
                lines = numbers[offsets]
            else:
                different, which = np.unique(places, return_inverse=True)
                lines = np.array([self._symbols.line_numbers[place] for place in different.tolist()])[which]
            at = np.flatnonzero(lines)
            if not len(at):
                continue
            lines = lines[at]
            is_new = np.concatenate(([lines[0] != line], lines[1:] != lines[:-1]))
            found.extend((at[is_new] + begin).tolist())
            line = int(lines[-1])
        return line

    def begins_line(self, position: int) -> bool:
        """Whether a C line begins at a position."""
        at = bisect_left(self.lines, position)
        return at < len(self.lines) and self.lines[at] == position

    def next_line(self, position: int, depth: int | None = None) -> int:
        """Return where the next line begins, no deeper than *depth* where that is given; the end where none does."""
        lines = self.lines
        at = bisect_right(lines, position)
        while at < len(lines):
            found = lines[at]
            if depth is None or (here := bisect_right(self._starts, found) - 1) < 0 or self._depths[here] <= depth:
                return min(found, self.length)
            outer = self._next_outer(here, depth)
            if outer is None:
                break
            at = bisect_left(lines, outer)
        return self.length

    def previous_line(self, position: int, depth: int | None = None) -> int:
        """Return where the last line before a position begins, no deeper than *depth*; 0 where none does."""
        lines = self.lines
        at = bisect_left(lines, position) - 1
        while at >= 0:
            found = lines[at]
            if depth is None or (here := bisect_right(self._starts, found) - 1) < 0 or self._depths[here] <= depth:
                return found
            while here >= 0 and self._depths[here] > depth:
                here -= 1
            at = bisect_left(lines, self._starts[here + 1]) - 1 if here >= 0 else -1
        return 0

    def _next_outer(self, at: int, depth: int) -> int | None:
        """Return the first position behind a change of depth from which on it is no deeper than *depth*."""
        for index in range(at + 1, len(self._starts)):
            if self._depths[index] <= depth:
                return self._starts[index]
        return None

    def after_depth(self, position: int, depth: int) -> int:
        """Return the first position behind this one that is no deeper than *depth*; the end where there is none."""
        if position < self.length and self.depth(position + 1) <= depth:
            return position + 1
        found = self._next_outer(bisect_right(self._starts, position) - 1, depth)
        end = next((each.begin for each in self.turns if each.begin > position), self.length)
        return end if found is None else min(found, end)

    def before_program(self, position: int) -> int:
        """Return where the program begins that runs before a position, 0 at the beginning."""
        return max((each.begin for each in self.turns if each.begin < position), default=0)

    def before_depth(self, position: int, depth: int) -> int:
        """Return the last position before this one that is no deeper than *depth*; 0 where there is none."""
        here = bisect_right(self._starts, position - 1) - 1
        while here >= 0 and self._depths[here] > depth:
            position = self._starts[here]
            here = bisect_right(self._starts, position - 1) - 1
        return max(position - 1, 0)
