"""What is typed into a search is seen, above the key bar, on every screen that has one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bpftui.tui.app import BpftuiApp
from bpftui.tui.widgets.spec.spec_tree import SpecTree
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
        assert above.startswith(" / l[/x]  ")
        assert "esc Cancel" in bar
        await walk.hurry("escape")
        *_, above, bar = walk.screen.splitlines()
        assert "l[/x]" not in above
        assert bar.endswith("? Help q Quit")


async def test_what_is_typed_is_gone_to_at_once_and_escape_leads_back(explore: Callable[..., Any]) -> None:
    async with explore(size=(120, 30)) as walk:
        await walk.press("2", "down", "down")
        before = walk.screen
        await walk.press("slash", *"lookup")
        assert " / lookup  " in walk.screen
        assert "1 of 6 in this program · ⏎ stay here · esc back" in walk.screen
        assert "insn 73  traffic.c:127" in walk.screen
        await walk.press(*"x" * 3)
        assert "0 in this program" in walk.screen
        assert "insn 0  traffic.c:180" in walk.screen  # no match: back where one was
        await walk.press("escape")
        assert walk.screen == before


async def test_enter_stays_at_what_was_found_and_n_goes_on(explore: Callable[..., Any]) -> None:
    async with explore(size=(120, 30)) as walk:
        await walk.press("2", "down", "down", "slash", *"lookup", "enter")
        assert "insn 73  traffic.c:127  match 1/6" in walk.screen
        await walk.press("n", "n")
        assert "match 3/6" in walk.screen
        await walk.press("N")
        assert "match 2/6" in walk.screen
        await walk.press("backspace", "backspace", "backspace", "backspace")
        assert "insn 0  traffic.c:180" in walk.screen
        await walk.press("n", "escape")  # the search ends, and where it led to stays
        assert "insn 73  traffic.c:127" in walk.screen
        assert "match" not in walk.screen
        assert walk.app.focused is not walk.explorer.query_one(SpecTree)
        await walk.press("escape")
        assert walk.app.focused is walk.explorer.query_one(SpecTree)


async def test_tab_widens_a_search_in_the_tree_to_the_code_of_all_programs(explore: Callable[..., Any]) -> None:
    async with explore("tests/objects/externs.o", size=(120, 30)) as walk:
        await walk.press("slash", *"rcu")
        assert "1 of 2 · tab: whole object" in walk.screen
        assert "bpf_rcu_read_lock" in walk.explorer.navigation.node.name
        await walk.press("tab")
        await walk.until(lambda: "1 of 7 here, 7 in the whole object · tab: this program" in walk.screen)
        assert "kfuncs › kfuncs()" in walk.screen
        await walk.press("escape")
        assert walk.explorer.navigation.tab == "overview"
        assert walk.explorer.navigation.node.name == "kconfig"
        await walk.press("down")  # the tree has the keys again
        assert walk.explorer.navigation.node.name == "ksyms"


async def test_a_search_goes_round_the_whole_object(explore: Callable[..., Any]) -> None:
    async with explore("tests/objects/externs.o", size=(120, 30)) as walk:
        await walk.press("2", "slash", *"exit")
        await walk.until(lambda: "1 of 1 in this program · tab: whole object (3)" in walk.screen)
        await walk.press("tab", "enter")
        for program in ("ksyms", "kfuncs", "kconfig"):
            await walk.press("n")
            await walk.until(lambda program=program: walk.explorer.navigation.node.name == program)
            await walk.until(lambda program=program: f"{program} › {program}()" in walk.screen)
        await walk.press("N")
        await walk.until(lambda: "kfuncs › kfuncs()" in walk.screen)


async def test_messages_cover_neither_the_search_line_nor_the_keys(explore: Callable[..., Any]) -> None:
    async with explore(size=(80, 24), messages=True) as walk:
        await walk.hurry("slash", *"l" * 70)
        for number in range(3):
            walk.app.notify(f"message {number}")
        await walk.until(lambda: "message 2" in walk.screen)
        *_, search, message, bar = walk.screen.splitlines()
        assert search.startswith(" / l")
        assert message == " message 2"
        assert "esc Cancel" in bar


@pytest.mark.parametrize("keys", [("u",), ("2", "down", "u")], ids=["users of a program", "users in the code"])
async def test_what_is_typed_is_seen_in_a_page_over_the_explorer(
    explore: Callable[..., Any], keys: tuple[str, ...]
) -> None:
    async with explore(size=(80, 24)) as walk:
        await walk.hurry(*keys, "slash", *"lo0k")
        last = walk.screen.splitlines()[-3:]
        assert " / lo0k  " in last[0]


async def test_what_is_typed_is_seen_where_an_object_is_chosen() -> None:
    app = BpftuiApp(runtime="vm")
    async with app.run_test(size=(80, 24)) as pilot:
        await app.ready().wait()
        await pilot.pause()
        await pilot.press("slash", *"my")
        await pilot.pause()
        *_, above, bar = screen_text(app).splitlines()
        assert above.startswith(" / my  ")
        assert "esc Cancel" in bar
        await pilot.press("enter")
        await pilot.pause()
        assert "▌ my_map.o" in screen_text(app)
