"""What is worth knowing of an instruction beside its text, found a function at a time when it is asked for."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from ..analysis.lattice import Place
from ..asm.flow import EdgeKind
from ..asm.opcodes import CALL, INSN_SIZE, LD_IMM64, AluOp, CallSource, Class, JmpOp
from ..context.fields import return_codes
from ..errors import ObjectError

if TYPE_CHECKING:
    from collections.abc import Hashable

    from ..analysis.facts import ProgramFacts
    from ..analysis.memory_names import Named
    from ..analysis.names import Names
    from ..analysis.values import Facts
    from ..asm.flow import FlowGraph
    from ..btf.core import CoreResolver
    from ..spec.collection import CollectionSpec
    from ..spec.program import ProgramSpec

__all__ = ["Notes"]

_FRAME: Final = 10
_MOST: Final = 8
"""Of a list of labels or numbers, those that are shown."""
_ARITHMETIC: Final = (Class.ALU, Class.ALU64)


class Notes:
    """The notes on the instructions of one program.

    Args:
        program: The program.
        spec: The object that it is in: without it, there are no names of what registers point to.
        resolver: Resolves CO-RE relocations for a kernel, whose prototypes are believed as well; None for no kernel.
    """

    def __init__(
        self, program: ProgramSpec, spec: CollectionSpec | None = None, resolver: CoreResolver | None = None
    ) -> None:
        self.program = program
        self.spec = spec
        self.resolver = resolver
        self._named: dict[int, Named] = {}
        self._known: dict[int, dict[int, list[str]]] = {}
        self._found: tuple[ProgramFacts, Names] | None = None

    def key(self, start: int) -> Hashable | None:
        """Return what the function at a slot has in common with those that have the same notes and names.

        They are the same function in other programs of the object. None for one that is this program's alone, for one
        that is damaged, and for all where jumps go by tables: slots are in their notes.
        """
        linked = self.program.linked
        if self.spec is None or linked.problem is not None or linked.tables:
            return None
        with contextlib.suppress(ObjectError):
            return self._found_in(self.spec)[0].key(start)
        return None

    def of(self, graph: FlowGraph) -> dict[int, list[str]]:
        """Return the notes on the instructions of a function, by slot."""
        found = self._known.get(graph.start)
        if found is None:
            found = self._known[graph.start] = {}
            if self.spec is not None:
                # Damaged types give no names; where they are damaged is said where types are shown.
                with contextlib.suppress(ObjectError):
                    self._name(found, graph, self.spec)
            _add_flow(found, graph)
            self._add_tables(found, graph)
        return found

    def _name(self, found: dict[int, list[str]], graph: FlowGraph, spec: CollectionSpec) -> None:
        """Add the names of what a function's instructions access, compute, call and return."""
        from ..analysis.facts import shared_functions

        certain, names = self._found_in(spec)
        key = certain.key(graph.start)
        known = shared_functions(spec).notes.of(self.resolver).get(key) if key is not None else None
        if known is not None:
            distance = graph.start - known[0]
            found.update((slot + distance, notes.copy()) for slot, notes in known[1].items())
            return
        facts = certain.at(graph.start)
        if facts.limit is not None:
            found.setdefault(graph.start, []).append(facts.limit.reason)
        self._add_names(found, graph, facts, names, spec)
        if spec.types is not None and spec.types.budget.reached:
            found.setdefault(graph.start, []).append(f"members are not named: {spec.types.budget.error().reason}")
        if key is not None:
            copied = {slot: notes.copy() for slot, notes in found.items()}
            shared_functions(spec).notes.of(self.resolver)[key] = graph.start, copied

    def _found_in(self, spec: CollectionSpec) -> tuple[ProgramFacts, Names]:
        """Return what is certain about the program, and the names of its values."""
        if self._found is None:
            from ..analysis.facts import ProgramFacts, shared_functions
            from ..analysis.names import Names
            from ..analysis.types import ValueTypes

            names = Names(self.program, spec, None if self.resolver is None else self.resolver.target)
            types = ValueTypes(names.memory)
            facts = ProgramFacts(self.program, spec.maps, types, losses=False, shared=shared_functions(spec))
            self._found = facts, names
        return self._found

    def _add_names(
        self, found: dict[int, list[str]], graph: FlowGraph, facts: Facts, names: Names, spec: CollectionSpec
    ) -> None:
        for slot, access in facts.accesses.items():
            if access.address.place is Place.STACK and self._base(slot) == _FRAME:
                continue  # its text says so already
            named = names.memory.find(access.address, access.size)
            if named is not None:
                self._named[slot] = named
                value = facts.stored.get(slot)
                name = None if value is None else names.constant(value, named.type_id, named.meaning)
                found.setdefault(slot, []).append(named.text if name is None else f"{named.text} = {name}")
        self._add_comparisons(found, facts, names)
        self._add_addresses(found, facts, names)
        self._add_calls(found, facts, names)
        self._add_returns(found, graph, names)
        self._add_core(found, graph, spec)

    def _add_comparisons(self, found: dict[int, list[str]], facts: Facts, names: Names) -> None:
        """Add what numbers that have names are compared with."""
        for slot, (number, constant) in facts.compared.items():
            name = names.constant(constant, number.type_id, number.variable)
            if name is not None and number.name:
                operator = "==" if self.program.code[slot * INSN_SIZE] & 0xF0 == JmpOp.JEQ else "!="
                found.setdefault(slot, []).append(f"{number.name} {operator} {name}")

    def _add_addresses(self, found: dict[int, list[str]], facts: Facts, names: Names) -> None:
        """Add what registers point to after arithmetic, and what 64-bit immediates are the address of."""
        code = self.program.code
        for slot, value in facts.addresses.items():
            opcode = code[slot * INSN_SIZE]
            if opcode == LD_IMM64:
                text = names.text(value)
                if text is None and value.place is Place.DATA:
                    shown = names.value(value)
                    text = shown.removeprefix("&") if shown not in ("r0", f"&{value.variable}") else None
                if text is not None:
                    found.setdefault(slot, []).append(text)
            elif opcode & 7 in _ARITHMETIC and opcode & 0xF0 != AluOp.MOV and value.exact:
                found.setdefault(slot, []).append(names.value(value))

    def _add_calls(self, found: dict[int, list[str]], facts: Facts, names: Names) -> None:
        """Add the arguments of helpers, kernel functions and subprograms."""
        for slot, arguments in facts.calls.items():
            at = slot * INSN_SIZE
            if self.program.code[at] == CALL and self._registers(slot)[1] == CallSource.HELPER:
                helper = int.from_bytes(self.program.code[at + 4 : at + 8], self.program.byte_order)
                text = names.call(helper, arguments)
            else:
                text = names.function_call(slot, arguments)
            if text is not None:
                found.setdefault(slot, []).append(text)

    def _add_returns(self, found: dict[int, list[str]], graph: FlowGraph, names: Names) -> None:
        """Add the names of what the program returns, and a subprogram that returns an enum."""
        is_entry = graph.start == self.program.flow.functions[0]
        codes = return_codes(self.program) if is_entry else names.returned(graph.start)
        if not codes:
            return
        from ..analysis.liveness import Backwards

        for slot, value in Backwards(self.program, graph).constants().items():
            if value in codes:
                found.setdefault(slot, []).append(codes[value])

    def _add_core(self, found: dict[int, list[str]], graph: FlowGraph, spec: CollectionSpec) -> None:
        """Add what CO-RE relocations ask for, where no name says it already."""
        if spec.btf is None:
            return
        from .core_notes import core_notes

        for note in core_notes(self.program, graph, spec.btf, self.resolver):
            notes = found.setdefault(note.slot, [])
            named = self._named.get(note.slot)
            if named is not None and note.meaning and named.meaning == note.meaning and notes:
                notes[0] += f" {note.remark}"
            else:
                notes.append(f"{note.text} {note.remark}")

    def _add_tables(self, found: dict[int, list[str]], graph: FlowGraph) -> None:
        """Add which entries of which jump table lead where."""
        tables = self.program.linked.tables
        if not tables:
            return
        references = self.program.linked.references
        names = [references[slot].name for slot in range(graph.start, graph.stop) if slot in references]
        for name in dict.fromkeys(name for name in names if name in tables):
            entries: dict[int, list[str]] = {}
            for number, target in enumerate(tables[name]):
                entries.setdefault(target, []).append(str(number))
            for target, numbers in entries.items():
                found.setdefault(target, []).append(f"{name}[{_some(numbers)}]")

    def _base(self, slot: int) -> int:
        """Return the register that a load or store takes its address from."""
        dst, src = self._registers(slot)
        return src if self.program.code[slot * INSN_SIZE] & 7 == Class.LDX else dst

    def _registers(self, slot: int) -> tuple[int, int]:
        """Return the numbers of an instruction's destination and source register."""
        registers = self.program.code[slot * INSN_SIZE + 1]
        low, high = registers & 0xF, registers >> 4
        return (low, high) if self.program.byte_order == "little" else (high, low)


def _add_flow(found: dict[int, list[str]], graph: FlowGraph) -> None:
    """Add what the control flow has to say: loops, where a table leads, what cannot be reached, what makes no sense."""
    for slot, loop in graph.loop_headers.items():
        kind = "loop" if loop.is_natural else "loop with another way in"
        found.setdefault(slot, []).append(kind if loop.depth == 1 else f"{kind}, {loop.depth} deep")
    for start, _ in graph.unreachable:
        found.setdefault(start, []).append("unreachable from here")
    targets: dict[int, list[str]] = {}
    for edge in graph.jumps:
        if edge.kind is EdgeKind.GOTOX:
            targets.setdefault(edge.source, []).append(f"L{edge.target}")
    for slot, labels in targets.items():
        found.setdefault(slot, []).append(f"to {_some(labels)}")
    for slot, text in graph.problems:
        found.setdefault(slot, []).append(text)


def _some(words: list[str]) -> str:
    """Return the first words of a list, and how many there are."""
    return ", ".join(words) if len(words) <= _MOST else f"{', '.join(words[: _MOST - 1])}, … {len(words)} in all"
