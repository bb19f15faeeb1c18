"""The layers of a graph: each node in one, and lanes through the layers that lines pass on their way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ....errors import LimitError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Ranks"]

_MOST_LANES: Final = 10_000
"""Cells of lanes: each costs about as much as a node, and a hundred of them a node are more than anybody follows."""


class Ranks:
    """A graph in layers: every line leads down, but for those that close a loop, which lead up beside it.

    A *vertex* is a node, by its number, or one layer of a lane. All lines to a node that pass the same layer share the
    lane there: those from above have one, those from below another.

    Args:
        successors: Of each node: where its lines lead to, each once. Node 0 is the entry.

    Raises:
        LimitError: The lines pass more layers than can be drawn.
    """

    def __init__(self, successors: Sequence[Sequence[int]]) -> None:
        self.successors = successors
        count = self.nodes = len(successors)
        """How many of the vertices are nodes; lanes come after them."""
        self.back: set[tuple[int, int]] = set()
        """The lines that lead up: from a node to one that it is reached through, to itself, or to the entry."""
        self.rank: list[int] = self._rank(self._topological())
        """The layer of each vertex, from the top."""
        self.layers: list[list[int]] = [[] for _ in range(max(self.rank, default=-1) + 1)]
        """The vertices of each layer."""
        for node in range(count):
            self.layers[self.rank[node]].append(node)
        self.above: list[list[int]] = [[] for _ in range(count)]
        """Of each vertex: those that it is joined with in the layer above."""
        self.below: list[list[int]] = [[] for _ in range(count)]
        """Of each vertex: those that it is joined with in the layer below."""
        self.beside: dict[int, int] = {}
        """The node that a lane ends beside, in its layer."""
        self.down: dict[tuple[int, int], int] = {}
        """By node and layer: the lane to the node from above."""
        self.up: dict[tuple[int, int], int] = {}
        """By node and layer: the lane to the node from below, from the node's own layer on."""
        self.goal: list[int] = list(range(count))
        """Of each vertex: the node that it is, or that its lane leads to."""
        self.home: list[float] = [float(node) for node in range(count)]
        """Of each vertex: between which nodes it is at home, were they all in a row."""
        self._add_lanes()

    def _topological(self) -> list[int]:
        """Return the nodes so that lines lead on, but for those that lead back: reversed, as a walk leaves them."""
        successors = self.successors
        left: list[int] = []
        state = bytearray(len(successors))  # 0 not met, 1 on the way here, 2 left
        for root in range(len(successors)):
            if state[root]:
                continue
            state[root] = 1
            stack = [(root, iter(successors[root]))]
            while stack:
                node, following = stack[-1]
                for successor in following:
                    if state[successor] == 1 or not successor:  # nothing stands above the entry
                        self.back.add((node, successor))
                    elif not state[successor]:
                        state[successor] = 1
                        stack.append((successor, iter(successors[successor])))
                        break
                else:
                    state[node] = 2
                    left.append(node)
                    stack.pop()
        left.reverse()
        return left

    def _rank(self, order: Sequence[int]) -> list[int]:
        """Return the layer of each node: one below the lowest that leads to it."""
        rank = [0] * len(order)
        for node in order:
            for successor in self.successors[node]:
                if (node, successor) not in self.back:
                    rank[successor] = max(rank[successor], rank[node] + 1)
        return rank

    def _add_lanes(self) -> None:
        before: list[list[int]] = [[] for _ in self.successors]
        behind: list[list[int]] = [[] for _ in self.successors]
        for node, successors in enumerate(self.successors):
            for successor in successors:
                (behind if (node, successor) in self.back else before)[successor].append(node)
        for node in range(len(self.successors)):
            self._lead_down(node, before[node])
            self._lead_up(node, behind[node])

    def _lead_down(self, node: int, sources: Sequence[int]) -> None:
        rank = self.rank
        first = min((rank[source] for source in sources), default=rank[node])
        last: int | None = None
        for layer in range(first + 1, rank[node]):
            lane = self.down[node, layer] = self._lane(layer, node, node)
            self._join(last, lane)
            last = lane
        self._join(last, node)
        for source in sources:
            self._join(source, self.down.get((node, rank[source] + 1), node))

    def _lead_up(self, node: int, sources: Sequence[int]) -> None:
        rank = self.rank
        last: int | None = None
        home = max(sources, default=0) + 0.5  # right of all that it leads around
        for layer in range(rank[node], max((rank[source] for source in sources), default=-1) + 1):
            lane = self.up[node, layer] = self._lane(layer, node, home)
            self._join(last, lane)
            last = lane
        for source in sources:
            if (lane := self.up.get((node, rank[source] + 1))) is not None:
                self._join(source, lane)
            else:
                self.beside[self.up[node, rank[source]]] = source
        if sources:
            self.beside[self.up[node, rank[node]]] = node

    def _lane(self, layer: int, goal: int, home: float) -> int:
        lane = len(self.rank)
        if lane - len(self.successors) >= _MOST_LANES:
            raise LimitError(f"the lines of {len(self.successors):,} nodes pass too many others to be drawn")
        self.rank.append(layer)
        self.goal.append(goal)
        self.home.append(home)
        self.layers[layer].append(lane)
        self.above.append([])
        self.below.append([])
        return lane

    def _join(self, upper: int | None, lower: int) -> None:
        if upper is not None:
            self.below[upper].append(lower)
            self.above[lower].append(upper)
