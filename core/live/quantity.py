"""Quantities: what of a loaded collection can be drawn over time, each a number that every look may tell.

A counter is in an entry of a map or in a variable; besides, all entries of a map have a sum and a number, programs run
and take their time, and streams bring records with numbers in them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Protocol

from ..btf.units import Unit
from .series import RateTracker, Series

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..analysis.records import RecordType
    from ..btf import CType
    from ..runtime import Entry
    from .counters import Counter
    from .drawn import EventLine, StreamState
    from .sampler import Sample

__all__ = [
    "Arrivals",
    "Entries",
    "Look",
    "OfEntry",
    "OfRecords",
    "Quantity",
    "Reading",
    "RunTime",
    "Runs",
    "Total",
    "Track",
]

_SHARE: Final = 0.2
"""Of one sample, in what is said to be the recent rate."""


class Look:
    """What one look brought.

    Args:
        sample: What there was.
        streams: How each stream is doing.
        events: What each brought.
    """

    def __init__(
        self,
        sample: Sample,
        streams: Mapping[str, StreamState] | None = None,
        events: Mapping[str, Sequence[EventLine]] | None = None,
    ) -> None:
        self.sample = sample
        self.streams = streams or {}
        self.events = events or {}
        self._entries: dict[str, dict[bytes, Entry]] = {}

    def time(self, quantity: Quantity) -> float:
        """Return when a quantity was read, on the clock of `Sample.time`."""
        return self.sample.time_of(*quantity.source)

    def entry(self, name: str, key: bytes) -> Entry | None:
        """Return an entry of a map; None where there is none."""
        if name not in self._entries:
            snapshot = self.sample.maps.get(name)
            self._entries[name] = {} if snapshot is None else {each.key: each for each in snapshot.entries}
        return self._entries[name].get(key)


class Reading(NamedTuple):
    """A quantity at a look. How it changed since the look before is the change of `amount` for each of `per`."""

    value: float
    """What it is."""
    amount: float
    per: float
    """Seconds, of what is told per second."""
    modulus: int = 0
    """Where the amount begins anew at 0; 0 for nowhere."""


class Quantity(Protocol):
    """A number that can be drawn; two that are equal are the same one."""

    @property
    def source(self) -> tuple[Literal["map", "variable", "program", "stream"], str]:
        """What it is of, by its kind and name."""
        ...

    @property
    def unit(self) -> Unit:
        """What it is a number of."""
        ...

    @property
    def grows(self) -> bool:
        """Whether how it changes says more than what it is, as of what counts."""
        ...

    @property
    def is_mean(self) -> bool:
        """Whether its change is for each of what happened, not for each second."""
        ...

    def read(self, look: Look) -> Reading | None:
        """Return what it is; None where nobody knows."""
        ...


@dataclass(frozen=True, slots=True)
class OfEntry:
    """A counter at one entry of a map, or in a variable."""

    counter: Counter
    key: bytes = b""
    """The entry's; nothing for a variable."""
    cpu: int | None = None
    """The CPU whose value it is, of a per-CPU map; None for the sum of all."""
    grows: bool = field(default=True, compare=False)
    is_mean: bool = field(default=False, init=False, compare=False)

    @property
    def source(self) -> tuple[Literal["map", "variable"], str]:
        """The map or the variable."""
        return self.counter.source, self.counter.name

    @property
    def unit(self) -> Unit:
        """That of the counter."""
        return self.counter.unit

    def read(self, look: Look) -> Reading | None:
        """Return what the entry has; None where there is no such entry."""
        counter = self.counter
        if counter.source == "variable":
            value = counter.find(look.sample)
        else:
            entry = look.entry(counter.name, self.key)
            value = None if entry is None else counter.of(entry, self.cpu)
        return _at(value, look.time(self), counter.modulus)


@dataclass(frozen=True, slots=True)
class Total:
    """A counter at all entries of a map, together; of all CPUs."""

    counter: Counter
    grows: bool = field(default=True, compare=False)
    is_mean: bool = field(default=False, init=False, compare=False)

    @property
    def source(self) -> tuple[Literal["map"], str]:
        """The map."""
        return "map", self.counter.name

    @property
    def unit(self) -> Unit:
        """That of the counter."""
        return self.counter.unit

    def read(self, look: Look) -> Reading | None:
        """Return the sum; None where not all entries were read: some of them would have no sum."""
        snapshot = look.sample.maps.get(self.counter.name)
        if snapshot is None or snapshot.partial:
            return None
        return _at(sum(map(self.counter.total, snapshot.entries)), look.time(self), self.counter.modulus)


@dataclass(frozen=True, slots=True)
class Entries:
    """How many entries a map has."""

    name: str
    unit: Unit = field(default=Unit.NUMBER, init=False)
    grows: bool = field(default=False, init=False)
    is_mean: bool = field(default=False, init=False)

    @property
    def source(self) -> tuple[Literal["map"], str]:
        """The map."""
        return "map", self.name

    def read(self, look: Look) -> Reading | None:
        """Return the number; None where they could not be counted to the end."""
        snapshot = look.sample.maps.get(self.name)
        if snapshot is None or not snapshot.is_counted:
            return None
        return _at(snapshot.count, look.time(self))


@dataclass(frozen=True, slots=True)
class Runs:
    """How often a program ran."""

    program: str
    unit: Unit = field(default=Unit.NUMBER, init=False)
    grows: bool = field(default=True, init=False)
    is_mean: bool = field(default=False, init=False)

    @property
    def source(self) -> tuple[Literal["program"], str]:
        """The program."""
        return "program", self.program

    def read(self, look: Look) -> Reading | None:
        """Return the number; None where runs are not counted."""
        info = look.sample.programs.get(self.program)
        if info is None or look.sample.uncounted:
            return None
        return _at(info.run_cnt, look.time(self))


@dataclass(frozen=True, slots=True)
class RunTime:
    """What a run of a program takes: since it was loaded, and as its change since the look before.

    Some 40 ns of it are the measuring.
    """

    program: str
    unit: Unit = field(default=Unit.NANOSECONDS, init=False)
    grows: bool = field(default=True, init=False)
    is_mean: bool = field(default=True, init=False)

    @property
    def source(self) -> tuple[Literal["program"], str]:
        """The program."""
        return "program", self.program

    def read(self, look: Look) -> Reading | None:
        """Return it; None where runs are not counted, and before the first one."""
        info = look.sample.programs.get(self.program)
        if info is None or look.sample.uncounted or not info.run_cnt:
            return None
        return Reading(info.run_time_ns / info.run_cnt, info.run_time_ns, info.run_cnt)


@dataclass(frozen=True, slots=True)
class Arrivals:
    """How many records a stream brought."""

    name: str
    unit: Unit = field(default=Unit.NUMBER, init=False)
    grows: bool = field(default=True, init=False)
    is_mean: bool = field(default=False, init=False)

    @property
    def source(self) -> tuple[Literal["stream"], str]:
        """The map."""
        return "stream", self.name

    def read(self, look: Look) -> Reading | None:
        """Return the number; None where the stream is not read."""
        state = look.streams.get(self.name)
        return None if state is None else _at(state.count, look.time(self))


@dataclass(frozen=True, slots=True)
class OfRecords:
    """A number in the records of a stream: the mean of those that a look brought."""

    counter: Counter
    """Where it is in a record; its name is the map's."""
    kind: CType | None = None
    """The structure that has it, where there are records of several."""
    record: RecordType | None = field(default=None, compare=False)
    """What tells of which structure a record is, where there are several."""
    grows: bool = field(default=False, init=False, compare=False)
    is_mean: bool = field(default=False, init=False, compare=False)

    @property
    def source(self) -> tuple[Literal["stream"], str]:
        """The map."""
        return "stream", self.counter.name

    @property
    def unit(self) -> Unit:
        """That of the number."""
        return self.counter.unit

    def read(self, look: Look) -> Reading | None:
        """Return the mean; None where no record came that is long enough to have it."""
        records = [event.raw for event in look.events.get(self.counter.name, ()) if self._is_in(event.raw)]
        found = [self.counter.read(raw) for raw in records]
        return _at(sum(found) / len(found), look.time(self)) if found else None

    def _is_in(self, raw: bytes) -> bool:
        """Whether a record has the number."""
        is_long_enough = len(raw) >= self.counter.offset + self.counter.size
        return is_long_enough and (self.record is None or self.record.of(raw) == self.kind)


class Track:
    """A quantity followed through what is seen: what it is, and how it changes.

    Args:
        capacity: How many looks are kept as they are; see `Series`.
    """

    def __init__(self, quantity: Quantity, *, capacity: int = 3600) -> None:
        self.quantity = quantity
        self.values = Series(capacity)
        self.rates = Series(capacity)
        self.recent = 0.0
        """About the rate of the last few looks: what is busy is told by it."""
        self.missing = 0
        """At how many looks, the last ones, nothing was told of it."""
        self._tracker = RateTracker()

    def add(self, look: Look) -> None:
        """Take what a look tells of the quantity; a gap where it tells nothing."""
        reading = self.quantity.read(look)
        time = look.time(self.quantity)
        rate = None
        self.missing = self.missing + 1 if reading is None else 0
        if reading is None:
            self._tracker.reset()
            self.values.append(time, None)
        else:
            rate = self._tracker.update(reading.per, reading.amount, reading.modulus)
            self.values.append(time, reading.value)
        self.rates.append(time, rate)
        self.recent += _SHARE * ((rate or 0.0) - self.recent)

    def interrupt(self, time: float) -> None:
        """Begin anew after *time*: what is counted then is another map's."""
        self._tracker.reset()
        self.values.append(time, None)
        self.rates.append(time, None)


def _at(value: float | None, time: float, modulus: int = 0) -> Reading | None:
    """Return what is told per second."""
    return None if value is None else Reading(value, value, time, modulus)
