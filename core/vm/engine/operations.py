"""What instructions do to registers and memory, one at a time: the plain reading of RFC 9669, for the stepper."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...asm import AluOp, AtomicOp, Class, Mode, Size, Source
from ...asm.arithmetic import ATOMICS, alu, signed, swap
from ...asm.opcodes import ADDR_SPACE_CAST, MOV64_X
from .code import MASK64

if TYPE_CHECKING:
    from ...asm import Instruction
    from .machine import Machine

__all__ = ["Operations"]


class Operations:
    """Registers, and the instructions that calculate, load and store.

    Args:
        machine: Whose code runs.
        arguments: r1, r2, … at the start.
    """

    def __init__(self, machine: Machine, arguments: tuple[int, ...]) -> None:
        self.machine = machine
        """Whose code is at `slot` now."""
        self.slot = 0
        """The next instruction."""
        self.registers = [0] * 11
        """r0 to r10, unsigned 64-bit integers."""
        for number, value in enumerate(arguments, 1):
            self.registers[number] = value & MASK64
        self.memory = machine.processor.memory

    def alu(self, insn: Instruction) -> None:
        """Execute arithmetic, a move or a conversion of byte order (ALU, ALU64)."""
        bits = 64 if insn.opcode & 7 == Class.ALU64 else 32
        registers = self.registers
        op = insn.opcode & 0xF0
        if op == AluOp.END:
            registers[insn.dst] = self._convert(insn)
        elif insn.opcode == MOV64_X and insn.offset == ADDR_SPACE_CAST:
            registers[insn.dst] = self.machine.arena_address(registers[insn.src])
        else:
            operand = registers[insn.src] if insn.opcode & Source.X else insn.imm & MASK64
            registers[insn.dst] = alu(op, registers[insn.dst], operand, bits, insn.offset)
        self.slot += 1

    def _convert(self, insn: Instruction) -> int:
        value = self.registers[insn.dst]
        wanted = "big" if insn.opcode & Source.X else "little"
        if insn.opcode & 7 == Class.ALU64 or wanted != self.machine.code.byte_order:
            return swap(value, insn.imm)
        return value & ((1 << insn.imm) - 1)

    def load(self, insn: Instruction) -> None:
        """Execute a load from memory (LDX)."""
        bits = Size(insn.opcode & 0x18).bits
        address = self.registers[insn.src] + insn.offset
        is_probe = self.slot in self.machine.probes
        value = self.machine.probe(address, bits // 8) if is_probe else self._read(address, bits)
        if insn.opcode & 0xE0 == Mode.MEMSX:
            value = signed(value, bits) & MASK64
        self.registers[insn.dst] = value
        self.slot += 1

    def store(self, insn: Instruction) -> None:
        """Execute a store of an immediate (ST) or a register (STX), or an atomic operation."""
        bits = Size(insn.opcode & 0x18).bits
        if insn.opcode & 0xE0 == Mode.ATOMIC:
            self._atomic(insn, bits)
        else:
            value = self.registers[insn.src] if insn.opcode & 7 == Class.STX else insn.imm
            self._write(self.registers[insn.dst] + insn.offset, value, bits)
        self.slot += 1

    def _atomic(self, insn: Instruction, bits: int) -> None:
        registers = self.registers
        if insn.imm == AtomicOp.LOAD_ACQ:
            registers[insn.dst] = self._read(registers[insn.src] + insn.offset, bits)
            return
        address, operand = registers[insn.dst] + insn.offset, registers[insn.src]
        if insn.imm == AtomicOp.STORE_REL:
            self._write(address, operand, bits)
            return
        mask = (1 << bits) - 1
        self.memory.view(address & MASK64, bits // 8, write=True)
        old = self._read(address, bits)
        if insn.imm == AtomicOp.CMPXCHG:
            if old == registers[0] & mask:
                self._write(address, operand, bits)
            registers[0] = old
            return
        self._write(address, ATOMICS[insn.imm & ~AtomicOp.ADD_FETCH](old, operand), bits)
        if insn.imm & AtomicOp.ADD_FETCH:
            registers[insn.src] = old

    def _read(self, address: int, bits: int) -> int:
        return int.from_bytes(self.memory.view(address & MASK64, bits // 8), self.machine.code.byte_order)

    def _write(self, address: int, value: int, bits: int) -> None:
        data = (value & ((1 << bits) - 1)).to_bytes(bits // 8, self.machine.code.byte_order)
        self.memory.view(address & MASK64, bits // 8, write=True)[:] = data
