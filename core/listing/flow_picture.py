"""A function's control flow as a picture: its blocks as boxes, each with what it does, and the ways between them."""

from __future__ import annotations

import bisect
from collections import deque
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from ..asm.flow import EdgeKind
from ..asm.flow.picture import Drawing, Layout, PictureBox
from ..asm.flow.traffic import busiest_way, edge_counts
from ..asm.opcodes import CALL, CALLX, INSN_SIZE
from ..context.fields import return_codes
from ..errors import LimitError
from ..visible import visible
from .listing import Row, RowKind

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from ..asm.flow import FlowGraph
    from .listing import Listing
    from .text import InsnText

__all__ = ["BoxLine", "FlowPicture", "LineKind"]

_MOST_BLOCKS: Final = 400
"""Blocks of a picture: more take seconds, and nobody follows them."""
_LEAST_BLOCKS: Final = 25
"""Where as many are too entangled to be drawn, there is no picture."""
_WIDEST: Final = 44
"""Cells of a line of a box."""
_CALLS: Final = 4
_SOURCES: Final = 2
"""Lines of C, and calls, that a box names if it does not show all of its code."""
_CODE: Final = 40
"""Rows of code that a box shows if it shows all of it."""
_END: Final = 24
"""The last instructions of a block, among which what is returned is looked for."""
_FAN: Final = 16
"""Ways that lead to one block from which on they are not followed backwards to find what is near."""


class LineKind:
    """What a line of a box is."""

    ASM: Final = "asm"
    SOURCE: Final = "source"
    MORE: Final = "more"
    """How much is not shown."""


class BoxLine(NamedTuple):
    """A line of a box."""

    kind: str
    text: str


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
        self.graph: FlowGraph = listing.program.flow.graph_at(slot)
        """The function's control flow."""
        self.counts = counts
        self._code = code
        self._ascii = ascii_only
        graph = self.graph
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
        most = _MOST_BLOCKS
        while True:
            self.blocks: list[int] = _near(graph, graph.block_at(slot), most, self._hidden)
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
        self.lines: list[list[BoxLine]] = [self._lines(block) for block in blocks]
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
        block = self.graph.block(self.blocks[number])
        count = block.stop - block.start - self._seconds(block.start, block.stop)
        note = f"{count:,} insn{'' if count == 1 else 's'}"
        if self.blocks[number] in self._gone:
            note += " x removed" if self._ascii else " ∅ removed"
        elif self.counts is not None:
            note += f"  {self._runs[self.blocks[number]]:,}"
        return PictureBox(str(block.start), note, lines)

    def _seconds(self, start: int, stop: int) -> int:
        """Return how many slots are second halves of 64-bit immediates."""
        seconds = self.listing.seconds
        return bisect.bisect_left(seconds, stop) - bisect.bisect_left(seconds, start)

    def _labels(self, block: int, following: Sequence[int]) -> list[tuple[int, str]]:
        """Return what stands beside the ways out of a block: whether the jump is taken, and how often."""
        stop = self.graph.block(block).stop
        kinds = {to: kind for _, to, kind in self.graph.jumps_at(stop - 1)}
        if len(self.graph.successors[block]) != 2 or set(kinds.values()) - {EdgeKind.BRANCH, EdgeKind.MAY_GOTO}:
            return []
        found: list[tuple[int, str]] = []
        for to in following:
            text = "yes" if self.graph.starts[to] in kinds else "no"
            taken = self._ways.get((block, to))
            found.append((to, text if taken is None else f"{text} {taken:,}"))
        return found

    # What boxes say

    def _lines(self, block: int) -> list[BoxLine]:
        start, stop, _ = self.graph.block(block)
        return self._all_lines(start, stop) if self._code else self._main_lines(start, stop)

    def _all_lines(self, start: int, stop: int) -> list[BoxLine]:
        """Return the code of a block."""
        listing = self.listing
        first, end = listing.index_of_slot(start), listing.index_of_slot(stop - 1) + 1
        while first and (heading := listing.heading(first - 1)) is not None and heading.kind is RowKind.SOURCE:
            first -= 1
        lines = [_line(row) for row in listing.walk(first, min(end, first + _CODE))]
        if end - first > _CODE:
            lines.append(self._more(end - first - _CODE, "row"))
        return lines

    def _main_lines(self, start: int, stop: int) -> list[BoxLine]:
        """Return what a block calls, or the C that it comes from, what it returns, and how it ends."""
        listing = self.listing
        calls = _calls(listing.program.code, start, stop)
        lines = [BoxLine(LineKind.ASM, visible(listing.text(slot))) for slot in calls[:_CALLS]]
        if len(calls) > _CALLS:
            lines.append(self._more(len(calls) - _CALLS, "call"))
        if not calls:
            lines += self._sources(start, stop)
        codes = set(return_codes(listing.program).values())
        rows = list(listing.walk(listing.index_of_slot(max(start, stop - _END)), listing.index_of_slot(stop - 1) + 1))
        insns = [row for row in rows if not isinstance(row, Row)]
        if codes:
            returned = [row for row in insns if codes.intersection(row.comment.split(", "))]
            lines += [BoxLine(LineKind.ASM, visible(f"{row.text}  ; {row.comment}")) for row in returned]
        last = insns[-1]
        jumps = self.graph.jumps_at(stop - 1)
        ends = not jumps and stop - 1 in self.graph.exits
        if ends or any(jump.kind is not EdgeKind.GOTO for jump in jumps) or not lines:
            lines.append(_line(last))
        return list(dict.fromkeys(lines))

    def _sources(self, start: int, stop: int) -> list[BoxLine]:
        """Return the lines of C that a block comes from."""
        infos = self.listing.program.linked.line_infos if self.listing.source else ()
        at = max(0, bisect.bisect_right(infos, start, key=lambda info: info.slot) - 1)
        texts: dict[str, None] = {}
        while at < len(infos) and infos[at].slot < stop:
            if text := infos[at].source.strip():
                texts[text] = None
            at += 1
        lines = [BoxLine(LineKind.SOURCE, visible(text)) for text in list(texts)[:_SOURCES]]
        if len(texts) > _SOURCES:
            lines.append(self._more(len(texts) - _SOURCES, "line"))
        return lines

    def _more(self, number: int, noun: str) -> BoxLine:
        dots = "..." if self._ascii else "…"
        return BoxLine(LineKind.MORE, f"{dots} {number:,} more {noun}{'' if number == 1 else 's'}")

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
            found.append(f"{len(self.blocks):,} of {drawable:,} blocks, those nearest to the cursor")
        if not self.is_whole:
            if self.removed:
                found.append(f"{_blocks(self.removed)} removed {'x' if self._ascii else '∅'}")
            if self.unreachable:
                found.append(f"{_blocks(self.unreachable)} unreachable")
        return found


def _blocks(number: int) -> str:
    return f"{number:,} block{'' if number == 1 else 's'}"


def _line(row: Row | InsnText) -> BoxLine:
    if isinstance(row, Row):
        return BoxLine(LineKind.SOURCE, visible(row.text.strip()))
    return BoxLine(LineKind.ASM, visible(row.text))


def _calls(code: bytes, start: int, stop: int) -> list[int]:
    """Return the slots of the calls from slot *start* to before *stop*."""
    opcodes = code[start * INSN_SIZE : stop * INSN_SIZE : INSN_SIZE]
    return [start + at for at, opcode in enumerate(opcodes) if opcode in (CALL, CALLX)]


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
