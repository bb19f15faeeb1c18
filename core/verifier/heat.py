"""Where the verifier's work goes: how often it walked over each instruction, line of C and function."""

from __future__ import annotations

from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .log import SourceLine, VerifierLog
    from .summary import Summary

__all__ = ["Heat", "HotLine", "hot_lines"]


class Heat:
    """How often the instructions of a program were walked over.

    Args:
        log: The verifier's log. At level 2 it has the whole walk; at level 1 only the path that was refused.
    """

    def __init__(self, log: VerifierLog) -> None:
        self.visits: Mapping[int, int] = log.heat
        """By slot; those that were never walked over are not in it."""
        self.summary: Summary = log.summary
        self.hottest: HotLine | None = next(iter(hot_lines(log, 1)), None)
        """Where most of the walk was; None for an empty one."""

    @cached_property
    def _sums(self) -> list[int]:
        last = max(self.visits, default=-1)
        return [0, *accumulate(self.visits.get(slot, 0) for slot in range(last + 1))]

    @property
    def total(self) -> int:
        """Instructions walked over, each as often as it was."""
        return self._sums[-1]

    @property
    def walked(self) -> str:
        """How much was walked over: `406`, or `the last 112,505 of 1,000,001` where the log has only that."""
        insns, states = self.summary.insns or 0, self.summary.states or 0
        # What it prunes at is processed as well, and not in the log.
        return f"{self.total:,}" if insns <= self.total + states else f"the last {self.total:,} of {insns:,}"

    def within(self, start: int, stop: int) -> int:
        """Return how much of the walk was over the instructions from slot *start* to before *stop*."""
        last = len(self._sums) - 1
        return self._sums[min(stop, last)] - self._sums[min(start, last)]


class HotLine(NamedTuple):
    """A line of C, or an instruction where the log names no lines."""

    source: SourceLine | None
    slots: tuple[int, ...]
    """Its instructions."""
    visits: int
    """How often they were walked over, all together."""
    share: float
    """The part of the whole walk, 0 to 1."""


def hot_lines(log: VerifierLog, limit: int = 10) -> list[HotLine]:
    """Return the lines on which most of the walk was, the hottest first.

    Without log level 2 a log holds the last path only, not what was walked over and found to be safe.
    """
    found: dict[SourceLine | int, tuple[SourceLine | None, list[int], int]] = {}
    for slot, visits in sorted(log.heat.items()):
        source = log.source(slot)
        _, slots, total = found.get(source or slot, (source, [], 0))
        found[source or slot] = (source, [*slots, slot], total + visits)
    whole = max(1, len(log.steps))
    lines = [HotLine(source, tuple(slots), visits, visits / whole) for source, slots, visits in found.values()]
    return sorted(lines, key=lambda line: -line.visits)[:limit]
