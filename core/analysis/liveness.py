"""Where values go: which registers are still used, and which constants are returned and nothing else.

A backward data flow over the basic blocks of a function.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..asm.flow.worklist import settle
from ..asm.instruction import slots
from ..asm.opcodes import EXIT, INSN_SIZE, LD_IMM64, AluOp, Class, Source
from ..asm.registers import def_use

if TYPE_CHECKING:
    from ..asm.flow import FlowGraph
    from ..spec.program import ProgramSpec

__all__ = ["Backwards", "Flow"]

_X: Final = int(Source.X)
_MOVES: Final = frozenset(
    int(kind | AluOp.MOV | source) for kind in (Class.ALU, Class.ALU64) for source in (Source.K, Source.X)
)

Flow = tuple[int, int]
"""Registers whose values may be returned, and those that may be used otherwise, as bits."""


class Backwards:
    """Where the values of a function's registers go: for each block, and within one instruction by instruction."""

    def __init__(self, program: ProgramSpec, graph: FlowGraph) -> None:
        self.graph = graph
        code = memoryview(program.code)[graph.start * INSN_SIZE : graph.stop * INSN_SIZE]
        self._slots = slots(code, program.byte_order)
        opcodes = bytes(code[::INSN_SIZE])
        self._seconds: set[int] = set()
        """The second halves of 64-bit loads, from the function's first slot."""
        at = opcodes.find(LD_IMM64)
        while at >= 0:
            self._seconds.add(at + 1)
            at = opcodes.find(LD_IMM64, at + 2)
        self.before: list[Flow] = [(0, 0)] * len(graph)
        """What holds where each block begins."""
        settle(range(len(graph)), self._visit, backwards=True)

    def _visit(self, number: int) -> tuple[int, ...]:
        flow = self._block(number, None)
        if flow == self.before[number]:
            return ()
        self.before[number] = flow
        return self.graph.predecessors[number]

    def constants(self) -> dict[int, int]:
        """Return the constants that the function can return, as 32-bit signed numbers, by the slot of the move.

        A constant counts if on some way it is returned, perhaps after moves from register to register, and on none it
        is used for anything else.
        """
        found: dict[int, int] = {}
        for number in range(len(self.graph)):
            self._block(number, found)
        return found

    def _block(self, number: int, constants: dict[int, int] | None) -> Flow:
        start, stop = self.graph.starts[number], self.graph.stops[number]
        first, words, seconds = self.graph.start, self._slots, self._seconds
        returned, used = _joined(self.before, self.graph.successors[number])
        for at in range(stop - first - 1, start - first - 1, -1):
            if at in seconds:
                continue
            opcode, dst, src, offset, imm = words[at]
            if opcode in _MOVES and not offset:
                bit = 1 << dst
                origin = 1 << src if opcode & _X else 0
                if not origin and constants is not None and returned & bit and not used & bit:
                    constants[first + at] = imm
                returned = returned & ~bit | origin if returned & bit else returned
                used = used & ~bit | origin if used & bit else used
            elif opcode == EXIT:
                returned, used = 1, 0
            else:
                changed, read = def_use(opcode, dst, src, imm)
                returned, used = returned & ~changed, used & ~changed | read
        return returned, used


def _joined(before: list[Flow], successors: tuple[int, ...]) -> Flow:
    returned = used = 0
    for successor in successors:
        returned |= before[successor][0]
        used |= before[successor][1]
    return returned, used
