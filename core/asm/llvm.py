"""Instructions as llvm-objdump 22 writes them, to the letter.

LLVM shows some things wrongly or not at all, and there the text here differs: the immediate of `ld_ind` is
shown, a call of a register in the older encoding names the right register, atomics whose immediate has stray
high bits are unknown, and the two instructions that only translated code has are shown as the kernel shows
them. Fields that LLVM drops (the second immediate of `ld_pseudo`, reserved ones) stay dropped in the text;
`remark` has those that may not be set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .encodings import ENCODINGS
from .kernel import (
    ALU_SYMBOLS,
    ATOMIC_NAMES,
    ATOMIC_SYMBOLS,
    BITS,
    JMP_SYMBOLS,
    UNKNOWN,
    Formatter,
    kernel_text,
)
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
    MAY_GOTO,
    MOV64_X,
    NOSPEC,
    AluOp,
    AtomicOp,
    Class,
    Mode,
    Source,
)

if TYPE_CHECKING:
    from .instruction import Instruction

__all__ = ["llvm_text"]

_LAST_REGISTER: Final = 11
"""LLVM has an r11 of its own, for stack arguments, and decodes it."""


def llvm_text(insn: Instruction, operand: str | None, target: str | None) -> str:
    """Return the text of one instruction; *operand* and *target* as in `format_instruction`."""
    formatter = _FORMATTERS.get(insn.opcode)
    return UNKNOWN if formatter is None else formatter(insn, operand, target)


def _place(register: int, offset: int) -> str:
    return f"r{register} - {-offset:#x}" if offset < 0 else f"r{register} + {offset:#x}"


def _jump(insn: Instruction, target: str | None) -> str:
    distance = insn.imm if insn.opcode == GOTOL else insn.offset
    return f"{distance:+#x} <{target}>" if target else f"{distance:+#x}"


def _imm64(insn: Instruction, operand: str | None, _target: str | None) -> str:
    if insn.dst > _LAST_REGISTER or insn.offset or insn.next_imm is None:
        return UNKNOWN
    if operand:
        return f"r{insn.dst} = {operand} ll"
    if insn.src:
        return f"ld_pseudo\tr{insn.dst}, {insn.src:#x}, {insn.imm & 0xFFFF_FFFF:#x}"
    return f"r{insn.dst} = {insn.next_imm << 32 | insn.imm & 0xFFFF_FFFF:#x} ll"


def _packet(opcode: int) -> Formatter:
    bits = BITS[opcode >> 3 & 3]

    def absolute(insn: Instruction, _operand: str | None, _target: str | None) -> str:
        return f"r0 = *(u{bits} *)skb[{insn.imm:#x}]"

    def indirect(insn: Instruction, _operand: str | None, _target: str | None) -> str:
        if insn.src > _LAST_REGISTER:
            return UNKNOWN
        return f"r0 = *(u{bits} *)skb[{_place(insn.src, insn.imm) if insn.imm else f'r{insn.src}'}]"

    return absolute if opcode & 0xE0 == Mode.ABS else indirect


def _memory(opcode: int) -> Formatter:
    bits = BITS[opcode >> 3 & 3]
    signed = opcode & 0xE0 == Mode.MEMSX
    kind = f"{'s' if signed else 'u'}{bits}"
    letter = "r" if signed or bits == 64 else "w"

    def load(insn: Instruction, _operand: str | None, _target: str | None) -> str:
        if insn.dst > _LAST_REGISTER or insn.src > _LAST_REGISTER:
            return UNKNOWN
        return f"{letter}{insn.dst} = *({kind} *)({_place(insn.src, insn.offset)})"

    def store_immediate(insn: Instruction, _operand: str | None, _target: str | None) -> str:
        if insn.dst > _LAST_REGISTER:
            return UNKNOWN
        return f"*({kind} *)({_place(insn.dst, insn.offset)}) = {insn.imm:#x}"

    def store_register(insn: Instruction, _operand: str | None, _target: str | None) -> str:
        if insn.dst > _LAST_REGISTER or insn.src > _LAST_REGISTER:
            return UNKNOWN
        return f"*({kind} *)({_place(insn.dst, insn.offset)}) = {letter}{insn.src}"

    return {Class.LDX: load, Class.ST: store_immediate, Class.STX: store_register}[Class(opcode & 7)]


def _atomic(opcode: int) -> Formatter:
    bits = BITS[opcode >> 3 & 3]
    letter = "r" if bits == 64 else "w"
    suffix = "_64" if bits == 64 else "32_32"

    def text(insn: Instruction, _operand: str | None, _target: str | None) -> str:
        if insn.dst > _LAST_REGISTER or insn.src > _LAST_REGISTER:
            return UNKNOWN
        src, imm = f"{letter}{insn.src}", insn.imm
        address = _place(insn.dst, insn.offset)
        if imm == AtomicOp.LOAD_ACQ:
            return f"{letter}{insn.dst} = load_acquire((u{bits} *)({_place(insn.src, insn.offset)}))"
        if imm == AtomicOp.STORE_REL:
            return f"store_release((u{bits} *)({address}), {src})"
        if bits < 32:
            return UNKNOWN
        if symbol := ATOMIC_SYMBOLS.get(imm):
            return f"lock *(u{bits} *)({address}) {symbol} {src}"
        if imm == AtomicOp.XCHG:
            return f"{src} = xchg{suffix}({address}, {src})"
        if imm == AtomicOp.CMPXCHG:
            return f"{letter}0 = cmpxchg{suffix}({address}, {letter}0, {src})"
        name = ATOMIC_NAMES.get(imm)
        return f"{src} = atomic_{name}((u{bits} *)({address}), {src})" if name else UNKNOWN

    return text


def _alu(opcode: int) -> Formatter:
    operation = opcode & 0xF0
    letter = "r" if opcode & 7 == Class.ALU64 else "w"
    # Indexed by the offset: plain, and signed where there is such an operation.
    symbols = [ALU_SYMBOLS[operation]]
    if operation in (AluOp.DIV, AluOp.MOD):
        symbols.append(f"s{symbols[0]}")
    signed = range(len(symbols))

    def immediate(insn: Instruction, _operand: str | None, _target: str | None) -> str:
        if insn.dst > _LAST_REGISTER or insn.offset not in signed:
            return UNKNOWN
        return f"{letter}{insn.dst} {symbols[insn.offset]} {insn.imm:#x}"

    def register(insn: Instruction, _operand: str | None, _target: str | None) -> str:
        if insn.dst > _LAST_REGISTER or insn.src > _LAST_REGISTER or insn.offset not in signed:
            return UNKNOWN
        return f"{letter}{insn.dst} {symbols[insn.offset]} {letter}{insn.src}"

    return register if opcode & Source.X else immediate


def _move(opcode: int) -> Formatter:
    wide = opcode == MOV64_X
    letter, widths = ("r", (8, 16, 32)) if wide else ("w", (8, 16))

    def text(insn: Instruction, operand: str | None, target: str | None) -> str:
        dst, src, offset = insn.dst, insn.src, insn.offset
        if dst > _LAST_REGISTER or src > _LAST_REGISTER:
            return UNKNOWN
        if offset == 0:
            return f"{letter}{dst} = {letter}{src}"
        if offset in widths:
            return f"{letter}{dst} = (s{offset}){letter}{src}"
        if wide and offset == ADDR_SPACE_CAST:
            return f"r{dst} = addr_space_cast(r{src}, {insn.imm >> 16 & 0xFFFF:#x}, {insn.imm & 0xFFFF:#x})"
        return kernel_text(insn, operand, target) if wide and offset == ADDR_PERCPU else UNKNOWN

    return text


def _unary(insn: Instruction, operand: str | None, target: str | None) -> str:
    return UNKNOWN if insn.dst > _LAST_REGISTER else kernel_text(insn, operand, target)


def _branch(opcode: int) -> Formatter:
    letter = "w" if opcode & 7 == Class.JMP32 else "r"
    symbol = JMP_SYMBOLS[opcode & 0xF0]

    def immediate(insn: Instruction, _operand: str | None, target: str | None) -> str:
        if insn.dst > _LAST_REGISTER:
            return UNKNOWN
        return f"if {letter}{insn.dst} {symbol} {insn.imm:#x} goto {_jump(insn, target)}"

    def register(insn: Instruction, _operand: str | None, target: str | None) -> str:
        if insn.dst > _LAST_REGISTER or insn.src > _LAST_REGISTER:
            return UNKNOWN
        return f"if {letter}{insn.dst} {symbol} {letter}{insn.src} goto {_jump(insn, target)}"

    return register if opcode & Source.X else immediate


def _formatters() -> dict[int, Formatter]:
    table: dict[int, Formatter] = {
        LD_IMM64: _imm64,
        CALL: lambda insn, _operand, target: f"call {target or f'{insn.imm:#x}'}",
        CALLX: _unary,
        EXIT: lambda insn, _operand, _target: "exit" if insn.imm == 0 else UNKNOWN,
        GOTOX: _unary,
        JA: lambda insn, _operand, target: f"goto {_jump(insn, target)}",
        GOTOL: lambda insn, _operand, target: f"gotol {_jump(insn, target)}",
        MAY_GOTO: lambda insn, _operand, target: UNKNOWN if insn.src else f"may_goto {_jump(insn, target)}",
        NOSPEC: kernel_text,
    }
    for opcode in ENCODINGS.keys() - table.keys():
        cls, operation = opcode & 7, opcode & 0xF0
        if operation in (AluOp.NEG, AluOp.END) and cls in (Class.ALU, Class.ALU64):
            table[opcode] = _unary
        elif cls == Class.LD:
            table[opcode] = _packet(opcode)
        elif cls in (Class.LDX, Class.ST, Class.STX):
            table[opcode] = (_atomic if opcode & 0xE0 == Mode.ATOMIC else _memory)(opcode)
        elif cls in (Class.JMP, Class.JMP32):
            table[opcode] = _branch(opcode)
        else:
            table[opcode] = (_move if operation == AluOp.MOV and opcode & Source.X else _alu)(opcode)
    return table


_FORMATTERS: Final = _formatters()
