"""A tape that is looked at as what is loaded is: a session that has it loaded, and a monitor that plays it.

Time goes on as it did, quicker or slower, or stands; whoever goes to another moment sees what was seen then: maps,
graphs, the events before it.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ..errors import ObjectError
from ..live import Session
from ..live.drawn import EventLine, Mark, mark_text
from ..live.graph import FEW, MOST_ROWS, Graph
from ..live.monitor import Moment, Monitor, Observation
from ..live.quantity import OfEntry
from ..live.sampler import Sampler
from .played import PlayedCollection, PlayedEvents, PlayedRuntime
from .tape import Tape

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence

    from ..analysis.records import RecordType
    from ..live import Counter, Events, Sample
    from ..live.quantity import Quantity
    from ..runtime import Printed

__all__ = ["PlayedMonitor", "PlayedSession"]

_SPEEDS: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)
_REACH: Final = 3600
"""Samples before a moment that are read for the graphs of it, at most; of a longer time only each so many."""
_BEFORE: Final = 1000
"""Samples before a moment of which events and printed lines are read, at most."""
_LINES: Final = 2000
"""Events and printed lines before a moment that are enough."""


class _PlayedSampler(Sampler):
    """Takes the samples of a tape, each as long after the one before as the interval says.

    At the end of the tape it pauses; resumed there, it plays from the beginning.

    Args:
        collection: Stands at the first sample that is taken.
        options: As for `Sampler`.
    """

    def __init__(self, collection: PlayedCollection, **options: Any) -> None:
        super().__init__(collection, **options)
        self._player = collection.player
        self._goal: int | None = None
        self.is_elsewhere = False

    is_elsewhere: bool
    """Whether the last sample is of a moment that was gone to, not of the next one."""

    @property
    def heading(self) -> int:
        """The tick at which the tape stands, or soon will."""
        with self._changed:
            return self._player.tick if self._goal is None else self._goal

    def go_to(self, tick: int) -> None:
        """Take the sample of a tick next, at once; time stands from there on."""
        with self._changed:
            self._paused = True
            self._goal = tick
        self.hurry()

    def resume(self) -> None:
        """Go on; at the end, from the beginning."""
        with self._changed:
            if self._player.tick >= self._player.tape.ticks:
                self._goal = 1
        super().resume()

    def take(self) -> Sample:
        """Return the next sample, or the one that was gone to."""
        before = self._player.tick
        with self._changed:
            goal, self._goal = self._goal, None
            if goal is None:  # hurried for a goal that is reached already: time stands
                goal = before if self._paused else before + 1
            self._player.move(goal)
            if self._player.tick >= self._player.tape.ticks:
                self._paused = True
        self.is_elsewhere = goal != before + 1
        try:
            sample = self._player.sample
        except ObjectError:
            self.stay_at(before)
            raise
        assert sample is not None  # whoever starts it has looked
        return sample

    def stay_at(self, tick: int) -> None:
        """Have time stand at a sample: another one cannot be shown."""
        with self._changed:
            self._paused = True
            self._player.move(tick)


class PlayedSession(Session):
    """What was recorded in a file, as a session that has it loaded.

    Args:
        path: The recording.

    Raises:
        ObjectError, NoPermissionError: See `Tape`.
    """

    def __init__(self, path: str) -> None:
        self.tape = Tape(path)
        try:
            runtime = PlayedRuntime(self.tape)
            super().__init__(self.tape.spec(), runtime)
            self.player = runtime.player
            loaded = self.load()
            assert isinstance(loaded, PlayedCollection)
            # It looks into the code, which takes its time: whoever opens a file has a thread for that.
            self.record_types = PlayedEvents(loaded).types
        except BaseException:
            self.tape.close()
            raise

    record_types: dict[str, RecordType]
    """Of each stream, what its records are taken for."""

    @property
    def name(self) -> str:
        """The recording's file."""
        return self.tape.path

    @property
    def leaves_streams(self) -> bool:
        """Whether streams were left unread."""
        return self.tape.of_others

    @property
    def title(self) -> str:
        """What the recording is called: several may be of one object."""
        return os.path.basename(self.tape.path)

    @property
    def is_past(self) -> bool:
        """Always."""
        return True

    def monitor(self, deliver: Callable[[Observation], None], fail: Callable[[Exception], None]) -> PlayedMonitor:
        """Return what plays it."""
        return PlayedMonitor(self, deliver, fail)

    def close(self) -> None:
        """Undo everything, and close the file."""
        try:
            super().close()
        finally:
            self.tape.close()


class PlayedMonitor(Monitor):
    """Sees what was seen. It begins at the end of the tape, where it stands.

    Args:
        session: What has the tape.
        deliver, fail: As for `Monitor`.
    """

    def __init__(
        self, session: PlayedSession, deliver: Callable[[Observation], None], fail: Callable[[Exception], None]
    ) -> None:
        super().__init__(session, deliver, fail)
        self._tape = session.tape
        self._player = session.player
        self._played: _PlayedSampler | None = None
        self._types = session.record_types
        self._drawn: Sequence[Quantity] = ()
        self._whole: Sequence[Counter] = ()
        """What is drawn, at an entry or at all of a map: its past is read."""
        self._player.move(self._tape.ticks)
        self._shown = self._player.tick
        """The sample that was shown last."""
        self.interval = self._tape.interval or 1.0
        self._marks = [Mark(each.time, mark_text(each.kind, each.what, each.detail)) for each in self._tape.marks]

    # Where it stands: `bpftui.core.live.monitor.Playhead`

    @property
    def playhead(self) -> PlayedMonitor:
        """Itself."""
        return self

    @property
    def began(self) -> float:
        """When the time was 0, in seconds since 1970."""
        return self._tape.began

    @property
    def is_written(self) -> bool:
        """Whether it was still being written when it was opened."""
        return self._tape.is_written

    @property
    def ticks(self) -> int:
        """How many samples there are."""
        return self._tape.ticks

    @property
    def tick(self) -> int:
        """The sample at which it stands, or soon will, from 1 on; 0 where there is none."""
        return self._player.tick if self._played is None else self._played.heading

    @property
    def marks(self) -> Sequence[Mark]:
        """What was done, in its order."""
        return self._marks

    @property
    def speed(self) -> float:
        """How many seconds of the tape pass in one."""
        return (self._tape.interval or 1.0) / self.interval

    @property
    def intervals(self) -> Sequence[float]:
        """Seconds between two samples that are shown: from a tenth of its speed to a thousand times that."""
        return [(self._tape.interval or 1.0) / speed for speed in reversed(_SPEEDS)]

    def time(self, tick: int) -> float:
        """Return when a sample was taken, in seconds since the beginning."""
        return self._tape.time(tick)

    def tick_at(self, time: float) -> int:
        """Return the last tick that is not behind a time."""
        return self._tape.tick_at(time)

    def go_to(self, tick: int) -> None:
        """Go to a sample, the nearest that there is; time stands there."""
        if self._played is not None:
            self._drawn, self._whole = (*self.graph.chosen, *self._slots()), self.graph.whole
            self._played.go_to(max(1, min(tick, self.ticks)))

    def _slots(self) -> Iterator[Quantity]:
        """Iterate over the slots of histograms that are drawn."""
        for each in self.graph.slots:
            histogram = self.graph.histogram(each.counter.name)
            yield from () if histogram is None else (replace(each, counter=slot) for slot in histogram.counters)

    # What is seen there

    def start(self) -> None:
        """Show the sample at which it stands; a tape without any shows nothing."""
        if self.ticks:
            super().start()

    def _make_sampler(self, **options: Any) -> Sampler:
        collection = self._session.collection
        assert isinstance(collection, PlayedCollection)
        played = self._played = _PlayedSampler(collection, **options)
        played.go_to(self._player.tick)
        return played

    def _take(self, sample: Sample) -> None:
        """Add to a sample what came with it, or to one that was gone to what came before."""
        assert self._played is not None
        try:
            self._show(sample, self._played)
        except ObjectError:
            # What is seen and what the slider says are of one moment.
            self._played.stay_at(self._shown)
            raise

    def _failed(self, error: Exception) -> None:
        """Tell what went wrong, each time: somebody has gone there."""
        self._fail(error)

    def _show(self, sample: Sample, played: _PlayedSampler) -> None:
        tick = self._player.tick
        states = self._states(self._tape.streams(tick, self._types))
        if not played.is_elsewhere:
            lines = self._lines(sample.time, self._brought(tick))
            self._deliver(Observation(sample, lines, states, printed=self._tape.printed(tick)))
            self._shown = tick
            return
        lines, printed = self._before(tick)
        before = next((each for _, each in self._parts(tick - 1, tick - 1, sample)), None) if tick > 1 else None
        moment = Moment(self._graph_before(tick, sample), before, printed)
        self._deliver(Observation(sample, lines, states, moment=moment))
        self._shown = tick

    def _brought(self, tick: int) -> dict[str, Events]:
        """Return what streams brought with a sample."""
        return {name: found for name, found in self._tape.events(tick).items() if name in self._types}

    def _before(self, tick: int) -> tuple[dict[str, list[EventLine]], list[tuple[float, Printed]]]:
        """Return the events and the printed lines up to a moment: of the last samples, until there are many."""
        lines: dict[str, list[EventLine]] = {}
        printed: list[tuple[float, Printed]] = []
        many = _LINES
        for each in range(tick, max(0, tick - _BEFORE), -1):
            if many <= 0:
                break
            time = self.time(each)
            for name, found in self._lines(time, self._brought(each)).items():
                lines[name] = found + lines.get(name, [])
                many -= len(found)
            told = self._tape.printed(each)
            if told.lines or told.lost:
                printed.insert(0, (time, told))
                many -= len(told.lines)
        return lines, printed

    def _graph_before(self, tick: int, sample: Sample) -> Graph:
        """Return a graph with the past of a moment: of what is drawn, and of maps with few entries."""
        now, began = self.time(tick), self.began
        graph = Graph(self._session.spec, lambda: now, date=lambda moment: began + moment)
        graph.start = 0.0
        for mark in self._marks:
            graph.put(mark)
        for quantity in self._drawn:
            graph.follow(quantity)
        for counter in self._whole:
            for key in self._first_keys(counter, sample):
                graph.follow(OfEntry(counter, key))
        first = max(1, self.tick_at(now - self.reach))
        streams = {each.source[1] for each in self._drawn if each.source[0] == "stream"}
        for number, each in self._parts(first, tick, sample, every=-(-(tick - first + 1) // _REACH)):
            if streams:
                graph.observe(
                    each, self._states(self._tape.streams(number, streams)), self._of_streams(number, streams)
                )
            else:
                graph.observe(each)
        return graph

    def _of_streams(self, tick: int, names: Container[str]) -> dict[str, list[EventLine]]:
        """Return what some streams brought with a sample, without words for it."""
        time = self.time(tick)
        return {
            name: [EventLine(time, "", raw) for raw in found.records]
            for name, found in self._brought(tick).items()
            if name in names
        }

    def _first_keys(self, counter: Counter, sample: Sample) -> list[bytes]:
        """Return the entries of a map that are followed because all of it is drawn."""
        found = sample.maps.get(counter.name)
        return [] if found is None else [entry.key for entry in found.entries[:MOST_ROWS]]

    def _parts(self, first: int, last: int, sample: Sample, *, every: int = 1) -> Iterator[tuple[int, Sample]]:
        """Yield ticks and samples with what a graph follows of them; *sample* tells which maps have few entries."""
        keys: dict[str, set[bytes]] = {
            name: {entry.key for entry in found.entries}
            for name, found in sample.maps.items()
            if len(found.entries) <= FEW
        }
        for counter in self._whole:
            if counter.name in sample.maps:
                keys.setdefault(counter.name, set()).update(self._first_keys(counter, sample))
        for quantity in self._drawn:
            kind, name = quantity.source
            if kind != "map":
                continue
            if isinstance(quantity, OfEntry):
                keys.setdefault(name, set()).add(quantity.key)
            else:
                keys[name] = self._tape.keys(name)
        return self._tape.parts(first, last, keys, every=every)
