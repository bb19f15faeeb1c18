"""What is typed into a search is seen, above the key bar, on every screen that has one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bpftui import bpf
from bpftui.tui.pickers.start_picker import StartPicker
from tests.tui.conftest import screen_text

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("keys", [(), ("2",), ("3",), ("6",)], ids=["tree", "code", "variables", "log"])
@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_search_line_stands_above_the_key_bar(
    explore: Callable[..., Any], keys: tuple[str, ...], size: tuple[int, int]
) -> None:
    async with explore(size=size) as walk:
        await walk.hurry(*keys, "slash", *"l[/x]")
        *_, above, bar = walk.screen.splitlines()
        assert above == " l[/x]"
        assert "esc Cancel" in bar
        await walk.hurry("escape")
        *_, above, bar = walk.screen.splitlines()
        assert "l[/x]" not in above
        assert bar.endswith("? Keys q Quit")


async def test_messages_cover_neither_the_search_line_nor_the_keys(explore: Callable[..., Any]) -> None:
    async with explore(size=(80, 24), messages=True) as walk:
        await walk.hurry("slash", *"l" * 70)
        for number in range(3):
            walk.app.notify(f"message {number}")
        await walk.until(lambda: "message 2" in walk.screen)
        *_, search, message, bar = walk.screen.splitlines()
        assert (search, message) == (" " + "l" * 70, " message 2")
        assert "esc Cancel" in bar


@pytest.mark.parametrize("keys", [("u",), ("2", "down", "u")], ids=["users of a program", "users in the code"])
async def test_what_is_typed_is_seen_in_a_page_over_the_explorer(
    explore: Callable[..., Any], keys: tuple[str, ...]
) -> None:
    async with explore(size=(80, 24)) as walk:
        await walk.hurry(*keys, "slash", *"lo0k")
        last = walk.screen.splitlines()[-3:]
        assert "│  lo0k  " in last[0]


async def test_what_is_typed_is_seen_where_an_object_is_chosen() -> None:
    app = StartPicker([(str(bpf.path(name)), "ships") for name in ("traffic", "my_map")])
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("slash", *"my")
        await pilot.pause()
        *_, above, bar = screen_text(app).splitlines()
        assert above == " my"
        assert "esc Cancel" in bar
        await pilot.press("enter", "enter")
        await pilot.pause()
    assert app.return_value == str(bpf.path("my_map"))
