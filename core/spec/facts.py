"""What is certain about a program's instructions, function by function: what is passed to each, and what it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .track import Facts, track
from .value import Place, State, Value, join

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .map import MapSpec
    from .program import ProgramSpec
    from .types import ValueTypes

__all__ = ["ProgramFacts"]

_LONGEST: Final = 1 << 16
"""Slots of the longest function that is looked into: 65,536 take some 0.3 s."""
_ARGUMENTS: Final = range(1, 6)


class ProgramFacts:
    """The facts of one program, found when they are asked for.

    What a subprogram is given is what all of its callers agree on. One whose address is taken may be called with
    anything.

    Args:
        program: The program.
        maps: The maps of its object; those that hold maps are told from others by them.
        types: What types tell; without, nothing is known of what pointers in memory lead to.
        losses: Whether it is asked for what is lost.
    """

    def __init__(
        self,
        program: ProgramSpec,
        maps: Mapping[str, MapSpec],
        types: ValueTypes | None = None,
        *,
        losses: bool = True,
    ) -> None:
        self.program = program
        self.maps = maps
        self.types = types
        self.losses = losses
        self._known: dict[int, Facts] = {}

    def at(self, slot: int) -> Facts:
        """Return the facts of the function that holds a slot."""
        flow = self.program.flow
        start = flow.function_at(slot)
        if start not in self._known:
            for function in self._callers_first(start):
                graph = flow.graph_at(function)
                if graph.stop - graph.start > _LONGEST:
                    self._known[function] = Facts()
                else:
                    entry = self.given(function)
                    if self.types is not None:
                        entry = self.types.given(function, entry)
                    self._known[function] = track(
                        self.program, graph, entry, self._returns_element, self.types, losses=self.losses
                    )
        return self._known[start]

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
        flow = self.program.flow
        entry: State | None = {1: Value(Place.CONTEXT)} if function == flow.functions[0] else None
        for call in flow.callers(function):
            caller = self._known.get(flow.function_at(call.slot))
            if call.is_address or caller is None:
                return {}  # a callback, a recursion
            if call.slot not in caller.calls:
                continue  # it is never reached
            values = zip(_ARGUMENTS, caller.calls[call.slot], strict=True)
            # the caller's stack is not this function's
            given = {register: value for register, value in values if value and value.place is not Place.STACK}
            entry = given if entry is None else join(entry, given)
        return entry or {}

    def _returns_element(self, name: str) -> bool:
        if name.endswith("[…]"):
            return True
        spec = self.maps.get(name)
        return spec is not None and not spec.type.holds_objects
