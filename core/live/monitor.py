"""Monitor: the explorer's eyes on a loaded collection; samples in, counters over time and events out."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, Protocol

from ..analysis.counting import Counting
from ..runtime import Printed
from ..threads import NoThreadError
from .counters import counters
from .drawn import EventLine, StreamState, mark_text
from .events import record_text
from .graph import Graph

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..analysis.records import RecordType
    from ..runtime import Link, PrintReader
    from .drawn import Mark, MarkKind
    from .events import EventReader, Events
    from .sampler import Sample, Sampler
    from .session import Session
    from .trial import Outcome, Ran

__all__ = [
    "INTERVALS",
    "WINDOWS",
    "Keeper",
    "Moment",
    "Monitor",
    "Observation",
    "Playhead",
    "event_line",
    "useful_map",
]

INTERVALS: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds between two samples that + and - step through."""
WINDOWS: Final = (
    *(10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0),
    *(7200.0, 14_400.0, 28_800.0, 43_200.0, 86_400.0),
)
"""Seconds of a graph that [ and ] step through."""

_PART: Final = 1000
"""Entries that are read at each sample of a map with more than a sample has room for."""
_LONGEST_EVENT: Final = 4096
"""Characters."""
_MAX_EVENTS: Final = 2000
"""Events of one stream that are put into words in one sample, the newest; the others are only counted."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What one tick brought."""

    sample: Sample
    events: Mapping[str, Sequence[EventLine]] = field(default_factory=dict[str, "Sequence[EventLine]"])
    """Of each stream, what came since the tick before: the newest of it where it is more than anybody reads."""
    streams: Mapping[str, StreamState] = field(default_factory=dict[str, StreamState])
    """How each is doing."""
    gone: tuple[Link, ...] = ()
    """What is attached to nothing any more."""
    printed: Printed = field(default_factory=Printed)
    """What programs printed since the tick before."""
    unprinted: str = ""
    """Why not all of that can be read, as a sentence; empty where it can."""
    moment: Moment | None = None
    """What is to be known besides where this does not follow what was seen before; `events` are then those before."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What was seen before a moment of a recording that was gone to."""

    graph: Graph
    """The past of the counters, which ends there."""
    before: Sample | None
    """The sample before; None where it is the first one."""
    printed: Sequence[tuple[float, Printed]]
    """What programs printed before, and when."""


class Playhead(Protocol):
    """Where in a recording a monitor stands, and how it is moved; all of it belongs to the screen's thread."""

    @property
    def began(self) -> float:
        """When the time was 0, in seconds since 1970."""
        ...

    @property
    def is_written(self) -> bool:
        """Whether the recording was still being written when it was opened."""
        ...

    @property
    def ticks(self) -> int:
        """How many samples there are."""
        ...

    @property
    def tick(self) -> int:
        """The sample at which it stands, from 1 on; 0 where there is none."""
        ...

    @property
    def marks(self) -> Sequence[Mark]:
        """What was done, in its order."""
        ...

    @property
    def speed(self) -> float:
        """How many seconds of it pass in one."""
        ...

    @property
    def intervals(self) -> Sequence[float]:
        """Seconds between two samples that are shown, by which it goes on as quickly as anybody wants."""
        ...

    def time(self, tick: int) -> float:
        """Return when a sample was taken, in seconds since the beginning."""
        ...

    def tick_at(self, time: float) -> int:
        """Return the last sample that is not behind a time."""
        ...

    def go_to(self, tick: int) -> None:
        """Go to a sample, the nearest that there is; time stands there."""
        ...


class Keeper(Protocol):
    """What keeps all that is seen, and takes care of what goes wrong with that."""

    def add(self, sample: Sample, events: Mapping[str, Events], printed: Printed) -> None:
        """Keep a sample, with what came since the one before; called in the sampler's thread."""
        ...

    def mark(self, time: float, kind: MarkKind, what: str, detail: str = "") -> None:
        """Keep what was done, on the clock of the samples, without waiting for anything; called in any thread."""
        ...

    def ran(self, time: float, run: Ran) -> None:
        """Keep a test run, likewise."""
        ...


class Monitor:
    """Samples the collection of *session* in a thread, and keeps the past of its counters.

    `start`, `observe` and everything that is asked for belong to the screen's thread; *deliver* is called in the
    sampler's.
    """

    def __init__(
        self, session: Session, deliver: Callable[[Observation], None], fail: Callable[[Exception], None]
    ) -> None:
        self._session = session
        self._deliver = deliver
        self._fail = fail
        self._sampler: Sampler | None = None
        self._was_paused = False
        """Whether it was paused when it ended."""
        self._begins_paused = False
        """Whether what it goes on for was paused, once."""
        self._reader: EventReader | None = None
        self._printed: PrintReader | None = None
        self._types: dict[str, RecordType] = {}
        """What the records of each stream that is read are taken for."""
        self.reach = 60.0
        self._interval = 0.5
        self._failure = ""
        self.keeper = None
        self.graph = Graph(session.spec)
        self.last = None
        self.previous = None

    reach: float
    """Seconds of the past that can be seen at once: of a recording more is not read."""
    keeper: Keeper | None
    """What keeps what is seen, beside what is drawn of it."""
    graph: Graph
    """The past, and what of it is drawn."""
    last: Sample | None
    previous: Sample | None

    @property
    def playhead(self) -> Playhead | None:
        """Where it stands in a recording; None where what it sees is now."""
        return None

    # Running

    @property
    def running(self) -> bool:
        """Whether there is something that is sampled, be it paused."""
        return self._sampler is not None

    @property
    def paused(self) -> bool:
        """Whether no samples are taken for now."""
        return self._sampler is not None and self._sampler.paused

    @property
    def interval(self) -> float:
        """Nominal seconds between two samples."""
        return self._interval

    @interval.setter
    def interval(self, seconds: float) -> None:
        self._interval = seconds
        if self._sampler is not None:
            self._sampler.interval = seconds

    def start(self) -> None:
        """Begin to sample what the session has loaded; that it cannot be is told as any failure of it."""
        self.graph.begin()
        self.last = self.previous = None
        sampler = self._make_sampler(
            interval=self._interval,
            part=_PART,
            on_sample=self._take,
            on_error=self._failed,
            start=self.graph.start,
        )
        if self._begins_paused:
            self._begins_paused = False
            sampler.pause()
            sampler.hurry()  # one sample, which is seen
        try:
            sampler.start()
        except NoThreadError as error:
            self._failed(error)
        else:
            self._sampler = sampler

    def take_over(self, before: Monitor) -> None:
        """Go on where another monitor has ended: of the version of the collection that was there before this one."""
        self.graph = before.graph
        self.graph.go_on(self._session.spec)
        self.reach, self._interval = before.reach, before.interval
        self._begins_paused = before.paused if before.running else before._was_paused

    def _make_sampler(self, **options: Any) -> Sampler:
        return self._session.sampler(statistics=self._session.runtime.statistics(), **options)

    def toggle_pause(self) -> None:
        """Stop or resume the sampling."""
        if self._sampler is None:
            return
        if self._sampler.paused:
            self._sampler.resume()
        else:
            self._sampler.pause()

    def stop(self) -> None:
        """Stop sampling, wait for the sample that is being taken, and let go of the ring buffers."""
        sampler, self._sampler = self._sampler, None
        if sampler is not None:
            self._was_paused = sampler.paused
            sampler.stop()
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()
        printed, self._printed = self._printed, None
        if printed is not None:
            printed.close()

    @property
    def reader(self) -> EventReader | None:
        """What reads the streams; None before the first sample, and where nothing is sampled."""
        return self._reader

    def record_type(self, name: str) -> RecordType | None:
        """Return what the records of a stream are taken for; None where it is not read."""
        return self._types.get(name)

    def set_record_type(self, name: str, record: RecordType) -> None:
        """Take the records of a stream for something else from now on."""
        if name in self._types:
            self._types[name] = record

    def _take(self, sample: Sample) -> None:
        """Add the events to a sample; in the sampler's thread, which looks into the code for their types, too."""
        if self._reader is None:
            self._reader = self._session.events()
            self._types = self._reader.types
            for problem in self._reader.problems.values():
                self._fail(problem)
        if self._printed is None and self._session.collection is not None:
            self._printed = self._session.collection.printed()
        printed = Printed() if self._printed is None else self._printed.read()
        unprinted = "" if self._printed is None else self._printed.problem
        brought = self._reader.take()
        keeper = self.keeper
        if keeper is not None:
            keeper.add(sample, brought, printed)
        self._failure = ""
        events = self._lines(sample.time, brought)
        streams = self._states(brought, is_kept=keeper is not None)
        self._deliver(Observation(sample, events, streams, self._session.gone, printed, unprinted))

    def _lines(self, time: float, brought: Mapping[str, Events]) -> dict[str, list[EventLine]]:
        """Put what streams brought by a time into words."""
        return {
            name: [event_line(time, raw, self._types[name]) for raw in found.records[-_MAX_EVENTS:]]
            for name, found in brought.items()
        }

    def _states(self, brought: Mapping[str, Events], *, is_kept: bool = True) -> dict[str, StreamState]:
        return {
            name: StreamState(
                found.count,
                found.lost if is_kept else found.lost - found.dropped,  # what nobody draws and nobody keeps
                found.behind,
                found.full,
                self._types[name].text,
                self._types[name].type,
            )
            for name, found in brought.items()
        }

    def _failed(self, error: Exception) -> None:
        """Tell what went wrong; not at every sample anew."""
        before, self._failure = self._failure, repr(error)
        if self._failure != before:
            self._fail(error)

    def observe(self, observation: Observation) -> None:
        """Take a sample into the past of everything that is followed."""
        sample, moment = observation.sample, observation.moment
        if moment is not None:
            moment.graph.draw_as(self.graph)
            self.graph, self.previous, self.last = moment.graph, moment.before, sample
        elif self.graph.observe(sample, observation.streams, observation.events):
            self.previous, self.last = self.last, sample

    def mark(self, kind: MarkKind, what: str = "", detail: str = "") -> None:
        """Note that something was done now: attached what to where, what was set from what to what."""
        self.graph.mark(mark_text(kind, what, detail))
        keeper = self.keeper  # which another thread may take away
        if keeper is not None:
            keeper.mark(self.graph.now, kind, what, detail)

    def ran(self, run: Outcome) -> None:
        """Note that a program ran on a packet of the user's: where it is kept, that is a moment to come back to."""
        keeper = self.keeper
        if keeper is not None:
            now = self.graph.now
            keeper.mark(now, "ran", run.program.name, run.verdict or str(run.result.retval))
            keeper.ran(now, run.ran)

    def run_rate(self, programs: Sequence[str]) -> float | None:
        """Return how often *programs* ran per second, together; None when it is not known."""
        return self.graph.run_rate(programs)

    def run_time(self, programs: Sequence[str]) -> float | None:
        """Return what a run of *programs* took between the last two samples, in seconds; None where there was none.

        Some 40 ns of it are the measuring.
        """
        if self.last is None or self.previous is None:
            return None
        now, before = self.last.programs, self.previous.programs
        both = [name for name in programs if name in now and name in before]
        runs = sum(now[name].run_cnt - before[name].run_cnt for name in both)
        spent = sum(now[name].run_time_ns - before[name].run_time_ns for name in both)
        return spent / runs / 1e9 if runs > 0 else None


def useful_map(session: Session) -> str | None:
    """Return the map that a newcomer should see first: one whose integers can be listed, else any that can be read.

    Once something is attached it is one of its own, where what it does is seen: none where it uses none.
    """
    from .sampler import readable_maps

    if session.collection is None:
        return None
    spec, readable = session.spec, readable_maps(session.collection)
    used = {name for link in session.links for name in spec.programs[link.program].maps}
    streams = [name for name in used if spec.maps[name].type.is_stream]
    shown = [name for name in readable if name in used] if session.links else readable
    counting = (name for name in shown if counters(spec.maps[name], spec.derived(Counting)))
    return next(chain(counting, streams, shown), None)


def event_line(time: float, raw: bytes, record: RecordType) -> EventLine:
    """Return a record of a stream as a line."""
    return EventLine(time, record_text(raw, record, limit=_LONGEST_EVENT), raw)
