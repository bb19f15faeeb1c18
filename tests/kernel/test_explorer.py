"""The explorer's whole line against the running kernel."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from textual.widgets import Button, Input, OptionList

from bpftui.core.kernel import KernelRuntime
from bpftui.core.live import Session, State
from bpftui.core.spec import CollectionSpec
from bpftui.core.traffic import Traffic
from bpftui.tui.app import BpftuiApp
from bpftui.tui.nodes import Node, NodeKind
from bpftui.tui.screens.explorer import ExplorerScreen
from bpftui.tui.widgets.live.event_view import EventView
from bpftui.tui.widgets.live.map_table import MapTableView
from bpftui.tui.widgets.status_line import StatusLine
from bpftui.tui.widgets.verifier.log_pane import LogPane
from bpftui.tui.widgets.verifier.log_view import LogView
from tests.tui.conftest import screen_text
from tests.waiting import PATIENCE, Effort, waits

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.pilot import Pilot

pytestmark = pytest.mark.kernel

ROOT = Path(__file__).parents[2]


async def until(pilot: Pilot[Any], what: Callable[[], bool]) -> None:
    stop = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < stop, "it never happened"
        await pilot.pause(0.05)


def packets_of(table: MapTableView) -> int:
    """Return the sum of the first counter over all rows."""
    assert table.columns is not None
    counter = table.columns.fields.values[0].counter
    assert counter is not None
    return sum(counter.total(table.row(index)) for index in range(table.row_count()))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_edit_load_attach_watch_pause_detach_quit(size: tuple[int, int]) -> None:
    spec = CollectionSpec.from_file(ROOT / "bpf/traffic.o")
    with Session(spec, KernelRuntime(), traffic=Traffic(rate=2000)) as session:
        app = BpftuiApp(session)
        async with app.run_test(size=size) as pilot:
            await pilot.press("3", "e", *"10", "enter")
            await pilot.pause()
            assert spec.variables["sample_every"].get() == 10
            await pilot.press("L")
            await until(pilot, lambda: session.state is State.LOADED and not app.operations.busy)
            collection = session.collection
            assert collection is not None
            assert collection.variables["sample_every"].get() == 10
            assert collection.variables["sample_every"].read_only

            await pilot.press("A", "enter")
            await until(pilot, lambda: session.state is State.ATTACHED)
            table = app.screen_stack[0].query_one(MapTableView)
            await until(pilot, lambda: table.row_count() > 2)
            before = packets_of(table)
            await until(pilot, lambda: packets_of(table) > before + 500)
            line = app.screen_stack[0].query_one(StatusLine)
            await until(pilot, lambda: "runs/s" in line.status.rate)
            assert collection.variables["total_packets"].get() != 0
            explorer = app.screen_stack[0]
            assert isinstance(explorer, ExplorerScreen)
            events = explorer.query_one(EventView)
            explorer.navigation.go_to(Node(NodeKind.MAP, "events"))
            await until(pilot, lambda: events.row_count() > 5)
            header = "number" if size[0] == 80 else "kind.family  .protocol"  # fewer columns have room
            await until(pilot, lambda: header in screen_text(app))
            assert events.row_text(0).split("\t")[4] in ("TCP", "UDP", "ICMP", "ICMPV6")

            await pilot.press("p")
            await until(pilot, lambda: line.status.paused)
            sampler = app.operations.monitor._sampler
            assert sampler is not None
            assert sampler._thread is not None
            reading = sampler._thread.ident
            await until(pilot, lambda: waits(reading))  # what was being read when it was paused still comes
            await pilot.pause()
            still = app.operations.monitor.last
            await pilot.pause(1.2)
            assert app.operations.monitor.last is still
            await pilot.press("p")

            await pilot.press("D")
            await until(pilot, lambda: session.state is State.LOADED)
            assert session.sandbox is None
            await pilot.press("q", "y")  # a value is set, and in no preset
            await until(pilot, lambda: not app.is_running)
        app.operations.close()
        assert session.state is State.SPEC


async def test_a_live_variable_is_written_through_the_editor() -> None:
    spec = CollectionSpec.from_file(ROOT / "bpf/traffic.o")
    with Session(spec, KernelRuntime()) as session:
        app = BpftuiApp(session)
        async with app.run_test(size=(100, 30)) as pilot:
            await pilot.press("L")
            await until(pilot, lambda: session.state is State.LOADED and not app.operations.busy)
            collection = session.collection
            assert collection is not None
            assert collection.variables["counting"].get() is True
            await pilot.press("3", "down", "down", "e", "up", "enter")
            await until(pilot, lambda: collection.variables["counting"].get() is False)
            assert spec.variables["counting"].get() is True
        app.operations.close()


async def test_what_the_verifier_says_is_shown_whole() -> None:
    spec = CollectionSpec.from_file(ROOT / "tests/objects/bad_bounds.o")
    with Session(spec, KernelRuntime()) as session:
        app = BpftuiApp(session)
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press("L")
            view = app.screen_stack[0].query_one(LogView)
            await until(pilot, lambda: view.row_count() > 3)
            log = "\n".join(view.row_text(index) for index in range(view.row_count()))
            assert "processed" in log
            await until(pilot, lambda: "invalid access to packet" in view.row_text(view.cursor))
            assert session.collection is not None
            assert list(session.collection.programs) == ["fine"]
        app.operations.close()


async def test_a_walk_is_given_up_by_its_key_and_by_leaving() -> None:
    spec = CollectionSpec.from_file(ROOT / "tests/objects/bad_complexity.o")
    with Session(spec, KernelRuntime()) as session:
        app = BpftuiApp(session)
        async with app.run_test(size=(120, 40)) as pilot:
            screen = app.screen_stack[0]
            assert isinstance(screen, ExplorerScreen)
            await pilot.press("2")
            app.simulate_key("m")  # which nobody waits for
            pane = screen.panes.code
            await until(
                pilot, lambda: re.match(r"asking the verifier … \d+ s \(esc: stop\)$", pane.remark()) is not None
            )
            app.simulate_key("escape")
            await until(pilot, lambda: pane.remark() == "" and not app.workers)
            app.simulate_key("m")
            await until(pilot, lambda: pane.remark().startswith("asking the verifier"))
            effort = Effort()  # which is the verifier's too
        assert effort.within(5)
        app.operations.close()


async def test_a_load_says_how_far_it_is_and_is_given_up_by_escape() -> None:
    spec = CollectionSpec.from_file(ROOT / "tests/objects/bad_complexity.o")
    with Session(spec, KernelRuntime()) as session:
        app = BpftuiApp(session)
        async with app.run_test(size=(120, 40)) as pilot:
            effort = Effort()  # which is the verifier's too
            app.simulate_key("L")  # which nobody waits for
            at = re.compile(r"^ verifying 1 of 1 · bad_complexity · \d\.\d s · esc gives up$", re.MULTILINE)
            await until(pilot, lambda: at.search(screen_text(app)) is not None)
            app.simulate_key("escape")
            said = f"the load of {spec.file} was given up after 0 of 1 programs"
            await until(pilot, lambda: re.sub(r"\s+", " ", said) in re.sub(r"\s+", " ", screen_text(app)))
            assert "esc gives up" not in screen_text(app)
            assert (session.state, session.collection, app.operations.busy) == ("SPEC", None, "")
            app.simulate_key("L")  # and leaving gives it up, too
            await until(pilot, lambda: at.search(screen_text(app)) is not None)
            app.operations.close()
            await until(pilot, lambda: not app.operations.busy)
        assert effort.within(10)  # undisturbed, each load takes 15 s and more
        assert session.collection is None


async def test_where_no_program_loads_a_command_leads_from_log_to_log() -> None:
    spec = CollectionSpec.from_file(ROOT / "tests/objects/recursion.o")
    with Session(spec, KernelRuntime()) as session:
        app = BpftuiApp(session)
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press("L")
            view = app.screen_stack[0].query_one(LogView)
            await until(pilot, lambda: "call stack of 9 frames" in view.log_text)
            app.screen_stack[0].query_one(LogPane).action_next_program()
            await until(pilot, lambda: "call stack of 8 frames" in view.log_text)
            app.screen_stack[0].query_one(LogPane).action_next_program()
            await until(pilot, lambda: "call stack of 9 frames" in view.log_text)
            assert session.state is State.SPEC
        app.operations.close()


async def test_each_program_is_offered_what_it_can_be_attached_to() -> None:
    spec = CollectionSpec.from_file(ROOT / "tests/objects/attached.o")
    with Session(spec, KernelRuntime()) as session:
        app = BpftuiApp(session)
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press("L")
            await until(pilot, lambda: session.state is State.LOADED and not app.operations.busy)
            await pilot.press("A")
            dialog = app.screen
            programs = dialog.query_one("#programs", OptionList)
            typed, attach = dialog.query_one("#target", Input), dialog.query_one("#attach", Button)
            names = [name for name, program in spec.programs.items() if program.autoload]

            async def choose(name: str, said: str) -> None:
                programs.highlighted = names.index(name)
                await until(pilot, lambda: said in str(dialog.query_one("#target-detail").render()))

            await until(pilot, lambda: typed.value == "sandbox" and not attach.disabled)
            await choose("on_connect4", "")
            await until(pilot, lambda: typed.value.startswith("/"))
            assert attach.disabled  # the root of all control groups wants its name typed
            await choose("on_message", "")
            await until(pilot, lambda: typed.value == "sockets" and not attach.disabled)
            await choose("on_uretprobe", "Its section uretprobe does not say to what: name it.")
            assert attach.disabled
            await choose("on_event", "")
            await until(pilot, lambda: typed.value == "cpu-clock")
            typed.value = "cpu-clock,freq=x"
            await choose("on_event", "is nothing to attach program on_event")
            assert attach.disabled
            await choose("on_tracepoint", 'SEC("tp/syscalls/sys_enter_getpgid")')
            attach.press()
            await until(pilot, lambda: session.state is State.ATTACHED)
            assert [link.target.name for link in session.links] == ["syscalls/sys_enter_getpgid"]
        app.operations.close()
