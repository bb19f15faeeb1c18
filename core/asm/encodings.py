"""Which instructions exist, and what their fields may hold.

RFC 9669 with what Linux added to it. A field that an instruction does not use is reserved and has to be 0;
the verifier refuses everything else. Whether a program makes sense is not looked at here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from .opcodes import (
    ADDR_PERCPU,
    ADDR_SPACE_CAST,
    CALL,
    CALLX,
    EXIT,
    GOTOL,
    GOTOX,
    JA,
    LD_IMM64,
    MAX_REGISTER,
    MAY_GOTO,
    MOV64_X,
    NOSPEC,
    STACK_ARGUMENTS,
    AluOp,
    AtomicOp,
    CallSource,
    Class,
    ImmSource,
    JmpOp,
    Mode,
    Size,
    Source,
)

if TYPE_CHECKING:
    from collections.abc import Container

    from .instruction import Instruction

__all__ = ["ENCODINGS", "Encoding", "encoding_of", "invalid_fields", "is_valid", "remark"]

_ZERO: Final = range(1)
_REGISTER: Final = range(MAX_REGISTER + 1)
_INT16: Final = range(-0x8000, 0x8000)
_INT32: Final = range(-0x8000_0000, 0x8000_0000)


@dataclass(frozen=True, slots=True)
class Encoding:
    """The values that each field of an instruction may hold."""

    dst: Container[int] = _ZERO
    src: Container[int] = _ZERO
    offset: Container[int] = _ZERO
    imm: Container[int] = _ZERO
    next_imm: Container[int] = _INT32
    """Looked at in 64-bit immediate loads only."""


def _alu() -> dict[int, Encoding]:
    table: dict[int, Encoding] = {}
    for cls in (Class.ALU, Class.ALU64):
        for op in AluOp:
            # Division and remainder are signed where the offset is 1.
            offset = range(2) if op in (AluOp.DIV, AluOp.MOD) else _ZERO
            table[cls | op | Source.K] = Encoding(_REGISTER, offset=offset, imm=_INT32)
            table[cls | op | Source.X] = Encoding(_REGISTER, _REGISTER, offset)
        table[cls | AluOp.NEG | Source.K] = Encoding(_REGISTER)
        del table[cls | AluOp.NEG | Source.X]
        table[cls | AluOp.END | Source.K] = Encoding(_REGISTER, imm=(16, 32, 64))
    table[Class.ALU | AluOp.MOV | Source.X] = Encoding(_REGISTER, _REGISTER, (0, 8, 16))
    table[MOV64_X] = Encoding(_REGISTER, _REGISTER, (0, 8, 16, 32))
    table[Class.ALU | AluOp.END | Source.X] = table[Class.ALU | AluOp.END | Source.K]
    del table[Class.ALU64 | AluOp.END | Source.X]
    return table


def _jumps() -> dict[int, Encoding]:
    table: dict[int, Encoding] = {}
    others = (JmpOp.JA, JmpOp.CALL, JmpOp.EXIT, JmpOp.JCOND)
    for cls in (Class.JMP, Class.JMP32):
        for op in JmpOp:
            if op not in others:
                table[cls | op | Source.K] = Encoding(_REGISTER, offset=_INT16, imm=_INT32)
                table[cls | op | Source.X] = Encoding(_REGISTER, _REGISTER, _INT16)
    table[JA] = Encoding(offset=_INT16)
    table[GOTOL] = Encoding(imm=_INT32)
    table[GOTOX] = Encoding(_REGISTER)
    table[MAY_GOTO] = Encoding(offset=_INT16)
    table[CALL] = Encoding(src=tuple(CallSource), imm=_INT32)
    table[CALLX] = Encoding(_REGISTER)
    table[EXIT] = Encoding()
    return table


def _memory() -> dict[int, Encoding]:
    table: dict[int, Encoding] = {}
    for size in Size:
        table[Class.LDX | Mode.MEM | size] = Encoding(_REGISTER, _REGISTER, _INT16)
        table[Class.ST | Mode.MEM | size] = Encoding(_REGISTER, offset=_INT16, imm=_INT32)
        table[Class.STX | Mode.MEM | size] = Encoding(_REGISTER, _REGISTER, _INT16)
        atomic = tuple(AtomicOp) if size in (Size.W, Size.DW) else (AtomicOp.LOAD_ACQ, AtomicOp.STORE_REL)
        table[Class.STX | Mode.ATOMIC | size] = Encoding(_REGISTER, _REGISTER, _INT16, atomic)
        if size is not Size.DW:
            table[Class.LDX | Mode.MEMSX | size] = Encoding(_REGISTER, _REGISTER, _INT16)
            table[Class.LD | Mode.ABS | size] = Encoding(imm=_INT32)
            table[Class.LD | Mode.IND | size] = Encoding(src=_REGISTER, imm=_INT32)
    table[LD_IMM64] = Encoding(_REGISTER, tuple(ImmSource), imm=_INT32)
    table[NOSPEC] = Encoding()
    return table


ENCODINGS: Final[dict[int, Encoding]] = _alu() | _jumps() | _memory()
"""By opcode; what is not in it does not exist. `encoding_of` knows the few that depend on another field too."""

_CAST: Final = Encoding(_REGISTER, _REGISTER, (ADDR_SPACE_CAST,), _INT32)
_PERCPU: Final = Encoding(_REGISTER, _REGISTER, (ADDR_PERCPU,))
_KFUNC: Final = Encoding(src=(CallSource.KFUNC,), offset=_INT16, imm=_INT32)
_CALLX_IMM: Final = Encoding(imm=_REGISTER)
_ONE_IMM: Final = Encoding(_REGISTER, tuple(ImmSource), imm=_INT32, next_imm=_ZERO)
_ONE_IMM_SOURCES: Final = (ImmSource.MAP_FD, ImmSource.MAP_IDX, ImmSource.FUNC)


_INCOMING: Final = range(8, 0x8000, 8)
_OUTGOING: Final = range(-0x8000, 0, 8)
_ARGUMENTS: Final = {
    Class.LDX | Mode.MEM | Size.DW: Encoding(_REGISTER, (STACK_ARGUMENTS,), _INCOMING),
    Class.ST | Mode.MEM | Size.DW: Encoding((STACK_ARGUMENTS,), offset=_OUTGOING, imm=_INT32),
    Class.STX | Mode.MEM | Size.DW: Encoding((STACK_ARGUMENTS,), _REGISTER, _OUTGOING),
}
"""Loads and stores of arguments on the stack."""
_SPECIAL: Final = frozenset((MOV64_X, CALL, CALLX, LD_IMM64, MAY_GOTO)).union(
    opcode for opcode in ENCODINGS if opcode & 0xF7 in (0xD4, 0xD7) or opcode & 0xE7 == 0xC3
)
"""Opcodes of which another field selects an operation: moves, calls, wide loads, pseudo jumps, swaps, atomics."""


def encoding_of(insn: Instruction) -> Encoding | None:
    """Return what the fields of *insn* may hold, None where there is no such instruction.

    Its opcode decides, together with the fields that select an operation: the immediate of atomics and byte
    swaps, the source of conditional pseudo jumps.
    """
    opcode = insn.opcode
    encoding = ENCODINGS.get(opcode)
    if STACK_ARGUMENTS in (insn.src, insn.dst) and opcode in _ARGUMENTS:
        argument = _ARGUMENTS[opcode]
        return argument if insn.src in argument.src and insn.offset in argument.offset else encoding
    if opcode not in _SPECIAL or encoding is None:
        return encoding
    if opcode == MOV64_X:
        return {ADDR_SPACE_CAST: _CAST, ADDR_PERCPU: _PERCPU}.get(insn.offset, encoding)
    if opcode == CALL:
        return _KFUNC if insn.src == CallSource.KFUNC else encoding
    if opcode == CALLX:
        return encoding if insn.call_register == insn.dst else _CALLX_IMM
    if opcode == LD_IMM64:
        return _ONE_IMM if insn.src in _ONE_IMM_SOURCES else encoding
    if opcode == MAY_GOTO:
        return encoding if insn.src == 0 else None
    return encoding if insn.imm in encoding.imm else None


def invalid_fields(insn: Instruction) -> tuple[str, ...]:
    """Return the fields of *insn* that hold what they may not, as "name value".

    Where there is no such instruction, that is the opcode and all fields.
    """
    encoding = encoding_of(insn)
    fields = (("dst", insn.dst), ("src", insn.src), ("offset", insn.offset), ("imm", insn.imm))
    if encoding is None:
        return (f"opcode {insn.opcode:#04x}", *(f"{name} {value}" for name, value in fields))
    invalid = [f"{name} {value}" for name, value in fields if value not in getattr(encoding, name)]
    if insn.next_imm is not None:
        if insn.next_imm not in encoding.next_imm:
            invalid.append(f"next imm {insn.next_imm}")
        if insn.next_reserved:
            invalid.append(f"next slot {insn.next_reserved:#x}")
    return tuple(invalid)


def is_valid(insn: Instruction) -> bool:
    """Whether *insn* exists, is whole, and holds nothing that it may not."""
    encoding = encoding_of(insn)
    return (
        encoding is not None
        and insn.imm in encoding.imm
        and insn.offset in encoding.offset
        and insn.src in encoding.src
        and insn.dst in encoding.dst
        and (
            insn.opcode != LD_IMM64
            or (insn.next_imm is not None and insn.next_imm in encoding.next_imm and not insn.next_reserved)
        )
    )


def remark(insn: Instruction) -> str | None:
    """Return what is wrong with *insn*, as short as it has to be beside its text; None where nothing is."""
    if is_valid(insn):
        return None
    if encoding_of(insn) is None:
        return f"no such instruction: {', '.join(invalid_fields(insn))}"
    wrong = [f"invalid: {', '.join(fields)}"] if (fields := invalid_fields(insn)) else []
    if insn.is_half:
        wrong.append("incomplete: the code ends within this 64-bit load")
    return "; ".join(wrong)
