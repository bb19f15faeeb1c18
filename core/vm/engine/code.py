"""Code that a machine can run: decoded, checked, and divided into functions.

What is checked is what execution relies on: each instruction exists and has no reserved field set, jumps and calls lead
to instructions, nothing that can be reached runs off the end, r10 is not written to. Whether the program makes sense
is not looked at here.
"""

from __future__ import annotations

from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

from ...asm import CallSource, ImmSource, decode, format_instruction, remark
from ...asm.flow import FlowGraph
from ...asm.flow.worklist import closure
from ...asm.opcodes import (
    ADDR_PERCPU,
    CALL,
    FRAME_POINTER,
    GOTOX,
    INSN_SIZE,
    LD_IMM64,
    MOV64_X,
)
from ...asm.registers import def_use, register_numbers, written
from ...threads import give_way
from .errors import InvalidCodeError

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Mapping

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
    return register_numbers(written(insn.opcode, insn.dst, insn.src, insn.imm))


def read_registers(insn: Instruction) -> tuple[int, ...]:
    """Return the registers that *insn* reads; of calls all that can hold arguments."""
    return register_numbers(def_use(insn.opcode, insn.dst, insn.src, insn.imm)[1])


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
        no_return: Collection[int] = (),
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
            give_way()
            insn = decode(code, slot, byte_order)
            if slot in kfuncs and insn.opcode == CALL:
                insn = insn._replace(src=CallSource.KFUNC)
            self.insns[slot] = insn
            if wrong := remark(insn):
                raise InvalidCodeError(wrong, slot)
            slot += insn.slots
        for slot, insn in enumerate(self.insns):
            if insn is not None:
                give_way()
                self._check(slot, insn)
        self.flow = FlowGraph(code, byte_order, entries=self.entries, no_return=no_return)
        """The control flow of all functions: they may share instructions, and jumps may lead from one to another."""
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

    @property
    def has_computed_jumps(self) -> bool:
        """Whether it jumps to addresses in registers, to any instruction of a function."""
        return bool(self._computed)

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

    def block_slots(self, number: int) -> tuple[int, ...]:
        """Return the first slots of the instructions of a block of `flow`."""
        start, stop, _ = self.flow.block(number)
        return tuple([slot for slot in range(start, stop) if self.insns[slot] is not None])

    @cached_property
    def shortcuts(self) -> list[list[int]]:
        """By block of `flow`, what it leads to when one goes on from blocks that are nothing but a jump."""
        known: dict[int, int] = {}
        return [[self._behind_jumps(known, successor) for successor in after] for after in self.flow.successors]

    def _behind_jumps(self, known: dict[int, int], number: int) -> int:
        passed: list[int] = []
        while number not in known:
            passed.append(number)
            known[number] = number  # where a circle of jumps closes
            start, stop, successors = self.flow.block(number)
            if stop - start != 1 or len(successors) != 1 or not self.at(start).is_jump:
                break
            (number,) = successors
        number = known[number]
        for block in passed:
            known[block] = number
        return number

    def _reach(self, start: int) -> tuple[int, ...]:
        flow = self.flow
        reached = sorted(closure([flow.block_at(start)], flow.successors))
        if any(flow.block(number).stop - 1 in self._computed for number in reached):
            return tuple([slot for slot, insn in enumerate(self.insns) if insn is not None])
        if reached[-1] == len(flow) - 1 and self._runs_off:
            raise InvalidCodeError("the last instruction is no exit: the run goes off the end", self.count - 1)
        return tuple(chain.from_iterable(map(self.block_slots, reached)))

    @cached_property
    def _computed(self) -> set[int]:
        """The slots of jumps to addresses in registers."""
        return {slot for slot, insn in enumerate(self.insns) if insn is not None and insn.opcode == GOTOX}

    @property
    def _runs_off(self) -> bool:
        """Whether nothing says where to go on after the last instruction."""
        slot = self.count - 1 if self.insns[-1] is not None else self.count - 2
        return self.at(slot).falls_through and slot not in self.no_return
