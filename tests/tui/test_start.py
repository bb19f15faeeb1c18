"""The start: what is there in the first frame, and what has been put off until after it."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any

from textual.widgets._footer import FooterKey

from bpftui.tui.widgets.lists.search_bar import SearchBar

if TYPE_CHECKING:
    from collections.abc import Callable


async def test_the_keys_are_composed_anew_only_when_they_change(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        await walk.explorer.furnished.wait()
        before = list(walk.explorer.query(FooterKey))
        assert walk.footer == ["Load", "Search", "Keys", "Quit"]
        for _ in range(3):
            walk.explorer.refresh_bindings()
            await walk.pilot.pause(0.05)
        assert list(walk.explorer.query(FooterKey)) == before
        await walk.press("L")
        await walk.until(lambda: "Attach" in walk.footer)
        assert walk.footer == ["Attach", "Pause", "Run", "Search", "Keys", "Quit"]


async def test_the_collector_is_on_again_as_soon_as_everything_is_there(explore: Callable[..., Any]) -> None:
    gc.disable()
    try:
        async with explore() as walk:
            await walk.explorer.furnished.wait()
            await walk.pilot.pause()
            assert walk.explorer.query_one(SearchBar)
            assert gc.isenabled()
            assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
        gc.enable()
