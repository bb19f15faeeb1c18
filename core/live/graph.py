"""Graph: which counters are drawn over time, in which colour and shape, and what was done meanwhile."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Final

from ..analysis.counting import Counting
from ..runtime import Entry
from .counters import Counter, Track, counters
from .drawn import ChartSeries, Mark
from .fields import Fields, fields_of
from .series import RateTracker, Series

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..spec import CollectionSpec
    from .sampler import Sample

__all__ = ["FEW", "MOST_ROWS", "SLOTS", "Chosen", "Graph"]

SLOTS: Final = 6
"""Colours and shapes that there are, and so the most lines of a chart."""

_CAPACITY: Final = 3600
"""Samples that are kept of each counter."""
_MAX_TRACKS: Final = 64
"""Counters that are followed without being asked for, so that a graph has a past when it is opened."""
FEW: Final = 16
"""Entries of a map that are all followed without being asked for."""
MOST_ROWS: Final = 64
"""Entries of a map that are followed because all of it is drawn: a histogram in powers of two has no more."""
_BUSIEST: Final = 3
"""Lines of a map's own chart, where none of its numbers was chosen."""
_BUSIER: Final = 1.25
"""How many times as busy another entry is that takes the place of one that is drawn."""
_MAX_MARKS: Final = 200


@dataclass(frozen=True, slots=True)
class Chosen:
    """A counter at one entry of a map."""

    counter: Counter
    key: bytes = b""


class Graph:
    """The past of what a collection counts, and what of it is drawn.

    Args:
        spec: Has the maps.
        clock: What tells the time, in seconds.
        date: What tells when a moment of the graph was, in seconds since 1970; without, it is by today's clocks.
    """

    def __init__(
        self,
        spec: CollectionSpec,
        clock: Callable[[], float] = time.monotonic,
        *,
        date: Callable[[float], float] | None = None,
    ) -> None:
        self._spec = spec
        self._clock = clock
        self._date = date
        self.start = clock()
        """What the clock told at 0 of the times of points and marks."""
        self._tracks: dict[Chosen, Track] = {}
        self._runs: dict[str, tuple[RateTracker, Series]] = {}
        self._chosen: dict[Chosen, int] = {}
        self._busiest: dict[str, dict[Chosen, int]] = {}
        self._fields: dict[str, Fields] = {}
        self._marks: deque[Mark] = deque(maxlen=_MAX_MARKS)
        self._since = 0.0
        self._whole: set[Counter] = set()
        """What is followed at all entries of its map."""
        self.shows_values = False

    @property
    def is_recorded(self) -> bool:
        """Whether its moments are those of a recording."""
        return self._date is not None

    def date(self, moment: float) -> float:
        """Return when a moment was, in seconds since 1970."""
        return time.time() - (self.now - moment) if self._date is None else self._date(moment)

    shows_values: bool
    """Whether the values themselves are drawn; else how much they grow a second."""

    # The past

    def observe(self, sample: Sample) -> bool:
        """Take a sample into the past of everything that is followed.

        Returns:
            Whether it was taken: not if it is older than the last, of a collection that there is no more.
        """
        if sample.time < self._since:
            return False
        self._since = sample.time
        self._follow_all(sample)
        for track in self._tracks.values():
            track.add(sample)
        if sample.uncounted:
            return True
        when = sample.time_of("program")
        for name, info in sample.programs.items():
            tracker, series = self._runs.setdefault(name, (RateTracker(), Series(_CAPACITY)))
            series.append(when, tracker.update(when, info.run_cnt))
        return True

    def begin(self) -> None:
        """Begin to count another collection, or the first one. The past stays, with a gap behind it."""
        if not (self._tracks or self._runs):
            self.start = self._clock()
            self._marks.clear()
        self._since = now = self.now
        for track in self._tracks.values():
            track.interrupt(now)
        for tracker, series in self._runs.values():
            tracker.reset()
            series.append(now, None)

    @property
    def now(self) -> float:
        """The time, as points and marks have it."""
        return self._clock() - self.start

    def mark(self, text: str) -> None:
        """Note that something was done now."""
        self.put(Mark(self.now, text))

    def put(self, mark: Mark) -> None:
        """Note what was done at some moment, behind those before it."""
        self._marks.append(mark)

    @property
    def marks(self) -> Sequence[Mark]:
        """What was done, oldest first."""
        return tuple(self._marks)

    def _follow_all(self, sample: Sample) -> None:
        """Follow the counters of small maps from the start, and those that are drawn of the whole map."""
        for counter in self._whole:
            left = MOST_ROWS - sum(each.counter == counter for each in self._tracks)
            entries = sample.maps[counter.name].entries if left > 0 and counter.name in sample.maps else ()
            new = (each for entry in entries if (each := Chosen(counter, entry.key)) not in self._tracks)
            for each in islice(new, left):
                self._track(each)
        for name, snapshot in sample.maps.items():
            if len(self._tracks) >= _MAX_TRACKS or len(snapshot.entries) > FEW:
                continue
            for counter in self._counters(name):
                for entry in snapshot.entries:
                    self._track(Chosen(counter, entry.key))

    def _counters(self, name: str) -> list[Counter]:
        return counters(self._spec.maps[name], self._spec.derived(Counting))

    def _track(self, chosen: Chosen) -> Track:
        if chosen not in self._tracks:
            self._tracks[chosen] = Track(chosen.counter, chosen.key, capacity=_CAPACITY)
        return self._tracks[chosen]

    def run_rate(self, programs: Sequence[str]) -> float | None:
        """Return how often *programs* ran per second, together; None when it is not known."""
        rates = [self._runs[name][1].last for name in programs if name in self._runs]
        known = [rate for rate in rates if rate is not None]
        return sum(known) if known else None

    # What is drawn

    @property
    def chosen(self) -> Sequence[Chosen]:
        """What was chosen; nothing for the programs' run rates."""
        return tuple(self._chosen)

    def choose(self, chosen: Chosen) -> list[Chosen]:
        """Draw a counter, beside those that are drawn already; return those that make room for it.

        A chart has one axis: what is of another unit makes room, and the one that was chosen first where there is no
        colour left.
        """
        if chosen in self._chosen:
            return []
        out = [each for each in self._chosen if each.counter.unit is not chosen.counter.unit]
        out += [each for each in self._chosen if each not in out][: max(0, len(self._chosen) - len(out) - SLOTS + 1)]
        for each in out:
            del self._chosen[each]
        taken = set(self._chosen.values())
        # The colour that it has in its map's chart, where nobody else has it.
        known = self._busiest.get(chosen.counter.name, {}).get(chosen)
        free = [slot for slot in (known, *range(SLOTS)) if slot is not None and slot not in taken]
        self._chosen[chosen] = free[0]
        self._track(chosen)
        return out

    def draw_as(self, other: Graph) -> None:
        """Draw what another graph of the same object draws, in its colours."""
        self._chosen = dict(other._chosen)
        self._busiest = {name: dict(drawn) for name, drawn in other._busiest.items()}
        self._whole = set(other._whole)
        self.shows_values = other.shows_values
        for each in self._chosen:
            self._track(each)

    def follow(self, chosen: Chosen) -> None:
        """Keep the past of a counter from now on, whether it is drawn or not."""
        self._track(chosen)

    def leave_out(self, chosen: Chosen) -> None:
        """Draw a counter no more."""
        self._chosen.pop(chosen, None)

    def series(self) -> list[ChartSeries]:
        """Return what the graph shows: the chosen counters, else the programs' run rates."""
        if self._chosen:
            return [self._series(each, slot) for each, slot in self._chosen.items()]
        return [
            ChartSeries(f"{name} runs", list(series), number % SLOTS)
            for number, (name, (_, series)) in enumerate(self._runs.items())
        ]

    def rows(self, counter: Counter) -> list[ChartSeries]:
        """Return a counter at all entries of its map, as far as they are followed, which they are from now on.

        Those of an array are in its order, others in that in which they were seen first.
        """
        self._whole.add(counter)
        found = [each for each in self._tracks if each.counter == counter]
        if self._spec.maps[counter.name].type.is_indexed:
            found.sort(key=lambda each: int.from_bytes(each.key, counter.byte_order))
        series = [self._series(each, 0) for each in found]
        return [replace(each, label=each.label.removesuffix(f" {counter.label}")) for each in series]

    @property
    def whole(self) -> Sequence[Counter]:
        """The counters that are followed at all entries of their maps."""
        return tuple(self._whole)

    @property
    def programs(self) -> Sequence[str]:
        """The programs whose run rates are drawn where nothing was chosen, in their order."""
        return tuple(self._runs)

    def drawn_of(self, name: str) -> Mapping[Chosen, int]:
        """Return what is drawn of a map, by its slot: what was chosen, else its first counter where it is busiest."""
        if mine := {each: slot for each, slot in self._chosen.items() if each.counter.name == name}:
            return mine
        return self._find_busiest(name)

    def map_series(self, name: str) -> list[ChartSeries]:
        """Return what is drawn of a map."""
        return [self._series(each, slot) for each, slot in self.drawn_of(name).items()]

    def _find_busiest(self, name: str) -> Mapping[Chosen, int]:
        """Return the entries at which a map's first counter is busiest. Who is drawn stays until others are busier."""
        first = next(iter(self._counters(name)), None) if name in self._spec.maps else None
        busy = {each: track.recent for each, track in self._tracks.items() if each.counter == first}
        drawn = {each: slot for each, slot in self._busiest.get(name, {}).items() if each in busy}
        for each in sorted(busy, key=busy.__getitem__, reverse=True)[:_BUSIEST]:
            if each in drawn:
                continue
            if len(drawn) == _BUSIEST:
                least = min(drawn, key=busy.__getitem__)
                if busy[each] <= _BUSIER * busy[least]:
                    continue
                del drawn[least]
            drawn[each] = min(set(range(SLOTS)).difference(drawn.values()))
        self._busiest[name] = drawn
        return drawn

    def _series(self, chosen: Chosen, slot: int) -> ChartSeries:
        track = self._track(chosen)
        points = list(track.values if self.shows_values else track.rates)
        return ChartSeries(self.label(chosen), points, slot, chosen.counter.unit, not self.shows_values)

    def label(self, chosen: Chosen) -> str:
        """Return what a line is called: `{IPV4, TCP} packets`; of a map with one entry, `packets`."""
        source = self._spec.maps[chosen.counter.name]
        if source.max_entries == 1:
            return chosen.counter.label
        if chosen.counter.name not in self._fields:
            self._fields[chosen.counter.name] = fields_of(source)
        texts = [field.text(Entry(chosen.key, ())) for field in self._fields[chosen.counter.name].keys]
        brackets = "[]" if source.type.is_indexed else "{}" if len(texts) > 1 else ("", "")
        return f"{brackets[0]}{', '.join(texts)}{brackets[1]} {chosen.counter.label}"
