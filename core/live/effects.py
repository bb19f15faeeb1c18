"""Effects: what has changed in a collection since the last look, entry by entry, and in words leaf by leaf."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from ..analysis.counting import Counting
from ..btf import format_value
from ..btf.values import EnumName
from .counters import decoded, entry_value
from .sampler import readable_maps
from .stacks import Stacks
from .written import subscript, written

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..btf import Value
    from ..runtime import Collection, Entry, Map, MapSnapshot

__all__ = ["EffectLine", "Effects", "EffectsReader", "EntryEffect", "MapEffect", "VariableEffect"]

_LIMIT: Final = 10_000
"""Entries of a map that are compared."""
_LONGEST: Final = 200
"""Characters of a value in a line."""


class EntryEffect(NamedTuple):
    """An entry that came, went, or has another value."""

    key: bytes
    before: Entry | None
    """None where it is new."""
    after: Entry | None
    """None where it was deleted."""


@dataclass(frozen=True, slots=True)
class MapEffect:
    """What has changed in a map."""

    entries: tuple[EntryEffect, ...]
    """First those that are there now, in the map's order, then those that went."""
    now: MapSnapshot
    """What it holds now; only the first 10,000 entries of a map are compared."""


@dataclass(frozen=True, slots=True)
class VariableEffect:
    """A variable that has another value, as bytes."""

    before: bytes
    after: bytes


class EffectLine(NamedTuple):
    """One value that changed, in words."""

    what: str
    """`traffic[{IPV4, UDP}].packets`, `total_packets`."""
    before: str
    """Empty where it is new."""
    after: str
    """Empty where it went."""
    is_variable: bool = False


@dataclass(frozen=True, slots=True)
class Effects:
    """What has changed between two looks at a collection; what has not is not in it."""

    maps: Mapping[str, MapEffect]
    variables: Mapping[str, VariableEffect]

    def lines(self, collection: Collection) -> Iterator[EffectLine]:
        """Yield what has changed, leaf by leaf: members of structs and elements of arrays each by itself."""
        writer = _Writer(collection)
        for name, effect in self.maps.items():
            source = collection.maps[name]
            for entry in effect.entries:
                key = subscript(source.key, entry.key, name)
                values = [None if each is None else writer.value(source, each) for each in (entry.before, entry.after)]
                yield from _leaves(f"{name}[{key}]", *values)
            if not effect.entries:  # a queue's next value, or how many entries there are
                yield EffectLine(name, "", f"{effect.now.count:,} entries")
        for name, change in self.variables.items():
            ctype = collection.variables[name].spec.type
            before, after = (
                written(ctype, raw, decoded(ctype, raw), name.rpartition(".")[2])
                for raw in (change.before, change.after)
            )
            for line in _leaves(name, before, after):
                yield line._replace(is_variable=True)


class EffectsReader:
    """Looks at the maps and variables of a collection, again and again.

    What others do meanwhile is among what it finds: programs that are attached, and other processes.
    """

    def __init__(self, collection: Collection) -> None:
        self._maps = {name: collection.maps[name] for name in readable_maps(collection)}
        self._variables = {name: each for name, each in collection.variables.items() if not each.read_only}
        self._held = self._snapshots()
        self._values = self._raw()

    @property
    def held(self) -> Mapping[str, MapSnapshot]:
        """What the maps held at the last look: of each, its first 10,000 entries."""
        return self._held

    def read(self) -> Effects:
        """Return what has changed since the last look."""
        held, values = self._snapshots(), self._raw()
        effects = self._since(held, values)
        self._held, self._values = held, values
        return effects

    def peek(self) -> Effects:
        """Return what has changed since the last look, which stays the last one."""
        return self._since(self._snapshots(), self._raw())

    def holdings(self, collection: Collection, most: int) -> Iterator[EffectLine]:
        """Yield all that the maps and variables hold now: an entry or a variable each by itself, as what is new.

        Args:
            collection: The one that is looked at.
            most: How many entries of a map at most; a line without a value says how many there are beside them.
        """
        writer = _Writer(collection)
        for name, map_ in self._maps.items():
            found = map_.snapshot(_LIMIT)
            source = collection.maps[name]
            for entry in found.entries[:most]:
                value = writer.value(source, entry)
                yield EffectLine(f"{name}[{subscript(source.key, entry.key, name)}]", "", _text(value))
            if found.count > min(most, len(found.entries)) or not found.entries:
                rest = found.count - min(most, len(found.entries))
                yield EffectLine(name, "", f"{rest:,} entries{' more' if found.entries else ''}")
        for name, variable in self._variables.items():
            ctype = collection.variables[name].spec.type
            raw = variable.raw()
            value = written(ctype, raw, decoded(ctype, raw), name.rpartition(".")[2])
            yield EffectLine(name, "", _text(value), is_variable=True)

    def _since(self, held: Mapping[str, MapSnapshot], values: Mapping[str, bytes]) -> Effects:
        return Effects(
            {name: _effect(self._held[name], now) for name, now in held.items() if self._held[name] != now},
            {
                name: VariableEffect(self._values[name], raw)
                for name, raw in values.items()
                if self._values[name] != raw
            },
        )

    def _snapshots(self) -> dict[str, MapSnapshot]:
        return {name: map_.snapshot(_LIMIT) for name, map_ in self._maps.items()}

    def _raw(self) -> dict[str, bytes]:
        return {name: variable.raw() for name, variable in self._variables.items()}


class _Writer:
    """Writes the values of a collection's maps for people."""

    def __init__(self, collection: Collection) -> None:
        self._counting = collection.spec.derived(Counting)
        self._stacks = Stacks(collection)

    def value(self, source: Map, entry: Entry) -> Value:
        """Return the value of an entry; of a stack trace the names of its functions."""
        if source.name in self._stacks.maps:
            return EnumName(self._stacks.text(source.name, entry))
        value_type = None if source.type.per_cpu else source.value
        value = entry_value(source, entry, counting=self._counting)
        return written(value_type, entry.values[0], value, source.name)


def _effect(before: MapSnapshot, now: MapSnapshot) -> MapEffect:
    old = {entry.key: entry for entry in before.entries}
    new = {entry.key: entry for entry in now.entries}
    changed = [EntryEffect(key, old.get(key), entry) for key, entry in new.items() if old.get(key) != entry]
    gone = [EntryEffect(key, entry, None) for key, entry in old.items() if key not in new]
    return MapEffect((*changed, *gone), now)


def _leaves(where: str, before: Value | None, after: Value | None) -> Iterator[EffectLine]:
    """Yield what differs between two values; one of them alone is one line."""
    if before == after:
        return
    match before, after:
        case dict(), dict() if before.keys() == after.keys():
            for name, value in after.items():
                yield from _leaves(f"{where}.{name}", before[name], value)
        case list(), list() if len(before) == len(after):
            for index, value in enumerate(after):
                yield from _leaves(f"{where}[{index}]", before[index], value)
        case _:
            yield EffectLine(where, _text(before), _text(after))


def _text(value: Value | None) -> str:
    """Return a value as it stands by itself: an integer with separators; empty where there is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return "" if value is None else format_value(value, limit=_LONGEST)
