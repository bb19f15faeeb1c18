"""Helpers that read and change socket buffers."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final

from ...context.packet_sizes import PAGE, SHARED_INFO
from .declaration import BUFFER, BYTES, ENOTSUPP, S32, SKB, U32, U64, function

if TYPE_CHECKING:
    from ..world.host import Host
    from ..world.packet import SkbPacket

__all__: list[str] = []

_SMALLEST: Final = 14
_LARGEST_OFFSET: Final = 0xFFFF
_PKT_TYPE: Final = 4
"""Where `pkt_type` is in a __sk_buff."""
_OTHER_HOST: Final = 3
_ROOM_FLAGS: Final = 0xFF00_0000_0000_01FF
"""BPF_F_ADJ_ROOM_MASK and the length of a header in between."""
_MOST_ROOM: Final = 0xFFF
_DECAP: Final = 0x180
_ENCAP: Final = 0x6
_L4: Final = 0x18
"""BPF_F_ADJ_ROOM_ENCAP_L4_GRE and _UDP, of which one may be."""
_INNER_ETHERNET: Final = 0x40
"""BPF_F_ADJ_ROOM_ENCAP_L2_ETH."""
_SHRINKING: Final = 0x1A1
"""BPF_F_ADJ_ROOM_FIXED_GSO, _NO_CSUM_RESET, _DECAP_L3_MASK."""
_ENCAPSULATED: Final = {0x2: b"\x08\x00", 0x4: b"\x86\xdd"}
"""BPF_F_ADJ_ROOM_ENCAP_L3_IPV4, _IPV6."""
_DECAPSULATED: Final = {0x80: b"\x08\x00", 0x100: b"\x86\xdd"}
"""BPF_F_ADJ_ROOM_DECAP_L3_IPV4, _IPV6."""
_IP_HEADERS: Final = {b"\x08\x00": 20, b"\x86\xdd": 40}
_MOST_ALLOCATED: Final = 4 * PAGE - SHARED_INFO
"""SKB_MAX_ALLOC."""
_NOBODY: Final = 65534
"""overflowuid: there is no socket whose owner it could be."""


@function(SKB, U32, BUFFER)
def bpf_skb_load_bytes(_host: Host, packet: SkbPacket, offset: int, target: memoryview) -> int:
    if offset + len(target) > len(packet.data) or offset & 0x8000_0000:
        target[:] = bytes(len(target))
        return -errno.EFAULT
    target[:] = packet.data[offset : offset + len(target)]
    return 0


@function(SKB, U32, BUFFER, U32)
def bpf_skb_load_bytes_relative(_host: Host, packet: SkbPacket, offset: int, target: memoryview, start: int) -> int:
    base = packet.header(start)
    found = None if base is None or offset > _LARGEST_OFFSET else packet.at(offset + base, len(target))
    target[:] = bytes(len(target)) if found is None else found
    return -errno.EFAULT if found is None else 0


@function(SKB, U32, BYTES, U64)
def bpf_skb_store_bytes(_host: Host, packet: SkbPacket, offset: int, data: bytes, flags: int) -> int:
    if flags & ~3:
        return -errno.EINVAL
    if offset + len(data) > len(packet.data) or offset & 0x8000_0000:
        return -errno.EFAULT
    packet.data[offset : offset + len(data)] = data
    return 0


@function(SKB, U32)
def bpf_skb_pull_data(_host: Host, packet: SkbPacket, length: int) -> int:
    return -errno.ENOMEM if length > len(packet.data) else 0


@function(SKB, U32, U64)
def bpf_skb_change_tail(_host: Host, packet: SkbPacket, length: int, flags: int) -> int:
    if flags or not max(_SMALLEST, packet.network_offset) <= length <= _MOST_ALLOCATED:
        return -errno.EINVAL
    packet.resize(packet.data[:length] + bytearray(max(0, length - len(packet.data))))
    return 0


@function(SKB, U32, U64)
def bpf_skb_change_head(_host: Host, packet: SkbPacket, length: int, flags: int) -> int:
    if flags or length + len(packet.data) > _MOST_ALLOCATED:
        return -errno.EINVAL
    packet.resize(bytearray(length) + packet.data, by=length)
    packet.network_offset += length
    return 0


@function(SKB, U32, U64)
def bpf_skb_change_proto(host: Host, packet: SkbPacket, protocol: int, flags: int) -> int:
    """Make room for the header of IPv6 in place of IPv4's, or the other way round; the program writes it."""
    if flags:
        return -errno.EINVAL
    to = (protocol & 0xFFFF).to_bytes(2, host.byte_order)
    before = packet.protocol
    if {before, to} != set(_IP_HEADERS):
        return -ENOTSUPP
    if _resize_at(packet, packet.network_offset, _IP_HEADERS[to] - _IP_HEADERS[before]):
        packet.protocol = to
        return 0
    return -errno.ENOMEM


@function(SKB, U32)
def bpf_skb_change_type(host: Host, packet: SkbPacket, kind: int) -> int:
    """Change `pkt_type`: to this host, to all, to many, to another one."""
    place = packet.context.base + _PKT_TYPE
    if kind > _OTHER_HOST or host.integer(place, 4) > _OTHER_HOST:
        return -errno.EINVAL
    host.put_integer(place, kind, 4)
    return 0


@function(SKB, S32, U32, U64)
def bpf_skb_adjust_room(_host: Host, packet: SkbPacket, delta: int, mode: int, flags: int) -> int:
    """Make room, or take it away, behind the network header or the link layer's (BPF_ADJ_ROOM_NET, _MAC)."""
    if flags & ~_ROOM_FLAGS:
        return -errno.EINVAL
    if abs(delta) > _MOST_ROOM:
        return -errno.EFAULT
    start, decapsulated = packet.network_offset, _DECAPSULATED.get(flags & _DECAP)
    smallest = header = _IP_HEADERS.get(packet.protocol)
    if header is None or smallest is None or mode > 1:
        return -ENOTSUPP
    if flags & _DECAP:
        if delta >= 0 or decapsulated is None:
            return -errno.EINVAL
        smallest = _IP_HEADERS[decapsulated]
    at = start + (0 if mode else header)
    if delta < 0 and len(packet.data) - start + delta < smallest:
        return -ENOTSUPP
    if delta >= 0 and len(packet.data) + delta > _MOST_ALLOCATED:
        return -ENOTSUPP
    if delta < 0:
        if flags & ~_SHRINKING:
            return -errno.EINVAL
        if not _resize_at(packet, at, delta):
            return -errno.ENOMEM
        packet.protocol = decapsulated or packet.protocol
        return 0
    return _grow(packet, at, delta, flags)


def _grow(packet: SkbPacket, at: int, delta: int, flags: int) -> int:
    """Make room, for the headers of a tunnel as far as *flags* say so: bpf_skb_net_grow() of net/core/filter.c."""
    outer = _ENCAPSULATED.get(flags & _ENCAP)
    if flags & _ENCAP:
        inner = flags >> 56
        if outer is None or flags & _L4 == _L4 or (flags & _INNER_ETHERNET and inner < _SMALLEST):
            return -errno.EINVAL
        if packet.encapsulated:
            return -errno.EALREADY
        if inner > delta:
            return -errno.EINVAL
    _resize_at(packet, at, delta)
    if outer is not None:
        packet.encapsulated = True
        packet.protocol = outer
    return 0


def _resize_at(packet: SkbPacket, at: int, delta: int) -> bool:
    """Put zeros into the packet, or take bytes away; False where it has not so many."""
    if at - delta > len(packet.data):
        return False
    behind = packet.data[at - delta :] if delta < 0 else bytearray(delta) + packet.data[at:]
    packet.resize(packet.data[:at] + behind, at=at, by=delta)
    return True


@function(
    also=(
        "bpf_get_socket_cookie",
        "bpf_get_hash_recalc",
        "bpf_set_hash_invalid",
        "bpf_get_cgroup_classid",
    )
)
def bpf_get_route_realm(_host: Host) -> int:
    """0, as all that a packet without a socket, a class or a route is asked for."""
    return 0


@function()
def bpf_get_socket_uid(_host: Host) -> int:
    return _NOBODY


@function()
def bpf_get_netns_cookie(_host: Host) -> int:
    return 1
