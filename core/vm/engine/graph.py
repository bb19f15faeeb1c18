"""The blocks of one function as Python has to be written for them: in reverse postorder, with dominators and loops.

Blocks are numbers: their places in reverse postorder, 0 the entry, so that every edge that is no back edge of a loop
leads to a higher number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ...asm.flow.dominators import immediate_dominators, reverse_postorder
from ...asm.flow.loops import find_loops

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .code import Code, Function

__all__ = ["Block", "Graph"]


_NESTING: Final = 32
"""How deep loops may nest, on average over all blocks; Python allows 20."""


class Block(NamedTuple):
    """Instructions that always run one after the other."""

    slots: tuple[int, ...]
    """Their first slots."""
    successors: tuple[int, ...]
    """Blocks that can follow: for a conditional jump the next one, then the target."""


class Graph:
    """The blocks of a function, without computed jumps.

    Args:
        code: Where the function is.
        function: Which one.
        every: Whether blocks that are nothing but a jump are there too, as they are for who stops at them or counts,
            and both ways of a conditional jump that leads to the next instruction.
    """

    def __init__(self, code: Code, function: Function, *, every: bool = False) -> None:
        self.blocks = _blocks(code, function.start, code.flow.successors if every else code.shortcuts, every=every)
        count = len(self.blocks)
        self.predecessors: list[list[int]] = [[] for _ in range(count)]
        """By block, each once for each edge."""
        for number, block in enumerate(self.blocks):
            for successor in block.successors:
                self.predecessors[successor].append(number)
        self.dominator = immediate_dominators(self.predecessors)
        """By block, its immediate dominator; the entry's is itself."""
        found = {loop.header: loop for loop in find_loops([block.successors for block in self.blocks])}
        size = sum(loop.depth * len(loop.own) for loop in found.values())
        self.reducible: bool = size <= _NESTING * (count + _NESTING) and all(loop.is_natural for loop in found.values())
        """Whether each loop has a single entry, and loops do not nest beyond all reason."""
        self.loops: dict[int, set[int]] = {header: set() for header in found} if self.reducible else {}
        """By header, the blocks of its loop, the header among them; empty where the graph is not reducible."""
        self.around: list[list[int]] = [[] for _ in range(count)]
        """By block, the headers of the loops that it is in, the innermost first."""
        for header in self.loops:
            outer: int | None = header
            while outer is not None:
                for block in found[header].own:
                    self.around[block].append(outer)
                self.loops[outer].update(found[header].own)
                outer = found[outer].outer

    def is_back_edge(self, source: int, target: int) -> bool:
        """Whether an edge closes a loop."""
        return target <= source and target in self.loops and source in self.loops[target]


def _blocks(code: Code, start: int, edges: Sequence[Sequence[int]], *, every: bool) -> list[Block]:
    """Return the blocks of the function that begins at a slot, in reverse postorder."""
    order = reverse_postorder(edges, code.flow.block_at(start))
    numbers = {number: place for place, number in enumerate(order)}
    blocks: list[Block] = []
    for number in order:
        slots, successors = code.block_slots(number), tuple([numbers[successor] for successor in edges[number]])
        if every and len(successors) == 1 and code.at(slots[-1]).is_conditional:
            successors *= 2  # a jump to where it goes on anyway
        blocks.append(Block(slots, successors))
    return blocks
