"""The key bar: what stands there can be clicked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bpftui.tui.dialogs.help import HelpScreen
from bpftui.tui.widgets.key_bar import KeyBar

if TYPE_CHECKING:
    from collections.abc import Callable


async def test_a_key_is_pressed_by_a_click_and_seen_below_the_mouse(explore: Callable[..., Any]) -> None:
    async with explore(size=(80, 24)) as walk:
        line = walk.screen.splitlines()[23]
        assert line == "L Load ⏎ Open / Search ^p Find ? Help q Quit"
        bar = walk.explorer.query_one(KeyBar)
        plain = bar.render().spans
        await walk.pilot.hover(KeyBar, offset=(line.index("Help") + 1, 0))
        assert bar.tooltip == next(key.tooltip for key in bar.keys if key.description == "Help")
        assert bar.render().spans != plain
        await walk.pilot.hover(KeyBar, offset=(70, 0))
        assert bar.tooltip is None
        assert bar.render().spans == plain
        await walk.pilot.click(KeyBar, offset=(70, 0))
        await walk.settle()
        assert walk.app.screen is walk.explorer
        await walk.pilot.click(KeyBar, offset=(line.index("Help"), 0))
        await walk.settle()
        assert isinstance(walk.app.screen, HelpScreen)
