"""The control flow as a picture in the explorer: `v` from the code, and the ways back into it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bpftui.tui.widgets.code.flow_view import FlowView
from bpftui.tui.widgets.code.listing_view import ListingView

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.tui.conftest import Walk


async def drawn(walk: Walk) -> FlowView:
    flow = walk.explorer.query_one(FlowView)
    await walk.until(lambda: flow.picture is not None and flow.row_count() > 0)
    await walk.settle()
    return flow


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_v_leads_to_the_picture_and_back_to_the_same_block(
    size: tuple[int, int], explore: Callable[..., Any]
) -> None:
    async with explore(size=size) as walk:
        view = walk.explorer.query_one(ListingView)
        await walk.press("2")
        view.jumps.show(66)
        await walk.press("v", "v", *(["v"] if size[0] >= 120 else []))
        flow = await drawn(walk)
        assert flow.has_focus
        assert "26 blocks" in walk.screen
        assert "▌┌ 63 ──" in walk.screen
        assert "│ call bpf_map_lookup_elem#1 │" in walk.screen
        await walk.press("down")
        assert view.slot_at(view.cursor) == flow.slot != 63
        await walk.press("v")
        assert view.has_focus
        assert not flow.display
        assert "26 blocks" not in walk.screen
        assert view.slot_at(view.cursor) in (77, 94)


async def test_enter_opens_the_block_and_backspace_leads_to_where_one_was(explore: Callable[..., Any]) -> None:
    async with explore(size=(80, 24)) as walk:
        view = walk.explorer.query_one(ListingView)
        await walk.press("2")
        view.jumps.show(66)
        await walk.press("v", "v")
        await drawn(walk)
        await walk.press("end", "enter")
        assert view.has_focus
        assert view.slot_at(view.cursor) == 161
        assert "161    w0 = 2" in walk.screen
        await walk.press("backspace")
        assert view.slot_at(view.cursor) == 66


async def test_a_place_that_is_gone_to_leaves_the_picture(explore: Callable[..., Any]) -> None:
    async with explore(size=(80, 24)) as walk:
        await walk.press("2", "v", "v")
        flow = await drawn(walk)
        await walk.press("1", "2")
        assert flow.display
        walk.explorer.panes.code.show_function("count_traffic", "fill")
        await walk.settle()
        assert not flow.display
        assert "fill:" in walk.screen
