"""ListingView on real programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bpftui.core.listing.listing import Listing, RowKind
from bpftui.core.spec import CollectionSpec, Function, LinkedCode, ProgramSpec, ProgramType, Reference, ReferenceKind
from bpftui.tui.base_app import BaseApp
from bpftui.tui.widgets.code.listing_view import ListingView

from ..lines import lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult

ROOT = Path(__file__).parents[4]


def listing(path: str, program: str) -> Listing:
    return Listing(CollectionSpec.from_file(ROOT / path).programs[program])


class ListingApp(BaseApp[None]):
    def __init__(self, shown: Listing | None) -> None:
        super().__init__()
        self.view = ListingView(shown)
        self.followed: list[Reference] = []

    def compose(self) -> ComposeResult:
        yield self.view

    def on_listing_view_follow(self, message: ListingView.Follow) -> None:
        self.followed.append(message.target)


@pytest.fixture
def subprograms() -> ListingApp:
    return ListingApp(listing("tests/objects/subprograms.o", "first"))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_headers_source_and_instructions(subprograms: ListingApp, size: tuple[int, int]) -> None:
    async with subprograms.run_test(size=size) as pilot:
        await pilot.pause()
        shown = lines(subprograms.view)
        assert shown[0].split() == ["▌", "first:", "11", "insns"]
        assert "return global_sum(" in shown[1]
        assert shown[3].split() == ["1", "call", "weak_answer", "↓", "11"]
        assert any(line.rstrip().endswith("subprograms.c:24") for line in shown)
        assert any(line.split()[:3] == ["11", "r2", "="] for line in shown)


async def test_the_target_of_the_chosen_jump_is_marked(subprograms: ListingApp) -> None:
    view = subprograms.view
    assert view.listing is not None
    jump = view.listing.index_of_slot(7)
    target = view.listing.row(jump).target
    assert target == 9
    async with subprograms.run_test(size=(80, 24)) as pilot:
        view.cursor = jump
        await pilot.pause()
        marked = [line for line in lines(view) if line.startswith("▸")]
        assert [line.split()[1] for line in marked] == ["9"]
        view.cursor = jump + 1
        await pilot.pause()
        assert not [line for line in lines(view) if line.startswith("▸")]


async def test_enter_follows_a_call(subprograms: ListingApp) -> None:
    view = subprograms.view
    assert view.listing is not None
    async with subprograms.run_test(size=(80, 24)) as pilot:
        view.cursor = view.listing.index_of_slot(4)
        await pilot.press("enter")
        assert view.listing.row(view.cursor).slot == 20


async def test_enter_on_a_map_asks_the_screen() -> None:
    app = ListingApp(listing("bpf/count_packets.o", "count_packets"))
    view = app.view
    assert view.listing is not None
    rows = view.listing.rows(0, len(view.listing))
    at = next(index for index, row in enumerate(rows) if row.reference and row.reference.kind is ReferenceKind.MAP)
    async with app.run_test(size=(80, 24)) as pilot:
        view.cursor = at
        await pilot.press("enter")
        await pilot.pause()
        assert [reference.map for reference in app.followed] == ["pkt_count"]
        assert view.cursor == at


async def test_source_off_and_on_keeps_the_instruction() -> None:
    app = ListingApp(listing("bpf/traffic.o", next(iter(CollectionSpec.from_file(ROOT / "bpf/traffic.o").programs))))
    view = app.view
    async with app.run_test(size=(120, 40)) as pilot:
        assert view.listing is not None
        view.cursor = view.listing.index_of_slot(48)
        await pilot.press("v")
        assert not any(row.kind is RowKind.SOURCE for row in view.listing.rows(0, 1000))
        assert view.row(view.cursor).slot == 48
        await pilot.pause()
        assert any(line.startswith("▌") and line.split()[1] == "48" for line in lines(view))
        view.action_toggle_source()
        await pilot.pause()
        assert any(row.kind is RowKind.SOURCE for row in view.listing.rows(0, 1000))
        assert view.row(view.cursor).slot == 48


async def test_search_and_copy(subprograms: ListingApp) -> None:
    view = subprograms.view
    async with subprograms.run_test(size=(80, 24)) as pilot:
        assert view.search("call global_sum")
        await pilot.press("y")
        assert subprograms.clipboard.startswith("4: call global_sum")
        assert view.row_hint(view.cursor).startswith("slot 4: 85 ")


async def test_another_listing_starts_at_its_top(subprograms: ListingApp) -> None:
    view = subprograms.view
    async with subprograms.run_test(size=(80, 24)) as pilot:
        await pilot.press("G")
        view.listing = listing("bpf/count_packets.o", "count_packets")
        await pilot.pause()
        assert view.cursor == 0
        assert "count_packets:" in lines(view)[0]
        view.listing = None
        await pilot.pause()
        assert "".join(lines(view)).strip() == ""


def by_hand(*slots: str) -> Listing:
    """Return a program of instructions given as hexadecimal digits."""
    code = bytes.fromhex("".join(slots))
    function = Function("by_hand", 0, len(slots), "xdp", 0)
    program = ProgramSpec("by_hand", "xdp", ProgramType.XDP, link=lambda: LinkedCode(code, (function,)))
    return Listing(program)


async def test_arrows_lead_from_jumps_to_targets() -> None:
    app = ListingApp(listing("bpf/traffic.o", "count_traffic"))
    view = app.view
    async with app.run_test(size=(100, 40)) as pilot:
        await pilot.pause()
        shown = lines(view)
        assert shown[13].split()[:5] == ["╭────", "10", "if", "w1", "!="]
        assert shown[14].split()[:2] == ["│", "now"]  # also beside the C
        view.jumps.show(10)
        await pilot.pause()
        at = view.index_of_slot(10) - view.scroll_offset.y
        lit = view.ink("listing-view--lit").color
        assert next(s.text for s in view.render_line(at) if s.style and s.style.color == lit) == "╭"


async def test_loops_are_marked_and_what_is_never_reached_is_dimmed() -> None:
    app = ListingApp(
        by_hand(
            "b701000000000000",  # r1 = 0
            "0701000001000000",  # r1 += 1
            "a501feff0a000000",  # if r1 < 10 goto -2
            "0500010000000000",  # goto +1
            "b702000000000000",  # r2 = 0
            "9500000000000000",  # exit
        )
    )
    view = app.view
    async with app.run_test(size=(100, 40)) as pilot:
        await pilot.pause()
        shown = [line.strip() for line in lines(view)]
        assert shown[2].startswith("╭►1 ↻")
        assert shown[2].endswith("; loop")
        assert shown[3].startswith("╰─")
        assert shown[5].endswith("; unreachable from here")
        dim = view.ink("listing-view--unreachable").color
        unreached = [s for s in view.render_line(5) if s.style and s.style.italic and s.style.color == dim]
        assert unreached[0].text.strip().startswith("4")
        assert not [s for s in view.render_line(6) if s.style and s.style.italic and s.style.color == dim]


async def test_the_token_of_the_chosen_instruction_is_underlined() -> None:
    app = ListingApp(listing("bpf/traffic.o", "count_traffic"))
    view = app.view
    async with app.run_test(size=(100, 40)) as pilot:
        view.jumps.show(11)  # call bpf_ktime_get_ns, at line 187, column 8
        await pilot.pause()
        source = view.render_line(view.index_of_slot(11) - 1)
        assert [s.text for s in source if s.style and s.style.underline] == ["bpf_ktime_get_ns"]
        view.jumps.show(10)
        await pilot.pause()
        source = view.render_line(view.index_of_slot(11) - 1)
        assert not [s.text for s in source if s.style and s.style.underline]


async def test_a_c_line_folds_and_unfolds() -> None:
    app = ListingApp(listing("bpf/traffic.o", "count_traffic"))
    view = app.view
    async with app.run_test(size=(100, 30)) as pilot:
        view.jumps.show(5)
        rows = view.row_count()
        await pilot.press("space")
        assert view.row_count() == rows - 5
        assert view.row_text(view.cursor) == "struct packet packet = {};"
        await pilot.pause()
        assert "5 folded" in view.render_line(view.cursor).text
        assert view.search("r10 -48")  # in what is folded
        assert view.row_count() == rows
        await pilot.press("minus")
        assert {view.row(index).kind for index in range(view.row_count())} == {RowKind.FUNCTION, RowKind.SOURCE}
        await pilot.press("g", "space")
        assert view.row(1).kind is RowKind.FUNCTION  # the next one: fill()
        await pilot.press("space", "plus")
        assert view.row_count() == rows


@pytest.mark.parametrize(
    ("down", "text"), [(0, "count_traffic:"), (20, "packet->length = data_end - data;"), (21, "w2 = w3")]
)
async def test_all_views_in_turn_lead_back_to_the_same_row(explore: Callable[..., Any], down: int, text: str) -> None:
    async with explore() as walk:
        await walk.press("2", *["down"] * down)
        row = next(line for line in walk.screen.splitlines() if "▕▌" in line and text in line)
        seen = [walk.screen]
        for _ in range(4):  # assembly, C beside it, the control flow, C again
            await walk.press("v")
            seen.append(walk.screen)
        assert seen[4] == seen[0]
        assert row in seen[4]
        assert len(set(seen[:4])) == 4


async def test_a_line_of_c_that_is_longer_than_its_rows_ends_in_an_ellipsis() -> None:
    app = ListingApp(listing("bpf/traffic.o", "count_traffic"))
    view = app.view
    async with app.run_test(size=(120, 30)) as pilot:
        view.styles.width = 80
        view.show_side_by_side(True)
        await pilot.pause()
        lines = [view.render_line(line).text.partition("│")[0][1:].rstrip() for line in range(11, 18)]
        assert lines == [
            "  187 now = bpf_ktime_get_ns();",
            "",
            "  188 parse((void *)(long)",
            "      ctx->data, (void *)(long…",
            "   98 packet->length = data_end",
            "      - data;",
            "",
        ]


async def test_c_and_assembly_side_by_side() -> None:
    app = ListingApp(listing("bpf/traffic.o", "count_traffic"))
    view = app.view
    async with app.run_test(size=(120, 30)) as pilot:
        view.jumps.show(11)
        await pilot.press("v", "v")
        await pilot.pause()
        line = view.render_line(view.cursor - view.scroll_offset.y).text
        assert line.split()[:4] == ["▌", "187", "now", "="]
        assert "│" in line
        assert view.slot_at(view.cursor) == 11
        assert not any(row.kind is RowKind.SOURCE for row in view.listing.rows(0, 100))  # pyright: ignore
        await pilot.resize_terminal(100, 30)
        await pilot.pause()
        assert view.slot_at(view.cursor) == 11
        assert view.row_text(view.cursor - 1) == "now = bpf_ktime_get_ns();"
