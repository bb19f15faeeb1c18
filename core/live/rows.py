"""Rows: a map as a table over time. The order and what narrows it stay from one reading to the next."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ..runtime import MapSnapshot
from .arrange import EntryTable, Ordering, Reading, arrange, key_order, survey
from .field import Form
from .fields import Fields, fields_of
from .leaders import HasColumns, Look, leaders, look_at, why_not

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Mapping

    from ..analysis.counting import Counting
    from ..runtime import Entry, Map
    from .condition import Condition
    from .counters import Valued
    from .sampler import Sample
    from .stacks import Stacks

__all__ = ["Rows"]

_SURVEYED: Final = 1000
"""Rows that are kept of a map that is too large to be read at every sample."""


class Rows:
    """Makes tables of a map's samples; a call can take seconds, and belongs into a thread.

    Of a map that has more entries than a sample, all are looked through once when an order or a pattern is asked for,
    and twice where the order is that of rates, a sample apart; from then on the rows that this found are read at every
    sample.

    Args:
        source: The map's spec.
        counting: What counts in it.
        live: The map; without, only what the samples have is looked through.
        progress: Is told how many entries were looked at, in the caller's thread.
        stacks: What names the functions of stack traces.
    """

    def __init__(
        self,
        source: Valued,
        counting: Counting | None = None,
        live: Map | None = None,
        progress: Callable[[int], None] = lambda _count: None,
        stacks: Stacks | None = None,
    ) -> None:
        self.source = source
        self._stacks = stacks
        self._counting = counting
        self._live = live
        self._progress = progress
        self._fields: Fields | None = None
        self._places: Mapping[bytes, int] = {}
        self._asked: tuple[Ordering | None, re.Pattern[str] | Condition | None] = (None, None)
        self._survey: tuple[int, int, float] | None = None
        self._kept: tuple[bytes, ...] = ()
        self._before: dict[bytes, Entry] | None = None
        self._keys: list[bytes] = []
        """The keys of the last sample, as they were read."""
        self._order: list[int] = []
        """Which of them comes first, second, … in the order of the keys."""
        self._read_at = 0.0
        self._given_up = False
        self._look: Look | None = None
        """The first of the two readings that rates want."""
        self.unranked = ""

    unranked: str
    """Why only the rows that samples have are ordered by rates, as a clause; empty where that is not so."""

    @property
    def fields(self) -> Fields:
        """The map's fields."""
        if self._fields is None:
            self._fields = fields_of(self.source, self._counting, self._stacks)
        return self._fields

    @property
    def is_known(self) -> bool:
        """Whether the fields are known already: finding out looks into programs."""
        return self._fields is not None

    def give_up(self) -> None:
        """Let a look through a large map end, from another thread; what samples have is shown then."""
        self._given_up = True

    def take(
        self,
        current: Sample,
        previous: Sample | None,
        *,
        ordering: Ordering | None = None,
        pattern: re.Pattern[str] | Condition | None = None,
        form: Form = Form.TYPED,
        again: bool = False,
    ) -> EntryTable:
        """Return the table of a sample.

        Args:
            current: The sample, which must have the map.
            previous: The one before.
            ordering: By what rows are ordered; without, by their keys.
            pattern: Narrows to the rows in which a field's text matches, or to those of which a condition is true.
            form: How fields are written.
            again: Whether the rows are ordered anew; without, they stay where they are while the ordering is the same.
        """
        fields = self.fields
        if again or ordering != self._asked[0]:
            self._places, self._survey, self._look = {}, None, None
        if pattern != self._asked[1]:
            self._survey = None
        self._asked = (ordering, pattern)
        snapshot = current.maps[self.source.name]
        self.unranked = ""
        if (pattern is not None or ordering is not None) and snapshot.partial and self._live is not None:
            table = self._surveyed(self._live, snapshot, form)
            if table is not None:
                return table
        else:
            self._survey = None
        table = arrange(
            self.source,
            fields,
            Reading.of(self.source.name, current, previous),
            ordering=ordering,
            places=self._places,
            pattern=pattern,
            form=form,
            by_key=self._by_key(snapshot),
        )
        self._places = table.places
        return table

    def _by_key(self, snapshot: MapSnapshot) -> list[Entry]:
        """Return the entries in the order of their keys, which is known where the keys are those of last time."""
        entries = snapshot.entries
        keys = [entry.key for entry in entries]
        if keys != self._keys:
            rank = key_order(self.source)
            ranks = [rank(entry) for entry in entries]
            self._keys, self._order = keys, sorted(range(len(entries)), key=ranks.__getitem__)
        return [entries[index] for index in self._order]

    def _surveyed(self, live: Map, snapshot: MapSnapshot, form: Form) -> EntryTable | None:
        """Return the rows that a look through the whole map found, as they are now; None where it was given up."""
        ordering, pattern = self._asked
        if self._survey is None:
            self._given_up, self._before = False, None
            found = self._found(live, snapshot.count, form)
            if found is None:
                return None
            entries, matching, seen = found
            self._survey = matching, seen, time.monotonic()
            self._kept = tuple(entry.key for entry in entries)
        matching, seen, when = self._survey
        now = time.monotonic()
        entries = [entry for key in self._kept if (entry := live.entry(key)) is not None]
        places = {key: place for place, key in enumerate(self._kept)}
        reading = Reading(MapSnapshot(tuple(entries)), self._before, now - self._read_at)
        table = arrange(self.source, self.fields, reading, ordering=ordering, places=places)
        self._before, self._read_at = {entry.key: entry for entry in entries}, now
        return replace(
            table,
            total=max(snapshot.count, seen),
            is_counted=True,
            read=seen,
            matching=None if pattern is None else matching,
            age=now - when,
        )

    def _found(self, live: Map, count: int, form: Form) -> tuple[list[Entry], int, int] | None:
        """Look through the whole map: the first rows, how many match, and how many there are; see `survey`.

        None where it was given up, and where rates want another reading, or cannot be had.
        """
        ordering, pattern = self._asked
        if ordering is not None and pattern is None:
            counter, why = ordering.field.counter, why_not(ordering, live, self.source, count)
            if counter is not None and isinstance(live, HasColumns) and not why:
                self._goes_on(0)
                now, before = look_at(live, self.source, counter, time.monotonic), self._look
                self._look = now if ordering.by_rate and before is None else None
                if self._look is not None:
                    return None
                return leaders(now, ordering, self.source, _SURVEYED, before), len(now), len(now)
            if ordering.by_rate:
                self.unranked = why
                return None
        return survey(
            self.source,
            self.fields,
            live.scan(),
            ordering=ordering,
            pattern=pattern,
            form=form,
            keep=_SURVEYED,
            progress=self._goes_on,
        )

    def _goes_on(self, count: int) -> bool:
        self._progress(count)
        return not self._given_up
