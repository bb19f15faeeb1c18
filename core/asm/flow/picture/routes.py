"""The lines between two layers: right-angled, each turning on a row of its own where others are in the way.

Between two layers is a channel, in which each net joins columns of its upper edge with columns of its lower one. This
is the channel routing of circuit boards (A. Hashimoto and J. Stevens, Wire Routing by Optimizing Channel Assignment
within Large Apertures, DAC 1971): a net turns on a track, above those that come out where it goes in; nets that are in
each other's way in a circle are led around it.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["End", "EndKind", "Net", "route"]


class EndKind(enum.Enum):
    """What a net is joined with."""

    NODE = enum.auto()
    """A node: above one that its lines come from, below the one that they lead to."""
    LANE = enum.auto()
    """A lane, through which lines go on."""
    PART = enum.auto()
    """The other part of a net that goes around something."""


class End(NamedTuple):
    """Where a net leaves its channel."""

    column: int
    kind: EndKind
    node: int
    """Of what the lines come from, or lead to."""


@dataclass(eq=False, slots=True)
class Net:
    """All lines to one node in one channel."""

    node: int
    """Where they lead to."""
    tops: list[End] = field(default_factory=list[End])
    """Where they leave the channel at its upper edge."""
    bottoms: list[End] = field(default_factory=list[End])
    """Where they leave it at its lower edge."""
    track: int = -1
    """On which of the channel's rows they turn, from 0; -1 for a straight one."""
    rest: Net | None = None
    """The part that goes on where this one ends."""

    @property
    def first(self) -> int:
        """The leftmost column."""
        return min(end.column for end in (*self.tops, *self.bottoms))

    @property
    def last(self) -> int:
        """The rightmost column."""
        return max(end.column for end in (*self.tops, *self.bottoms))


def route(nets: Sequence[Net]) -> tuple[list[Net], int]:
    """Give each net of a channel its track; return the nets, of which some have become two, and how many tracks."""
    routed = list(nets)
    bent = sorted((net for net in nets if net.first != net.last), key=lambda net: net.first)
    coming = {end.column: net for net in bent for end in net.tops}
    leaving = {end.column: net for net in bent for end in net.bottoms}
    # By net: those that must turn below it.
    lower: dict[Net, set[Net]] = {net: set() for net in bent}
    waits: dict[Net, int] = dict.fromkeys(bent, 0)
    for column, net in coming.items():
        other = leaving.get(column)
        if other is not None and other is not net and other not in lower[net]:
            lower[net].add(other)
            waits[other] += 1
    taken = {end.column for net in nets for end in (*net.tops, *net.bottoms)}
    track = 0
    while bent:
        ready = [net for net in bent if not waits[net]]
        if not ready:
            _part(min(bent, key=lambda net: waits[net]), bent, routed, lower, waits, taken)
            continue
        placed: list[Net] = []
        end = -2
        for net in ready:
            if net.first > end + 1:
                net.track = track
                end = net.last
                placed.append(net)
        for net in placed:
            for other in lower[net]:
                waits[other] -= 1
        bent = [net for net in bent if net.track < 0]
        track += 1
    return routed, track


def _part(
    net: Net,
    bent: list[Net],
    routed: list[Net],
    lower: dict[Net, set[Net]],
    waits: dict[Net, int],
    taken: set[int],
) -> None:
    """Make two of a net: one to a column that is free, and one from there on, so that it can wait by itself."""
    middle = (net.first + net.last) // 2
    column = next(at for step in count() for at in (middle + step, middle - step) if at >= 0 and at not in taken)
    taken.add(column)
    end = End(column, EndKind.PART, net.node)
    rest = Net(net.node, [end], net.bottoms, rest=net.rest)
    net.bottoms, net.rest = [end], rest
    for others in lower.values():
        if net in others:
            others.remove(net)
            others.add(rest)
    lower[rest] = set()
    lower[net].add(rest)
    waits[rest], waits[net] = waits[net] + 1, 0
    routed.append(rest)
    bent.append(rest)
    bent.sort(key=lambda each: each.first)
