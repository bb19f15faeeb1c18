"""What values registers can have: intervals, and what instructions make of them.

Translated code works on Python's integers, which have no size. A result has to be cut to 64 bits only where it can
exceed them, and these intervals tell. They also know pointers into the own stack frame, whose accesses need no look-up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from ...asm import AluOp, Class, JmpOp, Mode, Size, Source
from ...asm.opcodes import ADDR_SPACE_CAST, CALL, CALLX, LD_IMM64, MOV64_X
from .code import MASK64, written_registers

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...asm import Instruction

__all__ = [
    "ANY",
    "MASK32",
    "State",
    "Value",
    "bounds",
    "branch_refined",
    "operand",
    "pointer_arithmetic",
    "transfer",
    "width",
]

MASK32: Final = 0xFFFF_FFFF

Value: TypeAlias = tuple[int, int, bool]
"""The smallest and the greatest value, unsigned; or, where the third is true, twice the distance from r10, signed."""
State: TypeAlias = list[Value]
"""By register, r0 to r10."""

ANY: Final[Value] = (0, MASK64, False)
UNKNOWN: Final[State] = [*[ANY] * 10, (0, 0, True)]
"""Where nothing is known of any register but the frame pointer."""


def width(value: Value, bits: int) -> tuple[int, int]:
    """Return the interval of the lowest *bits* of a value."""
    low, high, is_pointer = value
    mask = (1 << bits) - 1
    return (0, mask) if is_pointer or high > mask else (low, high)


def operand(insn: Instruction, state: State) -> Value:
    """Return the value of an instruction's source: a register or the immediate."""
    if insn.opcode & Source.X:
        return state[insn.src]
    value = insn.imm & (MASK64 if insn.opcode & 1 else MASK32)  # the 64-bit classes are the odd ones
    return (value, value, False)


def _or(a: tuple[int, int], b: tuple[int, int], _: int) -> tuple[int, int]:
    return max(a[0], b[0]), (1 << max(a[1].bit_length(), b[1].bit_length())) - 1


def _shift_left(a: tuple[int, int], b: tuple[int, int], bits: int) -> tuple[int, int]:
    if b[1] < bits:
        return a[0] << b[0], a[1] << b[1]
    k = b[0] & (bits - 1)
    return (a[0] << k, a[1] << k) if b[0] == b[1] else (0, 1 << 128)


def _shift_right(a: tuple[int, int], b: tuple[int, int], bits: int) -> tuple[int, int]:
    if b[1] < bits:
        return a[0] >> b[1], a[1] >> b[0]
    k = b[0] & (bits - 1)
    return (a[0] >> k, a[1] >> k) if b[0] == b[1] else (0, a[1])


_BOUNDS: Final[dict[int, Callable[[tuple[int, int], tuple[int, int], int], tuple[int, int]]]] = {
    AluOp.ADD: lambda a, b, _: (a[0] + b[0], a[1] + b[1]),
    AluOp.SUB: lambda a, b, _: (a[0] - b[1], a[1] - b[0]),
    AluOp.MUL: lambda a, b, _: (a[0] * b[0], a[1] * b[1]),
    AluOp.DIV: lambda a, b, _: (a[0] // b[1], a[1] // b[0]) if b[0] else (0, a[1]),
    AluOp.MOD: lambda a, b, _: (0, min(a[1], b[1] - 1)) if b[0] else (0, a[1]),
    AluOp.OR: _or,
    AluOp.AND: lambda a, b, _: (a[0] & b[0], a[0] & b[0]) if a[0] == a[1] and b[0] == b[1] else (0, min(a[1], b[1])),
    AluOp.XOR: lambda a, b, bits: (0, _or(a, b, bits)[1]),
    AluOp.LSH: _shift_left,
    AluOp.RSH: _shift_right,
    AluOp.ARSH: lambda a, b, bits: _shift_right(a, b, bits) if a[1] >> (bits - 1) == 0 else (0, (1 << bits) - 1),
    AluOp.NEG: lambda a, _b, _: (-a[1], -a[0]),
    AluOp.MOV: lambda _a, b, _: b,
}


def bounds(insn: Instruction, state: State) -> tuple[int, int]:
    """Return the interval of an arithmetic result before it is cut to its width; not for pointers and conversions."""
    op = insn.opcode & 0xF0
    bits = 64 if insn.opcode & 7 == Class.ALU64 else 32
    a, b = width(state[insn.dst], bits), width(operand(insn, state), bits)
    if insn.imm < 0 and op in (AluOp.ADD, AluOp.SUB):
        b = (insn.imm, insn.imm)
    if not insn.offset:
        return _BOUNDS[op](a, b, bits)
    sign = 1 << ((insn.offset if op == AluOp.MOV else bits) - 1)
    if b[1] < sign and (op == AluOp.MOV or a[1] < sign):
        return _BOUNDS[op](a, b, bits)
    return 0, (1 << bits) - 1


def pointer_arithmetic(insn: Instruction, state: State) -> Value | None:
    """Return the result where it stays a pointer into the stack frame."""
    op = insn.opcode & 0xF0
    if insn.opcode == MOV64_X and not insn.offset and state[insn.src][2]:
        return state[insn.src]
    if insn.opcode & 7 != Class.ALU64 or not state[insn.dst][2]:
        return None
    low, high, is_pointer = operand(insn, state)
    if is_pointer or low != high or op not in (AluOp.ADD, AluOp.SUB):
        return None
    step = low - (1 << 64) if low >> 63 else low
    distance = state[insn.dst][0] + (step if op == AluOp.ADD else -step)
    return (distance, distance, True) if -0x1_0000 < distance < 0x1_0000 else None


def _alu(insn: Instruction, state: State) -> Value:
    bits = 64 if insn.opcode & 7 == Class.ALU64 else 32
    if insn.opcode & 0xF0 == AluOp.END:
        return (0, (1 << insn.imm) - 1, False)
    if insn.opcode == MOV64_X and insn.offset == ADDR_SPACE_CAST:
        return ANY
    if (pointer := pointer_arithmetic(insn, state)) is not None:
        return pointer
    low, high = bounds(insn, state)
    mask = (1 << bits) - 1
    if low == high:
        return (low & mask, low & mask, False)
    return (low, high, False) if low >= 0 and high <= mask else (0, mask, False)


def transfer(slot: int, insn: Instruction, state: State, immediate: Callable[[int], int]) -> None:
    """Change *state* from before the instruction to after it."""
    cls = insn.opcode & 7
    if cls in (Class.ALU, Class.ALU64):
        state[insn.dst] = _alu(insn, state)
    elif insn.opcode == LD_IMM64:
        value = immediate(slot)
        state[insn.dst] = (value, value, False)
    elif cls == Class.LDX:
        bits = Size(insn.opcode & 0x18).bits
        is_signed = insn.opcode & 0xE0 == Mode.MEMSX
        state[insn.dst] = ANY if is_signed else (0, (1 << bits) - 1, False)
    elif cls == Class.STX and insn.opcode & 0xE0 == Mode.ATOMIC:
        bits = Size(insn.opcode & 0x18).bits
        for register in written_registers(insn):
            state[register] = (0, (1 << bits) - 1, False)
    elif cls == Class.LD or insn.opcode in (CALL, CALLX):
        state[0] = ANY


_SIGNED: Final = {JmpOp.JSGT: JmpOp.JGT, JmpOp.JSGE: JmpOp.JGE, JmpOp.JSLT: JmpOp.JLT, JmpOp.JSLE: JmpOp.JLE}
_NOT: Final = {
    JmpOp.JEQ: JmpOp.JNE,
    JmpOp.JNE: JmpOp.JEQ,
    JmpOp.JGT: JmpOp.JLE,
    JmpOp.JLE: JmpOp.JGT,
    JmpOp.JGE: JmpOp.JLT,
    JmpOp.JLT: JmpOp.JGE,
}


def _refine(op: int, a: Value, b: Value) -> tuple[Value, Value] | None:
    """Return what two values are where the comparison holds; None where it cannot."""
    (a0, a1, _), (b0, b1, _) = a, b
    if op == JmpOp.JEQ:
        a0 = b0 = max(a0, b0)
        a1 = b1 = min(a1, b1)
    elif op == JmpOp.JNE:
        if b0 == b1:
            a0, a1 = a0 + (a0 == b0), a1 - (a1 == b0)
    elif op in (JmpOp.JGT, JmpOp.JGE):
        strict = op == JmpOp.JGT
        a0, b1 = max(a0, b0 + strict), min(b1, a1 - strict)
    elif op in (JmpOp.JLT, JmpOp.JLE):
        strict = op == JmpOp.JLT
        a1, b0 = min(a1, b1 - strict), max(b0, a0 + strict)
    if a0 > a1 or b0 > b1:
        return None
    return (a0, a1, False), (b0, b1, False)


def branch_refined(insn: Instruction, state: State, *, taken: bool) -> State | None:
    """Return the state on one side of a conditional jump; None where the jump cannot go there."""
    op = insn.opcode & 0xF0
    a, b = state[insn.dst], operand(insn, state)
    limit = MASK64 if insn.opcode & 7 == Class.JMP else MASK32
    if op in _SIGNED:
        op, limit = _SIGNED[JmpOp(op)], limit >> 1
    if a[2] or b[2] or op not in _NOT:
        return state
    is_cut = limit == MASK32 and (a[1] > limit or b[1] > limit)
    if is_cut:
        # Of wider values the comparison sees the lower half, which tells no more than whether it can hold.
        a, b = (*width(a, 32), False), (*width(b, 32), False)
    elif a[1] > limit or b[1] > limit:
        return state
    refined = _refine(op if taken else _NOT[JmpOp(op)], a, b)
    if refined is None or is_cut:
        return None if refined is None else state
    state = state.copy()
    state[insn.dst] = refined[0]
    if insn.opcode & Source.X:
        state[insn.src] = refined[1]
    return state
