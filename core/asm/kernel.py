"""Instructions as the kernel writes them, in the verifier's log and in `bpftool prog dump xlated`.

The format is that of `print_bpf_insn` (kernel/bpf/disasm.c, as of June 2026), without the opcode in
parentheses that begins each of its lines. It differs where the kernel's text misleads: the kernel shows a
call of a register (`callx`) as a call of a helper, and makes up text for what it does not know; that is
`<unknown>` here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from ..helpers.names import helper_name
from .encodings import ENCODINGS
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
    CallSource,
    Class,
    JmpOp,
    Mode,
    Source,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from .instruction import Instruction

__all__ = [
    "ALU_SYMBOLS",
    "ATOMIC_NAMES",
    "ATOMIC_SYMBOLS",
    "BITS",
    "JMP_SYMBOLS",
    "UNKNOWN",
    "Formatter",
    "kernel_text",
]

Formatter: TypeAlias = "Callable[[Instruction, str | None, str | None], str]"
"""Takes an instruction of one opcode, with *operand* and *target* as `format_instruction` has them."""

UNKNOWN: Final = "<unknown>"

BITS: Final = (32, 16, 8, 64)
"""The width of an access, by the size bits of its opcode."""

ALU_SYMBOLS: Final[dict[int, str]] = {
    AluOp.ADD: "+=",
    AluOp.SUB: "-=",
    AluOp.MUL: "*=",
    AluOp.DIV: "/=",
    AluOp.OR: "|=",
    AluOp.AND: "&=",
    AluOp.LSH: "<<=",
    AluOp.RSH: ">>=",
    AluOp.MOD: "%=",
    AluOp.XOR: "^=",
    AluOp.MOV: "=",
    AluOp.ARSH: "s>>=",
}
JMP_SYMBOLS: Final[dict[int, str]] = {
    JmpOp.JEQ: "==",
    JmpOp.JGT: ">",
    JmpOp.JGE: ">=",
    JmpOp.JSET: "&",
    JmpOp.JNE: "!=",
    JmpOp.JSGT: "s>",
    JmpOp.JSGE: "s>=",
    JmpOp.JLT: "<",
    JmpOp.JLE: "<=",
    JmpOp.JSLT: "s<",
    JmpOp.JSLE: "s<=",
}
ATOMIC_SYMBOLS: Final[dict[int, str]] = {
    AtomicOp.ADD: "+=",
    AtomicOp.OR: "|=",
    AtomicOp.AND: "&=",
    AtomicOp.XOR: "^=",
}
ATOMIC_NAMES: Final[dict[int, str]] = {
    AtomicOp.ADD_FETCH: "fetch_add",
    AtomicOp.OR_FETCH: "fetch_or",
    AtomicOp.AND_FETCH: "fetch_and",
    AtomicOp.XOR_FETCH: "fetch_xor",
    AtomicOp.XCHG: "xchg",
}


def kernel_text(insn: Instruction, operand: str | None, target: str | None) -> str:
    """Return the text of one instruction; *operand* and *target* as in `format_instruction`."""
    formatter = _FORMATTERS.get(insn.opcode)
    return UNKNOWN if formatter is None else formatter(insn, operand, target)


def _load(opcode: int) -> Formatter:
    bits = BITS[opcode >> 3 & 3]

    def imm64(insn: Instruction, operand: str | None, _target: str | None) -> str:
        return f"r{insn.dst} = {operand or f'{insn.imm64:#x}'}"

    def absolute(insn: Instruction, _operand: str | None, _target: str | None) -> str:
        return f"r0 = *(u{bits} *)skb[{insn.imm}]"

    def indirect(insn: Instruction, _operand: str | None, _target: str | None) -> str:
        return f"r0 = *(u{bits} *)skb[r{insn.src} + {insn.imm}]"

    return imm64 if opcode == LD_IMM64 else absolute if opcode & 0xE0 == Mode.ABS else indirect


def _memory(opcode: int) -> Formatter:
    kind = f"{'s' if opcode & 0xE0 == Mode.MEMSX else 'u'}{BITS[opcode >> 3 & 3]}"

    def load(insn: Instruction, _operand: str | None, _target: str | None) -> str:
        return f"r{insn.dst} = *({kind} *)(r{insn.src} {insn.offset:+d})"

    def store_immediate(insn: Instruction, _operand: str | None, _target: str | None) -> str:
        return f"*({kind} *)(r{insn.dst} {insn.offset:+d}) = {insn.imm}"

    def store_register(insn: Instruction, _operand: str | None, _target: str | None) -> str:
        return f"*({kind} *)(r{insn.dst} {insn.offset:+d}) = r{insn.src}"

    return {Class.LDX: load, Class.ST: store_immediate, Class.STX: store_register}[Class(opcode & 7)]


def _atomic(opcode: int) -> Formatter:
    bits = BITS[opcode >> 3 & 3]
    prefix = "atomic64" if bits == 64 else "atomic"

    def text(insn: Instruction, _operand: str | None, _target: str | None) -> str:
        dst, src, imm = insn.dst, insn.src, insn.imm
        place = f"(u{bits} *)(r{dst} {insn.offset:+d})"
        if imm == AtomicOp.LOAD_ACQ:
            return f"r{dst} = load_acquire((u{bits} *)(r{src} {insn.offset:+d}))"
        if imm == AtomicOp.STORE_REL:
            return f"store_release({place}, r{src})"
        if bits < 32:
            return UNKNOWN
        if symbol := ATOMIC_SYMBOLS.get(imm):
            return f"lock *{place} {symbol} r{src}"
        if name := ATOMIC_NAMES.get(imm):
            return f"r{src} = {prefix}_{name}({place}, r{src})"
        return f"r0 = {prefix}_cmpxchg({place}, r0, r{src})" if imm == AtomicOp.CMPXCHG else UNKNOWN

    return text


def _alu(opcode: int) -> Formatter:
    operation = opcode & 0xF0
    letter = "r" if opcode & 7 == Class.ALU64 else "w"
    symbol = ALU_SYMBOLS[operation]
    signed = "s" if operation in (AluOp.DIV, AluOp.MOD) else ""

    def immediate(insn: Instruction, _operand: str | None, _target: str | None) -> str:
        sign = signed if insn.offset == 1 else ""
        return f"{letter}{insn.dst} {sign}{symbol} {insn.imm}"

    def register(insn: Instruction, _operand: str | None, _target: str | None) -> str:
        sign = signed if insn.offset == 1 else ""
        return f"{letter}{insn.dst} {sign}{symbol} {letter}{insn.src}"

    def move(insn: Instruction, _operand: str | None, _target: str | None) -> str:
        dst, src, offset = insn.dst, insn.src, insn.offset
        if offset == 0:
            return f"{letter}{dst} = {letter}{src}"
        if opcode == MOV64_X and offset == ADDR_SPACE_CAST:
            return f"r{dst} = addr_space_cast(r{src}, {insn.imm >> 16 & 0xFFFF}, {insn.imm & 0xFFFF})"
        if opcode == MOV64_X and offset == ADDR_PERCPU:
            return f"r{dst} = &(void __percpu *)(r{src})"
        return f"{letter}{dst} = {f'(s{offset})' if offset in (8, 16, 32) else ''}{letter}{src}"

    return immediate if not opcode & Source.X else move if operation == AluOp.MOV else register


def _unary(opcode: int) -> Formatter:
    wide = opcode & 7 == Class.ALU64
    letter = "r" if wide else "w"
    order = "bswap" if wide else "be" if opcode & Source.X else "le"

    def negate(insn: Instruction, _operand: str | None, _target: str | None) -> str:
        return f"{letter}{insn.dst} = -{letter}{insn.dst}"

    def swap(insn: Instruction, _operand: str | None, _target: str | None) -> str:
        return f"r{insn.dst} = {order}{insn.imm} r{insn.dst}" if insn.imm in (16, 32, 64) else UNKNOWN

    return negate if opcode & 0xF0 == AluOp.NEG else swap


def _branch(opcode: int) -> Formatter:
    letter = "w" if opcode & 7 == Class.JMP32 else "r"
    symbol = JMP_SYMBOLS[opcode & 0xF0]

    def immediate(insn: Instruction, _operand: str | None, target: str | None) -> str:
        place = target or f"pc{insn.offset:+d}"
        return f"if {letter}{insn.dst} {symbol} {insn.imm & 0xFFFF_FFFF:#x} goto {place}"

    def register(insn: Instruction, _operand: str | None, target: str | None) -> str:
        place = target or f"pc{insn.offset:+d}"
        return f"if {letter}{insn.dst} {symbol} {letter}{insn.src} goto {place}"

    return register if opcode & Source.X else immediate


def _call(insn: Instruction, _operand: str | None, target: str | None) -> str:
    if target:
        return f"call {target}"
    if insn.src == CallSource.SUBPROGRAM:
        return f"call pc{insn.imm:+d}"
    if insn.src == CallSource.KFUNC:
        return f"call kernel-function#{insn.imm}"
    name = helper_name(insn.imm) if insn.src == CallSource.HELPER else None
    return f"call {name or 'unknown'}#{insn.imm}"


def _may_goto(insn: Instruction, _operand: str | None, target: str | None) -> str:
    return f"may_goto {target or f'pc{insn.offset:+d}'}" if insn.src == 0 else UNKNOWN


def _formatters() -> dict[int, Formatter]:
    table: dict[int, Formatter] = {
        CALL: _call,
        CALLX: lambda insn, _operand, _target: f"callx r{insn.call_register}",
        EXIT: lambda _insn, _operand, _target: "exit",
        GOTOX: lambda insn, _operand, _target: f"gotox r{insn.dst}",
        JA: lambda insn, _operand, target: f"goto {target or f'pc{insn.offset:+d}'}",
        GOTOL: lambda insn, _operand, target: f"gotol {target or f'pc{insn.imm:+d}'}",
        MAY_GOTO: _may_goto,
        NOSPEC: lambda _insn, _operand, _target: "nospec",
    }
    for opcode in ENCODINGS.keys() - table.keys():
        cls, operation = opcode & 7, opcode & 0xF0
        if cls == Class.LD:
            make = _load
        elif cls in (Class.LDX, Class.ST, Class.STX):
            make = _atomic if opcode & 0xE0 == Mode.ATOMIC else _memory
        elif cls in (Class.JMP, Class.JMP32):
            make = _branch
        else:
            make = _unary if operation in (AluOp.NEG, AluOp.END) else _alu
        table[opcode] = make(opcode)
    return table


_FORMATTERS: Final = _formatters()
