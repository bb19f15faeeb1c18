"""The control flow of one function: its basic blocks, and what can follow what.

A block is a run of instructions that is entered at its first and left after its last. Jumps lead from one to another
within a function (RFC 9669, section 4.3); calls return and end no block.
"""

from __future__ import annotations

import array
import bisect
import enum
import re
import sys
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from ..instruction import Instruction, words
from ..opcodes import CALLX, EXIT, GOTOL, GOTOX, INSN_SIZE, JA, LD_IMM64, MAY_GOTO
from .loops import Loop, find_loops
from .worklist import closure

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from ..instruction import ByteOrder, Code

__all__ = ["Block", "Edge", "EdgeKind", "FlowGraph", "Problem"]

# What an opcode does to the control flow, as one byte each. The second half of a 64-bit load is told by its place.
_PLAIN, _WIDE, _SECOND, _BRANCH, _GOTO, _GOTOL, _GOTOX, _EXIT, _MAY_GOTO, _CALLX = range(10)
_SPECIAL: Final = {
    LD_IMM64: _WIDE,
    JA: _GOTO,
    GOTOL: _GOTOL,
    GOTOX: _GOTOX,
    EXIT: _EXIT,
    MAY_GOTO: _MAY_GOTO,
    CALLX: _CALLX,
}
_KINDS: Final = bytes(_SPECIAL.get(opcode, _BRANCH if Instruction(opcode).is_jump else _PLAIN) for opcode in range(256))
_WIDE_LOAD: Final = re.compile(rb"\x01[\x00-\xff]")
_ENDS: Final = re.compile(rb"[\x03-\x08]")


class EdgeKind(enum.StrEnum):
    """Why one instruction can follow another."""

    FALL = "fall"
    """It is the next one."""
    BRANCH = "branch"
    """A conditional jump that is taken."""
    GOTO = "goto"
    """An unconditional jump, near or far (gotol)."""
    MAY_GOTO = "may_goto"
    """A jump that the kernel takes when a loop has run too long."""
    GOTOX = "gotox"
    """A jump through a table."""


class Edge(NamedTuple):
    """One way from a block to another."""

    source: int
    """The slot of the block's last instruction, that of the jump."""
    target: int
    """The slot of the first instruction of the other block."""
    kind: EdgeKind


class Problem(NamedTuple):
    """Something in the code that makes no sense, or that cannot be followed."""

    slot: int
    text: str


class Block(NamedTuple):
    """A basic block."""

    start: int
    """Its first slot."""
    stop: int
    """One past its last slot."""
    successors: tuple[int, ...]
    """The indices of the blocks that can follow, the one behind it first; each once."""


class FlowGraph:
    """The control flow of one function; slots are those of the whole code.

    Args:
        code: The code that holds the function.
        byte_order: That of the code.
        start: The function's first slot.
        stop: One past its last slot; the default is the end of the code.
        tables: Where a gotox can lead, by its slot; called only where there is one. None: not known.
        no_return: Slots of calls that do not return (the kfunc bpf_throw).
        entries: Where blocks begin beside the first slot and what is jumped to: functions, in code that holds several.
    """

    def __init__(
        self,
        code: Code,
        byte_order: ByteOrder,
        start: int = 0,
        stop: int | None = None,
        *,
        tables: Callable[[int], Sequence[int] | None] | None = None,
        no_return: Collection[int] = (),
        entries: Collection[int] = (),
    ) -> None:
        view = words(code)
        self.start = start
        self.stop: int = len(view) // INSN_SIZE if stop is None else stop
        self.problems: list[Problem] = []
        """What makes no sense, sorted by slot; a jump that leads nowhere is left out of the edges."""
        self._code = view[start * INSN_SIZE : self.stop * INSN_SIZE]
        self._order: ByteOrder = byte_order
        self._tables = tables
        self._jumps: dict[int, tuple[EdgeKind | None, tuple[int, ...]]] = {}
        """By the slot of each instruction that ends a block: its kind (None for an exit) and targets."""
        self.starts: list[int] = []
        """The first slot of each block, ascending."""
        self.successors: list[tuple[int, ...]] = []
        """Of each block: the indices of those that can follow."""
        self._scan(no_return, entries)
        self.stops: list[int] = [*self.starts[1:], self.stop] if self.starts else []
        """One past the last slot of each block."""
        self._connect()
        self.problems.sort()

    def _scan(self, no_return: Collection[int], entries: Collection[int]) -> None:
        """Find what ends blocks, and where blocks begin."""
        kinds = bytes(self._code[::INSN_SIZE]).translate(_KINDS)
        if _WIDE in kinds:
            kinds = _WIDE_LOAD.sub(b"\x01\x02", kinds)
        halves = array.array("h", bytes(self._code))
        if self._order != sys.byteorder:
            halves.byteswap()
        start, count, jumps = self.start, len(kinds), self._jumps
        leaders = {start, *entries} if count else set[int]()
        for match in _ENDS.finditer(kinds):
            at = match.start()
            kind = kinds[at]
            if kind == _BRANCH:
                to, edge = at + 1 + halves[4 * at + 1], EdgeKind.BRANCH
            elif kind == _GOTO:
                to, edge = at + 1 + halves[4 * at + 1], EdgeKind.GOTO
            elif kind == _EXIT:
                jumps[start + at] = (None, ())
                leaders.add(start + at + 1)
                continue
            elif kind == _GOTOX:
                self._table(at, kinds, leaders)
                continue
            elif kind == _GOTOL:
                to, edge = at + 1 + self._imm(at), EdgeKind.GOTO
            elif self._source(at):
                continue  # a conditional pseudo jump other than may_goto: there is none
            else:
                to, edge = at + 1 + halves[4 * at + 1], EdgeKind.MAY_GOTO
            if 0 <= to < count and kinds[to] != _SECOND:
                jumps[start + at] = (edge, (start + to,))
                leaders.add(start + to)
            else:
                jumps[start + at] = (edge, ())
                self._lost(at, to, count)
            leaders.add(start + at + 1)
        if _CALLX in kinds:
            self._indirect_calls(kinds)
        for slot in no_return:
            if start <= slot < self.stop:
                jumps[slot] = (None, ())
                leaders.add(slot + 1)
        leaders.discard(self.stop)
        self.starts = sorted(leaders)

    def _table(self, at: int, kinds: bytes, leaders: set[int]) -> None:
        """Note where a gotox leads, as far as its table is known."""
        slot = self.start + at
        known = self._tables(slot) if self._tables is not None else None
        if known is None:
            self.problems.append(Problem(slot, "it jumps through a table that is not known"))
            known = ()
        good = tuple(
            t for t in dict.fromkeys(known) if self.start <= t < self.stop and kinds[t - self.start] != _SECOND
        )
        for target in set(known).difference(good):
            self._lost(at, target - self.start, len(kinds))
        self._jumps[slot] = (EdgeKind.GOTOX, good)
        leaders.update(good)
        leaders.add(slot + 1)

    def _lost(self, at: int, to: int, count: int) -> None:
        where = "into the middle of a 64-bit load" if 0 <= to < count else "outside of the function"
        self.problems.append(Problem(self.start + at, f"it jumps to {self.start + to}, {where}"))

    def _indirect_calls(self, kinds: bytes) -> None:
        at = kinds.find(_CALLX)
        while at >= 0:
            self.problems.append(Problem(self.start + at, "it calls an address in a register, which is not followed"))
            at = kinds.find(_CALLX, at + 1)

    def _imm(self, at: int) -> int:
        return int.from_bytes(self._code[at * INSN_SIZE + 4 : at * INSN_SIZE + 8], self._order, signed=True)

    def _source(self, at: int) -> int:
        registers = self._code[at * INSN_SIZE + 1]
        return registers >> 4 if self._order == "little" else registers & 0xF

    def _connect(self) -> None:
        """Turn targets into the indices of blocks."""
        starts, jumps, successors = self.starts, self._jumps, self.successors
        index = {slot: number for number, slot in enumerate(starts)}
        last = len(starts) - 1
        falls = EdgeKind.BRANCH, EdgeKind.MAY_GOTO
        for number, stop in enumerate(self.stops):
            ending = jumps.get(stop - 1)
            if ending is None:
                kind, targets = EdgeKind.FALL, ()
            else:
                kind, targets = ending
            if kind is not EdgeKind.FALL and kind not in falls:
                successors.append(tuple([index[target] for target in targets]))
                continue
            if number == last:
                self.problems.append(Problem(stop - 1, "the function ends here without an exit or a jump"))
                successors.append(tuple([index[target] for target in targets]))
            elif targets and targets[0] != stop:
                successors.append((number + 1, index[targets[0]]))
            else:
                successors.append((number + 1,))

    def __len__(self) -> int:
        """Return the number of blocks."""
        return len(self.starts)

    def block(self, index: int) -> Block:
        """Return a block, from 0; IndexError outside."""
        return Block(self.starts[index], self.stops[index], self.successors[index])

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """All blocks, by their slots."""
        return tuple(self.block(index) for index in range(len(self.starts)))

    @cached_property
    def predecessors(self) -> list[tuple[int, ...]]:
        """Of each block: the indices of those that can come before it."""
        found: list[list[int]] = [[] for _ in self.starts]
        for number, successors in enumerate(self.successors):
            for successor in successors:
                found[successor].append(number)
        return [tuple(numbers) for numbers in found]

    def block_at(self, slot: int) -> int:
        """Return the index of the block that holds a slot of the function; ValueError outside."""
        if not self.start <= slot < self.stop:
            raise ValueError(f"slot {slot} is not within {self.start} to {self.stop}")
        return bisect.bisect_right(self.starts, slot) - 1

    @property
    def jumps(self) -> list[Edge]:
        """The edges that are jumps, by the slot of the jump: what arrows are drawn of."""
        return [
            Edge(slot, target, kind)
            for slot, (kind, targets) in sorted(self._jumps.items())
            if kind is not None
            for target in targets
        ]

    def jumps_at(self, slot: int) -> list[Edge]:
        """Return the edges that are jumps of the instruction at a slot; none where it is none."""
        kind, targets = self._jumps.get(slot, (None, ()))
        return [] if kind is None else [Edge(slot, target, kind) for target in targets]

    @property
    def edges(self) -> list[Edge]:
        """All edges, by the slot that they come from, the one to the next instruction first."""
        found = self.jumps
        for number, successors in enumerate(self.successors):
            stop = self.block(number).stop
            ending = self._jumps.get(stop - 1)
            falls = ending is None or ending[0] in (EdgeKind.BRANCH, EdgeKind.MAY_GOTO)
            if falls and number + 1 in successors:
                found.append(Edge(stop - 1, stop, EdgeKind.FALL))
        return sorted(found, key=lambda edge: (edge.source, edge.kind is not EdgeKind.FALL))

    @property
    def exits(self) -> list[int]:
        """The slots where the function is left: exits, and calls that do not return."""
        return sorted(slot for slot, (kind, _) in self._jumps.items() if kind is None)

    @cached_property
    def targets(self) -> Mapping[int, tuple[int, ...]]:
        """By the slot of each instruction that is jumped to: the slots of the jumps, ascending."""
        found: dict[int, list[int]] = {}
        for edge in self.jumps:
            found.setdefault(edge.target, []).append(edge.source)
        return {target: tuple(found[target]) for target in sorted(found)}

    @cached_property
    def goes_back(self) -> bool:
        """Whether a block leads to itself or to one before it; without, there is no loop."""
        return any(number >= min(to) for number, to in enumerate(self.successors) if to)

    @cached_property
    def reachable(self) -> list[bool]:
        """Of each block: whether some way leads there from the function's first instruction."""
        found = closure([0], self.successors) if self.starts else ()
        return [number in found for number in range(len(self.starts))]

    @cached_property
    def unreachable(self) -> list[tuple[int, int]]:
        """The runs of slots that no way leads to, each as its first slot and one past its last."""
        found: list[tuple[int, int]] = []
        for number, reached in enumerate(self.reachable):
            if not reached:
                start, stop, _ = self.block(number)
                if found and found[-1][1] == start:
                    start = found.pop()[0]
                found.append((start, stop))
        return found

    @cached_property
    def loops(self) -> list[Loop]:
        """The loops, by the slots of their headers."""
        return find_loops(self.successors) if self.goes_back else []

    @cached_property
    def _loop_of(self) -> dict[int, int]:
        """The innermost loop of each block that is in one."""
        return {block: number for number, loop in enumerate(self.loops) for block in loop.own}

    def loop_at(self, slot: int) -> Loop | None:
        """Return the innermost loop that holds a slot of the function."""
        number = self._loop_of.get(self.block_at(slot))
        return None if number is None else self.loops[number]

    def loop_depth(self, slot: int) -> int:
        """Return how many loops a slot of the function is in."""
        loop = self.loop_at(slot)
        return 0 if loop is None else loop.depth

    @cached_property
    def loop_headers(self) -> Mapping[int, Loop]:
        """The loops by the slot that each begins at."""
        return {self.starts[loop.header]: loop for loop in self.loops}
