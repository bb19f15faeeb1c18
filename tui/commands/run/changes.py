"""What a run leaves behind beside its return value: entries, variables, records of streams, printed lines."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Self

from ..common import json_value, warn
from ..sample_json import entries_json, events_json, map_json

if TYPE_CHECKING:
    from types import TracebackType

    from ....core.analysis.counting import Counting
    from ....core.live import EventReader
    from ....core.live.effects import MapEffect, VariableEffect
    from ....core.live.stacks import Stacks
    from ....core.runtime import Collection, Map, Printed, PrintReader

__all__ = ["Changes", "told"]


def told(printed: Printed) -> dict[str, object]:
    """Return what programs printed as the schema has it: lines, and of each the program that printed it.

    `printed_by` is there where a line is, with null for what is not known; `printed_lost` where something is missing.
    """
    by = {"printed_by": [line.program or None for line in printed.lines]} if printed.lines else {}
    lost = {"printed_lost": printed.lost} if printed.lost else {}
    return {"printed": list(printed.texts), **by, **lost}


class Changes:
    """Looks at a collection before and after each run; closed with its context.

    Args:
        collection: What runs.
        compare: Whether maps and variables are looked at: for JSON.
    """

    def __init__(self, collection: Collection, *, compare: bool) -> None:
        from ....core.live import EventReader
        from ....core.live.effects import EffectsReader

        self._collection = collection
        with ExitStack() as stack:
            self.events = stack.enter_context(EventReader(collection))
            self.printed = stack.enter_context(collection.printed())
            self._stack = stack.pop_all()
        for problem in (*(error.message for error in self.events.problems.values()), self.printed.problem):
            if problem:
                warn(problem)
        self._effects = EffectsReader(collection) if compare else None

    events: EventReader
    """Reads its streams."""
    printed: PrintReader
    """Reads what its programs print."""

    def as_json(self) -> dict[str, Any]:
        """Return what has changed since the last look, as the schema has it; for what is compared."""
        from ....core.analysis.counting import Counting
        from ....core.live.stacks import Stacks

        assert self._effects is not None
        counting, stacks = self._collection.spec.derived(Counting), Stacks(self._collection)
        found = self._effects.read()
        maps = {name: _map(self._collection.maps[name], each, counting, stacks) for name, each in found.maps.items()}
        variables = {name: self._value(name, each) for name, each in found.variables.items()}
        return {"maps": maps, "variables": variables, **events_json(self.events), **told(self.printed.read())}

    def _value(self, name: str, effect: VariableEffect) -> object:
        ctype = self._collection.variables[name].spec.type
        return json_value(effect.after if ctype is None else ctype.decode(effect.after))

    def close(self) -> None:
        """Let go of streams and of what is printed."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _map(source: Map, effect: MapEffect, counting: Counting, stacks: Stacks) -> dict[str, Any]:
    """Return a map with the entries that are new or have another value, and under `deleted` those that went."""
    changed = [entry.after for entry in effect.entries if entry.after is not None]
    gone = [entry.before for entry in effect.entries if entry.after is None and entry.before is not None]
    found = map_json(source, effect.now, counting, stacks) | {
        "entries": entries_json(source, changed, counting, stacks)
    }
    if gone:
        found["deleted"] = [
            {name: value for name, value in entry.items() if name != "value"}
            for entry in entries_json(source, gone, counting, stacks)
        ]
    return found
