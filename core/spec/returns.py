"""Which constants a function returns: moves of a constant to a register that does nothing else than leave with it."""

from __future__ import annotations

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
from .effects import effect_of

if TYPE_CHECKING:
    from ..asm.flow import FlowGraph
    from .program import ProgramSpec

__all__ = ["returned_constants"]

_SCRATCH: Final = 0b111111
"""r0 to r5, as bits: what a call changes."""
_ARGUMENTS: Final = 0b111110
_MOVES: Final = tuple(kind | AluOp.MOV for kind in (Class.ALU, Class.ALU64))

Flow = tuple[int, int]
"""Registers whose values may be returned, and those that may be used otherwise, as bits."""


def returned_constants(program: ProgramSpec, graph: FlowGraph) -> dict[int, int]:
    """Return the constants that a function can return, as 32-bit signed numbers, by the slot of the move.

    A constant counts if on some way it is returned, perhaps after moves from register to register, and on none it is
    used for anything else.
    """
    form = struct.Struct("<BBhi" if program.byte_order == "little" else ">BBhi")
    code = memoryview(program.code)[graph.start * INSN_SIZE : graph.stop * INSN_SIZE]
    words = list(form.iter_unpack(code))
    big = program.byte_order == "big"
    found: dict[int, int] = {}

    def backwards(number: int, after: Flow, *, collect: bool) -> Flow:
        start, stop, _ = graph.block(number)
        slots: list[int] = []
        while start < stop:
            slots.append(start)
            start += 2 if words[start - graph.start][0] == LD_IMM64 else 1
        returned, used = after
        for slot in reversed(slots):
            opcode, registers, offset, imm = words[slot - graph.start]
            dst, src = (registers >> 4, registers & 0xF) if big else (registers & 0xF, registers >> 4)
            bit = 1 << dst
            if opcode & ~Source.X in _MOVES and not offset:
                if not opcode & Source.X:
                    if collect and returned & bit and not used & bit:
                        found[slot] = imm
                    origin = 0
                else:
                    origin = 1 << src
                returned, used = (flow & ~bit | (origin if flow & bit else 0) for flow in (returned, used))
            elif opcode == EXIT:
                returned, used = 1, 0
            else:
                changed, read = _effect(opcode, dst, src, imm)
                returned, used = returned & ~changed, used & ~changed | read
        return returned, used

    before: list[Flow] = [(0, 0)] * len(graph)
    waiting = list(range(len(graph)))
    queued = set(waiting)
    while waiting:
        number = waiting.pop()
        queued.discard(number)
        flow = backwards(number, _joined(before, graph.successors[number]), collect=False)
        if flow != before[number]:
            before[number] = flow
            for predecessor in graph.predecessors[number]:
                if predecessor not in queued:
                    queued.add(predecessor)
                    waiting.append(predecessor)
    for number in range(len(graph)):
        backwards(number, _joined(before, graph.successors[number]), collect=True)
    return found


def _joined(before: list[Flow], successors: tuple[int, ...]) -> Flow:
    returned = used = 0
    for successor in successors:
        returned |= before[successor][0]
        used |= before[successor][1]
    return returned, used


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
        effect = effect_of(imm) if src == CallSource.HELPER else None
        count = 5 if effect is None else len(effect.arguments)
        return _SCRATCH, _ARGUMENTS & (2 << count) - 1
    if opcode == CALLX:
        return _SCRATCH, _ARGUMENTS | 1 << dst
    return 0, (1 << dst | source) if opcode == GOTOX or opcode & 0xF0 else 0
