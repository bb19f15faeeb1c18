"""Where values go: which registers are still used, and which constants are returned and nothing else.

A backward data flow over the basic blocks of a function.
"""

from __future__ import annotations

import functools
import struct
from typing import TYPE_CHECKING, Final

from ..asm.opcodes import (
    CALL,
    CALLX,
    EXIT,
    GOTOX,
    INSN_SIZE,
    LD_IMM64,
    AluOp,
    AtomicOp,
    CallSource,
    Class,
    Mode,
    Source,
)
from ..helpers.effects import effect_of

if TYPE_CHECKING:
    from ..asm import Instruction
    from ..asm.flow import FlowGraph
    from ..spec.program import ProgramSpec

__all__ = ["Backwards", "effect"]

_SCRATCH: Final = 0b111111
"""r0 to r5, as bits: what a call changes."""
_ARGUMENTS: Final = 0b111110
_TRACE_PRINTK: Final = 6
"""It has as many arguments as its format asks for."""
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
        waiting = list(range(len(graph)))
        queued = set(waiting)
        while waiting:
            number = waiting.pop()
            queued.discard(number)
            flow = self._block(number, None)
            if flow != self.before[number]:
                self.before[number] = flow
                for predecessor in graph.predecessors[number]:
                    if predecessor not in queued:
                        queued.add(predecessor)
                        waiting.append(predecessor)

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
                changed, read = _effect(opcode, dst, src, imm)
                returned, used = returned & ~changed, used & ~changed | read
        return returned, used


def _joined(before: list[Flow], successors: tuple[int, ...]) -> Flow:
    returned = used = 0
    for successor in successors:
        returned |= before[successor][0]
        used |= before[successor][1]
    return returned, used


def effect(insn: Instruction) -> Flow:
    """Return the registers that an instruction changes, and those that it uses, as bits."""
    return _effect(insn.opcode, insn.dst, insn.src, insn.imm)


@functools.lru_cache(1 << 14)
def _effect(opcode: int, dst: int, src: int, imm: int) -> Flow:
    """Return the registers that an instruction changes, and those that it uses, as bits."""
    kind, source = opcode & 7, 1 << src if opcode & Source.X else 0
    if kind in (Class.ALU, Class.ALU64):
        return 1 << dst, (1 << dst if opcode & 0xF0 != AluOp.MOV else 0) | source
    if kind == Class.LDX:
        return 1 << dst, 1 << src
    if kind == Class.ST:
        return 0, 1 << dst
    if kind == Class.STX:
        if opcode & 0xE0 != Mode.ATOMIC:
            return 0, 1 << dst | 1 << src
        if imm == AtomicOp.LOAD_ACQ:
            return 1 << dst, 1 << src
        if imm == AtomicOp.CMPXCHG:
            return 1, 1 | 1 << dst | 1 << src
        return 1 << src if imm & AtomicOp.ADD_FETCH else 0, 1 << dst | 1 << src
    if kind == Class.LD:
        return (1 << dst, 0) if opcode == LD_IMM64 else (_SCRATCH, 1 << src | 1 << 6)
    if opcode == CALL:
        known = effect_of(imm) if src == CallSource.HELPER else None
        count = 5 if known is None or imm == _TRACE_PRINTK else len(known.arguments)
        return _SCRATCH, _ARGUMENTS & (2 << count) - 1
    if opcode == CALLX:
        return _SCRATCH, _ARGUMENTS | 1 << dst
    return 0, (1 << dst | source) if opcode == GOTOX or opcode & 0xF0 else 0
