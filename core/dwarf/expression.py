"""Expressions of DWARF: where a value is, or what it is (DWARF 5, sections 2.5 and 2.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from .cursor import Cursor

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..btf import ByteOrder

__all__ = ["Frame", "Place", "places_of"]

_MASK: Final = (1 << 64) - 1
_FRAME_POINTER: Final = 10
_MOST_STEPS: Final = 256


class Place(NamedTuple):
    """Where a value, or a part of it, is; without address, register and value it is not told."""

    size: int = 0
    """In bytes; 0 for all of it."""
    address: int | None = None
    register: int | None = None
    value: int | bytes | None = None
    """What it is, where it lies nowhere."""


class Frame(NamedTuple):
    """What an expression is about: a function that has stopped."""

    registers: tuple[int, ...]
    """r0 to r10."""
    base: int
    """What offsets into its stack frame count from: also those from r10 (see `places_of`)."""
    order: ByteOrder
    read: Callable[[int, int], bytes | None]
    """Returns bytes of memory; None where there are none."""


class _UntoldError(Exception):
    """The expression says what cannot be told here."""


def places_of(expression: bytes, frame: Frame) -> list[Place]:
    """Return where a value is, by its parts; a part that is not told is one without a place.

    clang tells offsets into the stack from its lower end and calls what they are from r10, which is its upper end (so
    LLVM 14 to 22: BPFRegisterInfo has no other frame register, and TargetFrameLowering adds the stack's size).

    Raises:
        ObjectError: It is damaged.
    """
    cursor = Cursor(expression, frame.order, ".debug_loclists", "")
    found: list[Place] = []
    stack: list[int] = []
    here: Place | None = None
    if not expression:
        return [Place()]
    try:
        for _ in range(_MOST_STEPS):
            if cursor.at >= cursor.end:
                break
            op = cursor.unsigned(1)
            if op == 0x93:  # DW_OP_piece
                size = cursor.uleb()
                place = here if here is not None else Place(address=stack.pop()) if stack else Place()
                found.append(place._replace(size=size))
                here = None
                stack.clear()
            elif 0x50 <= op <= 0x6F:  # DW_OP_reg0 …
                here = _register(op - 0x50, frame)
            elif op == 0x90:  # DW_OP_regx
                here = _register(cursor.uleb(), frame)
            elif op == 0x9F:  # DW_OP_stack_value
                here = Place(value=stack.pop())
            elif op == 0x9E:  # DW_OP_implicit_value
                here = Place(value=cursor.take(cursor.uleb()))
            else:
                _step(op, cursor, stack, frame)
    except (_UntoldError, IndexError):
        return [*found, Place()] if found else [Place()]
    if not found:
        found = [here if here is not None else Place(address=stack[-1]) if stack else Place()]
    return found


def _register(number: int, frame: Frame) -> Place:
    if number == _FRAME_POINTER:
        return Place(value=frame.base)
    return Place(register=number) if number < _FRAME_POINTER else Place()


def _step(op: int, cursor: Cursor, stack: list[int], frame: Frame) -> None:
    """Do what one operation does to the stack of an expression."""
    if 0x70 <= op <= 0x8F:  # DW_OP_breg0 …
        number, offset = op - 0x70, cursor.sleb()
        if number > _FRAME_POINTER:
            raise _UntoldError
        stack.append((frame.base if number == _FRAME_POINTER else frame.registers[number]) + offset & _MASK)
    elif 0x30 <= op <= 0x4F:  # DW_OP_lit0 …
        stack.append(op - 0x30)
    elif op in _CONSTANTS:
        size, is_signed = _CONSTANTS[op]
        stack.append((cursor.signed(size) if is_signed else cursor.unsigned(size)) & _MASK)
    elif op in _BINARY:
        right, left = stack.pop(), stack.pop()
        stack.append(_BINARY[op](left, right) & _MASK)
    else:
        _other(op, cursor, stack, frame)


def _other(op: int, cursor: Cursor, stack: list[int], frame: Frame) -> None:
    match op:
        case 0x91:  # DW_OP_fbreg
            stack.append(frame.base + cursor.sleb() & _MASK)
        case 0x10:  # DW_OP_constu
            stack.append(cursor.uleb() & _MASK)
        case 0x11:  # DW_OP_consts
            stack.append(cursor.sleb() & _MASK)
        case 0x23:  # DW_OP_plus_uconst
            stack.append(stack.pop() + cursor.uleb() & _MASK)
        case 0x12:  # DW_OP_dup
            stack.append(stack[-1])
        case 0x13:  # DW_OP_drop
            stack.pop()
        case 0x16:  # DW_OP_swap
            stack[-1], stack[-2] = stack[-2], stack[-1]
        case 0x1F:  # DW_OP_neg
            stack.append(-stack.pop() & _MASK)
        case 0x20:  # DW_OP_not
            stack.append(~stack.pop() & _MASK)
        case 0x06 | 0x94:  # DW_OP_deref, DW_OP_deref_size
            raw = frame.read(stack.pop(), 8 if op == 0x06 else cursor.unsigned(1))
            if raw is None:
                raise _UntoldError
            stack.append(int.from_bytes(raw, frame.order))
        case 0x96:  # DW_OP_nop
            pass
        case _:  # what is left needs what is not here: values at the entry of the function, types, other units
            raise _UntoldError


def _signed(number: int) -> int:
    return number - (1 << 64) if number >> 63 else number


_CONSTANTS: Final = {
    0x08: (1, False),
    0x09: (1, True),
    0x0A: (2, False),
    0x0B: (2, True),
    0x0C: (4, False),
    0x0D: (4, True),
    0x0E: (8, False),
    0x0F: (8, True),
}
"""DW_OP_const1u to DW_OP_const8s."""
_BINARY: Final[dict[int, Callable[[int, int], int]]] = {
    0x1A: lambda left, right: left & right,
    0x1C: lambda left, right: left - right,
    0x1E: lambda left, right: left * right,
    0x21: lambda left, right: left | right,
    0x22: lambda left, right: left + right,
    0x24: lambda left, right: left << right if right < 64 else 0,
    0x25: lambda left, right: left >> right if right < 64 else 0,
    0x26: lambda left, right: _signed(left) >> min(right, 63),
    0x27: lambda left, right: left ^ right,
}
"""DW_OP_and, minus, mul, or, plus, shl, shr, shra, xor."""
