"""What arithmetic, comparisons and atomics do to unsigned integers: RFC 9669, written out once.

The machine's translator writes the same as expressions of Python and is checked against this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .opcodes import AluOp, AtomicOp, JmpOp

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ATOMICS", "COMPARISONS", "alu", "compare", "sdiv", "signed", "smod", "swap"]


def signed(value: int, bits: int) -> int:
    """Return the lowest *bits* of *value* as a signed integer."""
    sign = 1 << (bits - 1)
    return ((value & ((1 << bits) - 1)) ^ sign) - sign


def swap(value: int, bits: int) -> int:
    """Return the lowest *bits* of *value* with the order of their bytes reversed."""
    size = bits // 8
    return int.from_bytes((value & ((1 << bits) - 1)).to_bytes(size, "little"), "big")


def sdiv(a: int, b: int, bits: int) -> int:
    """Divide, truncating toward zero; by zero gives 0, and the smallest integer by -1 itself (RFC 9669, 4.1).

    Args:
        a: The dividend, unsigned.
        b: The divisor, unsigned.
        bits: 32 or 64; higher bits of both are ignored.
    """
    dividend, divisor = signed(a, bits), signed(b, bits)
    if not divisor:
        return 0
    quotient = abs(dividend) // abs(divisor)
    return (quotient if (dividend < 0) == (divisor < 0) else -quotient) & ((1 << bits) - 1)


def smod(a: int, b: int, bits: int) -> int:
    """Return the remainder of `sdiv`, which has the dividend's sign; modulo zero leaves the dividend."""
    dividend, divisor = signed(a, bits), signed(b, bits)
    if not divisor:
        return a & ((1 << bits) - 1)
    rest = abs(dividend) % abs(divisor)
    return (-rest if dividend < 0 else rest) & ((1 << bits) - 1)


def alu(op: int, a: int, b: int, bits: int, offset: int) -> int:
    """Return the result of an arithmetic instruction, unsigned.

    Args:
        op: The operation, an AluOp less than END: conversions of the byte order are not among them.
        a: The destination's value, unsigned, 64 bits.
        b: The operand, the same; for a negation it does not matter.
        bits: 32 or 64.
        offset: The instruction's: 1 for signed division and remainder, the width that a move extends.
    """
    mask = (1 << bits) - 1
    a &= mask
    b &= mask
    if op in (AluOp.LSH, AluOp.RSH, AluOp.ARSH):
        b &= bits - 1
    if op == AluOp.MOV:
        return signed(b, offset) & mask if offset else b
    if op == AluOp.DIV and offset:
        return sdiv(a, b, bits)
    if op == AluOp.MOD and offset:
        return smod(a, b, bits)
    return _ALU[op](a, b, bits) & mask


_ALU: Final[dict[int, Callable[[int, int, int], int]]] = {
    AluOp.ADD: lambda a, b, _: a + b,
    AluOp.SUB: lambda a, b, _: a - b,
    AluOp.MUL: lambda a, b, _: a * b,
    AluOp.DIV: lambda a, b, _: a // b if b else 0,
    AluOp.OR: lambda a, b, _: a | b,
    AluOp.AND: lambda a, b, _: a & b,
    AluOp.LSH: lambda a, b, _: a << b,
    AluOp.RSH: lambda a, b, _: a >> b,
    AluOp.NEG: lambda a, _b, _: -a,
    AluOp.MOD: lambda a, b, _: a % b if b else a,
    AluOp.XOR: lambda a, b, _: a ^ b,
    AluOp.ARSH: lambda a, b, bits: signed(a, bits) >> b,
}


def compare(op: int, a: int, b: int, bits: int) -> bool:
    """Return whether a conditional jump is taken; *a* and *b* are unsigned, higher bits are ignored."""
    if op in (JmpOp.JSGT, JmpOp.JSGE, JmpOp.JSLT, JmpOp.JSLE):
        return _COMPARE[op](signed(a, bits), signed(b, bits))
    mask = (1 << bits) - 1
    return _COMPARE[op](a & mask, b & mask)


_COMPARE: Final[dict[int, Callable[[int, int], bool]]] = {
    JmpOp.JEQ: lambda a, b: a == b,
    JmpOp.JNE: lambda a, b: a != b,
    JmpOp.JSET: lambda a, b: a & b != 0,
    JmpOp.JGT: lambda a, b: a > b,
    JmpOp.JGE: lambda a, b: a >= b,
    JmpOp.JLT: lambda a, b: a < b,
    JmpOp.JLE: lambda a, b: a <= b,
    JmpOp.JSGT: lambda a, b: a > b,
    JmpOp.JSGE: lambda a, b: a >= b,
    JmpOp.JSLT: lambda a, b: a < b,
    JmpOp.JSLE: lambda a, b: a <= b,
}

COMPARISONS: Final = frozenset(_COMPARE)
"""What `compare` takes."""

ATOMICS: Final[dict[int, Callable[[int, int], int]]] = {
    AtomicOp.ADD: lambda old, operand: old + operand,
    AtomicOp.OR: lambda old, operand: old | operand,
    AtomicOp.AND: lambda old, operand: old & operand,
    AtomicOp.XOR: lambda old, operand: old ^ operand,
    AtomicOp.XCHG & ~1: lambda _old, operand: operand,
}
"""By operation without FETCH: the new value from the old one and the source; not masked."""
