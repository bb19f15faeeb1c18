"""Helpers that read and change packets as XDP sees them."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from .declaration import BUFFER, BYTES, S32, U32, XDP, function

if TYPE_CHECKING:
    from ..host import Host
    from ..packet import XdpPacket

__all__: list[str] = []


@function(XDP, U32, BUFFER)
def bpf_xdp_load_bytes(_host: Host, packet: XdpPacket, offset: int, target: memoryview) -> int:
    start = offset + packet.meta
    if start + len(target) > len(packet.data) or offset & 0x8000_0000:
        target[:] = bytes(len(target))
        return -errno.EINVAL
    target[:] = packet.data[start : start + len(target)]
    return 0


@function(XDP, U32, BYTES)
def bpf_xdp_store_bytes(_host: Host, packet: XdpPacket, offset: int, data: bytes) -> int:
    start = offset + packet.meta
    if start + len(data) > len(packet.data) or offset & 0x8000_0000:
        return -errno.EINVAL
    packet.data[start : start + len(data)] = data
    return 0


@function(XDP, S32)
def bpf_xdp_adjust_head(_host: Host, packet: XdpPacket, delta: int) -> int:
    return 0 if packet.adjust_head(delta) else -errno.EINVAL


@function(XDP, S32)
def bpf_xdp_adjust_tail(_host: Host, packet: XdpPacket, delta: int) -> int:
    return 0 if packet.adjust_tail(delta) else -errno.EINVAL


@function(XDP, S32)
def bpf_xdp_adjust_meta(_host: Host, packet: XdpPacket, delta: int) -> int:
    return 0 if packet.adjust_meta(delta) else -errno.EINVAL


@function(XDP)
def bpf_xdp_get_buff_len(_host: Host, packet: XdpPacket) -> int:
    return len(packet.data) - packet.meta
