"""Graph: which counters are drawn over time, in which colour and shape, and what was done meanwhile."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Final

from ..analysis.counting import Counting
from ..runtime import Entry
from .counters import Counter, counters
from .drawn import ChartSeries, Mark
from .fields import Fields, fields_of
from .histogram import histogram_of
from .quantity import Arrivals, Entries, Look, OfEntry, OfRecords, Quantity, Runs, RunTime, Total, Track

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ..btf.units import Unit
    from ..spec import CollectionSpec
    from .drawn import EventLine, StreamState
    from .histogram import Histogram
    from .sampler import Sample

__all__ = ["FEW", "MOST_ROWS", "SLOTS", "Graph"]

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
_GONE: Final = 10
"""Samples for which an entry is missing that makes room for others."""
_BUSIEST: Final = 3
"""Lines of a map's own chart, where none of its numbers was chosen."""
_BUSIER: Final = 1.25
"""How many times as busy another entry is that takes the place of one that is drawn."""
_MAX_MARKS: Final = 200


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
        self._tracks: dict[Quantity, Track] = {}
        self._chosen: dict[Quantity, int] = {}
        """What is drawn, by its slot."""
        self._turned: set[Quantity] = set()
        """What is not drawn as is usual for it: of which the value is, although it grows, or the reverse."""
        self._busiest: dict[str, dict[OfEntry, int]] = {}
        self._fields: dict[str, Fields] = {}
        self._marks: deque[Mark] = deque(maxlen=_MAX_MARKS)
        self._since = 0.0
        self._whole: set[Counter] = set()
        """What is followed at all entries of its map."""
        self._slots: set[OfEntry] = set()
        self._histograms: dict[str, Histogram | None] = {}
        self._units: dict[str, Unit] = {}
        """Those that were chosen, by what has them: see `place`."""

    @property
    def is_recorded(self) -> bool:
        """Whether its moments are those of a recording."""
        return self._date is not None

    def date(self, moment: float) -> float:
        """Return when a moment was, in seconds since 1970."""
        return time.time() - (self.now - moment) if self._date is None else self._date(moment)

    # The past

    def observe(
        self,
        sample: Sample,
        streams: Mapping[str, StreamState] | None = None,
        events: Mapping[str, Sequence[EventLine]] | None = None,
    ) -> bool:
        """Take a sample, and what streams brought with it, into the past of everything that is followed.

        Returns:
            Whether it was taken: not if it is older than the last, of a collection that there is no more.
        """
        if sample.time < self._since:
            return False
        self._since = sample.time
        self._follow_all(sample)
        look = Look(sample, streams, events)
        for track in self._tracks.values():
            track.add(look)
        return True

    def begin(self) -> None:
        """Begin to count another collection, or the first one. The past stays, with a gap behind it."""
        if not self._tracks:
            self.start = self._clock()
            self._marks.clear()
        self._since = now = self.now
        for track in self._tracks.values():
            track.interrupt(now)

    def go_on(self, spec: CollectionSpec) -> None:
        """Count another version of the collection, which has its place taken: the past stays of what both have."""
        self._spec = spec
        self._fields.clear()
        self._histograms.clear()
        for group in (self._tracks, self._chosen):
            for each in [each for each in group if not self._is_known(each)]:
                del group[each]
        self._turned = {each for each in self._turned if self._is_known(each)}
        self._whole = {each for each in self._whole if self._is_known(OfEntry(each))}
        self._slots = {each for each in self._slots if self._is_known(each)}
        self._busiest.clear()

    def _is_known(self, quantity: Quantity) -> bool:
        """Whether the collection has what a quantity is of, where that was."""
        kind, name = quantity.source
        if kind == "program":
            return name in self._spec.programs
        if kind == "variable":
            return name in self._spec.variables
        counter = quantity.counter if isinstance(quantity, OfEntry) else None
        return name in self._spec.maps and (counter is None or counter in self._counters(name))

    @property
    def is_past(self) -> bool:
        """Whether what it has is of another time than now."""
        return self._date is not None

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
        """Follow the programs' runs, the counters of small maps from the start, and those drawn of the whole map."""
        if not sample.uncounted:
            for name in sample.programs:
                self.follow(Runs(name))
        for counter in self._whole:
            entries = sample.maps[counter.name].entries if counter.name in sample.maps else ()
            new = [each for entry in entries if (each := OfEntry(counter, entry.key)) not in self._tracks]
            known = [each for each in self._entries() if each.counter == counter]
            for each in islice(new, self._make_room(known, len(new), MOST_ROWS)):
                self.follow(each)
        for name, snapshot in sample.maps.items():
            if len(snapshot.entries) > FEW or not self._make_room([*self._entries()], 1, _MAX_TRACKS):
                continue
            for counter in self._counters(name):
                for entry in snapshot.entries:
                    self.follow(OfEntry(counter, entry.key))

    def _make_room(self, known: list[OfEntry], wanted: int, most: int) -> int:
        """Forget what has been gone for long and nobody draws, until there is room; return for how many more."""
        gone = [each for each in known if each not in self._chosen and self._tracks[each].missing >= _GONE]
        gone.sort(key=lambda each: -self._tracks[each].missing)
        for each in gone[: max(0, len(known) + wanted - most)]:
            del self._tracks[each]
            known.remove(each)
        return max(0, most - len(known))

    def _entries(self) -> Iterator[OfEntry]:
        """Iterate over what is followed at one entry of a map, of all CPUs."""
        return (each for each in self._tracks if isinstance(each, OfEntry) and each.cpu is None)

    def _counters(self, name: str) -> list[Counter]:
        return counters(self._spec.maps[name], self._spec.derived(Counting))

    def follow(self, quantity: Quantity) -> None:
        """Keep the past of a quantity from now on, whether it is drawn or not."""
        if quantity not in self._tracks:
            self._tracks[quantity] = Track(quantity, capacity=_CAPACITY)

    def run_rate(self, programs: Sequence[str]) -> float | None:
        """Return how often *programs* ran per second, together; None when it is not known."""
        rates = [self._tracks[Runs(name)].rates.last for name in programs if Runs(name) in self._tracks]
        known = [rate for rate in rates if rate is not None]
        return sum(known) if known else None

    # What is drawn

    @property
    def chosen(self) -> Sequence[Quantity]:
        """What was chosen; nothing for the programs' run rates."""
        return tuple(self._chosen)

    @property
    def drawn(self) -> Sequence[Quantity]:
        """What is drawn, in its order: what was chosen, else how often the programs run."""
        return self.chosen or tuple(each for each in self._tracks if isinstance(each, Runs))

    def choose(self, quantity: Quantity) -> list[Quantity]:
        """Draw a quantity, beside those that are drawn already; return those that make room for it.

        That is the one that was chosen first, where there is no colour left.
        """
        if quantity in self._chosen:
            return []
        out = [*self._chosen][: max(0, len(self._chosen) - SLOTS + 1)]
        for each in out:
            self.leave_out(each)
        taken = set(self._chosen.values())
        # The colour that it has in its map's chart, where nobody else has it.
        known = self._busiest.get(quantity.source[1], {}).get(quantity) if isinstance(quantity, OfEntry) else None
        free = [slot for slot in (known, *range(SLOTS)) if slot is not None and slot not in taken]
        self._chosen[quantity] = free[0]
        self.follow(quantity)
        return out

    def draw_as(self, other: Graph) -> None:
        """Draw what another graph of the same object draws, in its colours."""
        self._chosen = dict(other._chosen)
        self._busiest = {name: dict(drawn) for name, drawn in other._busiest.items()}
        self._whole = set(other._whole)
        self._turned = set(other._turned)
        self._slots = set(other._slots)
        self._histograms = dict(other._histograms)
        self._units = dict(other._units)
        for each in self._chosen:
            self.follow(each)

    def leave_out(self, quantity: Quantity) -> None:
        """Draw a quantity no more."""
        self._chosen.pop(quantity, None)
        self._turned.discard(quantity)

    def shows_value(self, quantity: Quantity) -> bool:
        """Return whether what it is is drawn; else how it changes."""
        return quantity.grows is (quantity in self._turned)

    def turn(self, only: Quantity | None = None) -> None:
        """Draw what all lines that grow are instead of how they change, or the reverse; without such, so with all.

        Args:
            only: The one line with which it is done, without the others.
        """
        quantities = [each for each in self.drawn if each.grows] or self.drawn if only is None else [only]
        values = not all(map(self.shows_value, quantities))
        self._turned ^= {each for each in quantities if self.shows_value(each) is not values}

    def series(self, window: float) -> list[ChartSeries]:
        """Return the last *window* seconds of what is drawn."""
        if self._chosen:
            return [self._series(each, slot, window) for each, slot in self._chosen.items()]
        return [self._series(each, number % SLOTS, window) for number, each in enumerate(self.drawn)]

    def rows(self, quantity: OfEntry, window: float) -> list[ChartSeries]:
        """Return a counter at all entries of its map, as far as they are followed, which they are from now on.

        All are drawn as the line of *quantity* is: what they are, or how they change. Those of an array are in its
        order, others in that in which they were seen first. Where it is one of the slots of an entry, those are the
        rows.
        """
        counter = quantity.counter
        histogram = self.histogram(counter.name)
        if histogram is not None and not histogram.is_by_entry and counter in histogram.counters:
            self._slots.add(quantity)
            found = [replace(quantity, counter=each) for each in histogram.counters]
        else:
            self._whole.add(counter)
            found = [each for each in self._entries() if each.counter == counter]
            if self._spec.maps[counter.name].type.is_indexed:
                found.sort(key=lambda each: int.from_bytes(each.key, counter.byte_order))
        as_value = self.shows_value(quantity)
        series = [self._series(each, 0, window, as_value=as_value) for each in found]
        if histogram is not None and counter in histogram.counters:
            if histogram.is_by_entry:
                slots = [int.from_bytes(each.key, counter.byte_order) for each in found]
            else:
                slots = [*range(len(found))]
            return [replace(each, span=histogram.span(slot)) for slot, each in zip(slots, series, strict=True)]
        return [replace(each, label=each.label.removesuffix(f" {counter.label}")) for each in series]

    def histogram(self, name: str) -> Histogram | None:
        """Return where a map has the slots of a histogram: as was declared, else as its names tell."""
        if name not in self._histograms:
            self._histograms[name] = histogram_of(self._spec.maps[name])
        return self._histograms[name]

    def declare(self, name: str, histogram: Histogram | None) -> None:
        """Say where a map has slots, or that it has none."""
        self._histograms[name] = histogram

    @property
    def units(self) -> Mapping[str, Unit]:
        """The units that were chosen, whatever names and types tell, by what has them."""
        return self._units

    @units.setter
    def units(self, units: Mapping[str, Unit]) -> None:
        self._units = dict(units)

    def unit(self, quantity: Quantity) -> Unit:
        """Return the unit that was chosen for a quantity, else its own."""
        return self._units.get(_place(quantity), quantity.unit)

    def choose_unit(self, quantity: Quantity, unit: Unit) -> None:
        """Draw a quantity, and whatever is of the same number, in a unit."""
        if unit is quantity.unit:
            self._units.pop(_place(quantity), None)
        elif place := _place(quantity):
            self._units[place] = unit

    @property
    def slots(self) -> Sequence[OfEntry]:
        """One slot of each entry of which all are followed."""
        return tuple(self._slots)

    @property
    def whole(self) -> Sequence[Counter]:
        """The counters that are followed at all entries of their maps."""
        return tuple(self._whole)

    def drawn_of(self, name: str) -> Mapping[Quantity, int]:
        """Return what is drawn of a map, by its slot: what was chosen, else its first counter where it is busiest."""
        if mine := {each: slot for each, slot in self._chosen.items() if each.source[1] == name}:
            return mine
        return {**self._find_busiest(name)}

    def map_series(self, name: str, window: float) -> list[ChartSeries]:
        """Return the last *window* seconds of what is drawn of a map."""
        return [self._series(each, slot, window) for each, slot in self.drawn_of(name).items()]

    def _find_busiest(self, name: str) -> Mapping[OfEntry, int]:
        """Return the entries at which a map's first counter is busiest. Who is drawn stays until others are busier."""
        first = next(iter(self._counters(name)), None) if name in self._spec.maps else None
        busy = {each: self._tracks[each].recent for each in self._entries() if each.counter == first}
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

    def _series(self, quantity: Quantity, slot: int, window: float, *, as_value: bool | None = None) -> ChartSeries:
        """Return the past of a quantity: its values or rates, as it is drawn unless that is said."""
        self.follow(quantity)
        track = self._tracks[quantity]
        as_value = self.shows_value(quantity) if as_value is None else as_value
        past = (track.values if as_value else track.rates).past(window)
        return ChartSeries(
            self.label(quantity),
            past.points,
            slot,
            self.unit(quantity),
            is_rate=not as_value,
            is_mean=quantity.is_mean and not as_value,
            buckets=past.buckets,
        )

    def label(self, quantity: Quantity) -> str:
        """Return what a line is called: `{IPV4, TCP} packets`; of a map with one entry, `packets`."""
        match quantity:
            case OfEntry(counter, key, cpu):
                at = "" if cpu is None else f" on CPU {cpu}"
                return f"{self._key_label(counter.name, key)}{counter.label}{at}"
            case Total(counter):
                what = "" if counter.label == counter.name else f"{counter.label} of "
                return f"all {what}{counter.name}"
            case Entries(name):
                return f"entries of {name}"
            case Runs(program):
                return f"{program} runs"
            case RunTime(program):
                return f"{program} time of a run"
            case Arrivals(name):
                return f"{name} records"
            case OfRecords(counter, kind):
                of = "" if kind is None else f"{kind.c_text.removeprefix('struct ')}."
                return f"{counter.name} {of}{counter.label}"
            case _:
                return quantity.source[1]

    def _key_label(self, name: str, key: bytes) -> str:
        """Return an entry's key and a space; nothing of a variable, and of a map with one entry."""
        source = self._spec.maps.get(name) if key else None
        if source is None or source.max_entries == 1:
            return ""
        if name not in self._fields:
            self._fields[name] = fields_of(source)
        texts = [field.text(Entry(key, ())) for field in self._fields[name].keys]
        brackets = "[]" if source.type.is_indexed else "{}" if len(texts) > 1 else ("", "")
        return f"{brackets[0]}{', '.join(texts)}{brackets[1]} "


def _place(quantity: Quantity) -> str:
    """Return what has a number, whichever entry's it is: `map traffic.bytes`; empty for what is no part of anything."""
    match quantity:
        case OfEntry(counter) | Total(counter) | OfRecords(counter):
            return f"{counter.source} {counter.name}{counter.path}"
        case _:
            return ""
