"""The sampler: what a loaded collection holds, read again and again by a thread of its own."""

from __future__ import annotations

import threading
import time
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Final, Literal, Self, TypeVar

from ..errors import UnknownNameError
from ..maps.shape import why_unreadable
from ..threads import start_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from types import TracebackType

    from ..runtime import Collection, Map, MapSnapshot, ProgramInfo

__all__ = ["Sample", "Sampler", "readable_maps"]

_COUNTING: Final = (0.1, 0.8, 2.0)
"""Of the time between two samples, the part for counting entries beyond the limit: at least, as a share, at most."""

_RESTING: Final = 50
"""How many times as long as it took to count a map whole it is not counted again: so it takes 2 % of the time."""
_Read = TypeVar("_Read")

_SLACK = 1e-6
"""Seconds by which the last deadline may lie before the end: sums of intervals are rounded."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What there was at one moment, or rather within the milliseconds that the reading takes."""

    time: float
    """Seconds since the sampler's first sample."""
    interval: float
    """Seconds since the sample before, as the clock has it; 0 for the first."""
    maps: Mapping[str, MapSnapshot]
    variables: Mapping[str, bytes]
    programs: Mapping[str, ProgramInfo]
    uncounted: str = ""
    """Why the programs' runs are not counted, as a sentence; empty where they are."""
    map_times: Mapping[str, float] = field(default_factory=dict[str, float])
    """When each map was read, on the clock of `time`: rates are by these, for a reading can be late."""
    variables_time: float | None = None
    """When the variables were read; None where that is `time`."""
    programs_time: float | None = None
    """When the programs' runs were read; None where that is `time`."""

    def of(self, maps: Iterable[str]) -> Sample:
        """Return it with only these of its maps."""
        wanted = {*maps}
        return replace(self, maps={name: each for name, each in self.maps.items() if name in wanted})

    @property
    def end(self) -> float:
        """When the last of it was read, on the clock of `time`: what was read late is no point of time to come."""
        others = (self.variables_time, self.programs_time)
        return max((self.time, *self.map_times.values(), *(each for each in others if each is not None)))

    def time_of(self, source: Literal["map", "variable", "program", "stream"], name: str = "") -> float:
        """Return when a map, the variables or the programs were read, on the clock of `time`; streams are with it."""
        match source:
            case "map":
                return self.map_times.get(name, self.time)
            case "variable":
                return self.time if self.variables_time is None else self.variables_time
            case "program":
                return self.time if self.programs_time is None else self.programs_time
            case "stream":
                return self.time


def readable_maps(collection: Collection) -> list[str]:
    """Return the maps that can be read: whose entries can be listed, or whose next value can be looked at.

    Data sections are not among them: they are seen as variables.
    """
    return [
        name
        for name, map_ in collection.maps.items()
        if not map_.spec.is_data and (map_.type.is_queue or why_unreadable(map_.type) is None)
    ]


class Sampler:
    """Takes a sample of *collection* each *interval* seconds.

    `with Sampler(collection, on_sample=…):` runs it in a thread; `samples()` runs it in the caller's. Deadlines are
    absolute, so that it does not drift; one that is missed is left out, not made up for.

    Args:
        maps: The names of the maps to read; without them, all that can be read (`readable_maps`).
        interval: Seconds.
        limit: The most entries of a map that are read; a map that has more is marked `partial`, and the others are
            counted as far as there is time for it: most of the interval, for all maps together, and before the first
            sample 2 seconds.
        part: The entries that are read instead of a map that has more than the limit; without, as many as the limit
            says. To read ten thousand entries at each sample of which nobody can see all costs more than all else.
        statistics: What turns the runtime's program statistics on while the sampler runs: `run_cnt` and `run_time_ns`
            stand still without it.
        on_sample: Is called with each sample, in the sampler's thread.
        on_error: Is called with each error, of the reading and of *on_sample*, and the sampling goes on. Without it
            the first error ends the sampling, and `stop` raises it.
        clock: What tells the time.
        start: What the clock told at the moment that is 0; without, that is the first sample.

    Raises:
        UnknownNameError: There is no map of such a name.
    """

    def __init__(
        self,
        collection: Collection,
        *,
        maps: Iterable[str] | None = None,
        interval: float = 1.0,
        limit: int | None = 10_000,
        part: int | None = None,
        statistics: AbstractContextManager[str] | None = None,
        on_sample: Callable[[Sample], None] | None = None,
        on_error: Callable[[Exception], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        start: float | None = None,
    ) -> None:
        self._collection = collection
        self._maps = _chosen(collection, maps)
        self._limit = limit
        self._part = limit if part is None else part
        self._large: set[str] = set()
        """The maps of which only a part is read."""
        self._statistics = statistics or nullcontext("")
        self._uncounted = ""
        self._on_sample = on_sample
        self._on_error = on_error
        self._clock = clock
        self._reading = threading.Lock()
        self._first = start
        self._last: float | None = None
        self._counted = False
        self._counts: dict[str, tuple[int, float]] = {}
        """Of maps that were counted whole: how many entries there were, and when they are counted again."""
        self._changed = threading.Condition()
        self._interval = _positive(interval)
        self._due = 0.0
        self._paused = self._hurried = False
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._error: Exception | None = None

    @property
    def interval(self) -> float:
        """Seconds between two samples; can be set at any time."""
        return self._interval

    @interval.setter
    def interval(self, interval: float) -> None:
        _positive(interval)
        with self._changed:
            self._due += interval - self._interval
            self._interval = interval
            self._changed.notify_all()

    @property
    def paused(self) -> bool:
        """Whether no samples are taken for now."""
        return self._paused

    @property
    def running(self) -> bool:
        """Whether its thread lives."""
        return self._thread is not None and self._thread.is_alive()

    def take(self) -> Sample:
        """Take a sample now, in the caller's thread."""
        with self._reading:
            now = self._clock()
            first = self._first = now if self._first is None else self._first
            since, self._last = 0.0 if self._last is None else now - self._last, now
            collection = self._collection
            maps, map_times = self._snapshots(first)
            variables, variables_time = self._timed(
                first, lambda: {name: variable.raw() for name, variable in collection.variables.items()}
            )
            programs, programs_time = self._timed(
                first, lambda: {name: program.info() for name, program in collection.programs.items()}
            )
            return Sample(
                time=now - first,
                interval=since,
                maps=maps,
                variables=variables,
                programs=programs,
                uncounted=self._uncounted,
                map_times=map_times,
                variables_time=variables_time,
                programs_time=programs_time,
            )

    def _timed(self, first: float, read: Callable[[], _Read]) -> tuple[_Read, float]:
        """Return what *read* reads, and when it did: in the middle of the time that it took."""
        before = self._clock()
        found = read()
        return found, (before + self._clock()) / 2 - first

    def _snapshots(self, first: float) -> tuple[dict[str, MapSnapshot], dict[str, float]]:
        """Read the maps, and count what is not read of them until the time for it is over; tell when each was read."""
        found: dict[str, MapSnapshot] = {}
        times: dict[str, float] = {}
        for name, map_ in self._maps.items():
            limit = self._part if name in self._large else self._limit
            found[name], times[name] = self._timed(first, partial(map_.snapshot, limit))
        cut = {name: snapshot for name, snapshot in found.items() if snapshot.partial}
        least, share, most = _COUNTING
        seconds = max(least, min(share * self._interval, most)) if self._counted else most
        self._counted = True
        end = time.monotonic() + seconds
        for left, (name, snapshot) in zip(range(len(cut), 0, -1), cut.items(), strict=True):
            count, is_counted = self._count(name, max(0.0, end - time.monotonic()) / left)
            self._note_size(name, count, is_counted=is_counted)
            kept = snapshot.entries[: self._part] if name in self._large else snapshot.entries
            snapshot = replace(snapshot, entries=kept)
            beyond = max(0, count - len(kept))
            # More than the limit were seen, which is why it is partial: entries may have gone meanwhile.
            found[name] = replace(snapshot, beyond=beyond, is_counted=is_counted, partial=beyond > 0 or not is_counted)
        return found, times

    def _note_size(self, name: str, count: int, *, is_counted: bool) -> None:
        """Read a map from now on in part where it has more than the limit, and whole where it has no more any more."""
        if self._limit is None or (is_counted and count <= self._limit):
            self._large.discard(name)
        else:
            self._large.add(name)

    def samples(self, duration: float | None = None, *, until: Callable[[], bool] | None = None) -> Iterator[Sample]:
        """Iterate over samples as they fall due: the first at once, the last after *duration* seconds.

        That one is taken at the end also where it lies between two deadlines: all that happened is in it.

        Where *until* tells that nothing more will happen, what there is by then is the last one.
        """
        with self._statistics as self._uncounted:
            for _ in self._ticks(duration):
                over = until is not None and until()
                yield self.take()
                if over:
                    return

    def _count(self, name: str, within: float) -> tuple[int, bool]:
        """Count the entries of a map for at most *within* seconds.

        One that was counted whole is not counted again before some times as long have passed as that took: else a map
        of a million would keep a processor busy for as long as it is there.
        """
        begin = time.monotonic()
        known, again = self._counts.get(name, (0, 0.0))
        if begin < again:
            return known, True
        count, is_counted = self._maps[name].count(within)
        if is_counted:
            end = time.monotonic()
            self._counts[name] = count, end + _RESTING * (end - begin)
        return count, is_counted

    def start(self) -> None:
        """Start the thread; it takes the first sample at once."""
        if self._thread is not None:
            raise RuntimeError("a sampler is started once")
        thread = threading.Thread(target=self._run, name="bpftui-sampler", daemon=True)
        start_thread(thread)
        self._thread = thread

    def pause(self) -> None:
        """Take no samples until `resume`."""
        with self._changed:
            self._paused = True

    def resume(self) -> None:
        """Go on, with a sample at once."""
        with self._changed:
            self._paused = False
            self._due = self._clock()
            self._changed.notify_all()

    def hurry(self) -> None:
        """Take a sample at once, also while it is paused."""
        with self._changed:
            self._hurried = True
            self._changed.notify_all()

    def stop(self) -> None:
        """End the sampling and wait for a sample that is being taken; a second call does nothing.

        Raises:
            Exception: What ended the sampling, where there is no *on_error*.
        """
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        error, self._error = self._error, None
        if error is not None:
            raise error

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        try:
            with self._statistics as self._uncounted:
                for _ in self._ticks(None):
                    self._deliver()
        except Exception as error:
            if self._on_error is not None:
                self._on_error(error)
            else:
                self._error = error

    def _deliver(self) -> None:
        try:
            sample = self.take()
            if self._on_sample is not None:
                self._on_sample(sample)
        except Exception as error:
            if self._on_error is None:
                raise
            self._on_error(error)

    def _ticks(self, duration: float | None) -> Iterator[None]:
        """Yield whenever a sample is due, until `stop`, and at the end of *duration*."""
        self._due = self._clock()
        end = self._due + (float("inf") if duration is None else duration)
        while self._wait(end):
            is_last = self._clock() >= end - _SLACK
            yield
            if is_last:
                return
            with self._changed:
                # The next deadline that lies ahead, on the grid of the old one.
                missed = max(0, int((self._clock() - self._due) / self._interval))
                self._due = min(self._due + (missed + 1) * self._interval, end)

    def _wait(self, end: float) -> bool:
        """Wait for the next deadline; False when the sampling is over."""
        with self._changed:
            while not self._stopping:
                if self._hurried:
                    self._hurried = False
                    return True
                now = self._clock()
                due = float("inf") if self._paused else self._due
                until = min(due, end)
                if until <= now:
                    return due == until
                # An infinite timeout is none.
                self._changed.wait(None if until == float("inf") else until - now)
        return False


def _chosen(collection: Collection, names: Iterable[str] | None) -> dict[str, Map]:
    chosen: dict[str, Map] = {}
    for name in readable_maps(collection) if names is None else names:
        if name not in collection.maps:
            raise UnknownNameError("map", name, collection.maps, where=collection.spec.file)
        chosen[name] = collection.maps[name]
    return chosen


def _positive(interval: float) -> float:
    if not 0 < interval < float("inf"):
        raise ValueError(f"an interval cannot be {interval} seconds")
    return interval
