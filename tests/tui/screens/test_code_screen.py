"""Ways through the code: places by number, references and back, searches."""

from __future__ import annotations

from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest
from textual.screen import Screen
from textual.widgets import Input

from bpftui.core.btf.target import read_btf
from bpftui.core.listing.listing import Listing
from bpftui.tui.dialogs.uses_page import UsesList, UsesPage
from bpftui.tui.jumps import CodePlace
from bpftui.tui.nodes import Node, NodeKind
from bpftui.tui.widgets.code import code_pane
from bpftui.tui.widgets.code.listing_view import ListingView
from tests.tui.widgets.lines import lines
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(("typed", "slot"), [("123", 123), ("c187", 11), ("traffic.c:182", 2), ("c180", 0)], ids=str)
async def test_colon_and_a_place(explore: Callable[..., Any], typed: str, slot: int) -> None:
    async with explore() as walk:
        await walk.press("colon")
        await walk.type(typed)
        await walk.press("enter")
        view = walk.explorer.query_one(ListingView)
        await walk.until(lambda: walk.explorer.navigation.tab == "code" and view.slot_at(view.cursor) == slot)


async def test_back_from_a_map_into_the_code(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        await walk.press("2")
        view = walk.explorer.query_one(ListingView)
        assert view.search(r"map\[traffic\]")
        here = view.slot_at(view.cursor)
        await walk.pilot.pause()
        assert " match 1/3" in str(walk.explorer.query_one("#code-title").render())
        await walk.press("enter")
        assert (walk.explorer.navigation.tab, walk.explorer.navigation.node.kind) == ("maps", NodeKind.MAP)
        await walk.press("ctrl+o")
        assert (walk.explorer.navigation.tab, view.slot_at(view.cursor)) == ("code", here)
        await walk.press("ctrl+o")
        assert view.slot_at(view.cursor) == 0


async def test_a_long_listing_is_made_beside_the_event_loop(
    explore: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = Event()
    go_on = Event()

    class Slow(Listing):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            begun.set()
            assert go_on.wait(PATIENCE)
            super().__init__(*arguments, **options)

    monkeypatch.setattr(code_pane, "_LONG", 100)
    async with explore(size=(80, 24)) as walk:
        assert walk.explorer.spec.programs["count_traffic"].insns == 183
        monkeypatch.setattr("bpftui.core.listing.listing.Listing", Slow)
        walk.explorer.code.go_to_slot(150)
        await walk.until(begun.is_set)
        await walk.until(lambda: "count_traffic  listing its instructions …" in walk.screen)
        go_on.set()
        await walk.until(lambda: "count_traffic › count_traffic()  insn 150" in walk.screen)


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


async def test_who_uses_a_map_a_function_and_an_instruction(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        walk.explorer.navigation.go_to(Node(NodeKind.MAP, "traffic"), "overview")
        await walk.press("u")
        page = walk.app.screen
        assert isinstance(page, UsesPage)
        shown = page.query_one(UsesList)
        assert {place.program for place in shown.places} == {"count_traffic"}
        assert "takes the address r1 = map[traffic]" in shown.row_text(0)
        texts = [shown.row_text(index) for index in range(shown.row_count())]
        assert any("reads call bpf_map_lookup_elem" in text for text in texts)
        assert any("writes call bpf_map_update_elem" in text for text in texts)
        await walk.press("j", "enter")
        view = walk.explorer.query_one(ListingView)
        assert view.slot_at(view.cursor) == shown.places[1].slot
        view.jumps.show(161)
        await walk.press("u")
        page = walk.app.screen
        assert isinstance(page, UsesPage)
        assert CodePlace("count_traffic", 10) in page.query_one(UsesList).places
        await walk.press("escape")
        view.jumps.show_function(163)
        await walk.press("u")
        page = walk.app.screen
        assert isinstance(page, UsesPage)
        assert "call fill" in page.query_one(UsesList).row_text(0)


async def test_enter_on_a_helpers_call_says_what_it_is(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        await walk.press("2")
        view = walk.explorer.query_one(ListingView)
        view.jumps.show(11)
        await walk.press("enter")
        page = walk.app.screen
        assert isinstance(page, UsesPage)
        assert "u64 bpf_ktime_get_ns(void);" in str(page.query_one(".page-note").render())
        assert CodePlace("count_traffic", 11) in page.query_one(UsesList).places
        await walk.press("escape")
        offset = view.index_of_slot(11) - view.scroll_offset.y
        await walk.pilot.hover(ListingView, offset=(20, offset))
        await walk.pilot.pause()
        assert "bpf_ktime_get_ns" in str(view.tooltip)


async def test_the_listing_is_copied_and_written(explore: Callable[..., Any], tmp_path: Path) -> None:
    async with explore() as walk:
        await walk.press("2")
        view = walk.explorer.query_one(ListingView)
        view.jumps.show(164)
        await walk.press("Y")
        copied = walk.app.clipboard.splitlines()
        assert copied[0] == "fill:"
        assert copied[-1].split(": ")[1].startswith("exit")
        assert len([line for line in copied if not line.startswith("; ")]) == 21
        target = tmp_path / "listing.svg"
        await walk.press("ctrl+s")
        walk.app.screen.query_one(Input).value = str(target)
        await walk.press("enter")
        await walk.until(lambda: target.exists() and target.read_text("utf-8").endswith("</svg>\n"))


async def test_the_tree_makes_room_and_comes_back(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        view = walk.explorer.query_one(ListingView)
        await walk.press("2", "v", "v")
        narrow = view.size.width
        await walk.press("z")
        assert view.size.width > narrow + 30
        view.jumps.show(13)
        await walk.pilot.pause()
        shown = lines(view)
        at = view.index_of_slot(13) - view.scroll_offset.y
        assert "188 parse((void *)(long)ctx->data" in shown[at]
        assert "&packet);" in shown[at + 1]  # the line of C goes on beside the next instruction
        await walk.press("escape")
        assert (view.size.width, walk.app.focused) == (narrow, view)
        await walk.press("escape")
        assert walk.app.focused is walk.explorer.query_one("#tree")


async def test_what_relocations_become_in_the_listing(explore: Callable[..., Any]) -> None:
    async with explore("tests/objects/core_shapes.o") as walk:
        walk.explorer.navigation.go_to(Node(NodeKind.PROGRAM, "loads"), "code")
        view, pane = walk.explorer.query_one(ListingView), walk.explorer.panes.code
        await walk.until(lambda: view.row_count() > 0)
        assert "sizes->grows (CO-RE)" in "\n".join(lines(view))
        pane.target = read_btf(ROOT / "tests/objects/core_target.o")
        await walk.press("j", "j", "x")
        await walk.until(lambda: pane.resolver is not None)
        assert "sizes->grows (CO-RE 0 → 8)" in "\n".join(lines(view))
        assert "core_target.o" in str(walk.explorer.query_one("#code-title").render())
        assert view.cursor == 2
        # The listing of another program, and without the source, says it too.
        view.action_toggle_source()
        await walk.settle()
        assert "sizes->grows (CO-RE 0 → 8)" in "\n".join(lines(view))
        walk.explorer.navigation.go_to(Node(NodeKind.PROGRAM, "names"), "code")
        await walk.until(lambda: "struct twins.same (CO-RE 0 → 4)" in "\n".join(lines(view)))
        await walk.press("x")
        assert "struct twins.same (CO-RE)" in "\n".join(lines(view))


async def test_enter_on_a_jump_through_a_table_lists_where_it_leads(explore: Callable[..., Any]) -> None:
    async with explore("tests/objects/jump_tables.o") as walk:
        walk.explorer.navigation.go_to(Node(NodeKind.PROGRAM, "in_subprograms"), "code")
        view = walk.explorer.query_one(ListingView)
        await walk.until(lambda: view.row_count() > 0)
        view.jumps.show(29)
        await walk.press("enter")
        page = walk.app.screen
        assert isinstance(page, UsesPage)
        shown = page.query_one(UsesList)
        assert [place.slot for place in shown.places] == [30, 35, 42]
        assert "BPF.JT.2.0[1] r1 = .bss[steps]" in shown.row_text(1)
        await walk.press("j", "enter")
        assert view.slot_at(view.cursor) == 35


async def test_a_step_of_the_cursor_lays_nothing_out(
    explore: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The title tells where the cursor is, and has its size whatever it tells; a layout of the screen takes 20 ms."""
    async with explore() as walk:
        await walk.press("2", "down")
        laid_out: list[str] = []
        monkeypatch.setattr(Screen, "_refresh_layout", lambda *_, **__: laid_out.append("screen"))
        before = walk.screen
        await walk.press("down", "down")
        assert walk.screen != before
        assert laid_out == []


async def test_the_way_at_the_top_leads_to_what_the_tab_shows(explore: Callable[..., Any]) -> None:
    async with explore() as walk:

        def top() -> str:
            return " ".join(walk.screen.splitlines()[0].split())

        await walk.press("2")
        assert top().startswith("home › traffic.o › count_traffic SPEC")
        await walk.press("G")  # the last instruction is one of the function that is called
        assert top().startswith("home › traffic.o › count_traffic › fill() SPEC")
        await walk.press("4")
        assert top().startswith("home › traffic.o › traffic SPEC")
        await walk.press("1")
        assert top().startswith("home › traffic.o › count_traffic SPEC")
        # A map is chosen, and the code shows what it showed.
        walk.explorer.navigation.go_to(Node(NodeKind.MAP, "sources"))
        await walk.press("2")
        assert top().startswith("home › traffic.o › count_traffic › fill() SPEC")
