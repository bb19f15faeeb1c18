"""Events: the records of all streams of a collection, taken from them as they come.

A thread empties the streams every few hundredths of a second, and again at once as long as one fills up faster than
that: between two looks of a slow reader a ring buffer would be full many times over. What is taken waits in memory for
whoever asks, up to a limit; beyond that the oldest go, and are counted as lost.

What was lost before that is told as far as anybody knows it. A perf buffer has records of the kernel's that count what
found no room. Of a ring buffer the kernel tells nothing: the program may count the reservations that failed, and what
is seen from here is that the buffer was full when it was looked at.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from ..analysis.records import PADDING, record_type
from ..closing import Closing
from ..errors import BpftuiError
from ..spec import MapType
from ..threads import NoThreadError, start_thread
from .block import Backlog, Block
from .stream import HEADER, RingBuffer, open_records
from .written import written

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence

    from ..analysis.records import RecordType
    from ..btf import CType, Value
    from ..runtime import Collection
    from .stream import Records

__all__ = ["EventReader", "EventSource", "Events", "is_padding", "is_record", "record_text", "record_value"]

_PAUSE: Final = 0.02
"""Seconds between two looks at streams that do not fill up."""
_BREATH: Final = 0.0005
"""Seconds between two looks at streams that do: others want a turn."""
_LOOK: Final = 0.05
"""Seconds of a look at one stream, at most."""
_CHUNK: Final = 4096
"""Records that are taken at a time."""
_BATCH: Final = 512
"""Records that are handed on at a time, where whoever asks looks at the clock: some milliseconds' work."""
_KEPT: Final = 64 << 20
"""Bytes of a stream's records that wait for whoever takes them."""
_TYPICAL: Final = 100
"""Records that tell about how long others are."""
_HEARD: Final = 1000
"""Records of a stream that one who listens is told of."""
REST: Final = "..."
"""The member of a record that is longer than its type: the bytes behind it. No name in C is like it."""


@dataclass(frozen=True, slots=True)
class Events:
    """What one stream brought since it was last asked for."""

    records: Sequence[bytes]
    count: int
    """How many came since the reading began, those that were lost on our side among them."""
    lost: int
    """How many were lost since the reading began, as far as anybody tells."""
    behind: int
    """About how many wait to be asked for: in the stream, and in memory where only a part was asked for."""
    full: int = 0
    """How often the stream was found full: where nobody counts what is lost, some was then, in all likelihood."""
    dropped: int = 0
    """How many of the lost ones were here, and went before anybody asked for them."""


class EventSource(Protocol):
    """What tells what streams brought: an `EventReader`, for one."""

    @property
    def types(self) -> Mapping[str, RecordType]:
        """Of each stream that is read, the type of its records."""
        ...

    def batches(self) -> Iterator[Mapping[str, Events]]:
        """Yield what has come since the last time, a batch at a time, one batch at least."""
        ...


class _Stream:
    """One stream, and what was taken from it."""

    def __init__(self, records: Records, size: int, *, keeps: bool) -> None:
        self.records = records
        self.size = size
        self.keeps = keeps
        # What comes by the million stays in one piece.
        self._read = records.read_block if isinstance(records, RingBuffer) else records.read
        self.taken = Backlog(_KEPT)
        self._newest: Sequence[bytes] = ()
        self.count = 0
        self.dropped = 0
        self.full = 0
        self.heard: list[deque[bytes]] = []

    def drain(self, until: float) -> bool:
        """Take what is there by then; return whether it was so much that it is to be looked at again at once."""
        waiting = self.records.pending
        # The longest record decides whether another one would fit; an eighth is more than any but the strangest has.
        self.full += bool(self.size) and waiting > self.size - self.size // 8
        while found := self._read(_CHUNK):
            for heard in self.heard:
                heard.extend(found[-_HEARD:])
            self.count += len(found)
            self._newest = found[-_TYPICAL:]
            if self.keeps:
                self.dropped += self.taken.put(found if isinstance(found, Block) else Block.of(found))
            if time.monotonic() >= until:
                return True
        return bool(self.size) and waiting > self.size // 4

    def take(self, most: int | None = None) -> Events:
        """Return what was taken, the oldest first; at most so many."""
        found = self.taken.take(most)
        room = HEADER + sum(map(len, self._newest)) / max(1, len(self._newest))
        behind = round(self.records.pending / room)
        lost = self.records.lost + self.dropped
        return Events(found, self.count, lost, behind + len(self.taken), self.full, self.dropped)


class EventReader(Closing):
    """Reads the ring buffers and perf event arrays of a loaded collection, in a thread of its own.

    Args:
        collection: What has them.
        names: Which of its streams; without, all.
        keeps: Whether records are kept until somebody takes them; else they are counted, and none is lost on our side.
    """

    def __init__(self, collection: Collection, names: Iterable[str] | None = None, *, keeps: bool = True) -> None:
        self._streams: dict[str, _Stream] = {}
        self.types = {}
        self.problems = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        for name in collection.maps if names is None else names:
            source = collection.maps[name]
            if not source.type.is_stream:
                continue
            try:
                records = open_records(source)
            except BpftuiError as error:
                self.problems[name] = error
                continue
            if records is not None:
                size = source.max_entries if source.type is MapType.RINGBUF else 0
                self._streams[name] = _Stream(records, size, keeps=keeps)
                self.types[name] = record_type(collection.spec, source.spec)
        self._thread = threading.Thread(target=self._run, name="bpftui-events", daemon=True)
        if self._streams:
            with contextlib.suppress(NoThreadError):  # then `take` reads what is there when it is called
                start_thread(self._thread)

    types: dict[str, RecordType]
    """Of each stream that is read, the type of its records; can be set to another one."""
    problems: dict[str, BpftuiError]
    """Why a stream cannot be read."""

    def take(self) -> Mapping[str, Events]:
        """Return what came since the last time, of each stream."""
        with self._lock:
            if not self._stopping.is_set():
                self._drain()
            return {name: stream.take() for name, stream in self._streams.items()}

    def totals(self) -> Mapping[str, Events]:
        """Return how much came of each stream and was lost since the reading began, and take nothing."""
        with self._lock:
            if not self._stopping.is_set():
                self._drain()
            return {name: stream.take(0) for name, stream in self._streams.items()}

    def batches(self, size: int = 0) -> Iterator[Mapping[str, Events]]:
        """Yield what has come, a batch of at most *size* records of each stream at a time, one batch at least.

        What comes meanwhile is not in it. Who goes no further leaves the rest for the next time: it is `behind`, and
        what there is no room for when more comes is lost, the oldest first.
        """
        size = size or _BATCH
        with self._lock:
            if not self._stopping.is_set():
                self._drain(0.0)  # a chunk: where there is more, the thread is at it
            left = max((len(stream.taken) for stream in self._streams.values()), default=0)
        while True:
            with self._lock:
                batch = {name: stream.take(min(size, left)) for name, stream in self._streams.items()}
            yield batch
            left -= size
            if left <= 0:
                return

    @contextlib.contextmanager
    def listening(self) -> Generator[Callable[[], Mapping[str, Sequence[bytes]]]]:
        """Hear what comes meanwhile, beside whoever takes it.

        Yields:
            What returns the records of each stream that came since: the newest 1,000.
        """
        heard = {name: deque[bytes](maxlen=_HEARD) for name in self._streams}
        with self._lock:
            self._drain()  # what came before is not of interest
            for name, stream in self._streams.items():
                stream.heard.append(heard[name])

        def so_far() -> Mapping[str, Sequence[bytes]]:
            with self._lock:
                if not self._stopping.is_set():
                    self._drain()
                return {name: tuple(records) for name, records in heard.items()}

        try:
            yield so_far
        finally:
            with self._lock:
                for name, stream in self._streams.items():
                    stream.heard.remove(heard[name])

    def close(self) -> None:
        """End the reading and let go of the streams; a second call does nothing."""
        self._stopping.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()
        for stream in self._streams.values():
            stream.records.close()

    def _run(self) -> None:
        pause = 0.0
        while not self._stopping.wait(pause):
            with self._lock:
                is_behind = self._drain()
            pause = _BREATH if is_behind else _PAUSE

    def _drain(self, seconds: float = _LOOK) -> bool:
        """Take what is there, as far as there is time for each; return whether to look again at once."""
        again = [stream.drain(time.monotonic() + seconds) for stream in self._streams.values()]
        return any(again)


def record_value(raw: bytes, declared: RecordType) -> Value:
    """Return a record as a value: a flexible array has as many elements as the record has.

    What is behind a type without such an array is the member `...`, as bytes; a record that is shorter than its type is
    bytes. The kernel pads what is written to a perf event array, so that a few bytes may be there that nobody wrote.
    """
    return _typed(raw, declared)[0]


def record_text(raw: bytes, declared: RecordType, *, limit: int | None = None) -> str:
    """Return a record as one line of text, of at most *limit* characters.

    One that is not what it is taken for begins with why: `4 bytes, struct event has 24: 07 00 00 00`. Where there are
    several kinds, it begins with its own: `ended {pid=10, spent_ns=1500}`.
    """
    from ..btf import format_value

    value, reason = _typed(raw, declared)
    ctype = declared.of(raw)
    if not reason:
        value = written(ctype, raw, value, "record")
    name = ctype.c_text.removeprefix("struct ") if declared.kinds and ctype is not None else ""
    text = (f"{reason}: " if reason else f"{name} " if name else "") + format_value(value, limit=limit)
    return text if limit is None or len(text) <= limit else text[: limit - 1] + "…"


def _typed(raw: bytes, declared: RecordType) -> tuple[Value, str]:
    """Return a record as a value, and why that is its bytes although it has a type; empty where it is not."""
    ctype = declared.of(raw)
    if ctype is None:
        return raw, f"{_length(raw)}, as none of its structures" if declared.kinds else ""
    if not is_record(raw, ctype):
        return raw, _misfit(raw, ctype)
    value = ctype.decode(raw if ctype.is_flexible else raw[: ctype.size])
    rest = raw[ctype.size :]
    if ctype.is_flexible or is_padding(rest):
        return value, ""
    return ({**value, REST: rest}, "") if isinstance(value, dict) else (raw, _misfit(raw, ctype))


def is_record(raw: bytes, ctype: CType) -> bool:
    """Whether a record can be what it is taken for: as long as that, or, of a structure, longer."""
    rest = raw[ctype.size :]
    return len(raw) >= ctype.size and (ctype.is_flexible or ctype.is_composite or is_padding(rest))


def is_padding(rest: bytes) -> bool:
    """Whether what is behind a record is nothing, or may be what the kernel pads it with."""
    return len(rest) < PADDING and not any(rest)


def _misfit(raw: bytes, ctype: CType) -> str:
    return f"{_length(raw)}, {ctype.c_text} has {ctype.size:,}"


def _length(raw: bytes) -> str:
    return "1 byte" if len(raw) == 1 else f"{len(raw):,} bytes"
