"""Programs written as instructions, for tests of the machine."""

from __future__ import annotations

import struct

R0, R1, R2, R3, R4, R5, R6, R7, R8, R9, R10 = range(11)
B, H, W, DW = 0x10, 0x08, 0x00, 0x18
ADD, SUB, MUL, DIV, OR, AND, LSH, RSH, NEG, MOD, XOR, MOV, ARSH, END = range(0, 0xE0, 0x10)
JA, JEQ, JGT, JGE, JSET, JNE, JSGT, JSGE, _CALL, _EXIT, JLT, JLE, JSLT, JSLE = range(0, 0xE0, 0x10)


def insn(opcode: int, dst: int = 0, src: int = 0, offset: int = 0, imm: int = 0) -> bytes:
    """One slot, little-endian; *imm* may be given unsigned."""
    return struct.pack("<BBhI", opcode, src << 4 | dst, offset, imm & 0xFFFF_FFFF)


def alu(op: int, dst: int, imm: int = 0, offset: int = 0) -> bytes:
    """64-bit arithmetic with an immediate."""
    return insn(op | 0x07, dst, 0, offset, imm)


def alu_x(op: int, dst: int, src: int, offset: int = 0) -> bytes:
    """64-bit arithmetic with a register."""
    return insn(op | 0x0F, dst, src, offset)


def alu32(op: int, dst: int, imm: int = 0, offset: int = 0) -> bytes:
    """32-bit arithmetic with an immediate."""
    return insn(op | 0x04, dst, 0, offset, imm)


def alu32_x(op: int, dst: int, src: int, offset: int = 0) -> bytes:
    """32-bit arithmetic with a register."""
    return insn(op | 0x0C, dst, src, offset)


def mov(dst: int, imm: int) -> bytes:
    return alu(MOV, dst, imm)


def mov_x(dst: int, src: int) -> bytes:
    return alu_x(MOV, dst, src)


def lddw(dst: int, value: int, src: int = 0) -> bytes:
    """A 64-bit immediate load, two slots."""
    return insn(0x18, dst, src, 0, value) + insn(0, imm=value >> 32)


def load(size: int, dst: int, src: int, offset: int = 0) -> bytes:
    return insn(0x61 | size, dst, src, offset)


def load_signed(size: int, dst: int, src: int, offset: int = 0) -> bytes:
    return insn(0x81 | size, dst, src, offset)


def store(size: int, dst: int, offset: int, src: int) -> bytes:
    return insn(0x63 | size, dst, src, offset)


def store_imm(size: int, dst: int, offset: int, imm: int) -> bytes:
    return insn(0x62 | size, dst, 0, offset, imm)


def atomic(size: int, op: int, dst: int, offset: int, src: int) -> bytes:
    return insn(0xC3 | size, dst, src, offset, op)


def jump(op: int, dst: int, imm: int, offset: int) -> bytes:
    return insn(op | 0x05, dst, 0, offset, imm)


def jump_x(op: int, dst: int, src: int, offset: int) -> bytes:
    return insn(op | 0x0D, dst, src, offset)


def jump32(op: int, dst: int, imm: int, offset: int) -> bytes:
    return insn(op | 0x06, dst, 0, offset, imm)


def jump32_x(op: int, dst: int, src: int, offset: int) -> bytes:
    return insn(op | 0x0E, dst, src, offset)


def ja(offset: int) -> bytes:
    return insn(0x05, offset=offset)


def call(helper: int) -> bytes:
    return insn(0x85, imm=helper)


def call_local(distance: int) -> bytes:
    return insn(0x85, src=1, imm=distance)


def callx(register: int) -> bytes:
    return insn(0x8D, register)


EXIT = insn(0x95)
