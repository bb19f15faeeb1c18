"""What a run leaves behind beside its return value: entries, variables, records of streams, printed lines."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final, Self

from ..common import json_value, warn
from ..sample_json import entries_json, events_json, map_json

if TYPE_CHECKING:
    from types import TracebackType

    from ....core.live import EventReader
    from ....core.runtime import Collection, Entry, Map, MapSnapshot, Printed, PrintReader

__all__ = ["Changes", "told"]

_LIMIT: Final = 10_000
"""Entries of a map that are compared."""


def told(printed: Printed) -> dict[str, object]:
    """Return what programs printed as the schema has it; `printed_lost` is there only where something is missing."""
    lost = {"printed_lost": printed.lost} if printed.lost else {}
    return {"printed": list(printed.lines), **lost}


class Changes:
    """Looks at a collection before and after each run; closed with its context.

    Args:
        collection: What runs.
        compare: Whether maps and variables are looked at: for JSON.
    """

    def __init__(self, collection: Collection, *, compare: bool) -> None:
        from ....core.live import EventReader, readable_maps

        self._collection = collection
        with ExitStack() as stack:
            self.events = stack.enter_context(EventReader(collection))
            self.printed = stack.enter_context(collection.printed())
            self._stack = stack.pop_all()
        for problem in (*(error.message for error in self.events.problems.values()), self.printed.problem):
            if problem:
                warn(problem)
        self._maps = {name: collection.maps[name] for name in readable_maps(collection)} if compare else {}
        self._variables = {name: each for name, each in collection.variables.items() if compare and not each.read_only}
        self._held = self._snapshots()
        self._values = self._raw()

    events: EventReader
    """Reads its streams."""
    printed: PrintReader
    """Reads what its programs print."""

    def _snapshots(self) -> dict[str, MapSnapshot]:
        return {name: map_.snapshot(_LIMIT) for name, map_ in self._maps.items()}

    def _raw(self) -> dict[str, bytes]:
        return {name: variable.raw() for name, variable in self._variables.items()}

    def as_json(self) -> dict[str, Any]:
        """Return what has changed since the last look, as the schema has it."""
        held, self._held = self._held, self._snapshots()
        values, self._values = self._values, self._raw()
        maps = {
            name: self._changed(self._maps[name], held[name], now)
            for name, now in self._held.items()
            if held[name] != now
        }
        variables = {name: self._value(name, raw) for name, raw in self._values.items() if values[name] != raw}
        return {"maps": maps, "variables": variables, **events_json(self.events), **told(self.printed.read())}

    def _value(self, name: str, raw: bytes) -> object:
        ctype = self._variables[name].spec.type
        return json_value(raw if ctype is None else ctype.decode(raw))

    def _changed(self, source: Map, before: MapSnapshot, now: MapSnapshot) -> dict[str, Any]:
        """Return a map with the entries that are new or have another value, and under `deleted` those that went."""
        from ....core.analysis.counting import Counting

        old, new = _by_key(before), _by_key(now)
        counting = self._collection.spec.derived(Counting)
        changed = tuple(entry for key, entry in new.items() if old.get(key) != entry)
        found = map_json(source, now, counting) | {"entries": entries_json(source, changed, counting)}
        if gone := [entry for key, entry in old.items() if key not in new]:
            found["deleted"] = [
                {name: value for name, value in entry.items() if name != "value"}
                for entry in entries_json(source, gone, counting)
            ]
        return found

    def close(self) -> None:
        """Let go of streams and of what is printed."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _by_key(snapshot: MapSnapshot) -> dict[bytes, Entry]:
    return {entry.key: entry for entry in snapshot.entries}
