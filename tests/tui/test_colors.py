"""A terminal gets the colours that it has, and none where there are none, or none are wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from bpftui.tui.base_app import BaseApp

if TYPE_CHECKING:
    from rich.color_triplet import ColorTriplet

COLORED = Style(color="#0178d4", bgcolor="#121212", bold=True)


def drawn(app: BaseApp[None], style: Style = COLORED) -> Style:
    """Return what a style becomes on its way to the terminal."""
    segments = [Segment("x", style)]
    for each in app.get_line_filters():
        segments = each.apply(segments, Color.parse("#121212"))
    found = segments[0].style
    assert found is not None
    return found


def is_grey(found: ColorTriplet | None) -> bool:
    return found is not None and len(set(found)) == 1


@pytest.mark.parametrize("term", ["dumb", "unknown", None])
def test_a_terminal_that_does_not_say_what_it_is_gets_no_colours(
    monkeypatch: pytest.MonkeyPatch, term: str | None
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("TERM", raising=False)
    if term is not None:
        monkeypatch.setenv("TERM", term)
    style = drawn(BaseApp())
    assert style.color is not None
    assert style.color.is_default
    assert style.bgcolor is not None
    assert style.bgcolor.is_default
    assert style.bold


def test_no_color_leaves_greys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("NO_COLOR", "1")
    for _ in range(2):  # the explorer comes after the list of objects, in the same process
        style = drawn(BaseApp())
        assert style.color is not None
        assert is_grey(style.color.triplet)
    monkeypatch.delenv("NO_COLOR")
    style = drawn(BaseApp())
    assert style.color is not None
    assert not is_grey(style.color.triplet)


def test_no_color_leaves_no_greys_where_there_are_16_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("COLORTERM", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert drawn(BaseApp()).color not in (None, COLORED.color)
    monkeypatch.setenv("NO_COLOR", "1")
    style = drawn(BaseApp())
    assert style.color is not None
    assert style.color.is_default
    assert style.bold


@pytest.mark.parametrize("term", ["xterm-256color", "xterm", "dumb"])
@pytest.mark.parametrize("theme", ["bpftui-dark", "bpftui-light"])
def test_without_colours_links_are_underlined(monkeypatch: pytest.MonkeyPatch, term: str, theme: str) -> None:
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("COLORTERM", "truecolor" if term == "xterm-256color" else "")
    monkeypatch.setenv("NO_COLOR", "1")
    app = BaseApp[None]()
    app.theme = theme
    colors = app.get_css_variables()
    for role, underlined in (("link", True), ("register", None), ("foreground", None)):
        assert drawn(app, Style(color=colors[role])).underline is underlined, role
    monkeypatch.delenv("NO_COLOR")
    if term != "dumb":
        assert not drawn(BaseApp(), Style(color=colors["link"])).underline


@pytest.mark.parametrize(
    ("term", "colorterm", "number"),
    [("xterm-256color", "", 39), ("xterm-256color", "truecolor", None), ("linux", "", 12), ("xterm", "24bit", None)],
)
def test_the_terminal_says_how_many_colours_it_has(
    monkeypatch: pytest.MonkeyPatch, term: str, colorterm: str, number: int | None
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("COLORTERM", colorterm)
    app = BaseApp[None]()
    colors = app.get_css_variables()
    segments = [Segment("x", Style(color=colors["primary"], bgcolor=colors["background"]))]
    for each in app.get_line_filters():
        segments = each.apply(segments, Color.parse("#10151c"))
    style = segments[0].style
    assert style is not None
    assert style.color is not None
    assert style.color.number == number
