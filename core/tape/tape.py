"""Tape: what a collection held over time, as a file has it, at any moment of it."""

from __future__ import annotations

import threading
from bisect import bisect_right
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ..closing import Closing
from ..files import LATEST
from ..live import Events, Sample
from ..live.trial import Ran
from ..runtime import Entry, MapSnapshot, Printed, PrintedLine, ProgramInfo
from ..runtime.stacks import Frame
from ..spec import CollectionSpec
from ..spec.document import is_document
from ..spec.edits import Edits
from .recorder import COUNTS, LOST
from .schema import FRAMES_SINCE, damaged, frame_key, is_written, open_to_read, raw, text
from .told import (
    ODD,
    by_cpu,
    bytes_of,
    cpus_of,
    floats_of,
    inflated,
    info_of,
    json_of,
    number_of,
    records_of,
    seconds_of,
    snapshot_of,
    text_of,
)
from .values import Values

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence

    from ..errors import ObjectError
    from ..live import Counter
    from ..runtime.stacks import Call

__all__ = ["Mark", "Recorded", "Tape"]

_OLDER: Final = "the recording was made by a bpftui that did not write the names of functions into it"
_UNNAMED: Final = "the recording has no name for it"
_RUNS: Final = 256
"""Test runs that are read at a time."""


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
        self.is_written = is_written(path)
        self._database = open_to_read(path)
        self._values = Values(self._database)
        self._infos: dict[str, ProgramInfo] = {}
        self._sources: dict[int, _Source] = {}
        self._entries: dict[int, tuple[int, bytes]] = {}
        self._times: list[float] = []
        self._version = -1
        self._has_frames = False
        self.began = 0.0
        try:
            with self._reading():
                self._open()
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        (version,) = self._one("PRAGMA user_version")
        self._has_frames = version >= FRAMES_SINCE
        facts: dict[str, Any] = dict(self._rows("SELECT name, value FROM fact"))
        self.file = text_of(facts["file"])
        self.object = inflated(facts["object"])
        self._edits = Edits.from_json(json_of(facts["edits"]))
        self.runtime = "vm" if facts["runtime"] == "vm" else "kernel"
        self.interval = seconds_of(facts["interval"])
        if self.interval < 0:
            raise ValueError("its samples are less than no time apart")
        self.began = seconds_of(facts.get("began", 0.0))
        if not 0 <= self.began < LATEST:
            raise ValueError("it began when no clock could have told")
        self._times = [*map(self._time, self._times)]  # now that it is known when it began
        self.machine = {name: text_of(each) for name, each in json_of(facts["machine"]).items()}
        self.remarks = tuple(text_of(each) for each in json_of(facts["remarks"])["remarks"])
        self._infos = {name: info_of(told) for name, told in json_of(facts["programs"]).items()}
        self.maps = {}
        for number, kind, name, details in self._rows("SELECT id, kind, name, details FROM source ORDER BY id"):
            source = _Source(text_of(kind), text_of(name))
            if source.kind == "map":
                told = json_of(details)
                found = Recorded(number_of(told["id"]), number_of(told["max_entries"]), cpus_of(told["cpus"]))
                self.maps[source.name], source = found, _Source("map", source.name, found.cpus)
            self._sources[number] = source

    is_written: bool
    """Whether it was still being written when it was opened."""
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
    def of_others(self) -> bool:
        """Whether it is of what others had loaded, whose streams nobody read: their records stay their owner's."""
        return is_document(self.object)

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
            return [Mark(self._time(time), *map(text_of, rest)) for time, *rest in rows]

    def runs(self) -> Iterator[tuple[float, Ran]]:
        """Iterate over the test runs, in their order: when each was, and what came of it."""
        last = -1
        while True:
            with self._reading():
                rows = [*self._rows("SELECT * FROM run WHERE id > ? ORDER BY id LIMIT ?", last, _RUNS)]
                found = [
                    (
                        self._time(time),
                        Ran(text_of(program), bytes_of(packet), bytes_of(data), number_of(retval), number_of(spent)),
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
            state = json_of(found_state)
            self._values.go_to(tick)
            told = {text_of(name): state.get("maps", {}).get(name, {}) for name in state["read"]}
            found: dict[int, list[tuple[bytes, bytes]]] = {}
            for number, value in sorted(self._values.now.items()):
                source, key = self._entry(number)
                found.setdefault(source, []).append((key, value))
            made = self._made(seconds_of(time), seconds_of(interval), times, found, told)
            return replace(made, uncounted=text_of(state.get("uncounted", "")))

    def _made(
        self,
        time: float,
        interval: float,
        times: bytes,
        found: Mapping[int, Sequence[tuple[bytes, bytes]]],
        told: Mapping[str, Any],
    ) -> Sample:
        """Return a sample of the maps that are told of, with keys and values by the numbers of their sources."""
        maps: dict[str, MapSnapshot] = {}
        variables: dict[str, bytes] = {}
        programs: dict[str, ProgramInfo] = {}
        for number, source in self._sources.items():
            entries = found.get(number, ())
            if source.kind == "map":
                if source.name in told:
                    maps[source.name] = snapshot_of(entries, source.cpus, told[source.name])
            elif source.kind == "variables":
                variables = {text(key): value for key, value in entries}
            else:
                programs = {text(key): self._info(text(key), value) for key, value in entries}
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

    def _times_of(self, time: float, raw: bytes) -> tuple[dict[str, float], float, float]:
        offsets = floats_of(raw)
        if len(offsets) != len(self._sources):
            raise ValueError("a sample does not say when it was read")
        read = {(each.kind, each.name): time + off for each, off in zip(self._sources.values(), offsets, strict=True)}
        maps = {name: at for (kind, name), at in read.items() if kind == "map"}
        return maps, read["variables", ""], read["programs", ""]

    def _info(self, name: str, value: bytes) -> ProgramInfo:
        runs, spent, misses = COUNTS.unpack(value)
        known = self._infos.get(name) or info_of({})
        return replace(known, run_cnt=runs, run_time_ns=spent, recursion_misses=misses)

    def events(self, tick: int) -> dict[str, Events]:
        """Return what streams brought with a sample."""
        with self._reading():
            rows = self._rows("SELECT source, count, lost, data FROM event WHERE tick = ? ORDER BY source", tick)
            return {
                self._sources[source].name: Events(records_of(data), number_of(count), number_of(lost), 0)
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
                    found[source.name] = Events((), number_of(count), number_of(lost), 0)
            return found

    def printed(self, tick: int) -> Printed:
        """Return what programs printed with a sample."""
        with self._reading():
            rows = [*self._rows("SELECT program, stream, text FROM printed WHERE tick = ? ORDER BY id", tick)]
            lost = sum(number_of(int(text_of(line))) for _, stream, line in rows if stream == LOST)
            lines = (
                PrintedLine(text_of(line), text_of(program), stream) for program, stream, line in rows if stream != LOST
            )
            return Printed(tuple(line for line in lines if line.stream in ("trace", "stdout", "stderr")), lost)

    def frame(self, call: Call, process: int, tick: int) -> Frame:
        """Return a frame of a stack as it was named at a sample, or if need be later.

        Args:
            call: The frame.
            process: In whose memory it is; 0 where nobody knows.
            tick: The sample.
        """
        with self._reading():
            if not self._has_frames:
                return Frame(call, problem=_OLDER)
            rows = self._rows(
                "SELECT name, offset, place, program, problem FROM frame WHERE process = ? AND address = ? "
                "ORDER BY tick > ?, abs(tick - ?) LIMIT 1",
                call.memory_of(process),
                frame_key(call),
                tick,
                tick,
            )
            for name, offset, place, program, problem in rows:
                told = text_of(name), number_of(offset), text_of(place), number_of(program), text_of(problem)
                return Frame(call, *told)
            return Frame(call, problem=_UNNAMED)

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
            known: dict[int, tuple[int, bytes]] = {}
            for number, source in self._sources.items():
                wanted = keys.get(source.name) if source.kind == "map" else None
                for entry, key in self._rows("SELECT id, key FROM entry WHERE source = ?", number):
                    if source.kind != "map" or (wanted is not None and key in wanted):
                        known[entry] = number, bytes(key)
            changes: dict[int, list[tuple[int, bytes | None]]] = {}
            for entry in known:
                for tick, value in self._values.history(entry, first, last):
                    changes.setdefault(max(tick, first), []).append((entry, value))
            rows = self._rows("SELECT id, time, interval, times FROM tick WHERE id BETWEEN ? AND ?", first, last)
            found = {tick: (self._time(time), seconds_of(each), times) for tick, time, each, times in rows}
            states = "SELECT id, state FROM tick WHERE id <= ? AND state IS NOT NULL ORDER BY id"
            told = {max(tick, first): json_of(state).get("maps", {}) for tick, state in self._rows(states, last)}
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
                now: dict[int, list[tuple[bytes, bytes]]] = {}
                for entry, value in values.items():
                    source, key = known[entry]
                    now.setdefault(source, []).append((key, value))
                with self._odd_is_damage():
                    made = self._made(*found[tick], now, {name: maps.get(name, {}) for name in keys})
                yield tick, made

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
                    None if value is None else counter.total(Entry(key, by_cpu(value, cpus))),
                )
                for tick, value in self._values.history(row[0])
            ]

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
            with self._odd_is_damage():
                self._database.execute("BEGIN")
                try:
                    self._look_again()
                    yield
                finally:
                    self._database.execute("COMMIT")

    @contextmanager
    def _odd_is_damage(self) -> Generator[None]:
        try:
            yield
        except ODD as error:
            raise self._damaged(error) from None

    def _look_again(self) -> None:
        """See what was written since the last time."""
        (version,) = self._one("PRAGMA data_version")
        if version == self._version:
            return
        self._version = version
        self._times = [self._time(time) for (time,) in self._rows("SELECT time FROM tick ORDER BY id")]
        if any(after < before for before, after in pairwise(self._times)):
            raise ValueError("its samples are not in the order of time")
        (last,) = self._one("SELECT coalesce(max(id), 0) FROM tick")
        spans = [*self._rows("SELECT id, first, last FROM minute ORDER BY id")]
        ends = [0, *(end for _, first, last in spans for end in (first, last))]
        if last != len(self._times) or ends != sorted(ends) or ends[-1] > last:
            raise ValueError("samples are missing")
        self._values.renew(last, spans)

    def _time(self, value: Any) -> float:
        """Return seconds since the beginning, at a date that a calendar has room for."""
        found = seconds_of(value)
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
