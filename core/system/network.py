"""Network namespaces, their interfaces, and what is attached to both, in the order in which a packet meets it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, NamedTuple

from ..kernel.net import rtnetlink
from ..kernel.sys.namespace import visit
from ..kernel.sys.survey import query
from ..kernel.sys.syscall import BpfError
from ..uapi import AttachType
from .model import Attachment, Hook, Interface, NetworkNamespace, Owner

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .mounts import Mount
    from .owners import Task

__all__ = ["Networks", "read_networks"]

_IFF_UP: Final = 1
_WAYS: Final = (
    (AttachType.TCX_INGRESS, "tcx_ingress", rtnetlink.CLSACT["ingress"], "clsact_ingress"),
    (AttachType.TCX_EGRESS, "tcx_egress", rtnetlink.CLSACT["egress"], "clsact_egress"),
)
"""In and out: what runs first, and the parent of the filters that run behind it."""
_PEER: Final = {AttachType.NETKIT_PEER: "netkit_peer"}
_PRIMARY: Final = {AttachType.NETKIT_PRIMARY: "netkit_primary"}
"""Programs of a netkit pair, all told of at its primary end: those of an end run as it sends (netkit_xmit)."""
_OF_NAMESPACE: Final = {AttachType.FLOW_DISSECTOR: "flow_dissector", AttachType.SK_LOOKUP: "sk_lookup"}
_MOST_SHOWN: Final = 8
"""Processes of a namespace that are named."""


class Networks(NamedTuple):
    """What was found."""

    namespaces: list[NetworkNamespace]
    missing: list[str]


def read_networks(tasks: Iterable[Task], mounts: Iterable[Mount]) -> Networks:
    """Look into every network namespace that a task is in, or that is mounted in a mount namespace of one."""
    own = os.stat("/proc/thread-self/ns/net").st_ino
    places: dict[int, str] = {own: ""}
    processes: dict[int, dict[int, Owner]] = {}
    for task in tasks:
        if task.net:
            places.setdefault(task.net, f"/proc/{task.pid}/task/{task.tid}/ns/net")
            processes.setdefault(task.net, {})[task.pid] = Owner(task.pid, task.comm)
    names: dict[int, str] = {}
    for mount in mounts:
        if mount.net:
            places.setdefault(mount.net, mount.reach)
            names.setdefault(mount.net, mount.path)
    found: list[NetworkNamespace] = []
    here = _look(own)
    visited, refused = visit({inode: place for inode, place in places.items() if place}, _look)
    for inode in places:
        seen = here if inode == own else visited.get(inode)
        if seen is None:
            continue
        inside = sorted(processes.get(inode, {}).values())[:_MOST_SHOWN]
        found.append(NetworkNamespace(inode, inode == own, names.get(inode, ""), tuple(inside), *seen))
    missing: list[str] = []
    if refused:
        number = len(refused)
        what = "a network namespace" if number == 1 else f"{number} network namespaces"
        # What stands for a namespace is one of a process's files; only who has opened it is asked for the other right.
        needed = "CAP_SYS_PTRACE" if any(error.filename for error in refused.values()) else "CAP_SYS_ADMIN"
        missing.append(f"{what} could not be entered: that takes {needed}")
    return Networks(found, missing)


def _look(inode: int) -> tuple[tuple[Interface, ...], tuple[Hook, ...]]:
    """Return the interfaces and the hooks of the network namespace that this thread is in."""
    devices = rtnetlink.devices()
    addresses = rtnetlink.addresses()
    routes = rtnetlink.routes()
    disciplines = rtnetlink.disciplines()
    with_clsact = rtnetlink.with_clsact(disciplines)
    interfaces: list[Interface] = []
    for device in devices:
        handles = {handle for index, handle, kind in disciplines if index == device.ifindex and kind not in _CLASSLESS}
        interfaces.append(
            Interface(
                device.ifindex,
                device.name,
                device.kind or ("loopback" if device.name == "lo" else "device"),
                bool(device.flags & _IFF_UP),
                device.mtu,
                tuple(addresses.get(device.ifindex, ())),
                device.ifindex in routes.defaults,
                _hooks(device, has_clsact=device.ifindex in with_clsact, handles=handles),
            )
        )
    names = {device.ifindex: device.name for device in devices}
    hooks = (*_namespace_hooks(inode), *_route_hooks(routes.programs, names), *_lone_actions(inode))
    return tuple(interfaces), hooks


def _route_hooks(programs: Iterable[rtnetlink.Routed], names: Mapping[int, str]) -> list[Hook]:
    """Return what routes have: each hook with its programs, whose targets are the routes."""
    found: dict[str, list[Attachment]] = {}
    for each in programs:
        target = each.destination + (f" dev {names[each.ifindex]}" if each.ifindex in names else "")
        row = Attachment(each.program_id, each.hook, target, detail=each.name)
        found.setdefault(each.hook, []).append(row)
    return [Hook(name, tuple(dict.fromkeys(rows))) for name, rows in sorted(found.items())]


def _lone_actions(inode: int) -> list[Hook]:
    """Return the actions that no filter has: they run nowhere, and keep their programs."""
    rows = [
        Attachment(each.program_id, "tc_action", f"net:[{inode}]", None, None, f"index {each.number}, no filter has it")
        for each in rtnetlink.actions()
        if not each.filters
    ]
    return [Hook("tc_action", tuple(rows))] if rows else []


_CLASSLESS: Final = frozenset({"clsact", "ingress", "noqueue", "pfifo_fast", "pfifo", "bfifo", "mq"})
"""Queueing disciplines without filters of their own; clsact's and ingress's are asked for by hook."""


def _hooks(device: rtnetlink.Device, *, has_clsact: bool, handles: set[int]) -> tuple[Hook, ...]:
    """Return what an interface has: in netkit's peer, XDP, tcx, clsact; out tcx, clsact, queues, netkit's primary."""
    found: list[Hook] = _multi(device, _PEER) if device.kind == "netkit" else []
    if device.xdp:
        several = len(device.xdp) > 1
        found.append(
            Hook(
                "xdp",
                tuple(
                    Attachment(number, "xdp", device.name, order if several else None, None, mode)
                    for order, (mode, number) in enumerate(device.xdp, 1)
                ),
            )
        )
    for attach_type, name, parent, behind in _WAYS:
        found += _multi(device, {attach_type: name})
        if has_clsact:
            found += _filters(device, parent, behind)
    for handle in sorted(handles):
        found += _filters(device, handle, f"tc {handle >> 16:x}:")
    found += _multi(device, _PRIMARY) if device.kind == "netkit" else []
    return tuple(found)


def _multi(device: rtnetlink.Device, hooks: dict[AttachType, str]) -> list[Hook]:
    found: list[Hook] = []
    for number, name in hooks.items():
        try:
            told = query(device.ifindex, number)
        except BpfError:
            continue  # the peer of a netkit pair, or an interface that is gone
        if told is not None and told.program_ids:
            rows = zip(told.program_ids, told.link_ids, strict=True)
            attached = (
                Attachment(program, name, device.name, order, link or None)
                for order, (program, link) in enumerate(rows, 1)
            )
            found.append(Hook(name, tuple(attached)))
    return found


def _filters(device: rtnetlink.Device, parent: int, name: str) -> list[Hook]:
    filters = rtnetlink.filters(device.ifindex, parent)
    attached = tuple(
        Attachment(
            each.program_id,
            name,
            device.name,
            order,
            None,
            f"pref {each.preference} handle 0x{each.handle:x}{_way(each)} {each.name}".rstrip(),
        )
        for order, each in enumerate(filters, 1)
    )
    return [Hook(name, attached)] if attached else []


def _way(each: rtnetlink.Filter) -> str:
    if each.action_of:
        return f" action of {each.action_of}"
    return " direct-action" if each.direct else ""


def _namespace_hooks(inode: int) -> tuple[Hook, ...]:
    found: list[Hook] = []
    fd = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        for number, name in _OF_NAMESPACE.items():
            try:
                told = query(fd, number)
            except BpfError:
                continue
            if told is not None and told.program_ids:
                several = len(told.program_ids) > 1 or name == "sk_lookup"
                attached = (
                    Attachment(program, name, f"net:[{inode}]", order if several else None)
                    for order, program in enumerate(told.program_ids, 1)
                )
                found.append(Hook(name, tuple(attached)))
    finally:
        os.close(fd)
    return tuple(found)
