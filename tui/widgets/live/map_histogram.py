"""MapHistogramView: a number of a map's entries as bars: of each entry, of how many entries have how much, or slots."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from ....core.btf.units import Unit
from ....core.live.distribution import distribution
from ...text.bars import lying_bar
from ...text.charset import is_ascii_terminal
from ...text.colors import tabbed
from ...text.fit import fitted, width_of
from ...text.format import amount, grouped, si
from .entry_look import EntryLook

if TYPE_CHECKING:
    from ....core.live.arrange import EntryTable
    from ....core.live.counters import Counter
    from ....core.live.field import Field
    from ....core.live.histogram import Histogram, Span
    from ....core.runtime import Entry
    from .map_columns import Column, MapColumns
    from .map_table import MapTableView

__all__ = ["MapHistogramView"]

_SEVERAL: Final = 40
"""Entries up to which each has a bar of its own; those of an array always have."""
_LONGEST_LABEL: Final = 40
_LEAST_BAR: Final = 8
"""Cells."""
_TO: Final = " … "
"""Between the ends of a span."""
_FULL: Final = 1e12
"""Below which a sum is told digit by digit: percentiles stand behind it."""


class _Bar(NamedTuple):
    """A row."""

    label: str
    number: float
    text: str
    entry: Entry | None = None
    slot: int | None = None
    """Which of the entry's slots it is."""


class MapHistogramView(EntryLook):
    """Left and right choose which number. An array, and a map of few entries, has a bar for each entry.

    Of more entries it shows how many have how much, in powers of two. Where a program keeps a histogram itself, its
    slots are the bars: entries of an array, or the elements of an array in an entry, which left and right choose.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "side(-1)", "Number", show=False, id="bars.left", tooltip="Draw the number before"),
        Binding("right,l", "side(1)", "Number", key_display="→", id="bars.right", tooltip="Draw the next number"),
        Binding("s", "scale", "Slots", id="bars.scale", tooltip="Say which numbers the slots are for"),
    ]

    class ScaleAsked(Message):
        """The bars are slots of a histogram, of another scale than is taken for granted, or none any more.

        Args:
            counter: What is drawn.
        """

        def __init__(self, counter: Counter) -> None:
            super().__init__()
            self.counter = counter

    COMPONENT_CLASSES: ClassVar[set[str]] = {"map-histogram--bar", "map-histogram--title"}
    """
    | Class | Description |
    | :- | :- |
    | `map-histogram--bar` | The bars. |
    | `map-histogram--title` | The name of the number. |
    """

    DEFAULT_CSS = """
    MapHistogramView {
        & > .map-histogram--bar { color: $series-1; }
        & > .map-histogram--title { text-style: bold underline; }
    }
    """

    def __init__(self, of: MapTableView, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(of, id=id)
        self._bars: list[_Bar] = []
        self._table: EntryTable | None = None
        self._numbers: list[Column] = []
        self._chosen: tuple[Field, bool] | None = None
        self._key: bytes | None = None
        """The key of the entry whose slots are drawn."""
        self._is_by_entry = True
        self._is_ascii = is_ascii_terminal()

    # Rows

    def make(self, table: EntryTable, columns: MapColumns) -> None:
        """Make the bars; the cursor stays on its own."""
        if self._table is None or self._table.fields is not table.fields:
            self.forget()
            self.restart()
        label = self._bars[self.cursor].label if self.cursor < len(self._bars) else None
        self._table = table
        self._numbers = [each for each in columns.all if each.is_rate or _is_amount(each.field)]
        if self._column is None:
            chosen = self.of.chosen
            self._chosen = next(
                (each.place for each in self._numbers if chosen is not None and each.place == chosen.place),
                self._numbers[0].place if self._numbers else None,
            )
        entries = table.entries
        self._is_by_entry = self.of.is_array or len(entries) <= _SEVERAL
        if self._has_slots:
            self._bars = self._of_slots(columns)
        else:
            self._bars = self._of_entries(columns) if self._is_by_entry else self._of_buckets()
        if not self._numbers:
            self.empty_text = "no field of this map is a number that could be a bar: v shows the table"
        if label is not None:
            self.cursor = next((index for index, bar in enumerate(self._bars) if bar.label == label), self.cursor)

    def forget(self) -> None:
        """Have no bars."""
        self._bars, self._numbers, self._table, self._chosen, self._key = [], [], None, None, None

    @property
    def _column(self) -> Column | None:
        """The column whose number is drawn; None where there is none."""
        return next((each for each in self._numbers if each.place == self._chosen), None)

    def _of_entries(self, columns: MapColumns) -> list[_Bar]:
        """Return a bar for each entry, in the order of the table; empty ones at the end of an array are left away."""
        column, table = self._column, self._table
        if column is None or table is None:
            return []
        histogram = self.of.histogram
        is_slot = histogram is not None and column.field.counter in histogram.counters
        bars: list[_Bar] = []
        for entry in table.entries:
            number = self._number(column, entry)
            label = _key(columns, entry)
            if histogram is not None and is_slot:
                label = _span(histogram.span(_slot(histogram, entry)))
            bars.append(_Bar(label, 0.0 if number is None else number, columns.cell(column, entry), entry))
        if self.of.is_array and table.ordering is None and not self.narrowed_by:
            while len(bars) > 1 and not bars[-1].number:
                bars.pop()
        return bars

    @property
    def _has_slots(self) -> bool:
        """Whether each entry has slots of its own."""
        histogram = self.of.histogram
        return histogram is not None and not histogram.is_by_entry

    def _of_slots(self, columns: MapColumns) -> list[_Bar]:
        """Return a bar for each slot of the chosen entry, from the first that has something to the last."""
        entry, histogram = self._entry, self.of.histogram
        if entry is None or histogram is None:
            return []
        counts = [each.total(entry) for each in histogram.counters]
        busy = [slot for slot, count in enumerate(counts) if count]
        shown = range(busy[0], busy[-1] + 1) if busy else range(0)
        return [_Bar(_span(histogram.span(slot)), counts[slot], grouped(counts[slot]), entry, slot) for slot in shown]

    @property
    def _entry(self) -> Entry | None:
        """The entry whose slots are drawn: the one that was chosen, as long as it is there."""
        entries = () if self._table is None else self._table.entries
        return next((each for each in entries if each.key == self._key), next(iter(entries), None))

    def _of_buckets(self) -> list[_Bar]:
        column, table = self._column, self._table
        if column is None or table is None:
            return []
        numbers = (self._number(column, entry) for entry in table.entries)
        return [
            _Bar(_bounds(each.low, each.high), each.entries, grouped(each.entries))
            for each in distribution(number for number in numbers if number is not None)
        ]

    def _number(self, column: Column, entry: Entry) -> float | None:
        """Return what an entry's bar is of; None where nobody knows."""
        assert self._table is not None
        found = self._table.rate(column.field, entry) if column.is_rate else column.field.number(entry)
        return None if found is None or math.isnan(found) else found

    def row_count(self) -> int:
        """Return the bars."""
        return len(self._bars)

    def row_text(self, index: int) -> str:
        """Return what a bar is of, and the number."""
        return tabbed(self._bars[index].label, self._bars[index].text)

    def place(self, index: int) -> tuple[Entry, Field | None] | None:
        """Return the entry of a bar, and the field that is drawn; None for a bar of several."""
        bar, column = self._bars[index], self._column
        if bar.entry is None:
            return None
        if bar.slot is not None and self.of.histogram is not None:
            counter = self.of.histogram.counters[bar.slot]
            return bar.entry, next((each.field for each in self._numbers if each.field.counter == counter), None)
        return None if column is None else (bar.entry, column.field)

    # Drawing

    @property
    def header_height(self) -> int:
        """What is drawn, and a line about what is not."""
        return 2 if self.of.note else 1

    def draw_header(self, line: int, width: int) -> Strip:
        """Draw what the bars are of."""
        muted, column = self.ink("row-view--muted"), self._column
        if line == 1:
            return Strip([Segment(f" {self.of.note}", muted)])
        name = self.ink("map-histogram--title")
        if self._table is not None and self._has_slots and (entry := self._entry) is not None:
            at = self._table.entries.index(entry) + 1
            label = _key(self.of.columns, entry) if self.of.columns is not None else ""
            place = f"  {at} of {grouped(len(self._table.entries))}" if len(self._table.entries) > 1 else ""
            return Strip([Segment(" "), Segment(label, name), Segment(f"{place}{self._told()}", muted)])
        if column is None or self._table is None:
            return Strip([])
        title = Segment(column.title, name)
        if self._is_by_entry:
            return Strip([Segment(" "), title, Segment(self._told() or "  of each entry", muted)])
        read = grouped(len(self._table.entries))
        return Strip([Segment(" "), title, Segment(f"  how many of {read} entries have how much", muted)])

    def _told(self) -> str:
        """Return how many the slots count, and below which numbers half of them are, nine of ten and 99 of 100.

        Where not all slots were read, nobody knows that of all.
        """
        histogram, column = self.of.histogram, self._column
        if histogram is None or not self._bars:
            return ""
        is_rate = column is not None and column.is_rate and not self._has_slots
        if self._has_slots:
            assert self._entry is not None
            counts: list[float] = [each.total(self._entry) for each in histogram.counters]
        elif column is not None and column.field.counter in histogram.counters:
            counts = self._by_slot(histogram, column)
        else:
            return ""
        parts = [f"{histogram.scale}"]
        if not counts:
            return "  " + parts[0]  # only a part of the map was read
        parts.append(f"n {si(sum(counts))}/s" if is_rate else f"n {_count(sum(counts))}")
        for name, share in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99)):
            place = histogram.quantile(counts, share)
            parts += [] if place is None else [f"{name} {amount(place, histogram.unit)}"]
        return "  " + "  ".join(parts)

    def _by_slot(self, histogram: Histogram, column: Column) -> list[float]:
        """Return what all slots of the map count, whatever rows are shown; nothing where not all were read."""
        assert self._table is not None
        snapshot = self._table.reading.snapshot
        if snapshot.partial:
            return []
        counts = [0.0] * histogram.slots
        for entry in snapshot.entries:
            slot = _slot(histogram, entry)
            if slot < len(counts):
                counts[slot] = max(0.0, self._number(column, entry) or 0.0)
        return counts

    def draw_row(self, index: int, width: int) -> Strip:
        """Draw a bar, its number before it: no digit is cut."""
        bar = self._bars[index]
        number = max(len(each.text) for each in self._bars)
        longest = max(width_of(each.label) for each in self._bars)
        are_spans = self.of.histogram is not None
        least = max(width_of(_begun(each.label)) for each in self._bars) if are_spans else 4
        wide = min(longest, _LONGEST_LABEL, max(least, width - number - 6 - _LEAST_BAR))
        room = max(0, width - wide - number - 6)
        text = _begun(bar.label) if are_spans and width_of(bar.label) > wide else bar.label
        label = fitted(text, wide) if bar.entry is not None else f"{text:>{wide}}"
        return Strip(
            [
                Segment(f" {label}  {bar.text:>{number}}  "),
                Segment(self._drawn(bar.number, room), self.ink("map-histogram--bar")),
            ]
        )

    def _drawn(self, number: float, room: int) -> str:
        """Return a bar; what is not zero is seen, what is below it is none."""
        most = max(each.number for each in self._bars)
        if number <= 0 or not math.isfinite(most):
            return ""
        return lying_bar(number, most, room, ascii_only=self._is_ascii)

    # Actions

    def action_side(self, direction: int) -> None:
        """Draw another number, or the slots of another entry."""
        if self._has_slots and self._table is not None and (entry := self._entry) is not None:
            entries = self._table.entries
            self._key = entries[max(0, min(len(entries) - 1, entries.index(entry) + direction))].key
            self.follow()
            return
        places = [each.place for each in self._numbers]
        if self._chosen in places:
            here = places.index(self._chosen)
            self._chosen = places[max(0, min(len(places) - 1, here + direction))]
            self.follow()

    def action_scale(self) -> None:
        """Ask for another scale."""
        column, histogram = self._column, self.of.histogram
        counter = histogram.counters[0] if histogram is not None else None if column is None else column.field.counter
        if counter is not None:
            self.post_message(self.ScaleAsked(counter))

    def why_not(self, action: str) -> str:
        """Return why a bar cannot be opened, or another number chosen."""
        if action == "scale":
            return "nothing here could be slots: those are an array of at least four numbers"
        if action.startswith("side") and self._has_slots:
            return "there is no other entry"
        if action.startswith("side") and len(self._numbers) < 2:
            return "there is no other number in this map"
        if action == "select" and self._bars:
            return "this bar is of several entries: v shows them in a table"
        return super().why_not(action)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer another number where there is one."""
        if action == "side":
            return len(self._table.entries if self._has_slots and self._table is not None else self._numbers) > 1
        if action == "scale":
            column = self._column
            return self.of.histogram is not None or (
                column is not None and column.field.counter is not None and (self.of.is_array or "[" in column.title)
            )
        return super().check_action(action, parameters)


def _key(columns: MapColumns, entry: Entry) -> str:
    """Return the fields of an entry's key."""
    return "  ".join(columns.cell(each, entry) for each in columns.all if each.field.of == "key")


def _slot(histogram: Histogram, entry: Entry) -> int:
    """Return which slot an entry of an array is."""
    return int.from_bytes(entry.key, histogram.counters[0].byte_order)


def _span(span: Span) -> str:
    """Return the numbers that a slot is for."""
    low, high, unit = span
    if low == high:
        return "none"
    if unit is Unit.NUMBER:
        return _bounds(low, high)
    return f"{amount(low, unit)}{_TO}{amount(high, unit)}"


def _is_amount(field: Field) -> bool:
    return field.of == "value" and field.is_number and not field.is_by_cpu


def _bounds(low: float, high: float) -> str:
    if low < 0:
        return "< 0"
    if (low, high) == (0, 1):
        return "0"
    return f"{_short(low)}{_TO}{_short(high - 1)}" if high - low > 1 else _short(low)


def _begun(label: str) -> str:
    """Return where a span begins, for where there is no room for its end: half a number reads as another."""
    low, to, _ = label.partition(_TO)
    return f"{low}{to}".rstrip()


def _count(number: float) -> str:
    """Return how many were counted, in full where that is not half a line."""
    return grouped(number) if number < _FULL else si(number)


def _short(number: float) -> str:
    """Return a bound, in full where it is short."""
    return grouped(number) if number < 1_000_000 else si(number)
