"""What packet a test run takes, and of what size, by program type: net/bpf/test_run.c of Linux 6.18, which was tried.

The kernel says EINVAL for each size that it does not take. Its packets lie in one page, between room in front
(`NET_SKB_PAD`, for XDP `XDP_PACKET_HEADROOM`) and `struct skb_shared_info` behind; of XDP, what does not fit goes into
fragments, up to 17 (`MAX_SKB_FRAGS`), whatever the program says of them. Since Linux 6.19 that is so of socket buffers
as well. Up to 6.10 packets of IP could be shorter than its header.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ..checksum import internet_checksum
from ..errors import UsageError
from ..uapi import ProgramType

if TYPE_CHECKING:
    from ..packet import Protocol
    from ..spec.program import ProgramSpec

__all__ = [
    "FRAGMENTS",
    "HEADROOM",
    "MOST_METADATA",
    "PAGE",
    "SHARED_INFO",
    "SMALLEST_PACKET",
    "PacketSizes",
    "check_packet",
    "packet_begin",
    "packet_remark",
    "packet_sizes",
]

SMALLEST_PACKET: Final = 14
"""An Ethernet header."""
PAGE: Final = 4096
FRAGMENTS: Final = 17
"""Pages behind the first part of a packet at most (CONFIG_MAX_SKB_FRAGS)."""
HEADROOM: Final = 256
"""Bytes in front of a packet that XDP may use (XDP_PACKET_HEADROOM)."""
SHARED_INFO: Final = 320
"""sizeof(struct skb_shared_info), in whole cache lines."""
MOST_METADATA: Final = 216
"""Bytes in front of an XDP packet that are metadata: what the headroom leaves beside a struct xdp_frame of 40."""
_PAD: Final = 64
"""NET_SKB_PAD with NET_IP_ALIGN, on x86-64 and arm64."""
_IP_HEADER: Final = 20
_HEADERS: Final = {b"\x08\x00": ("IPv4", 20), b"\x86\xdd": ("IPv6", 40)}
"""Headers that a socket buffer has to hold whole, by the EtherType in front of them."""


class PacketSizes(NamedTuple):
    """What a test run takes, in bytes."""

    smallest: int
    linear: int
    """What of a packet lies in one piece at most: the rest is in fragments, where there are such."""
    largest: int


def packet_sizes(type_: ProgramType, *, page: int = PAGE, fragmented: bool = False) -> PacketSizes:
    """Return the sizes of packets that a test run of a program type takes.

    Args:
        type_: The program type, one that takes packets.
        page: Bytes of a page.
        fragmented: Whether socket buffers may have fragments (Linux 6.19).
    """
    if type_ is ProgramType.XDP:
        linear = page - HEADROOM - SHARED_INFO
        return PacketSizes(SMALLEST_PACKET, linear, linear + FRAGMENTS * page)
    if type_ is ProgramType.FLOW_DISSECTOR:
        return PacketSizes(SMALLEST_PACKET, page, page)
    linear = page - _PAD - SHARED_INFO
    if type_ is ProgramType.NETFILTER:
        return PacketSizes(_IP_HEADER, linear, linear)
    return PacketSizes(SMALLEST_PACKET, linear, linear + FRAGMENTS * page if fragmented else linear)


def check_packet(program: ProgramSpec, packet: bytes, sizes: PacketSizes) -> None:
    """Raise UsageError for a packet that no test run of *program* takes."""
    if not sizes.smallest <= len(packet) <= sizes.largest:
        raise UsageError(
            f"a packet has {sizes.smallest} to {sizes.largest} bytes in test runs of type {program.type.label}, "
            f"not {len(packet)}"
        )
    name, header = _HEADERS.get(packet[12:14], ("", 0))
    if program.type.sees_skb and len(packet) < SMALLEST_PACKET + header:
        raise UsageError(
            f"the packet says that it is {name}, whose header ends at byte {SMALLEST_PACKET + header}, and has "
            f"{len(packet)} bytes"
        )


def packet_begin(packet: bytes, sizes: PacketSizes) -> Protocol:
    """Return what a packet of a test run begins with: an Ethernet header, where netfilter's have that of IP."""
    from ..packet import ETHERNET, IPV4, IPV6  # costs what most who ask for sizes need not pay

    if sizes.smallest != _IP_HEADER:
        return ETHERNET
    return IPV6 if packet and packet[0] >> 4 == 6 else IPV4


def packet_remark(packet: bytes, sizes: PacketSizes) -> str:
    """Return what is odd about a packet that a test run takes: an IP packet where a frame is due; empty for nothing.

    Hex dumps often begin behind the Ethernet header (`tcpdump -x`). Such bytes are told from a frame, which may begin
    with any address, by a header that fits: the length in it is that of the packet, or the sum of IPv4's is right where
    the packet was cut or padded.
    """
    if sizes.smallest == SMALLEST_PACKET and _is_ip(packet):
        return "the packet begins like an IP packet, without an Ethernet header: tcpdump -xx has it"
    return ""


def _is_ip(packet: bytes) -> bool:
    version, length = (packet[0] >> 4, int.from_bytes(packet[2:4])) if packet else (0, 0)
    if version == 4:
        header = packet[: 4 * (packet[0] & 15)]
        if len(header) < _IP_HEADER:
            return False
        return length == len(packet) or (length >= len(header) and internet_checksum(header) == 0)
    return version == 6 and len(packet) == 40 + int.from_bytes(packet[4:6])
