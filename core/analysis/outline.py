"""What a program does, in short: what it calls, reads, writes and returns, and what of its input it looks at.

Each fact comes with the instructions that show it. What cannot be known of code alone is told as such: where the
address of a map goes where it is not followed, what is returned that is no constant.
"""

from __future__ import annotations

import enum
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from ..context.fields import return_codes
from ..errors import BpftuiError
from ..helpers.names import HELPERS, TAIL_CALL
from ..spec.program import ReferenceKind
from ..uapi import MapType
from .inputs import inputs_of
from .lattice import Place
from .names import Names
from .returns import returns_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ..spec.collection import CollectionSpec
    from ..spec.program import Function
    from .inputs import Inputs
    from .xrefs import ProgramUses, Uses

__all__ = ["CallKind", "Called", "Outline", "ReturnCode", "TailCall", "TailCaller", "Touched", "tail_callers"]


class CallKind(enum.StrEnum):
    """What is called."""

    FUNCTION = "function"
    """A subprogram."""
    CALLBACK = "callback"
    """A subprogram whose address is taken, for whoever is given it to call."""
    HELPER = "helper"
    KFUNC = "kernel function"


class Called(NamedTuple):
    """Something that is called."""

    kind: CallKind
    name: str
    slots: tuple[int, ...]
    """The instructions that call it, ascending."""
    start: int | None = None
    """Of a subprogram: its first slot."""
    insns: int = 0
    """Of a subprogram: its instructions, as slots."""
    number: int = 0
    """Of a helper: its id."""


class Touched(NamedTuple):
    """A map, a data section or a variable that is used."""

    name: str
    section: str
    """Of a variable: its data section; of a section its own name; empty for a map."""
    slots: tuple[int, ...]
    """The instructions that read it, or write it, ascending."""


class ReturnCode(NamedTuple):
    """Something that is returned."""

    value: int | None
    """32 bits, signed; None where it is no constant."""
    name: str
    """`XDP_PASS`; empty where it has none. Of what is no constant, the helper or function whose result it is."""
    slots: tuple[int, ...]
    """The instructions that make it, ascending."""


class TailCall(NamedTuple):
    """A call of a program through a program array."""

    slot: int
    map: str
    """The array; empty where it is not known."""
    entry: int | None
    """The entry; None where it is worked out when it runs."""
    programs: tuple[tuple[int, str], ...]
    """The programs that it can lead to, as far as the object says what is in the array: index and name."""


class TailCaller(NamedTuple):
    """Who can lead to a program by a tail call."""

    map: str
    """The program array that holds it."""
    entry: int
    """Its entry there."""
    calls: tuple[tuple[str, int], ...]
    """The calls that can take that entry: program and slot."""


class Outline:
    """What a program does, or one of its functions; each part is worked out when it is first asked for.

    Args:
        uses: The cross references within the object.
        program: The program's name.
        function: The first slot of the function that is meant; None for the whole program.

    Raises:
        UnknownNameError: There is no such program.
    """

    def __init__(self, uses: Uses, program: str, function: int | None = None) -> None:
        self.spec: CollectionSpec = uses.spec
        self.program = uses.spec.program(program)
        self._uses: ProgramUses = uses.program(program)
        functions = self.program.functions
        found: Function | None = next((each for each in functions if each.start == function), None)
        self.function = found
        """The function that is meant; None for the whole program."""
        self._start, self._stop = (0, self.program.insns) if found is None else (found.start, found.stop)

    def look(self, progress: Callable[[int, int, str], None]) -> None:
        """Look into the code of all functions that are meant, which is what takes long.

        Args:
            progress: Is told, before each, which of how many it is, from 1, and its name. What it raises ends it.

        Raises:
            ObjectError: A function is damaged.
        """
        functions = [each for each in self.program.functions if self._start <= each.start < self._stop]
        for number, function in enumerate(functions, 1):
            progress(number, len(functions), function.name)
            self._uses.facts.at(function.start)

    def _within(self, slots: Iterable[int]) -> tuple[int, ...]:
        return tuple(sorted({slot for slot in slots if self._start <= slot < self._stop}))

    @cached_property
    def calls(self) -> tuple[Called, ...]:
        """What is called: subprograms and callbacks in the order of the code, then kernel functions, then helpers."""
        program = self.program
        functions = {function.start: function for function in program.functions}
        targets: dict[tuple[CallKind, int], list[int]] = {}
        for call in program.flow.calls:
            kind = CallKind.CALLBACK if call.is_address else CallKind.FUNCTION
            targets.setdefault((kind, call.target), []).append(call.slot)
        found = [
            Called(kind, functions[start].name, within, start, functions[start].size)
            for (kind, start), slots in sorted(targets.items(), key=lambda item: item[0][1])
            if start in functions and (within := self._within(slots))
        ]
        named: dict[str, list[int]] = {}
        for slot, reference in sorted(program.linked.references.items()):
            if reference.kind is ReferenceKind.KFUNC:
                named.setdefault(reference.name, []).append(slot)
        found += [Called(CallKind.KFUNC, name, at) for name, slots in named.items() if (at := self._within(slots))]
        helpers: dict[int, list[int]] = {}
        for slot in self._call_slots:
            number = self._uses.helper_at(slot)
            if number is not None:
                helpers.setdefault(number, []).append(slot)
        return (
            *found,
            *(
                Called(CallKind.HELPER, _helper_name(number), tuple(slots), number=number)
                for number, slots in helpers.items()
            ),
        )

    @cached_property
    def _call_slots(self) -> tuple[int, ...]:
        """The calls that some way leads to."""
        facts, flow = self._uses.facts, self.program.flow
        starts = [start for start in flow.functions if self._start <= start < min(self._stop, flow.slots)]
        return tuple(sorted(slot for start in starts for slot in facts.at(start).calls))

    @cached_property
    def callers(self) -> tuple[Called, ...]:
        """Who calls the function that is meant, or takes its address; none for a program."""
        if self.function is None:
            return ()
        functions = {function.start: function for function in self.program.functions}
        found: dict[tuple[CallKind, int], list[int]] = {}
        for call in self.program.flow.callers(self.function.start):
            kind = CallKind.CALLBACK if call.is_address else CallKind.FUNCTION
            found.setdefault((kind, self.program.flow.function_at(call.slot)), []).append(call.slot)
        return tuple(
            Called(kind, functions[start].name, tuple(sorted(slots)), start, functions[start].size)
            for (kind, start), slots in found.items()
        )

    @cached_property
    def tail_calls(self) -> tuple[TailCall, ...]:
        """The tail calls, by slot."""
        found: list[TailCall] = []
        for slot in self._call_slots:
            if self._uses.helper_at(slot) != TAIL_CALL:
                continue
            _, table, index, *_ = self._uses.facts.at(slot).calls[slot]
            name = table.name if table is not None and table.place is Place.MAP else ""
            number = index.offset & 0xFFFFFFFF if index is not None and index.place is Place.CONSTANT else None
            entries = self.spec.maps[name].contents if name in self.spec.maps else []
            held = sorted((int(entry.key), entry.target) for entry in entries)
            programs = tuple(each for each in held if number in (None, each[0]))
            found.append(TailCall(slot, name, number, programs))
        return tuple(found)

    @cached_property
    def reads(self) -> tuple[Touched, ...]:
        """The maps, data sections and variables that are read, in the order of the code."""
        return self._touched("reads")

    @cached_property
    def writes(self) -> tuple[Touched, ...]:
        """Those that are written."""
        return self._touched("writes")

    @cached_property
    def uncertain(self) -> tuple[str, ...]:
        """The maps and data sections that may be read or written elsewhere too: their address is not followed."""
        return tuple(name for name, summary in self._uses.summaries.items() if not summary.is_certain)

    def _touched(self, how: str) -> tuple[Touched, ...]:
        maps, variables = self.spec.maps, self.spec.variables
        found: list[Touched] = []
        for name, uses in self._uses.all.items():
            slots = self._within(use.slot for use in uses if how in use.how)
            if not slots:
                continue
            variable = variables.get(name)
            if variable is not None:
                found.append(Touched(name, variable.map.name, slots))
            elif name in maps:
                found.append(Touched(name, name if maps[name].is_data else "", slots))
        return tuple(sorted(found, key=lambda each: each.slots))

    @cached_property
    def returns(self) -> tuple[ReturnCode, ...]:
        """What is returned: constants in the order of the code, then what is none."""
        found = returns_of(self._uses.facts, None if self.function is None else self.function.start)
        names = self._return_names
        codes = [ReturnCode(value, names.get(value, ""), slots) for value, slots in found.codes.items()]
        made: dict[str, list[int]] = {}
        for slot in found.unknown:
            made.setdefault(self._maker(slot), []).append(slot)
        return (*codes, *(ReturnCode(None, name, tuple(slots)) for name, slots in made.items()))

    @cached_property
    def never_returned(self) -> tuple[str, ...]:
        """The codes that have a name and are never returned, by number; none where something may return any."""
        if not self.returns or self.tail_calls or any(code.value is None for code in self.returns):
            return ()
        seen = {code.value for code in self.returns}
        return tuple(name for value, name in sorted(self._return_names.items()) if value not in seen)

    @cached_property
    def _return_names(self) -> dict[int, str]:
        if self.function is None or self.function.start == 0:
            return return_codes(self.program)
        return Names(self.program, self.spec).returned(self.function.start)

    def _maker(self, slot: int) -> str:
        """Return the helper or kernel function that an instruction calls; empty where it calls none."""
        number = self._uses.helper_at(slot)
        if number is not None:
            return _helper_name(number)
        reference = self.program.linked.references.get(slot)
        return reference.name if reference is not None and reference.kind is ReferenceKind.KFUNC else ""

    @cached_property
    def inputs(self) -> Inputs:
        """What is looked at of the context and of the packet."""
        return inputs_of(self._uses, self._start, self._stop)

    @cached_property
    def relocations(self) -> int:
        """How many CO-RE relocations there are."""
        return sum(self._start <= each.slot < self._stop for each in self.program.linked.core_relocations)


def tail_callers(uses: Uses, program: str) -> tuple[TailCaller, ...]:
    """Return who can lead to a program by a tail call, as far as the object says what its program arrays hold."""
    found: list[TailCaller] = []
    for spec in uses.spec.maps.values():
        if spec.type is not MapType.PROG_ARRAY:
            continue
        for entry in spec.contents:
            if entry.target == program:
                key = int(entry.key)
                found.append(TailCaller(spec.name, key, tuple(_calls_through(uses, spec.name, key))))
    return tuple(found)


def _calls_through(uses: Uses, name: str, key: int) -> Iterator[tuple[str, int]]:
    for program in uses.spec.programs.values():
        try:
            calls = Outline(uses, program.name).tail_calls if name in program.maps else ()
        except BpftuiError:
            continue  # its code is damaged, which it says itself
        yield from ((program.name, call.slot) for call in calls if call.map == name and call.entry in (None, key))


def _helper_name(number: int) -> str:
    return HELPERS[number] if 0 < number < len(HELPERS) else f"helper {number}"
