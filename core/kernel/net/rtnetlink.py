"""What rtnetlink tells of all interfaces, queueing disciplines and filters, read by hand.

pyroute2 does not know what a filter says of its BPF program (TCA_BPF_TAG, TCA_BPF_ID; version 0.9.7), takes 0.2 s to be
imported, and asks each namespace with an event loop of its own. An inventory asks every namespace of the machine.
"""

from __future__ import annotations

import socket
import struct
import sys
from typing import TYPE_CHECKING, Final, NamedTuple

from ...errors import BpftuiError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = [
    "CLSACT",
    "Action",
    "Device",
    "Filter",
    "Routed",
    "Routes",
    "actions",
    "actions_of",
    "addresses",
    "devices",
    "disciplines",
    "filters",
    "programs_of",
    "routed_by",
    "routes",
    "with_clsact",
]

# <linux/rtnetlink.h>
_RTM_GETLINK, _RTM_GETADDR, _RTM_GETROUTE, _RTM_GETQDISC, _RTM_GETTFILTER, _RTM_GETACTION = 18, 22, 26, 38, 46, 50
_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_REQUEST_DUMP: Final = 0x301
"""NLM_F_REQUEST | NLM_F_DUMP."""
_HEADER: Final = struct.Struct("=IHHII")
_ATTRIBUTE: Final = struct.Struct("=HH")
_ERRNO: Final = struct.Struct("=i")
_IFINFO: Final = struct.Struct("=BxHiII")
_IFADDR: Final = struct.Struct("=BBBBI")
_RTMSG: Final = struct.Struct("=BBBBBBBBI")
_TCMSG: Final = struct.Struct("=BxxxiIII")
_NESTED: Final = 0x3FFF
"""The bits of an attribute's type that are not flags."""
_ROOM: Final = 1 << 16

# <linux/if_link.h>, <linux/if_addr.h>
_IFLA_IFNAME, _IFLA_MTU, _IFLA_LINKINFO, _IFLA_XDP = 3, 4, 18, 43
_IFLA_LINK, _IFLA_LINK_NETNSID = 5, 37
_IFLA_INFO_KIND: Final = 1
_XDP_MODES: Final = {7: "offload", 5: "native", 6: "generic"}
"""IFLA_XDP_{DRV,SKB,HW}_PROG_ID, in the order in which they run: the card, its driver, the stack."""
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_RTA_DST, _RTA_OIF, _RTA_MULTIPATH, _RTA_ENCAP_TYPE, _RTA_ENCAP = 1, 4, 9, 21, 22
_UNICAST: Final = 1
_RTNEXTHOP: Final = struct.Struct("=HBBi")
# <linux/lwtunnel.h>, <linux/seg6_local.h>
_ENCAP_BPF, _ENCAP_SEG6_LOCAL = 6, 7
_LWT_HOOKS: Final = {1: "lwt_in", 2: "lwt_out", 3: "lwt_xmit"}
_LWT_BPF_PROG_NAME: Final = 2
_SEG6_LOCAL_BPF: Final = 8
_SEG6_LOCAL_BPF_PROG, _SEG6_LOCAL_BPF_PROG_NAME = 1, 2
# <linux/pkt_sched.h>, <linux/pkt_cls.h>
_TCA_KIND, _TCA_OPTIONS = 1, 2
_TCA_BPF_NAME, _TCA_BPF_FLAGS, _TCA_BPF_TAG, _TCA_BPF_ID = 7, 8, 10, 11
_TCA_BPF_FLAG_ACT_DIRECT: Final = 1
_ACTIONS: Final = {
    "basic": 3,
    "bpf": 1,
    "cgroup": 1,
    "flow": 9,
    "flower": 3,
    "fw": 4,
    "matchall": 2,
    "route": 6,
    "u32": 7,
}
"""Where the options of each kind of filter have its actions: TCA_BASIC_ACT, TCA_BPF_ACT, …"""
# <linux/pkt_cls.h>, <linux/tc_act/tc_bpf.h>
_TCA_ACT_KIND, _TCA_ACT_OPTIONS = 1, 2
_TCA_ACT_BPF_PARMS, _TCA_ACT_BPF_NAME, _TCA_ACT_BPF_ID = 2, 6, 9
_TCAMSG: Final = struct.Struct("=Bxxx")
_TCA_ROOT_TAB: Final = 1
_TC_GEN: Final = struct.Struct("=IIiii")
"""`tc_gen`: index, capabilities, verdict, references, filters that have it."""


class Device(NamedTuple):
    """A network interface."""

    ifindex: int
    name: str
    kind: str
    """As its driver calls it: `veth`, `bridge`; empty for hardware and the loopback."""
    flags: int
    """`IFF_*`."""
    mtu: int
    """Bytes."""
    xdp: tuple[tuple[str, int], ...]
    """Mode (`offload`, `native`, `generic`) and program id of each XDP program, in the order in which they run."""
    peer: int = 0
    """The interface in the same namespace that it is linked to: the other end of a veth pair; 0 for none there."""


CLSACT: Final = {"ingress": 0xFFFFFFF2, "egress": 0xFFFFFFF3}
"""Parents of the filters of an interface's clsact: TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS) and …_EGRESS of
<linux/pkt_sched.h>."""


class Filter(NamedTuple):
    """A filter of traffic control that is a BPF program (cls_bpf), or an action of one that is (act_bpf)."""

    ifindex: int
    """Of the interface."""
    parent: int
    """The hook, one of those of `CLSACT`, or the handle of a queueing discipline."""
    preference: int
    """The smaller one runs first; of two that are the same, the smaller handle."""
    handle: int
    name: str
    program_id: int
    direct: bool
    """Whether what the program returns is the verdict (`direct-action`), or the class."""
    action_of: str = ""
    """Of an action: the kind of its filter (`u32`, `flower`), which chooses the packets that it runs for."""


def devices() -> list[Device]:
    """Return the interfaces of this thread's network namespace, by index.

    Raises:
        OSError: The kernel said no.
    """
    found: list[Device] = []
    for body in _dump(_RTM_GETLINK, _IFINFO.pack(socket.AF_UNSPEC, 0, 0, 0, 0)):
        _, _, index, flags, _ = _IFINFO.unpack_from(body)
        told = dict(_attributes(body[_IFINFO.size :]))
        kind = dict(_attributes(told.get(_IFLA_LINKINFO, b""))).get(_IFLA_INFO_KIND, b"")
        xdp = dict(_attributes(told.get(_IFLA_XDP, b"")))
        programs = [(_XDP_MODES[mode], _number(xdp[mode])) for mode in _XDP_MODES if mode in xdp]
        found.append(
            Device(
                index,
                _text(told.get(_IFLA_IFNAME, b"")),
                _text(kind),
                flags,
                _number(told.get(_IFLA_MTU, bytes(4))),
                tuple(each for each in programs if each[1]),
                0 if _IFLA_LINK_NETNSID in told else _number(told.get(_IFLA_LINK, bytes(4))),
            )
        )
    return sorted(found)


def addresses() -> dict[int, list[str]]:
    """Return the addresses by the index of their interface, with the lengths of their prefixes: `192.0.2.1/24`."""
    found: dict[int, list[str]] = {}
    for body in _dump(_RTM_GETADDR, _IFADDR.pack(socket.AF_UNSPEC, 0, 0, 0, 0)):
        family, prefix, _, _, index = _IFADDR.unpack_from(body)
        told = dict(_attributes(body[_IFADDR.size :]))
        # On a point-to-point link IFA_ADDRESS is the other end; IPv6 has no IFA_LOCAL elsewhere.
        raw = told.get(_IFA_LOCAL) or told.get(_IFA_ADDRESS)
        if raw is not None and family in (socket.AF_INET, socket.AF_INET6):
            found.setdefault(index, []).append(f"{socket.inet_ntop(family, raw)}/{prefix}")
    return found


class Routed(NamedTuple):
    """A program that runs for what a route matches: of a lightweight tunnel, or of a segment routing action."""

    hook: str
    """`lwt_in`, `lwt_out`, `lwt_xmit` or `lwt_seg6local`, as the types of such programs are called."""
    destination: str
    """`198.51.100.0/24`."""
    ifindex: int
    """Of the interface that the route leads to; 0 for none."""
    program_id: int
    """0 where the kernel does not tell: it keeps the name alone, but for segment routing."""
    name: str
    """What it was called by whoever made the route: `file.o:[section]`, as a rule."""


class Routes(NamedTuple):
    """What the routes of a network namespace tell."""

    defaults: set[int]
    """The indices of the interfaces that carry a default route."""
    programs: list[Routed]


def routes() -> Routes:
    """Return what all routes of this thread's network namespace tell."""
    found = Routes(set(), [])
    for family in (socket.AF_INET, socket.AF_INET6):
        for body in _dump(_RTM_GETROUTE, _RTMSG.pack(family, 0, 0, 0, 0, 0, 0, 0, 0)):
            _, length, _, _, _, _, _, kind, _ = _RTMSG.unpack_from(body)
            told = dict(_attributes(body[_RTMSG.size :]))
            if length == 0 and kind == _UNICAST:
                found.defaults.update(index for index, _ in _next_hops(told) if index)
            if _RTA_ENCAP in told or _RTA_MULTIPATH in told:
                found.programs.extend(routed_by(body))
    return found


def routed_by(body: bytes) -> Iterator[Routed]:
    """Iterate over the programs of a route, and of each of its next hops.

    Args:
        body: What rtnetlink tells of it, from `struct rtmsg` on.
    """
    family, length, _, _, _, _, _, _, _ = _RTMSG.unpack_from(body)
    told = dict(_attributes(body[_RTMSG.size :]))
    room = 4 if family == socket.AF_INET else 16
    destination = f"{socket.inet_ntop(family, told.get(_RTA_DST, b'')[:room].ljust(room, bytes(1)))}/{length}"
    for index, hop in _next_hops(told):
        yield from _encapsulated(hop, destination, index)


def _next_hops(told: dict[int, bytes]) -> Iterator[tuple[int, dict[int, bytes]]]:
    """Iterate over the interfaces that a route leads to, each with what is told of it; 0 for none.

    A route has one (RTA_OIF) or several (RTA_MULTIPATH, of `struct rtnexthop`).
    """
    yield _number(told.get(_RTA_OIF, b"")), told
    hops = told.get(_RTA_MULTIPATH, b"")
    while len(hops) >= _RTNEXTHOP.size:
        size, _, _, index = _RTNEXTHOP.unpack_from(hops)
        if size < _RTNEXTHOP.size:
            return
        yield index, dict(_attributes(hops[_RTNEXTHOP.size : size]))
        hops = hops[size + 3 & ~3 :]


def _encapsulated(told: dict[int, bytes], destination: str, index: int) -> Iterator[Routed]:
    kind, inside = _number(told.get(_RTA_ENCAP_TYPE, b"")[:2]), dict(_attributes(told.get(_RTA_ENCAP, b"")))
    if kind == _ENCAP_BPF:
        for number, hook in _LWT_HOOKS.items():
            if number in inside:
                name = dict(_attributes(inside[number])).get(_LWT_BPF_PROG_NAME, b"")
                yield Routed(hook, destination, index, 0, _text(name))
    elif kind == _ENCAP_SEG6_LOCAL and _SEG6_LOCAL_BPF in inside:
        parts = dict(_attributes(inside[_SEG6_LOCAL_BPF]))
        number = _number(parts.get(_SEG6_LOCAL_BPF_PROG, b""))
        yield Routed("lwt_seg6local", destination, index, number, _text(parts.get(_SEG6_LOCAL_BPF_PROG_NAME, b"")))


def disciplines() -> list[tuple[int, int, str]]:
    """Return interface, handle and kind of each queueing discipline that can have filters."""
    found: list[tuple[int, int, str]] = []
    for body in _dump(_RTM_GETQDISC, _TCMSG.pack(socket.AF_UNSPEC, 0, 0, 0, 0)):
        _, index, handle, _, _ = _TCMSG.unpack_from(body)
        if handle:
            found.append((index, handle, _text(dict(_attributes(body[_TCMSG.size :])).get(_TCA_KIND, b""))))
    return found


def with_clsact(disciplines: Iterable[tuple[int, int, str]]) -> set[int]:
    """Return the interfaces of which the queueing *disciplines* have the hooks of `CLSACT`, or the one of ingress."""
    return {index for index, _, kind in disciplines if kind in ("clsact", "ingress")}


def filters(index: int, parent: int) -> list[Filter]:
    """Return the BPF programs among the filters of one hook and their actions, in the order in which they run."""
    found: list[Filter] = []
    for body in _dump(_RTM_GETTFILTER, _TCMSG.pack(socket.AF_UNSPEC, index, 0, parent, 0)):
        found += programs_of(body)
    return sorted(found, key=lambda each: (each.preference, each.handle))


def programs_of(body: bytes) -> Iterator[Filter]:
    """Iterate over the BPF programs of a filter: itself, and its actions behind it.

    Args:
        body: What rtnetlink tells of it, from `struct tcmsg` on. Each priority comes once more without options, before
            its filters.
    """
    _, index, handle, parent, info = _TCMSG.unpack_from(body)
    told = dict(_attributes(body[_TCMSG.size :]))
    options = dict(_attributes(told.get(_TCA_OPTIONS, b"")))
    kind = _text(told.get(_TCA_KIND, b""))
    if kind == "bpf" and _TCA_BPF_ID in options:
        flags = _number(options.get(_TCA_BPF_FLAGS, bytes(4)))
        name, number = _text(options.get(_TCA_BPF_NAME, b"")), _number(options[_TCA_BPF_ID])
        yield Filter(index, parent, info >> 16, handle, name, number, bool(flags & _TCA_BPF_FLAG_ACT_DIRECT))
    for _, action in _attributes(options.get(_ACTIONS.get(kind, 0), b"")):
        parts = dict(_attributes(action))
        inside = dict(_attributes(parts.get(_TCA_ACT_OPTIONS, b"")))
        if _text(parts.get(_TCA_ACT_KIND, b"")) == "bpf" and _TCA_ACT_BPF_ID in inside:
            name, number = _text(inside.get(_TCA_ACT_BPF_NAME, b"")), _number(inside[_TCA_ACT_BPF_ID])
            yield Filter(index, parent, info >> 16, handle, name, number, direct=True, action_of=kind)


class Action(NamedTuple):
    """An action of traffic control that is a program (act_bpf), by itself."""

    number: int
    """Its index, by which filters name it."""
    name: str
    program_id: int
    filters: int
    """How many have it."""


def actions() -> list[Action]:
    """Return the actions of this thread's network namespace that are programs; none where the kernel has no such."""
    kind = _attribute(_TCA_ACT_KIND, b"bpf\0")
    try:
        return [
            each
            for body in _dump(_RTM_GETACTION, _TCAMSG.pack(0) + _attribute(_TCA_ROOT_TAB, _attribute(1, kind)))
            for each in actions_of(body)
        ]
    except OSError:  # without CONFIG_NET_CLS_ACT there is no such request
        return []


def actions_of(body: bytes) -> Iterator[Action]:
    """Iterate over actions.

    Args:
        body: What rtnetlink tells of some, from `struct tcamsg` on.
    """
    for _, action in _attributes(dict(_attributes(body[_TCAMSG.size :])).get(_TCA_ROOT_TAB, b"")):
        inside = dict(_attributes(dict(_attributes(action)).get(_TCA_ACT_OPTIONS, b"")))
        told = inside.get(_TCA_ACT_BPF_PARMS, b"")
        if len(told) >= _TC_GEN.size and _TCA_ACT_BPF_ID in inside:
            index, _, _, _, filters = _TC_GEN.unpack_from(told)
            name = _text(inside.get(_TCA_ACT_BPF_NAME, b""))
            yield Action(index, name, _number(inside[_TCA_ACT_BPF_ID]), filters)


def _attribute(kind: int, contents: bytes) -> bytes:
    return _ATTRIBUTE.pack(_ATTRIBUTE.size + len(contents), kind) + contents + bytes(-len(contents) % 4)


def _dump(kind: int, body: bytes) -> Iterator[bytes]:
    """Ask for all of a kind, and iterate over the bodies of the answers."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE) as route:
        route.send(_HEADER.pack(_HEADER.size + len(body), kind, _REQUEST_DUMP, 1, 0) + body)
        while True:
            raw = route.recv(_ROOM)
            if not raw:
                raise BpftuiError("rtnetlink ended in the middle of an answer")
            at = 0
            while at + _HEADER.size <= len(raw):
                size, answer, _, _, _ = _HEADER.unpack_from(raw, at)
                inside = raw[at + _HEADER.size : at + size]
                if answer == _NLMSG_DONE:
                    return
                if answer == _NLMSG_ERROR:
                    number = -_ERRNO.unpack_from(inside)[0]
                    raise OSError(number, f"rtnetlink says {number}")
                yield inside
                at += size + 3 & ~3


def _attributes(raw: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + _ATTRIBUTE.size <= len(raw):
        size, kind = _ATTRIBUTE.unpack_from(raw, at)
        if size < _ATTRIBUTE.size:
            return
        yield kind & _NESTED, raw[at + _ATTRIBUTE.size : at + size]
        at += size + 3 & ~3


def _number(raw: bytes) -> int:
    return int.from_bytes(raw[:4], sys.byteorder)


def _text(raw: bytes) -> str:
    return raw.partition(b"\0")[0].decode("utf-8", "replace")
