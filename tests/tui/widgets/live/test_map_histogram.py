"""The bars of a map: slots of a histogram that a program keeps."""

from __future__ import annotations

import re
import struct
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bpftui.core.live import Sampler
from bpftui.core.live.graph import Graph
from bpftui.core.spec import CollectionSpec
from bpftui.core.vm.runtime import MachineRuntime
from bpftui.tui.base_app import BaseApp
from bpftui.tui.widgets.live.map_histogram import MapHistogramView
from bpftui.tui.widgets.live.map_pane import MapPane

from ..lines import lines

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from textual.app import ComposeResult
    from textual.pilot import Pilot

OBJECT = Path(__file__).parents[3] / "objects" / "histograms.o"


class PaneApp(BaseApp[None]):
    def __init__(self, collection: Any) -> None:
        super().__init__()
        self.collection = collection
        self.pane = MapPane(collection.spec)
        self.graph = Graph(collection.spec)
        self.sampler = Sampler(collection)
        self.asked: list[MapHistogramView.ScaleAsked] = []

    def compose(self) -> ComposeResult:
        yield self.pane

    def on_map_histogram_view_scale_asked(self, event: MapHistogramView.ScaleAsked) -> None:
        self.asked.append(event)

    async def shown(self, pilot: Pilot[None]) -> list[str]:
        """Show what there is now, and return the lines of the bars without what is at both ends."""
        sample = self.sampler.take()
        self.graph.observe(sample)
        self.pane.show(sample, None, self.graph)
        await pilot.pause()
        await self.workers.wait_for_complete()
        await pilot.pause()
        view = self.pane.query_one(MapHistogramView)
        assert view.display  # a histogram is shown as one from the start
        return [line.strip("▌ ") for line in lines(view) if line.strip()]


@asynccontextmanager
async def opened(name: str) -> AsyncGenerator[tuple[PaneApp, Pilot[None], Any]]:
    with MachineRuntime().load(CollectionSpec.from_file(OBJECT)) as collection:
        app = PaneApp(collection)
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            app.pane.map_name = name
            app.pane.query_one(MapHistogramView).focus()
            yield app, pilot, collection.maps[name]


def u32(number: int) -> bytes:
    return number.to_bytes(4, "little")


def of_all_cpus(count: int, cpus: int) -> bytes | list[bytes]:
    """Return the value of a per-CPU map that has the same count on each CPU."""
    value = struct.pack("=Q", count)
    return [value] * cpus if cpus > 1 else value


async def test_entries_are_slots_of_what_their_index_says() -> None:
    async with opened("bytes_hist") as (app, pilot, slots):
        for slot, counts in ((0, (1, 0)), (3, (2, 1)), (10, (0, 4))):
            values = [struct.pack("=Q", count) for count in (*counts, *[0] * slots.cpus)][: slots.cpus]
            slots.update(u32(slot), values if slots.cpus > 1 else struct.pack("=Q", sum(counts)))
        texts = await app.shown(pilot)
        assert texts[0] == "value  powers of two  n 8  p50 16 B  p90 1.80 KiB  p99 1.98 KiB"
        assert texts[1].split() == ["0", "B", "…", "2", "B", "1", "█" * 13 + "▎"]
        assert texts[4].split()[:6] == ["8", "B", "…", "16", "B", "3"]
        assert texts[-1].split()[:6] == ["1.00", "KiB", "…", "2.00", "KiB", "4"]
        assert len(texts) == 12  # up to the last that has something
        place = app.pane.query_one(MapHistogramView).place(3)
        assert place is not None
        entry, field = place
        assert (entry.key, field and field.label) == (u32(3), "value")


async def test_each_entry_may_have_slots_of_its_own() -> None:
    async with opened("hists") as (app, pilot, hists):
        for key, first, count in ((1, 5, 10), (2, 7, 40)):
            counts = [count if slot in (first, first + 1) else 0 for slot in range(20)]
            hists.update(u32(key), struct.pack("=20I16s", *counts, b"comm"))
        texts = await app.shown(pilot)
        assert texts[0] == "1  1 of 2  powers of two  n 20  p50 64  p90 115  p99 127"
        assert [line.split()[:4] for line in texts[1:]] == [["32", "…", "63", "10"], ["64", "…", "127", "10"]]
        await pilot.press("right")
        texts = await app.shown(pilot)
        assert texts[0] == "2  2 of 2  powers of two  n 80  p50 256  p90 461  p99 507"
        assert texts[1].split()[:4] == ["128", "…", "255", "40"]
        await pilot.press("right")  # there is no third one
        assert (await app.shown(pilot))[0].startswith("2  2 of 2")


async def test_s_asks_for_another_scale_which_the_graph_has() -> None:
    async with opened("linear_hist") as (app, pilot, slots):
        slots.update(u32(3), struct.pack("=Q", 7))
        texts = await app.shown(pilot)
        assert texts[0] == "value  one by one  n 7  p50 3.5  p90 3.9  p99 3.99"
        assert texts[4].split()[:2] == ["3", "7"]
        await pilot.press("s")
        (asked,) = app.asked
        assert asked.counter.name == "linear_hist"
        app.graph.declare("linear_hist", None)
        texts = await app.shown(pilot)
        assert texts[0] == "value  of each entry"
        view = app.pane.query_one(MapHistogramView)
        assert view.why_not("select") == "this bar is of several entries: v shows them in a table"
        assert view.why_not("scale").startswith("nothing here could be slots")


async def test_nobody_knows_how_much_is_below_what_where_not_all_slots_are_read() -> None:
    async with opened("bytes_hist") as (app, pilot, slots):
        slots.update(u32(0), of_all_cpus(1, slots.cpus))
        app.sampler = Sampler(app.collection, limit=8)
        texts = await app.shown(pilot)
        assert texts[0] == "value  powers of two"
        assert texts[1].startswith("partial: the first 8 of 20")


async def test_the_greatest_counts_leave_room_for_percentiles_and_no_number_is_cut() -> None:
    async with opened("bytes_hist") as (app, pilot, slots):
        for slot in range(20):
            slots.update(u32(slot), of_all_cpus(2**63, slots.cpus))
        await pilot.resize_terminal(44, 24)
        texts = await app.shown(pilot)
        assert re.fullmatch(r"value  powers of two  n \d+ E  p50 1.00 K›?", texts[0])
        assert [text.split("  ")[0] for text in texts[1:4]] == ["0 B … 2 B", "2 B … 4 B", "4 B … 8 B"]
        assert [text.split("  ")[0] for text in texts[10:12]] == ["512 B …", "1.00 KiB …"]


async def test_percentiles_are_those_of_all_slots_whatever_rows_are_shown() -> None:
    async with opened("linear_hist") as (app, pilot, slots):
        for slot, count in ((0, 10), (3, 5), (7, 50)):
            slots.update(u32(slot), struct.pack("=Q", count))
        told = "value  one by one  n 65  p50 7.35  p90 7.87  p99 7.99"
        assert (await app.shown(pilot))[0] == told
        app.pane.query_one(MapHistogramView).search("5")
        texts = await app.shown(pilot)
        assert texts[0] == told
        assert [line.split()[:2] for line in texts[2:]] == [["3", "5"], ["5", "0"], ["7", "50"]]
