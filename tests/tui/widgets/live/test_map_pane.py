"""MapPane: what is shown of a map that brings events, from the start."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import TYPE_CHECKING

from textual.widgets import ContentSwitcher

from bpftui.core.analysis.records import RecordType, record_candidates
from bpftui.core.live import Sample
from bpftui.core.live.drawn import EventLine, StreamState
from bpftui.core.live.graph import Graph
from bpftui.core.live.quantity import Arrivals
from bpftui.core.runtime import Entry, MapSnapshot
from bpftui.core.spec import CollectionSpec
from bpftui.tui.base_app import BaseApp
from bpftui.tui.widgets.live.event_view import EventView
from bpftui.tui.widgets.live.map_pane import MapPane
from bpftui.tui.widgets.live.map_table import MapTableView
from bpftui.tui.widgets.live.shares_view import SharesView
from bpftui.tui.widgets.pane_title import PaneTitle

from ..lines import lines

if TYPE_CHECKING:
    from textual.app import ComposeResult

OBJECT = Path(__file__).parents[3] / "objects" / "live.o"
TAGGED = OBJECT.with_name("record_tags.o")


class PaneApp(BaseApp[None]):
    def __init__(self, *maps: str) -> None:
        super().__init__()
        self.pane = MapPane(CollectionSpec.from_file(OBJECT).subset(maps=set(maps), programs=set(), variables=set()))

    def compose(self) -> ComposeResult:
        yield self.pane


async def test_a_stream_that_is_the_first_map_is_shown_as_one() -> None:
    app = PaneApp("texts")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert app.pane.query_one(ContentSwitcher).current == "map-stream"
        view = app.pane.query_one(EventView)
        assert "L loads the collection: then its events are here" in "".join(lines(view))
        app.pane.show_streams({"texts": StreamState(1, type_text="struct event")}, 1.0)
        await pilot.pause()
        assert "no events yet" in "".join(lines(view))
        app.pane.add_events("texts", [EventLine(1.0, '{n=7, comm="sh"}', b"7")])
        await pilot.pause()
        assert '1.000s  {n=7, comm="sh"}' in "".join(lines(view))
        title = app.pane.query_one(PaneTitle)
        assert lines(title)[0].split("  ")[1:3] == ["ringbuf", "1 seen"]
        app.pane.show_streams({"texts": StreamState(31, lost=5, type_text="struct event")}, 1.5)
        await pilot.pause()
        assert "31 seen · 60/s · 5 lost · 96.8 % not drawn  struct event" in lines(title)[0]
        app.pane.put_anew("texts", RecordType(None))
        await pilot.pause()
        assert "1.000s  37" in "".join(lines(view))
        assert lines(title)[0].rstrip().endswith("  bytes")


async def test_what_an_empty_pane_says() -> None:
    app = PaneApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        text = " ".join("".join(lines(app.pane.query_one(MapTableView))).split())
        assert text == "no maps: what its programs keep in variables is in tab 3"
    app = PaneApp("bits")
    async with app.run_test(size=(80, 24)) as pilot:
        app.pane.awaits = "loading"
        await pilot.pause()
        assert "it is being loaded: then its entries are here" in "".join(lines(app.pane.query_one(MapTableView)))
        app.pane.awaits = "sample"
        await pilot.pause()
        assert "its entries are being read" in "".join(lines(app.pane.query_one(MapTableView)))
        app.pane.awaits = "load"
        await pilot.pause()
        text = "".join(lines(app.pane.query_one(MapTableView)))
        assert "L loads the collection: then its entries are here" in text
        assert app.pane.entries.held_in(Entry(bytes(4), (bytes(4),))) == {}


async def test_a_queue_shows_what_comes_next() -> None:
    app = PaneApp("waiting")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        for upcoming, text in ((None, "empty, of 4"), (b"\x2a\0\0\0", "next: 42")):
            snapshot = MapSnapshot((), note="a queue can only be peeked and popped", upcoming=upcoming)
            app.pane.show(Sample(1.0, 0.5, {"waiting": snapshot}, {}, {}), None, Graph(app.pane.spec))
            await pilot.pause()
            assert text in "".join(lines(app.pane.query_one(MapTableView)))


async def test_what_is_drawn_of_a_stream_is_drawn_below_its_events_with_each_look() -> None:
    app = PaneApp("bits", "texts")
    async with app.run_test(size=(80, 40)) as pilot:
        pane = app.pane
        pane.map_name = "bits"
        graph = Graph(pane.spec)
        graph.choose(Arrivals("texts"))
        bits = MapSnapshot((Entry(bytes(4), (bytes(4),)),))

        async def look(time: float, count: int) -> str:
            sample = Sample(time, 1.0, {"bits": bits}, {}, {})
            streams = {"texts": StreamState(count, type_text="struct event")}
            graph.observe(sample, streams)
            pane.show_streams(streams, time)
            pane.show(sample, None, graph)
            await pilot.pause()
            return "\n".join(lines(pane.chart)) if pane.has_chart else ""

        assert "texts" not in await look(1.0, 0)
        pane.map_name = "texts"
        await look(2.0, 30)
        assert "texts records  last 30/s  max 30/s  mean 30/s" in await look(3.0, 60)
        assert "texts records  last 50/s  max 50/s  mean 36.7/s" in await look(4.0, 110)
        assert pane.chart.size.height == 14  # events are as many as there is room for: they have the most of it
        graph.leave_out(Arrivals("texts"))
        await look(5.0, 120)
        assert not pane.has_chart


async def test_values_of_a_column_are_counted_and_one_is_chosen() -> None:
    spec = CollectionSpec.from_file(TAGGED)
    (opened,) = [each for each in record_candidates(spec) if each.stripped.name == "opened"]
    name = next(each.name for each in spec.maps.values() if each.type.is_stream)

    class TaggedApp(BaseApp[None]):
        pane = MapPane(spec.subset(maps={name}, programs=set(), variables=set()))

        def compose(self) -> ComposeResult:
            yield self.pane

    app = TaggedApp()
    async with app.run_test(size=(120, 30)) as pilot:
        await pilot.pause()
        pane, view, counts = app.pane, app.pane.query_one(EventView), app.pane.query_one(SharesView)
        pane.show_streams({name: StreamState(5, type=opened)}, 1.0)
        raws = [struct.pack("=QIIQ", 5, what, pid, 1) for what, pid in ((2, 1500), (1, 9), (2, 20), (2, 9), (1, 9))]
        pane.add_events(name, [EventLine(0.1 * number, "", raw) for number, raw in enumerate(raws)])
        view.focus()
        await pilot.press("right", "v")
        await pilot.pause()
        shown = [line.strip() for line in lines(counts)[:3]]
        assert shown[0].endswith("by what · 5 shown")
        assert [(line.lstrip("▌ ").split()[0], line.split()[-2]) for line in shown[1:]] == [
            ("CLOSED", "60.0"),
            ("OPENED", "40.0"),
        ]
        await pilot.press("right")  # the column that is counted is the one that is chosen
        await pilot.pause()
        assert lines(counts)[0].strip().endswith("by pid · 5 shown")
        assert lines(counts)[1].split()[1] == "9"
        counts.focus()
        await pilot.press("g", "enter")
        await pilot.pause()
        assert "3 of 5 kept with pid == 9" in lines(view)[1]
        assert lines(counts)[0].strip().endswith("by pid · 3 shown")
        await pilot.press("left", "enter")  # of what is shown those with a value, and another column is counted
        await pilot.pause()
        assert "2 of 5 kept with (pid == 9) && what == " in lines(view)[1]
        assert lines(counts)[0].strip().endswith("by what · 2 shown")
        assert lines(counts)[1].split()[-3:] == ["2", "100.0", "%"]
        await pilot.press("v")
        await pilot.pause()
        assert not counts.display
        assert view.has_focus


async def test_in_a_narrow_pane_counts_take_the_place_of_events() -> None:
    spec = CollectionSpec.from_file(TAGGED)
    (opened,) = [each for each in record_candidates(spec) if each.stripped.name == "opened"]
    name = next(each.name for each in spec.maps.values() if each.type.is_stream)

    class TaggedApp(BaseApp[None]):
        pane = MapPane(spec.subset(maps={name}, programs=set(), variables=set()))

        def compose(self) -> ComposeResult:
            yield self.pane

    app = TaggedApp()
    async with app.run_test(size=(60, 24)) as pilot:
        await pilot.pause()
        pane, view, counts = app.pane, app.pane.query_one(EventView), app.pane.query_one(SharesView)
        pane.show_streams({name: StreamState(1, type=opened)}, 1.0)
        pane.add_events(name, [EventLine(0.0, "", struct.pack("=QIIQ", 5, 2, 7, 1))])
        view.focus()
        await pilot.press("v")
        await pilot.pause()
        assert not view.display
        assert counts.has_focus
        await pilot.press("enter")  # shows the events that have it
        await pilot.pause()
        assert view.display
        assert view.has_focus
        assert "1 of 1 kept with time == 5" in lines(view)[1]
