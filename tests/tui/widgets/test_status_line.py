"""The status line: what it says where there is room, and where there is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bpftui.tui.base_app import BaseApp
from bpftui.tui.status import Crumb, Status
from bpftui.tui.widgets.plain import Button
from bpftui.tui.widgets.status_line import StatusLine

from .lines import lines

if TYPE_CHECKING:
    from textual.app import ComposeResult

LOADED = Status(file="a/long/path/of/an/object.o", stage="LOADED", runtime="vm", interval=0.5)
ATTACHED = Status(
    file="x.o",
    stage="ATTACHED",
    attached=("one → lo", "two", "three"),
    rate="5 pps",
    paused=True,
    detach_in=7,
)
LONG = Status(
    stage="ATTACHED", attached=("one → veth0123456789abc",), rate="1.31 M runs/s", runtime="kernel", interval=0.5
)
WIDE = Status(stage="ATTACHED", attached=("one → lo",), rate="9 runs/s")
WAY = (Crumb("home"), Crumb("traffic.o"), Crumb("count_traffic"))


class StatusApp(BaseApp[None]):
    def __init__(self, status: Status, way: tuple[Crumb, ...] = ()) -> None:
        super().__init__()
        self.line = StatusLine()
        self.line.status, self.line.crumbs = status, way
        self.chosen: list[str] = []

    def compose(self) -> ComposeResult:
        yield self.line
        yield Button("other", id="other")

    def on_status_line_chosen(self, event: StatusLine.Chosen) -> None:
        self.chosen.append(event.crumb.name)


@pytest.mark.parametrize(
    ("status", "way", "width", "shown"),
    [
        (LOADED, (), 80, " a/long/path/of/an/object.o  SPEC → LOADED                    vm · every 500 ms"),
        (LOADED, (), 50, " a/long/path/of/an/object.o  LOADED   vm · 500 ms"),
        (LOADED, (), 30, " a/long/path/of/an/o…  LOADED"),
        (ATTACHED, (), 90, " x.o  SPEC → LOADED →  ▲ ATTACHED lo +2  detach in 7 s       ‖ PAUSED · 5 pps · every 1 s"),
        (ATTACHED, (), 60, " x.o   ▲ ATTACHED lo +2  detach in 7 s     ‖ PAUSED · 5 pps"),
        (WIDE, WAY, 90, " home › traffic.o › count_traffic  SPEC → LOADED →  ▲ ATTACHED lo    9 runs/s · every 1 s"),
        (LONG, WAY, 80, " count_traffic   ▲ ATTACHED veth0123456789abc   1.31 M runs/s · kernel · 500 ms"),
        (LONG, WAY, 60, " count_traffic   ▲ ATTACHED veth0123456…      1.31 M runs/s"),
        (LONG, WAY, 40, " count_traf…   ▲ ATTACHED veth0123456…"),
        (Status(), WAY, 80, " home › traffic.o › count_traffic  SPEC"),
    ],
)  # fmt: skip
async def test_the_line_says_what_there_is_room_for(
    status: Status, way: tuple[Crumb, ...], width: int, shown: str
) -> None:
    app = StatusApp(status, way)
    async with app.run_test(size=(width, 4)) as pilot:
        app.query_one(Button).focus()
        await pilot.pause()
        assert [line.rstrip() for line in lines(app.line)] == [shown]


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (74, " home › traffic.o › count_traffic   vm · ended XDP_PASS · step 141 of 141"),
        (73, " home › traffic.o › count_traffic       ended XDP_PASS · step 141 of 141"),
        (69, " home › traffic.o › count_traffic   ended XDP_PASS · step 141 of 141"),
        (68, " home › traffic.o › count_traffic                   step 141 of 141"),
        (52, " home › traffic.o › count_traffic   step 141 of 141"),
        (51, " home › traffic.o › count_traffic"),
    ],
)
async def test_what_is_said_of_a_place_is_whole_or_not_there(width: int, shown: str) -> None:
    app = StatusApp(Status(), WAY)
    app.line.facts = ("vm", "ended XDP_PASS", "step 141 of 141")
    async with app.run_test(size=(width, 4)) as pilot:
        app.query_one(Button).focus()
        await pilot.pause()
        assert [line.rstrip() for line in lines(app.line)] == [shown]


async def test_each_step_of_the_way_leads_there() -> None:
    app = StatusApp(Status(), WAY)
    async with app.run_test(size=(80, 8)) as pilot:
        app.query_one(Button).focus()
        await pilot.click(StatusLine, offset=(2, 0))
        await pilot.click(StatusLine, offset=(10, 0))
        await pilot.click(StatusLine, offset=(36, 0))  # the stage is no step
        assert app.chosen == ["home", "traffic.o"]
        await pilot.press("shift+tab", "enter", "left", "enter", "right", "right", "right", "enter")
        assert app.chosen[2:] == ["traffic.o", "home", "count_traffic"]
        assert lines(app.line)[0].startswith("▌home › traffic.o › ")  # it has the keyboard


async def test_every_step_but_the_one_where_this_is_looks_as_a_link() -> None:
    app = StatusApp(WIDE, WAY)
    async with app.run_test(size=(90, 5)):
        way = app.line._way(WAY, 0)
        styles = {way.plain[span.start : span.end]: span.style for span in way.spans if span.style in ("bold", "$link")}
        assert styles == {"home": "$link", "traffic.o": "$link", "count_traffic": "bold"}
