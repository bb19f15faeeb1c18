"""A recording as a table (CSV, RFC 4180): a row for each number or text that is another than in the sample before."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final, TypeAlias

from ....core.analysis.counting import Counting
from ....core.live import fields_of
from ....core.live.fields import record_fields
from ....core.live.stacks import Stacks
from ....core.runtime import Entry
from ..common import csv_cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ....core.live import Field, Fields, Sample
    from ....core.runtime import MapSnapshot
    from ..recording import Played

__all__ = ["COLUMNS", "rows"]

COLUMNS: Final = ("time", "kind", "name", "key", "field", "value")
"""Seconds since the beginning; `map`, `variable` or `program`; its name; of a map's entry the key; what of it; the
number, or the text of what is none, and nothing where an entry is gone."""
_Cells: TypeAlias = "tuple[str, str, str, str, str]"


def rows(found: Played) -> Iterator[str]:
    """Iterate over the lines, the names of the columns first."""
    yield _line(COLUMNS)
    table = _Table(found)
    for sample in found.playback().samples():
        time = f"{sample.time:.6f}"
        for cells in table.changes(sample):
            yield _line((time, *cells))


class _Table:
    """What is known of everything, and what a sample changes of it."""

    def __init__(self, found: Played) -> None:
        counting, self._stacks = found.session.spec.derived(Counting), Stacks(found.collection)
        self._maps = {
            name: _Entries(name, fields_of(map_, counting, self._stacks))
            for name, map_ in found.collection.maps.items()
            if not map_.spec.is_data
        }
        self._variables = {
            name: record_fields(each.spec.type, each.spec.size, name).values
            for name, each in found.collection.variables.items()
        }
        self._before: Sample | None = None

    def changes(self, sample: Sample) -> Iterator[_Cells]:
        """Iterate over what is another than in the sample before."""
        before, self._before = self._before, sample
        self._stacks.note(sample)
        for name, snapshot in sample.maps.items():
            if name in self._maps:
                yield from self._maps[name].changes(snapshot)
        for name, raw in sample.variables.items():
            old = None if before is None else before.variables.get(name)
            if old != raw:
                was = None if old is None else Entry(b"", (old,))
                for field, text in _differing(self._variables[name], was, Entry(b"", (raw,))):
                    yield "variable", name, "", field, text
        for name, info in sample.programs.items():
            known = None if before is None else before.programs.get(name)
            for field in ("run_cnt", "run_time_ns", "recursion_misses"):
                number = getattr(info, field)
                if not sample.uncounted and (known is None or getattr(known, field) != number):
                    yield "program", name, "", field, str(number)


class _Entries:
    """What is known of the entries of a map."""

    def __init__(self, name: str, fields: Fields) -> None:
        self._name, self._fields = name, fields
        self._known: dict[bytes, Entry] = {}

    def changes(self, snapshot: MapSnapshot) -> Iterator[_Cells]:
        """Iterate over what a snapshot says of them that is new.

        What is missing from one that is not whole (the limit cut it, or the map kept changing) may well be there.
        """
        for entry in snapshot.entries:
            old = self._known.get(entry.key)
            if old == entry:
                continue
            self._known[entry.key] = entry
            label = self._fields.key_text(entry)
            for field, text in _differing(self._fields.values, old, entry):
                yield "map", self._name, label, field, text
        if snapshot.partial or snapshot.note:
            return
        there = {entry.key for entry in snapshot.entries}
        for key in [key for key in self._known if key not in there]:
            yield "map", self._name, self._fields.key_text(self._known.pop(key)), "", ""


def _differing(fields: Iterable[Field], old: Entry | None, new: Entry) -> Iterator[tuple[str, str]]:
    """Iterate over the fields that another value stands in than before: path, number or text."""
    for field in fields:
        text = _text(field, new)
        if old is None or _text(field, old) != text:
            yield field.path.removeprefix("."), text


def _text(field: Field, entry: Entry) -> str:
    return str(field.number(entry)) if field.is_number and not field.is_by_cpu else field.text(entry)


def _line(cells: tuple[str, ...]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(map(csv_cell, cells))
    return line.getvalue()
