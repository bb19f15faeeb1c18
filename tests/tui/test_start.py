"""The start: what is there in the first frame, and what has been put off until after it."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any

from bpftui.tui.widgets.key_bar import KeyBar
from bpftui.tui.widgets.lists.search_bar import SearchBar

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest
    from textual.content import Content


async def test_the_keys_are_drawn_anew_only_when_they_change(
    explore: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Content] = []
    render = KeyBar.render

    def hooked(bar: KeyBar) -> Content:
        drawn.append(line := render(bar))
        return line

    monkeypatch.setattr(KeyBar, "render", hooked)
    async with explore() as walk:
        await walk.explorer.furnished.wait()
        assert drawn
        assert walk.footer == ["Load", "Open", "Search", "Find", "Help", "Quit"]
        drawn.clear()
        for _ in range(3):
            walk.explorer.refresh_bindings()
            await walk.pilot.pause(0.05)
        assert drawn == []
        await walk.press("L")
        await walk.until(lambda: "Attach" in walk.footer)
        assert walk.footer == ["Open", "Attach", "Search", "Run", "Find", "Pause", "Help", "Quit"]
        assert walk.screen.splitlines()[-1] == "⏎ Open A Attach / Search R Run ^p Find p Pause ? Help q Quit"


async def test_the_collector_is_on_again_as_soon_as_everything_is_there(explore: Callable[..., Any]) -> None:
    thresholds = gc.get_threshold()
    gc.disable()
    try:
        async with explore() as walk:
            await walk.explorer.furnished.wait()
            await walk.pilot.pause()
            assert walk.explorer.query_one(SearchBar)
            assert gc.isenabled()
            assert gc.get_freeze_count() > 0
            assert gc.get_threshold()[2] > 1_000_000  # all objects are looked at while nobody is there
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()
        gc.enable()
