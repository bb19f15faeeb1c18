"""Following what is named, and the way back: over places, tabs and jumps, with the row and scroll that was there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from bpftui.core.live.drawn import EventLine
from bpftui.tui.jumps import CodePlace
from bpftui.tui.nodes import Node, NodeKind
from tests.tui.conftest import SIZES
from tests.tui.fakes import FakeRuntime

if TYPE_CHECKING:
    from collections.abc import Callable

LOG = """\
0: R1=ctx() R10=fp0
73: (18) r1 = 0xffff888100a2d000      ; R1_w=map_ptr(map=traffic,ks=8,vs=16)
75: (85) call bpf_map_lookup_elem#1   ; R0_w=map_value_or_null(id=1,map=traffic,ks=8,vs=16)
R0 invalid mem access 'map_value_or_null'
processed 3 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
"""


@pytest.mark.parametrize("size", SIZES)
async def test_back_leads_to_the_row_and_the_scroll(explore: Callable[..., Any], size: tuple[int, int]) -> None:
    async with explore(size=size) as walk:
        await walk.press("2")
        for _ in range(30):
            await walk.press("down")
        await walk.press("slash", *"call bpf_map_lookup", "enter", "up")
        before = walk.screen
        assert "▌" in before
        await walk.press("3")
        await walk.press("down", "down")
        variables = walk.screen
        await walk.press("4")
        assert walk.explorer.navigation.tab == "maps"
        await walk.press("backspace")
        assert walk.screen.splitlines()[2:-1] == variables.splitlines()[2:-1]
        await walk.press("alt+left")
        assert walk.screen.splitlines()[2:-1] == before.splitlines()[2:-1]
        await walk.press("alt+right")
        assert walk.screen.splitlines()[2:-1] == variables.splitlines()[2:-1]


async def test_back_never_leads_where_one_was_not(explore: Callable[..., Any]) -> None:
    """What the tree's cursor passed over is no place of its own, and the tab that one is in is none to go to."""
    async with explore() as walk:
        start = walk.screen
        await walk.press("down", "down", "down", "1")
        await walk.until(lambda: "written by" in walk.screen or "read by" in walk.screen)
        chosen = walk.screen
        await walk.press("1", "2", "backspace")
        assert walk.screen.splitlines()[3:-1] == chosen.splitlines()[3:-1]
        await walk.press("backspace")
        assert "you have been nowhere else yet" in walk.message
        assert walk.screen.splitlines()[3:-2] == chosen.splitlines()[3:-2]
        assert start != chosen


async def test_back_within_the_code_and_out_of_it(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        await walk.press("2")
        walk.explorer.code.go_to_slot(157)  # call fill#+5
        await walk.settle()
        call = walk.screen
        await walk.press("enter")
        assert "› fill()  insn 163" in walk.screen
        await walk.press("down", "down")
        await walk.press("backspace")
        assert walk.screen.splitlines()[3:-1] == call.splitlines()[3:-1]
        await walk.press("alt+right")
        assert "› fill()  insn 16" in walk.screen


async def test_each_name_of_the_overview_can_be_followed(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        await walk.until(lambda: "calls         fill() traffic.c:161" in walk.screen)
        await walk.press("1", "slash", *"calls  ", "enter")
        assert "⏎ fill() in count_traffic" in walk.screen
        await walk.press("enter")
        await walk.until(lambda: "› fill()  insn 163" in walk.screen)
        await walk.press("backspace")
        assert "⏎ fill() in count_traffic" in walk.screen
        await walk.press("right")
        assert "⏎ instruction 157 of count_traffic" in walk.screen
        await walk.press("enter")
        await walk.until(lambda: "insn 157" in walk.screen)
        await walk.press("backspace", "down")
        assert "⏎ what it does, and who calls it" in walk.screen
        await walk.press("enter")
        assert "calls of helper 5: 1 use" in walk.screen
        await walk.press("escape", "down", "down", "left")
        assert "⏎ " in walk.screen


async def test_a_click_on_a_name_follows_it(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        await walk.until(lambda: "track_sources at 104" in walk.screen)
        row, line = next((y, line) for y, line in enumerate(walk.screen.splitlines()) if "track_sources at 104" in line)
        await walk.pilot.click(offset=(line.index("track_sources at") + 2, row))
        await walk.settle()
        assert walk.explorer.navigation.tab == "variables"
        assert walk.explorer.navigation.node.name == "track_sources"
        await walk.press("backspace")
        await walk.pilot.click(offset=(line.index("at 104") + 4, row))
        await walk.until(lambda: "insn 104" in walk.screen)


async def test_what_is_marked_can_be_set(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        await walk.press("1", "e")
        assert "count_traffic" in str(walk.app.screen.query_one(".dialog").border_title)
        await walk.press("escape", "L")
        await walk.until(lambda: "✎" not in walk.screen)


async def test_names_in_the_code_are_followed_by_click(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        walk.explorer.code.go_to_slot(73)
        await walk.until(lambda: "r1 = map[traffic]" in walk.screen)
        code = walk.screen
        row, line = next((y, line) for y, line in enumerate(code.splitlines()) if "r1 = map[traffic]" in line)
        await walk.pilot.click(offset=(line.index("map[traffic]") + 5, row))
        await walk.until(lambda: walk.explorer.navigation.tab == "maps")
        assert walk.explorer.navigation.node.name == "traffic"
        await walk.press("backspace")
        await walk.until(lambda: "r1 = map[traffic]" in walk.screen)
        row, line = next((y, line) for y, line in enumerate(code.splitlines()) if "call bpf_map_lookup" in line)
        await walk.pilot.click(offset=(line.index("bpf_map_lookup") + 3, row))
        await walk.until(lambda: "calls of helper 1: 3 uses" in walk.screen)


async def test_a_tail_call_leads_to_its_program(explore: Callable[..., Any]) -> None:
    async with explore("tests/objects/tail_calls.o") as walk:
        for slot, where in ((14, "middle › middle()  insn 0"), (9, "broken › broken()  insn 0")):
            walk.explorer.code.show_place(CodePlace("entry", slot))
            await walk.until(lambda slot=slot: f"entry › entry()  insn {slot}" in walk.screen)
            await walk.press("enter")
            await walk.until(lambda where=where: where in walk.screen)
            await walk.press("backspace")
            await walk.until(lambda slot=slot: f"entry › entry()  insn {slot}" in walk.screen)
        walk.explorer.code.show_place(CodePlace("entry", 4))  # of an array that the object leaves empty
        await walk.until(lambda: "entry › entry()  insn 4" in walk.screen)
        await walk.press("enter")
        await walk.until(lambda: "calls of helper 12: 4 uses" in walk.screen)


async def test_the_type_of_a_variable_is_followed(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        await walk.press("3", "enter")  # no name is chosen: the variable itself opens
        await walk.until(lambda: "sample_every" in walk.screen and len(walk.app.screen_stack) == 2)
        await walk.press("escape", "down", "down", "down")
        before = walk.screen
        await walk.press("right", "enter")
        assert "typedef unsigned long long __u64;" in walk.screen
        await walk.press("backspace", "left")
        assert walk.screen.splitlines()[2:-1] == before.splitlines()[2:-1]
        row, line = next(
            (y, line) for y, line in enumerate(before.splitlines()) if re.search("total_bytes +__u64", line)
        )
        await walk.pilot.click(offset=(line.index("__u64") + 2, row))
        await walk.until(lambda: "__u64 · type" in walk.screen)


async def test_the_types_of_a_map_are_followed(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        await walk.press("4")
        before = walk.screen
        for name, layout in (("struct kind", "family;"), ("struct volume", "packets;")):
            await walk.pilot.click(offset=(before.splitlines()[2].index(name) + 2, 2))
            await walk.until(
                lambda name=name, layout=layout: f"─ {name} · type" in walk.screen and layout in walk.screen
            )
            await walk.press("escape")
            assert walk.screen.splitlines()[2:-1] == before.splitlines()[2:-1]
        await walk.press("L")
        await walk.until(lambda: "packets/s" in walk.screen)
        await walk.press("enter")
        assert "enum family" in walk.screen
        await walk.press("enter")  # what a field of an entry is
        assert "IPV4 = 2" in walk.screen
        await walk.press("escape", "escape")
        assert "packets/s" in walk.screen


async def test_the_lines_of_a_chart_lead_to_what_they_are_of(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        await walk.press("L")
        await walk.until(lambda: "LOADED" in walk.screen)
        await walk.press("5")
        await walk.until(lambda: "count_traffic runs" in walk.screen)
        await walk.press("enter")
        assert "▌count_traffic › count_traffic()  insn 0" in walk.screen
        await walk.press("backspace", "4")
        await walk.until(lambda: "packets/s" in walk.screen)
        await walk.press("w")
        await walk.until(lambda: "packets  last" in walk.screen)
        row, line = next((y, line) for y, line in enumerate(walk.screen.splitlines()) if "packets  last" in line)
        await walk.pilot.click(offset=(line.index("packets  last") + 2, row))
        await walk.until(lambda: "▌traffic  percpu_hash" in walk.screen)
        await walk.press("backspace")
        assert "packets  last" in walk.screen


async def test_an_event_opens_and_leads_to_its_types(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        await walk.press("L")
        await walk.until(lambda: "LOADED" in walk.screen)
        walk.explorer.navigation.go_to(Node(NodeKind.MAP, "events"))
        await walk.until(lambda: "events  ringbuf" in walk.screen)
        raw = (7).to_bytes(8, "little") + (41).to_bytes(8, "little") + (2).to_bytes(4, "little") + bytes(28)
        walk.explorer.panes.maps.add_events("events", [EventLine(1.5, "time=7 number=41", raw)])
        await walk.until(lambda: "41  IPV4" in walk.screen or "number=41" in walk.screen)
        before = walk.screen
        await walk.press("enter")
        assert "events · 1.500 s · struct event" in walk.screen
        assert any(line.split()[1:3] == ["number", "41"] for line in walk.screen.splitlines() if "number" in line)
        await walk.press("down", "down", "enter")
        assert "enum family" in walk.screen
        await walk.press("escape", "escape")
        assert walk.screen.splitlines()[2:-2] == before.splitlines()[2:-2]


async def test_a_line_of_the_log_leads_to_the_code_and_to_what_it_refers_to(explore: Callable[..., Any]) -> None:
    async with explore(runtime=FakeRuntime(log=LOG)) as walk:
        await walk.press("L")
        await walk.until(lambda: "73: (18) r1 =" in walk.screen and walk.explorer.panes.log.step_line is not None)
        await walk.press("g", "down", "right", "enter")
        await walk.until(lambda: "count_traffic()  insn 73" in walk.screen)
        await walk.press("backspace")
        await walk.press("right", "enter")
        assert "▌traffic  percpu_hash" in walk.screen
        await walk.press("backspace")
        await walk.until(lambda: "(85) call bpf" in walk.screen)
        line, row = next((line, y) for y, line in enumerate(walk.screen.splitlines()) if "(85) call bpf" in line)
        await walk.pilot.click(offset=(line.index("bpf_map_lookup") + 3, row))
        await walk.until(lambda: "calls of helper 1: 3 uses" in walk.screen)
        await walk.press("escape")
        await walk.pilot.click(offset=(line.index("75:"), row))
        await walk.until(lambda: "count_traffic()  insn 75" in walk.screen)
