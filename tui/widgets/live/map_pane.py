"""MapPane: one map, live: its entries or its events, and a small chart of what moves most."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal

from textual.containers import Horizontal, Vertical
from textual.reactive import reactive
from textual.widgets import ContentSwitcher

from ....core.btf import format_value
from ....core.live import decoded
from ....core.live.drawn import StreamState
from ....core.live.monitor import event_line
from ....core.live.quantity import OfEntry
from ...targets import type_target
from ...text.format import grouped
from ...text.shown import assembled, plain
from ..pane_title import PaneTitle
from .chart import Chart, end_of
from .entries_view import EntriesView
from .event_view import EventView
from .gauge import gauge
from .shares_view import SharesView
from .stream_rates import StreamRates

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from textual import events
    from textual.app import ComposeResult
    from textual.content import Content

    from ....core.analysis.records import RecordType
    from ....core.live import Sample
    from ....core.live.arrange import EntryTable
    from ....core.live.drawn import EventLine
    from ....core.live.graph import Graph
    from ....core.live.quantity import Quantity
    from ....core.runtime import MapSnapshot
    from ....core.spec import CollectionSpec
    from ...targets import Target

__all__ = ["MapPane"]

_CHARTED_FROM: Final = 26
"""Rows of the pane from which on a chart of its own has room."""
_CHART_LEAST: Final = 14
"""Rows that a chart has however many rows there are, where that is not more than two fifths of the pane."""
_COUNTED_BESIDE: Final = 84
"""Cells of the pane from which on the counts of a stream stand beside its events."""
_AROUND_ROWS: Final = 4
"""Rows for titles, a note, and a gap between the rows and the chart."""
_UNREAD: Final = "not read: whoever takes a record out of it takes it from its owner"
_AWAITED: Final = {
    "load": "L loads the collection: then its {} are here",
    "loading": "it is being loaded: then its {} are here",
    "sample": "its {} are being read",
}
"""What an empty pane says by what comes next."""
_MAX_ROWS: Final = 10_000
"""Events that are kept of a stream."""


class MapPane(Vertical):
    """The map called `map_name`; which one is changed by the tree."""

    DEFAULT_CSS = """
    MapPane {
        & > ContentSwitcher { height: 1fr; }
        & EventView { width: 1fr; height: 1fr; }
        & SharesView { display: none; width: 40; height: 1fr; border-left: vkey $rule; }
        & #map-stream.-counted SharesView { display: block; }
        & #map-stream.-counted.-narrow EventView { display: none; }
        & #map-stream.-counted.-narrow SharesView { width: 1fr; border-left: none; }
        & > Chart { height: 14; }
        & > Chart.-off { display: none; }
        & > Chart.-low { display: none; }
    }
    """

    map_name: reactive[str] = reactive("", init=False)
    """The map that is shown."""
    awaits: reactive[Literal["load", "loading", "sample"]] = reactive("load", init=False)
    """What comes next where nothing of the map was read yet."""

    def __init__(
        self,
        spec: CollectionSpec,
        *,
        unread: bool = False,
        id: str | None = None,  # noqa: A002 - Textual's own name
    ) -> None:
        """Initialise the pane for the maps of *spec*; streams are *unread* where others have loaded it."""
        super().__init__(id=id)
        self._unread = unread
        self.spec = spec
        self.entries = EntriesView(spec, self._show_entries, id="map-entries")
        declared = [found.name for found in spec.maps.values() if not found.is_data]
        self.set_reactive(MapPane.map_name, declared[0] if declared else "")
        self._events: dict[str, list[EventLine]] = {}
        self._came: dict[str, int] = {}
        """How many events of a stream came here, kept or not."""
        self._rows = 0
        """How many the table has."""
        self._drawn: Mapping[Quantity, int] = {}
        """What is drawn of the map, by its slot."""
        self._chosen: Collection[Quantity] = ()
        """What of that the user chose."""
        self._streams: Mapping[str, StreamState] = {}
        self._rates = StreamRates()

    @property
    def chart(self) -> Chart:
        """What is drawn of the map."""
        return self.query_one(Chart)

    @property
    def has_chart(self) -> bool:
        """Whether there is room for it, and something to draw."""
        return self.display and not (self.chart.has_class("-low") or self.chart.has_class("-off"))

    entries: EntriesView
    """What shows and edits the entries of a map that has such."""

    def compose(self) -> ComposeResult:
        """Compose title, entries, events and chart."""
        yield PaneTitle(id="map-title")
        with ContentSwitcher(initial="map-entries"):
            yield self.entries
            with Horizontal(id="map-stream"):
                yield EventView(id="map-events")
                yield SharesView(id="map-shares")
        yield Chart(id="map-chart", classes="-off")

    def on_resize(self, event: events.Resize) -> None:
        """Leave the rows all the room where a chart would be a strip."""
        self.chart.set_class(event.size.height < _CHARTED_FROM, "-low")
        self.query_one("#map-stream").set_class(event.size.width < _COUNTED_BESIDE, "-narrow")
        self._fit_chart()
        self._sign()

    def _fit_chart(self) -> None:
        """Give the chart the room that the rows leave, two thirds of the pane at most; a few rows, and it is large.

        Events are as many as there is room for.
        """
        height = self.size.height
        left = 0 if self.is_stream else height - _AROUND_ROWS - self._rows
        least = min(_CHART_LEAST, height * 2 // 5)
        self.chart.styles.height = max(least, min(left, height * 2 // 3))

    def _sign(self) -> None:
        """Give the numbers that are drawn their signs; what stands in no chart that can be seen has none."""
        shown = self.chart.display and not self.chart.has_class("-low")
        self.entries.table.drawn = {
            (each.key, each.counter): slot
            for each, slot in self._drawn.items()
            if isinstance(each, OfEntry) and (shown or each in self._chosen)
        }
        self.entries.table.refresh_rows()

    def on_mount(self) -> None:
        """Say what is missing before the load."""
        self.watch_map_name()
        self.watch(self.query_one(EventView), "said", self._show_said, init=False)
        self.watch(self.query_one(EventView), "column", self._show_counts, init=False)
        self.watch_awaits()

    def watch_awaits(self) -> None:
        """Say what comes, where nothing is shown yet."""
        if not self.map_name:
            self.entries.say("no maps: what its programs keep in variables is in tab 3")
        elif self.entries.table.table is None:
            self.entries.say(_AWAITED[self.awaits].format("entries"))
        view = self.query_one(EventView)
        if not view.kept and self.map_name not in self._streams:
            view.empty_text = _UNREAD if self._unread else _AWAITED[self.awaits].format("events")
            view.refresh()

    def watch_map_name(self) -> None:
        """Show another map."""
        stream = self.is_stream
        self.query_one(ContentSwitcher).current = "map-stream" if stream else "map-entries"
        self.entries.choose(self.map_name)
        self.watch_awaits()
        self.query_one("#map-stream").remove_class("-counted")
        self._fit_chart()
        if stream:
            view = self.query_one(EventView)
            view.clear()
            view.narrow("")
            view.per_second = self._rates.of(self.map_name)
            view.state = self._streams.get(self.map_name, StreamState())
            kept = self._events.get(self.map_name, [])
            view.append(kept)
            view.earlier = self._came.get(self.map_name, 0) - len(kept)
            view.tell()
            self._offer()
        self._show_title()

    # Counts of a stream

    @property
    def is_counted(self) -> bool:
        """Whether it is shown how often values come."""
        return self.is_stream and self.query_one("#map-stream").has_class("-counted")

    def on_event_view_counts_asked(self, event: EventView.CountsAsked) -> None:
        """Show how often the values of the chosen column come, or no more."""
        event.stop()
        self._count(is_on=not self.is_counted)

    def on_shares_view_column_asked(self, event: SharesView.ColumnAsked) -> None:
        """Count what stands in another column."""
        event.stop()
        self.query_one(EventView).column += event.direction

    def on_shares_view_closed(self, event: SharesView.Closed) -> None:
        """Show events only."""
        event.stop()
        self._count(is_on=False)

    def on_shares_view_chosen(self, event: SharesView.Chosen) -> None:
        """Show the events with a value."""
        event.stop()
        if self.query_one("#map-stream").has_class("-narrow"):
            self._count(is_on=False)
        self.query_one(EventView).narrow_more(event.condition)
        self._show_counts()

    def _count(self, *, is_on: bool) -> None:
        stream, view, counts = self.query_one("#map-stream"), self.query_one(EventView), self.query_one(SharesView)
        was_in = view.has_focus or counts.has_focus
        stream.set_class(is_on, "-counted")
        self._show_counts()
        if was_in:
            (counts if is_on and stream.has_class("-narrow") else view).focus()

    def _show_counts(self) -> None:
        """Count what is shown now."""
        view = self.query_one(EventView)
        if self.is_counted and (field := view.chosen) is not None:
            self.query_one(SharesView).show(field, view.records())

    @property
    def is_stream(self) -> bool:
        """Whether the map brings events instead of entries."""
        found = self.spec.maps.get(self.map_name)
        return found is not None and found.type.is_stream

    def add_events(self, name: str, events: Sequence[EventLine]) -> None:
        """Keep the events of a stream, and show them when it is the one."""
        kept = self._events.setdefault(name, [])
        kept.extend(events)
        self._came[name] = self._came.get(name, 0) + len(events)
        del kept[:-_MAX_ROWS]
        if name == self.map_name:
            self.query_one(EventView).append(events)

    def forget_events(self) -> None:
        """Forget the events of all streams."""
        self._events.clear()
        self._came.clear()
        if self.is_stream:
            self.query_one(EventView).clear()

    def show_streams(self, streams: Mapping[str, StreamState], time: float) -> None:
        """Say how the streams are doing at a *time*, in seconds: they are read from now on."""
        self._streams = streams
        self._rates.read(streams, time)
        view = self.query_one(EventView)
        if not view.kept:
            view.empty_text = _UNREAD if self._unread else "no events yet"
        state = streams.get(self.map_name)
        if self.is_stream:
            view.state = state or StreamState()
            view.per_second = self._rates.of(self.map_name)
            self._offer()
            self._show_counts()

    def _offer(self) -> None:
        """Offer what can be done with a stream that is read."""
        view = self.query_one(EventView)
        view.is_read = self.map_name in self._streams
        view.offer.follow()

    def put_anew(self, name: str, record: RecordType) -> None:
        """Take the events of a stream for something else."""
        self._events[name] = [event_line(event.time, event.raw, record) for event in self._events.get(name, [])]
        state = self._streams.get(name, StreamState())
        self._streams = {**self._streams, name: replace(state, type=record.type, type_text=record.text)}
        if name == self.map_name:
            self.watch_map_name()

    def show(self, current: Sample, previous: Sample | None, graph: Graph) -> None:
        """Show the map as *current* has it, with rates since *previous*, and what *graph* draws of it."""
        found = self.spec.maps.get(self.map_name)
        if found is None:
            return
        # First: what is drawn of a stream, of its records or of how many come, is drawn though it has no entries.
        drawn = self._draw(graph, current.end)
        if self.map_name not in current.maps:
            if not self.is_stream:
                self.entries.say(f"entries of a map of type {found.type.label} cannot be listed")
            self._show_title()
            return
        snapshot = current.maps[self.map_name]
        if snapshot.note:
            self.entries.say(self._unlisted(snapshot))
            self._show_title(plain(snapshot.note))
            return
        self._drawn, self._chosen = drawn, graph.chosen
        self._sign()
        self.entries.table.histogram = graph.histogram(self.map_name)
        self.entries.show(current, previous)

    def _draw(self, graph: Graph, now: float) -> Mapping[Quantity, int]:
        """Draw what *graph* draws of the map up to *now*, in seconds, and return it by its slot."""
        drawn, chart = graph.drawn_of(self.map_name), self.chart
        chart.set_class(not drawn, "-off")
        if drawn:
            series = graph.map_series(self.map_name, chart.window)
            chart.show(series, now, graph.marks, end=end_of(graph, now))
        return drawn

    def _unlisted(self, snapshot: MapSnapshot) -> str:
        """Return what there is to be seen of a map whose entries cannot be listed."""
        found = self.spec.maps[self.map_name]
        if not found.type.is_queue:
            return snapshot.note
        if snapshot.upcoming is None:
            return f"empty, of {grouped(found.max_entries)}"
        return f"next: {format_value(decoded(found.value, snapshot.upcoming))}"

    def _show_entries(self, table: EntryTable) -> None:
        """Say how many entries there are, and how full the map is."""
        self._rows = len(table.entries)
        self._fit_chart()
        found = self.spec.maps[self.map_name]
        live = self.entries.live.get(self.map_name)
        most = found.max_entries if live is None else live.max_entries
        text = gauge(found.type, table.total, most, is_counted=table.is_counted)
        if table.fields.is_summed:
            others = [each.label for each in table.fields.values if each.is_by_cpu]
            but = f", but for {', '.join(others)}" if others else ""
            text = assembled(text, (f"  CPUs summed{but}", "$text-muted"))
        self._show_title(text)

    def _show_said(self) -> None:
        if self.is_stream:
            self._show_title()

    def _show_title(self, entries: Content | None = None) -> None:
        found = self.spec.maps.get(self.map_name)
        if found is None:
            return
        parts: list[Content | tuple[str, str]] = [(found.name, "bold"), (f"  {found.type.label}", "$text-muted")]
        if entries is not None:
            parts += [("  ", ""), entries]
        title = self.query_one("#map-title", PaneTitle)
        targets: list[Target] = []
        if self.is_stream and self.map_name in self._streams:
            state = self._streams[self.map_name]
            parts += [("  ", ""), plain(self.query_one(EventView).said)]
            target = None if state.type is None else type_target(state.type)
            if state.type_text and target is None:
                parts.append((f"  {state.type_text}", "$text-muted"))
            elif state.type is not None and target is not None:
                named = state.type.c_text
                parts += [("  ", ""), title.link(named, 0), (state.type_text.removeprefix(named), "$text-muted")]
                targets.append(target)
        elif found.key is not None and found.value is not None:
            # Last: in a narrow pane the rest is cut off.
            for between, ctype in (("  ", found.key), (" → ", found.value)):
                parts.append((between, "$text-muted"))
                target = type_target(ctype)
                if target is None:
                    parts.append((ctype.c_text, "$text-muted"))
                else:
                    parts.append(title.link(ctype.c_text, len(targets)))
                    targets.append(target)
        title.targets = targets
        title.update(assembled(*parts))
