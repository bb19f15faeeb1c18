"""A function's control flow as a picture: its blocks as boxes, each with what it does, and the ways between them."""

from __future__ import annotations

import bisect
from collections import deque
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from ..asm.flow.picture import Drawing, Layout, PictureBox
from ..asm.flow.traffic import busiest_way, edge_counts
from ..errors import LimitError
from .amount import OF_BLOCK, bar
from .block_texts import BlockTexts, BoxLine, LineKind

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from ..asm.flow import FlowGraph
    from .listing import Listing

__all__ = ["FlowPicture"]

_MOST_BLOCKS: Final = 400
"""Blocks of a picture: more take seconds, and nobody follows them."""
_LEAST_BLOCKS: Final = 25
"""Where as many are too entangled to be drawn, there is no picture."""
_WIDEST: Final = 44
"""Cells of a line of a box."""
_FAN: Final = 16
"""Ways that lead to one block from which on they are not followed backwards to find what is near."""


class FlowPicture:
    """The picture of the function that holds an instruction.

    Making it takes up to seconds: `drawing` is for a thread, and everything else is at hand then.

    Args:
        listing: The program's listing.
        slot: An instruction of the function: where there are too many blocks, those near it are drawn.
        counts: How often each instruction ran (or was walked over by the verifier), by slot; None where that is not
            known. The way of most runs is heavy then.
        removed: Slots of instructions that the verifier removed.
        whole: Show blocks that were removed, or that no way leads to, too.
        code: Show all code of each block, and not only what it calls and how it ends.
        ascii_only: Draw with ASCII characters.

    Raises:
        LimitError: The ways between even few blocks are too entangled.
    """

    def __init__(
        self,
        listing: Listing,
        slot: int = 0,
        *,
        counts: Mapping[int, int] | None = None,
        removed: Collection[int] = (),
        whole: bool = False,
        code: bool = False,
        ascii_only: bool = False,
    ) -> None:
        self.listing = listing
        graph = self.graph = listing.program.flow.graph_at(slot)
        """The function's control flow."""
        self.counts = counts
        self._texts = BlockTexts(listing, graph, code=code, ascii_only=ascii_only)
        self._ascii = ascii_only
        gone = _removed(graph, removed)
        unreachable = {number for number, reached in enumerate(graph.reachable) if not reached}
        self.removed: int = len(gone)
        """Blocks of which the verifier removed all instructions."""
        self.unreachable: int = len(unreachable - gone)
        """Further blocks that no way leads to."""
        self.is_whole = whole
        """Whether those are drawn too."""
        self._gone = gone
        self._hidden = set[int]() if whole else gone | unreachable
        self._ways = edge_counts(graph, counts) if counts is not None else {}
        self._runs = [(counts or {}).get(start, 0) for start in graph.starts]
        self.most: int = max((counts or {}).values(), default=0)
        """The highest of the counts."""
        self._center = graph.block_at(slot)
        most = _MOST_BLOCKS
        while True:
            self.blocks: list[int] = _near(graph, self._center, most, self._hidden)
            """The blocks that are drawn, ascending: what box 0, 1, … is. Further boxes are for those left out."""
            try:
                self.drawing: Drawing = self._draw()
                """The picture."""
            except LimitError:
                most = len(self.blocks) // 2
                if most < _LEAST_BLOCKS:
                    raise
            else:
                break
        self._shown = set(self.blocks)

    def _draw(self) -> Drawing:
        graph, blocks = self.graph, self.blocks
        node = {block: number for number, block in enumerate(blocks)}
        successors: list[list[int]] = [[] for _ in blocks]
        self.lines: list[list[BoxLine]] = [self._texts.lines(block) for block in blocks]
        """What each box says."""
        self.stubs: list[tuple[int, ...]] = []
        """Of each box after those of blocks: the blocks that are left out, and that the lines there lead to or from."""
        labels: dict[tuple[int, int], str] = {}
        for block, number in node.items():
            following = [to for to in graph.successors[block] if to not in self._hidden]
            successors[number] = [node[to] for to in following if to in node]
            left_out = tuple([to for to in following if to not in node])
            if left_out:
                successors[number].append(self._stub(left_out, "to"))
                successors.append([])
            before = tuple(
                [come for come in graph.predecessors[block] if come not in node and come not in self._hidden]
            )
            if before:
                stub = self._stub(before, "from")
                successors.append([number])
                assert stub == len(successors) - 1
            labels |= {(number, node[to]): text for to, text in self._labels(block, following) if to in node}
        boxes = [self._box(number) for number in range(len(successors))]
        shapes = [
            box.shape([len(labels.get((number, to), "")) for to in successors[number]], widest=_WIDEST)
            for number, box in enumerate(boxes)
        ]
        layout = Layout(shapes, successors, {line: len(text) for line, text in labels.items()})
        way = busiest_way(graph.successors, self._runs, self._ways) if self.counts is not None else []
        heavy = {(node[one], node[other]) for one, other in pairwise(way) if one in node and other in node}
        return Drawing(
            layout,
            boxes,
            labels,
            heavy=heavy,
            heavy_nodes={node[block] for block in way if block in node},
            ascii_only=self._ascii,
        )

    def _stub(self, blocks: tuple[int, ...], direction: str) -> int:
        """Add a box for blocks that are left out, and return its number."""
        first = f"L{self.graph.starts[blocks[0]]}"
        more = f" and {len(blocks) - 1:,} more" if len(blocks) > 1 else ""
        self.lines.append([BoxLine(LineKind.MORE, f"{direction} {first}{more}, not drawn")])
        self.stubs.append(blocks)
        return len(self.lines) - 1

    def _box(self, number: int) -> PictureBox:
        lines = tuple([line.text for line in self.lines[number]])
        if number >= len(self.blocks):
            return PictureBox("", "", lines)
        note = self._texts.size(self.blocks[number])
        if self.blocks[number] in self._gone:
            note += " x removed" if self._ascii else " ∅ removed"
        elif self.counts is not None:
            runs = self._runs[self.blocks[number]]
            note += f"  {runs:,} {bar(runs, self.most, ascii_only=self._ascii) * OF_BLOCK}"
        return PictureBox(str(self.graph.starts[self.blocks[number]]), note, lines)

    def _labels(self, block: int, following: Sequence[int]) -> list[tuple[int, str]]:
        """Return what stands beside the ways out of a block: whether the jump is taken, and how often."""
        found: list[tuple[int, str]] = []
        for to in following:
            text, taken = self._texts.label(block, to), self._ways.get((block, to))
            if text:
                found.append((to, text if taken is None else f"{text} {taken:,}"))
        return found

    def count(self, node: int) -> int | None:
        """Return how often the block of a box ran; None where that is not known, and of a box for what is left out."""
        known = self.counts is not None and not self.is_stub(node) and self.blocks[node] not in self._gone
        return self._runs[self.blocks[node]] if known else None

    # Where things are

    def __len__(self) -> int:
        """Return the number of boxes."""
        return len(self.lines)

    def slot(self, node: int) -> int:
        """Return the first slot of a box's block; of one for what is left out, of the first of that."""
        blocks = self.blocks[node] if node < len(self.blocks) else self.stubs[node - len(self.blocks)][0]
        return self.graph.starts[blocks]

    def node_of(self, slot: int) -> int | None:
        """Return the box of the block that holds a slot; None where it is not drawn."""
        if not self.graph.start <= slot < self.graph.stop:
            return None
        block = self.graph.block_at(slot)
        at = bisect.bisect_left(self.blocks, block)
        return at if block in self._shown else None

    def is_stub(self, node: int) -> bool:
        """Whether a box stands for blocks that are left out."""
        return node >= len(self.blocks)

    @property
    def remarks(self) -> list[str]:
        """What is not drawn, and why."""
        found: list[str] = []
        drawable = len(self.graph) - len(self._hidden)
        if len(self.blocks) < drawable:
            center = f"L{self.graph.starts[self._center]}"
            found.append(f"{len(self.blocks):,} of {drawable:,} blocks drawn, those nearest to {center}")
        if not self.is_whole:
            if self.removed:
                found.append(f"{_blocks(self.removed)} removed {'x' if self._ascii else '∅'}")
            if self.unreachable:
                found.append(f"{_blocks(self.unreachable)} unreachable")
        return found


def _blocks(number: int) -> str:
    return f"{number:,} block{'' if number == 1 else 's'}"


def _removed(graph: FlowGraph, removed: Collection[int]) -> set[int]:
    """Return the blocks of which the verifier removed everything."""
    slots = sorted(removed)
    found: set[int] = set()
    for number, start in enumerate(graph.starts if slots else ()):
        stop = graph.block(number).stop
        inside = slots[bisect.bisect_left(slots, start) : bisect.bisect_left(slots, stop)]
        # Of a 64-bit immediate, the slot of its first half is there.
        if inside and inside[0] == start and inside[-1] >= stop - 2:
            found.add(number)
    return found


def _near(graph: FlowGraph, center: int, most: int, hidden: Collection[int]) -> list[int]:
    """Return the blocks that are nearest to one, by ways in either direction, ascending."""
    if len(graph) - len(hidden) <= most:
        return [block for block in range(len(graph)) if block not in hidden]
    found = {center}
    waiting = deque([center])
    while waiting and len(found) < most:
        block = waiting.popleft()
        before = graph.predecessors[block]
        for other in (*graph.successors[block], *(before if len(before) <= _FAN or block == center else ())):
            if other not in found and other not in hidden and len(found) < most:
                found.add(other)
                waiting.append(other)
    return sorted(found)
