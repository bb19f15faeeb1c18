"""Recorder: writes what a collection holds over time to a tape.

Each sample is a transaction, of the entries that changed; once a minute they are packed, in another one. So whoever is
killed loses the sample that was being written, and nothing of what was written before.
"""

from __future__ import annotations

import json
import os
import sqlite3
import struct
import threading
import time
import zlib
from array import array
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, Literal

from ..closing import Closing
from ..errors import ObjectError, UsageError
from ..live.stacks import Stacks
from ..spec import CollectionSpec
from ..spec.edits import Edits
from .packing import little, pack
from .schema import Claim, create, frame_key, raw

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping

    from ..live import Events, Sample
    from ..live.drawn import MarkKind
    from ..live.trial import Ran
    from ..runtime import Collection, MapSnapshot, Printed
    from ..runtime.stacks import Call, Frame
    from ..runtime.theirs import Theirs

__all__ = ["COUNTS", "LOST", "Recorder"]

COUNTS: Final = struct.Struct("<QQQ")
"""What a program's value is: runs, nanoseconds, runs that were left out."""
LOST: Final = "lost"
"""The stream of a line that says how many others nobody kept."""
_MINUTE: Final = 60.0
"""Seconds after which what changed is packed."""
_MANY: Final = 200_000
"""Changes after which it is packed at once."""
_HEAVY: Final = 16 << 20
"""Bytes of changes after which it is packed at once: what is packed together is unpacked together."""
_TICKS: Final = 60_000
"""Ticks that are packed together at most: their numbers have 16 bits."""
_ROOM: Final = 1 << 30
"""Bytes of a tape by default, at about which the oldest events are dropped."""
_SHARE: Final = 0.1
"""Of the ticks with events, how many lose them at once."""


class Recorder(Closing):
    """Writes a tape.

    Every method can be called from any thread. After an error the tape has ended, with all that was written before;
    what is recorded goes on.

    Args:
        path: The file, which is made.
        collection: What is recorded.
        object_: The object's bytes.
        edits: What was changed in the object before it was loaded.
        interval: Nominal seconds between two samples.
        start: What the clock of the samples' and marks' times tells at the moment that is 0 on the tape.
        room: Bytes of the file beyond which the oldest events are dropped; counters are kept.
        date: Tells the time since 1970, in seconds.

    Raises:
        ObjectError, NoPermissionError: The file cannot be made.
    """

    def __init__(
        self,
        path: str,
        collection: Collection,
        object_: bytes,
        edits: Edits,
        *,
        interval: float,
        start: float = 0.0,
        room: int = _ROOM,
        date: Callable[[], float] = time.time,
    ) -> None:
        self.path = path
        self._start = start
        self._room = room
        self._date = date
        self._lock = threading.RLock()
        self._sources: dict[tuple[str, str], int] = {}
        self._ids: dict[int, dict[bytes, int]] = {}
        """By source: the number of each entry that is there."""
        self._held: dict[int, bytes] = {}
        """By number of an entry: its value."""
        self._tick = 0
        self._state = ""
        self._first: int | None = None
        self._packed_at = 0.0
        self._changes = self._bytes = 0
        self._began = False
        self._stacks = Stacks(collection)
        self._stacked: dict[tuple[str, bytes], tuple[bytes, int]] = {}
        """Of each stack whose frames are named on the tape: the addresses, and in whose memory they are."""
        self._framed: dict[tuple[int, Call], Frame] = {}
        """By process and call: the frame as it is on the tape."""
        self._database: sqlite3.Connection | None = create(path)
        self._claim = Claim(path)
        try:
            self._begin(collection, object_, edits, interval)
        except BaseException:
            self.close()
            os.unlink(path)  # there is nothing in it, and it would be in the way of the next one
            raise

    @classmethod
    def of(
        cls,
        path: str,
        collection: Collection,
        *,
        interval: float,
        start: float = 0.0,
        theirs: Theirs | None = None,
    ) -> Recorder:
        """Begin a tape of a collection that was loaded from an object, or by others; arguments as for the class.

        Args:
            theirs: Set where others have loaded it: its loader has the object, and a document takes the place of it.

        Raises:
            UsageError: There is no object.
            ObjectError, NoPermissionError: The tape cannot be made.
        """
        spec = collection.spec
        if theirs is not None:
            return cls(path, collection, theirs.document(), Edits(), interval=interval, start=start)
        if spec.raw is None:
            raise UsageError(f"{spec.title} was not read from an object, which a recording has in it")
        edits = Edits.of(spec, CollectionSpec.from_bytes(spec.raw, file=spec.file))
        return cls(path, collection, spec.raw, edits, interval=interval, start=start)

    def _begin(self, collection: Collection, object_: bytes, edits: Edits, interval: float) -> None:
        machine = os.uname()
        remarks = [*collection.remarks, *(each.message for each in collection.problems.values())]
        facts = {
            "file": raw(_name_of(collection.spec)),
            "object": zlib.compress(object_, 6),
            "edits": json.dumps(edits.to_json()),
            "runtime": collection.runtime.name,
            "interval": interval,
            "machine": json.dumps({"system": machine.sysname, "release": machine.release, "machine": machine.machine}),
            "programs": json.dumps({name: asdict(each.info()) for name, each in collection.programs.items()}),
            "remarks": json.dumps({"remarks": remarks}),
        }
        with self._writing() as database:
            database.executemany("INSERT INTO fact VALUES(?, ?)", facts.items())
            for name, map_ in collection.maps.items():
                details = {"id": map_.id, "max_entries": map_.max_entries, "cpus": map_.cpus}
                self._source(database, "map", name, json.dumps(details))
            self._source(database, "variables", "", "")
            self._source(database, "programs", "", "")

    def _source(self, database: sqlite3.Connection, kind: str, name: str, details: str) -> None:
        number = database.execute("INSERT INTO source VALUES(NULL, ?, ?, ?)", (kind, raw(name), details)).lastrowid
        assert number is not None
        self._sources[kind, name] = number
        self._ids[number] = {}

    @property
    def ticks(self) -> int:
        """How many samples were written."""
        return self._tick

    @property
    def ended(self) -> bool:
        """Whether nothing is written any more."""
        return self._database is None

    def add(self, sample: Sample, events: Mapping[str, Events], printed: Printed) -> None:
        """Write a sample, with what streams brought and programs printed since the one before; once ended, nothing.

        Raises:
            ObjectError: It cannot be written, as when the disk is full: the tape has ended.
        """
        with self._lock:
            if self._database is None:
                return
            now = sample.time - self._start
            if now < 0:
                return  # its reading began before
            frames = [*self._new_frames(sample)]
            with self._writing() as database:
                if not self._began:
                    self._began = True
                    database.execute("INSERT INTO fact VALUES('began', ?)", (self._date() - now,))
                self._tick += 1
                if self._first is None:
                    self._first, self._packed_at = self._tick, now
                changes = [*self._changes_of(database, sample)]
                database.executemany(f"INSERT INTO change VALUES({self._tick}, ?, ?)", changes)
                self._changes += len(changes)
                self._bytes += sum(len(value) for _, value in changes if value is not None)
                self._write_tick(database, sample)
                database.executemany("INSERT INTO frame VALUES(?, ?, ?, ?, ?, ?, ?, ?)", map(self._row_of, frames))
                self._write_events(database, events, printed)
            is_due = now - self._packed_at >= _MINUTE or self._tick - self._first >= _TICKS - 1
            if is_due or self._changes >= _MANY or self._bytes >= _HEAVY:
                self._pack()
                self._make_room(now)

    def _new_frames(self, sample: Sample) -> Iterator[tuple[int, Frame]]:
        """Iterate over the frames of stacks that are not on the tape as they are: in whose memory, and how named.

        They are named now: what is where in memory is another thing at another time, and on another machine.
        """
        self._stacks.note(sample)
        for name in self._stacks.maps:
            for entry in sample.maps[name].entries if name in sample.maps else ():
                process = self._stacks.own_place(name, entry).process
                state = entry.values[0], process
                if self._stacked.get((name, entry.key)) == state:
                    continue
                self._stacked[name, entry.key] = state
                for frame in self._stacks.of_entry(name, entry).frames:
                    place = frame.call.memory_of(process), frame.call
                    if self._framed.get(place) != frame:
                        self._framed[place] = frame
                        yield place[0], frame

    def _row_of(self, framed: tuple[int, Frame]) -> tuple[int | bytes, ...]:
        process, (call, name, offset, where, program, problem) = framed
        return process, frame_key(call), self._tick, raw(name), offset, raw(where), program, raw(problem)

    def _changes_of(self, database: sqlite3.Connection, sample: Sample) -> Iterator[tuple[int, bytes | None]]:
        for name, snapshot in sample.maps.items():
            found = {entry.key: b"".join(entry.values) for entry in snapshot.entries}
            yield from self._changed(database, self._sources["map", name], found)
        variables = {raw(name): value for name, value in sample.variables.items()}
        yield from self._changed(database, self._sources["variables", ""], variables)
        programs = {
            raw(name): COUNTS.pack(info.run_cnt, info.run_time_ns, info.recursion_misses)
            for name, info in sample.programs.items()
        }
        yield from self._changed(database, self._sources["programs", ""], programs)

    def _changed(
        self, database: sqlite3.Connection, source: int, found: Mapping[bytes, bytes]
    ) -> Iterator[tuple[int, bytes | None]]:
        """Iterate over the entries of a source that are not as they were: number, and value or None."""
        ids, held = self._ids[source], self._held
        for key, value in found.items():
            number = ids.get(key)
            if number is None:
                number = ids[key] = _number(database, source, key)
            elif held[number] == value:
                continue
            held[number] = value
            yield number, value
        if len(ids) > len(found):
            for key in [key for key in ids if key not in found]:
                number = ids.pop(key)
                del held[number]
                yield number, None

    def _write_tick(self, database: sqlite3.Connection, sample: Sample) -> None:
        times = array("f", (sample.time_of(*_read_as(kind, name)) - sample.time for kind, name in self._sources))
        state = json.dumps(_state_of(sample), sort_keys=True)
        database.execute(
            "INSERT INTO tick VALUES(?, ?, ?, ?, ?)",
            (
                self._tick,
                sample.time - self._start,
                sample.interval,
                little(times),
                None if state == self._state else state,
            ),
        )
        self._state = state

    def _write_events(self, database: sqlite3.Connection, events: Mapping[str, Events], printed: Printed) -> None:
        for name, each in events.items():
            if not each.records and not each.lost and not each.count:
                continue
            lengths = array("I", map(len, each.records))
            packed = zlib.compress(little(array("I", [len(lengths)]) + lengths) + b"".join(each.records), 1)
            row = (self._tick, self._sources["map", name], each.count, each.lost, len(each.records), packed)
            database.execute("INSERT INTO event VALUES(?, ?, ?, ?, ?, ?)", row)
        lines = [(self._tick, raw(line.program), line.stream, raw(line.text)) for line in printed.lines]
        if printed.lost:
            lines.append((self._tick, b"", LOST, raw(str(printed.lost))))
        database.executemany("INSERT INTO printed VALUES(NULL, ?, ?, ?, ?)", lines)

    def mark(self, time: float, kind: MarkKind, what: str, detail: str = "") -> None:
        """Note what was done: when, by the clock of the samples, and to what; errors as for `add`."""
        with self._lock:
            if self._database is not None:
                row = (max(0.0, time - self._start), kind, raw(what), raw(detail))
                with self._writing() as database:
                    database.execute("INSERT INTO mark VALUES(NULL, ?, ?, ?, ?)", row)

    def ran(self, time: float, run: Ran) -> None:
        """Note a test run: when, by the clock of the samples; errors as for `add`."""
        with self._lock:
            if self._database is not None:
                row = (
                    max(0.0, time - self._start),
                    raw(run.program),
                    run.packet,
                    run.data,
                    run.retval,
                    run.duration_ns,
                )
                with self._writing() as database:
                    database.execute("INSERT INTO run VALUES(NULL, ?, ?, ?, ?, ?, ?)", row)

    def _pack(self) -> None:
        """Put the changes of the last minute into as few bytes as they take."""
        first, self._first = self._first, None
        self._changes = self._bytes = 0
        assert first is not None
        with self._writing() as database:
            minute = database.execute("INSERT INTO minute VALUES(NULL, ?, ?)", (first, self._tick)).lastrowid
            rows = database.execute("SELECT entry, tick, value FROM change ORDER BY entry, tick").fetchall()
            database.executemany(
                "INSERT INTO pack VALUES(?, ?, ?)",
                (
                    (entry, minute, pack([(tick, value) for _, tick, value in changes], first))
                    for entry, changes in groupby(rows, key=itemgetter(0))
                ),
            )
            database.execute("DELETE FROM change")

    def _make_room(self, now: float) -> None:
        """Drop the oldest events while the tape is larger than it may be."""
        with self._writing() as database:
            dropped = 0
            while self._size(database) > self._room:
                ticks = [tick for (tick,) in database.execute("SELECT DISTINCT tick FROM event ORDER BY tick")]
                if not ticks:
                    break
                last = ticks[int(len(ticks) * _SHARE)]
                (count,) = database.execute("SELECT sum(records) FROM event WHERE tick <= ?", (last,)).fetchone()
                database.execute("DELETE FROM event WHERE tick <= ?", (last,))
                dropped += count
            if dropped:
                row = (now, raw(f"{dropped:,} events"), b"")
                database.execute("INSERT INTO mark VALUES(NULL, ?, 'dropped', ?, ?)", row)

    @staticmethod
    def _size(database: sqlite3.Connection) -> int:
        size, pages, free = (
            database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_size", "page_count", "freelist_count")
        )
        return size * (pages - free)

    @contextmanager
    def _writing(self) -> Generator[sqlite3.Connection]:
        """Write as a whole or not at all; what the database says against it ends the tape."""
        database = self._database
        assert database is not None
        try:
            database.execute("BEGIN IMMEDIATE")
            yield database
            database.execute("COMMIT")
        except sqlite3.Error as error:
            self._database = None
            self._claim.yield_to_database()
            database.close()  # which undoes what is half done
            self._claim.close()
            reason = "the disk is full" if error.sqlite_errorcode == sqlite3.SQLITE_FULL else str(error)
            raise ObjectError(f"the recording has ended: {reason}", file=self.path) from None
        except BaseException:
            database.execute("ROLLBACK")
            raise

    def close(self) -> None:
        """End the tape, in a form that needs no other file beside it; a second call does nothing."""
        with self._lock, suppress(ObjectError):  # what is not packed is there all the same
            if self._first is not None and not self.ended:
                self._pack()
            database, self._database = self._database, None
            if database is not None:
                self._claim.yield_to_database()
                with suppress(sqlite3.Error), closing(database):  # else it is taken over at the next opening
                    # Where somebody reads it now the log stays beside it, but has nothing that is not in the file too.
                    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                    database.execute("PRAGMA journal_mode = DELETE")
            self._claim.close()


def _name_of(spec: CollectionSpec) -> str:
    """Return what an object is called: of what others have loaded not `id:42`, which is another thing elsewhere."""
    return spec.file if spec.raw is not None else spec.title


def _number(database: sqlite3.Connection, source: int, key: bytes) -> int:
    """Return the number of an entry, which it has for good."""
    row = database.execute("SELECT id FROM entry WHERE source = ? AND key = ?", (source, key)).fetchone()
    if row is not None:
        return row[0]
    number = database.execute("INSERT INTO entry VALUES(NULL, ?, ?)", (source, key)).lastrowid
    assert number is not None
    return number


def _read_as(kind: str, name: str) -> tuple[Literal["map", "variable", "program"], str]:
    """Return by what `Sample.time_of` knows when a source was read."""
    return ("map", name) if kind == "map" else ("variable", "") if kind == "variables" else ("program", "")


def _state_of(sample: Sample) -> dict[str, Any]:
    """Return what is told of a sample beside its values, as far as it is anything out of the ordinary."""
    maps = {name: state for name, snapshot in sample.maps.items() if (state := _map_state(snapshot))}
    return {
        "read": sorted(sample.maps),
        **({"maps": maps} if maps else {}),
        **({"uncounted": sample.uncounted} if sample.uncounted else {}),
    }


def _map_state(snapshot: MapSnapshot) -> dict[str, Any]:
    found = {
        "partial": snapshot.partial,
        "beyond": snapshot.beyond,
        "uncounted": not snapshot.is_counted,
        "note": snapshot.note,
        "upcoming": None if snapshot.upcoming is None else snapshot.upcoming.hex(),
    }
    return {name: value for name, value in found.items() if value not in (False, 0, "", None)}
