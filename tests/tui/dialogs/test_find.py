"""The finder: what is chosen in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bpftui.tui.dialogs.find import FindDialog, FoundRows

if TYPE_CHECKING:
    from collections.abc import Callable


async def test_what_is_chosen_counts_though_the_search_goes_on(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        await walk.press("ctrl+p")
        await walk.type("iphdr")
        dialog = walk.app.screen
        assert isinstance(dialog, FindDialog)
        rows = dialog.query_one(FoundRows)
        title, kind, _ = rows.parts(rows.cursor)
        assert (title, kind) == ("traffic.c:116", "C line")
        dialog.choose()
        rows.commands, rows.found = (), ()  # what comes in before it is handled
        rows.restart()
        await walk.settle()
        assert walk.app.screen is walk.explorer
        assert "▌" in (line := next(line for line in walk.screen.splitlines() if "traffic.c:116" in line)), line
