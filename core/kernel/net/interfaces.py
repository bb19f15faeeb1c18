"""Network interfaces: what there is to attach to, and what would be cut off by it.

The kernel is asked through rtnetlink (pyroute2, which takes 0.2 s to import and is imported when first needed). To
read a packet counter, /proc/thread-self/net/dev is enough: unlike /sys/class/net, which shows the namespace of whoever
mounted it, it follows the thread that opens it.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from ...errors import UnknownNameError
from ...privileges.ssh import ssh_client
from ...runtime import AttachTarget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ...runtime import Namespace, XdpMode

__all__ = ["Interface", "XdpAttachment", "find", "interfaces", "netlink", "rx_packets"]

IFF_UP = 1 << 0
"""<linux/if.h>: the administrator wants it up."""
IFF_LOOPBACK = 1 << 3

_XDP_MODES = {"xdp": "native", "xdpgeneric": "generic", "xdpoffload": "offload", "xdpmulti": "multi"}
"""IFLA_XDP_ATTACHED, in pyroute2's words and in ours."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class XdpAttachment:
    """The XDP program that an interface has."""

    program_id: int
    """0 where several are attached in different modes."""
    mode: str
    """`native`, `generic`, `offload` or `multi`."""


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface, as it was when it was asked for."""

    name: str
    index: int
    kind: str
    """`veth`, `bridge`, … as rtnetlink names it; `loopback`; `device` for hardware and what does not say."""
    mtu: int
    """Bytes."""
    up: bool
    """Whether it is switched on."""
    carrier: bool
    """Whether there is a link."""
    addresses: tuple[str, ...]
    """IPv4 and IPv6 addresses with prefix lengths: `192.0.2.1/24`."""
    xdp: XdpAttachment | None
    """The XDP program that it has; there is room for one."""
    default_route: bool
    """Whether a default route leads through it: a program that drops packets here can cut the machine off."""
    ssh_peer: bool
    """Whether the SSH session that this process was started from runs through it."""
    rx_packets: int
    tx_packets: int

    def target(self, mode: XdpMode | None = None, namespace: Namespace | None = None) -> AttachTarget:
        """Return what a program is attached to here; *namespace* is the one that the interface was found in."""
        return AttachTarget(name=self.name, index=self.index, namespace=namespace, mode=mode)


def interfaces(namespace: Namespace | None = None) -> list[Interface]:
    """Return the interfaces of *namespace* (of the process without one), ordered by index."""
    return netlink(_interfaces, namespace)


def find(name: str, namespace: Namespace | None = None) -> Interface:
    """Return the interface *name*.

    Raises:
        UnknownNameError: There is none; names the nearest.
    """
    known = {interface.name: interface for interface in interfaces(namespace)}
    try:
        return known[name]
    except KeyError:
        raise UnknownNameError("interface", name, known) from None


def rx_packets(name: str, namespace: Namespace | None = None) -> int:
    """Return how many packets the interface *name* has received; takes some 0.3 ms.

    Raises:
        UnknownNameError: There is no such interface.
    """
    table = _net_dev() if namespace is None else namespace.run(_net_dev)
    counters = dict(line.split(":", 1) for line in table.splitlines() if ":" in line)
    counters = {label.strip(): fields for label, fields in counters.items()}
    if name not in counters:
        raise UnknownNameError("interface", name, counters)
    return int(counters[name].split()[1])


def netlink(call: Callable[[Any], _T], namespace: Namespace | None = None) -> _T:
    """Call *call* with an rtnetlink socket (`pyroute2.IPRoute`) in *namespace*, and close the socket."""
    converse = partial(_converse, call)
    return _outside_event_loop(converse) if namespace is None else namespace.run(converse)


def _converse(call: Callable[[Any], _T]) -> _T:
    from pyroute2 import IPRoute

    with IPRoute() as route:
        return call(route)


def _outside_event_loop(call: Callable[[], _T]) -> _T:
    """Run *call* here, or in a thread where an event loop runs here: pyroute2 starts one of its own."""
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return call()
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(max_workers=1) as worker:
        return worker.submit(call).result()


def _net_dev() -> str:
    with open("/proc/thread-self/net/dev", encoding="ascii", errors="replace") as table:
        return table.read()


def _interfaces(route: Any) -> list[Interface]:
    addresses = _addresses(route.get_addr())
    default = {
        index
        for family in (socket.AF_INET, socket.AF_INET6)
        for message in route.get_routes(family=family)
        for index in _default_route(message)
    }
    peer = _ssh_peer(route)
    links = sorted(route.get_links(), key=lambda link: link["index"])
    return [_interface(link, addresses.get(link["index"], ()), default, peer) for link in links]


def _interface(link: Any, addresses: Iterable[str], default: set[int], peer: int | None) -> Interface:
    statistics: dict[str, int] = link.get_attr("IFLA_STATS64") or link.get_attr("IFLA_STATS") or {}
    information = link.get_attr("IFLA_LINKINFO")
    kind = information.get_attr("IFLA_INFO_KIND") if information is not None else None
    index: int = link["index"]
    return Interface(
        name=link.get_attr("IFLA_IFNAME"),
        index=index,
        kind=kind or ("loopback" if link["flags"] & IFF_LOOPBACK else "device"),
        mtu=link.get_attr("IFLA_MTU") or 0,
        up=bool(link["flags"] & IFF_UP),
        carrier=bool(link.get_attr("IFLA_CARRIER")),
        addresses=tuple(addresses),
        xdp=_xdp(link.get_attr("IFLA_XDP")),
        default_route=index in default,
        ssh_peer=index == peer,
        rx_packets=statistics.get("rx_packets", 0),
        tx_packets=statistics.get("tx_packets", 0),
    )


def _xdp(attribute: Any) -> XdpAttachment | None:
    if attribute is None:
        return None
    mode = attribute.get_attr("IFLA_XDP_ATTACHED")
    if mode is None:
        return None
    return XdpAttachment(attribute.get_attr("IFLA_XDP_PROG_ID") or 0, _XDP_MODES.get(mode, str(mode)))


def _addresses(messages: Iterable[Any]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for message in messages:
        # On a point-to-point link IFA_ADDRESS is the other end; IPv6 has no IFA_LOCAL elsewhere.
        address = message.get_attr("IFA_LOCAL") or message.get_attr("IFA_ADDRESS")
        found.setdefault(message["index"], []).append(f"{address}/{message['prefixlen']}")
    return found


def _default_route(message: Any) -> list[int]:
    """Return the interfaces that *message* sends everything to, if it is a default route that reaches something."""
    unicast = 1  # RTN_UNICAST, <linux/rtnetlink.h>: IPv6 also lists "unreachable" defaults, on lo
    if message["dst_len"] != 0 or message["type"] != unicast:
        return []
    hops = [hop["oif"] for hop in message.get_attr("RTA_MULTIPATH") or ()]
    index = message.get_attr("RTA_OIF")
    return [*hops, *([index] if index else [])]


def _ssh_peer(route: Any) -> int | None:
    """Return the interface that leads to the SSH client, if this process descends from an SSH session."""
    from pyroute2.netlink.exceptions import NetlinkError

    peer, _, scope = ssh_client().partition("%")
    try:
        if scope:
            return socket.if_nametoindex(scope)
        family = socket.AF_INET6 if ":" in peer else socket.AF_INET
        answers = list(route.route("get", dst=peer, family=family)) if peer else []
    except (NetlinkError, OSError, ValueError):
        return None
    return answers[0].get_attr("RTA_OIF") if answers else None
