"""Accesses to memory as statements of Python.

Where an access is known to lie in the own stack frame, it indexes the frame. Everywhere else the region is looked up in
`M` (what may be read) or `W` (what may be written) by the address's granule; the buffer found checks the bounds.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from ...asm import SIZES, AtomicOp, Class, Mode
from ...asm.opcodes import FRAME_POINTER
from .code import MASK64, written_registers
from .memory import GRANULE_BITS, STACK_SIZE

if TYPE_CHECKING:
    from collections.abc import Container

    from ...asm import ByteOrder, Instruction
    from .ranges import State, Value

__all__ = ["Accesses", "register", "register_or_number"]

_INSIDE: Final = (1 << GRANULE_BITS) - 1
_ATOMIC_SIGNS: Final = {AtomicOp.ADD: "+", AtomicOp.OR: "|", AtomicOp.AND: "&", AtomicOp.XOR: "^"}


def register(number: int) -> str:
    """Return the local variable of a register."""
    return "fp" if number == FRAME_POINTER else f"r{number}"


def register_or_number(number: int, state: State) -> str:
    """Return a register as an operand: a number where it can be only one."""
    low, high, is_pointer = state[number]
    return register(number) if is_pointer or low != high else str(low)


class Accesses:
    """Writes the loads and stores of one function.

    Args:
        byte_order: That of memory.
        probes: Slots of loads that are probes.
        names: Where is noted which views of the stack frame are needed: `s1`, `s2`, `s4`, `s8`.
    """

    def __init__(self, byte_order: ByteOrder, probes: Container[int], names: set[str]) -> None:
        self._probes = probes
        self._names = names
        self._aligned = sys.byteorder == byte_order
        self._repeated: set[int] = set()
        self._shared: dict[tuple[str, int], int] = {}
        """By table and base register, the offset of the access that looked the region up for those that follow."""

    def begin(self, insns: list[tuple[int, Instruction]]) -> None:
        """Begin a basic block."""
        self._shared = {}
        self._repeated = self._repeated_bases(insns)

    def write(self, slot: int, insn: Instruction, state: State) -> list[str]:
        """Return the statements of the load, store or atomic operation at *slot*."""
        size = SIZES[insn.opcode & 0x18]
        reused = slot in self._repeated
        if insn.opcode & 7 == Class.LDX:
            return self._load(insn, state, size, reused, is_probe=slot in self._probes)
        if insn.opcode & 0xE0 == Mode.ATOMIC:
            return self._atomic(insn, state, size, reused)
        return self._store(insn, state, size, reused)

    def _repeated_bases(self, insns: list[tuple[int, Instruction]]) -> set[int]:
        """Return the slots whose base register is used again, or was, before it changes: their look-up is shared."""
        versions = [0] * 11
        uses: dict[tuple[int, int, bool], list[int]] = {}
        for slot, insn in insns:
            cls = insn.opcode & 7
            if cls in (Class.LDX, Class.ST, Class.STX) and slot not in self._probes:
                base = insn.src if cls == Class.LDX else insn.dst
                uses.setdefault((base, versions[base], cls == Class.LDX), []).append(slot)
            if insn.is_call:
                versions = [version + 1 for version in versions]
            for number in written_registers(insn):
                versions[number] += 1
        return {slot for slots in uses.values() if len(slots) > 1 for slot in slots}

    def forget(self, insn: Instruction) -> None:
        """Drop what is shared and no longer true after *insn*: a call can move all memory."""
        if insn.is_call:
            self._shared.clear()
        for number in written_registers(insn):
            for table in "MW":
                self._shared.pop((table, number), None)

    def _load(self, insn: Instruction, state: State, size: int, reused: bool, *, is_probe: bool = False) -> list[str]:
        target = register(insn.dst)
        index = self._stack_index(state[insn.src], insn.offset, size)
        if is_probe:
            result = [f"{target} = PROBE({register(insn.src)} + {insn.offset}, {size})"]
        elif index is not None and (size == 1 or (self._aligned and index % size == 0)):
            self._names.add(f"s{size}")
            result = [f"{target} = s{size}[{index // size}]"]
        elif index is not None:
            self._names.add("s1")
            result = [f"{target}, = U{size}(s1, {index})"]
        else:
            first, buffer, inside = self._place(insn.src, insn.offset, "M", reused)
            access = f"{target} = {buffer}[{inside}]" if size == 1 else f"{target}, = U{size}({buffer}, {inside})"
            result = [*first, access]
        if insn.opcode & 0xE0 == Mode.MEMSX:
            half = 1 << (8 * size - 1)
            result.append(f"if {target} >= {half}: {target} += {MASK64 + 1 - 2 * half}")
        return result

    def _store(self, insn: Instruction, state: State, size: int, reused: bool) -> list[str]:
        stored = self._stored(insn, state, size)
        index = self._stack_index(state[insn.dst], insn.offset, size)
        if index is not None and (size == 1 or (self._aligned and index % size == 0)):
            self._names.add(f"s{size}")
            return [f"s{size}[{index // size}] = {stored}"]
        if index is not None:
            self._names.add("s1")
            return [f"P{size}(s1, {index}, {stored})"]
        first, buffer, inside = self._place(insn.dst, insn.offset, "W", reused)
        return [*first, f"{buffer}[{inside}] = {stored}" if size == 1 else f"P{size}({buffer}, {inside}, {stored})"]

    def _stored(self, insn: Instruction, state: State, size: int) -> str:
        """Return what a store writes, cut to its size."""
        if insn.opcode & 7 == Class.ST:
            return str(insn.imm & ((1 << 8 * size) - 1))
        return self._narrow(register_or_number(insn.src, state), state[insn.src], size)

    @staticmethod
    def _narrow(text: str, value: Value, size: int) -> str:
        mask = (1 << 8 * size) - 1
        if text.isdigit():
            return str(int(text) & mask)
        return text if size == 8 or (not value[2] and value[1] <= mask) else f"{text} & {mask}"

    def _atomic(self, insn: Instruction, state: State, size: int, reused: bool) -> list[str]:
        if insn.imm == AtomicOp.LOAD_ACQ:
            return self._load(insn, state, size, False)
        if insn.imm == AtomicOp.STORE_REL:
            return self._store(insn, state, size, reused)
        index = self._stack_index(state[insn.dst], insn.offset, size)
        if index is not None:
            self._names.add("s1")
            result, buffer, inside = [], "s1", str(index)
        else:
            first, buffer, inside = self._place(insn.dst, insn.offset, "W", False)
            result = [*first, f"b = {buffer}", f"o = {inside}"]
            buffer, inside = "b", "o"
        result.append(f"v, = U{size}({buffer}, {inside})")
        source = register_or_number(insn.src, state)
        mask = (1 << 8 * size) - 1
        write = f"P{size}({buffer}, {inside}, "
        if insn.imm == AtomicOp.CMPXCHG:
            expected = self._narrow(register_or_number(0, state), state[0], size)
            result += [f"if v == ({expected}): {write}{self._narrow(source, state[insn.src], size)})", "r0 = v"]
            return result
        if insn.imm == AtomicOp.XCHG:
            new = self._narrow(source, state[insn.src], size)
        else:
            new = f"(v {_ATOMIC_SIGNS[AtomicOp(insn.imm & ~AtomicOp.ADD_FETCH)]} {source}) & {mask}"
        result.append(f"{write}{new})")
        if insn.imm & AtomicOp.ADD_FETCH:
            result.append(f"{register(insn.src)} = v")
        return result

    def _place(self, base: int, offset: int, table: str, reused: bool) -> tuple[list[str], str, str]:
        """Return statements to be run first, a buffer and an offset in it, for an access to memory."""
        address = register(base) if not offset else f"{register(base)} {'-' if offset < 0 else '+'} {abs(offset)}"
        if not reused:
            if not offset:
                return [], f"{table}[{address} >> {GRANULE_BITS}]", f"{address} & {_INSIDE}"
            return [], f"{table}[(t := {address}) >> {GRANULE_BITS}]", f"t & {_INSIDE}"
        buffer, index = f"{table.lower()}{base}", f"{table.lower()}i{base}"
        known = self._shared.get((table, base))
        if known is None or offset < known:
            self._shared[table, base] = offset
            first = f"{buffer} = {table}[({index} := {address}) >> {GRANULE_BITS}]"
            return [first, f"{index} &= {_INSIDE}"], buffer, index
        # What lies behind a good address is in the same region, or beyond its end.
        return [], buffer, f"{index} + {offset - known}" if offset > known else index

    def _stack_index(self, value: Value, offset: int, size: int) -> int | None:
        """Return where in the own stack frame an access begins; None where it is not known to be there."""
        index = STACK_SIZE + value[0] + offset
        return index if value[2] and 0 <= index <= STACK_SIZE - size else None
