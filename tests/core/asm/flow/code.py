"""Short code for tests, written as functions that return bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bpftui.core.asm import Instruction

if TYPE_CHECKING:
    from bpftui.core.asm import ByteOrder

NOP = Instruction(0xBF, 1, 1)
"""r1 = r1"""
EXIT = Instruction(0x95)
WIDE = Instruction(0x18, 1, next_imm=0)
"""r1 = 0 ll, two slots"""


def branch(distance: int) -> Instruction:
    """if r1 == 0 goto …"""
    return Instruction(0x15, 1, offset=distance)


def goto(distance: int) -> Instruction:
    return Instruction(0x05, offset=distance)


def gotol(distance: int) -> Instruction:
    return Instruction(0x06, imm=distance)


def may_goto(distance: int) -> Instruction:
    return Instruction(0xE5, offset=distance)


def call(distance: int) -> Instruction:
    """A call of a subprogram."""
    return Instruction(0x85, src=1, imm=distance)


def assemble(*insns: Instruction, byte_order: ByteOrder = "little") -> bytes:
    return b"".join(insn.encode(byte_order) for insn in insns)
