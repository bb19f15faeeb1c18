"""EventView: events as they come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bpftui.core.live.drawn import EventLine, StreamState
from bpftui.tui.base_app import BaseApp
from bpftui.tui.widgets.live.event_view import EventView

from ..lines import lines

if TYPE_CHECKING:
    from textual.app import ComposeResult


def events(start: int, stop: int) -> list[EventLine]:
    return [EventLine(number / 10, f"{{number={number}}}") for number in range(start, stop)]


class EventApp(BaseApp[None]):
    def __init__(self) -> None:
        super().__init__()
        self.view = EventView(capacity=100)

    def compose(self) -> ComposeResult:
        yield self.view


async def test_the_newest_event_stays_in_sight() -> None:
    app = EventApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "no events yet" in "".join(lines(app.view))
        for start in range(0, 60, 20):
            app.view.append(events(start, start + 20))
            await pilot.pause()
        assert lines(app.view)[-1].split() == ["▌", "5.900s", "{number=59}"]
        assert app.view.following


async def test_going_up_stops_following_and_the_bottom_resumes() -> None:
    app = EventApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.view.append(events(0, 60))
        await pilot.pause()
        await pilot.press("ctrl+u")
        reading = app.view.row_text(app.view.cursor)
        assert not app.view.following
        before = lines(app.view)
        app.view.append(events(60, 90))
        await pilot.pause()
        assert lines(app.view) == before
        # Old rows go, and what is read stays where it is.
        app.view.append(events(90, 105))
        await pilot.pause()
        assert app.view.row_text(app.view.cursor) == reading
        assert lines(app.view) == before
        await pilot.press("G")
        assert app.view.following
        app.view.append(events(105, 106))
        await pilot.pause()
        assert "number=105" in lines(app.view)[-1]


async def test_the_wheel_stops_following_too() -> None:
    app = EventApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.view.append(events(0, 60))
        await pilot.pause()
        app.view.scroll_up(animate=False)
        await pilot.pause()
        assert not app.view.following
        app.view.scroll_end(animate=False)
        await pilot.pause()
        assert app.view.following


async def test_memory_is_bounded_and_the_title_counts() -> None:
    app = EventApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.view.append(events(0, 1500))
        app.view.state = StreamState(lost=12, full=2)
        await pilot.pause()
        assert app.view.row_count() == 100
        assert app.view.count == 1500
        assert str(app.view.border_title) == "events 1,500 · 12 lost · found full 2 times"
        await pilot.press("ctrl+r")
        assert (app.view.row_count(), app.view.count) == (0, 0)


async def test_search_finds_events() -> None:
    app = EventApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.view.append(events(0, 90))
        await pilot.pause()
        assert app.view.search("number=42")
        assert app.view.row_text(app.view.cursor) == "{number=42}"


async def test_x_shows_the_bytes() -> None:
    app = EventApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.view.append([EventLine(1.0, '{comm="sh"}', b"sh\0^")])
        await pilot.pause()
        assert '1.000s  {comm="sh"}' in "".join(lines(app.view))
        await pilot.press("x")
        await pilot.pause()
        assert "1.000s  73 68 00 5e" in "".join(lines(app.view))
        assert app.view.row_text(0) == "73 68 00 5e"


async def test_the_title_says_what_is_missing_and_what_is_guessed() -> None:
    app = EventApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.view.state = StreamState(5000, 12, 300, 2, "struct sent, a guess: the line that writes it names it")
        await pilot.pause()
        title = str(app.view.border_title)
        assert title.startswith(
            "events 5,000 · 12 lost · about 300 behind · found full 2 times · struct sent, a guess: "
        )
