"""SamplingController: w draws any number of what is chosen."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bpftui.core.btf.units import Unit
from bpftui.core.live.session import State
from bpftui.core.runtime import MapSnapshot
from bpftui.core.vm.runtime import MachineRuntime
from bpftui.tui.dialogs.quantity import QuantityDialog
from bpftui.tui.dialogs.unit import UnitDialog
from bpftui.tui.nodes import Node, NodeKind
from bpftui.tui.operations import AttachRequest
from bpftui.tui.widgets.live.event_view import EventView
from bpftui.tui.widgets.plain import OptionList
from bpftui.tui.widgets.spec.variables_view import VariablesView

if TYPE_CHECKING:
    from collections.abc import Callable


async def attached(walk: Any, program: str) -> None:
    await walk.press("L")
    await walk.until(lambda: walk.status.stage == State.LOADED)
    walk.app.operations.attach(AttachRequest(program, "sandbox,rate=20"))
    await walk.until(lambda: walk.status.stage == State.ATTACHED)


def offered(walk: Any) -> list[str]:
    assert isinstance(walk.app.screen, QuantityDialog)
    options = walk.app.screen.query_one(OptionList)
    return [str(options.get_option_at_index(index).prompt) for index in range(options.option_count)]


async def test_records_of_a_stream_and_numbers_in_them(explore: Callable[..., Any]) -> None:
    async with explore("tests/objects/live.o", size=(120, 40), runtime=MachineRuntime()) as walk:
        await attached(walk, "reserves")
        walk.explorer.navigation.go_to(Node(NodeKind.MAP, "reserved"))
        await walk.until(lambda: walk.explorer.query_one(EventView).row_count() > 0)
        walk.explorer.query_one(EventView).focus()
        await walk.press("enter")
        assert re.search(r"reserved · \d+\.\d{3} s · struct ", walk.screen)
        await walk.press("escape", "w")
        assert offered(walk) == [
            "reserved records  /s",
            "reserved when",
            "reserved length",
            "reserved hash",
        ]
        await walk.hurry(*"length", "enter")
        await walk.until(lambda: walk.explorer.navigation.tab == "graph")
        # All are 2: the mean is 2.
        await walk.until(lambda: "● reserved length  last 2  max 2  mean 2" in " ".join(walk.screen.split("▕")))
        assert "reserved length  the last 1 min" in walk.screen


async def test_a_unit_is_chosen_and_kept_for_the_object(explore: Callable[..., Any]) -> None:
    async with explore("tests/objects/live.o", size=(120, 40), runtime=MachineRuntime()) as walk:
        await attached(walk, "reserves")
        walk.explorer.navigation.go_to(Node(NodeKind.MAP, "reserved"))
        await walk.until(lambda: walk.explorer.query_one(EventView).row_count() > 0)
        await walk.press("w")
        await walk.hurry(*"length", "enter")
        await walk.until(lambda: "last 2  max 2" in walk.screen)
        await walk.press("e")
        assert isinstance(walk.app.screen, UnitDialog)
        assert "a number of anything: packets, calls, as its name and type say" in walk.screen
        await walk.hurry(*"bytes", "enter")
        await walk.until(lambda: "last 2 B  max 2 B  mean 2 B" in walk.screen)
    async with explore("tests/objects/live.o", size=(120, 40), runtime=MachineRuntime()) as walk:
        assert walk.app.operations.monitor.graph.units == {"map reserved.length": Unit.BYTES}


async def test_the_bytes_of_an_address_are_no_numbers_to_draw(explore: Callable[..., Any]) -> None:
    async with explore(size=(120, 40), runtime=MachineRuntime()) as walk:
        await attached(walk, "count_traffic")
        walk.explorer.navigation.go_to(Node(NodeKind.MAP, "events"), "overview")
        await walk.press("w")
        assert offered(walk) == ["events records  /s", "events time", "events number", "events length"]


async def test_the_pane_of_a_map_is_of_that_map_wherever_the_tree_is(explore: Callable[..., Any]) -> None:
    async with explore("tests/objects/live.o", size=(120, 40), runtime=MachineRuntime()) as walk:
        await attached(walk, "reserves")
        walk.explorer.panes.maps.map_name = "reserved"
        walk.explorer.navigation.go_to(Node(NodeKind.PROGRAM, "reserves"), "maps")
        await walk.until(lambda: walk.explorer.query_one(EventView).row_count() > 0)
        walk.explorer.query_one(EventView).focus()
        await walk.press("w")
        assert offered(walk)[0] == "reserved records  /s"
        assert "Draw over time: reserved" in walk.screen


async def test_a_sum_that_nobody_knows_is_said_to_be_none(explore: Callable[..., Any]) -> None:
    async with explore(size=(120, 40), runtime=MachineRuntime()) as walk:
        await walk.press("L")
        await walk.until(lambda: walk.status.stage == State.LOADED and walk.app.operations.monitor.last is not None)
        monitor = walk.app.operations.monitor
        monitor.last = replace(monitor.last, maps={"traffic": MapSnapshot((), partial=True)})
        monitor.toggle_pause()
        walk.explorer.navigation.go_to(Node(NodeKind.MAP, "traffic"), "overview")
        await walk.press("w", "down", "enter")
        assert "nobody knows all packets of traffic: it has so many entries that not all are read" in walk.screen


async def test_how_many_entries_a_map_has_and_their_sum(explore: Callable[..., Any]) -> None:
    async with explore(size=(120, 40)) as walk:
        assert await said(walk, "w") == "nothing moves yet: L loads it"
        await walk.press("L")
        await walk.until(lambda: walk.status.stage == State.LOADED)
        walk.explorer.navigation.go_to(Node(NodeKind.MAP, "traffic"), "overview")
        await walk.press("w")
        assert offered(walk) == ["entries of traffic", "all packets of traffic  /s", "all bytes of traffic  B/s"]
        await walk.press("enter")
        await walk.until(lambda: "● entries of traffic  last" in walk.screen)
        walk.explorer.navigation.go_to(Node(NodeKind.MAP, "traffic"), "overview")
        await walk.press("w")
        assert offered(walk)[0] == "entries of traffic  ✓ drawn"
        await walk.press("enter")
        assert "entries of traffic is drawn no more" in walk.message


async def test_runs_of_a_program_and_a_variable(explore: Callable[..., Any]) -> None:
    async with explore(size=(120, 40)) as walk:
        await walk.press("L")
        await walk.until(lambda: walk.status.stage == State.LOADED)
        await walk.press("1", "w")
        assert offered(walk) == ["count_traffic runs  /s", "count_traffic time of a run  ns a run"]
        await walk.press("escape", "3")
        walk.explorer.query_one(VariablesView).choose("total_bytes")
        await walk.press("w")  # the one number that it is
        await walk.until(lambda: "total_bytes per second  the last 1 min" in walk.screen)
        await walk.press("enter")
        assert walk.explorer.navigation.node == Node(NodeKind.VARIABLE, "total_bytes")


async def said(walk: Any, key: str) -> str:
    walk.explorer.message_line.forget()
    await walk.press(key)
    return str(walk.message).removeprefix("⚠ ")
