"""GraphPane: what is drawn, read, left out; by its keys, as it stands on the screen."""

from __future__ import annotations

import re
import struct
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bpftui.core.live import Sample, counters
from bpftui.core.live.graph import Graph
from bpftui.core.live.quantity import OfEntry
from bpftui.core.runtime import Entry, MapSnapshot
from bpftui.core.spec import CollectionSpec
from bpftui.tui.base_app import BaseApp
from bpftui.tui.widgets.live.graph_pane import GraphPane
from tests.waiting import Clock

from ..lines import lines

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.pilot import Pilot

TRAFFIC_O = Path(__file__).parents[4] / "bpf" / "traffic.o"
TCP, UDP = struct.pack("=II", 2, 6), struct.pack("=II", 2, 17)


class PaneApp(BaseApp[None]):
    def __init__(self, *, theirs: bool = False) -> None:
        super().__init__()
        self.clock = Clock()
        self.spec = CollectionSpec.from_file(TRAFFIC_O)
        self.graph = Graph(self.spec, self.clock)
        self.pane = GraphPane(theirs=theirs)
        self.said: list[str] = []

    def compose(self) -> ComposeResult:
        yield self.pane

    def notify(self, message: str, **_: object) -> None:  # type: ignore[override]
        self.said.append(message)

    def run_for(self, seconds: int) -> None:
        """Take a sample each second: 100 TCP packets and, growing, UDP packets."""
        for second in range(seconds):
            self.clock.now += 1
            entries = tuple(
                Entry(key, (struct.pack("=QQ", count, 1500 * count),))
                for key, count in ((TCP, 100 * second), (UDP, second * second))
            )
            self.graph.observe(Sample(float(second), 1.0, {"traffic": MapSnapshot(entries)}, {}, {}))
            if second == 30:
                self.graph.mark("sample_every 1000 → 250")
        self.pane.show(self.graph, self.graph.now)

    def choose(self, key: bytes, column: int = 0) -> None:
        self.graph.choose(OfEntry(counters(self.spec.maps["traffic"])[column], key))
        self.pane.show(self.graph, self.graph.now)


async def shown(app: PaneApp, pilot: Pilot[None]) -> list[str]:
    await pilot.pause()
    return [line.rstrip() for line in [*lines(app.pane.query_one("#graph-title")), *lines(app.pane.chart)]]


async def test_the_title_says_what_is_drawn() -> None:
    app = PaneApp()
    async with app.run_test(size=(80, 24)) as pilot:
        assert "Nothing is drawn yet." in "".join(await shown(app, pilot))
        app.run_for(60)
        app.choose(TCP)
        assert "packets of traffic per second  the last 1 min" in (await shown(app, pilot))[0]
        app.choose(TCP, 1)  # bytes: another unit, so another axis
        texts = await shown(app, pilot)
        assert "2 numbers per second" in texts[0]
        assert texts[1].startswith("▌● {IPV4, TCP} packets  last     100/s  max")
        assert texts[2] == " ▲ {IPV4, TCP} bytes    last 146 KiB/s  max 146 KiB/s  mean 146 KiB/s"
        labels = [line.split(" ┤")[0].strip() for line in texts if " ┤" in line]
        assert [each for each in labels if each] == ["100/s", "50/s", "0", "200 KiB/s", "100 KiB/s", "0"]


async def test_what_is_drawn_is_written_as_numbers() -> None:
    app = PaneApp()
    async with app.run_test(size=(80, 24)) as pilot:
        assert [*app.pane.all_rows()()] == []
        assert not app.pane.check_action("save", ())
        app.run_for(61)
        app.choose(TCP)
        app.choose(UDP)
        app.pane.window = 10
        await pilot.pause()
        assert app.pane.check_action("save", ())
        titles, *rows = (row.split("\t") for row in app.pane.all_rows()())
        assert titles == ["time", "{IPV4, TCP} packets per second", "{IPV4, UDP} packets per second"]
        assert [row[1:] for row in rows] == [["100", str(2 * second - 1)] for second in range(51, 61)]
        first, last = (datetime.fromisoformat(rows[at][0]) for at in (0, -1))
        assert (last - first).total_seconds() == 9


async def test_the_legend_is_selected_with_the_mouse() -> None:
    app = PaneApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.run_for(60)
        app.choose(TCP)
        await pilot.pause()
        await pilot.mouse_down(app.pane.chart, offset=(2, 0))
        await pilot.hover(app.pane.chart, offset=(18, 0))
        await pilot.mouse_up(app.pane.chart, offset=(18, 0))
        await pilot.pause()
        assert app.screen.get_selected_text() == " {IPV4, TCP} pack"
        chosen = app.screen.get_component_rich_style("screen--selection").bgcolor
        shown = [part.text for part in app.pane.chart.render_line(0) if part.style and part.style.bgcolor == chosen]
        assert "".join(shown) == " {IPV4, TCP} pack"


async def test_what_others_have_loaded_is_not_to_be_loaded() -> None:
    app = PaneApp(theirs=True)
    async with app.run_test(size=(100, 24)) as pilot:
        text = " ".join(" ".join(await shown(app, pilot)).split())
        assert "Nothing is drawn yet: the runs are once its programs run, or what w chooses." in text
        assert "loads" not in text


async def test_arrows_read_a_moment_and_escape_leaves_it() -> None:
    app = PaneApp()
    async with app.run_test(size=(100, 24)) as pilot:
        app.run_for(61)
        app.choose(TCP)
        app.choose(UDP)
        app.pane.focus()
        await pilot.press("left", "h", "comma")
        texts = await shown(app, pilot)
        assert re.search(r"cursor -2\.0 s \(\d\d:\d\d:\d\d\)", texts[0])
        assert texts[1].startswith("▌● {IPV4, TCP} packets  at cursor 100/s  last 100/s")
        assert texts[2].startswith(" ▲ {IPV4, UDP} packets  at cursor 117/s  last 119/s")
        assert sum("│" in line[20:] for line in texts[3:]) > 10
        await pilot.press("less_than_sign")
        assert "cursor -30.0 s" in (await shown(app, pilot))[0]
        assert app.pane.check_action("mark", (-1,))  # there are marks, none of them before this
        await pilot.press("less_than_sign")
        assert app.said == ["no mark there: set, load, attach and detach leave one"]
        await pilot.press("escape")
        texts = await shown(app, pilot)
        assert "cursor" not in texts[1]
        assert "at cursor" not in "".join(texts)


async def test_a_click_reads_a_moment() -> None:
    app = PaneApp()
    async with app.run_test(size=(100, 24)) as pilot:
        app.run_for(61)
        app.choose(TCP)
        await shown(app, pilot)
        app.pane.focus()
        assert await pilot.click(app.pane.chart, offset=(53, 12))
        assert "cursor -3" in (await shown(app, pilot))[0]


async def test_values_instead_of_rates_and_a_line_left_out() -> None:
    app = PaneApp()
    async with app.run_test(size=(100, 24)) as pilot:
        app.run_for(61)
        app.pane.focus()
        await shown(app, pilot)
        why = {each: app.pane.why_not(each) for each in ("values", "remove") if not app.pane.check_action(each, ())}
        assert why == {
            "values": "nothing is drawn yet",
            "remove": "nothing was chosen: the runs of the programs are drawn",
        }
        app.choose(TCP)
        app.choose(UDP)
        await pilot.press("x")
        texts = await shown(app, pilot)
        assert texts[0].strip().startswith("packets of traffic  the last 1 min")
        assert texts[1].startswith("▌● {IPV4, TCP} packets  last 6.00 k")
        await pilot.press("down", "y")
        texts = await shown(app, pilot)
        assert texts[2].startswith("▌▲ {IPV4, UDP} packets  last 3.60 k")
        assert app.said[-1].startswith("copied: {IPV4, UDP} packets")
        await pilot.press("w")
        texts = await shown(app, pilot)
        assert texts[1].startswith(" ● {IPV4, TCP} packets  last 6.00 k")
        assert "UDP" not in "".join(texts)


async def test_v_draws_each_line_by_itself_and_then_on_a_logarithmic_scale() -> None:
    app = PaneApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.run_for(61)
        app.choose(TCP)
        app.pane.focus()
        await pilot.press("v")  # a line alone has no other to be drawn apart from
        assert "the last 1 min, log scale" in (await shown(app, pilot))[0]
        app.choose(UDP)
        await pilot.press("v", "v")  # past the heat map
        texts = await shown(app, pilot)
        assert "packets of traffic per second  the last 1 min  [ ]" in texts[0]
        assert [line.split("┤")[0].strip() for line in texts if "┤" in line] == ["150/s", "100/s", "50/s", "0"]
        await pilot.press("v")
        texts = await shown(app, pilot)
        assert "the last 1 min, each by itself" in texts[0]
        assert [line.split("┤")[0].strip() for line in texts if "┤" in line] == [
            "100/s",
            "50/s",
            "0",
            "200/s",
            "100/s",
            "0",
        ]
        await pilot.press("v")
        texts = await shown(app, pilot)
        assert [line.split("┤")[0].strip() for line in texts if "┤" in line] == ["1 k/s", "100/s", "10/s", "1/s"]


async def test_the_last_view_has_all_entries_as_rows_of_shades() -> None:
    app = PaneApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.run_for(60)
        app.pane.focus()
        await pilot.press("v", "v")
        assert app.pane.chart.view == "lines"  # the runs of programs have no entries
        app.choose(TCP)
        await pilot.press("v", "v")
        texts = await shown(app, pilot)
        assert "all of them as a heat map" in texts[0]
        # Of the shades those for the most, each with its number: there is no room for all.
        assert texts[1] == " p50 {IPV4, UDP}  p90 {IPV4, UDP}  p99 {IPV4, UDP}  ▒▒ 1/s  ▓▓ 10/s  ██ 100/s"
        rows = [line for line in texts if "┤" in line]
        assert [line.split("┤")[0].strip() for line in rows] == ["{IPV4, UDP}", "{IPV4, TCP}"]
        assert set(rows[1].split("┤")[1].strip()) == {"█"}  # 100 each second
        assert re.fullmatch(r"▒+▓+█+", rows[0].split("┤")[1])
        await pilot.press("x")  # of all rows, also those of entries that are no line
        texts = await shown(app, pilot)
        assert "packets of traffic  the last 1 min, all of them as a heat map" in texts[0]
        assert texts[1].endswith("  ▒▒ 10  ▓▓ 100  ██ 1.00 k")
        (row,) = (line for line in texts if "{IPV4, UDP} ┤" in line)
        assert row.endswith("█")  # 3,481 of them at last, which as a rate would be 117
        await pilot.press("x", "v")
        assert app.pane.chart.view == "lines"
