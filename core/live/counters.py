"""Counters: the integers in a map's values and in variables, which can be drawn over time."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, Protocol

from ..analysis.counting import Counting
from ..btf.types import Array
from ..btf.units import Unit, unit_of

if TYPE_CHECKING:
    from ..btf import ByteOrder, CType, Value
    from ..runtime import Entry
    from ..spec import MapType, VariableSpec
    from .sampler import Sample

__all__ = [
    "Counter",
    "Valued",
    "by_cpu",
    "counters",
    "decoded",
    "entry_value",
    "key_text",
    "record_counters",
    "variable_counters",
]

_BY_NAME: Final = Counting()
_INTEGER_SIZES = (1, 2, 4, 8)


class Valued(Protocol):
    """What has keys and values: a MapSpec, or a map that exists."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def type(self) -> MapType:
        """Its type."""
        ...

    @property
    def key_size(self) -> int:
        """Bytes of a key."""
        ...

    @property
    def value_size(self) -> int:
        """Bytes of a value; of a per-CPU map, of the value of one CPU."""
        ...

    @property
    def key(self) -> CType | None:
        """The key's C type, where it is known."""
        ...

    @property
    def value(self) -> CType | None:
        """The value's C type, where it is known."""
        ...


@dataclass(frozen=True, slots=True)
class Counter:
    """One integer within the values of a map, or within a variable."""

    source: Literal["map", "variable"]
    name: str
    """The map's or the variable's name."""
    path: str
    """From the start of the value: `.packets`, `[3].bytes`; empty when the value is the integer."""
    offset: int
    """Bytes from the start of the value."""
    size: int
    """In bytes."""
    signed: bool = False
    byte_order: ByteOrder = sys.byteorder
    bitfield: CType | None = None
    """The type that knows its bits, where it is a bitfield."""
    unit: Unit = Unit.NUMBER
    """What it counts, as far as its name or type tells."""

    @property
    def label(self) -> str:
        """What a column of it is called: `packets`, `[3].bytes`, or the name of the map or variable."""
        return self.path.removeprefix(".") or self.name

    @property
    def modulus(self) -> int:
        """Where it begins anew at 0, if it counts; a sum over CPUs goes back by as much when one of them does."""
        bits = 8 * self.size if self.bitfield is None else self.bitfield.bit_size
        return 0 if self.signed else 1 << (bits or 8 * self.size)

    def read(self, raw: bytes) -> int:
        """Return the integer in the value *raw*."""
        part = raw[self.offset : self.offset + self.size]
        if self.bitfield is not None:
            return int(self.bitfield.decode(part))  # pyright: ignore[reportArgumentType]  # a bitfield is an integer
        return int.from_bytes(part, self.byte_order, signed=self.signed)

    def total(self, entry: Entry) -> int:
        """Return the integer in *entry*: the sum over its CPUs."""
        return sum(map(self.read, entry.values))

    def of(self, entry: Entry, cpu: int | None = None) -> int | None:
        """Return the integer in *entry* that a CPU has, or the sum of all; None where there is no such CPU."""
        if cpu is None:
            return self.total(entry)
        return self.read(entry.values[cpu]) if cpu < len(entry.values) else None

    def find(self, sample: Sample) -> int | None:
        """Return the integer of a variable in *sample*; None where the sample does not have it."""
        raw = sample.variables.get(self.name)
        return None if raw is None else self.read(raw)


def counters(source: Valued, counting: Counting | None = None) -> list[Counter]:
    """Return what can be drawn of a map: every integer in its values, in the order of their offsets.

    Identifiers are none: those of maps in maps, of devices. Of a per-CPU map those that count something, by the
    rule in `core.analysis.counting`: *counting* knows the object's code, and without it names alone tell. Without
    type information a value of 1, 2, 4 or 8 bytes is an unsigned integer, and others hold none.
    """
    if source.type.says_which:
        return []
    found = _counters("map", source.name, source.value, source.value_size)
    if not source.type.per_cpu:
        return found
    counts = (counting or _BY_NAME).counts
    return [each for each in found if counts(source.name, each.path, None, each.offset, each.size)]


def variable_counters(variable: VariableSpec) -> list[Counter]:
    """Return what can be drawn of a variable: every integer in it."""
    return _counters("variable", variable.name, variable.type, variable.size)


def record_counters(stream: str, ctype: CType) -> list[Counter]:
    """Return what can be drawn of the records of a stream: every integer in them."""
    return _counters("map", stream, ctype, ctype.size)


def entry_value(source: Valued, entry: Entry, *, per_cpu: bool = False, counting: Counting | None = None) -> Value:
    """Return an entry's value; of a per-CPU map what counts summed over the CPUs and all else as a list of all CPUs'.

    With *per_cpu* it is a list of all CPUs' values. What counts is said by `counters`.
    """
    values = [decoded(source.value, raw) for raw in entry.values]
    if not source.type.per_cpu:
        return values[0]
    return values if per_cpu else _combined(source, counting or _BY_NAME, source.value, "", 0, values)


def by_cpu(source: Valued, entry: Entry, counting: Counting | None = None) -> dict[str, list[Value]]:
    """Return what of a per-CPU map's value is not summed: each CPU's, by the path from the start of the value."""
    if not source.type.per_cpu:
        return {}
    summed = {counter.offset for counter in counters(source, counting)}
    if source.value is None:
        return {} if summed else {"": [decoded(None, raw) for raw in entry.values]}
    return {
        path.removeprefix("."): [leaf.decode(raw[offset : offset + leaf.size]) for raw in entry.values]
        for path, leaf, offset in source.value.leaves()
        if offset not in summed
    }


def key_text(source: Valued, key: bytes) -> str:
    """Return a map's key as text."""
    from ..btf import format_value

    return format_value(decoded(source.key, key))


def _counters(source: Literal["map", "variable"], name: str, ctype: CType | None, size: int) -> list[Counter]:
    if ctype is None:
        return [Counter(source, name, "", 0, size, unit=unit_of(name, None))] if size in _INTEGER_SIZES else []
    return [
        Counter(
            source,
            name,
            path,
            offset,
            leaf.size,
            signed=(leaf.limits or (0, 0))[0] < 0,
            byte_order=leaf.btf.byte_order,
            bitfield=leaf if leaf.bit_size else None,
            unit=unit_of(f"{name}{path}", leaf),
        )
        for path, leaf, offset in ctype.leaves()
        if leaf.is_integer
    ]


def decoded(ctype: CType | None, raw: bytes) -> Value:
    """Return a key or value: without a type, an integer where it has the size of one, else its bytes."""
    if ctype is not None:
        return ctype.decode(raw)
    return int.from_bytes(raw, sys.byteorder) if len(raw) in _INTEGER_SIZES else raw


def _combined(
    source: Valued, counting: Counting, ctype: CType | None, path: str, offset: int, values: list[Value]
) -> Value:
    """Return the CPUs' values of a part of an entry as one: structs and arrays by their members."""
    if ctype is not None and isinstance(values[0], dict):
        dicts = [value for value in values if isinstance(value, dict)]
        return {
            name: _combined(source, counting, inner, f"{path}.{name}", offset + at, [each[name] for each in dicts])
            for name, inner, at in ctype.members()
        }
    if ctype is not None and isinstance(values[0], list) and isinstance(ctype.stripped, Array):
        element = ctype.element
        lists = [value for value in values if isinstance(value, list)]
        return [
            _combined(source, counting, element, f"{path}[{index}]", offset + index * element.size, list(column))
            for index, column in enumerate(zip(*lists, strict=True))
        ]
    size = source.value_size if ctype is None else ctype.size
    numbers = [value for value in values if isinstance(value, int)]
    if len(numbers) == len(values) and counting.counts(source.name, path, ctype, offset, size):
        return sum(numbers)
    return values
