"""Which registers an instruction writes to (defines), and which it reads (uses); as bits, r0 the lowest one."""

from __future__ import annotations

import functools
from typing import Final

from ..helpers.effects import effect_of
from .opcodes import (
    CALL,
    CALLX,
    EXIT,
    GOTOX,
    LD_IMM64,
    MAX_REGISTER,
    MAY_GOTO,
    AluOp,
    AtomicOp,
    CallSource,
    Class,
    Mode,
    Source,
)

__all__ = ["clobbered", "def_use", "register_numbers", "written"]

_ARGUMENTS: Final = 0b111110
"""r1 to r5."""
_TRACE_PRINTK: Final = 6
"""It has as many arguments as its format asks for."""


def clobbered(opcode: int) -> int:
    """Return r1 to r5 for a call, which leaves nothing in them, and for a legacy packet load, which is one inside."""
    is_call = opcode in (CALL, CALLX) or (opcode & 7 == Class.LD and opcode != LD_IMM64)
    return _ARGUMENTS if is_call else 0


@functools.lru_cache(1 << 14)
def written(opcode: int, dst: int, src: int, imm: int) -> int:
    """Return the registers that hold something that an instruction wrote there; of a call r0."""
    kind = opcode & 7
    if kind in (Class.ALU, Class.ALU64, Class.LDX) or opcode == LD_IMM64:
        return 1 << dst
    if kind == Class.STX and opcode & 0xE0 == Mode.ATOMIC:
        if imm == AtomicOp.LOAD_ACQ:
            return 1 << dst
        if imm == AtomicOp.CMPXCHG:
            return 1
        return 1 << src if imm & AtomicOp.ADD_FETCH else 0
    return 1 if clobbered(opcode) else 0


def _read(opcode: int, dst: int, src: int, imm: int) -> int:
    kind, operation, source = opcode & 7, opcode & 0xF0, 1 << src if opcode & Source.X else 0
    if kind in (Class.ALU, Class.ALU64):
        if operation == AluOp.END:
            return 1 << dst  # the bit of the source says which byte order
        return (1 << dst if operation != AluOp.MOV else 0) | source
    if kind == Class.LDX:
        return 1 << src
    if kind == Class.ST:
        return 1 << dst
    if kind == Class.STX:
        is_atomic = opcode & 0xE0 == Mode.ATOMIC
        if is_atomic and imm == AtomicOp.LOAD_ACQ:
            return 1 << src
        return 1 << dst | 1 << src | (is_atomic and imm == AtomicOp.CMPXCHG)
    if kind == Class.LD:
        if opcode == LD_IMM64:
            return 0
        return 1 << 6 | (1 << src if opcode & 0xE0 == Mode.IND else 0)  # r6: where the socket buffer is
    if opcode == CALL:
        known = effect_of(imm) if src == CallSource.HELPER else None
        count = 5 if known is None or imm == _TRACE_PRINTK else len(known.arguments)
        return _ARGUMENTS & (2 << count) - 1
    if opcode == CALLX:
        return _ARGUMENTS | 1 << (imm if dst == 0 and 0 < imm <= MAX_REGISTER else dst)
    if opcode == EXIT:
        return 1
    if opcode == GOTOX:
        return 1 << dst
    return 1 << dst | source if operation and opcode != MAY_GOTO else 0


@functools.lru_cache(1 << 14)
def def_use(opcode: int, dst: int, src: int, imm: int) -> tuple[int, int]:
    """Return the registers that an instruction changes, and those that it uses; a call as the kernel has it.

    A helper uses as many arguments as it has; a function, five.
    """
    return written(opcode, dst, src, imm) | clobbered(opcode), _read(opcode, dst, src, imm)


@functools.lru_cache(1 << 11)
def register_numbers(bits: int) -> tuple[int, ...]:
    """Return the numbers of registers that are given as bits, ascending."""
    return tuple([number for number in range(bits.bit_length()) if bits >> number & 1])
