"""What can be said about a program before it runs: the honest part of a verifier.

Findings are mistakes, or what looks like one. That there is none is no promise: the kernel's verifier follows values
and types along every path, and refuses much that is not looked at here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ...asm import SIZES, AtomicOp, CallSource, Class, ImmSource, Mode, decode, helper_name, remark
from ...asm.flow.worklist import settle
from ...asm.opcodes import CALL, EXIT, FRAME_POINTER, GOTOX, INSN_SIZE, LD_IMM64
from ...asm.registers import clobbered
from ...helpers.prototypes import find_helper
from ..engine.analysis import analyse
from ..engine.code import Code, read_registers, written_registers
from ..engine.errors import InvalidCodeError
from ..engine.graph import Graph
from ..engine.memory import STACK_FRAMES, STACK_SIZE
from ..engine.ranges import transfer
from .paths import unwritten_reads

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container, Iterator

    from ...asm import ByteOrder, Instruction
    from ..engine.code import Function

__all__ = ["DISCLAIMER", "Finding", "check"]

DISCLAIMER: Final = "these checks are no verifier: a program without findings may still be refused by the kernel"
"""To be said wherever findings are shown."""

_ARGUMENTS: Final = 0b11_1110
"""r1 to r5, as bits."""
_ALL: Final = (1 << 11) - 1


class Finding(NamedTuple):
    """Something about one instruction."""

    slot: int
    """Its first slot."""
    text: str
    """What is wrong with it."""


def check(
    code: bytes,
    byte_order: ByteOrder = "little",
    *,
    helpers: Container[int] | None = None,
    kfuncs: Container[int] = (),
    no_return: Collection[int] = (),
    arguments: int = 1,
    returns: bool = True,
    private_stack: bool = False,
) -> list[Finding]:
    """Return what is found, sorted by slot.

    Args:
        code: The linked instructions, as they would be loaded.
        byte_order: Theirs.
        helpers: The helpers that there are; None for all that Linux has.
        kfuncs: Slots of calls that are kernel functions, whatever the code says: it does so only once it is loaded.
        no_return: Slots of calls that do not return.
        arguments: How many registers, from r1 on, hold something at the start.
        returns: Whether anybody looks at what the program leaves in r0.
        private_stack: Whether the JIT may give each function a stack of its own (Linux 6.13, for tracing programs):
            then all of them together may need more than one has.
    """
    if found := list(_structure(code, byte_order, kfuncs)):
        return found
    loads = {slot: 0 for slot, insn in _instructions(code, byte_order) if insn.opcode == LD_IMM64}
    functions = {slot for slot in loads if decode(code, slot, byte_order).src == ImmSource.FUNC}
    try:
        checked = Code(code, byte_order, {slot: 0 for slot in loads if slot not in functions}, kfuncs, no_return)
    except InvalidCodeError as error:
        return [Finding(error.slot or 0, error.reason)]
    checks = _Checks(checked, helpers, arguments, returns, private_stack)
    return sorted({*checks.unreachable(), *checks.helpers(), *checks.registers(), *checks.stacks()})


def _instructions(code: bytes, byte_order: ByteOrder) -> Iterator[tuple[int, Instruction]]:
    slot = 0
    while slot < len(code) // INSN_SIZE:
        insn = decode(code[: len(code) // INSN_SIZE * INSN_SIZE], slot, byte_order)
        yield slot, insn
        slot += insn.slots


def _structure(code: bytes, byte_order: ByteOrder, kfuncs: Container[int]) -> Iterator[Finding]:
    """Find what keeps control flow from being followed."""
    if not code:
        yield Finding(0, "there is no instruction")
    if rest := len(code) % INSN_SIZE:
        yield Finding(len(code) // INSN_SIZE, f"the code ends with {rest} stray bytes")
    starts = {slot for slot, _ in _instructions(code, byte_order)}
    for slot, insn in _instructions(code, byte_order):
        if wrong := remark(insn):
            yield Finding(slot, wrong)
        elif FRAME_POINTER in written_registers(insn):
            yield Finding(slot, "r10 is written to, which is read-only")
        what, target = "the jump", insn.jump_target(slot)
        if target is None and slot not in kfuncs:
            what, target = "the call", insn.call_target(slot)
        if target is None and insn.opcode == LD_IMM64 and insn.src == ImmSource.FUNC:
            what, target = "the function's address", slot + 1 + insn.imm
        if target is not None and target not in starts:
            inside = 0 <= target < len(code) // INSN_SIZE
            where = "the middle of a 64-bit load" if inside else "outside of the code"
            yield Finding(slot, f"{what} leads to slot {target}, {where}")


class _Checks:
    """The checks of code whose control flow can be followed."""

    def __init__(
        self, code: Code, helpers: Container[int] | None, arguments: int, returns: bool, private_stack: bool
    ) -> None:
        self.code = code
        self._private_stack = private_stack
        self._returns = returns
        self._helpers = helpers
        self._arguments = arguments
        self._reached = self._reachable_functions()
        self._deepest: dict[int, int] = {}
        """By function, how far below r10 it goes."""
        self._followed: set[tuple[int, int, int]] = set()

    def _reachable_functions(self) -> list[int]:
        """Return the entries of the functions that can be called, the program's own first."""
        reached: list[int] = []
        todo = [0]
        while todo:
            start = todo.pop()
            if start not in reached:
                reached.append(start)
                todo += self._referred(self.code.functions[start])
        return reached

    def _referred(self, function: Function) -> list[int]:
        """Return the functions that one calls, or takes the address of."""
        found: list[int] = []
        for slot in function.slots:
            insn = self.code.at(slot)
            target = insn.call_target(slot)
            if insn.opcode == LD_IMM64 and slot not in self.code.addresses and insn.src == ImmSource.FUNC:
                target = slot + 1 + insn.imm
            if target is not None:
                found.append(target)
        return found

    def unreachable(self) -> Iterator[Finding]:
        """Find code that nothing leads to, and functions that nothing leads out of."""
        reached = {slot for start in self._reached for slot in self.code.functions[start].slots}
        run: list[int] = []
        for slot in [*range(self.code.count), -1]:
            if slot >= 0 and self.code.insns[slot] is None:
                continue
            if slot >= 0 and slot not in reached:
                run.append(slot)
            elif run:
                count = f"{len(run)} instructions are" if len(run) > 1 else "the instruction is"
                yield Finding(run[0], f"{count} never reached")
                run = []
        for start in self._reached:
            slots = self.code.functions[start].slots
            if not any(self.code.at(slot).opcode == EXIT or slot in self.code.no_return for slot in slots):
                yield Finding(start, "the function has no exit that can be reached: it never ends")

    def helpers(self) -> Iterator[Finding]:
        """Find calls of helpers that do not exist."""
        for start in self._reached:
            for slot in self.code.functions[start].slots:
                insn = self.code.at(slot)
                if insn.opcode != CALL or insn.src != CallSource.HELPER:
                    continue
                name = helper_name(insn.imm)
                if name is None:
                    yield Finding(slot, f"there is no helper {insn.imm}")
                elif self._helpers is not None and insn.imm not in self._helpers:
                    yield Finding(slot, f"the built-in machine does not have {name} (helper {insn.imm})")

    def registers(self) -> Iterator[Finding]:
        """Find registers that are read though nothing was written to them."""
        for start in self._reached:
            function = self.code.functions[start]
            if any(self.code.at(slot).opcode == GOTOX for slot in function.slots):
                continue
            given = (_ARGUMENTS if start else (1 << self._arguments + 1) - 2) | 1 << FRAME_POINTER

            def reads(insn: Instruction, start: int = start) -> tuple[int, ...]:
                return self._reads(insn, start)

            if self._may_read_unwritten(function, given, reads):
                for slot, register in unwritten_reads(self.code, function, given, reads, self._immediate):
                    yield Finding(slot, _unwritten(self.code.at(slot), register))

    def _may_read_unwritten(
        self, function: Function, given: int, reads: Callable[[Instruction], tuple[int, ...]]
    ) -> bool:
        """Whether there is a path, possible or not, on which that happens: most programs have none."""
        graph = Graph(self.code, function)
        known: list[int] = [_ALL] * len(graph.blocks)
        known[0] = given
        found = False

        def visit(number: int) -> Iterator[int]:
            nonlocal found
            after = known[number]
            for slot in graph.blocks[number].slots:
                insn = self.code.at(slot)
                found = found or any(not after >> register & 1 for register in reads(insn))
                after = _written(insn, after)
            for successor in graph.blocks[number].successors:
                if known[successor] & after != known[successor]:
                    known[successor] &= after
                    yield successor

        settle(range(len(graph.blocks)), visit)
        return found

    def _reads(self, insn: Instruction, function: int) -> tuple[int, ...]:
        """Return the registers that *insn* needs: of a helper's call its arguments, of a subprogram's exit none."""
        if insn.opcode == EXIT:
            return () if function or not self._returns else (0,)
        if insn.opcode == CALL:
            helper = find_helper(insn.imm) if insn.src == CallSource.HELPER else None
            return tuple(range(1, len(helper.parameters) + 1)) if helper else ()
        return read_registers(insn)

    def stacks(self) -> Iterator[Finding]:
        """Find accesses outside of the own stack frame, and calls that need more stack than there is."""
        for start in self._reached:
            yield from self._accesses(self.code.functions[start])
        yield from self._depths(0, 0, ())

    def _accesses(self, function: Function) -> Iterator[Finding]:
        code = self.code
        self._deepest[function.start] = 0
        if not function.uses_stack or any(code.at(slot).opcode == GOTOX for slot in function.slots):
            return
        graph = Graph(code, function)
        states = analyse(code, graph, self._immediate)
        for number, block in enumerate(graph.blocks):
            state = states[number].copy()
            for slot in block.slots:
                insn = code.at(slot)
                cls = insn.opcode & 7
                if cls in (Class.LDX, Class.ST, Class.STX):
                    is_atomic_load = (
                        cls == Class.STX and insn.opcode & 0xE0 == Mode.ATOMIC and insn.imm == AtomicOp.LOAD_ACQ
                    )
                    base = insn.src if cls == Class.LDX or is_atomic_load else insn.dst
                    distance, _, is_pointer = state[base]
                    size = SIZES[insn.opcode & 0x18]
                    first = distance + insn.offset
                    if is_pointer:
                        self._deepest[function.start] = min(self._deepest[function.start], first)
                    if is_pointer and not -STACK_SIZE <= first <= -size:
                        where = f"r10{first:+d}" if first else "r10"
                        bytes_ = "1 byte" if size == 1 else f"{size} bytes"
                        yield Finding(slot, f"{bytes_} at {where}: outside of the stack frame's {STACK_SIZE} bytes")
                transfer(slot, insn, state, self._immediate)

    def _immediate(self, slot: int) -> int:
        """Return what a 64-bit load loads, as far as that is known here."""
        return self.code.at(slot).imm64

    def _depths(self, start: int, used: int, callers: tuple[int, ...]) -> Iterator[Finding]:
        """Follow calls down until they are too deep."""
        if (start, used, len(callers)) in self._followed:
            return
        self._followed.add((start, used, len(callers)))
        # The kernel rounds each frame up to 32 bytes, and counts no less than that for one.
        used += max(32, -self._deepest[start] + 31 & ~31)
        callers = (*callers, start)
        for slot in self.code.functions[start].slots:
            target = self.code.at(slot).call_target(slot)
            if target is None:
                continue
            if target in callers:
                yield Finding(slot, "the call leads back to a function that it is called from: recursion")
            elif len(callers) >= STACK_FRAMES:
                yield Finding(slot, f"the call is more than {STACK_FRAMES} frames deep")
            else:
                yield from self._depths(target, used, callers)
        if used > STACK_SIZE and not self._private_stack:
            chain = " → ".join(str(caller) for caller in callers)
            yield Finding(start, f"the frames of the functions at {chain} take {used} bytes of stack, of {STACK_SIZE}")


def _written(insn: Instruction, written: int) -> int:
    """Return the registers that hold something after *insn*, as bits."""
    written &= ~clobbered(insn.opcode)
    for register in written_registers(insn):
        written |= 1 << register
    return written


def _unwritten(insn: Instruction, register: int) -> str:
    if insn.opcode == EXIT:
        return "the program may end with nothing in r0"
    if insn.opcode == CALL:
        return f"nothing may have been written to r{register}, which {helper_name(insn.imm)} takes"
    return f"r{register} is read, though nothing may have been written to it"
