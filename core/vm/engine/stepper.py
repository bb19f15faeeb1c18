"""The stepping engine: one instruction at a time, everything to be looked at and changed between two of them.

It is the plain reading of RFC 9669; the translator has to agree with it. A debugger stands on this: set `breakpoints`,
call `step`, `step_over`, `finish` or `resume`, look at `registers`, `frames` and `processor.memory`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...asm import SIZES, CallSource, Class, JmpOp, Mode, Source
from ...asm.arithmetic import compare, signed
from ...asm.opcodes import (
    CALL,
    CALLX,
    EXIT,
    GOTOX,
    INSN_SIZE,
    LD_IMM64,
    MAY_GOTO,
    NOSPEC,
)
from ...helpers.names import TAIL_CALL
from .code import MASK64, function_address
from .errors import RunError, Thrown
from .memory import STACK_SIZE
from .operations import Operations

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...asm import Instruction
    from .machine import Machine

__all__ = ["MAX_MAY_GOTO", "Frame", "Stepper"]

MAX_MAY_GOTO: Final = 8 << 20
"""How often the may_goto of one activation goes on (`BPF_MAX_LOOPS`, Linux 6.9)."""


class Frame:
    """One activation of a function."""

    __slots__ = ("call", "entry", "machine", "may_goto", "number", "saved")

    def __init__(self, machine: Machine, entry: int, number: int, call: int | None, saved: list[int]) -> None:
        self.machine = machine
        """Whose code runs; a tail call exchanges it."""
        self.entry = entry
        """The function's first slot."""
        self.number = number
        """0 for the outermost; which of `memory.frames` is its stack."""
        self.call = call
        """The slot of the call in the caller, None where the machine was entered from outside."""
        self.saved = saved
        """r1 to r10 of the caller: a call leaves them as they are, as that of a helper does."""
        self.may_goto = MAX_MAY_GOTO

    @property
    def stack_end(self) -> int:
        """What r10 is."""
        return self.machine.processor.memory.frames[self.number].base + STACK_SIZE


class Stepper(Operations):
    """A run that can be stopped between any two instructions.

    Args:
        machine: Whose code to run.
        slot: Where to begin.
        arguments: r1, r2, … at the start.
        trace: Called before each instruction, also of functions that helpers call back.
    """

    def __init__(
        self,
        machine: Machine,
        slot: int = 0,
        arguments: tuple[int, ...] = (),
        trace: Callable[[Stepper], None] | None = None,
    ) -> None:
        super().__init__(machine, arguments)
        self.frames: list[Frame] = []
        """The call stack, outermost first."""
        self.breakpoints: set[tuple[Machine, int]] = set()
        """Where `resume` stops: machines with slots."""
        self.steps = 0
        """Instructions executed so far."""
        self.result: int | None = None
        """r0 at the end; None until then."""
        self.trace = trace
        self.processor = machine.processor
        self._depth = self.processor.depth[0]
        self._by_class = (
            self._load_immediate,
            self.load,
            self.store,
            self.store,
            self.alu,
            self._jump,
            self._jump,
            self.alu,
        )
        self._enter(slot, None)

    @property
    def finished(self) -> bool:
        """Whether the run is at its end."""
        return self.result is not None

    @property
    def instruction(self) -> Instruction:
        """The next instruction."""
        return self.machine.code.at(self.slot)

    def close(self) -> None:
        """Give the stack frames back; needed where a run is not taken to its end."""
        self.processor.depth[0] = self._depth

    def resume(self) -> bool:
        """Go on until the end or the next breakpoint; return whether it is the end."""
        while not self.finished:
            self.step()
            if (self.machine, self.slot) in self.breakpoints and not self.finished:
                return False
        return True

    def step_over(self) -> None:
        """Execute one instruction, and where it is a call, all of what it calls (or up to a breakpoint)."""
        depth = len(self.frames)
        self.step()
        self._until(depth)

    def finish(self) -> None:
        """Go on until the current function has returned (or up to a breakpoint)."""
        self._until(len(self.frames) - 1)

    def _until(self, depth: int) -> None:
        while not self.finished and len(self.frames) > depth:
            if (self.machine, self.slot) in self.breakpoints:
                return
            self.step()

    def step(self) -> None:
        """Execute one instruction; at the end, nothing.

        Raises:
            RunError: It cannot be executed; the stepper stays where it is.
        """
        if self.finished:
            return
        if self.trace is not None:
            self.trace(self)
        machine, slot = self.machine, self.slot
        insn = machine.code.at(slot)
        try:
            meter = self.processor.meter
            if meter.remaining <= 0:
                raise meter.exceeded()
            meter.remaining -= 1
            self.steps += 1
            if machine.counter is not None:
                machine.counter.begun(slot)
            self._by_class[insn.opcode & 7](insn)
        except Thrown as thrown:
            self._unwind(thrown)
        except RunError as error:
            machine.locate(error, slot)
            self.close()
            raise

    def _unwind(self, thrown: Thrown) -> None:
        """End the run, unless it is one within another run, which ends with it."""
        self.close()
        if self._depth >= 0:
            raise thrown
        self.frames.clear()
        self.result = self.registers[0] = thrown.cookie

    # By class of instruction

    def _jump(self, insn: Instruction) -> None:
        op = insn.opcode & 0xF0
        taken = True
        if insn.opcode in (CALL, CALLX):
            return self._call(insn)
        if insn.opcode == EXIT:
            return self._exit()
        if insn.opcode == GOTOX:
            return self._goto_address(self.registers[insn.dst])
        if insn.opcode == MAY_GOTO:
            frame = self.frames[-1]
            taken = frame.may_goto == 0
            frame.may_goto -= not taken
        elif op != JmpOp.JA:
            bits = 64 if insn.opcode & 7 == Class.JMP else 32
            operand = self.registers[insn.src] if insn.opcode & Source.X else insn.imm & MASK64
            taken = compare(op, self.registers[insn.dst], operand, bits)
        if self.machine.counter is not None and insn.is_conditional:
            self.machine.counter.went(self.slot, taken=taken)
        target = insn.jump_target(self.slot)
        assert target is not None
        self.slot = target if taken else self.slot + 1
        return None

    def _load_immediate(self, insn: Instruction) -> None:
        """Execute a 64-bit immediate load or a legacy load from the packet (LD)."""
        if insn.opcode == NOSPEC:
            self.slot += 1
        elif insn.opcode == LD_IMM64:
            self.registers[insn.dst] = self.machine.immediate(self.slot)
            self.slot += 2
        else:
            offset = insn.imm + (self.registers[insn.src] if insn.opcode & 0xE0 == Mode.IND else 0)
            value = self.machine.load_packet(signed(offset, 32), SIZES[insn.opcode & 0x18])
            self.registers[0] = value or 0
            if value is None:
                self._exit()
            else:
                self.slot += 1

    # Calls

    def _call(self, insn: Instruction) -> None:
        machine = self.machine
        if insn.opcode == CALLX:
            register = insn.call_register
            assert register is not None
            address = self.registers[register]
            entry = machine.function_at(address)
            if entry is not None:
                self._enter(entry, self.slot)
            else:
                self._call_helper(address)
        elif insn.src == CallSource.SUBPROGRAM:
            self._enter(self.slot + 1 + insn.imm, self.slot)
        elif insn.src == CallSource.KFUNC:
            self._call_outside(machine.kfunc(self.slot))
        elif insn.imm == TAIL_CALL and machine.tail_call is not None:
            self._tail_call()
        else:
            self._call_helper(insn.imm)

    def _call_helper(self, number: int) -> None:
        self._call_outside(self.machine.helper(number))

    def _call_outside(self, function: Callable[..., int]) -> None:
        previous, self.processor.stepper = self.processor.stepper, self
        try:
            self.registers[0] = self.machine.checked(function(*self.registers[1:6]))
        finally:
            self.processor.stepper = previous
        self.slot += 1

    def _tail_call(self) -> None:
        target = self.machine.tail_call_target(self.registers[2], self.registers[3])
        if target is None:
            self.slot += 1
            return
        frame = self.frames[-1]
        frame.machine = self.machine = target
        frame.entry = self.slot = 0
        frame.may_goto = MAX_MAY_GOTO
        if target.code.functions[0].uses_stack:
            self.memory.frames[frame.number].data[:] = bytes(STACK_SIZE)
        context = self.registers[1]
        self.registers[:10] = [0, context, 0, 0, 0, 0, 0, 0, 0, 0]

    def _enter(self, entry: int, call: int | None) -> None:
        depth = self.processor.depth
        if depth[0] + 1 >= len(self.processor.frame_ends):
            raise self.processor.too_deep()
        depth[0] += 1
        frame = Frame(self.machine, entry, depth[0], call, self.registers[1:])
        if self.machine.code.functions[entry].uses_stack:
            self.memory.frames[frame.number].data[:] = bytes(STACK_SIZE)
        self.frames.append(frame)
        self.registers[0] = 0
        self.registers[6:] = [0, 0, 0, 0, frame.stack_end]
        self.slot = entry

    def _exit(self) -> None:
        frame = self.frames.pop()
        self.processor.depth[0] -= 1
        if frame.call is None:
            self.result = self.registers[0]
            return
        self.registers[1:] = frame.saved
        self.machine = self.frames[-1].machine
        self.slot = frame.call + 1

    def _goto_address(self, address: int) -> None:
        slot, rest = divmod(address - function_address(self.machine.base, 0), INSN_SIZE)
        code = self.machine.code
        function = code.functions[self.frames[-1].entry]
        if rest or slot not in function.slots:
            raise RunError(f"a jump to {address:#x}, which is no instruction of this function")
        self.slot = slot
