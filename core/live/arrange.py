"""A map's entries as rows: which of them are shown, and in which order."""

from __future__ import annotations

import heapq
import sys
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .condition import Condition
from .field import Field, Form

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ..runtime import Entry, MapSnapshot
    from .counters import Valued
    from .fields import Fields
    from .sampler import Sample

__all__ = ["EntryTable", "Ordering", "Reading", "arrange", "key_order", "survey"]

_REMEMBERED: Final = 1 << 14
"""Values of a field of which it is remembered whether they match."""
_NONE: Final[Mapping[bytes, Any]] = MappingProxyType({})


class Reading(NamedTuple):
    """The entries of a map as they were read, and those of the reading before."""

    snapshot: MapSnapshot
    before: Mapping[bytes, Entry] | None = None
    """By key; None where there was no reading before."""
    seconds: float = 0.0
    """Between the two."""

    @classmethod
    def of(cls, name: str, current: Sample, previous: Sample | None) -> Reading:
        """Return what two samples, the second of which may be missing, have of a map that the first one has."""
        snapshot = None if previous is None else previous.maps.get(name)
        if previous is None or snapshot is None:
            return cls(current.maps[name])
        before = {entry.key: entry for entry in snapshot.entries}
        return cls(current.maps[name], before, current.time_of("map", name) - previous.time_of("map", name))


@dataclass(frozen=True, slots=True)
class Ordering:
    """By what rows are ordered; entries that are equal stay in the order of their keys."""

    field: Field
    by_rate: bool = False
    reverse: bool = False

    def rank(self, reading: Reading) -> Callable[[Entry], Any]:
        """Return what gives an entry its place; what has no rate comes as if it stood still."""
        if not self.by_rate:
            return self.field.rank
        before, seconds = reading.before or _NONE, reading.seconds
        return lambda entry: self.field.rate(before.get(entry.key), entry, seconds) or 0.0


@dataclass(frozen=True, slots=True)
class EntryTable:
    """Rows, and all that is to be known to draw them."""

    fields: Fields
    entries: tuple[Entry, ...]
    """The rows, in order."""
    reading: Reading
    total: int
    """How many entries the map has, as far as they were counted."""
    is_counted: bool = True
    """Whether `total` is all of them; else there are at least so many."""
    read: int = 0
    """How many of them were read, ordered and looked through."""
    matching: int | None = None
    """How many of those match what rows are narrowed by; None where they are not."""
    ordering: Ordering | None = None
    """None for the order of the keys."""
    places: Mapping[bytes, int] = field(default_factory=dict[bytes, int])
    """The place of each key in an order that stays; empty where that is the order of the keys."""
    age: float | None = None
    """Of rows that a look through a large map found, the seconds since then; None where samples have all rows."""
    alike: frozenset[bytes] = frozenset()
    """The keys that only their bytes tell from others."""

    @property
    def is_partial(self) -> bool:
        """Whether there are entries that were not read."""
        return self.read < self.total or not self.is_counted

    def before(self, entry: Entry) -> Entry | None:
        """Return an entry as it was before; None for a new one."""
        known = self.reading.before
        return entry if known is None else known.get(entry.key)

    def changed(self, of: Field, entry: Entry) -> bool:
        """Whether the program changed a field since the reading before."""
        before = self.before(entry)
        if before is None or before.values is entry.values or before.values == entry.values:
            return False
        return of.of == "value" and of.rank(before) != of.rank(entry)

    def rate(self, of: Field, entry: Entry) -> float | None:
        """Return how much a field grew a second; None where nobody knows."""
        known = self.reading.before
        return None if known is None else of.rate(known.get(entry.key), entry, self.reading.seconds)


def arrange(
    source: Valued,
    fields: Fields,
    reading: Reading,
    *,
    ordering: Ordering | None = None,
    places: Mapping[bytes, int] = _NONE,
    pattern: re.Pattern[str] | Condition | None = None,
    form: Form = Form.TYPED,
    by_key: Sequence[Entry] | None = None,
) -> EntryTable:
    """Return the rows of what was read.

    Args:
        source: The map, or its spec.
        fields: Its fields.
        reading: What was read.
        ordering: By what rows are ordered; without, by their keys.
        places: The order that they have been in, which stays: what is new comes behind it. Without, they are ordered.
        pattern: Narrows to the rows in which a field's text matches, or to those of which a condition is true.
        form: How the fields are written that the pattern is looked for in.
        by_key: The entries in the order of their keys, where they have been put into it already.
    """
    entries = sorted(reading.snapshot.entries, key=key_order(source)) if by_key is None else list(by_key)
    if ordering is not None and not places:
        entries.sort(key=ordering.rank(reading), reverse=ordering.reverse)
        places = {entry.key: place for place, entry in enumerate(entries)}
    elif places:
        entries.sort(key=lambda entry: places.get(entry.key, len(places)))
    matching = (
        entries
        if pattern is None
        else list(filter(_matcher(fields, pattern, form, is_per_cpu=source.type.per_cpu), entries))
    )
    snapshot = reading.snapshot
    return EntryTable(
        fields,
        tuple(matching),
        reading,
        total=snapshot.count,
        is_counted=snapshot.is_counted and not (snapshot.partial and not snapshot.beyond),
        read=len(entries),
        matching=None if pattern is None else len(matching),
        ordering=ordering,
        places=places,
        alike=fields.alike(source, entries),
    )


def survey(
    source: Valued,
    fields: Fields,
    entries: Iterable[Sequence[Entry]],
    *,
    ordering: Ordering | None,
    pattern: re.Pattern[str] | Condition | None,
    form: Form = Form.TYPED,
    keep: int = 1000,
    progress: Callable[[int], bool] = lambda _count: True,
) -> tuple[list[Entry], int, int] | None:
    """Look through all entries of a map that is too large to be held, and return the first rows of the table.

    Args:
        source: The map, or its spec.
        fields: Its fields.
        entries: What `Map.scan` gives.
        ordering: By what rows are ordered; without, by their keys. There are no rates.
        pattern: Narrows to the rows in which a field's text matches, or to those of which a condition is true.
        form: How the fields are written that the pattern is looked for in.
        keep: How many rows are kept.
        progress: Is told how many entries were looked at; where it returns False, that is the end.

    Returns:
        The rows, how many match, and how many were looked at; None where it was given up.
    """
    by_key = key_order(source)
    rank = by_key if ordering is None else ordering.field.rank
    first = heapq.nlargest if ordering is not None and ordering.reverse else heapq.nsmallest
    matches = None if pattern is None else _matcher(fields, pattern, form, is_per_cpu=source.type.per_cpu)
    descending = ordering is not None and ordering.reverse
    kept: list[Entry] = []
    matching = seen = 0
    for chunk in entries:
        seen += len(chunk)
        found = chunk if matches is None else list(filter(matches, chunk))
        matching += len(found)
        if len(kept) == keep:
            last = rank(kept[-1])
            found = [each for each in found if (rank(each) > last if descending else rank(each) < last)]
        # A chunk at a time: a sort of a million would keep every other thread waiting for as long as it takes.
        kept = first(keep, [*kept, *found], key=rank) if found else kept
        if not progress(seen):
            return None
    return kept, matching, seen


def _matcher(
    fields: Fields, pattern: re.Pattern[str] | Condition, form: Form, *, is_per_cpu: bool
) -> Callable[[Entry], bool]:
    """Return what tells whether the text of one of an entry's fields matches, or the entry is as a condition asks.

    What bytes of a field are looked for is remembered: of most fields a map has few that differ.
    """
    if isinstance(pattern, Condition):
        return pattern.matches
    quick = form is Form.TYPED and not is_per_cpu
    parts = [
        (each.essence(), each.quick_text() if quick else None, each.text, dict[bytes, bool]()) for each in fields.all
    ]
    found = pattern.search

    def matches(entry: Entry) -> bool:
        for essence, written, text, known in parts:
            what = essence(entry)
            answer = known.get(what)
            if answer is None:
                if len(known) >= _REMEMBERED:
                    known.clear()
                shown = text(entry, form) if written is None else written(what)
                answer = known[what] = found(shown) is not None
            if answer:
                return True
        return False

    return matches


def key_order(source: Valued) -> Callable[[Entry], tuple[object, ...]]:
    """Return what sorts entries by key: integers by their value, whatever their byte order; the rest as bytes."""
    if source.key is None and source.key_size in (1, 2, 4, 8):  # shown as an integer of this machine
        return lambda entry: (int.from_bytes(entry.key, sys.byteorder),)
    leaves = source.key.leaves() if source.key is not None else []
    limits = [(leaf, offset, leaf.size, leaf.limits) for _, leaf, offset in leaves]

    def order(entry: Entry) -> tuple[object, ...]:
        parts: list[object] = []
        for leaf, offset, size, span in limits:
            raw = entry.key[offset : offset + size]
            if span is None or leaf.bit_size:
                parts.append(raw)
            else:
                parts.append(int.from_bytes(raw, leaf.btf.byte_order, signed=span[0] < 0))
        return (*parts, entry.key)

    return order
