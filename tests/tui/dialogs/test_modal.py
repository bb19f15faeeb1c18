"""A screen over the explorer ends once, however quickly keys follow each other; the palette likewise."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from textual.events import Paste

from bpftui.core.live import State
from bpftui.tui.dialogs.confirm import ConfirmDialog
from bpftui.tui.dialogs.modal import Modal
from bpftui.tui.status import Failure
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
        assert "Load, verify" in walk.screen
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
            (("colon",), "⏎ Go esc Close f1 Help"),
            (("3", "e"), "⏎ Set esc Cancel f1 Help"),
            (("P",), "⏎ Cancel esc Cancel ? Help"),
        ):
            assert walk.screen.splitlines()[-1].startswith("L Load")
            await walk.press(*keys)
            assert walk.app.screen is not walk.explorer
            assert walk.screen.splitlines()[-1].strip() == bar
            await walk.press("escape")
            assert walk.app.screen is walk.explorer


@pytest.mark.parametrize(
    ("keys", "title", "first", "own"),
    [
        (("L", "A"), "Help: Attach ─", "Attaches a loaded program: choose it", "escape"),
        (("P",), "Help: Presets of variables ─", "Values of variables under a name.", "delete"),
        (("3", "e"), "Help: Edit sample_every ─", "A value as its type is written", "escape"),
        (("colon",), "Help: Find ─", "What is typed is looked for in names", "escape ctrl+p"),
        (("2", "u"), "Help: ", "Who uses it: program, function, instruction", "escape q"),
    ],
    ids=["attach", "presets", "edit", "find", "users"],
)
async def test_the_help_of_a_dialog_begins_with_it(
    explore: Callable[..., Any], keys: tuple[str, ...], title: str, first: str, own: str
) -> None:
    async with explore() as walk:
        await walk.press(*keys)
        await walk.until(lambda: walk.app.screen is not walk.explorer)
        asked = walk.app.screen
        await walk.press("f1")
        screen = walk.screen
        assert title in screen
        assert first in screen
        assert f"  {own.replace('escape', 'esc')} " in screen
        assert "▸ Colours and signs 11" in screen
        await walk.press("escape")
        assert walk.app.screen is asked


async def test_a_key_that_is_chosen_in_the_help_of_a_dialog_is_pressed_there(explore: Callable[..., Any]) -> None:
    answers: list[bool | None] = []
    async with explore() as walk:
        walk.app.push_screen(ConfirmDialog("Delete", "All of it?", confirm="Delete"), answers.append)
        await walk.settle()
        await walk.press("question_mark")
        assert "Help: Delete ─" in walk.screen
        while "▌  y " not in walk.screen:
            await walk.press("down")
        await walk.press("enter")
        assert answers == [True]


async def test_enter_is_named_by_what_has_the_keyboard(explore: Callable[..., Any]) -> None:
    async with explore() as walk:

        def bar() -> str:
            return walk.screen.splitlines()[-1].strip()

        walk.app.push_screen(ConfirmDialog("Delete", "All of it?", confirm="Delete all", name="all"))
        await walk.settle()
        assert bar().startswith("⏎ Cancel esc Cancel")
        await walk.press("shift+tab")
        assert bar().startswith("⏎ Next esc Cancel")
        await walk.type("all")
        await walk.press("enter")
        assert bar().startswith("⏎ Delete all esc Cancel")


async def test_what_goes_wrong_is_said_over_a_dialog_until_it_is_answered(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        await walk.press("P")
        dialog = walk.app.screen
        walk.explorer.fail(Failure("load", "the first did not work", tab="log"))
        walk.explorer.fail(Failure("edit", "the second did not work"))
        await walk.settle()
        assert "✗ the second did not work" in walk.screen.splitlines()[-2]
        assert walk.screen.splitlines()[-2].endswith("+1 more · esc dismiss")
        await walk.press("escape")
        assert walk.app.screen is dialog
        assert walk.screen.splitlines()[-2].startswith(" ✗ the first did not work")
        # What is not answered when the dialog closes stays, and leads to its place.
        await walk.press("enter")
        assert walk.app.screen is walk.explorer
        assert walk.message == "▌✗ the first did not work ⏎ go there · esc dismiss"
        walk.explorer.settle("load")
        assert walk.message == ""


async def test_what_is_tried_anew_is_taken_back_from_a_dialog_too(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        await walk.press("P")
        walk.explorer.fail(Failure("load", "it did not work"))
        walk.explorer.settle("load")
        await walk.settle()
        assert "did not work" not in walk.screen
        await walk.press("escape")
        assert walk.message == ""


async def test_the_sentences_of_the_help_are_whole_where_there_is_little_room(explore: Callable[..., Any]) -> None:
    async with explore(size=(40, 14)) as walk:
        await walk.press("question_mark")
        inside = [line.split("│")[1].strip(" ▌") for line in walk.screen.split("\n") if line.count("│") > 1]
        assert "What the object holds. ✗ cannot be loaded here, * was set by you" in " ".join(inside)
