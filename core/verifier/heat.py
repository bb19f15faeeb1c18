"""Where the verifier's work goes: how often it walked over each line of C."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .log import SourceLine, VerifierLog

__all__ = ["HotLine", "hot_lines"]


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
