"""What a function can return: the constants that its exits are reached with, and where the others come from.

From each exit r0 is followed backwards, through moves, spills and calls of subprograms, to what it was made of. Only
the lower 32 bits count: a program's result is an int. Each way to an exit is taken to be possible, so that what is not
found is never returned; what is found may not be, where the ways to it are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ..asm.arithmetic import signed
from ..asm.instruction import decode
from ..asm.opcodes import CALL, EXIT, INSN_SIZE, LD_IMM64, SIZES, AluOp, CallSource, Class, JmpOp, Mode, Size, Source
from ..asm.registers import clobbered, written
from ..errors import LimitError
from ..limits import Budget
from .lattice import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..asm.flow import FlowGraph
    from ..asm.instruction import Instruction
    from ..spec.program import ProgramSpec
    from .facts import ProgramFacts
    from .lattice import Value

__all__ = ["Returns", "returns_of"]

_FRAME: Final = 10
_LEAST: Final = 1 << 16
_SPILLED: Final = (Size.W, Size.DW)


class Returns(NamedTuple):
    """What a function can return."""

    codes: dict[int, tuple[int, ...]]
    """The constants, 32 bits and signed, each with the slots at which it is made, ascending."""
    unknown: tuple[int, ...]
    """The slots at which what is no constant is made: arithmetic, a load, a helper; for a parameter, the first."""


class _Spill(NamedTuple):
    """A slot of the stack that r0 was loaded from, through others."""

    offset: int
    """From the end of the stack; negative."""
    size: int


_Key = int | _Spill
"""A register by its number, or a slot of the stack."""


def returns_of(facts: ProgramFacts, function: int | None = None) -> Returns:
    """Return what a function returns that begins at a slot; without one, what the program does."""
    program = facts.program
    starts = program.flow.functions
    if not starts:
        return Returns({}, ())
    return _Search(facts).of(starts[0] if function is None else function)


class _Search:
    """The returns of the functions of a program."""

    def __init__(self, facts: ProgramFacts) -> None:
        self._facts = facts
        self._program: ProgramSpec = facts.program
        self._known: dict[int, Returns] = {}

    def of(self, start: int) -> Returns:
        if start not in self._known:
            self._known[start] = Returns({}, (start,))  # a recursion, which the verifier refuses
            codes: dict[int, set[int]] = {}
            unknown: set[int] = set()
            try:
                for value, slot in self._function(self._program.flow.graph_at(start)):
                    if value is None:
                        unknown.add(slot)
                    else:
                        codes.setdefault(signed(value, 32), set()).add(slot)
            except LimitError:
                unknown.add(start)
            ordered = sorted((min(slots), code) for code, slots in codes.items())
            found = {code: tuple(sorted(codes[code])) for _, code in ordered}
            self._known[start] = Returns(found, tuple(sorted(unknown)))
        return self._known[start]

    def _function(self, graph: FlowGraph) -> Iterator[tuple[int | None, int]]:
        """Yield each value that is returned, None for one that is not known, with the slot that it is made at."""
        reachable = graph.reachable
        todo: list[tuple[int, int, _Key]] = []
        for slot in graph.exits:
            number = graph.block_at(slot)
            if not reachable[number]:
                continue
            if self._at(slot).opcode == EXIT:
                todo.append((number, slot, 0))
            elif self._program.linked.references[slot].name == "bpf_throw":
                yield None, slot  # what it is given is what the program returns
        yield from self._legacy(graph)
        seen: set[tuple[int, _Key]] = set()
        budget = Budget(graph.stop - graph.start, "what it returns", least=_LEAST)
        while todo:
            number, stop, key = todo.pop()
            budget.spend(stop - graph.starts[number] + 1)
            found = self._made(graph.starts[number], stop, key)
            if not isinstance(found, int | _Spill):
                yield from found
                continue
            if number == 0 and not isinstance(found, _Spill):
                yield None, graph.start
            for before in graph.predecessors[number]:
                if not reachable[before]:
                    continue
                last = graph.block(before).stop
                known = self._compared(last - 1, graph.starts[number], found)
                if known is not None:
                    yield known, last - 1
                elif (before, found) not in seen:
                    seen.add((before, found))
                    todo.append((before, last, found))

    def _legacy(self, graph: FlowGraph) -> Iterator[tuple[int, int]]:
        """Yield the zero that a load of a packet's bytes returns where the packet has none (`BPF_LD | BPF_ABS`)."""
        for number, reached in enumerate(graph.reachable):
            start, stop, _ = graph.block(number)
            for slot in range(start, stop) if reached else ():
                opcode = self._program.code[slot * INSN_SIZE]
                if opcode & 7 == Class.LD and opcode & 0xE0 in (Mode.ABS, Mode.IND):
                    yield 0, slot

    def _at(self, slot: int) -> Instruction:
        return decode(self._program.code, slot, self._program.byte_order)

    def _made(self, start: int, stop: int, key: _Key) -> _Key | list[tuple[int | None, int]]:
        """Return what a key holds at a slot: values with their places, or what held it where the block begins."""
        code = self._program.code
        for slot in range(stop - 1, start - 1, -1):
            if not code[slot * INSN_SIZE]:
                continue  # the second half of a 64-bit load
            insn = self._at(slot)
            found = self._stored(insn, slot, key) if isinstance(key, _Spill) else self._written(insn, slot, key)
            if isinstance(found, list):
                return found
            key = found
        return key

    def _written(self, insn: Instruction, slot: int, register: int) -> _Key | list[tuple[int | None, int]]:
        """Return where an instruction has a register's value from; the register itself where it leaves it alone."""
        opcode, dst, src = insn.opcode, insn.dst, insn.src
        if not (written(opcode, dst, src, insn.imm) | clobbered(opcode)) >> register & 1:
            return register
        kind = opcode & 7
        if kind in (Class.ALU, Class.ALU64) and opcode & 0xF0 == AluOp.MOV:
            if not opcode & Source.X:
                return [(insn.imm, slot)]
            if insn.offset in (0, 32):
                return src
        elif opcode == LD_IMM64 and not src and slot not in self._program.linked.references:
            return [(insn.imm, slot)]
        elif kind == Class.LDX and opcode & 0xE0 == Mode.MEM and src == _FRAME and opcode & 0x18 in _SPILLED:
            return _Spill(insn.offset, SIZES[opcode & 0x18])
        elif opcode == CALL and src == CallSource.SUBPROGRAM and not register:
            target = slot + 1 + insn.imm
            if target in self._program.flow.functions:
                codes, unknown = self.of(target)
                made = [(code, at) for code, slots in codes.items() for at in slots]
                return [*made, *((None, at) for at in unknown)]
        return [(None, slot)]

    def _stored(self, insn: Instruction, slot: int, spill: _Spill) -> _Key | list[tuple[int | None, int]]:
        """Return where an instruction has a stack slot's value from; the slot itself where it leaves it alone."""
        opcode = insn.opcode
        facts = self._facts.at(slot)
        if slot in facts.calls:
            return [(None, slot)] if any(_reaches(value, spill) for value in facts.calls[slot]) else spill
        if opcode & 7 not in (Class.ST, Class.STX):
            return spill
        access = facts.accesses.get(slot)
        if access is None:
            return [(None, slot)]
        address = access.address
        if not access.writes or address.place is not Place.STACK:
            return spill
        if not address.exact:
            return [(None, slot)]
        if address.offset >= spill.offset + spill.size or address.offset + access.size <= spill.offset:
            return spill
        is_whole = address.offset == spill.offset and access.size == spill.size and opcode & 0xE0 == Mode.MEM
        if is_whole:
            return [(insn.imm, slot)] if opcode & 7 == Class.ST else insn.src
        return [(None, slot)]

    def _compared(self, slot: int, target: int, key: _Key) -> int | None:
        """Return the constant that a register equals where the jump at a slot has led to a target."""
        insn = self._at(slot) if self._program.code[slot * INSN_SIZE] else None
        if insn is None or insn.opcode & 7 not in (Class.JMP, Class.JMP32) or insn.dst != key:
            return None
        taken = slot + 1 + insn.offset
        if insn.opcode & Source.X or taken == slot + 1:
            return None
        leads = taken if insn.opcode & 0xF0 == JmpOp.JEQ else slot + 1 if insn.opcode & 0xF0 == JmpOp.JNE else None
        return insn.imm if leads == target else None


def _reaches(value: Value | None, spill: _Spill) -> bool:
    """Whether a call that is given a value may write a stack slot: from where it points on."""
    if value is None or value.place is not Place.STACK:
        return False
    return not value.exact or value.offset < spill.offset + spill.size
