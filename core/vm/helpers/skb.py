"""Helpers that read and change socket buffers."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final

from ..packet import LARGEST_PACKET
from .declaration import BUFFER, BYTES, SKB, U32, U64, function

if TYPE_CHECKING:
    from ..host import Host
    from ..packet import SkbPacket

__all__: list[str] = []

_SMALLEST: Final = 14
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
def bpf_skb_load_bytes_relative(host: Host, packet: SkbPacket, offset: int, target: memoryview, start: int) -> int:
    # BPF_HDR_START_MAC, BPF_HDR_START_NET
    base = {0: packet.link_offset, 1: packet.network_offset}.get(start)
    if base is None or base < 0:
        target[:] = bytes(len(target))
        return -errno.EFAULT
    return bpf_skb_load_bytes(host, packet, offset + base, target)


@function(SKB, U32, BYTES, U64)
def bpf_skb_store_bytes(_host: Host, packet: SkbPacket, offset: int, data: bytes, flags: int) -> int:
    if flags & ~3:
        return -errno.EINVAL
    if offset + len(data) > len(packet.data) or offset & 0x8000_0000:
        return -errno.EFAULT
    packet.data[offset : offset + len(data)] = data
    return 0


@function(SKB)
def bpf_skb_pull_data(_host: Host, _packet: SkbPacket) -> int:
    return 0


@function(SKB, U32, U64)
def bpf_skb_change_tail(_host: Host, packet: SkbPacket, length: int, flags: int) -> int:
    if flags or not _SMALLEST <= length <= LARGEST_PACKET:
        return -errno.EINVAL
    packet.resize(packet.data[:length] + bytearray(max(0, length - len(packet.data))))
    return 0


@function(SKB, U32, U64)
def bpf_skb_change_head(_host: Host, packet: SkbPacket, length: int, flags: int) -> int:
    if flags or length + len(packet.data) > LARGEST_PACKET:
        return -errno.EINVAL
    packet.resize(bytearray(length) + packet.data)
    return 0


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
