"""Widgets are asked for the lines that are drawn, and what is drawn is what Textual's compositor draws."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import ref

from textual._compositor import Compositor as TextualCompositor
from textual._styles_cache import StylesCache
from textual.app import App, ComposeResult
from textual.color import Color
from textual.containers import Horizontal
from textual.geometry import Region, Size
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from bpftui.tui.compositor import Compositor
from bpftui.tui.controllers.controller import ControlledScreen
from bpftui.tui.dialogs.modal import Modal
from bpftui.tui.text.shown import Text
from bpftui.tui.widgets.lists.virtual_list import VirtualList

if TYPE_CHECKING:
    from textual.strip import Strip


class Lines(Widget):
    """Lines that are counted as they are asked for."""

    def __init__(self, name: str) -> None:
        super().__init__(id=name)
        self.asked: list[int] = []

    def render_lines(self, crop: Region) -> list[Strip]:
        self.asked += crop.line_range
        return super().render_lines(crop)

    def render(self) -> str:
        return "\n".join(f"{self.id} {number}" for number in range(self.size.height))


class Drawn(Screen[None]):
    """Two columns between two lines, and a box that lies over both columns."""

    CSS = """
    Drawn { layers: below above; }
    #top, #bottom { height: 1; }
    Lines { width: 1fr; }
    #box { layer: above; width: 10; height: 3; offset: 15 2; border: solid white; }
    """

    def __init__(self, compositor: TextualCompositor) -> None:
        super().__init__()
        self._compositor = compositor

    def compose(self) -> ComposeResult:
        yield Static("top", id="top")
        with Horizontal():
            yield Lines("left")
            yield Lines("right")
        yield Static("bottom", id="bottom")
        yield Static("box", id="box")


def written(app: App[None]) -> list[str]:
    """Return the lines that are on the screen."""
    return ["".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips()]  # pyright: ignore[reportPrivateUsage]


async def test_it_draws_what_textuals_draws() -> None:
    app: App[None] = App()
    async with app.run_test(size=(40, 10)) as pilot:
        drawn: list[list[str]] = []
        for compositor in (Compositor(), TextualCompositor()):
            await app.push_screen(Drawn(compositor))
            await pilot.pause()
            drawn.append(written(app))
            app.screen.query_one("#box").display = False
            app.screen.query_one("#top", Static).update("other")
            await pilot.pause()
            drawn.append(written(app))
            await app.pop_screen()
    assert drawn[:2] == drawn[2:]
    assert drawn[0][3] == "left 2         │box     │ 2             "
    assert drawn[1][0] == "other" + 35 * " "
    assert drawn[1][3] == "left 2              right 2             "


async def test_widgets_are_asked_for_the_lines_that_changed() -> None:
    app: App[None] = App()
    async with app.run_test(size=(40, 10)) as pilot:
        await app.push_screen(Drawn(Compositor()))
        await pilot.pause()
        left, right = app.screen.query_one("#left", Lines), app.screen.query_one("#right", Lines)
        left.asked.clear()
        right.asked.clear()
        for place in ("#top", "#bottom"):
            app.screen.query_one(place, Static).update("other")
        left.refresh(Region(0, 4, 5, 1))
        await pilot.pause()
        assert (left.asked, right.asked) == ([4], [])
        assert [line.rstrip() for line in written(app)][::9] == ["other", "other"]


async def test_what_lies_behind_is_not_asked() -> None:
    app: App[None] = App()
    async with app.run_test(size=(40, 10)) as pilot:
        await app.push_screen(Drawn(Compositor()))
        await pilot.pause()
        box = app.screen.query_one("#box", Static)
        box.styles.width, box.styles.height, box.styles.offset = 40, 8, (0, 1)
        await pilot.pause()
        left = app.screen.query_one("#left", Lines)
        left.asked.clear()
        left.refresh()
        await pilot.pause()
        assert written(app)[3] == "│" + 38 * " " + "│"
        assert left.asked == []
        box.display = False
        await pilot.pause()
        assert written(app)[3] == "left 2              right 2             "


class Below(ControlledScreen):
    """Two columns between two lines."""

    CSS = Drawn.CSS

    def compose(self) -> ComposeResult:
        yield Static("top", id="top")
        with Horizontal():
            yield Lines("left")
            yield Numbers(id="right")
        yield Static("bottom", id="bottom")


class Numbers(VirtualList):
    """A thousand numbers."""

    def row_count(self) -> int:
        return 1000

    def draw_row(self, index: int, width: int) -> Text:
        return Text(str(index))


class Question(Modal[None]):
    """A line in the midst of the screen."""

    CSS = """
    Question { align: center middle; background: black 50%; }
    #asked { width: 10; height: 1; background: blue; }
    Below { background: #804020; color: #ffffff; }
    """

    def compose(self) -> ComposeResult:
        yield Static("asked", id="asked")
        yield from super().compose()


async def test_a_line_that_changes_below_a_dialog_is_drawn_alone() -> None:
    app: App[None] = App()
    async with app.run_test(size=(40, 10)) as pilot:
        await app.push_screen(Below())
        await app.push_screen(Question())
        await pilot.pause()
        left = app.screen_stack[-2].query_one("#left", Lines)
        app.screen_stack[-2].query_one("#top", Static).styles.background = "#804020"
        left.asked.clear()
        left.refresh(Region(0, 4, 5, 1))
        await pilot.pause()
        assert left.asked == [4]
        shown = written(app)
        assert [line.rstrip() for line in shown[4:6]] == [f"left 3{9 * ' '}asked", f"left 4{14 * ' '} 4"]
        top = next(iter(app.screen._compositor.render_strips()[0]))  # pyright: ignore[reportPrivateUsage]
        assert top.style is not None
        assert top.style.bgcolor is not None
        assert top.style.bgcolor.name == "#402010"


async def test_scrollbars_stay_where_something_else_is_laid_out() -> None:
    app: App[None] = App()
    async with app.run_test(size=(40, 10)) as pilot:
        await app.push_screen(Below())
        await pilot.pause()
        bar, asked = app.screen.query_one(Numbers).vertical_scrollbar, list[int]()
        draw = bar.render_lines
        bar.render_lines = lambda crop: asked.extend(crop.line_range) or draw(crop)  # type: ignore[method-assign]
        app.screen.query_one("#left", Lines).refresh(layout=True)
        await pilot.pause()
        assert asked == []
        app.screen.query_one(Numbers).scroll_to(y=500, animate=False)
        await pilot.pause()
        assert asked


async def test_a_press_on_what_was_removed_and_is_still_drawn_is_on_nothing() -> None:
    app: App[None] = App()
    async with app.run_test(size=(40, 10)) as pilot:
        await app.push_screen(Below())
        await pilot.pause()
        left = app.screen.query_one("#left", Lines)
        assert app.screen.get_widget_and_offset_at(3, 3)[0] is left
        parent, left._parent = left._parent, None  # pyright: ignore[reportPrivateUsage] - as of what is being removed
        assert app.screen.get_widget_and_offset_at(3, 3) == (None, None)
        assert await pilot.mouse_down(offset=(3, 3))
        left._parent = parent  # pyright: ignore[reportPrivateUsage]


async def test_what_nobody_draws_is_blank() -> None:
    """After the terminal has another size, the screen below a dialog is laid out for the one before, for a moment."""
    app: App[None] = App()
    async with app.run_test(size=(40, 10)) as pilot:
        await app.push_screen(Below())
        await app.push_screen(Question())
        await pilot.pause()
        below, front = app.screen_stack[-2], app.screen
        for size in (Size(30, 8), Size(60, 12)):
            below._compositor.reflow(below, Size(20, 6))  # pyright: ignore[reportPrivateUsage]
            front._compositor.reflow(front, size)  # pyright: ignore[reportPrivateUsage]
            shown = written(app)
            assert [len(line) for line in shown] == [size.width] * size.height
            assert shown[0].rstrip() == "top"
            app.screen._compositor.render_update(full=True)  # pyright: ignore[reportPrivateUsage]
        below._compositor.size = Size(0, 0)  # pyright: ignore[reportPrivateUsage]
        assert {len(line) for line in written(app)} == {60}


def test_what_a_widget_has_drawn_goes_with_it() -> None:
    lines = StylesCache()
    inner, outer = lines.get_inner_outer(Color(10, 20, 30), Color(200, 0, 0, 0.5))
    assert (inner.background, outer.background) == (Color(105, 10, 15), Color(10, 20, 30))
    gone = ref(lines)
    del lines
    assert gone() is None
