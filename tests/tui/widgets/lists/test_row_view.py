"""RowView: a million rows, a cursor, a search."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest
from rich.segment import Segment
from textual.geometry import Offset
from textual.selection import Selection
from textual.strip import Strip

from bpftui.tui.base_app import BaseApp
from bpftui.tui.text.shown import Text
from bpftui.tui.widgets.lists.row_view import RowView, compile_pattern

from ..lines import lines

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.message import Message


class Numbers(RowView):
    count = 1_000_000
    tail = ""
    drawn = 0

    def row_count(self) -> int:
        return self.count

    def draw_row(self, index: int, width: int) -> Text:
        self.drawn += 1
        return Text(self.row_text(index))

    def row_text(self, index: int) -> str:
        return f"row {index}{self.tail}"


class NumbersApp(BaseApp[None]):
    def __init__(self) -> None:
        super().__init__()
        self.view = Numbers()
        self.heard: list[Message] = []

    def compose(self) -> ComposeResult:
        yield self.view

    def on_row_view_selected(self, message: Numbers.Selected) -> None:
        self.heard.append(message)

    def on_row_view_search_requested(self, message: Numbers.SearchRequested) -> None:
        self.heard.append(message)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_only_what_is_in_sight_is_drawn(size: tuple[int, int]) -> None:
    app = NumbersApp()
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        assert app.view.drawn <= 2 * size[1]
        assert lines(app.view)[0].startswith("▌row 0 ")
        await pilot.press("G")
        assert app.view.cursor == 999_999
        assert lines(app.view)[-1].startswith("▌row 999999 ")
        await pilot.press("g")
        assert lines(app.view)[0].startswith("▌row 0 ")


async def test_a_frame_of_a_million_rows_costs_what_one_of_a_thousand_does() -> None:
    many, few = await frames(1_000_000), await frames(1000)
    assert many[0] < 3 * few[0]
    assert many[1] < 3 * few[1]


async def frames(rows: int) -> tuple[float, float]:
    """Return the seconds of a processor for a first frame and for a page further, the best of ten."""
    app = NumbersApp()
    app.view.count = rows
    async with app.run_test(size=(120, 40)):
        view = app.view

        def frame() -> float:
            view._styles_cache.clear()  # pyright: ignore[reportPrivateUsage]
            start = time.process_time()
            view.render_lines(view.size.region)
            return time.process_time() - start

        first: list[float] = []
        further: list[float] = []
        for _ in range(10):
            view.forget_strips()
            first.append(frame())
            view.action_page(1)
            further.append(frame())
    return min(first), min(further)


async def test_keys_move_the_cursor_and_the_page() -> None:
    app = NumbersApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("j", "down", "k")
        assert app.view.cursor == 1
        await pilot.press("ctrl+d")
        assert app.view.cursor == 13
        await pilot.press("pagedown")
        assert (app.view.cursor, app.view.scroll_offset.y) == (37, 36)
        await pilot.press("ctrl+u", "pageup")
        assert app.view.cursor == 1
        assert app.view.scroll_offset.y == 0


async def test_long_rows_are_cut_with_a_mark_and_scrolled_to() -> None:
    app = NumbersApp()
    app.view.tail = " " + "x" * 100 + "END"
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert lines(app.view)[0].rstrip().endswith("x›")
        await pilot.press(*["l"] * 6)
        assert "END" in lines(app.view)[0]
        assert lines(app.view)[0].startswith("▌‹x"), "what is left of it is marked too"
        await pilot.press(*["h"] * 6)
        assert lines(app.view)[0].startswith("▌row 0 ")


async def test_search_goes_on_around_and_back() -> None:
    app = NumbersApp()
    app.view.count = 100
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("slash")
        await pilot.pause()
        assert isinstance(app.heard[-1], Numbers.SearchRequested)
        assert app.view.search("7$")
        assert app.view.cursor == 7
        await pilot.press("n")
        assert app.view.cursor == 17
        await pilot.press("N", "N")
        assert app.view.cursor == 97
        await pilot.press("n")
        assert app.view.cursor == 7
        strip = app.view.render_line(7 - app.view.scroll_offset.y)
        assert any(part.text == "7" and part.style and part.style.reverse for part in strip)
        assert not app.view.search("absent")
        assert app.view.cursor == 7


def test_patterns() -> None:
    assert compile_pattern("Exit").search("exit") is None
    assert compile_pattern("exit").search("EXIT")
    assert compile_pattern("*(u64").search("r1 = *(u64 *)(r2 +0)")
    assert compile_pattern("a.c").flags & re.IGNORECASE


async def test_enter_and_double_click_select() -> None:
    app = NumbersApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("j", "enter")
        await pilot.click(Numbers, offset=(5, 4), times=2)
        await pilot.pause()
        selected = [message.index for message in app.heard if isinstance(message, Numbers.Selected)]
        assert selected == [1, 4]


class Titled(Numbers):
    count = 5

    @property
    def header_height(self) -> int:
        return 2

    def draw_header(self, line: int, width: int) -> Text:
        return Text(f"title {line}")


async def test_a_click_is_on_the_row_below_the_titles() -> None:
    app = NumbersApp()
    app.view = Titled()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert [line.rstrip() for line in lines(app.view)[:3]] == [" title 0", " title 1", "▌row 0"]
        cursors: list[int] = []
        for y in (4, 0, 1, 2, 6, 7, 3):
            await pilot.click(Titled, offset=(3, y))
            cursors.append(app.view.cursor)
        assert cursors == [2, 2, 2, 0, 4, 4, 1]


async def test_an_empty_pattern_ends_the_search() -> None:
    app = NumbersApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert app.view.search("row 7") is True
        assert app.view.cursor == 7
        assert app.view.search("") is False
        assert (app.view.pattern, app.view.cursor) == (None, 7)


async def test_copy_takes_the_text_of_the_row() -> None:
    app = NumbersApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("j", "y")
        assert app.clipboard == "row 1"


async def test_rows_that_go_take_the_cursor_with_them() -> None:
    app = NumbersApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("G")
        app.view.count = 3
        app.view.refresh_rows()
        await pilot.pause()
        assert app.view.cursor == 2
        assert lines(app.view)[2].startswith("▌row 2")
        app.view.count = 0
        app.view.refresh_rows()
        await pilot.pause()
        assert app.view.cursor == 0
        assert "nothing to show" in "".join(lines(app.view))
        await pilot.press("enter", "y", "G")
        assert app.view.cursor == 0


async def test_every_binding_can_be_remapped() -> None:
    bindings = [binding for binding in RowView.BINDINGS if not isinstance(binding, tuple)]
    ids = [binding.id for binding in bindings]
    assert all(ids)
    assert len(set(ids)) == len(ids)
    assert all(binding.tooltip for binding in bindings)


async def test_text_is_selected_with_the_mouse() -> None:
    app = NumbersApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.mouse_down(app.view, offset=(5, 2))
        await pilot.hover(app.view, offset=(4, 4))
        await pilot.mouse_up(app.view, offset=(4, 4))
        await pilot.pause()
        assert app.screen.get_selected_text() == "2\nrow 3\nrow"
        chosen = app.screen.get_component_rich_style("screen--selection").bgcolor
        strip = app.view.render_line(3)
        assert "".join(part.text for part in strip if part.style and part.style.bgcolor == chosen).strip() == "row 3"
        await pilot.press("y")
        assert app.clipboard == "2\nrow 3\nrow"
        await pilot.click(app.view, offset=(4, 6))
        await pilot.press("y")
        assert app.clipboard == "row 6"


async def test_a_selection_from_the_end_of_a_line_on() -> None:
    app = NumbersApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.screen.selections = {app.view: Selection(Offset(79, 2), Offset(4, 3))}
        await pilot.pause()
        assert lines(app.view)[2].rstrip() == " row 2"
        assert lines(app.view)[3].rstrip() == " row 3"


async def test_rows_with_escaped_characters_are_cut_with_a_mark() -> None:
    app = NumbersApp()
    app.view.tail = "\x07" * 30
    app.view.draw_row = lambda index, width: Strip([Segment(app.view.row_text(index))])  # pyright: ignore
    async with app.run_test(size=(40, 24)) as pilot:
        await pilot.pause()
        assert lines(app.view)[0].rstrip().endswith("›")
        assert "\\x07\\x07" in lines(app.view)[0]


async def test_the_focus_draws_the_cursors_row_only_and_a_theme_all() -> None:
    app = NumbersApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.view.focus()
        await pilot.pause()
        focused = app.view.render_line(0)
        app.set_focus(None)
        await pilot.pause()
        assert app.view.render_line(0) != focused
        drawn, plain = app.view.drawn, app.view.render_line(1)
        app.view.focus()
        await pilot.pause()
        assert app.view.render_line(0) == focused
        assert app.view.drawn == drawn
        app.theme = "bpftui-light" if app.theme == "bpftui-dark" else "bpftui-dark"
        await pilot.pause()
        assert app.view.render_line(1) != plain
        assert app.view.drawn > drawn


@pytest.mark.parametrize(
    ("start", "goal", "top"),
    [
        # As little as brings it into sight, where that is less than half a page of the twelve rows …
        ((100, 100), 111, 100),
        ((100, 100), 112, 101),
        ((100, 100), 116, 105),
        ((100, 100), 95, 95),
        # … and else with a third of the page above it.
        ((100, 100), 117, 113),
        ((100, 100), 94, 90),
        ((100, 100), 500, 496),
        ((100, 100), 2, 0),
    ],
)
async def test_the_list_scrolls_to_the_cursor(start: tuple[int, int], goal: int, top: int) -> None:
    app = NumbersApp()
    async with app.run_test(size=(80, 12)) as pilot:
        await pilot.pause()
        app.view.cursor = start[0]
        app.view.scroll_top_to(start[1])
        await pilot.pause()
        assert app.view.scroll_offset.y == start[1]
        app.view.cursor = goal
        await pilot.pause()
        assert app.view.scroll_offset.y == top
