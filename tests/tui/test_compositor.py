"""Widgets are asked for the lines that are drawn, and what is drawn is what Textual's compositor draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual._compositor import Compositor as TextualCompositor
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.geometry import Region
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from bpftui.tui.compositor import Compositor

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
