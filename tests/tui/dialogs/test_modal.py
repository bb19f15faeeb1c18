"""A screen over the explorer ends once, however quickly keys follow each other; the palette likewise."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from textual.events import Paste

from bpftui.core.live import State
from bpftui.tui.dialogs.modal import Modal
from bpftui.tui.widgets.code.listing_view import ListingView
from tests.tui.conftest import SIZES

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    "keys",
    [
        ("u", "enter", "enter", "enter"),
        ("u", "escape", "escape", "u", "q"),
        ("question_mark", "escape", "escape"),
        ("3", "e", "enter", "enter", "enter"),
        ("3", "e", "escape", "escape"),
        ("e", "enter", "enter", "enter"),
        ("P", "enter", "enter", "escape", "escape"),
        ("colon", "escape", "escape"),
        ("colon", "pageup", "pagedown", "end", "home", "up", "down", "escape", "escape"),
        ("colon", "l", "o", "a", "d", "x", "x", "enter", "enter", "escape", "escape"),
        ("2", "ctrl+s", "escape", "escape"),
    ],
    ids="-".join,
)
async def test_quick_keys_leave_a_screen_once(explore: Callable[..., Any], keys: tuple[str, ...]) -> None:
    async with explore(size=(80, 24)) as walk:
        await walk.hurry(*keys)
        if walk.app.screen is not walk.explorer:  # the last enter was the listing's: it asks who else calls a helper
            await walk.hurry("escape", "escape")
        assert walk.app.screen is walk.explorer
        assert "count_traffic" in walk.screen


async def test_a_screen_is_dismissed_with_the_first_result(explore: Callable[..., Any]) -> None:
    results: list[object] = []
    async with explore() as walk:
        screen = Modal[int]()
        walk.app.push_screen(screen, results.append)
        await walk.settle()
        for number in (1, 2, 3):
            screen.dismiss(number)
        await walk.settle()
        assert results == [1]
        assert walk.app.screen is walk.explorer


async def test_one_question_however_often_its_key_is_pressed(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        await walk.hurry("question_mark", "question_mark", "question_mark")
        assert len(walk.app.screen_stack) == 2  # opened, closed, opened


async def test_enter_in_the_palette_means_what_was_typed(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        await walk.hurry("2", "colon", "4", "0", "enter")
        listing = walk.explorer.query_one(ListingView)
        await walk.until(lambda: listing.jumps.here is not None and listing.jumps.here.slot == 40)
        assert walk.status.stage == State.SPEC


async def test_the_palette_finds_what_is_typed_and_enter_alone_does_nothing(explore: Callable[..., Any]) -> None:
    async with explore(size=(80, 24)) as walk:
        await walk.hurry("colon", "enter")
        assert "Load: create the maps" in walk.screen
        assert walk.status.stage == State.SPEC
        await walk.hurry(*"sampleev")
        assert "sampleev" in walk.screen
        assert re.search(r"▌sample_every +variable +\.rodata ", walk.screen)
        assert "1 of " in walk.screen
        await walk.hurry("enter")
        await walk.until(lambda: walk.explorer.navigation.tab == "variables")


async def test_keys_that_come_before_the_panes_act_when_they_are_there(explore: Callable[..., Any]) -> None:
    async with explore(furnished=False) as walk:
        await walk.hurry("3", "e")
        await walk.until(lambda: "Edit sample_every" in walk.screen)
        await walk.hurry(*"77", "enter")
        assert walk.explorer.spec.variables["sample_every"].get() == 77


async def test_several_lines_are_pasted_into_a_line(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        await walk.press("slash")
        walk.app.post_message(Paste("sou\n rces\r\n"))
        await walk.settle()
        assert " sou rces" in walk.screen


async def test_every_attachment_of_the_command_line_is_made(explore: Callable[..., Any]) -> None:
    attach = [("count_packets", "nowhere"), ("count_packets", "sandbox"), ("count_packets", "sandbox")]
    async with explore("bpf/count_packets.o", attach=attach) as walk:
        await walk.until(lambda: len(walk.status.attached) == 2)
        assert walk.status.attached == ("count_packets → sandbox", "count_packets → sandbox (2)")
        assert "nowhere" in walk.message  # one that fails is told, and is no reason to leave out the others


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_last_line_names_the_keys_of_the_screen_in_front(
    explore: Callable[..., Any], size: tuple[int, int]
) -> None:
    async with explore(size=size) as walk:
        for keys, bar in (
            (("question_mark",), "/ Search ? Manual esc Close"),
            (("colon",), "esc Close"),
            (("3", "e"), "esc Cancel"),
            (("P",), "esc Cancel"),
        ):
            assert walk.screen.splitlines()[-1].startswith("L Load")
            await walk.press(*keys)
            assert walk.app.screen is not walk.explorer
            assert walk.screen.splitlines()[-1].strip() == bar
            await walk.press("escape")
            assert walk.app.screen is walk.explorer
