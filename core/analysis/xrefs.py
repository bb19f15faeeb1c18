"""Cross references: who calls a function, who reads, writes or takes the address of a map or a variable."""

from __future__ import annotations

import bisect
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from ..asm.opcodes import CALL, INSN_SIZE, CallSource
from ..helpers.effects import MapUse, effect_of
from ..helpers.names import TAIL_CALL
from ..spec.program import ReferenceKind
from .facts import ProgramFacts, shared_functions
from .lattice import Place

if TYPE_CHECKING:
    from ..spec.collection import CollectionSpec
    from ..spec.program import ProgramSpec
    from .lattice import Value

__all__ = ["FunctionUses", "ProgramUses", "Summary", "Use", "Uses"]


class Use(NamedTuple):
    """One instruction that uses a function, a map, a variable or something of the kernel's."""

    program: str
    function: str
    """The function within the program that the instruction is in."""
    slot: int
    """In the program's linked code."""
    how: str
    """`calls`, `takes the address`, `reads`, `writes`, `reads and writes`."""


class Summary(NamedTuple):
    """What a program does with a map or a data section."""

    use: MapUse
    """What is certain."""
    is_certain: bool
    """Whether that is all: False where an address goes where it is not followed."""

    @property
    def text(self) -> str:
        """`reads`, `reads and writes`; `unknown` where nothing is certain, `reads, perhaps more` where not all is."""
        text = _how(self.use)
        if self.is_certain:
            return text or "takes the address"
        return f"{text}, perhaps more" if text else "unknown"


class FunctionUses(NamedTuple):
    """What a function does with maps and data sections, by their names."""

    certain: dict[str, MapUse]
    """In the order of first use."""
    lost: set[str]
    """Those whose addresses go where they are not followed."""
    tail_called: set[str]
    """The maps through which it calls other programs."""
    is_whole: bool
    """Whether all of the function was followed."""


class ProgramUses:
    """The uses within one program, all found at once when first asked for.

    Args:
        program: The program.
        spec: The object that it is in.
        facts: What is certain about it, where that is known already.
    """

    def __init__(self, program: ProgramSpec, spec: CollectionSpec, facts: ProgramFacts | None = None) -> None:
        self.program = program
        self.spec = spec
        self.facts = facts or ProgramFacts(program, spec.maps, shared=shared_functions(spec))

    @cached_property
    def all(self) -> dict[str, list[Use]]:
        """The uses of each name, by slot. Data sections go by their variables as well."""
        found: dict[str, list[Use]] = {}
        for slot, reference in self.program.linked.references.items():
            calls = reference.kind in (ReferenceKind.CALL, ReferenceKind.KFUNC, ReferenceKind.HELPER)
            how = "calls" if calls else "takes the address"
            self._add(found, reference.name, slot, how)
        for facts in map(self.facts.at, self._starts):
            for slot, access in facts.accesses.items():
                use = MapUse.of(reads=access.reads, writes=access.writes)
                self._add_value(found, access.address, slot, use)
            for slot, arguments in facts.calls.items():
                for value, use in self._arguments(slot, arguments):
                    self._add_value(found, value, slot, use)
        for uses in found.values():
            uses.sort(key=lambda use: (use.slot, use.how))
        return found

    @cached_property
    def summaries(self) -> dict[str, Summary]:
        """What is done with each map and data section that the program uses, in the order of first use."""
        uses = dict.fromkeys(self.program.maps, MapUse(0))
        lost = self._lost_in_calls().union(*(each.lost for each in self._functions))
        for each in self._functions:
            for name, use in each.certain.items():
                _join(uses, name, use)
        whole = all(each.is_whole for each in self._functions)
        return {name: Summary(use, whole and name not in lost and bool(use)) for name, use in uses.items()}

    @cached_property
    def tail_called(self) -> set[str]:
        """The maps through which the program calls others."""
        return set[str]().union(*(each.tail_called for each in self._functions))

    @cached_property
    def _functions(self) -> list[FunctionUses]:
        return list(map(self._function, self._starts))

    @property
    def _starts(self) -> list[int]:
        """The first slots of the functions that have any instructions."""
        flow = self.program.flow
        return [start for start in flow.functions if start < flow.slots]

    def _function(self, start: int) -> FunctionUses:
        """Return what a function does; that of a subprogram is found for all programs that have it."""
        key, shared = self.facts.key(start), self.facts.shared
        known = shared.uses.get(key) if shared is not None and key is not None else None
        if known is not None:
            return known
        facts = self.facts.at(start)
        certain: dict[str, MapUse] = {}
        for access in facts.accesses.values():
            if access.address.place in (Place.DATA, Place.ELEMENT):
                name = access.address.name.removesuffix("[…]")
                use = MapUse.of(reads=access.reads, writes=access.writes)
                _join(certain, name, use)
        tail_called: set[str] = set()
        for slot, arguments in facts.calls.items():
            for value, use in self._arguments(slot, arguments):
                name = value.name.removesuffix("[…]")
                _join(certain, name, use)
            programs = arguments[1]
            if programs is not None and programs.place is Place.MAP and self.helper_at(slot) == TAIL_CALL:
                tail_called.add(programs.name)
        lost = {value.name.removesuffix("[…]") for value in facts.lost}
        found = FunctionUses(certain, lost, tail_called, is_whole=facts.limit is None)
        if shared is not None and key is not None:
            shared.uses[key] = found
        return found

    def helper_at(self, slot: int) -> int | None:
        """Return the id of the helper that the instruction at a slot calls; None where it calls none."""
        at = slot * INSN_SIZE
        code, order = self.program.code, self.program.byte_order
        source = code[at + 1] >> 4 if order == "little" else code[at + 1] & 0xF
        if code[at] != CALL or source != CallSource.HELPER:
            return None
        return int.from_bytes(code[at + 4 : at + 8], order)

    def _arguments(self, slot: int, arguments: tuple[Value | None, ...]) -> list[tuple[Value, MapUse]]:
        """Return what a call of a helper does with the maps and the memory that it is given."""
        helper = self.helper_at(slot)
        effect = effect_of(helper) if helper is not None else None
        if effect is None:
            return []
        found: list[tuple[Value, MapUse]] = []
        for value, letter in zip(arguments, effect.arguments, strict=False):
            if value is None:
                continue
            if letter == "m" and value.place is Place.MAP and effect.use is not None:
                found.append((value, effect.use))
            elif letter in _MEMORY and value.place in (Place.DATA, Place.ELEMENT):
                found.append((value, _MEMORY[letter]))
        return found

    def _lost_in_calls(self) -> set[str]:
        """Return the maps whose addresses are passed to subprograms that others call with something else."""
        lost: set[str] = set()
        flow, shared = self.program.flow, shared_functions(self.spec)
        for call in flow.calls:
            if call.is_address or not 0 <= call.target < flow.slots:
                continue
            arguments = self.facts.at(call.slot).calls.get(call.slot, ())
            named = [
                (register, value)
                for register, value in enumerate(arguments, 1)
                if value is not None and value.place in (Place.MAP, Place.DATA, Place.ELEMENT)
            ]
            if not named:
                continue
            target = flow.function_at(call.target)
            given = self.facts.given(target)
            _, used = shared.taken(self.program, target)
            lost |= {
                value.name.removesuffix("[…]")
                for register, value in named
                if register not in given and used >> register & 1
            }
        return lost

    def _add_value(self, found: dict[str, list[Use]], value: Value, slot: int, use: MapUse) -> None:
        if value.place not in (Place.MAP, Place.DATA, Place.ELEMENT) or not use:
            return
        name = value.variable or value.name.removesuffix("[…]")
        self._add(found, name, slot, _how(use))

    def _add(self, found: dict[str, list[Use]], name: str, slot: int, how: str) -> None:
        functions = self.program.functions
        at = bisect.bisect_right(functions, slot, key=lambda function: function.start) - 1
        use = Use(self.program.name, functions[at].name if at >= 0 else "", slot, how)
        uses = found.setdefault(name, [])
        if use not in uses[-4:]:
            uses.append(use)


class Uses:
    """The uses within all programs of an object, each program looked into when something of it is asked for."""

    def __init__(self, spec: CollectionSpec) -> None:
        self.spec = spec
        self._programs: dict[str, ProgramUses] = {}

    def program(self, name: str) -> ProgramUses:
        """Return the uses within one program; UnknownNameError if there is none of that name."""
        if name not in self._programs:
            self._programs[name] = ProgramUses(self.spec.program(name), self.spec)
        return self._programs[name]

    def of(self, name: str) -> list[Use]:
        """Return who uses a function, a map, a variable, a kernel function or symbol, program by program."""
        found: list[Use] = []
        for program in self.spec.programs.values():
            names = {reference.name for reference in program.linked.references.values()}
            if name in names or name in program.maps:
                found += self.program(program.name).all.get(name, [])
        return found


_MEMORY = {"r": MapUse.READ, "w": MapUse.WRITE, "x": MapUse.READ | MapUse.WRITE}


def _join(uses: dict[str, MapUse], name: str, use: MapUse) -> None:
    """Note a use of what may have been used before: mostly in the same way, and then there is nothing to compute."""
    known = uses.get(name)
    if known is not use:
        uses[name] = use if known is None else known | use


def _how(use: MapUse) -> str:
    return "reads and writes" if use.reads and use.writes else "reads" if use.reads else "writes" if use.writes else ""
