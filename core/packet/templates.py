"""Packets to begin with."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from ..errors import UnknownNameError
from .packet import Packet
from .protocols import ARP, ETHERNET, ICMP, ICMPV6, IPV4, IPV6, TCP, UDP, VLAN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .protocols import Protocol

__all__ = ["TEMPLATES", "template"]

_PAYLOAD: Final = bytes(18)
"""What makes the smallest frame of IPv4 and UDP, 60 bytes, full."""

TEMPLATES: Final[Mapping[str, tuple[Protocol, ...]]] = MappingProxyType(
    {
        "IPv4 UDP": (ETHERNET, IPV4, UDP),
        "IPv4 TCP": (ETHERNET, IPV4, TCP),
        "IPv4 ICMP": (ETHERNET, IPV4, ICMP),
        "IPv6 UDP": (ETHERNET, IPV6, UDP),
        "IPv6 TCP": (ETHERNET, IPV6, TCP),
        "IPv6 ICMPv6": (ETHERNET, IPV6, ICMPV6),
        "VLAN IPv4 UDP": (ETHERNET, VLAN, IPV4, UDP),
        "ARP": (ETHERNET, ARP),
    }
)
"""By name, the headers that a template is made of."""


def template(name: str, *, ethernet: bool = True) -> Packet:
    """Return the packet of a template, complete; TCP is a SYN, ICMP an echo request, ARP a request.

    Args:
        name: One of `TEMPLATES`.
        ethernet: Whether it begins with an Ethernet header; else with that of IP, as netfilter sees it.

    Raises:
        UnknownNameError: There is no such template.
    """
    if name not in TEMPLATES:
        raise UnknownNameError("template", name, TEMPLATES)
    protocols = TEMPLATES[name]
    if not ethernet:
        protocols = tuple(each for each in protocols if each in (IPV4, IPV6, UDP, TCP, ICMP, ICMPV6))
    return Packet.made(*protocols, payload=_PAYLOAD)
