"""A machine that was made up: what the System place shows without a kernel."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bpftui.core.system.load import Look, ProgramLoad
from bpftui.core.system.model import (
    Attachment,
    BtfEntry,
    ControlGroup,
    Hook,
    Interface,
    LinkEntry,
    MapEntry,
    NetworkNamespace,
    Owner,
    Pin,
    ProcessEntry,
    ProgramEntry,
    Snapshot,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bpftui.core.errors import BpftuiError

__all__ = ["MadeLooker", "a_program", "machine", "many_programs"]

SYSTEMD, CILIUM, TETRAGON = Owner(812, "systemd"), Owner(1544, "cilium"), Owner(2033, "tetragon")


def a_program(number: int, name: str, kind: str, **more: Any) -> ProgramEntry:
    """Return a program of which little is to be said."""
    usual: dict[str, Any] = {
        "tag": "a04f5eef06a7f555",
        "uid": 0,
        "load_time_ns": 1_000_000_000,
        "map_ids": (),
        "xlated_size": 1464,
        "jited_size": 1045,
        "gpl_compatible": True,
        "btf_id": 0,
        "ifindex": 0,
        "run_cnt": 0,
        "run_time_ns": 0,
        "recursion_misses": 0,
        "verified_insns": 171,
        "memlock": 4096,
        "owners": (),
        "pinned": (),
        "links": (),
        "attachments": (),
        "held_by": (),
    }
    return ProgramEntry(number, name, kind, **{**usual, **more})


def a_map(number: int, name: str, kind: str, key: int, value: int, entries: int, **more: Any) -> MapEntry:
    """Return a map."""
    usual: dict[str, Any] = {
        "flags": 0,
        "map_extra": 0,
        "btf_id": 0,
        "memlock": 8192,
        "frozen": False,
        "owners": (CILIUM,),
        "pinned": (),
        "programs": (),
        "holds": (),
        "state": "",
        "held_by": (),
    }
    return MapEntry(number, name, kind, key, value, entries, **{**usual, **more})


def machine() -> Snapshot:
    """Return a machine with an interface, a control group, and programs of three processes."""
    ingress = Attachment(42, "xdp", "eth1", link=30, detail="native")
    first = Attachment(57, "tcx_ingress", "veth3", 1, 31)
    second = Attachment(90, "tcx_ingress", "veth3", 2, 33)
    egress = Attachment(58, "tcx_egress", "veth3", 1, 32)
    group = Attachment(19, "cgroup_inet_ingress", "/system.slice", 1)
    execve = Attachment(63, "fentry", "execve", link=34)
    probe = Attachment(88, "kprobe", "tcp_connect", owner=None)
    programs = [
        a_program(
            42,
            "count_traffic",
            "xdp",
            map_ids=(12,),
            memlock=86_016,
            owners=(SYSTEMD,),
            links=(30,),
            attachments=(ingress,),
            held_by=("link 30",),
            btf_id=70,
        ),
        a_program(
            57,
            "cil_from_container",
            "sched_cls",
            map_ids=(12, 13),
            memlock=421_888,
            owners=(CILIUM,),
            pinned=("/sys/fs/bpf/cil_from_container",),
            links=(31,),
            attachments=(first,),
            held_by=("link 31",),
        ),
        a_program(
            58, "cil_to_container", "sched_cls", memlock=406_528, owners=(CILIUM,), links=(32,), attachments=(egress,)
        ),
        a_program(90, "audit_in", "sched_cls", owners=(TETRAGON,), links=(33,), attachments=(second,)),
        a_program(19, "sd_fw_ingress", "cgroup_skb", owners=(Owner(1, "systemd"),), attachments=(group,)),
        a_program(63, "handle_exec", "tracing", memlock=8192, owners=(TETRAGON,), links=(34,), attachments=(execve,)),
        a_program(
            71, "old_filter", "socket_filter", pinned=("/sys/fs/bpf/old",), held_by=("nobody that the kernel tells of",)
        ),
        a_program(88, "probe_tcp", "kprobe", memlock=None, owners=None, attachments=(probe,)),
    ]
    maps = [
        a_map(12, "ct4", "lru_hash", 20, 56, 65_536, memlock=9_437_184, programs=(42, 57), btf_id=70),
        a_map(13, "lb4_services", "hash", 12, 12, 65_536, programs=(57,)),
    ]
    links = [
        LinkEntry(30, "xdp", 42, "xdp", "eth1", None, (SYSTEMD,), (), False, {"ifindex": 3}),
        LinkEntry(31, "tcx", 57, "tcx_ingress", "veth3", 1, (CILIUM,), (), False, {"ifindex": 7}),
        LinkEntry(32, "tcx", 58, "tcx_egress", "veth3", 1, (CILIUM,), (), False, {"ifindex": 7}),
        LinkEntry(33, "tcx", 90, "tcx_ingress", "veth3", 2, (TETRAGON,), (), False, {"ifindex": 7}),
        LinkEntry(34, "tracing", 63, "fentry", "execve", None, (TETRAGON,), (), False, {"target_obj_id": 1}),
        LinkEntry(35, "xdp", 71, "xdp", "", None, (), ("/sys/fs/bpf/old_link",), True),
    ]
    eth1 = Interface(3, "eth1", "", True, 1500, ("192.0.2.7/24",), True, (Hook("xdp", (ingress,)),))
    hooks = (Hook("tcx_ingress", (first, second)), Hook("tcx_egress", (egress,)))
    veth3 = Interface(7, "veth3", "veth", True, 1500, (), False, hooks)
    processes = [
        ProcessEntry(812, 812, "systemd", "/lib/systemd/systemd-networkd", 0, "/init.scope", "", (42,), (), (30,), ()),
        ProcessEntry(
            1544,
            1,
            "cilium",
            "cilium-agent --config-dir=/tmp",
            0,
            "/kubepods",
            "0123456789ab",
            (57, 58),
            (12, 13),
            (31, 32),
            (),
        ),
    ]
    return Snapshot(
        1_767_225_600.0,
        1_767_214_799.0,
        {each.id: each for each in programs},
        {each.id: each for each in maps},
        {each.id: each for each in links},
        {
            1: BtfEntry(1, "vmlinux", 5_242_880, True, (), (), ()),
            70: BtfEntry(70, "", 4410, False, (SYSTEMD,), (42,), (12,)),
        },
        (
            Pin("/sys/fs/bpf/cil_from_container", "program", 57, 0),
            Pin("/sys/fs/bpf/old", "program", 71, 0),
            Pin("/sys/fs/bpf/ct4", "map", 12, 4_026_532_100),
        ),
        {each.pid: each for each in processes},
        (NetworkNamespace(4_026_531_840, True, "", (), (eth1, veth3), ()),),
        (ControlGroup("/system.slice", 77, (Hook("cgroup_inet_ingress", (group,), "multi"),)),),
        (execve, probe),
        missing=("the open files of 3 processes could not be read: that takes CAP_SYS_PTRACE, as a rule",),
    )


LOADS = {
    42: ProgramLoad(984_210.0, 96.0, 9.45, 0.0),
    57: ProgramLoad(211_902.0, 388.0, 8.22, 0.0),
    58: ProgramLoad(108_455.0, 61.0, 0.66, 0.0),
    90: ProgramLoad(108_377.0, 41.0, 0.44, 0.0),
    19: ProgramLoad(4118.0, 122.0, 0.05, 0.0),
    63: ProgramLoad(12.0, 1904.0, 0.0, 3.0),
    71: ProgramLoad(0.0, None, 0.0, 0.0),
    88: ProgramLoad(0.0, None, 0.0, 0.0),
}


def many_programs(count: int) -> Snapshot:
    """Return a machine that runs so many."""
    programs = {number: a_program(number, f"program_{number % 977}", "sched_cls") for number in range(1, count + 1)}
    return replace(machine(), programs=programs)


class MadeLooker:
    """Sees what it is given: one snapshot after the other, the last one for ever.

    Args:
        snapshots: What is there.
        loads: Returns what programs did since the look before, at the n-th look from 1 on.
        error: What is raised in place of a look.
    """

    def __init__(
        self,
        *snapshots: Snapshot,
        loads: Callable[[int], dict[int, ProgramLoad]] = lambda _: LOADS,
        error: BpftuiError | None = None,
        uncounted: str = "",
    ) -> None:
        self.snapshots: Sequence[Snapshot] = snapshots or (machine(),)
        self.uncounted = uncounted
        self.looks = self.failed = self.closed = 0
        self._loads = loads
        self.error = error

    def look(self) -> Look:
        if self.error is not None:
            self.failed += 1
            raise self.error
        number = self.looks
        self.looks += 1
        snapshot = self.snapshots[min(number, len(self.snapshots) - 1)]
        return Look(6.0 * number, snapshot, self._loads(number) if number else {}, {})

    def close(self) -> None:
        self.closed += 1
