"""FlowView on real programs: what stands on the screen, and where the arrow keys lead."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bpftui.core.listing.listing import Listing
from bpftui.core.spec import CollectionSpec
from bpftui.tui.base_app import BaseApp
from bpftui.tui.widgets.code.flow_view import FlowFacts, FlowView
from tests.tui.widgets.lines import lines

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.pilot import Pilot

ROOT = Path(__file__).parents[4]
SIZES = [(80, 24), (120, 40), (200, 60)]


class FlowApp(BaseApp[None]):
    def __init__(self, path: str = "bpf/traffic.o", name: str = "count_traffic", slot: int = 0) -> None:
        super().__init__()
        spec = CollectionSpec.from_file(ROOT / path)
        self.listing = Listing(spec.programs[name], spec)
        self.slot = slot
        self.view = FlowView()
        self.opened: list[int] = []
        self.chosen: list[int] = []

    def compose(self) -> ComposeResult:
        yield self.view

    def on_flow_view_opened(self, event: FlowView.Opened) -> None:
        self.opened.append(event.slot)

    async def draw(self, pilot: Pilot[None], facts: FlowFacts | None = None) -> None:
        self.view.show(self.listing, self.slot, facts or FlowFacts())
        self.view.focus()
        await self.drawn(pilot)

    async def drawn(self, pilot: Pilot[None]) -> None:
        for _ in range(500):
            await pilot.pause(0.02)
            if self.view.picture is not None and self.view.row_count():
                await pilot.pause()
                return
        raise AssertionError("no picture came")


def color_of(app: FlowApp, text: str) -> str:
    """Return the colour of the first segment that is a text."""
    strips = [app.view.draw_row(row, 80) for row in range(app.view.row_count())]
    segment = next(each for strip in strips for each in strip if each.text == text)
    assert segment.style is not None
    assert segment.style.color is not None
    return segment.style.color.name.lower()


def screen(app: FlowApp) -> list[str]:
    return [line.rstrip() for line in lines(app.view)]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_chosen_box_is_marked_and_in_sight(size: tuple[int, int]) -> None:
    app = FlowApp(slot=95)
    async with app.run_test(size=size) as pilot:
        await app.draw(pilot)
        shown = screen(app)
        assert shown[0] == "  26 blocks"
        (marked,) = [line for line in shown if "▌" in line]
        assert "▌┌ 94 ──" in marked
        at = shown.index(marked)
        assert "│ volume->packets++; " in shown[at + 1]
        assert "│ volume->bytes += packet->length; │" in shown[at + 2]


async def test_arrows_walk_along_the_lines() -> None:
    app = FlowApp(slot=63)
    async with app.run_test(size=(120, 40)) as pilot:
        await app.draw(pilot)

        async def walk(*keys: str) -> int | None:
            await pilot.press(*keys)
            await pilot.pause()
            return app.view.slot

        first = await walk("down")
        assert first in (77, 94)
        other = await walk("right" if first == 77 else "left")
        assert {first, other} == {77, 94}
        assert await walk("up") == 63
        assert await walk("down", "down", "up", "up") == 63
        assert await walk("end") == 161
        assert await walk("home") == 0
        assert "▌┌ 0 ──" in "\n".join(screen(app))
        await pilot.press("enter")
        assert app.opened == [0]


async def test_the_way_of_most_runs_is_walked_and_heavy() -> None:
    app = FlowApp("bpf/count_packets.o", "count_packets")
    async with app.run_test(size=(80, 24)) as pilot:
        await app.draw(pilot, FlowFacts(dict.fromkeys(range(8), 812) | {8: 6, 9: 6, 10: 812, 11: 812}))
        assert screen(app)[:17] == [
            "  3 blocks · heavy: the way of most runs",
            "                 ▌┏ 0 ━━━━━━━━ 7 insns  812 ██ ┓",
            "                  ┃ call bpf_map_lookup_elem#1 ┃",
            "                  ┃ if r0 == 0x0 goto L10      ┃",
            "                  ┗━━━━━━┯━━━━━━━━━━━━━┳━━━━━━━┛",
            "                    no 6 │             ┃ yes 806",
            "                   ┌─────┘             ┃",
            "  ┌ 8 ─────────────▼─ 2 insns  6 ▁▁ ┐  ┃",
            "  │ if (count)                      │  ┃",
            "  │ __sync_fetch_and_add(count, 1); │  ┃",
            "  └────────────────┬────────────────┘  ┃",
            "                   └───────────────────┨",
            "                                 ┏ 10 ━▼━ 2 insns  812 ██ ┓",
            "                                 ┃ return XDP_PASS;       ┃",
            "                                 ┃ w0 = 2  ; XDP_PASS     ┃",
            "                                 ┃ exit                   ┃",
            "                                 ┗━━━━━━━━━━━━━━━━━━━━━━━━┛",
        ]
        # How often a block ran is told by the colours that the listing has for it, from few to many.
        variables = app.theme_variables
        assert color_of(app, "▁▁") == variables["heat-1"].lower()
        assert color_of(app, "██") == variables["heat-7"].lower()
        await pilot.press("down")
        assert app.view.slot == 10


async def test_all_code_and_back() -> None:
    app = FlowApp(slot=95)
    async with app.run_test(size=(120, 40)) as pilot:
        await app.draw(pilot)
        assert "r2 += r1" not in "\n".join(screen(app))
        await pilot.press("plus")
        await app.drawn(pilot)
        assert "│ r2 += r1 " in "\n".join(screen(app))
        assert app.view.slot == 94
        await pilot.press("minus")
        await app.drawn(pilot)
        assert "r2 += r1" not in "\n".join(screen(app))


async def test_removed_blocks_are_counted_and_shown_on_demand() -> None:
    app = FlowApp("bpf/count_packets.o", "count_packets")
    async with app.run_test(size=(80, 24)) as pilot:
        await app.draw(pilot, FlowFacts(removed={8, 9}))
        assert screen(app)[0] == "  3 blocks · 1 block removed ∅ (m shows)"
        assert not any("∅ removed" in line for line in screen(app))
        await pilot.press("m")
        await app.drawn(pilot)
        assert any("2 insns ∅ removed" in line for line in screen(app))


async def test_a_click_chooses_and_a_double_click_opens() -> None:
    app = FlowApp("bpf/count_packets.o", "count_packets")
    async with app.run_test(size=(80, 24)) as pilot:
        await app.draw(pilot)
        shown = screen(app)
        row = next(at for at, line in enumerate(shown) if "XDP_PASS" in line)
        await pilot.click(app.view, offset=(shown[row].index("XDP_PASS"), row), times=2)
        await pilot.pause()
        assert app.view.slot == 10
        assert app.opened == [10]


async def test_a_graph_that_does_not_fit_scrolls_to_what_is_chosen() -> None:
    app = FlowApp("tests/objects/jump_tables.o", "by_switch")
    async with app.run_test(size=(80, 24)) as pilot:
        await app.draw(pilot)
        for key in ("down", "down", "right", "right", "right", "right"):
            await pilot.press(key)
            await pilot.pause()
            (marked,) = [line for line in screen(app) if "▌" in line]
            assert f"▌┌ {app.view.slot} " in marked
