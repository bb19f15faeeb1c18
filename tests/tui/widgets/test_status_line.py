"""The status line: what it says where there is room, and where there is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bpftui.tui.base_app import BaseApp
from bpftui.tui.status import Status
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
BROKEN = Status(file="x.o", stage="ATTACHED", attached=("one → lo",), sentence="it broke")


class StatusApp(BaseApp[None]):
    def __init__(self, status: Status) -> None:
        super().__init__()
        self.line = StatusLine()
        self.line.status = status

    def compose(self) -> ComposeResult:
        yield self.line


@pytest.mark.parametrize(
    ("status", "width", "shown"),
    [
        (
            LOADED,
            100,
            [" …ong/path/of/an/object.o  SPEC →  ● LOADED  → ATTACHED                            vm  every 500 ms"],
        ),
        (LOADED, 50, [" …ong/path/of/an/object.o   ● LOADED    vm 500 ms"]),
        (
            ATTACHED,
            100,
            [" x.o  SPEC → LOADED →  ● ATTACHED   ▲ one → lo +2  detach in 7 s      ‖ PAUSED   5 pps    every 1 s"],
        ),
        (ATTACHED, 50, [" x.o   ● ATTACHED   ▲ one → lo +2  detach in 7 s …"]),
        (BROKEN, 50, [" x.o   ● ATTACHED   ▲ one → lo          every 1 s", " ✗ it broke"]),
        (Status(file="x.o", busy="loading"), 50, [" x.o   ● SPEC  → LOADED → ATTACHED  loading …"]),
    ],
)
async def test_the_line(status: Status, width: int, shown: list[str]) -> None:
    app = StatusApp(status)
    async with app.run_test(size=(width, 4)) as pilot:
        await pilot.pause()
        assert [line.rstrip() for line in lines(app.line)] == shown
