"""Layout: where the boxes of a graph stand, and where the lines between them run."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from .columns import Joint, place
from .order import reorder
from .ranks import Ranks
from .routes import End, EndKind, Net, route

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Band", "Box", "Lane", "Layout", "Shape"]


class Shape(NamedTuple):
    """What is known of a box before it has its place, in cells."""

    width: int
    height: int
    into: int
    """The column at which lines come in, from the left edge."""


class Box(NamedTuple):
    """Where a box stands, in cells from the picture's left upper corner."""

    left: int
    top: int
    width: int
    height: int


class Lane(NamedTuple):
    """A line that passes a layer."""

    column: int
    node: int
    """Where it leads to."""


class Band(NamedTuple):
    """A layer, and the channel below it."""

    top: int
    """The first row of its boxes."""
    channel: int
    """The first row of the channel."""
    tracks: int
    """The row of the channel's first track: below the labels, if there are any."""
    nodes: tuple[int, ...]
    """From left to right."""
    lanes: tuple[Lane, ...]
    nets: tuple[Net, ...]
    """Of the channel."""


class Layout:
    """The places of boxes and lines.

    Args:
        shapes: Of each node, the entry first: its box.
        successors: Of each node: where its lines lead to, each once.
        labels: How many cells the label of a line takes, by its ends; those without one are not in it. A box is as
            wide as `wide_enough` says.

    Raises:
        LimitError: The lines pass more layers than can be drawn.
    """

    def __init__(
        self,
        shapes: Sequence[Shape],
        successors: Sequence[Sequence[int]],
        labels: Mapping[tuple[int, int], int] | None = None,
    ) -> None:
        self.successors = successors
        self._shapes = shapes
        self._labels = labels or {}
        ranks = self._ranks = Ranks(successors)
        reorder(ranks)
        self._at: dict[int, int] = {vertex: at for layer in ranks.layers for at, vertex in enumerate(layer)}
        outs = self._outs()
        widths = [shape.width for shape in shapes] + [1] * (len(ranks.rank) - len(shapes))
        self._lefts = place(ranks, widths, self._joints(outs))
        self.ports: list[list[tuple[int, int]]] = [
            [(self._lefts[node] + out, successor) for out, successor in outs[node]] for node in range(len(shapes))
        ]
        """Of each node, from left to right: the column at which a line leaves it, and where that leads to."""
        self.layer: list[int] = ranks.rank[: len(shapes)]
        """The layer of each node, 0 at the top."""
        self.boxes: list[Box] = []
        """Of each node: where it stands."""
        self.bands: list[Band] = []
        """The layers; before the first there is one without boxes, whose channel is above the entry."""
        self.height: int = 0
        """Rows of the picture."""
        self._stack()
        self.width: int = 1 + max(
            (
                *(box.left + box.width - 1 for box in self.boxes),
                *(lane.column for band in self.bands for lane in band.lanes),
                *(net.last for band in self.bands for net in band.nets),
            ),
            default=-1,
        )
        """Columns of the picture."""

    def is_back(self, source: int, target: int) -> bool:
        """Whether a line leads up."""
        return (source, target) in self._ranks.back

    def into(self, node: int) -> int:
        """Return the column at which lines come into a node."""
        return self._lefts[node] + self._shapes[node].into

    def _outs(self) -> list[list[tuple[int, int]]]:
        """Return of each node, from left to right: where a line leaves its box, and where that leads to."""
        ranks, at = self._ranks, self._at

        def direction(node: int, successor: int) -> float:
            layer = ranks.rank[node]
            if (node, successor) in ranks.back:
                return math.inf if at[ranks.up[successor, layer]] > at[node] else -math.inf
            return at[ranks.down.get((successor, layer + 1), successor)]

        found: list[list[tuple[int, int]]] = []
        for node, successors in enumerate(self.successors):
            ordered = sorted(successors, key=lambda successor, node=node: direction(node, successor))
            found.append(list(zip(self._columns(node, ordered), ordered, strict=True)))
        return found

    def _columns(self, node: int, ordered: Sequence[int]) -> list[int]:
        """Return where lines leave a box, from its left edge."""
        shape = self._shapes[node]
        if len(ordered) == 1:
            return [shape.into]
        if len(ordered) == 2:
            left, right = (self._labels.get((node, successor), 0) for successor in ordered)
            quarter = shape.width // 4
            return [max(quarter, left + 1), min(shape.width - 1 - quarter, shape.width - 2 - right)]
        return [(number + 1) * shape.width // (len(ordered) + 1) for number in range(len(ordered))]

    def _joints(self, outs: Sequence[Sequence[tuple[int, int]]]) -> list[Joint]:
        ranks, shapes = self._ranks, self._shapes
        column = {(node, successor): out for node, lines in enumerate(outs) for out, successor in lines}
        return [
            Joint(upper, lower, column.get((upper, ranks.goal[lower]), 0), shapes[lower].into if lower < nodes else 0)
            for nodes in (ranks.nodes,)
            for upper, below in enumerate(ranks.below)
            for lower in below
        ]

    def _stack(self) -> None:
        """Put the layers below each other, with as many rows between them as their lines need."""
        ranks, row = self._ranks, 0
        boxes: dict[int, Box] = {}
        for layer in range(-1, len(ranks.layers)):
            nodes = self._nodes_of(layer)
            top, height = row, max((self._shapes[node].height for node in nodes), default=0)
            for node in nodes:
                shape = self._shapes[node]
                boxes[node] = Box(self._lefts[node], top, shape.width, shape.height)
            nets, tracks = route(self._nets(layer))
            labelled = any(
                self._shapes[node].height == height and (node, successor) in self._labels
                for node in nodes
                for _, successor in self.ports[node]
            )
            channel = top + height
            # Where no line turns there is a row all the same, in which one sees them.
            row = channel + max(labelled + tracks, bool(nets))
            self.bands.append(Band(top, channel, channel + labelled, nodes, self._lanes_of(layer), tuple(nets)))
        self.boxes = [boxes[node] for node in range(len(boxes))]
        self.height = row

    def _layer(self, layer: int) -> Sequence[int]:
        return self._ranks.layers[layer] if 0 <= layer < len(self._ranks.layers) else ()

    def _nodes_of(self, layer: int) -> tuple[int, ...]:
        return tuple([vertex for vertex in self._layer(layer) if vertex < self._ranks.nodes])

    def _lanes_of(self, layer: int) -> tuple[Lane, ...]:
        ranks = self._ranks
        return tuple(
            [Lane(self._lefts[vertex], ranks.goal[vertex]) for vertex in self._layer(layer) if vertex >= ranks.nodes]
        )

    def _nets(self, layer: int) -> list[Net]:
        """Return what joins a layer with the next one."""
        nets: dict[int, Net] = {}

        def net(node: int) -> Net:
            return nets.setdefault(node, Net(node))

        for node in self._nodes_of(layer):
            for column, successor in self.ports[node]:
                net(successor).tops.append(End(column, EndKind.NODE, node))
        for lane in self._lanes_of(layer):
            net(lane.node).tops.append(End(lane.column, EndKind.LANE, lane.node))
        for lane in self._lanes_of(layer + 1):
            net(lane.node).bottoms.append(End(lane.column, EndKind.LANE, lane.node))
        for node in self._nodes_of(layer + 1):
            if node in nets:
                nets[node].bottoms.append(End(self.into(node), EndKind.NODE, node))
        return list(nets.values())
