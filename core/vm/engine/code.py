"""Code that a machine can run: decoded, checked, and divided into functions.

What is checked is what execution relies on: each instruction exists and has no reserved field set, jumps and calls lead
to instructions, nothing that can be reached runs off the end, r10 is not written to. Whether the program makes sense
is not looked at here.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from ...asm import AluOp, AtomicOp, CallSource, Class, ImmSource, Mode, Source, decode, format_instruction, remark
from ...asm.opcodes import (
    ADDR_PERCPU,
    CALL,
    CALLX,
    EXIT,
    FRAME_POINTER,
    GOTOX,
    INSN_SIZE,
    LD_IMM64,
    MAY_GOTO,
    MOV64_X,
)
from .errors import InvalidCodeError

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from ...asm import ByteOrder, Instruction

__all__ = ["MASK64", "MAX_SLOTS", "Code", "Function", "function_address", "read_registers", "written_registers"]

MASK64: Final = 0xFFFF_FFFF_FFFF_FFFF
MAX_SLOTS: Final = 1_000_000
"""As the kernel has it for the privileged (`BPF_COMPLEXITY_LIMIT_INSNS`)."""


_MOST_SHARED: Final = 20
"""In how many functions an instruction may be, on average: compilers put each in one."""


class Function(NamedTuple):
    """What can be reached from one entry without calls."""

    start: int
    """The entry's slot."""
    slots: tuple[int, ...]
    """The first slots of its instructions, ascending."""
    uses_stack: bool
    """Whether it refers to r10."""


def function_address(base: int, slot: int) -> int:
    """Return the address of the instruction at *slot* in code that lies at *base*."""
    return base + slot * INSN_SIZE


def written_registers(insn: Instruction) -> tuple[int, ...]:
    """Return the registers that *insn* writes to; calls clobber r1 to r5 beside it."""
    cls = insn.opcode & 7
    if cls in (Class.ALU, Class.ALU64, Class.LDX):
        return (insn.dst,)
    if cls == Class.LD:
        return (insn.dst,) if insn.opcode == LD_IMM64 else (0,)
    if cls == Class.STX and insn.opcode & 0xE0 == Mode.ATOMIC:
        if insn.imm == AtomicOp.CMPXCHG:
            return (0,)
        if insn.imm == AtomicOp.LOAD_ACQ:
            return (insn.dst,)
        return (insn.src,) if insn.imm & 1 else ()
    return (0,) if insn.opcode in (CALL, CALLX) else ()


def read_registers(insn: Instruction) -> tuple[int, ...]:
    """Return the registers that *insn* reads; of calls all that can hold arguments."""
    cls, op = insn.opcode & 7, insn.opcode & 0xF0
    if cls in (Class.ALU, Class.ALU64):
        source = (insn.src,) if insn.opcode & Source.X and op != AluOp.END else ()
        return source if op == AluOp.MOV else (insn.dst, *source)
    if cls == Class.LDX:
        return (insn.src,)
    if cls == Class.LD:
        return (insn.src,) if insn.opcode & 0xE0 == Mode.IND else ()
    if cls == Class.ST:
        return (insn.dst,)
    if cls == Class.STX:
        if insn.opcode & 0xE0 == Mode.ATOMIC and insn.imm == AtomicOp.LOAD_ACQ:
            return (insn.src,)
        is_exchange = insn.opcode & 0xE0 == Mode.ATOMIC and insn.imm == AtomicOp.CMPXCHG
        return (insn.dst, insn.src, 0) if is_exchange else (insn.dst, insn.src)
    if insn.opcode in (CALL, CALLX):
        register = insn.call_register
        return (1, 2, 3, 4, 5) if register is None else (1, 2, 3, 4, 5, register)
    if insn.opcode in (EXIT, GOTOX):
        return (0,) if insn.opcode == EXIT else (insn.dst,)
    if not insn.is_conditional or insn.opcode == MAY_GOTO:
        return ()
    return (insn.dst, insn.src) if insn.opcode & Source.X else (insn.dst,)


class Code:
    """Instructions that can be run.

    Args:
        code: The instructions, 8 bytes a slot.
        byte_order: Theirs, and that of the memory that they see.
        addresses: For 64-bit immediate loads by slot, the address that they are to load in place of their immediate.
        kfuncs: Slots of calls that are kernel functions, whatever their source says: before an object is loaded, they
            look like calls of subprograms.
        no_return: Slots of calls that do not return.

    Raises:
        InvalidCodeError: There is no code, or something in it that no run could execute.
    """

    def __init__(
        self,
        code: bytes,
        byte_order: ByteOrder,
        addresses: Mapping[int, int],
        kfuncs: Container[int] = (),
        no_return: Container[int] = (),
    ) -> None:
        if not code:
            raise InvalidCodeError("there is no instruction")
        if len(code) % INSN_SIZE:
            raise InvalidCodeError(f"its {len(code)} bytes are no whole number of 8-byte slots")
        self.count = len(code) // INSN_SIZE
        """Slots."""
        if self.count > MAX_SLOTS:
            raise InvalidCodeError(f"its {self.count:,} slots are more than {MAX_SLOTS:,}")
        self.byte_order: ByteOrder = byte_order
        self.addresses = addresses
        self.no_return = no_return
        self.insns: list[Instruction | None] = [None] * self.count
        """By slot; None where the second half of a 64-bit immediate load is."""
        slot = 0
        while slot < self.count:
            insn = decode(code, slot, byte_order)
            if slot in kfuncs and insn.opcode == CALL:
                insn = insn._replace(src=CallSource.KFUNC)
            self.insns[slot] = insn
            if wrong := remark(insn):
                raise InvalidCodeError(wrong, slot)
            slot += insn.slots
        for slot, insn in enumerate(self.insns):
            if insn is not None:
                self._check(slot, insn)
        self.functions: dict[int, Function] = {}
        """By the slot of their entry; the first is the program's own."""
        self.size = 0
        """Instructions of all functions together: those of several count more than once."""
        for start in (0, *self.entries):
            slots = self._reach(start)
            self.size += len(slots)
            if self.size > _MOST_SHARED * (self.count + 1000):
                raise InvalidCodeError(f"its {len(self.entries):,} functions share too many instructions")
            uses_stack = any(FRAME_POINTER in read_registers(self.at(slot)) for slot in slots)
            self.functions[start] = Function(start, slots, uses_stack)

    def at(self, slot: int) -> Instruction:
        """Return the instruction that begins at *slot*."""
        insn = self.insns[slot]
        assert insn is not None
        return insn

    def text(self, slot: int) -> str:
        """Return the instruction at *slot* as the kernel writes it."""
        return format_instruction(self.at(slot), slot)

    @cached_property
    def entries(self) -> list[int]:
        """The first slots of subprograms: what is called, and what has its address taken."""
        found: set[int] = set()
        for slot, insn in enumerate(self.insns):
            if insn is None:
                continue
            target = insn.call_target(slot)
            if insn.opcode == LD_IMM64 and insn.src == ImmSource.FUNC and slot not in self.addresses:
                target = slot + 1 + insn.imm
            if target is not None:
                found.add(target)
        return sorted(found - {0})

    @cached_property
    def has_computed_jumps(self) -> bool:
        """Whether it jumps to addresses in registers, to any instruction of a function."""
        return any(insn is not None and insn.opcode == GOTOX for insn in self.insns)

    def _check(self, slot: int, insn: Instruction) -> None:
        if FRAME_POINTER in written_registers(insn):
            raise InvalidCodeError(f"{self.text(slot)}: r10 is read-only", slot)
        if insn.opcode == MOV64_X and insn.offset == ADDR_PERCPU:
            raise InvalidCodeError(f"{self.text(slot)}: only the verifier makes this instruction", slot)
        target = insn.jump_target(slot)
        if target is not None:
            self._check_target(slot, target, "jump")
        target = insn.call_target(slot)
        if target is not None:
            self._check_target(slot, target, "call")
        if insn.opcode == LD_IMM64 and slot not in self.addresses:
            if insn.src == ImmSource.FUNC:
                self._check_target(slot, slot + 1 + insn.imm, "address")
            elif insn.src != ImmSource.CONST:
                kind = ImmSource(insn.src).name.lower().replace("_", " ")
                raise InvalidCodeError(f"{self.text(slot)}: nothing says what this {kind} stands for", slot)

    def _check_target(self, slot: int, target: int, what: str) -> None:
        if not 0 <= target < self.count:
            raise InvalidCodeError(f"{self.text(slot)}: a {what} out of the code, to slot {target}", slot)
        if self.insns[target] is None:
            raise InvalidCodeError(f"{self.text(slot)}: a {what} into the middle of a 64-bit load", slot)

    def successors(self, slot: int) -> tuple[int, ...]:
        """Return the slots that can follow within the function, the next one first; computed jumps have none."""
        insn = self.at(slot)
        target = insn.jump_target(slot)
        after = (slot + insn.slots,) if insn.falls_through and slot not in self.no_return else ()
        return after if target is None else (*after, target)

    def _reach(self, start: int) -> tuple[int, ...]:
        seen: set[int] = set()
        todo = [start]
        while todo:
            slot = todo.pop()
            if slot in seen:
                continue
            if slot >= self.count:
                raise InvalidCodeError("the last instruction is no exit: the run goes off the end", self.count - 1)
            seen.add(slot)
            if self.at(slot).opcode == GOTOX:
                return tuple(i for i, insn in enumerate(self.insns) if insn is not None)
            todo += self.successors(slot)
        return tuple(sorted(seen))
