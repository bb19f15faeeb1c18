"""What links, interfaces and control groups tell, put together: also what this kernel may not load."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from bpftui.core.kernel.sys.layouts import BpfLinkInfo
from bpftui.core.kernel.sys.survey import Runs
from bpftui.core.system.links import RawLink, described_link
from bpftui.core.system.model import Attachment, ControlGroup, Hook, Interface, NetworkNamespace, Owner
from bpftui.core.system.names import Names
from bpftui.core.system.objects import RawMap, RawProgram
from bpftui.core.system.places import Place, put_together
from bpftui.core.uapi import LinkType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bpftui.core.system.model import Detail
    from bpftui.core.system.places import Places


class Known(Names):
    """Names by number: those of types, and of addresses."""

    def function(self, btf_id: int, type_id: int, kernel: Mapping[int, str]) -> str:
        """Return what a type is called."""
        return {(7, 11): "prog0", (7, 12): "prog1", (1, 500): "do_unlinkat", (1, 501): "bpf_lsm_file_open"}.get(
            (btf_id, type_id), ""
        )

    def at(self, addresses: tuple[int, ...]) -> dict[int, str]:
        """Return what lies at addresses."""
        return {each: f"function_{each:x}" for each in addresses}


def program(number: int, name: str, *, maps: tuple[int, ...] = (), btf: int = 0) -> RawProgram:
    return RawProgram(number, name, "xdp", "", 0, 0, maps, 0, 0, True, btf, 0, Runs(0, 0, 0), None, None)


def link(number: int, kind: LinkType, held: int | None, hook: str, **details: Detail) -> RawLink:
    return RawLink(number, kind, held, hook, None, "", False, details)


def silent(kind: LinkType, number: int, held: int) -> BpfLinkInfo:
    """Return what a kernel says that knows no more of a link than its program."""
    return BpfLinkInfo(type=kind, id=number, prog_id=held)


def a_map(number: int, *, dispatcher: bytes = b"") -> RawMap:
    return RawMap(number, "m", "array", 4, 4, 1, 0, 0, 0, None, None, (), "", (), dispatcher)


def namespace(hooks: tuple[Hook, ...], *, own: bool = True) -> NetworkNamespace:
    interface = Interface(3, "eth1", "veth", True, 1500, (), False, hooks)
    return NetworkNamespace(1000 if own else 2000, own, "" if own else "/run/netns/blue", (), (interface,), ())


def places(
    links: Iterable[RawLink],
    programs: Iterable[RawProgram] = (),
    maps: Iterable[RawMap] = (),
    namespaces: Iterable[NetworkNamespace] = (),
    groups: Iterable[ControlGroup] = (),
    paths: Mapping[int, str] | None = None,
    probes: Iterable[Attachment] = (),
) -> Places:
    return put_together(
        {each.id: each for each in links},
        {each.id: each for each in maps},
        {each.id: each for each in programs},
        namespaces,
        groups,
        probes,
        Known(),
        {1: "vmlinux"},
        paths or {},
    )


def test_the_dispatcher_of_libxdp_is_seen_through() -> None:
    configuration = struct.pack("=4B30I", 236, 2, 2, 0, 1 << 2, 1 << 2 | 1 << 31, *[0] * 8, 10, 20, *[0] * 18)
    assert len(configuration) == 124
    found = places(
        [
            link(31, LinkType.XDP, 40, "xdp", ifindex=3),
            link(33, LinkType.TRACING, 42, "freplace", target_obj_id=40, target_btf_id=12),
            link(32, LinkType.TRACING, 41, "freplace", target_obj_id=40, target_btf_id=11),
        ],
        [program(40, "xdp_dispatcher", maps=(5,), btf=7), program(41, "first"), program(42, "second")],
        [a_map(5, dispatcher=configuration)],
        [namespace((Hook("xdp", (Attachment(40, "xdp", "eth1", None, None, "native"),)),))],
    )
    (hook,) = found.namespaces[0].interfaces[0].hooks
    assert [(each.program, each.order, each.link, each.detail) for each in hook.attached] == [
        (40, None, 31, "native, libxdp's dispatcher of 2"),
        (41, 1, 32, "priority 10, goes on after XDP_PASS"),
        (42, 2, 33, "priority 20, goes on after XDP_PASS"),
    ]
    assert found.of_links == {31: Place("eth1", None), 32: Place("eth1", 1), 33: Place("eth1", 2)}


def test_the_same_interface_number_in_two_namespaces() -> None:
    attached = (Attachment(40, "xdp", "eth1", None, None, "native"),)
    found = places(
        [link(31, LinkType.XDP, 40, "xdp", ifindex=3), link(32, LinkType.XDP, 41, "xdp", ifindex=3)],
        [program(40, "here"), program(41, "there")],
        (),
        [
            namespace((Hook("xdp", attached),)),
            namespace((Hook("xdp", (attached[0]._replace(program=41),)),), own=False),
        ],
    )
    assert found.of_links == {31: Place("eth1", None), 32: Place("eth1 in blue", None)}
    assert [(each.program, each.target, each.link) for each in found.attachments] == [
        (40, "eth1", 31),
        (41, "eth1 in blue", 32),
    ]


def test_what_comes_down_from_a_group_above_belongs_to_that_group() -> None:
    hook, above = "cgroup_inet_egress", Attachment(40, "cgroup_inet_egress", "/a/b", 2, None, "from /a")
    found = places(
        [link(31, LinkType.CGROUP, 40, hook, cgroup_id=8), link(32, LinkType.CGROUP, 41, hook, cgroup_id=9)],
        [program(40, "above"), program(41, "below")],
        groups=[
            ControlGroup("/a", 8, (Hook(hook, (Attachment(40, hook, "/a", 1),), "multi"),)),
            ControlGroup("/a/b", 9, (Hook(hook, (Attachment(41, hook, "/a/b", 1), above), "multi"),)),
        ],
        paths={8: "/a", 9: "/a/b"},
    )
    assert found.of_links == {31: Place("/a", 1), 32: Place("/a/b", 1)}
    assert [each.link for each in found.control_groups[1].hooks[0].attached] == [32, None]
    assert [(each.program, each.target) for each in found.attachments] == [(40, "/a"), (41, "/a/b")]


def test_functions_of_the_kernel_and_of_programs() -> None:
    found = places(
        [
            link(31, LinkType.TRACING, 40, "fentry", target_obj_id=1, target_btf_id=500),
            link(32, LinkType.TRACING, 40, "lsm_mac", target_obj_id=1, target_btf_id=501),
            link(33, LinkType.TRACING, 40, "freplace", target_obj_id=41, target_btf_id=11),
            link(34, LinkType.KPROBE_MULTI, 40, "kprobe_multi", addrs=(1, 2, 3, 4, 5), missed=2),
            link(35, LinkType.CGROUP, 40, "cgroup_device", cgroup_id=0)._replace(detached=True),
        ],
        [program(40, "traces"), program(41, "traced", btf=7)],
    )
    assert {number: place.target for number, place in found.of_links.items()} == {
        31: "do_unlinkat",
        32: "file_open",
        33: "program 41 traced, prog0",
        34: "function_1, function_2, function_3 and 2 more",
        35: "",
    }
    assert [(each.link, each.detail) for each in found.tracing] == [(31, ""), (32, ""), (33, ""), (34, "missed 2")]


def test_links_that_do_not_tell_their_event_are_where_their_programs_events_are() -> None:
    """As before Linux 6.6; a program that runs at several events may be at any of them by either of its links."""
    events = [
        Attachment(40, "kprobe", "do_unlinkat", owner=Owner(7, "holder")),
        Attachment(41, "tracepoint", "sys_enter_getpgid", owner=Owner(7, "holder")),
        Attachment(41, "tracepoint", "sched_switch", owner=Owner(7, "holder")),
    ]
    held = {31: 40, 32: 41, 33: 41, 34: 42}
    found = places(
        [described_link(silent(LinkType.PERF_EVENT, number, each), -1) for number, each in held.items()],
        [program(40, "one"), program(41, "two"), program(42, "hidden")],
        probes=events,
    )
    assert found.of_links == {
        31: Place("do_unlinkat", None),
        32: Place("", None),
        33: Place("", None),
        34: Place("", None),
    }
    assert [(each.program, each.hook, each.target, each.link) for each in found.tracing] == [
        (41, "tracepoint", "sys_enter_getpgid", None),
        (41, "tracepoint", "sched_switch", None),
        (40, "kprobe", "do_unlinkat", 31),
        (42, "perf_event", "", 34),
    ]


def test_links_to_many_functions_that_do_not_tell_them() -> None:
    """As before Linux 6.6 and 6.8."""
    kinds = {31: LinkType.KPROBE_MULTI, 32: LinkType.UPROBE_MULTI}
    told = [described_link(silent(kind, number, 40), -1) for number, kind in kinds.items()]
    assert [(each.hook, each.target, each.details) for each in told] == [
        ("kprobe_multi", "", {}),
        ("uprobe_multi", "", {}),
    ]
    assert places(told, [program(40, "many")]).of_links == {31: Place("", None), 32: Place("", None)}
