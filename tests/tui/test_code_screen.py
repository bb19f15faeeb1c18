"""Ways through the code: places by number, references and back, searches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bpftui.tui.nodes import NodeKind
from bpftui.tui.widgets.listing_view import ListingView

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(("typed", "slot"), [("123", 123), ("c187", 11), ("traffic.c:182", 2), ("c180", 0)], ids=str)
async def test_colon_and_a_place(explore: Callable[..., Any], typed: str, slot: int) -> None:
    async with explore() as walk:
        await walk.press("colon")
        await walk.type(typed)
        await walk.pilot.pause(0.3)
        await walk.press("enter")
        view = walk.explorer.query_one(ListingView)
        await walk.until(lambda: walk.explorer.tab == "code" and view.slot_at(view.cursor) == slot)


async def test_back_from_a_map_into_the_code(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        await walk.press("2")
        view = walk.explorer.query_one(ListingView)
        assert view.search(r"map\[traffic\]")
        here = view.slot_at(view.cursor)
        await walk.pilot.pause()
        assert " match 1/3" in str(walk.explorer.query_one("#code-title").render())
        await walk.press("enter")
        assert (walk.explorer.tab, walk.explorer.node.kind) == ("maps", NodeKind.MAP)
        await walk.press("ctrl+o")
        assert (walk.explorer.tab, view.slot_at(view.cursor)) == ("code", here)
        await walk.press("ctrl+o")
        assert view.slot_at(view.cursor) == 0


async def test_a_search_goes_on_in_other_programs(explore: Callable[..., Any]) -> None:
    async with explore("tests/objects/externs.o") as walk:
        await walk.press("2")
        view = walk.explorer.query_one(ListingView)
        await walk.press("slash")
        await walk.type("bpf_rcu_read_unlock")
        await walk.press("enter")
        await walk.until(lambda: walk.explorer.panes.code.program == "kfuncs")
        assert "bpf_rcu_read_unlock" in view.row_text(view.cursor)
        await walk.press("ctrl+o", "ctrl+o")
        await walk.until(lambda: walk.explorer.panes.code.program == "kconfig")
