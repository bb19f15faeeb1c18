"""Tape: what a collection held over time, as a file has it, at any moment of it."""

from __future__ import annotations

import math
import sqlite3
import struct
import threading
import zlib
from bisect import bisect_right
from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from ..closing import Closing
from ..documents import parse_json
from ..files import LATEST
from ..live import Events, Sample
from ..live.trial import Ran
from ..runtime import Entry, MapSnapshot, Printed, PrintedLine, ProgramInfo
from ..spec import CollectionSpec
from ..spec.edits import Edits
from .packing import LARGEST, unlittle, unpack
from .recorder import COUNTS, LOST
from .schema import damaged, open_to_read, raw, text

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterable, Iterator, Mapping

    from ..errors import ObjectError
    from ..live import Counter

__all__ = ["Mark", "Recorded", "Tape"]

_LARGEST: Final = 1 << 28
"""Bytes of an object, or of the records of a tick."""
_MINUTES: Final = 4
"""Minutes whose changes are kept unpacked."""
_FORWARDS: Final = 3000
"""Ticks that are gone through one by one to get further on, where it would else be looked up."""
_TOGETHER: Final = 1 << 29
"""Bytes of what is kept unpacked, of minutes and of values: a megabyte of a file can say a gigabyte."""
_RUNS: Final = 256
"""Test runs that are read at a time."""
_EACH: Final = 100
"""Bytes that a value takes beside its own."""
_CPUS: Final = range(1, 8192 + 1)
"""As many as a kernel is built for at most (NR_CPUS)."""
_ODD: Final = (
    sqlite3.Error,
    struct.error,
    zlib.error,
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What a file that somebody else has written can bring about."""


class Mark(NamedTuple):
    """Something that was done while the tape ran."""

    time: float
    """Seconds since the beginning."""
    kind: str
    """`loaded`, `attached`, …: a `MarkKind`, if nobody else has written it."""
    what: str
    detail: str = ""


class Recorded(NamedTuple):
    """What a map was, as its runtime had it."""

    id: int
    """The kernel's number of it; 0 where there was no kernel."""
    max_entries: int
    cpus: int


@dataclass(frozen=True, slots=True)
class _Source:
    kind: str
    name: str
    cpus: int = 1


class Tape(Closing):
    """A recording that is read. Every method can be called from any thread; they take turns.

    Moments are ticks: the numbers of its samples, from 1 on.

    Args:
        path: The file.

    Raises:
        ObjectError: It is no recording, is damaged, or is of a version that is not known here; so of every method.
        NoPermissionError: It may not be read.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._database = open_to_read(path)
        self._at = 0
        self._values: dict[int, bytes] = {}
        """By number of an entry: its value at tick `_at`."""
        self._minutes: OrderedDict[int, tuple[dict[int, list[tuple[int, bytes | None]]], int]] = OrderedDict()
        """By number: the changes by tick, and about how many bytes they take."""
        self._infos: dict[str, ProgramInfo] = {}
        self._sources: dict[int, _Source] = {}
        self._entries: dict[int, tuple[int, bytes]] = {}
        self._times: list[float] = []
        self._spans: list[tuple[int, int, int]] = []
        self._version = -1
        self.began = 0.0
        try:
            with self._reading():
                self._open()
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        facts: dict[str, Any] = dict(self._rows("SELECT name, value FROM fact"))
        self.file = _text(facts["file"])
        self.object = _inflated(facts["object"])
        self._edits = Edits.from_json(_json(facts["edits"]))
        self.runtime = "vm" if facts["runtime"] == "vm" else "kernel"
        self.interval = _seconds(facts["interval"])
        if self.interval < 0:
            raise ValueError("its samples are less than no time apart")
        self.began = _seconds(facts.get("began", 0.0))
        if not 0 <= self.began < LATEST:
            raise ValueError("it began when no clock could have told")
        self._times = [*map(self._time, self._times)]  # now that it is known when it began
        self.machine = {name: _text(each) for name, each in _json(facts["machine"]).items()}
        self.remarks = tuple(_text(each) for each in _json(facts["remarks"])["remarks"])
        self._infos = {name: _info(told) for name, told in _json(facts["programs"]).items()}
        self.maps = {}
        for number, kind, name, details in self._rows("SELECT id, kind, name, details FROM source ORDER BY id"):
            source = _Source(_text(kind), _text(name))
            if source.kind == "map":
                told = _json(details)
                found = Recorded(_number(told["id"]), _number(told["max_entries"]), _cpus(told["cpus"]))
                self.maps[source.name], source = found, _Source("map", source.name, found.cpus)
            self._sources[number] = source

    file: str
    """What the object is called."""
    object: bytes
    """The object's bytes."""
    runtime: str
    """What ran it: `kernel` or `vm`."""
    interval: float
    """Nominal seconds between two samples."""
    began: float
    """When the time was 0, in seconds since 1970."""
    machine: Mapping[str, str]
    """What it ran on: `system`, `release`, `machine`."""
    remarks: tuple[str, ...]
    """What was done without, and what did not load: sentences."""
    maps: dict[str, Recorded]
    """By name."""

    @property
    def programs(self) -> Mapping[str, ProgramInfo]:
        """By name, what was known of each program once it was loaded."""
        return self._infos

    def spec(self) -> CollectionSpec:
        """Return the object as it was loaded, read anew."""
        spec = CollectionSpec.from_bytes(self.object, file=self.file)
        self._edits.apply(spec)
        return spec

    @property
    def ticks(self) -> int:
        """How many samples there are."""
        return len(self._times)

    @property
    def duration(self) -> float:
        """Seconds from the beginning to the last sample."""
        return self._times[-1] if self._times else 0.0

    def time(self, tick: int) -> float:
        """Return when a sample was taken, in seconds since the beginning."""
        return self._times[tick - 1]

    def tick_at(self, time: float) -> int:
        """Return the last tick that is not behind a time; the first one where there is none, 0 without any."""
        return max(bisect_right(self._times, time), min(1, len(self._times)))

    @property
    def marks(self) -> list[Mark]:
        """What was done meanwhile, in its order."""
        with self._reading():
            rows = self._rows("SELECT time, kind, what, detail FROM mark ORDER BY id")
            return [Mark(self._time(time), *map(_text, rest)) for time, *rest in rows]

    def runs(self) -> Iterator[tuple[float, Ran]]:
        """Iterate over the test runs, in their order: when each was, and what came of it."""
        last = -1
        while True:
            with self._reading():
                rows = [*self._rows("SELECT * FROM run WHERE id > ? ORDER BY id LIMIT ?", last, _RUNS)]
                found = [
                    (
                        self._time(time),
                        Ran(_text(program), _bytes(packet), _bytes(data), _number(retval), _number(spent)),
                    )
                    for _, time, program, packet, data, retval, spent in rows
                ]
            if not rows:
                return
            last = rows[-1][0]
            yield from found

    # What there was at a moment

    def sample(self, tick: int) -> Sample:
        """Return a sample as it was taken."""
        with self._reading():
            time, interval, times = self._one("SELECT time, interval, times FROM tick WHERE id = ?", tick)
            (found_state,) = self._one(
                "SELECT state FROM tick WHERE id <= ? AND state IS NOT NULL ORDER BY id DESC", tick
            )
            state = _json(found_state)
            self._go_to(tick)
            read = {_text(name) for name in state["read"]}
            found: dict[int, list[tuple[bytes, bytes]]] = {number: [] for number in self._sources}
            for number, value in sorted(self._values.items()):
                source, key = self._entry(number)
                found[source].append((key, value))
            maps: dict[str, MapSnapshot] = {}
            variables: dict[str, bytes] = {}
            programs: dict[str, ProgramInfo] = {}
            for number, source in self._sources.items():
                if source.kind == "map":
                    if source.name in read:
                        told = state.get("maps", {}).get(source.name, {})
                        maps[source.name] = _snapshot(found[number], source.cpus, told)
                elif source.kind == "variables":
                    variables = {text(key): value for key, value in found[number]}
                else:
                    programs = {text(key): self._info(text(key), value) for key, value in found[number]}
            map_times, variables_time, programs_time = self._times_of(_seconds(time), times)
            return Sample(
                time=_seconds(time),
                interval=_seconds(interval),
                maps=maps,
                variables=variables,
                programs=programs,
                uncounted=_text(state.get("uncounted", "")),
                map_times=map_times,
                variables_time=variables_time,
                programs_time=programs_time,
            )

    def _times_of(self, time: float, raw: bytes) -> tuple[dict[str, float], float, float]:
        offsets = _floats(raw)
        if len(offsets) != len(self._sources):
            raise ValueError("a sample does not say when it was read")
        read = {(each.kind, each.name): time + off for each, off in zip(self._sources.values(), offsets, strict=True)}
        maps = {name: at for (kind, name), at in read.items() if kind == "map"}
        return maps, read["variables", ""], read["programs", ""]

    def _info(self, name: str, value: bytes) -> ProgramInfo:
        runs, spent, misses = COUNTS.unpack(value)
        known = self._infos.get(name) or _info({})
        return replace(known, run_cnt=runs, run_time_ns=spent, recursion_misses=misses)

    def events(self, tick: int) -> dict[str, Events]:
        """Return what streams brought with a sample."""
        with self._reading():
            rows = self._rows("SELECT source, count, lost, data FROM event WHERE tick = ? ORDER BY source", tick)
            return {
                self._sources[source].name: Events(_records(data), _number(count), _number(lost), 0)
                for source, count, lost, data in rows
            }

    def streams(self, tick: int, names: Iterable[str]) -> dict[str, Events]:
        """Return of each stream how many records it had brought by a sample, and lost, without them."""
        with self._reading():
            found: dict[str, Events] = {}
            for number, source in self._sources.items():
                if source.kind == "map" and source.name in names:
                    rows = self._rows(
                        "SELECT count, lost FROM event WHERE source = ? AND tick <= ? ORDER BY tick DESC LIMIT 1",
                        number,
                        tick,
                    )
                    count, lost = next(rows, (0, 0))
                    found[source.name] = Events((), _number(count), _number(lost), 0)
            return found

    def printed(self, tick: int) -> Printed:
        """Return what programs printed with a sample."""
        with self._reading():
            rows = [*self._rows("SELECT program, stream, text FROM printed WHERE tick = ? ORDER BY id", tick)]
            lost = sum(_number(int(_text(line))) for _, stream, line in rows if stream == LOST)
            lines = (
                PrintedLine(_text(line), _text(program), stream) for program, stream, line in rows if stream != LOST
            )
            return Printed(tuple(line for line in lines if line.stream in ("trace", "stdout", "stderr")), lost)

    def keys(self, name: str) -> set[bytes]:
        """Return the keys of all entries that a map ever had."""
        with self._reading():
            return {
                bytes(key)
                for number, source in self._sources.items()
                if (source.kind, source.name) == ("map", name)
                for (key,) in self._rows("SELECT key FROM entry WHERE source = ?", number)
            }

    def parts(
        self, first: int, last: int, keys: Mapping[str, Collection[bytes]], *, every: int = 1
    ) -> Iterator[tuple[int, Sample]]:
        """Iterate over the samples of some ticks, and these, with no more in them than some entries of some maps.

        It takes as long as there are entries, however many others there are beside them.

        Args:
            first: The tick of the first sample.
            last: That of the last.
            keys: By the name of a map, the keys of its entries; variables and programs are all there.
            every: Of so many ticks one, the last among them.
        """
        with self._reading():
            known: dict[int, tuple[str, str, bytes]] = {}
            for number, source in self._sources.items():
                wanted = keys.get(source.name) if source.kind == "map" else None
                for entry, key in self._rows("SELECT id, key FROM entry WHERE source = ?", number):
                    if source.kind != "map" or (wanted is not None and key in wanted):
                        known[entry] = source.kind, source.name, bytes(key)
            changes: dict[int, list[tuple[int, bytes | None]]] = {}
            for entry in known:
                for tick, value in self._history(entry, first, last):
                    changes.setdefault(max(tick, first), []).append((entry, value))
            rows = self._rows("SELECT id, time, interval, times FROM tick WHERE id BETWEEN ? AND ?", first, last)
            found = {tick: (self._time(time), _seconds(each), times) for tick, time, each, times in rows}
            states = "SELECT id, state FROM tick WHERE id <= ? AND state IS NOT NULL ORDER BY id"
            told = {max(tick, first): _json(state).get("maps", {}) for tick, state in self._rows(states, last)}
        values: dict[int, bytes] = {}
        maps: Mapping[str, Any] = {}
        for tick in range(first, last + 1):
            for entry, value in changes.get(tick, ()):
                if value is None:
                    values.pop(entry, None)
                else:
                    values[entry] = value
            maps = told.get(tick, maps)
            if (last - tick) % every == 0:
                now = {known[entry]: value for entry, value in values.items()}
                yield tick, self._part(*found[tick], now, {name: maps.get(name, {}) for name in keys})

    def _part(
        self,
        time: float,
        interval: float,
        times: bytes,
        values: Mapping[tuple[str, str, bytes], bytes],
        told: Mapping[str, Any],
    ) -> Sample:
        entries: dict[str, list[tuple[bytes, bytes]]] = {name: [] for name in told}
        variables: dict[str, bytes] = {}
        programs: dict[str, ProgramInfo] = {}
        for (kind, name, key), value in values.items():
            match kind:
                case "map":
                    entries[name].append((key, value))
                case "variables":
                    variables[text(key)] = value
                case _:
                    programs[text(key)] = self._info(text(key), value)
        maps = {
            name: _snapshot(found, self.maps[name].cpus, told[name])
            for name, found in entries.items()
            if name in self.maps
        }
        map_times, variables_time, programs_time = self._times_of(time, times)
        return Sample(
            time,
            interval,
            maps,
            variables,
            programs,
            map_times=map_times,
            variables_time=variables_time,
            programs_time=programs_time,
        )

    def samples(self) -> Iterator[tuple[int, Sample]]:
        """Iterate over all samples, with their ticks."""
        for tick in range(1, self.ticks + 1):
            yield tick, self.sample(tick)

    def points(self, counter: Counter, key: bytes = b"") -> list[tuple[float, int | None]]:
        """Return a counter over time: at each change of its entry, seconds and its value, None where it was gone.

        Args:
            counter: Of a map or a variable.
            key: The map's entry.
        """
        with self._reading():
            kind, name = ("map", counter.name) if counter.source == "map" else ("variables", "")
            key = key if counter.source == "map" else raw(counter.name)
            source = next(
                (number for number, each in self._sources.items() if (each.kind, each.name) == (kind, name)), 0
            )
            row = self._database.execute("SELECT id FROM entry WHERE source = ? AND key = ?", (source, key)).fetchone()
            if row is None:
                return []
            cpus = self._sources[source].cpus
            return [
                (
                    self._times[tick - 1],
                    None if value is None else counter.total(Entry(key, _split(value, cpus))),
                )
                for tick, value in self._history(row[0])
            ]

    def _history(self, entry: int, since: int = 1, last: int | None = None) -> Iterator[tuple[int, bytes | None]]:
        """Iterate over the changes of an entry, up to a tick; of those before *since* the last one is among them."""
        last = len(self._times) if last is None else last
        first = {minute: start for minute, start, _ in self._spans}
        within = [minute for minute, start, end in self._spans if end >= since and start <= last]
        before: tuple[int, bytes | None] | None = None
        earlier = "SELECT minute, data FROM pack WHERE entry = ? AND minute < ? ORDER BY minute DESC LIMIT 1"
        begin = within[0] if within else max(first, default=0) + 1
        for minute, data in self._rows(earlier, entry, begin):
            before = unpack(data, first[minute])[-1]
        changes = "SELECT minute, data FROM pack WHERE entry = ? AND minute BETWEEN ? AND ? ORDER BY minute"
        found = chain(
            (
                change
                for minute, data in self._rows(changes, entry, begin, within[-1] if within else -1)
                for change in unpack(data, first[minute])
            ),
            self._rows("SELECT tick, value FROM change WHERE entry = ? ORDER BY tick", entry),
        )
        for tick, value in found:
            tick = self._known(tick)
            if tick > last:
                break
            if tick >= since:
                if before is not None:
                    yield before
                    before = None
                yield tick, value
            else:
                before = tick, value
        if before is not None:
            yield before

    def _known(self, tick: Any) -> int:
        """Return a tick that there is; ValueError for another one."""
        if not isinstance(tick, int) or not 0 < tick <= len(self._times):
            raise ValueError("there is a change of no sample")
        return tick

    # The values at a tick

    def _go_to(self, tick: int) -> None:
        """Have the values that there were at a tick."""
        if not 0 <= tick - self._at <= _FORWARDS or not self._at:
            self._look_up(tick)
            return
        while self._at < tick:
            self._at += 1
            changes = self._minute_of(self._at)
            self._take(changes.get(self._at, ()))

    def _take(self, changes: list[tuple[int, bytes | None]] | tuple[()]) -> None:
        for entry, value in changes:
            if value is None:
                self._values.pop(entry, None)
            else:
                self._values[entry] = value

    def _look_up(self, tick: int) -> None:
        """Find the values at a tick, without those of all ticks before."""
        index = bisect_right(self._spans, tick, key=_first) - 1
        minute = self._spans[index][0] if index >= 0 else 0
        start = self._spans[index][1] if index >= 0 else 1
        if index >= 0 and tick > self._spans[index][2]:  # it is not packed yet
            minute, start = minute + 1, self._spans[index][2] + 1
        self._values, self._at = {}, 0
        newest = (
            "SELECT entry.id, pack.minute, pack.data FROM entry JOIN pack ON pack.entry = entry.id AND pack.minute = "
            "(SELECT max(minute) FROM pack WHERE entry = entry.id AND minute < ?)"
        )
        firsts = {number: first for number, first, _ in self._spans}
        left = _TOGETHER
        for entry, number, data in self._rows(newest, minute):
            value = unpack(data, firsts[number])[-1][1]
            if value is not None:
                self._values[entry] = value
                left -= len(value) + _EACH
                if left < 0:
                    raise ValueError("there are more values than are written")
        changes = self._minute_of(start)
        for each in range(start, tick + 1):
            self._take(changes.get(each, ()))
        self._at = tick

    def _minute_of(self, tick: int) -> dict[int, list[tuple[int, bytes | None]]]:
        """Return the changes of all ticks that are packed together with one, by tick."""
        index = bisect_right(self._spans, tick, key=_first) - 1
        number, first, last = self._spans[index] if index >= 0 else (0, 1, 0)
        if tick > last:
            number, first, last = 0, last + 1, self.ticks
        if number in self._minutes:
            self._minutes.move_to_end(number)
            return self._minutes[number][0]
        left = _TOGETHER
        found: dict[int, list[tuple[int, bytes | None]]] = {}
        if number:
            for entry, data in self._rows("SELECT entry, data FROM pack WHERE minute = ?", number):
                packed = unpack(data, first, min(LARGEST, left))
                left -= sum(len(value or b"") + _EACH for _, value in packed)
                for each, value in packed:
                    found.setdefault(each, []).append((entry, value))
        else:
            for each, entry, value in self._rows("SELECT tick, entry, value FROM change ORDER BY rowid"):
                found.setdefault(each, []).append((entry, None if value is None else bytes(value)))
        self._minutes[number] = found, _TOGETHER - left
        while len(self._minutes) > _MINUTES or (
            len(self._minutes) > 1 and sum(size for _, size in self._minutes.values()) > _TOGETHER
        ):
            self._minutes.popitem(last=False)
        return found

    def _entry(self, number: int) -> tuple[int, bytes]:
        """Return the source and the key of an entry."""
        found = self._entries.get(number)
        if found is None:
            self._entries |= {
                each: (source, bytes(key)) for each, source, key in self._rows("SELECT id, source, key FROM entry")
            }
            found = self._entries[number]
        return found

    # The database

    def _rows(self, query: str, *values: object) -> Iterator[Any]:
        return iter(self._database.execute(query, values))

    def _one(self, query: str, *values: object) -> Any:
        row = self._database.execute(query, values).fetchone()
        if row is None:
            raise ValueError("something is missing")
        return row

    @contextmanager
    def _reading(self) -> Generator[None]:
        """Read as things are at one moment, while somebody else may write; what is odd is damage."""
        with self._lock:
            if self._database.in_transaction:
                yield
                return
            try:
                self._database.execute("BEGIN")
                try:
                    self._look_again()
                    yield
                finally:
                    self._database.execute("COMMIT")
            except _ODD as error:
                raise self._damaged(error) from None

    def _look_again(self) -> None:
        """See what was written since the last time."""
        (version,) = self._one("PRAGMA data_version")
        if version == self._version:
            return
        self._version = version
        self._minutes.pop(0, None)
        self._times = [self._time(time) for (time,) in self._rows("SELECT time FROM tick ORDER BY id")]
        if any(after < before for before, after in pairwise(self._times)):
            raise ValueError("its samples are not in the order of time")
        (last,) = self._one("SELECT coalesce(max(id), 0) FROM tick")
        self._spans = [*self._rows("SELECT id, first, last FROM minute ORDER BY id")]
        ends = [0, *(end for _, first, last in self._spans for end in (first, last))]
        if last != len(self._times) or ends != sorted(ends) or ends[-1] > last:
            raise ValueError("samples are missing")

    def _time(self, value: Any) -> float:
        """Return seconds since the beginning, at a date that a calendar has room for."""
        found = _seconds(value)
        if not 0 <= found < LATEST - self.began:
            raise ValueError("something was at a time that no clock could have told")
        return found

    def _damaged(self, error: Exception) -> ObjectError:
        if isinstance(error, KeyError):
            error = ValueError(f"{error.args[0]!r} is missing")
        return damaged(self.path, error)

    def close(self) -> None:
        """Let go of the file; a second call does nothing."""
        with self._lock:
            self._database.close()


def _first(span: tuple[int, int, int]) -> int:
    return span[1]


def _snapshot(entries: list[tuple[bytes, bytes]], cpus: int, told: Mapping[str, Any]) -> MapSnapshot:
    upcoming = told.get("upcoming")
    return MapSnapshot(
        tuple(Entry(key, _split(value, cpus)) for key, value in entries),
        partial=bool(told.get("partial")),
        beyond=_number(told.get("beyond", 0)),
        is_counted=not told.get("uncounted"),
        note=_text(told.get("note", "")),
        upcoming=None if upcoming is None else bytes.fromhex(_text(upcoming)),
    )


def _split(value: bytes, cpus: int) -> tuple[bytes, ...]:
    """Return the values of all CPUs."""
    if cpus == 1:
        return (value,)
    size, rest = divmod(len(value), cpus)
    if rest:
        raise ValueError("a value is not of all CPUs")
    return tuple(value[at : at + size] for at in range(0, len(value), size)) if size else (b"",) * cpus


def _records(packed: Any) -> tuple[bytes, ...]:
    """Return the records of a stream: a count, their lengths, and all of their bytes."""
    raw = _inflated(packed)
    (count,) = unlittle("I", raw[:4])
    start = 4 + 4 * count
    lengths = unlittle("I", raw[4:start])
    if len(lengths) != count or len(raw) - start != sum(lengths):
        raise ValueError("records of a stream are cut off")
    found: list[bytes] = []
    for length in lengths:
        found.append(raw[start : start + length])
        start += length
    return tuple(found)


def _floats(raw: Any) -> list[float]:
    if not isinstance(raw, bytes):
        raise TypeError("the times of a sample are no bytes")
    return [_seconds(value) for (value,) in struct.iter_unpack("<f", raw)]


def _info(told: Any) -> ProgramInfo:
    """Return what a runtime knew of a program; of what makes no sense, nothing."""
    empty = ProgramInfo(0, "", 0, 0, None, 0, 0)
    known = {
        each.name: told[each.name]
        for each in fields(ProgramInfo)
        if isinstance(told.get(each.name), type(getattr(empty, each.name)) | int)
        and isinstance(told[each.name], str) == isinstance(getattr(empty, each.name), str)
    }
    return replace(empty, **known)


def _inflated(packed: Any) -> bytes:
    inflate = zlib.decompressobj()
    raw = inflate.decompress(packed, _LARGEST)
    if not inflate.eof:
        raise ValueError("a part is cut off, or larger than any that is written")
    return raw


def _json(value: Any) -> dict[str, Any]:
    document = parse_json(_text(value))
    if not isinstance(document, dict):
        raise TypeError("a part is no object of JSON")
    return cast("dict[str, Any]", document)


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return text(value)
    if not isinstance(value, str):
        raise TypeError("a text is none")
    return value


def _bytes(value: Any) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError("a packet is none")
    return value


def _number(value: Any) -> int:
    if not isinstance(value, int) or value < 0:
        raise TypeError("a number is none")
    return value


def _cpus(value: Any) -> int:
    if not isinstance(value, int) or value not in _CPUS:
        raise ValueError("no machine has so many CPUs")
    return value


def _seconds(value: Any) -> float:
    if not isinstance(value, float | int) or not math.isfinite(value):
        raise TypeError("a time is none")
    return float(value)
