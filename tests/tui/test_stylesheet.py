"""What is kept in mind of the parts of a widget is what Textual finds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.css import stylesheet

from bpftui.tui.stylesheet import Stylesheet
from bpftui.tui.widgets.code.listing_view import ListingView

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest


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
        sheet = walk.app.stylesheet
        assert isinstance(sheet, Stylesheet)

        def check() -> None:
            checked = 0
            for node in walk.explorer.walk_children(with_self=True):
                kept = node._component_styles.copy()
                process(sheet, node)
                assert node._component_styles == kept, node
                checked += len(kept)
            assert checked > 150

        await walk.press("2")
        check()
        await walk.pilot.hover(ListingView)
        await walk.press("tab")
        check()
        before = walk.explorer.query_one(ListingView)._component_styles.copy()
        for _ in range(2):
            looked_up.clear()
            await walk.press("shift+tab", "tab")
        assert looked_up == []  # every state was there before
        check()
        walk.app.theme = "bpftui-light"
        await walk.settle()
        check()
        assert walk.explorer.query_one(ListingView)._component_styles != before
