"""The manual, behind a second `?`: it begins at the page about where the user was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.tui.conftest import SIZES

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_a_page_for_where_the_user_is(explore: Callable[..., Any], size: tuple[int, int]) -> None:
    async with explore(size=size) as walk:
        await walk.press("3", "question_mark", "question_mark")
        await walk.until(lambda: "frozen by the load" in walk.screen)
        assert "Variables and constants" in walk.screen
        assert "Attaching" in walk.screen
        await walk.press("down", "down")
        await walk.until(lambda: "The kernel takes a program only after" in walk.screen)
        await walk.press("escape", "escape")
        assert walk.app.screen is walk.explorer
