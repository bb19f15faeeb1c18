"""Arithmetic of C on values: casts, signs before an operand and between two.

Integers are calculated with 64 bits, signed where both operands are; those of less than 64 bits become signed ones
before, as those below 32 do in C. None of the operands is a struct, a union or an array.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..asm.arithmetic import signed as as_signed
from ..errors import UsageError
from .syntax import SWAPS
from .values import INT, S64, U64, Kind, Value

if TYPE_CHECKING:
    from ..btf import ByteOrder

__all__ = ["binary", "cast", "unary"]

_MASK64: Final = (1 << 64) - 1


def cast(kind: Kind, value: Value) -> Value:
    """Return a value as an integer or a pointer of another kind."""
    bits = 8 * (kind.size or 8)
    number = value.number & (1 << bits) - 1
    return Value(kind, as_signed(number, bits) if kind.signed else number)


def unary(sign: str, value: Value, order: ByteOrder) -> Value:
    """Return what `- + ! ~`, or a function that swaps bytes, makes of a value.

    Args:
        sign: Which, as `syntax.Unary` has it.
        value: The operand.
        order: The byte order of the machine, which the swaps turn into the network's.
    """
    number = value.number
    match sign:
        case "-":
            return Value(S64, as_signed(-number, 64))
        case "~":
            is_whole = value.kind.size == 8
            return Value(value.kind, _cut(~number, value.kind.signed)) if is_whole else Value(S64, ~number)
        case "!":
            return Value(INT, int(not number))
        case _ if (bits := SWAPS.get(sign)) is not None:
            swapped = int.from_bytes((number & (1 << bits) - 1).to_bytes(bits // 8, order), "big")
            return Value(Kind(bits // 8, text=f"u{bits}"), swapped)
        case _:
            return Value(S64 if value.kind.signed else U64, number)


def binary(sign: str, left: Value, right: Value) -> Value:
    """Return what a sign between two values makes of them; `&&` and `||`, which may need one alone, are none of these.

    Raises:
        UsageError: 64 bits are not shifted by that, or it is a division by zero; what is to blame is on the right.
    """
    if sign in ("+", "-") and (found := _moved(sign, left, right)) is not None:
        return found
    is_signed = all(each.kind.signed or 0 < each.kind.size < 8 for each in (left, right))
    a, b = _cut(left.number, is_signed), _cut(right.number, is_signed)
    if sign in ("==", "!=", "<", "<=", ">", ">="):
        held = {"==": a == b, "!=": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[sign]
        return Value(INT, int(held))
    return Value(S64 if is_signed else U64, _cut(_calculated(sign, a, b), is_signed))


def _cut(number: int, is_signed: bool) -> int:
    return as_signed(number, 64) if is_signed else number & _MASK64


def _moved(sign: str, left: Value, right: Value) -> Value | None:
    """Return a pointer that is moved by elements, or how many are between two; None where the first is no pointer."""
    target = left.kind.target
    if target is None:
        return None
    size = target.size or 1
    if right.kind.target is not None:
        return Value(S64, (left.number - right.number) // size) if sign == "-" else None
    step = right.number * size
    return Value(left.kind, (left.number + (step if sign == "+" else -step)) & _MASK64)


def _calculated(sign: str, a: int, b: int) -> int:
    match sign:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case "&":
            return a & b
        case "|":
            return a | b
        case "^":
            return a ^ b
        case "<<" | ">>":
            if not 0 <= b < 64:
                raise UsageError(f"64 bits are not shifted by {b}")
            return a << b if sign == "<<" else a >> b
        case _:
            if not b:
                raise UsageError("a division by zero")
            quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
            return quotient if sign == "/" else a - quotient * b
