"""Interfaces, control groups and processes of the System place: what runs there in which order, and who holds it."""

from __future__ import annotations

import errno
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bpftui.core.runtime import Printed, PrintedLine
from bpftui.core.system.examined import Examined, Filled
from bpftui.core.system.model import Attachment, ControlGroup, Hook, NetworkNamespace
from bpftui.tui.widgets.system.printed import PrintedTab
from tests.tui.looker import MadeLooker, machine
from tests.tui.screens.test_system import at_system, lines, look, system
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bpftui.core.system import Snapshot
    from tests.tui.conftest import Walk


def with_filters() -> Snapshot:
    """Return a machine whose own network namespace has netfilter, and which has groups that inherit."""
    made = machine()
    (own,) = made.namespaces
    points = [("prerouting", 1, 88), ("input", 1, 63), ("output", 1, 71)]
    filters = [
        Hook("netfilter", (Attachment(program, "netfilter", f"ipv4 {point} priority -7", order, 40),))
        for point, order, program in points
    ]
    above = Attachment(19, "cgroup_inet_ingress", "/system.slice/a.service", 2, None, "from /system.slice")
    mine = Attachment(71, "cgroup_inet_ingress", "/system.slice/a.service", 1)
    below = ControlGroup("/system.slice/a.service", 78, (Hook("cgroup_inet_ingress", (mine, above), "multi"),))
    alone = Hook("cgroup_inet4_connect", (Attachment(88, "cgroup_inet4_connect", "/user.slice"),), "override")
    groups = (ControlGroup("/user.slice", 90, (alone,)), below, *made.control_groups)
    blue = NetworkNamespace(4_026_532_900, False, "/run/netns/blue", (), own.interfaces[:1], ())
    return replace(made, namespaces=(own._replace(hooks=tuple(filters)), blue), control_groups=groups)


WAY = [
    "▌veth3                                                        runs/s   ns/run",
    " in",
    "  │ wire",
    "▌ ├─▶ tcx 1        ingress          57 cil_from_contain…   • 211,902      388",
    "  ├─▶ tcx 2        ingress          90 audit_in            • 108,377       41",
    "  ├─▶ netfilter 1  ipv4 prerouting  88 probe_tcp                   0        –",
    "  ├─▶ netfilter 1  ipv4 input       63 handle_exec              • 12    1,904",
    "  ▼ stack",
    " out",
    "  │ stack",
    "  ├─▶ netfilter 1  ipv4 output      71 old_filter                  0        –",
    "  ├─▶ tcx 1        egress           58 cil_to_container    • 108,455       61",
    "  ▼ wire",
]
BESIDE = [
    " 57 cil_from_container",
    " returns    XDP_PASS, XDP_DROP",
    "▌next       51.1 % go on to 90 audit_in",
    " type       sched_cls",
]
GROUPS = [
    "▌3 control groups with programs                               runs/s   ns/run",
    " /system.slice  1 own",
    "   cgroup_inet_ingress  multi  all run, then those of the groups above",
    "▌  ├─▶ 1    own                 19 sd_fw_ingress             • 4,118      122",
    "   /system.slice/a.service  1 own, 1 from above",
    "     cgroup_inet_ingress  multi  all run, then those of the groups above",
    "     ├─▶ 1  own                 71 old_filter                      0        –",
    "     ├─▶ 2  from /system.slice  19 sd_fw_ingress             • 4,118      122",
    " /user.slice  1 own",
    "   cgroup_inet4_connect  override  alone, unless a group below has its own",
    "   ├─▶      own                 88 probe_tcp                       0        –",
]


def examine_by_hand(walk: Walk) -> None:
    """Know what a kernel would have to be asked."""

    def examine(program: int, maps: Iterable[int]) -> Examined:
        full = {number: Filled(entries, 65_536, is_all=number == 12) for number, entries in ((12, 39_977), (13, 4096))}
        return Examined(("XDP_PASS", "XDP_DROP"), {number: each for number, each in full.items() if number in maps})

    system(walk).examine = examine


@pytest.mark.parametrize(("program", "said"), [(90, "90, which has gone since"), (0, "the kernel does not tell which")])
async def test_a_step_of_which_the_program_is_not_known_says_why(program: int, said: str) -> None:
    made = machine()
    (own,) = made.namespaces
    (veth,) = (each for each in own.interfaces if each.name == "veth3")
    only = veth._replace(hooks=(Hook("xdp", (Attachment(program, "xdp", "veth3", None, None, "generic"),)),))
    rest = {number: each for number, each in made.programs.items() if number != 90}
    there = replace(made, namespaces=(own._replace(interfaces=(only,)),), programs=rest)
    async with at_system(MadeLooker(there)) as (walk, _):
        await walk.press("4", "enter")
        await walk.until(lambda: f"program    {said}" in walk.screen)
        assert lines(walk)[2].rstrip().endswith("xdp")  # the title of what is known


async def test_an_interface_from_inside() -> None:
    async with at_system(MadeLooker(with_filters())) as (walk, _):
        examine_by_hand(walk)
        await walk.press("4")
        assert lines(walk)[0].startswith(" home › system  ")
        assert lines(walk)[2].split()[:5] == ["interface", "namespace", "kind", "state", "programs▾"]
        assert lines(walk)[3].startswith("▌ veth3")
        assert "▲ 57 cil_from_container, 90 " in lines(walk)[3]
        await walk.press("enter")
        await walk.until(lambda: "XDP_DROP" in walk.screen)
        shown = lines(walk)
        assert shown[0].startswith(" home › system › net › veth3  ")
        assert "up · MTU 1,500" in shown[0]
        assert [line[:77].rstrip() for line in shown[2:15]] == WAY
        assert [line[78:].rstrip() for line in shown[2:6]] == BESIDE
        assert "map        12 ct4  lru_hash  61 % full" in walk.screen
        facts = [line[79:].rstrip() for line in lines(walk)]
        # What has no room in a line goes on below: no number is cut.
        assert facts[facts.index("map        13 lb4_services  hash  ≥ 6 %") + 1] == "           full"
        await walk.press("down")
        assert "previous   51.1 % of 57" in walk.screen
        assert "next       0.0 % go on to 88 probe_tcp" in walk.screen
        await walk.press("u")
        assert "Follow" in lines(walk)[-1]
        await walk.press("escape")
        assert "Open" in lines(walk)[-1]
        await walk.press("escape")
        assert lines(walk)[0].startswith(" home › system  ")
        assert lines(walk)[3].startswith("▌ veth3")


async def test_the_namespace_itself_has_what_a_packet_meets_on_every_interface() -> None:
    async with at_system(MadeLooker(with_filters()), (80, 24)) as (walk, _):
        examine_by_hand(walk)
        await walk.press("4", "down")
        assert lines(walk)[4].startswith("▌ (all of it) own ")
        await walk.press("enter")
        assert lines(walk)[0].startswith(" home › system › net › own  ")
        assert [line[:35].rstrip() for line in lines(walk)[3:11]] == [
            " in",
            "  │ interfaces",
            "▌ ├─▶ netfilter 1  ipv4 prerouting",
            "  ├─▶ netfilter 1  ipv4 input",
            "  ▼ sockets",
            " out",
            "  │ sockets",
            "  ├─▶ netfilter 1  ipv4 output",
        ]


async def test_what_runs_there_is_opened_and_led_to() -> None:
    opened: list[str] = []
    async with at_system() as (walk, _):
        examine_by_hand(walk)
        system(walk)._open_object = opened.append
        # From a program to the interface that it is on, and from there to the other programs.
        await walk.press("u", "enter")
        await walk.until(lambda: "home › system › net › eth1" in walk.screen)
        assert "▌ ├─▶ xdp  native  42 count_traffic" in walk.screen
        assert "up · MTU 1,500 · 192.0.2.7/24 · carries the default route" in lines(walk)[0]
        await walk.press("enter")
        assert opened == ["id:42"]
        await walk.press("backspace")
        assert " 42 count_traffic " in walk.screen


async def test_an_interface_is_found_by_its_name() -> None:
    async with at_system(MadeLooker(with_filters())) as (walk, _):
        examine_by_hand(walk)
        await walk.press("colon", *"net eth1", "enter")
        await walk.until(lambda: "home › system › net › eth1" in walk.screen)
        assert lines(walk)[2].startswith("▌eth1  ")
        await walk.press("colon", *"net eth1 in blue", "enter")
        await walk.until(lambda: "eth1 in blue" in lines(walk)[2])
        system(walk).go_to_named("net", "eth7")
        await walk.until(lambda: "there is no net 'eth7' here" in walk.screen)
        system(walk).go_to_named("proc", "cilium")
        await walk.until(lambda: "▌   1544        1 cilium" in walk.screen)


async def test_control_groups_have_their_own_and_what_comes_down_to_them() -> None:
    async with at_system(MadeLooker(with_filters())) as (walk, _):
        examine_by_hand(walk)
        await walk.press("5")
        assert [line[:77].rstrip() for line in lines(walk)[2:13]] == GROUPS
        await walk.press("up")
        assert "mode       multi  BPF_F_ALLOW_MULTI" in walk.screen
        await walk.press("up")
        beside = [line[78:].rstrip() for line in lines(walk)]
        assert beside[beside.index(" hook       cgroup_inet_ingress  multi,") + 1] == "            runs 1"
        await walk.press("down", "down", "u", "enter")  # to where it is
        assert "▌/system.slice  1 own" in walk.screen


async def test_processes_say_who_they_are_and_all_that_they_hold() -> None:
    async with at_system() as (walk, _):
        await walk.press("6")
        rows = [" ".join(line.split()) for line in lines(walk)[2:5]]
        assert rows[0] == "PID inside name container or unit progs▾ maps links runs/s command"
        assert rows[1] == "▌ 1544 1 cilium 0123456789ab 2 2 2 • 320,357 cilium-agent --config-dir=/tmp"
        assert rows[2] == "812 – systemd init.scope 1 0 1 • 984,210 /lib/systemd/systemd-networkd"
        await walk.press("enter")
        assert "pid        1544, 1 in its own pid namespace" in walk.screen
        assert "▌program    57 cil_from_container  sched_cls" in walk.screen
        await walk.press("down", "down", "enter")
        await walk.until(lambda: "used by    42 count_traffic  xdp" in walk.screen)


async def test_a_program_is_looked_into_once_at_a_time_however_long_that_takes() -> None:
    begun: list[int] = []
    answer = threading.Event()

    def examine(program: int, maps: Iterable[int]) -> Examined:
        begun.append(program)
        assert answer.wait(PATIENCE)
        return Examined(("XDP_PASS",), {})

    async with at_system(MadeLooker(*(replace(machine()) for _ in range(6)))) as (walk, _):
        system(walk).examine = examine
        await walk.press("4", "enter")
        await walk.until(lambda: begun == [57])
        for _ in range(3):
            await look(walk)
        await walk.press("down")
        assert begun == [57]
        assert "returns    …" in walk.screen
        answer.set()
        await walk.until(lambda: "returns    XDP_PASS" in walk.screen)
        assert begun == [57, 90]  # what the cursor came to meanwhile
        await look(walk)
        await walk.until(lambda: begun == [57, 90, 90])


async def test_a_program_that_cannot_be_looked_into_is_said_and_asked_about_again() -> None:
    async with at_system(MadeLooker(machine(), machine(), machine())) as (walk, _):

        def examine(program: int, maps: Iterable[int]) -> Examined:
            raise OverflowError("too large")

        system(walk).examine = examine
        await walk.press("4", "enter")
        await walk.until(lambda: "program 57 cannot be looked into: OverflowError: too large" in walk.screen)
        assert "returns    ?" in walk.screen
        examine_by_hand(walk)
        await look(walk)
        await walk.until(lambda: "returns    XDP_PASS, XDP_DROP" in walk.screen)


async def test_an_interface_that_is_gone_is_said_once() -> None:
    first = machine()
    (own,) = first.namespaces
    gone = replace(first, namespaces=(own._replace(interfaces=own.interfaces[:1]),))
    said: list[str] = []
    async with at_system(MadeLooker(first, first, gone)) as (walk, _):
        await walk.press("4")
        await look(walk)
        assert "▌✗veth3" in walk.screen
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(system(walk)._by_noun["net"], "notify", lambda text, **_: said.append(text))
            await walk.press("enter")
        assert said == ["veth3 is gone"]


async def test_enter_on_a_control_group_leads_to_what_it_is_related_to() -> None:
    made = machine()
    member = made.processes[812]._replace(unit="/system.slice")
    async with at_system(MadeLooker(replace(made, processes={812: member}))) as (walk, _):
        await walk.press("5", "g", "enter")
        assert "leads nowhere" not in walk.screen
        assert "▌process    systemd 812" in walk.screen
        await walk.press("enter")
        await walk.until(lambda: "▌    812" in walk.screen)


class MadeReader:
    """Reads lines that were made up."""

    problem = ""

    def __init__(self) -> None:
        self.closed = 0
        self.closed_by: threading.Thread | None = None
        self.error: OSError | None = None
        self.printed = [
            Printed((PrintedLine("packet 1", "42 count_traffic"), PrintedLine("from nobody known")), lost=3),
        ]

    def read(self, programs: dict[int, str]) -> Printed:
        assert programs[42] == "42 count_traffic"
        if self.error is not None:
            raise self.error
        return self.printed.pop() if self.printed else Printed()

    def close(self) -> None:
        self.closed += 1
        self.closed_by = threading.current_thread()


async def test_what_programs_print_is_shown_with_the_program_that_did() -> None:
    reader = MadeReader()
    async with at_system() as (walk, _):
        tab = system(walk)._by_noun["printed"]
        assert isinstance(tab, PrintedTab)
        tab.open_reader = lambda: reader
        await walk.press("9")
        await walk.until(lambda: "packet 1" in walk.screen)
        assert "42 count_traffic  packet 1" in walk.screen
        assert "?  from nobody known" in walk.screen
        assert "2 lines printed · 3 lost" in walk.screen
        assert "bpf_printk since this was opened · streams stay unread: that empties them" in walk.screen
        reader.problem = "tracing is off where what the programs print is read from (tracing_on): it is lost"
        await look(walk)
        await walk.until(lambda: "tracing is off" in walk.screen)
        await walk.press("g", "enter")
        await walk.until(lambda: "▌   42 count_traffic" in walk.screen)
        await walk.press("0")
        await walk.until(lambda: reader.closed == 1)


async def test_a_reader_that_fails_is_said_and_closed_and_another_one_opened() -> None:
    first, second = MadeReader(), MadeReader()
    first.error = OSError(errno.EPIPE, "Broken pipe")
    readers = [second, first]
    async with at_system() as (walk, _):
        tab = system(walk)._by_noun["printed"]
        assert isinstance(tab, PrintedTab)
        tab.open_reader = readers.pop
        await walk.press("9")
        await walk.until(lambda: walk.screen.count("what programs print cannot be read: broken pipe") == 2)
        assert first.closed == 1
        await look(walk)
        await walk.until(lambda: "packet 1" in walk.screen)
        assert "cannot be read" not in walk.screen


async def test_a_reader_is_closed_in_a_thread() -> None:
    reader = MadeReader()
    async with at_system() as (walk, _):
        tab = system(walk)._by_noun["printed"]
        assert isinstance(tab, PrintedTab)
        tab.open_reader = lambda: reader
        await walk.press("9")
        await walk.until(lambda: "packet 1" in walk.screen)
        await walk.press("0")
        await walk.until(lambda: reader.closed == 1)
    assert reader.closed_by is not threading.main_thread()


async def test_what_runs_on_an_interface_is_detached_where_it_stands() -> None:
    async with at_system(MadeLooker(with_filters())) as (walk, _):
        examine_by_hand(walk)
        await walk.press("4", "enter")
        await walk.until(lambda: "home › system › net › veth3" in walk.screen)
        await walk.press("D")
        await walk.until(lambda: "Leave read-only for this run?" in walk.screen)
        await walk.press("escape")
        await walk.until(lambda: "Leave read-only" not in walk.screen)
        await walk.press("end")
        await walk.press("D")
        await walk.until(lambda: "this is no program that is attached" in walk.screen)
