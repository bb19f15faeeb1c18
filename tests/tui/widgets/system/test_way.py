"""WayView: programs in the order in which they run, as they stand on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bpftui.core.system.history import Minute, Seen
from bpftui.core.system.load import Look
from bpftui.tui.base_app import BaseApp
from bpftui.tui.targets import Thing
from bpftui.tui.widgets.system.steps import Step, group_steps, interface_steps
from bpftui.tui.widgets.system.way import WayView
from tests.tui.looker import LOADS, machine

from ..lines import lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

MACHINE = machine()
NAMESPACE = MACHINE.namespaces[0]
ETH1, VETH3 = NAMESPACE.interfaces
INTERFACE = """\
▌veth3                                                                     runs/s   ns/run
 in
  │ wire
▌ ├─▶ tcx 1  ingress  57 cil_from_container                             • 211,902      388
  ├─▶ tcx 2  ingress  90 audit_in                                       • 108,377       41
  ▼ stack
 out
  │ stack
  ├─▶ tcx 1  egress   58 cil_to_container                               • 108,455       61
  ▼ wire"""
NARROW = """\
▌veth3                                     runs/s   ns/run
 in
  │ wire
▌ ├─▶ tcx 1  ingress  57 cil_from_co…           –        –
  ├─▶ tcx 2  ingress  90 audit_in               –        –
  ▼ stack
 out
  │ stack
  ├─▶ tcx 1  egress   58 cil_to_cont…           –        –
  ▼ wire"""
GROUPS = """\
▌groups                                                                    runs/s   ns/run
 /system.slice  1 own
   cgroup_inet_ingress  multi  all run, then those of the groups above
▌  ├─▶ 1  own  19 sd_fw_ingress                                           • 4,118      122"""


def seen(*, loads: bool = True) -> Seen:
    return Seen(Look(0.0, MACHINE, LOADS if loads else {}, {}), None, Minute(), {})


class WayApp(BaseApp[None]):
    def __init__(self) -> None:
        super().__init__()
        self.view = WayView(id="way")

    def compose(self) -> ComposeResult:
        yield self.view

    def show(self, title: str, steps: Sequence[Step], *, loads: bool = True) -> None:
        self.view.show(title, steps, seen(loads=loads))

    @property
    def picture(self) -> str:
        return "\n".join(line.rstrip() for line in lines(self.view) if line.strip())

    def linked(self) -> list[str]:
        """Return the names that a click follows."""
        rows = [self.view.render_line(number) for number in range(len(self.view.steps) + 1)]
        return [
            each.text for row in rows for each in row if each.style is not None and each.style.meta.get("target") == 0
        ]


async def test_the_way_through_an_interface_with_what_each_program_does() -> None:
    app = WayApp()
    async with app.run_test(size=(90, 20)) as pilot:
        assert (app.view.step, "reading what runs here …" in app.picture) == (None, True)
        app.show("veth3", interface_steps(NAMESPACE, VETH3))
        await pilot.pause()
        assert app.picture == INTERFACE
        assert app.linked() == ["57 cil_from_container", "90 audit_in", "58 cil_to_container"]
        assert app.view.cursor == 2  # the first program
        assert app.view.row_text(2) == " ├─▶ tcx 1\tingress\t57 cil_from_container\t\t211,902\t388"
        assert app.view.row_targets(2) == (Thing("prog", 57),)
        assert app.view.row_targets(0) == ()


async def test_where_there_is_little_room_and_nothing_is_counted() -> None:
    app = WayApp()
    async with app.run_test(size=(58, 20)) as pilot:
        app.show("veth3", interface_steps(NAMESPACE, VETH3), loads=False)
        await pilot.pause()
        assert app.picture == NARROW


async def test_groups_lead_to_what_they_are_related_to() -> None:
    app = WayApp()
    async with app.run_test(size=(90, 20)) as pilot:
        app.show("groups", group_steps(MACHINE.control_groups))
        await pilot.pause()
        assert app.picture == GROUPS
        assert app.linked() == ["/system.slice", "19 sd_fw_ingress"]
        assert app.view.row_targets(0) == (Thing("cgroup", "/system.slice"),)


async def test_the_cursor_stays_on_its_step() -> None:
    app = WayApp()
    async with app.run_test(size=(90, 20)) as pilot:
        steps = interface_steps(NAMESPACE, VETH3)
        app.show("veth3", steps)
        await pilot.press("j")
        await pilot.pause()
        assert app.view.step is not None
        assert app.view.step.attachment is not None
        assert app.view.step.attachment.program == 90
        app.show("veth3", steps[:2] + steps[3:])
        assert app.view.cursor == 2
        app.show("veth3", steps)
        assert app.view.cursor == 3
        app.show("eth1", interface_steps(NAMESPACE, ETH1))
        assert app.view.step.attachment.program == 42
