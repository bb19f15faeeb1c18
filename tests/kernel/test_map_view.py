"""The map view of what the kernel has: programs and maps that are in maps, by their names; prefixes; how full it is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bpftui.core.kernel import KernelRuntime
from bpftui.core.live import Session
from bpftui.core.spec import CollectionSpec
from bpftui.tui.app import BpftuiApp
from bpftui.tui.nodes import Node, NodeKind
from bpftui.tui.widgets.live.map_table import MapTableView
from tests.tui.conftest import screen_text
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from textual.pilot import Pilot

pytestmark = pytest.mark.kernel

OBJECT = Path(__file__).parents[1] / "objects" / "map_kinds.o"


async def until(pilot: Pilot[Any], what: str) -> None:
    for _ in range(int(PATIENCE / 0.05)):
        if what in screen_text(pilot.app):
            return
        await pilot.pause(0.05)
    raise AssertionError(f"{what} never stood in\n{screen_text(pilot.app)}")


async def test_what_entries_hold_is_named_and_enter_leads_there() -> None:
    with Session(CollectionSpec.from_file(OBJECT), KernelRuntime()) as session:
        app = BpftuiApp(session)
        async with app.run_test(size=(120, 40)) as pilot:
            await pilot.press("L")
            await until(pilot, "LOADED")
            collection = session.collection
            assert collection is not None
            maps: Any = collection.maps
            maps["prog_array"][1] = collection.programs["called"]
            maps["array_of_maps"][0] = maps["inner_map"]
            maps["lpm_trie"][{"prefix": 24, "bytes": [192, 0, 2, 0]}] = 5
            explorer: Any = app.screen
            table = explorer.query_one(MapTableView)
            called = collection.programs["called"].id
            for name, held, target in (
                ("prog_array", f"{called} called", Node(NodeKind.PROGRAM, "called")),
                ("array_of_maps", f"{maps['inner_map'].id} inner_map", Node(NodeKind.MAP, "inner_map")),
            ):
                explorer.navigation.go_to(Node(NodeKind.MAP, name))
                await until(pilot, held)
                table.focus()
                await pilot.press("enter")
                await pilot.pause()
                assert explorer.navigation.node == target
                await pilot.press("backspace")
                await pilot.pause()
                assert explorer.navigation.node == Node(NodeKind.MAP, name)
            explorer.navigation.go_to(Node(NodeKind.MAP, "lpm_trie"))
            await until(pilot, " 192.0.2.0/24 ")
            assert re.search(r"lpm_trie  1 of 8 █[█░]{9}", screen_text(app))
