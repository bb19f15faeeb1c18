"""Which constants let the verifier remove code: the decided jumps that lead past it, and what they compare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ..asm import decode
from ..asm.flow.worklist import closure, settle
from ..asm.opcodes import AluOp, Class, Source
from ..asm.registers import def_use
from ..btf import format_value
from .facts import ProgramFacts
from .lattice import Place
from .memory_names import MemoryNames

if TYPE_CHECKING:
    from collections.abc import Collection

    from ..asm.flow import FlowGraph
    from ..spec.collection import CollectionSpec
    from ..spec.program import ProgramSpec

__all__ = ["Decision", "decisions"]

_MOVES: Final = (Class.ALU | AluOp.MOV, Class.ALU64 | AluOp.MOV)


class Decision(NamedTuple):
    """A conditional jump of which the verifier found that it always goes the same way."""

    slot: int
    is_taken: bool
    constants: tuple[str, ...]
    """What it compares, where that was loaded from constants: `verbose = false`; empty where it is not certain."""
    removed: tuple[int, ...]
    """The instructions that went with it, itself among them if it is gone. Each counts for the first jump only."""


def decisions(
    program: ProgramSpec, spec: CollectionSpec, removed: Collection[int], decided: Collection[int]
) -> list[Decision]:
    """Return the jumps that removed code.

    Args:
        program: The program.
        spec: The object, with the values of variables that it was loaded with.
        removed: The slots of the instructions that the verifier removed.
        decided: The slots of conditional jumps that are unconditional now.
    """
    gone = set(removed)
    found: list[Decision] = []
    reasons = _Reasons(program, spec)
    for start in program.flow.functions:
        if start < program.flow.slots:
            graph = program.flow.graph_at(start)
            found += _in_function(graph, gone, gone | set(decided), reasons)
    return found


def _in_function(graph: FlowGraph, gone: set[int], fixed: set[int], reasons: _Reasons) -> list[Decision]:
    live, ways = _live(graph, gone, fixed)
    found: list[Decision] = []
    counted = set(live)
    for slot, is_taken, dead in ways:
        slots = {slot} & gone
        went = closure([dead], graph.successors, counted)
        counted |= went
        for number in went:
            first, stop, _ = graph.block(number)
            slots.update(gone.intersection(range(first, stop)))
        if slots:
            found.append(Decision(slot, is_taken, reasons.of(slot, graph), tuple(sorted(slots))))
    return found


def _live(graph: FlowGraph, gone: set[int], fixed: set[int]) -> tuple[set[int], list[tuple[int, bool, int]]]:
    """Return the blocks that may be alive, and of each decided jump its slot, whether it is taken, and the other way.

    Where it cannot be told which way a jump went, both are taken to be alive.
    """
    live: set[int] = set()
    ways: list[tuple[int, bool, int]] = []

    def visit(number: int) -> list[int]:
        live.add(number)
        _, stop, successors = graph.block(number)
        following = list(successors)
        if len(successors) == 2 and stop - 1 in fixed:
            behind, target = successors
            kept = [successor for successor in successors if graph.starts[successor] not in gone]
            if len(kept) == 1:
                is_taken = kept[0] == target
                ways.append((stop - 1, is_taken, behind if is_taken else target))
                following = kept
        return [successor for successor in following if successor not in live]

    settle([0] if len(graph) else [], visit)
    return live, sorted(ways)


class _Reasons:
    """What jumps compare."""

    def __init__(self, program: ProgramSpec, spec: CollectionSpec) -> None:
        self.program = program
        self.spec = spec
        self.facts = ProgramFacts(program, spec.maps)
        self.names = MemoryNames(program, spec)

    def of(self, slot: int, graph: FlowGraph) -> tuple[str, ...]:
        """Return the constants that a jump compares."""
        insn = decode(self.program.code, slot, self.program.byte_order)
        registers = [insn.dst, insn.src] if insn.opcode & Source.X else [insn.dst]
        found = [self._origin(register, slot, graph) for register in registers]
        return tuple(text for text in found if text is not None)

    def _origin(self, register: int, slot: int, graph: FlowGraph) -> str | None:
        """Return the constant that a register was loaded from, on the only way to the jump."""
        order = self.program.byte_order
        number, seen = graph.block_at(slot), set[int]()
        stop = slot
        while number not in seen:
            seen.add(number)
            starts = [graph.block(number).start]
            while (following := starts[-1] + decode(self.program.code, starts[-1], order).slots) < stop:
                starts.append(following)
            for at in reversed(starts if starts[0] < stop else []):
                insn = decode(self.program.code, at, order)
                changed, _ = def_use(insn.opcode, insn.dst, insn.src, insn.imm)
                if not changed >> register & 1:
                    continue
                if insn.opcode & 7 == Class.LDX:
                    return self._constant(at)
                if insn.opcode & ~Source.X not in _MOVES or not insn.opcode & Source.X or insn.offset:
                    return None
                register = insn.src
            if len(graph.predecessors[number]) != 1:
                return None
            (number,) = graph.predecessors[number]
            stop = graph.block(number).stop
        return None

    def _constant(self, slot: int) -> str | None:
        """Return the read-only variable that a load reads, and its value."""
        access = self.facts.at(slot).accesses.get(slot)
        if access is None or access.address.place is not Place.DATA or not access.address.exact:
            return None
        section = self.spec.maps.get(access.address.name)
        if section is None or section.data is None or not section.read_only:
            return None
        name = self.names.place(access.address, access.size)
        if name is None:
            return None
        variable = self.spec.variables.get(name)
        if variable is not None and variable.size == access.size:
            return f"{name} = {format_value(variable.get())}"
        at = access.address.offset
        raw = bytes(section.data[at : at + access.size])
        return f"{name} = {int.from_bytes(raw, self.program.byte_order)}"
