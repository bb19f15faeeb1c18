"""What is kept in mind of a widget and its parts is what Textual finds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from textual.cache import LRUCache
from textual.css import stylesheet

from bpftui.tui.dialogs.confirm import ConfirmDialog
from bpftui.tui.stylesheet import Stylesheet, every_widget
from bpftui.tui.widgets.code.listing_view import ListingView
from tests.tui.conftest import SIZES

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.css.styles import RenderStyles
    from textual.dom import DOMNode

    from tests.tui.conftest import Walk


def rules_of(node: DOMNode) -> dict[str, object]:
    """Return the rules for a node; how it is laid out by its name, for each parsing makes one of its own."""
    return {name: repr(rule) if name == "layout" else rule for name, rule in node.styles.base.get_rules().items()}


def parts_of(node: DOMNode) -> dict[str, RenderStyles]:
    """Return the styles of all parts of a node, of those too that have not been asked for."""
    return {name: node._component_styles[name] for name in sorted(node._get_component_classes())}


def check(walk: Walk) -> None:
    """Compare all widgets, and their parts, with what Textual finds for them in the style sheets, parsed anew."""
    sheet = walk.app.stylesheet
    assert type(sheet) is Stylesheet
    plain = sheet.copy()
    assert type(plain) is stylesheet.Stylesheet
    plain.parse()
    nodes: list[DOMNode] = [walk.app, *walk.app.screen.walk_children(with_self=True)]
    parts = 0
    for node in nodes:
        hovered = node._has_hover_style
        rules, kept = rules_of(node), parts_of(node)
        plain.apply(node)
        assert (rules_of(node), node._component_styles) == (rules, kept), node
        assert node._has_hover_style == hovered
        parts += len(kept)
    assert len(nodes) > 30
    assert parts > 150


async def test_the_parts_have_the_styles_that_textual_finds(
    explore: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up: list[object] = []
    process = stylesheet.Stylesheet._process_component_classes

    def hooked(sheet: stylesheet.Stylesheet, node: Any) -> None:
        if node._get_component_classes():
            looked_up.append(node)
        process(sheet, node)

    monkeypatch.setattr(stylesheet.Stylesheet, "_process_component_classes", hooked)
    async with explore() as walk:
        await walk.press("2")
        check(walk)
        await walk.pilot.hover(ListingView)
        await walk.press("tab")
        check(walk)
        before = parts_of(walk.explorer.query_one(ListingView))
        for _ in range(2):
            looked_up.clear()
            await walk.press("shift+tab", "tab")
        assert looked_up == []  # every state was there before
        check(walk)
        walk.app.theme = "bpftui-light"
        await walk.settle()
        check(walk)
        assert parts_of(walk.explorer.query_one(ListingView)) != before


@pytest.mark.parametrize("size", SIZES)
async def test_what_was_found_in_one_app_holds_in_the_next(explore: Callable[..., Any], size: tuple[int, int]) -> None:
    shades: list[object] = []
    for theme in ("bpftui-dark", "bpftui-light", "bpftui-dark"):
        async with explore(size=size, theme=theme) as walk:
            shades.append(walk.explorer.styles.background)
            await walk.press("2", "tab")
            check(walk)
    assert shades[0] == shades[2] != shades[1]


async def test_a_theme_is_parsed_once(explore: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    async with explore() as walk:
        walk.app.theme = "bpftui-light"
        await walk.settle()
        light = walk.explorer.styles.background
        walk.app.theme = "bpftui-dark"
        await walk.settle()
        with monkeypatch.context() as patch:
            patch.setattr(stylesheet, "parse", never)
            walk.app.theme = "bpftui-light"
            await walk.settle()
        assert walk.explorer.styles.background == light
        check(walk)


def never(*_: object, **__: object) -> NoReturn:
    raise AssertionError("it is parsed again")


async def test_rules_of_what_comes_later_are_parsed_before_it_comes(
    explore: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[str] = []
    parse = stylesheet.Stylesheet._parse_rules

    def hooked(sheet: stylesheet.Stylesheet, css: str, read_from: tuple[str, str], *others: Any, **named: Any) -> Any:
        parsed.append(read_from[1])
        return parse(sheet, css, read_from, *others, **named)

    monkeypatch.setattr(stylesheet.Stylesheet, "_parse_rules", hooked)
    async with explore() as walk:
        monkeypatch.setattr("bpftui.tui.stylesheet._parsed", LRUCache[object, object](1024))
        for widget in every_widget():
            walk.app.stylesheet.prepare(widget)
        assert ConfirmDialog in every_widget()
        assert parsed
        parsed.clear()
        await walk.app.push_screen(ConfirmDialog("Really?", "", confirm="Yes"))
        assert set(parsed) <= {"", "App.DEFAULT_CSS"}  # which are parsed at the start
