"""Which registers an instruction changes (defines), and which it uses."""

from __future__ import annotations

import functools
from typing import Final

from ..helpers.effects import effect_of
from .opcodes import CALL, CALLX, GOTOX, LD_IMM64, AluOp, AtomicOp, CallSource, Class, Mode, Source

__all__ = ["def_use"]

_SCRATCH: Final = 0b111111
"""r0 to r5, as bits: what a call changes."""
_ARGUMENTS: Final = 0b111110
_TRACE_PRINTK: Final = 6
"""It has as many arguments as its format asks for."""


@functools.lru_cache(1 << 14)
def def_use(opcode: int, dst: int, src: int, imm: int) -> tuple[int, int]:
    """Return the registers that an instruction changes, and those that it uses, as bits; a call as the kernel has it.

    A helper uses as many arguments as it has; a function, five.
    """
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
