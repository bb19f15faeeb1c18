"""How often each way through a function was taken, from how often each of its instructions ran.

What flows into a block flows out of it: where all but one of the ways into or out of a block are known, so is the last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .worklist import settle

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .graph import FlowGraph

__all__ = ["busiest_way", "edge_counts"]


def edge_counts(graph: FlowGraph, counts: Mapping[int, int]) -> dict[tuple[int, int], int]:
    """Return how often each way from block to block was taken, by their indices; ways that are not known are left out.

    Args:
        graph: The function's control flow.
        counts: How often each instruction ran, by slot; those that never did may be missing.
    """
    runs = [counts.get(start, 0) for start in graph.starts]
    left = set(graph.exits)
    # A block that can be left otherwise than by its ways is of no use for finding what leaves by them, nor is the
    # first block for what comes in: it is entered from outside.
    ways = [
        *(
            (number, [(number, to) for to in successors])
            for number, successors in enumerate(graph.successors)
            if successors and graph.block(number).stop - 1 not in left
        ),
        *((number, [(come, number) for come in graph.predecessors[number]]) for number in range(1, len(graph))),
    ]
    of_edge: dict[tuple[int, int], list[int]] = {}
    for at, (_, edges) in enumerate(ways):
        for edge in edges:
            of_edge.setdefault(edge, []).append(at)
    known: dict[tuple[int, int], int] = {}

    def visit(at: int) -> list[int]:
        number, edges = ways[at]
        open_ = [edge for edge in edges if edge not in known]
        if len(open_) > 1 and runs[number]:
            return []
        rest = runs[number] - sum(known[edge] for edge in edges if edge in known)
        known.update((edge, max(0, rest)) for edge in open_)
        return [other for edge in open_ for other in of_edge[edge]]

    settle(range(len(ways)), visit)
    return known


def busiest_way(
    successors: Sequence[Sequence[int]], runs: Sequence[int], ways: Mapping[tuple[int, int], int]
) -> list[int]:
    """Return the blocks that most runs come through, from the first one on, each once; none where none ran.

    Args:
        successors: Of each block: those that can follow.
        runs: How often each block ran.
        ways: How often each way was taken, as far as it is known.
    """
    way: list[int] = []
    here, seen = 0, set[int]()
    while runs and runs[here] and here not in seen:
        seen.add(here)
        way.append(here)
        following = [to for to in successors[here] if to not in seen]
        if not following:
            break
        here = max(following, key=lambda to, here=here: (ways.get((here, to), runs[to]), runs[to]))
    return way
