"""The numbers of the BPF instruction set, named as RFC 9669 and `linux/bpf.h` (up to Linux 6.19) name them.

An opcode byte is `class | …`: the low three bits are the class. In the arithmetic and jump classes bit 3 is
the source (`Source`) and the high four bits are the operation; in the load and store classes bits 3 and 4 are
the size and the high three bits the mode.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "ADDR_PERCPU",
    "ADDR_SPACE_CAST",
    "CALL",
    "CALLX",
    "EXIT",
    "FRAME_POINTER",
    "GOTOL",
    "GOTOX",
    "INSN_SIZE",
    "JA",
    "LD_IMM64",
    "MAX_REGISTER",
    "MAY_GOTO",
    "MOV64_X",
    "NOSPEC",
    "SIZES",
    "STACK_ARGUMENTS",
    "AluOp",
    "AtomicOp",
    "CallSource",
    "Class",
    "ImmSource",
    "JmpOp",
    "Mode",
    "Size",
    "Source",
]

INSN_SIZE: Final = 8
"""Bytes of one `struct bpf_insn`, a slot; a 64-bit immediate load takes two slots (RFC 9669, section 3)."""

MAX_REGISTER: Final = 10
"""Registers are r0 to r10; the encoding has room for 15."""

FRAME_POINTER: Final = 10
"""r10, read-only: the end of the 512-byte stack frame."""

STACK_ARGUMENTS: Final = 11
"""r11, the place of a call's sixth argument and those after it, 8 bytes each: stored below it by the caller, loaded
from above it by the subprogram (`BPF_REG_PARAMS`, Linux and LLVM of 2026). It can be used for nothing else."""


class Class(enum.IntEnum):
    """Bits 0 to 2 of the opcode (RFC 9669, section 3.3)."""

    LD = 0x00
    LDX = 0x01
    ST = 0x02
    STX = 0x03
    ALU = 0x04
    """32-bit arithmetic; the upper half of the destination becomes zero."""
    JMP = 0x05
    JMP32 = 0x06
    ALU64 = 0x07


class Source(enum.IntEnum):
    """Bit 3 of an arithmetic or jump opcode; in byte-order conversions the order converted to."""

    K = 0x00
    """The operand is the immediate (conversions: little endian)."""
    X = 0x08
    """The operand is the source register (conversions: big endian)."""


class Size(enum.IntEnum):
    """Bits 3 and 4 of a load or store opcode."""

    W = 0x00
    H = 0x08
    B = 0x10
    DW = 0x18

    @property
    def bits(self) -> int:
        """How wide the access is."""
        return {Size.W: 32, Size.H: 16, Size.B: 8, Size.DW: 64}[self]


SIZES: Final[Mapping[int, int]] = {size: size.bits // 8 for size in Size}
"""How many bytes a load or store moves, by bits 3 and 4 of its opcode: `SIZES[opcode & 0x18]`."""


class Mode(enum.IntEnum):
    """Bits 5 to 7 of a load or store opcode."""

    IMM = 0x00
    ABS = 0x20
    """Legacy access to packet data at a fixed offset."""
    IND = 0x40
    """Legacy access to packet data at an offset from a register."""
    MEM = 0x60
    MEMSX = 0x80
    """A load that extends the sign (Linux 6.6)."""
    ATOMIC = 0xC0


class AluOp(enum.IntEnum):
    """Bits 4 to 7 of an arithmetic opcode."""

    ADD = 0x00
    SUB = 0x10
    MUL = 0x20
    DIV = 0x30
    """Signed where the offset is 1 (Linux 6.6)."""
    OR = 0x40
    AND = 0x50
    LSH = 0x60
    RSH = 0x70
    NEG = 0x80
    MOD = 0x90
    """Signed where the offset is 1 (Linux 6.6)."""
    XOR = 0xA0
    MOV = 0xB0
    """Extends the sign of the lowest 8, 16 or 32 bits where the offset says so (Linux 6.6)."""
    ARSH = 0xC0
    END = 0xD0
    """ALU: conversion to the byte order in the source bit; ALU64: unconditional swap (Linux 6.6)."""


class JmpOp(enum.IntEnum):
    """Bits 4 to 7 of a jump opcode."""

    JA = 0x00
    JEQ = 0x10
    JGT = 0x20
    JGE = 0x30
    JSET = 0x40
    JNE = 0x50
    JSGT = 0x60
    JSGE = 0x70
    CALL = 0x80
    EXIT = 0x90
    JLT = 0xA0
    JLE = 0xB0
    JSLT = 0xC0
    JSLE = 0xD0
    JCOND = 0xE0
    """Conditional pseudo jumps; the source says which, and may_goto (0) is the only one (Linux 6.9)."""


class AtomicOp(enum.IntEnum):
    """The immediate of an atomic instruction; the lowest bit (FETCH) means that the source gets the old
    value."""

    ADD = 0x00
    ADD_FETCH = 0x01
    OR = 0x40
    OR_FETCH = 0x41
    AND = 0x50
    AND_FETCH = 0x51
    XOR = 0xA0
    XOR_FETCH = 0xA1
    XCHG = 0xE1
    CMPXCHG = 0xF1
    LOAD_ACQ = 0x100
    """Load-acquire, any size (Linux 6.15)."""
    STORE_REL = 0x110
    """Store-release, any size (Linux 6.15)."""


class ImmSource(enum.IntEnum):
    """The source of a 64-bit immediate load: what its immediate stands for (`BPF_PSEUDO_*`)."""

    CONST = 0
    MAP_FD = 1
    """The address of the map with this file descriptor."""
    MAP_VALUE = 2
    """The address of that map's only value plus the second immediate."""
    BTF_ID = 3
    """The address of the kernel variable with this BTF id; the second immediate is a module's BTF descriptor."""
    FUNC = 4
    """The address of the subprogram at this distance."""
    MAP_IDX = 5
    """As MAP_FD, by index into `fd_array`."""
    MAP_IDX_VALUE = 6
    """As MAP_VALUE, by index into `fd_array`."""


class CallSource(enum.IntEnum):
    """The source of a call: what its immediate stands for."""

    HELPER = 0
    """A helper's id."""
    SUBPROGRAM = 1
    """The distance to a subprogram (`BPF_PSEUDO_CALL`)."""
    KFUNC = 2
    """The BTF id of a kernel function (`BPF_PSEUDO_KFUNC_CALL`); the offset is an index into `fd_array`."""


LD_IMM64: Final = Class.LD | Mode.IMM | Size.DW
JA: Final = Class.JMP | JmpOp.JA
GOTOL: Final = Class.JMP32 | JmpOp.JA
"""An unconditional jump whose distance is the immediate (Linux 6.6)."""
GOTOX: Final = Class.JMP | JmpOp.JA | Source.X
"""A jump to the address in the destination register (Linux 6.19)."""
MAY_GOTO: Final = Class.JMP | JmpOp.JCOND
CALL: Final = Class.JMP | JmpOp.CALL
CALLX: Final = Class.JMP | JmpOp.CALL | Source.X
"""A call of the address in a register: the destination, in code of older compilers the immediate's number."""
EXIT: Final = Class.JMP | JmpOp.EXIT
MOV64_X: Final = Class.ALU64 | AluOp.MOV | Source.X
NOSPEC: Final = 0xC2
"""A speculation barrier that the verifier inserts; only in translated code."""

ADDR_SPACE_CAST: Final = 1
"""The offset that makes MOV64_X a cast between address spaces: `to << 16 | from` in the immediate (Linux
6.9)."""
ADDR_PERCPU: Final = -1
"""The offset that makes MOV64_X a per-CPU address; only in translated code (Linux 6.10)."""
