"""The intervals of registers at the start of each block, found by following all paths through a function."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import reduce
from typing import TYPE_CHECKING, Final

from ...asm import Source
from ...asm.flow.worklist import settle
from .code import MASK64, written_registers
from .ranges import ANY, MASK32, State, Value, branch_refined, transfer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ...asm import Instruction
    from .code import Code
    from .graph import Graph

__all__ = ["analyse"]

_ZERO: Final[Value] = (0, 0, False)
_PATIENCE: Final = 40
"""How often a block is looked at, on average, before nothing is assumed of any: in code made to take long."""
_JOINS: Final = 4
"""How often a block's state may grow step by step, before what still grows becomes anything."""


def _branch(insn: Instruction, state: State, taken: bool) -> State:
    """Return the state on one side of a conditional jump; where it cannot go there, that does not matter."""
    refined = branch_refined(insn, state, taken=taken)
    return state if refined is None else refined


def _join(a: Value, b: Value) -> Value:
    """Return what is either of two values."""
    if a == b:
        return a
    if a[2] or b[2]:
        return ANY
    return (a[0] if a[0] < b[0] else b[0], a[1] if a[1] > b[1] else b[1], False)


def _grow(old: State, new: State, thresholds: list[int], visits: int) -> bool:
    """Make *old* hold what *new* holds too; return whether it grew. Growing goes in steps, so that it ends."""
    grew = False
    for register, (a, b) in enumerate(zip(old, new, strict=True)):
        if a == b:
            continue
        joined = _join(a, b)
        if joined == a:
            continue
        if visits and not joined[2]:
            low, high, _ = joined
            if low < a[0]:
                low = thresholds[bisect_right(thresholds, low) - 1] if visits <= _JOINS else 0
            if high > a[1]:
                high = thresholds[bisect_left(thresholds, high)] if visits <= _JOINS else MASK64
            joined = (low, high, False)
        old[register] = joined
        grew = True
    return grew


def _thresholds(code: Code, graph: Graph) -> list[int]:
    """Return where a growing interval may stop: what is compared with, and the widths of loads."""
    found = {0, 0xFF, 0xFFFF, MASK32 >> 1, MASK32, MASK64 >> 1, MASK64}
    for block in graph.blocks:
        insn = code.at(block.slots[-1])
        if insn.is_conditional and not insn.opcode & Source.X:
            value = insn.imm & MASK64
            found.update((max(value - 1, 0), value, min(value + 1, MASK64)))
    return sorted(found)


class _Analysis:
    """The states of one function's blocks."""

    def __init__(self, code: Code, graph: Graph, immediate: Callable[[int], int]) -> None:
        self.code = code
        self.graph = graph
        self.immediate = immediate
        self.entry: State = [_ZERO, *[ANY] * 5, *[_ZERO] * 4, (0, 0, True)]

    def after(self, number: int, state: State) -> list[tuple[int, State]]:
        """Return the blocks that follow one that is begun in *state*, and the state that each is begun in then."""
        state = state.copy()
        block = self.graph.blocks[number]
        insn = None
        for slot in block.slots:
            insn = self.code.at(slot)
            transfer(slot, insn, state, self.immediate)
        if insn is None or len(block.successors) < 2:
            return [(successor, state) for successor in block.successors]
        return [(block.successors[taken], _branch(insn, state, bool(taken))) for taken in (0, 1)]

    def grow(self) -> list[State]:
        """Follow all paths until nothing new is found."""
        graph = self.graph
        count = len(graph.blocks)
        states: list[State | None] = [None] * count
        states[0] = self.entry.copy()
        visits = [0] * count
        thresholds = _thresholds(self.code, graph)
        patience = _PATIENCE * (count + _PATIENCE)

        def visit(number: int) -> Iterator[int]:
            nonlocal patience
            patience -= 1
            before = states[number]
            if before is None or patience <= 0:
                return
            for successor, after in self.after(number, before):
                known = states[successor]
                if known is None:
                    states[successor] = after.copy()
                elif _grow(known, after, thresholds, visits[successor]):
                    visits[successor] += not graph.reducible or successor in graph.loops
                else:
                    continue
                yield successor

        settle([0], visit)
        if patience <= 0:
            return [[*[ANY] * 10, (0, 0, True)] for _ in states]
        return [state if state is not None else [ANY] * 11 for state in states]

    def narrow(self, states: list[State]) -> None:
        """Go through once more: what a loop does not write to is what it was before the loop."""
        graph = self.graph
        coming: list[list[tuple[int, State]]] = [[] for _ in graph.blocks]
        for number, state in enumerate(states):
            for successor, after in self.after(number, state):
                if successor <= number:
                    coming[successor].append((number, after))
        for number in range(len(states)):
            edges = coming[number]
            ahead = [after for source, after in edges if source < number]
            if number == 0:
                ahead.append(self.entry)
            kept: set[int] = set(range(11))
            for block in graph.loops.get(number, ()):
                for slot in graph.blocks[block].slots:
                    kept.difference_update(written_registers(self.code.at(slot)))
            every = [*ahead, *(after for source, after in edges if source >= number)]
            for register in range(11):
                states[number][register] = reduce(
                    _join, (state[register] for state in (ahead if register in kept else every))
                )
            for successor, after in self.after(number, states[number]):
                if successor > number:
                    coming[successor].append((number, after))


def analyse(code: Code, graph: Graph, immediate: Callable[[int], int]) -> list[State]:
    """Return the state at the start of each block.

    Args:
        code: The code.
        graph: The function's blocks.
        immediate: What the 64-bit immediate load at a slot loads.
    """
    analysis = _Analysis(code, graph, immediate)
    states = analysis.grow()
    if graph.loops and graph.reducible:
        analysis.narrow(states)
    return states
