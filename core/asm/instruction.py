"""One instruction: decoded from its slots, and encoded to the same bytes again.

Decoding never fails on what the bits say: unknown opcodes, reserved fields that are set and half of a 64-bit
immediate load are instructions like others, and take exactly the slots that they take in the code.
"""

from __future__ import annotations

import array
import struct
import sys
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from ..errors import ObjectError
from .opcodes import (
    CALL,
    CALLX,
    EXIT,
    GOTOL,
    GOTOX,
    INSN_SIZE,
    JA,
    LD_IMM64,
    MAX_REGISTER,
    MAY_GOTO,
    CallSource,
    Class,
    JmpOp,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ByteOrder", "Code", "Instruction", "Slot", "decode", "decode_at", "instructions", "slots", "words"]

ByteOrder: TypeAlias = Literal["little", "big"]
Code: TypeAlias = bytes | bytearray | memoryview
"""Instructions as bytes, a whole number of 8-byte slots."""

Slot: TypeAlias = tuple[int, int, int, int, int]
"""Opcode, destination and source register, offset and immediate, as in an `Instruction`."""

_LOW: Final = bytes(registers & 0xF for registers in range(256))
_HIGH: Final = bytes(registers >> 4 for registers in range(256))
_SLOT: Final = {"little": struct.Struct("<BBhi"), "big": struct.Struct(">BBhi")}
_JUMP_CLASSES: Final = (Class.JMP, Class.JMP32)


def _swap_nibbles(registers: int) -> int:
    return (registers >> 4) | (registers & 0xF) << 4


class Instruction(NamedTuple):
    """One instruction, of one slot or two."""

    opcode: int
    """The opcode byte."""
    dst: int = 0
    """Number of the destination register, 0 to 15."""
    src: int = 0
    """Number of the source register, 0 to 15; in some instructions a kind (`ImmSource`, `CallSource`)."""
    offset: int = 0
    """Signed, 16 bits."""
    imm: int = 0
    """Signed, 32 bits."""
    next_imm: int | None = None
    """Signed, 32 bits: the second slot's immediate. None in all but 64-bit immediate loads, and where the
    code ends after the first half of one."""
    next_reserved: int = 0
    """The second slot's other fields, which should be 0: `opcode | dst << 8 | src << 12 | (offset & 0xffff)
    << 16`."""

    @property
    def slots(self) -> int:
        """How many 8-byte slots it takes: 1 or 2."""
        return 1 if self.next_imm is None else 2

    @property
    def is_wide(self) -> bool:
        """Whether it is a 64-bit immediate load."""
        return self.opcode == LD_IMM64

    @property
    def is_half(self) -> bool:
        """Whether it is the first half of a 64-bit immediate load, with which the code ends."""
        return self.opcode == LD_IMM64 and self.next_imm is None

    @property
    def imm64(self) -> int:
        """The operand as an unsigned 64-bit number: both immediates, or the only one with its sign extended."""
        if self.next_imm is None:
            return self.imm & 0xFFFF_FFFF_FFFF_FFFF
        return (self.next_imm & 0xFFFF_FFFF) << 32 | self.imm & 0xFFFF_FFFF

    @property
    def is_jump(self) -> bool:
        """Whether it can go on elsewhere in the same function: neither calls nor exit."""
        if self.opcode & 7 not in _JUMP_CLASSES:
            return False
        operation = self.opcode & 0xF0
        if operation == JmpOp.JCOND:
            return self.opcode == MAY_GOTO and self.src == 0
        if operation == JmpOp.JA:
            return self.opcode in (JA, GOTOL, GOTOX)
        return operation not in (JmpOp.CALL, JmpOp.EXIT, 0xF0)

    @property
    def is_conditional(self) -> bool:
        """Whether it is a jump that may also go on with the next instruction."""
        return self.is_jump and self.opcode & 0xF0 != JmpOp.JA

    @property
    def falls_through(self) -> bool:
        """Whether the next instruction can follow it: all but exit and unconditional jumps."""
        return self.opcode not in (EXIT, JA, GOTOL, GOTOX)

    @property
    def is_call(self) -> bool:
        """Whether it calls a helper, a subprogram, a kernel function or an address in a register."""
        return self.opcode in (CALL, CALLX)

    @property
    def call_source(self) -> CallSource | None:
        """What a direct call calls; None for everything else and for kinds that do not exist."""
        if self.opcode != CALL or self.src > max(CallSource):
            return None
        return CallSource(self.src)

    @property
    def jump_distance(self) -> int | None:
        """Slots from the next instruction to the target; None where it is no jump or its target is in a
        register."""
        opcode = self.opcode
        if opcode & 7 not in _JUMP_CLASSES or opcode == GOTOX or not self.is_jump:
            return None
        return self.imm if opcode == GOTOL else self.offset

    @property
    def call_register(self) -> int | None:
        """The register whose address a `callx` calls: the destination, in code of older compilers the
        immediate."""
        if self.opcode != CALLX:
            return None
        return self.imm if self.dst == 0 and 0 < self.imm <= MAX_REGISTER else self.dst

    def jump_target(self, slot: int) -> int | None:
        """Return the slot that it jumps to when it is at *slot*; None as in `jump_distance`.

        The slot can lie outside of the code.
        """
        distance = self.jump_distance
        return None if distance is None else slot + 1 + distance

    def call_target(self, slot: int) -> int | None:
        """Return the first slot of the subprogram that it calls when it is at *slot*; None where it calls
        none."""
        return slot + 1 + self.imm if self.call_source is CallSource.SUBPROGRAM else None

    def encode(self, byte_order: ByteOrder) -> bytes:
        """Return its 8 or 16 bytes."""
        pack = _SLOT[byte_order].pack
        registers = self.src << 4 | self.dst
        if byte_order == "big":
            registers = _swap_nibbles(registers)
        first = pack(self.opcode, registers, self.offset, self.imm)
        if self.next_imm is None:
            return first
        rest = self.next_reserved
        registers = rest >> 8 & 0xFF
        if byte_order == "big":
            registers = _swap_nibbles(registers)
        offset = ((rest >> 16) ^ 0x8000) - 0x8000
        return first + pack(rest & 0xFF, registers, offset, self.next_imm)


def words(code: Code) -> memoryview:
    """Return *code* as bytes, checked to be whole slots; a rest of fewer than 8 bytes raises ObjectError."""
    view = memoryview(code).cast("B")
    if rest := len(view) % INSN_SIZE:
        raise ObjectError(
            f"the code ends with {rest} stray bytes: instructions are {INSN_SIZE} bytes each",
            offset=len(view) - rest,
        )
    return view


def slots(code: Code, byte_order: ByteOrder) -> list[Slot]:
    """Return what each slot of *code* says, a rest of fewer than 8 bytes left out: for what goes through all of it."""
    view = memoryview(code).cast("B")
    view = view[: len(view) // INSN_SIZE * INSN_SIZE]
    registers = bytes(view[1::INSN_SIZE])
    low, high = registers.translate(_LOW), registers.translate(_HIGH)
    halves, immediates = array.array("h", bytes(view)), array.array("i", bytes(view))
    if byte_order != sys.byteorder:
        halves.byteswap()
        immediates.byteswap()
    dst, src = (low, high) if byte_order == "little" else (high, low)
    return list(zip(bytes(view[::INSN_SIZE]), dst, src, halves[1::4], immediates[1::2], strict=True))


def decode(code: Code, slot: int, byte_order: ByteOrder) -> Instruction:
    """Decode the instruction that begins at *slot*, counted in 8-byte slots; IndexError where there is none."""
    view = words(code)
    if not 0 <= slot < len(view) // INSN_SIZE:
        raise IndexError(f"slot {slot} of {len(view) // INSN_SIZE}")
    return decode_at(view, slot, byte_order)


def decode_at(view: memoryview | bytes, slot: int, byte_order: ByteOrder) -> Instruction:
    """Decode as `decode` does, from what `words` returned and a slot that exists."""
    unpack = _SLOT[byte_order].unpack_from
    opcode, registers, offset, imm = unpack(view, slot * INSN_SIZE)
    if byte_order == "big":
        registers = _swap_nibbles(registers)
    following = (slot + 1) * INSN_SIZE
    if opcode != LD_IMM64 or following == len(view):
        return Instruction(opcode, registers & 0xF, registers >> 4, offset, imm)
    next_opcode, next_registers, next_offset, next_imm = unpack(view, following)
    if byte_order == "big":
        next_registers = _swap_nibbles(next_registers)
    reserved = next_opcode | next_registers << 8 | (next_offset & 0xFFFF) << 16
    return Instruction(opcode, registers & 0xF, registers >> 4, offset, imm, next_imm, reserved)


def instructions(
    code: Code, byte_order: ByteOrder, start: int = 0, stop: int | None = None
) -> Iterator[tuple[int, Instruction]]:
    """Iterate over the instructions that begin at slots *start* to *stop* (exclusive), each with its slot.

    *start* has to be the first slot of an instruction: nothing in a second half tells it from an unknown
    opcode.
    """
    view = words(code)
    count = len(view) // INSN_SIZE
    stop = count if stop is None else min(stop, count)
    big = byte_order == "big"
    slots = enumerate(_SLOT[byte_order].iter_unpack(view[start * INSN_SIZE : stop * INSN_SIZE]), start)
    for slot, (opcode, registers, offset, imm) in slots:
        if opcode == LD_IMM64:
            yield slot, decode_at(view, slot, byte_order)
            next(slots, None)
            continue
        if big:
            registers = _swap_nibbles(registers)
        yield slot, Instruction(opcode, registers & 0xF, registers >> 4, offset, imm)
