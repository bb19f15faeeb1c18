"""What is certain about a program's instructions, function by function: what is passed to each, and what it does."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from ..errors import LimitError, ObjectError
from .lattice import Place, State, Value, join
from .liveness import Backwards
from .values import Facts, track

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping

    from ..btf import Btf
    from ..spec.collection import CollectionSpec
    from ..spec.map import MapSpec
    from ..spec.program import ProgramSpec
    from .liveness import Flow
    from .values import Access, Types
    from .xrefs import FunctionUses

__all__ = ["ProgramFacts", "SharedFunctions", "context_extent", "shared_functions"]

_LONGEST: Final = 1 << 16
"""Slots of the longest function that is looked into: 65,536 take some 0.3 s."""
_Held = TypeVar("_Held")
_ARGUMENTS: Final = range(1, 6)
_LARGEST_CONTEXT: Final = 0xFFFF
"""Bytes: of a program of type syscall."""


def _given_up(reason: LimitError) -> Facts:
    """Return the facts of a function that is not looked into."""
    facts = Facts()
    facts.limit = reason
    return facts


class _Of(Generic[_Held]):
    """What is known with a kernel's types, of several kernels; it is forgotten with them."""

    def __init__(self) -> None:
        self._without: dict[Hashable, _Held] = {}
        self._with: WeakKeyDictionary[object, dict[Hashable, _Held]] = WeakKeyDictionary()

    def of(self, types: object | None) -> dict[Hashable, _Held]:
        """Return what is known with these, by key; None stands for no kernel's."""
        return self._without if types is None else self._with.setdefault(types, {})

    @property
    def kept(self) -> list[dict[Hashable, _Held]]:
        """What is known with the types that are still there."""
        return [known for known in self._with.values() if known]


class SharedFunctions:
    """What is known of subprograms that several programs of an object have, each for what it is given.

    A key says which subprogram, and what the registers hold that it uses. What is known comes with the slot that the
    subprogram began at.
    """

    def __init__(self) -> None:
        self._taken: dict[tuple[int, int], Flow] = {}
        """What `taken` found, by a subprogram's origin."""
        self.facts: _Of[tuple[int, Facts]] = _Of()
        """By the types of the kernel that they were found with."""
        self.notes: _Of[tuple[int, dict[int, list[str]]]] = _Of()
        """By what resolved the relocations."""
        self.uses: dict[Hashable, FunctionUses] = {}
        """What they do with maps, without a kernel's types."""

    def taken(self, program: ProgramSpec, start: int) -> Flow:
        """Return what a function takes of what registers hold where it begins: what it may return, and what it uses."""
        origin = program.linked.origin(start)
        found = self._taken.get(origin) if origin is not None else None
        if found is None:
            graph = program.flow.graph_at(start)
            found = Backwards(program, graph).before[0] if len(graph) else (0, 0)
            if origin is not None:
                self._taken[origin] = found
        return found


def shared_functions(spec: CollectionSpec) -> SharedFunctions:
    """Return what is known of the subprograms of an object; whoever looks into one of its programs adds to it."""
    return spec.derived(_unknown)


def _unknown(_: CollectionSpec) -> SharedFunctions:
    return SharedFunctions()


class _Found(NamedTuple):
    """What was found of a function, in this program or where another one has it."""

    facts: Facts
    distance: int = 0
    """How many slots further on the function begins in this program."""


class ProgramFacts:
    """The facts of one program, found when they are asked for.

    What a subprogram is given is what all of its callers agree on. One whose address is taken may be called with
    anything.

    Args:
        program: The program.
        maps: The maps of its object; those that hold maps are told from others by them.
        types: What types tell; without, nothing is known of what pointers in memory lead to.
        losses: Whether it is asked for what is lost.
        shared: What is known already of subprograms of the same object, to which more is added; not with *code*.
        code: The program's code, where it is not as it stands in the object: with CO-RE relocations applied.
    """

    def __init__(
        self,
        program: ProgramSpec,
        maps: Mapping[str, MapSpec],
        types: Types | None = None,
        *,
        losses: bool = True,
        shared: SharedFunctions | None = None,
        code: bytes | None = None,
    ) -> None:
        self.program = program
        self.shared = shared
        self._keys: dict[int, Hashable] = {}
        """What `shared` knows subprograms by, by their first slots; of those that are looked into."""
        self.maps = maps
        self.types = types
        self.losses = losses
        self.code = code
        self._known: dict[int, _Found] = {}

    def at(self, slot: int) -> Facts:
        """Return the facts of the function that holds a slot."""
        start = self._find(slot)
        facts, distance = self._known[start]
        if distance:
            facts = facts.shifted(distance)
            self._known[start] = _Found(facts)
        return facts

    def key(self, slot: int) -> Hashable | None:
        """Return what `shared` knows the function by that holds a slot; None for one that is this program's alone."""
        return self._keys.get(self._find(slot))

    def _find(self, slot: int) -> int:
        """Find the facts of the function that holds a slot, and return its first slot."""
        start = self.program.flow.function_at(slot)
        if start not in self._known:
            for function in self._callers_first(start):
                self._known[function] = self._look_into(function)
        return start

    def accesses(self) -> Iterator[tuple[int, Access]]:
        """Yield what the program reads and writes, with the slots; of a damaged function nothing: it says so itself."""
        for function in self.program.functions:
            try:
                found = self.at(function.start).accesses
            except ObjectError:
                continue
            yield from found.items()

    def _look_into(self, function: int) -> _Found:
        flow = self.program.flow
        if flow.stop(function) - function > _LONGEST:
            reason = f"its data flow: a function of more than {_LONGEST:,} instructions is not looked into"
            return _Found(_given_up(LimitError(reason)))
        entry = self.given(function)
        if self.types is not None:
            entry = self.types.given(function, entry)
        key = self._key(function, entry)
        if key is not None and self.shared is not None:
            self._keys[function] = key
            known = self.shared.facts.of(self._target)
            if key in known:
                start, facts = known[key]
                return _Found(facts, function - start)
        try:
            facts = track(
                self.program,
                flow.graph_at(function),
                entry,
                self._returns_element,
                self.types,
                losses=self.losses,
                code=self.code,
            )
        except LimitError as error:
            facts = _given_up(error)
        if key is not None and self.shared is not None:
            self.shared.facts.of(self._target)[key] = function, facts
        return _Found(facts)

    def _key(self, function: int, entry: State) -> Hashable | None:
        """Return what a subprogram and what it is given are known by to other programs; None where they differ.

        What a context means depends on the program.
        """
        origin = self.program.linked.origin(function)
        if self.shared is None or origin is None or function == self.program.flow.functions[0]:
            return None
        given = frozenset[tuple[int, Value]]()
        if entry:  # mostly nothing is known of what it is given
            returned, used = self.shared.taken(self.program, function)
            given = frozenset(item for item in entry.items() if (returned | used) >> item[0] & 1)
        if any(value.place is Place.CONTEXT for _, value in given):
            return None
        return origin, given, self.losses, self.types is not None

    @property
    def _target(self) -> Btf | None:
        """The types of the kernel that it is looked at for."""
        return None if self.types is None else self.types.target

    def _callers_first(self, start: int) -> list[int]:
        """Return the function at *start* and all that lead to it and are not known yet, callers before callees."""
        flow = self.program.flow
        order: list[int] = []
        seen = {start}
        stack = [(start, iter(flow.callers(start)))]
        while stack:
            function, calls = stack[-1]
            for call in calls:
                caller = flow.function_at(call.slot)
                if caller not in seen and caller not in self._known:
                    seen.add(caller)
                    stack.append((caller, iter(flow.callers(caller))))
                    break
            else:
                stack.pop()
                order.append(function)
        return order

    def given(self, function: int) -> State:
        """Return what a function's registers hold where it begins, as far as its callers have been looked into."""
        if function == self.program.flow.functions[0]:
            states: list[State] = [{1: Value(Place.CONTEXT)}]
        else:
            states = []
        passed = self.passed(function)
        if passed is None:
            return {}
        for arguments in passed:
            values = zip(_ARGUMENTS, arguments, strict=True)
            # the caller's stack is not this function's
            states.append({register: value for register, value in values if value and value.place is not Place.STACK})
        return functools.reduce(join, states) if states else {}

    def passed(self, function: int) -> list[tuple[Value | None, ...]] | None:
        """Return what r1 to r5 hold at each call of a function, but of those that are never reached.

        None where that is not known: of a callback, and in a recursion.
        """
        flow = self.program.flow
        found: list[tuple[Value | None, ...]] = []
        for call in flow.callers(function):
            caller = self._known.get(flow.function_at(call.slot))
            if call.is_address or caller is None:
                return None
            arguments = caller.facts.calls.get(call.slot - caller.distance)
            if arguments is not None:
                found.append(arguments)
        return found

    def _returns_element(self, name: str) -> bool:
        if name.endswith("[…]"):
            return True
        spec = self.maps.get(name)
        return spec is not None and not spec.type.holds_objects


def context_extent(program: ProgramSpec) -> int:
    """Return where in its context the last byte ends that a program is known to read or write, in bytes.

    It is what the kernel has as `max_ctx_offset`. `program.derived(context_extent)` works it out once.
    """
    end = 0
    for _, (address, size, _, _) in ProgramFacts(program, {}, losses=False).accesses():
        if address.place is Place.CONTEXT and address.exact and 0 <= address.offset < _LARGEST_CONTEXT:
            end = max(end, address.offset + size)
    return end
