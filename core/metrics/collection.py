"""What a loaded collection tells as metrics: its maps, variables, programs and streams, named by its types."""

from __future__ import annotations

import collections
from typing import TYPE_CHECKING, Final, TypeAlias

from ..analysis.counting import Counting
from ..btf.members import is_text
from ..btf.notation import Notation
from ..btf.types import Array, Composite
from ..btf.units import unit_of
from ..live import fields_of, variable_counters
from .families import Family, stem_of
from .names import indexed, label_names, metric_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ..btf import Btf, CType
    from ..live import Counter, Events, Field, Sample
    from ..runtime import Collection, Entry, Map, MapSnapshot
    from ..spec import VariableSpec

__all__ = ["DEFAULT_SERIES", "CollectionMetrics"]

_Part: TypeAlias = "tuple[Family, Counter, float, tuple[str, ...]]"
"""An integer of a variable: its family, where it is read, seconds (or ones) that it counts, indexes of elements."""
_Taken: TypeAlias = "Callable[[str, bool], str]"
DEFAULT_SERIES: Final = 10_000
"""Numbers of one map or variable that are told; what is beyond them is counted."""
_MAX_DEPTH: Final = 32


class CollectionMetrics:
    """Makes families of what was sampled of a collection.

    What has the same name twice is told apart by a number behind it, in the order of the object.

    Args:
        collection: What is loaded.
        series: The most numbers that are told of one map, or of one variable: a key that comes from outside could else
            fill the memory of whoever collects them.
    """

    def __init__(self, collection: Collection, *, series: int = DEFAULT_SERIES) -> None:
        self._collection = collection
        self._series = series
        self._counting = collection.spec.derived(Counting)
        self._partial: collections.Counter[str] = collections.Counter()
        integers = _Integers()
        self._names = {stem_of(each.name) for each in _own_families()}
        self._maps = {
            name: _MapMetrics(map_, self._counting, self._taken, integers)
            for name, map_ in collection.maps.items()
            if not map_.spec.is_data and not map_.type.is_stream
        }
        self._variables: dict[str, list[_Part]] = {
            name: [*self._variable(each.spec)] for name, each in collection.variables.items()
        }
        self._numbers = {name: integers.of(each.spec.type) for name, each in collection.variables.items()}

    def _taken(self, name: str, counts: bool) -> str:
        """Return a name that no other family has, `_total` aside: in OpenMetrics that is no part of it."""
        stem = plain = stem_of(name)
        number = 2
        while stem in self._names:
            stem, number = f"{plain}_{number}", number + 1
        self._names.add(stem)
        return f"{stem}_total" if counts else stem

    def _variable(self, spec: VariableSpec) -> Iterator[_Part]:
        """Iterate over the integers of a variable: family, where it is read, its factor, the indexes of elements."""
        families: dict[str, Family] = {}
        for counter in variable_counters(spec):
            path, indexes = indexed(counter.path)
            family = families.get(path)
            if family is None:
                place = spec.offset + counter.offset
                is_counting = not spec.constant and self._counting.counts(
                    spec.map.name, f".{spec.name}{counter.path}", None, place, counter.size
                )
                name = metric_name(("bpf", "variable", spec.name, path), counter.unit, counts=is_counting)
                family = families[path] = Family(
                    self._taken(name, is_counting),
                    "counter" if is_counting else "gauge",
                    f"The variable {spec.name}{path}.",
                    tuple(label_names(_index_labels(len(indexes)))),
                )
            yield family, counter, counter.unit.seconds or 1.0, indexes

    def families(self, sample: Sample, events: Mapping[str, Events]) -> list[Family]:
        """Return all families of a sample.

        Args:
            sample: What there was.
            events: What was counted of each stream since the beginning.
        """
        found: list[Family] = []
        own = {each.name: each for each in _own_families()}
        for name, snapshot in sample.maps.items():
            metrics = self._maps.get(name)
            if metrics is None:
                continue
            map_ = self._collection.maps[name]
            told, series = metrics.families(snapshot, self._series)
            found += told
            if snapshot.is_counted and not snapshot.note:
                own["bpf_map_entries"].add(snapshot.count, name, map_.type.label)
            own["bpf_map_max_entries"].add(map_.max_entries, name, map_.type.label)
            own["bpf_map_unexported_entries"].add(len(snapshot.entries) - series + snapshot.beyond, name)
            if metrics.cut:
                own["bpf_map_unexported_numbers"].add(metrics.cut, name)
            self._partial[name] += snapshot.partial and not snapshot.beyond  # else the limit cut it
            own["bpf_map_partial_reads_total"].add(self._partial[name], name)
        for name, raw in sample.variables.items():
            parts = self._variables.get(name, ())
            of_variable = {each.name: each for each, *_ in parts}
            for family in of_variable.values():
                family.numbers.clear()
            found += of_variable.values()
            for family, counter, factor, indexes in parts[: self._series]:
                family.add(counter.read(raw) * factor, *indexes)
            cut = self._numbers.get(name, 0) - min(len(parts), self._series)
            if cut > 0:
                own["bpf_variable_unexported_numbers"].add(cut, name)
        for name, info in sample.programs.items():
            spec = self._collection.programs[name].spec
            labels = (name, spec.type.label)
            if not sample.uncounted:
                own["bpf_program_runs_total"].add(info.run_cnt, *labels)
                own["bpf_program_run_seconds_total"].add(info.run_time_ns / 1e9, *labels)
                own["bpf_program_missed_runs_total"].add(info.recursion_misses, *labels)
            own["bpf_program_info"].add(1, str(info.id), *labels, info.tag)
        for name, each in events.items():
            own["bpf_stream_records_total"].add(each.count, name)
            own["bpf_stream_lost_records_total"].add(each.lost, name)
            own["bpf_stream_full_total"].add(each.full, name)
        return [each for each in (*own.values(), *found) if each.numbers]


def _own_families() -> list[Family]:
    """Return those that every collection has, without numbers."""
    program = ("program", "type")
    return [
        Family.known("bpf_map_entries", "map", "type"),
        Family.known("bpf_map_max_entries", "map", "type"),
        Family.known("bpf_map_unexported_entries", "map"),
        Family.known("bpf_map_partial_reads_total", "map"),
        Family.known("bpf_map_unexported_numbers", "map"),
        Family.known("bpf_program_runs_total", *program),
        Family.known("bpf_program_run_seconds_total", *program),
        Family.known("bpf_program_missed_runs_total", *program),
        Family.known("bpf_program_info", "id", *program, "tag"),
        Family.known("bpf_stream_records_total", "map"),
        Family.known("bpf_stream_lost_records_total", "map"),
        Family.known("bpf_stream_full_total", "map"),
        Family.known("bpf_variable_unexported_numbers", "variable"),
    ]


class _Integers:
    """Counts the integers in values, those of a union all of them: each type once, however many paths lead to it."""

    def __init__(self) -> None:
        self._known: dict[tuple[Btf, int, int], int] = {}

    def of(self, ctype: CType | None, depth: int = 0) -> int:
        """Return how many a value has; *depth* is how many structs and arrays it is in."""
        if ctype is None or depth > _MAX_DEPTH:
            return 0
        found = ctype.stripped
        if isinstance(found, Array):
            return 0 if is_text(ctype.btf, found) else ctype.count * self.of(ctype.element, depth + 1)
        if not isinstance(found, Composite):
            return int(ctype.is_integer)
        key = ctype.btf, found.id, ctype.whole  # how much an array without a length has, at its end, the whole tells
        if key not in self._known:
            self._known[key] = 0  # for a struct that is said to be in itself
            self._known[key] = sum(self.of(inner, depth + 1) for _, inner, _ in ctype.members())
        return self._known[key]


def _index_labels(count: int) -> list[str]:
    return ["index"] * count


class _Column:
    """A number within the values of a map."""

    def __init__(self, family: Family, field: Field, indexes: tuple[str, ...], factor: float, cpus: int) -> None:
        self.family = family
        self.indexes = indexes
        self.width = cpus if field.is_by_cpu else 1
        self._field = field
        self._factor = factor

    def add(self, entry: Entry, labels: tuple[str, ...]) -> None:
        """Add what an entry has of it."""
        field = self._field
        if not field.is_by_cpu:
            self.family.add(field.number(entry) * self._factor, *labels, *self.indexes)
            return
        for cpu, value in enumerate(entry.values):
            one = entry._replace(values=(value,))
            self.family.add(field.number(one) * self._factor, *labels, *self.indexes, str(cpu))


class _MapMetrics:
    """The families of one map."""

    def __init__(self, map_: Map, counting: Counting, taken: _Taken, integers: _Integers) -> None:
        fields = fields_of(map_, counting)
        keys = [field.label for field in fields.keys]
        self._map = map_
        self._fields = fields
        self._columns: list[_Column] = []
        self.cut = sum(
            integers.of(field.type)
            for field in fields.values
            if field.type is not None and isinstance(field.type.stripped, Array | Composite)
        )
        """Integers in a value that are no numbers of their own: those of long arrays, and of what has many members."""
        self._labels: dict[bytes, tuple[str, ...]] = {}
        """By key: written once."""
        families: dict[str, Family] = {}
        for field in fields.values:
            if not field.is_number or field.says_which or field.notation is not Notation.TYPED:
                continue
            path, indexes = indexed(field.path)
            unit = field.counter.unit if field.counter is not None else unit_of(f"{map_.name}{path}", field.type)
            if path not in families:
                labels = [*keys, *_index_labels(len(indexes)), *(["cpu"] if field.is_by_cpu else [])]
                name = metric_name(("bpf", "map", map_.name, path), unit, counts=field.counts)
                families[path] = Family(
                    taken(name, field.counts),
                    "counter" if field.counts else "gauge",
                    f"{path.removeprefix('.') or 'The value'} of the entries of map {map_.name}"
                    f"{', summed over the CPUs' if fields.is_summed and field.counter is not None else ''}.",
                    tuple(label_names(labels)),
                )
            self._columns.append(_Column(families[path], field, indexes, unit.seconds or 1.0, map_.cpus))
        self._families = [*families.values()]

    def families(self, snapshot: MapSnapshot, series: int) -> tuple[list[Family], int]:
        """Return its families, and of how many entries there are numbers in them."""
        for family in self._families:
            family.numbers.clear()
        each = sum(column.width for column in self._columns)
        shown = snapshot.entries[: series // each if each else 0]
        # Two numbers with the same labels would make whoever collects them refuse all.
        alike = self._fields.alike(self._map, shown)
        labels: dict[bytes, tuple[str, ...]] = {}
        for entry in shown:
            known = self._labels.get(entry.key)
            if known is None:
                known = tuple(field.text(entry) for field in self._fields.keys)
            labels[entry.key] = known
            own = (*known[:-1], f"{known[-1]} {entry.key.hex()}") if entry.key in alike and known else known
            for column in self._columns:
                column.add(entry, own)
        self._labels = labels
        return self._families, len(shown) if each else len(snapshot.entries)
