"""A recording as a table (CSV, RFC 4180): a row for each number or text that is another than in the sample before."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final, TypeAlias

from ....core.analysis.counting import Counting
from ....core.btf import format_value
from ....core.live import fields_of, variable_counters
from ..common import csv_cell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ....core.live import Field, Fields, Sample
    from ....core.runtime import Entry, MapSnapshot
    from ....core.spec import VariableSpec
    from ..recording import Played

__all__ = ["COLUMNS", "rows"]

COLUMNS: Final = ("time", "kind", "name", "key", "field", "value")
"""Seconds since the beginning; `map`, `variable` or `program`; its name; of a map's entry the key; what of it; the
number, or the text of what is none, and nothing where an entry is gone."""
_Cell: TypeAlias = "tuple[str, str, str, str, str]"


def rows(found: Played) -> Iterator[str]:
    """Iterate over the lines, the names of the columns first."""
    yield _line(COLUMNS)
    counting = found.session.spec.derived(Counting)
    fields = {name: fields_of(map_, counting) for name, map_ in found.collection.maps.items() if not map_.spec.is_data}
    before: Sample | None = None
    for sample in found.playback().samples():
        time = f"{sample.time:.6f}"
        for cell in _changed(found, fields, before, sample):
            yield _line((time, *cell))
        before = sample


def _changed(found: Played, fields: dict[str, Fields], before: Sample | None, sample: Sample) -> Iterator[_Cell]:
    for name, snapshot in sample.maps.items():
        if name in fields:
            yield from _of_map(name, fields[name], None if before is None else before.maps.get(name), snapshot)
    for name, raw in sample.variables.items():
        if before is None or before.variables.get(name) != raw:
            for path, value in _of_variable(found.collection.variables[name].spec, raw):
                yield "variable", name, "", path, value
    for name, info in sample.programs.items():
        was = None if before is None else before.programs.get(name)
        for field in ("run_cnt", "run_time_ns", "recursion_misses"):
            number = getattr(info, field)
            if not sample.uncounted and (was is None or getattr(was, field) != number):
                yield "program", name, "", field, str(number)


def _of_map(name: str, fields: Fields, before: MapSnapshot | None, snapshot: MapSnapshot) -> Iterator[_Cell]:
    was = {} if before is None else {entry.key: entry for entry in before.entries}
    for entry in snapshot.entries:
        old = was.pop(entry.key, None)
        if old == entry:
            continue
        key = fields.key_text(entry)
        for field in fields.values:
            text = _text(field, entry)
            if old is None or _text(field, old) != text:
                yield "map", name, key, field.path.removeprefix("."), text
    for gone in was.values():
        yield "map", name, fields.key_text(gone), "", ""


def _text(field: Field, entry: Entry) -> str:
    return str(field.number(entry)) if field.is_number and not field.is_by_cpu else field.text(entry)


def _of_variable(variable: VariableSpec, raw: bytes) -> Iterator[tuple[str, str]]:
    counters = variable_counters(variable)
    if not counters:
        yield "", variable.type.format(raw) if variable.type is not None else format_value(raw)
    for counter in counters:
        yield counter.path.removeprefix("."), str(counter.read(raw))


def _line(cells: tuple[str, ...]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(map(csv_cell, cells))
    return line.getvalue()
