"""What was said in a session, line by line."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bpftui.tui.base_app import BaseApp
from bpftui.tui.widgets.lists import message_view
from bpftui.tui.widgets.lists.message_view import MessageView
from tests.tui.widgets.lines import lines

if TYPE_CHECKING:
    import pytest
    from textual.app import ComposeResult

NOON = time.mktime((2026, 1, 2, 12, 0, 0, 0, 0, -1))


class MessagesApp(BaseApp[None]):
    def __init__(self) -> None:
        super().__init__()
        self.view = MessageView()

    def compose(self) -> ComposeResult:
        yield self.view


async def test_messages_stand_below_a_title_with_their_times() -> None:
    app = MessagesApp()
    async with app.run_test(size=(60, 8)) as pilot:
        app.view.add("loaded", NOON)
        app.view.add("refused:\nno memory", NOON + 61)
        await pilot.pause()
        found = [line.strip("▌ ").rstrip() for line in lines(app.view)]
        assert found[:4] == [
            "Messages of this session",
            "12:00:00  loaded",
            "12:01:01  refused:",
            "no memory",
        ]
        assert (app.view.row_count(), app.view.cursor) == (3, 2)
        assert [app.view.row_text(index) for index in range(3)] == ["loaded", "refused:", "no memory"]


async def test_the_messages_before_come_first_and_the_oldest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message_view, "_CAPACITY", 3)
    app, other = MessagesApp(), MessageView()
    async with app.run_test(size=(60, 8)):
        other._lines = [("", "one"), ("", "two")]
        app.view.add("three", NOON)
        app.view.follow(other)
        assert [app.view.row_text(index) for index in range(app.view.row_count())] == ["one", "two", "three"]
        app.view.add("four", NOON)
        assert [app.view.row_text(index) for index in range(app.view.row_count())] == ["two", "three", "four"]
        assert app.view.cursor == 2
