"""A tape that is looked at as what is loaded is: a session that has it loaded, and a monitor that plays it.

Time goes on as it did, quicker or slower, or stands; whoever goes to another moment sees what was seen then: maps,
graphs, the events before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..analysis.records import record_type
from ..live import Session
from ..live.drawn import Mark, mark_text
from ..live.graph import Graph
from ..live.monitor import Moment, Monitor, Observation
from ..live.sampler import Sampler
from .played import PlayedCollection, PlayedRuntime
from .tape import Tape

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..live import Sample
    from ..live.drawn import EventLine
    from ..runtime import Printed

__all__ = ["PlayedMonitor", "PlayedSession"]

_REACH: Final = 3600
"""Samples before a moment that are read for the graphs of it, at most: as many as a graph keeps."""
_BEFORE: Final = 200
"""Samples before a moment of which events and printed lines are read, at most."""


class _PlayedSampler(Sampler):
    """Takes the samples of a tape, each as long after the one before as the interval says.

    At the end of the tape it pauses; resumed there, it plays from the beginning.

    Args:
        player: Where the tape stands; the first sample is the one there.
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
        goal = self._goal
        return self._player.tick if goal is None else goal

    def go_to(self, tick: int) -> None:
        """Take the sample of a tick next, at once."""
        self._goal = tick
        self.hurry()

    def resume(self) -> None:
        """Go on; at the end, from the beginning."""
        if self._player.tick >= self._player.tape.ticks:
            self._goal = 1
        super().resume()

    def take(self) -> Sample:
        """Return the next sample, or the one that was gone to."""
        goal, self._goal = self._goal, None
        before = self._player.tick
        self._player.move(before + 1 if goal is None else goal)
        self.is_elsewhere = goal is not None and goal != before + 1
        if self._player.tick >= self._player.tape.ticks:
            self.pause()
        sample = self._player.sample
        assert sample is not None  # whoever starts it has looked
        return sample


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
            self.load()
        except BaseException:
            self.tape.close()
            raise

    @property
    def name(self) -> str:
        """The recording's file."""
        return self.tape.path

    @property
    def object_bytes(self) -> bytes:
        """The object, which the recording has."""
        return self.tape.object

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
        self._player.move(self._tape.ticks)
        self.interval = self._tape.interval or 1.0
        self._marks = [Mark(each.time, mark_text(each.kind, each.what, each.detail)) for each in self._tape.marks]

    # Where it stands: `bpftui.core.live.monitor.Timeline`

    @property
    def timeline(self) -> PlayedMonitor:
        """Itself."""
        return self

    @property
    def began(self) -> float:
        """When the time was 0, in seconds since 1970."""
        return self._tape.began

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

    def time(self, tick: int) -> float:
        """Return when a sample was taken, in seconds since the beginning."""
        return self._tape.time(tick)

    def tick_at(self, time: float) -> int:
        """Return the last tick that is not behind a time."""
        return self._tape.tick_at(time)

    def go_to(self, tick: int) -> None:
        """Go to a sample, the nearest that there is; time stands there."""
        if self._played is not None:
            self._played.pause()
            self._played.go_to(max(1, min(tick, self.ticks)))

    # What is seen there

    def start(self) -> None:
        """Show the sample at which it stands; a tape without any shows nothing."""
        if self.ticks:
            super().start()

    def _make_sampler(self, **options: Any) -> Sampler:
        collection = self._session.collection
        assert isinstance(collection, PlayedCollection)
        self._types = {
            name: record_type(collection.spec, each.spec)
            for name, each in collection.maps.items()
            if each.type.is_stream
        }
        played = self._played = _PlayedSampler(collection, **options)
        played.pause()
        played.go_to(self.tick)
        return played

    def _take(self, sample: Sample) -> None:
        """Add to a sample what came with it, or to one that was gone to what came before."""
        assert self._played is not None
        tick = self._player.tick
        states = self._states(self._tape.streams(tick, self._types))
        if not self._played.is_elsewhere:
            lines = self._lines(sample.time, self._tape.events(tick))
            self._deliver(Observation(sample, lines, states, printed=self._tape.printed(tick)))
            return
        lines: dict[str, list[EventLine]] = {}
        printed: list[tuple[float, Printed]] = []
        for each in range(max(1, tick - _BEFORE), tick + 1):
            for name, found in self._lines(self.time(each), self._tape.events(each)).items():
                lines.setdefault(name, []).extend(found)
            printed.append((self.time(each), self._tape.printed(each)))
        before = self._tape.sample(tick - 1) if tick > 1 else None
        moment = Moment(self._graph_before(tick), before, [each for each in printed if each[1].lines or each[1].lost])
        self._deliver(Observation(sample, lines, states, moment=moment))

    def _graph_before(self, tick: int) -> Graph:
        """Return a graph with the past of a moment, as far as it can be seen."""
        graph = Graph(self._session.spec, lambda: self.time(self._player.tick), date=lambda moment: self.began + moment)
        graph.start = 0.0
        for mark in self._marks:
            graph.put(mark)
        graph.draw_as(self.graph)
        first = max(1, self.tick_at(self.time(tick) - self.reach), tick - _REACH)
        for each in range(first, tick + 1):
            graph.observe(self._tape.sample(each))
        return graph
