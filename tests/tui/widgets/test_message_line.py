"""The message line: what is being done, what went wrong until it is answered, what was just said."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

from bpftui.tui.base_app import BaseApp
from bpftui.tui.nodes import Node, NodeKind
from bpftui.tui.status import Failure, Work
from bpftui.tui.widgets.key_bar import KeyBar
from bpftui.tui.widgets.message_line import MessageLine
from bpftui.tui.widgets.plain import OptionList
from tests.tui.conftest import screen_text
from tests.waiting import Clock

if TYPE_CHECKING:
    import pytest
    from textual.app import ComposeResult

NOWHERE = Failure("save", "packet p: the disk is full", "make room")
EDIT = Failure("edit", "300 does not fit __u8", "0 to 255", Node(NodeKind.VARIABLE, "limit"))


class LineApp(BaseApp[None]):
    def __init__(self) -> None:
        super().__init__()
        self.line = MessageLine()
        self.followed: list[Failure] = []

    def compose(self) -> ComposeResult:
        yield OptionList("one", "two", "three", id="list")
        yield self.line
        yield KeyBar()

    def on_message_line_followed(self, event: MessageLine.Followed) -> None:
        self.followed.append(event.failure)

    @property
    def shown(self) -> list[str]:
        """The lines of the message line."""
        region = self.line.region
        return screen_text(self).splitlines()[region.y : region.bottom] if self.line.display else []


async def test_a_failure_stays_until_it_is_answered() -> None:
    app = LineApp()
    async with app.run_test(size=(60, 16)) as pilot:
        app.query_one(OptionList).focus()
        assert app.shown == []
        app.line.fail(NOWHERE)
        app.line.fail(NOWHERE)
        await pilot.pause()
        assert app.shown == [
            " ✗ packet p: the disk is full",
            "   what helps: make room                        esc dismiss",
        ]
        assert app.focused is app.query_one(OptionList)  # there is nowhere to go
        app.line.say("something else", seconds=3600)
        await pilot.pause()
        assert app.shown[2:] == [" something else"]
        app.line.settle("load")
        assert app.line.failure == NOWHERE
        app.line.settle("save")  # it is tried anew
        app.line.forget()
        await pilot.pause()
        assert app.shown == []


async def test_enter_leads_to_the_place_and_any_other_key_goes_on_where_one_was() -> None:
    app = LineApp()
    async with app.run_test(size=(60, 16)) as pilot:
        rows = app.query_one(OptionList)
        rows.focus()
        rows.highlighted = 0
        app.line.fail(EDIT)
        await pilot.pause()
        assert app.shown == ["▌✗ 300 does not fit __u8", "   what helps: 0 to 255            ⏎ go there · esc dismiss"]
        assert screen_text(app).splitlines()[-1].startswith("⏎ Go there esc Dismiss")
        await pilot.press("down")
        assert (rows.highlighted, app.focused) == (1, rows)
        assert app.shown == [" ✗ 300 does not fit __u8", "   what helps: 0 to 255                         esc dismiss"]
        await pilot.press("tab")
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert (app.followed, app.shown, app.focused) == ([EDIT], [], rows)
        app.line.fail(EDIT)
        app.line.fail(NOWHERE)
        await pilot.pause()
        assert app.shown[1].endswith("  +1 more · esc dismiss")
        await pilot.press("escape", "escape")
        assert (app.followed, app.shown, app.focused) == ([EDIT], [], rows)


async def test_work_is_said_once_it_takes_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr("bpftui.tui.widgets.message_line.time", SimpleNamespace(monotonic=clock))
    app = LineApp()
    async with app.run_test(size=(60, 16)) as pilot:
        given_up: list[int] = []
        app.line.show_work(Work("verifying", None, clock.now, 3, 12, "count_traffic"))
        await pilot.pause()
        assert app.shown == []
        clock.now += 4.1
        while not app.shown:  # by itself
            await pilot.pause(0.02)
        assert app.shown == [" verifying 3 of 12 · count_traffic · 4.1 s"]
        assert not app.line.give_up()
        app.line.show_work(Work("loading", lambda: given_up.append(1), clock.now - 65))
        await pilot.pause()
        assert app.shown == [" loading … · 1 min 05 s · esc gives up"]
        assert app.line.give_up()
        app.line.show_work(None)
        await pilot.pause()
        assert (app.shown, given_up) == ([], [1])


async def test_a_long_message_keeps_its_keys() -> None:
    app = LineApp()
    async with app.run_test(size=(60, 16)) as pilot:
        app.line.fail(Failure("load", "word " * 60, "help " * 60))
        await pilot.pause()
        assert [len(line) <= 60 for line in app.shown] == [True] * 5
        assert app.shown[1].endswith("word…")
        assert app.shown[-1].endswith("esc dismiss")
