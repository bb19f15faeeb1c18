"""The columns of the vertices of each layer: near those that they are joined with, and in line with them if possible.

Alternately from above and from below, each layer is put as near to where its vertices want to be as their order and
their widths allow, which is a regression to an ascending sequence and takes linear time (pool adjacent violators).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .ranks import Ranks

__all__ = ["Joint", "place"]

_ROUNDS: Final = 8
_PASSES: Final = 3
"""Of straightening: the last one goes down."""
_BOX_GAP: Final = 3
"""Blanks between two boxes."""
_LANE_GAP: Final = 2
"""Blanks beside a lane."""
_WEIGHTS: Final = (1.0, 2.0, 8.0)
"""Of a joint between two nodes, a node and a lane, two lanes: long lines are to be straight ones."""
_FAINT: Final = 0.01


class Joint(NamedTuple):
    """Two vertices of neighbouring layers, and where the line between them begins and ends."""

    upper: int
    lower: int
    out: int
    """The line's column, from the upper one's left edge."""
    into: int
    """The same of the lower one."""


def place(ranks: Ranks, widths: Sequence[int], joints: Sequence[Joint]) -> list[int]:
    """Return the left edge of each vertex, the least 0.

    Args:
        ranks: The layers, in order.
        widths: The cells that each vertex takes.
        joints: What is joined.
    """
    found = _Columns(ranks, widths, joints)
    for number in range(_ROUNDS):
        for layer in found.downwards if number % 2 == 0 else found.upwards:
            found.fit(layer, found.below if number % 2 else found.above)
    for layer in found.downwards:
        found.fit(layer, found.both)
    runs = _runs(ranks)
    for number in range(_PASSES):
        for run in runs:
            found.align(run)
        for layer in found.downwards if number % 2 == 0 else found.upwards:
            found.straighten(layer)
    least = min(found.lefts, default=0)
    return [left - least for left in found.lefts]


class _Row(NamedTuple):
    """A layer."""

    vertices: Sequence[int]
    gaps: Sequence[int]
    """Blanks before each vertex; none before the first."""
    starts: Sequence[int]
    """Where each begins if nothing is moved apart."""


_Wishes = list[list[tuple[int, int, float]]]
"""Of each vertex: others, how far right of their left edges its own wants to be, and how much."""


class _Columns:
    """The left edges of all vertices while they are being found."""

    def __init__(self, ranks: Ranks, widths: Sequence[int], joints: Sequence[Joint]) -> None:
        self._ranks = ranks
        self._widths = widths
        self.lefts = [0] * len(widths)
        self.downwards = [self._row(layer) for layer in ranks.layers]
        self.upwards = self.downwards[::-1]
        self._places = {vertex: at for layer in ranks.layers for at, vertex in enumerate(layer)}
        self.above: _Wishes = [[] for _ in widths]
        self.below: _Wishes = [[] for _ in widths]
        for upper, lower, out, into in joints:
            weight = _WEIGHTS[(upper >= ranks.nodes) + (lower >= ranks.nodes)]
            self.above[lower].append((upper, out - into, weight))
            self.below[upper].append((lower, into - out, weight))
        for lane, node in ranks.beside.items():
            beside = (node, widths[node] + _LANE_GAP, 1.0)
            self.above[lane].append(beside)
            self.below[lane].append(beside)
        self.both: _Wishes = [above + below for above, below in zip(self.above, self.below, strict=True)]

    def _row(self, layer: Sequence[int]) -> _Row:
        gaps: list[int] = []
        starts: list[int] = []
        end, last = 0, -1
        for vertex in layer:
            gap = 0 if last < 0 else _BOX_GAP if max(last, vertex) < self._ranks.nodes else _LANE_GAP
            gaps.append(gap)
            starts.append(end + gap)
            self.lefts[vertex] = end + gap
            end += gap + self._widths[vertex]
            last = vertex
        return _Row(layer, gaps, starts)

    def fit(self, row: _Row, wishes: _Wishes) -> None:
        """Put the vertices of a layer where they want to be, as far as their order and widths allow."""
        # Without what stands left of it, each has a place in an ascending sequence.
        lefts = self.lefts
        means: list[float] = []
        weights: list[float] = []
        counts: list[int] = []
        for vertex, start in zip(row.vertices, row.starts, strict=True):
            total = weight = 0.0
            for other, distance, much in wishes[vertex]:
                total += much * (lefts[other] + distance)
                weight += much
            if not weight:
                total, weight = _FAINT * lefts[vertex], _FAINT
            mean, count = total / weight - start, 1
            while means and means[-1] >= mean:
                more = weights.pop()
                mean = (mean * weight + means.pop() * more) / (weight + more)
                weight += more
                count += counts.pop()
            means.append(mean)
            weights.append(weight)
            counts.append(count)
        at = 0
        for mean, count in zip(means, counts, strict=True):
            column = math.floor(mean + 0.5)
            for place in range(at, at + count):
                lefts[row.vertices[place]] = column + row.starts[place]
            at += count

    def straighten(self, row: _Row) -> None:
        """Move each vertex of a layer, within the room that it has, to where most of its lines are straight."""
        vertices, lefts = row.vertices, self.lefts
        for at, vertex in enumerate(vertices):
            low, high = self._room(row, at)
            found: dict[int, float] = {}
            for other, distance, much in self.both[vertex]:
                left = lefts[other] + distance
                if low <= left <= high:
                    found[left] = found.get(left, 0.0) + much
            if found:
                here = lefts[vertex]
                lefts[vertex] = max(found, key=lambda left: (found[left], -abs(left - here), left))

    def _room(self, row: _Row, at: int) -> tuple[float, float]:
        """Return between which columns a vertex can be moved."""
        vertices = row.vertices
        low, high = -math.inf, math.inf
        if at:
            low = self.lefts[vertices[at - 1]] + self._widths[vertices[at - 1]] + row.gaps[at]
        if at + 1 < len(vertices):
            high = self.lefts[vertices[at + 1]] - row.gaps[at + 1] - self._widths[vertices[at]]
        return low, high

    def align(self, run: Sequence[int]) -> None:
        """Put a lane, given from its top, in one column, or in few, each as far down as there is room."""
        part: list[int] = []
        low, high = -math.inf, math.inf
        for vertex in run:
            least, most = self._room(self.downwards[self._ranks.rank[vertex]], self._places[vertex])
            if part and max(low, least) > min(high, most):
                self._move(part, low, high)
                part, low, high = [], -math.inf, math.inf
            part.append(vertex)
            low, high = max(low, least), min(high, most)
        self._move(part, low, high)

    def _move(self, part: Sequence[int], low: float, high: float) -> None:
        """Put vertices in the column in the middle of theirs, as far as the bounds allow."""
        column = sorted([self.lefts[vertex] for vertex in part])[len(part) // 2]
        for vertex in part:
            self.lefts[vertex] = int(max(low, min(column, high)))


def _runs(ranks: Ranks) -> list[list[int]]:
    """Return the lanes, each as its vertices from the top, the long ones first."""
    found: list[list[int]] = []
    for lanes in (ranks.down, ranks.up):
        last: tuple[int, int] | None = None
        for (node, layer), vertex in lanes.items():
            if last != (node, layer - 1):
                found.append([])
            found[-1].append(vertex)
            last = node, layer
    return sorted(found, key=len, reverse=True)
