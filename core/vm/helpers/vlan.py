"""Helpers that put VLAN tags on packets and take them off (net/core/skbuff.c, Linux 6.18).

The outermost tag is beside the packet's bytes, in the context; one that comes under it is put in front of the protocol.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final

from ..world.packet import LARGEST_PACKET, frame_protocol
from .declaration import SKB, U32, function

if TYPE_CHECKING:
    from ..world.host import Host
    from ..world.packet import SkbPacket

__all__: list[str] = []

_TAGGED: Final = (b"\x81\x00", b"\x88\xa8")
"""ETH_P_8021Q, ETH_P_8021AD."""
_ADDRESSES: Final = 12
"""Bytes of an Ethernet header in front of the protocol, or of the tag."""
_TAG: Final = 4
_TAGGED_HEADER: Final = 18
"""VLAN_ETH_HLEN."""


@function(SKB, U32, U32)
def bpf_skb_vlan_push(host: Host, packet: SkbPacket, protocol: int, tci: int) -> int:
    new = (protocol & 0xFFFF).to_bytes(2, host.byte_order)
    before = packet.tag
    if before is not None:
        if len(packet.data) + _TAG > LARGEST_PACKET:
            return -errno.ENOMEM
        inner = before[0] + before[1].to_bytes(2, "big")
        packet.resize(packet.data[:_ADDRESSES] + inner + packet.data[_ADDRESSES:], at=_ADDRESSES, by=_TAG)
        packet.network_offset += _TAG
        packet.protocol = before[0]
    packet.tag = (new if new in _TAGGED else _TAGGED[0], tci & 0xFFFF)
    return 0


@function(SKB)
def bpf_skb_vlan_pop(_host: Host, packet: SkbPacket) -> int:
    if packet.tag is not None:
        packet.tag = None
    elif packet.protocol in _TAGGED:
        if _take(packet) is None:
            return -errno.ENOMEM
    else:
        return 0
    # The next one takes its place.
    protocol = packet.protocol
    if protocol in _TAGGED:
        tci = _take(packet)
        if tci is None:
            return -errno.ENOMEM
        packet.tag = protocol, tci
    return 0


def _take(packet: SkbPacket) -> int | None:
    """Take the first tag out of the packet's bytes; return its TCI, or None where the packet ends before."""
    data = packet.data
    if len(data) < _TAGGED_HEADER:
        return None
    tci = int.from_bytes(data[14:16], "big")
    packet.protocol = frame_protocol(bytes(data[16:18]), bytes(data[18:20]))
    packet.resize(data[:_ADDRESSES] + data[_ADDRESSES + _TAG :], at=_ADDRESSES, by=-_TAG)
    packet.network_offset = max(packet.network_offset - _TAG, 14)
    return tci
