"""Recordings over time, as commands write and open them."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from ...core.errors import ObjectError
from ..text.format import counted
from .common import warn

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence

    from ...core.analysis.records import RecordType
    from ...core.live import Events, EventSource, Sample, Session
    from ...core.live.drawn import MarkKind
    from ...core.live.trial import Ran
    from ...core.runtime import Collection, Printed
    from ...core.runtime.theirs import Theirs
    from ...core.tape import Playback, PlayedCollection, PlayedEvents, Recorder, Tape

__all__ = ["Kept", "Played", "Recording", "played", "recording", "recording_json", "recording_lines"]


def recording_lines(name: str) -> Iterator[str]:
    """Iterate over what there is to know of a recording beside its object; errors as for `bpftui.core.tape.Tape`."""
    from ...core.tape import Tape

    with Tape(name) as tape:
        began = datetime.fromtimestamp(tape.began, UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if tape.ticks else "never"
        where = " ".join(filter(None, (tape.machine.get("system"), tape.machine.get("release"))))
        yield (
            f"recorded {began}, {counted(tape.ticks, 'sample')} in {tape.duration:,.1f} s, {tape.runtime} runtime"
            + (f", {where}" if where else "")
            + (", still being written" if tape.is_written else "")
        )
        for mark in tape.marks:
            yield "  ".join(filter(None, (f"{mark.time:10.3f} s", mark.kind, mark.what, mark.detail)))


def recording_json(name: str) -> dict[str, object]:
    """Return the same as a document; errors likewise."""
    from ...core.tape import Tape

    with Tape(name) as tape:
        return {
            "began": datetime.fromtimestamp(tape.began, UTC).isoformat(timespec="milliseconds") if tape.ticks else None,
            "duration": round(tape.duration, 6),
            "interval": tape.interval,
            "samples": tape.ticks,
            "is_written": tape.is_written,
            "runtime": tape.runtime,
            "machine": dict(tape.machine),
            "marks": [{**mark._asdict(), "time": round(mark.time, 6)} for mark in tape.marks],
            "runs": [
                {
                    "time": round(time, 6),
                    "program": ran.program,
                    "retval": ran.retval,
                    "duration_ns": ran.duration_ns,
                    "data": ran.packet.hex(),
                    "data_out": ran.data.hex(),
                }
                for time, ran in tape.runs()
            ],
        }


class Played(NamedTuple):
    """A recording that is open as if it were loaded."""

    tape: Tape
    session: Session
    collection: PlayedCollection
    events: PlayedEvents
    """What streams brought with the sample at which it stands."""

    def playback(self, maps: Sequence[str] | None = None) -> Playback:
        """Return what plays it from its beginning; *maps* are the names of those that are wanted."""
        from ...core.tape import Playback

        return Playback(self.collection.player, maps)

    def verdict(self, ran: Ran) -> str:
        """Return what a test run returned: by name, where it has one."""
        from ...core.asm.arithmetic import signed
        from ...core.context.fields import return_codes

        program = self.session.spec.programs.get(ran.program)
        return ({} if program is None else return_codes(program)).get(signed(ran.retval, 32), str(ran.retval))


@contextmanager
def played(path: str, maps: Sequence[str] | None = None) -> Generator[Played]:
    """Open a recording, of which only some *maps* may be wanted, and say what was done without when it was made.

    Raises:
        UnknownNameError: It has no such map.
        BpftuiError: See `bpftui.core.tape.Tape`.
    """
    from ...core.live import Session
    from ...core.tape import PlayedCollection, PlayedEvents, PlayedRuntime, Tape

    with Tape(path) as tape, Session(tape.spec(), PlayedRuntime(tape)) as session:
        for name in maps or ():
            session.spec.map(name)
        collection = session.load()
        assert isinstance(collection, PlayedCollection)
        if tape.is_written:
            warn(f"{path}: it is still being written")
        for remark in collection.remarks:
            warn(remark)
        yield Played(tape, session, collection, PlayedEvents(collection, maps))


class Kept:
    """What streams bring, handed on to whoever prints it, and remembered until it is taken."""

    def __init__(self, events: EventSource) -> None:
        self._events = events
        self._records: dict[str, list[bytes]] = {}
        self._last: Mapping[str, Events] = {}

    @property
    def types(self) -> Mapping[str, RecordType]:
        """Of each stream that is read, the type of its records."""
        return self._events.types

    def batches(self) -> Iterator[Mapping[str, Events]]:
        """Yield what has come since the last time, a batch at a time."""
        for batch in self._events.batches():
            self._last = batch
            for name, each in batch.items():
                self._records.setdefault(name, []).extend(each.records)
            yield batch

    def take(self) -> Mapping[str, Events]:
        """Return what was handed on since the last call."""
        found = {name: replace(each, records=tuple(self._records.get(name, ()))) for name, each in self._last.items()}
        self._records, self._last = {}, {}
        return found


class Recording:
    """What is written while something is watched; where that comes to its end early, it is said and the watch goes on.

    Args:
        recorder: What writes it.
        events: What streams bring.
    """

    def __init__(self, recorder: Recorder, events: Kept) -> None:
        self._recorder = recorder
        self._events = events

    def add(self, sample: Sample, printed: Printed) -> None:
        """Write a sample, with what streams brought that was handed on since the one before."""
        brought = self._events.take()
        try:
            self._recorder.add(sample, brought, printed)
        except ObjectError as error:
            warn(error.message)

    def mark(self, time: float, kind: MarkKind, what: str, detail: str = "") -> None:
        """Note what was done."""
        try:
            self._recorder.mark(time, kind, what, detail)
        except ObjectError as error:
            warn(error.message)


@contextmanager
def recording(
    path: str | None,
    collection: Collection,
    events: EventSource,
    *,
    interval: float,
    theirs: Theirs | None = None,
) -> Generator[tuple[Recording | None, EventSource]]:
    """Record *collection* to a new file while the context lasts; without a path, nothing.

    Args:
        path: The file.
        collection: What is loaded.
        events: What reads its streams.
        interval: Nominal seconds between two samples.
        theirs: Set where others have loaded it.

    Yields:
        What is told of each sample, and what is to be asked for events instead.

    Raises:
        BpftuiError: See `bpftui.core.tape.Recorder.of`.
    """
    if path is None:
        yield None, events
        return
    from ...core.tape import Recorder

    with Recorder.of(path, collection, interval=interval, theirs=theirs) as recorder:
        kept = Kept(events)
        yield Recording(recorder, kept), kept
