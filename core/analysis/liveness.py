"""Where values go: which registers are still used, and which constants are returned and nothing else.

A backward data flow over the basic blocks of a function.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ..asm.flow.worklist import settle
from ..asm.opcodes import EXIT, INSN_SIZE, LD_IMM64, AluOp, Class, Source
from ..asm.registers import def_use

if TYPE_CHECKING:
    from ..asm.flow import FlowGraph
    from ..spec.program import ProgramSpec

__all__ = ["Backwards", "Flow"]

_MOVES: Final = tuple(kind | AluOp.MOV for kind in (Class.ALU, Class.ALU64))

Flow = tuple[int, int]
"""Registers whose values may be returned, and those that may be used otherwise, as bits."""


class Backwards:
    """Where the values of a function's registers go: for each block, and within one instruction by instruction."""

    def __init__(self, program: ProgramSpec, graph: FlowGraph) -> None:
        self.graph = graph
        form = struct.Struct("<BBhi" if program.byte_order == "little" else ">BBhi")
        code = memoryview(program.code)[graph.start * INSN_SIZE : graph.stop * INSN_SIZE]
        self._words = list(form.iter_unpack(code))
        self._big = program.byte_order == "big"
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
        start, stop, successors = self.graph.block(number)
        first, words = self.graph.start, self._words
        slots: list[int] = []
        while start < stop:
            slots.append(start)
            start += 2 if words[start - first][0] == LD_IMM64 else 1
        returned, used = _joined(self.before, successors)
        for slot in reversed(slots):
            opcode, registers, offset, imm = words[slot - first]
            dst, src = (registers >> 4, registers & 0xF) if self._big else (registers & 0xF, registers >> 4)
            bit = 1 << dst
            if opcode & ~Source.X in _MOVES and not offset:
                origin = 1 << src if opcode & Source.X else 0
                if not origin and constants is not None and returned & bit and not used & bit:
                    constants[slot] = imm
                returned, used = (flow & ~bit | (origin if flow & bit else 0) for flow in (returned, used))
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
