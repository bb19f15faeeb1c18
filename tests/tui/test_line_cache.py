"""What is made of a widget's lines is what Textual makes of them, once for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual._styles_cache import StylesCache
from textual.app import App, ComposeResult
from textual.color import Color
from textual.containers import Container
from textual.strip import Strip
from textual.widget import Widget

from bpftui.tui.line_cache import LineCache

if TYPE_CHECKING:
    from collections.abc import Callable


class Rows(Widget):
    """A widget that returns the same line again: all but one in three are as wide as it is."""

    DEFAULT_CSS = "Rows { width: 20; height: 8; background: blue; }"

    def __init__(self) -> None:
        super().__init__()
        texts = [f"row {number}".ljust(20 if number % 3 else 7) for number in range(20)]
        self.own = [Strip([Segment(text, Style(color="#ffffff", bgcolor="#000080"))]) for text in texts]
        self.top = 0

    def render_line(self, y: int) -> Strip:
        return self.own[self.top + y]


class Rowed(App[None]):
    """The widget in another one."""

    def compose(self) -> ComposeResult:
        with Container():
            yield Rows()


def lines(rows: Rows, cache: StylesCache) -> list[Strip]:
    """Return what a cache makes of all lines of the widget, drawn anew."""
    cache.clear()
    return cache.render_widget(rows, rows.region.size.region)


def scroll(rows: Rows) -> None:
    rows.top += 3


def tint(rows: Rows) -> None:
    rows.styles.tint = Color(255, 0, 0, 0.5)


def behind(rows: Rows) -> None:
    assert isinstance(rows.parent, Widget)
    rows.parent.styles.background = Color(0, 80, 0)


def through(rows: Rows) -> None:
    rows.styles.background = Color(0, 80, 0, 0.3)


def fade(rows: Rows) -> None:
    assert isinstance(rows.parent, Widget)
    rows.parent.styles.opacity = 0.5


CHANGES: dict[str, Callable[[Rows], object]] = {
    "nothing": lambda rows: None,
    "rows": scroll,
    "border": lambda rows: rows.set_styles("border: solid white;"),
    "side": lambda rows: rows.set_styles("border-right: solid white;"),
    "colour of a border": lambda rows: rows.set_styles("border: solid red;"),
    "padding": lambda rows: rows.set_styles("padding: 1 2;"),
    "width": lambda rows: rows.set_styles("width: 16;"),
    "height": lambda rows: rows.set_styles("height: 5;"),
    "tint": tint,
    "fainter text": lambda rows: rows.set_styles("text-opacity: 50%;"),
    "what lies behind it": behind,
    "a background that is seen through": through,
    "opacity": fade,
    "outline": lambda rows: rows.set_styles("outline: solid white;"),
    "hatch": lambda rows: rows.set_styles("hatch: left red; padding: 1;"),
}


async def test_they_are_those_of_textual_whatever_changes() -> None:
    app = Rowed()
    async with app.run_test() as pilot:
        rows, cache = app.query_one(Rows), LineCache()
        for name, change in CHANGES.items():
            change(rows)
            await pilot.pause()
            assert lines(rows, cache) == lines(rows, StylesCache()), name


async def test_a_line_is_made_once_wherever_it_is_drawn() -> None:
    app = Rowed()
    async with app.run_test():
        rows, cache = app.query_one(Rows), LineCache()
        rows.set_styles("border-right: solid white;")
        first = lines(rows, cache)
        scroll(rows)
        second = lines(rows, cache)
        assert [a is b for a, b in zip(first[3:], second, strict=False)] == [True] * 5
