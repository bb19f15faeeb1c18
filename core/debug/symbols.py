"""Symbols: what is known of a place: its program, its function, its C line."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from ..analysis.facts import ProgramFacts, shared_functions
from ..analysis.values import Place as MemoryPlace
from ..asm import CallSource, helper_name
from ..asm.opcodes import CALL, EXIT
from ..errors import UnknownNameError, UsageError
from ..helpers.effects import effect_of
from ..listing.listing import Listing
from ..vm.engine.processor import PLACE_BITS

if TYPE_CHECKING:
    from ..btf import ByteOrder
    from ..spec.program import Function, LineInfo, ProgramSpec
    from .world import World

__all__ = ["Location", "MapCall", "Symbols"]


_INDEXED: Final = frozenset(("bpf_tail_call", "bpf_redirect_map", "bpf_sk_redirect_map", "bpf_msg_redirect_map"))
"""Helpers that are given a key by value: an index of 32 bits."""


class MapCall(NamedTuple):
    """A call of a helper that takes a map."""

    register: int
    """Which register has the map; the next one has the key, if it takes one."""
    is_index: bool
    """Whether the key itself is in the register, and not a pointer to it."""


class Location(NamedTuple):
    """An instruction, as people name it."""

    program: str
    """The program that was loaded, which a tail call may have changed."""
    function: str
    slot: int
    """Of the program's linked code, as the disassembly counts."""
    line: LineInfo | None
    """The C line that it is from."""
    text: str
    """The instruction, with the names of maps, variables and helpers."""
    place: int = 0
    """Its number among the instructions of all programs."""


class _Lines(dict[int, int]):
    """The number of the C line that a place is of, from 1 on; 0 where it has none. In a program without lines each
    instruction counts as one."""

    def __init__(self, symbols: Symbols) -> None:
        super().__init__()
        self._symbols = symbols
        self._numbers: dict[tuple[object, ...], int] = {}

    def __missing__(self, place: int) -> int:
        program, slot = self._symbols.spec_at(place)
        line = program.linked.line_at(slot)
        number = 0
        if line is not None and line.line:
            number = self._number(program.name, line.file, line.line)
        elif not program.linked.line_infos:
            number = self._number(program.name, slot)
        self[place] = number
        return number

    def _number(self, *key: object) -> int:
        return self._numbers.setdefault(key, len(self._numbers) + 1)


class Symbols:
    """What the object says of the places of a world.

    Args:
        world: The machine.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._listings: dict[str, Listing] = {}
        self.line_numbers: dict[int, int] = _Lines(self)
        """By place, a number for its C line; 0 where it has none."""

    def renew(self, world: World) -> None:
        """Tell of another world with the same object: its places are the same."""
        self._world = world
        self._listings.clear()
        vars(self).pop("specs", None)

    def spec_at(self, place: int) -> tuple[ProgramSpec, int]:
        """Return the program that a place is in, and the slot."""
        machine, slot = self._world.processor.at(place)
        return self._world.program_of(machine), slot

    def location(self, place: int) -> Location:
        """Return what a place is called."""
        program, slot = self.spec_at(place)
        function = self.function_at(program, slot)
        name = program.name if function is None else function.name
        if program.name not in self._listings:
            self._listings[program.name] = Listing(program, self._world.collection.spec)
        text = self._listings[program.name].text(slot)
        return Location(program.name, name, slot, program.linked.line_at(slot), text, place)

    @staticmethod
    def function_at(program: ProgramSpec, slot: int) -> Function | None:
        """Return the function that an instruction of a program is in."""
        functions = program.functions
        at = bisect_right(functions, slot, key=lambda each: each.start) - 1
        return functions[at] if at >= 0 else None

    @cached_property
    def specs(self) -> list[tuple[int, ProgramSpec]]:
        """The programs with the number of the place of their first instruction."""
        return [(machine.place(0), self._world.program_of(machine)) for machine in self._world.processor.machines]

    @property
    def byte_order(self) -> ByteOrder:
        """That of the object."""
        return self._world.program.spec.byte_order

    def places_of_function(self, name: str) -> frozenset[int]:
        """Return where a function begins, in each program that it is in.

        Raises:
            UnknownNameError: There is none of that name.
        """
        found = {
            first + function.start for first, spec in self.specs for function in spec.functions if function.name == name
        }
        if not found:
            known = sorted({function.name for _, spec in self.specs for function in spec.functions})
            raise UnknownNameError("function", name, known, where=self._world.recording.file)
        return frozenset(found)

    def is_function(self, name: str) -> bool:
        """Whether a function is called that."""
        return any(function.name == name for _, spec in self.specs for function in spec.functions)

    def places_of_calls(self, name: str) -> frozenset[int]:
        """Return where a helper or a kernel function is called; none where it is not."""
        found: set[int] = set()
        for first, spec in self.specs:
            machine, _ = self._world.processor.at(first)
            for slot, insn in enumerate(machine.code.insns):
                if insn is None or insn.opcode != CALL:
                    continue
                if insn.src == CallSource.HELPER:
                    called = helper_name(insn.imm)
                else:
                    reference = spec.linked.references.get(slot)
                    called = reference.name if reference is not None else ""
                if called == name and insn.src != CallSource.SUBPROGRAM:
                    found.add(first + slot)
        return frozenset(found)

    def map_calls(self, name: str, *, with_key: bool) -> dict[int, MapCall]:
        """Return the calls of helpers that take a map, or that take a key of it, by their places.

        Those are left out that are certain to take another map.
        """
        spec = self._world.collection.spec
        found: dict[int, MapCall] = {}
        for first, program in self.specs:
            machine, _ = self._world.processor.at(first)
            facts: ProgramFacts | None = None
            for slot, insn in enumerate(machine.code.insns):
                if insn is None or insn.opcode != CALL or insn.src != CallSource.HELPER:
                    continue
                effect = effect_of(insn.imm)
                at = -1 if effect is None else effect.arguments.find("m")
                if effect is None or at < 0:
                    continue
                is_index = helper_name(insn.imm) in _INDEXED
                if with_key and not is_index and effect.arguments[at + 1 : at + 2] != "r":
                    continue
                facts = facts or ProgramFacts(program, spec.maps, losses=False, shared=shared_functions(spec))
                value = (facts.at(slot).calls.get(slot) or (None,) * 5)[at]
                if value is None or value.place is not MemoryPlace.MAP or value.name == name:
                    found[first + slot] = MapCall(at + 1, is_index)
        return found

    def places_of_exits(self) -> frozenset[int]:
        """Return where programs end: the exits of their first functions."""
        found: set[int] = set()
        for first, _ in self.specs:
            code = self._world.processor.at(first)[0].code
            found.update(first + slot for slot in code.functions[0].slots if code.at(slot).opcode == EXIT)
        return frozenset(found)

    def has_program(self, name: str) -> bool:
        """Whether a run may come to a program of that name."""
        return name in self._world.collection.programs

    def places_of_slot(self, slot: int, program: str = "") -> frozenset[int]:
        """Return where an instruction is, of the first program that runs or of another one that has a name.

        Raises:
            UsageError: None begins at that slot.
        """
        world = self._world
        machine = (world.collection.programs[program] if program else world.path[0]).machine
        insns = machine.code.insns
        if slot >= len(insns):
            raise UsageError(f"there is no instruction {slot}: {machine.name} has {len(insns)} slots")
        if insns[slot] is None:
            raise UsageError(f"no instruction begins at {slot}: it is the second half of {slot - 1}")
        return frozenset((machine.place(slot),))

    @staticmethod
    def by_machine(places: frozenset[int]) -> dict[int, frozenset[int]]:
        """Return places as slots, by the number of the machine."""
        found: dict[int, set[int]] = {}
        for place in places:
            found.setdefault(place >> PLACE_BITS, set()).add(place & (1 << PLACE_BITS) - 1)
        return {number: frozenset(slots) for number, slots in found.items()}

    def places_of_line(self, file: str, number: int) -> tuple[int, frozenset[int]]:
        """Return where a C line begins, or the first line behind it that has code.

        Args:
            file: The file's name, with as many of its folders as it takes; empty for that of the program itself.
            number: The line, from 1 on.

        Returns:
            The line that has code, and the places at which a run of its instructions begins.

        Raises:
            UnknownNameError: No code is from such a file.
            UsageError: No code is from that line or from one behind it.
        """
        file = file or self._own_file()
        lines = [
            (info.line, first + info.slot, info.file)
            for first, spec in self.specs
            for info in spec.linked.line_infos
            if info.file == file or info.file.endswith("/" + file)
        ]
        if not lines:
            known = sorted({info.file.rpartition("/")[2] for _, spec in self.specs for info in spec.linked.line_infos})
            raise UnknownNameError("C file", file, known, where=self._world.recording.file)
        behind = [line for line, _, _ in lines if line >= number]
        if not behind:
            raise UsageError(f"no code is from {file}:{number}, or from a line behind it: the last is {max(lines)[0]}")
        line = min(behind)
        return line, frozenset(place for each, place, _ in lines if each == line)

    def _own_file(self) -> str:
        """Return the file that the program's own first line is in."""
        info = self._world.path[0].spec.linked.line_at(0)
        if info is None:
            raise UsageError(
                f"{self._world.recording.file} does not say from which C lines its code is",
                hint="compile it with -g, or break at an instruction: break 12",
            )
        return info.file
