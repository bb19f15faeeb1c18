"""The attach dialog lists what is at a hook, and a program is put before or after one of it."""

from __future__ import annotations

from threading import Event
from typing import TYPE_CHECKING, Any

import pytest
from textual.widgets import Select

from bpftui.core.live import State
from bpftui.core.runtime import Neighbour
from bpftui.core.vm.runtime import MachineRuntime
from bpftui.tui.dialogs.attach import AttachDialog
from bpftui.tui.nodes import Node, NodeKind
from bpftui.tui.widgets.plain import OptionList
from tests.tui.fakes import FakeRuntime

if TYPE_CHECKING:
    from collections.abc import Callable

PRESENT = (
    Neighbour("id:4", "cil_from_netdev, id 4, link 7", ("ingress", "")),
    Neighbour("id:9", "count, id 9", ("ingress", "")),
    Neighbour("id:5", "cil_to_netdev, id 5, link 8", ("egress",)),
)


async def test_the_order_is_chosen_among_what_is_there(explore: Callable[..., Any]) -> None:
    runtime = FakeRuntime()
    runtime.neighbours = PRESENT
    async with explore("tests/objects/attached.o", runtime=runtime, size=(80, 24)) as walk:
        await walk.press("L")
        await walk.until(lambda: walk.status.stage == State.LOADED)
        await walk.press("A")
        dialog = walk.app.screen
        assert isinstance(dialog, AttachDialog)
        names = [str(option.prompt).split()[0] for option in dialog.query_one("#programs", OptionList).options]
        dialog.query_one("#programs", OptionList).highlighted = names.index("on_tc")
        targets = dialog.query_one("#targets", OptionList)
        await walk.until(lambda: targets.option_count == 3)
        assert not dialog.query_one("#attach-order").display  # a sandbox is empty
        targets.highlighted = 2
        await walk.until(lambda: dialog.query_one("#attach-order").display)
        await walk.until(lambda: "Order     last: after what is there" in walk.screen)
        order = dialog.query_one("#order", Select)
        assert dialog.target == "dummy9"
        for chosen, target in (
            ("first: before what is there", "dummy9,first"),
            ("before cil_from_netdev, id 4, link 7", "dummy9,before=id:4"),
            ("after count, id 9", "dummy9,after=id:9"),
        ):
            order.value = chosen
            await walk.pilot.pause()
            assert dialog.target == target
            assert not dialog.query_one("#attach").disabled
        # What is at the other hook is listed for that.
        dialog.query_one("#mode", Select).value = "egress: what goes out"
        await walk.until(lambda: dialog.target == "dummy9,egress")
        order.value = "after cil_to_netdev, id 5, link 8"
        await walk.until(lambda: dialog.target == "dummy9,egress,after=id:5")
        targets.highlighted = 1
        await walk.until(lambda: not dialog.query_one("#attach-order").display)
        assert dialog.target == "eth9,egress"


@pytest.mark.parametrize(
    ("program", "has_hooks", "focused"),
    [
        ("on_tracepoint", True, "cancel"),
        ("on_tracepoint", False, "attach"),  # the machine has nothing but a sandbox
        ("on_tc", True, "attach"),
    ],
)
async def test_enter_attaches_at_once_to_the_sandbox_alone(
    explore: Callable[..., Any], program: str, has_hooks: bool, focused: str
) -> None:
    runtime = FakeRuntime() if has_hooks else MachineRuntime()
    async with explore("tests/objects/attached.o", runtime=runtime) as walk:
        await walk.press("L")
        await walk.until(lambda: walk.status.stage == State.LOADED)
        walk.explorer.navigation.go_to(Node(NodeKind.PROGRAM, program))
        await walk.press("A")
        assert isinstance(walk.app.screen, AttachDialog)
        assert walk.app.focused is walk.app.screen.query_one(f"#{focused}")
        await walk.press("enter")
        expected = {"attach": State.ATTACHED, "cancel": State.LOADED}[focused]
        await walk.until(lambda: walk.status.stage == expected)
        assert "─ Attach ─" not in walk.screen


async def test_what_is_attached_already_is_said_and_enter_does_not_attach_it_once_more(
    explore: Callable[..., Any],
) -> None:
    async with explore(attach=[("count_traffic", "sandbox")]) as walk:
        await walk.until(lambda: walk.status.stage == State.ATTACHED)
        await walk.press("A")
        told = "⚠ count_traffic is attached to sandbox already: this attaches it once more."
        await walk.until(lambda: told in walk.screen)
        assert walk.screen.splitlines()[-1].startswith("⏎ Cancel")
        await walk.press("enter")
        assert len(walk.app.session.links) == 1
        await walk.press("A")
        targets = walk.app.screen.query_one("#targets", OptionList)
        await walk.until(lambda: targets.option_count == 3)
        targets.highlighted = 2  # where it is not yet
        await walk.until(lambda: "dummy9: MTU 1500" in walk.screen)
        assert told not in walk.screen


@pytest.mark.parametrize("key", ["", "2"])
async def test_who_goes_elsewhere_while_something_is_attached_is_left_there(
    explore: Callable[..., Any], key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with explore() as walk:
        await walk.press("L")
        await walk.until(lambda: walk.status.stage == State.LOADED)
        session, go_on = walk.app.session, Event()
        attach = session.attach

        def slowly(*arguments: Any) -> Any:
            go_on.wait()
            return attach(*arguments)

        monkeypatch.setattr(session, "attach", slowly)
        await walk.press("A", "enter")
        await walk.until(lambda: "attaching" in walk.message)
        await walk.press(*key)
        go_on.set()
        await walk.until(lambda: walk.status.stage == State.ATTACHED)
        assert walk.explorer.navigation.tab == ("code" if key else "maps")


@pytest.mark.parametrize(
    ("path", "program", "mode"),
    [
        ("tests/objects/attached.o", "on_tc", "ingress: its packets come in"),
        ("bpf/traffic.o", "count_traffic", "none: there is no driver here"),
    ],
)
async def test_in_the_machine_there_is_no_mode_to_choose(
    explore: Callable[..., Any], path: str, program: str, mode: str
) -> None:
    async with explore(path, runtime=MachineRuntime(), size=(80, 24)) as walk:
        await walk.press("L")
        await walk.until(lambda: walk.status.stage == State.LOADED)
        await walk.press("A")
        dialog = walk.app.screen
        assert isinstance(dialog, AttachDialog)
        programs = dialog.query_one("#programs", OptionList)
        names = [str(option.prompt).split()[0] for option in programs.options]
        programs.highlighted = names.index(program)
        await walk.until(lambda: f"Mode      {mode}" in walk.screen)
        assert dialog.target == "sandbox"
