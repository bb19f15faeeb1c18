"""Helpers that read and change packets as XDP sees them."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final

from .declaration import BUFFER, BYTES, S32, U32, XDP, function

if TYPE_CHECKING:
    from ..world.host import Host
    from ..world.packet import XdpPacket

__all__: list[str] = []

_LARGEST_OFFSET: Final = 0xFFFF


@function(XDP, U32, BUFFER)
def bpf_xdp_load_bytes(_host: Host, packet: XdpPacket, offset: int, target: memoryview) -> int:
    found = None if offset > _LARGEST_OFFSET else packet.read(offset, len(target))
    target[:] = bytes(len(target)) if found is None else found
    return _outside(offset) if found is None else 0


@function(XDP, U32, BYTES)
def bpf_xdp_store_bytes(_host: Host, packet: XdpPacket, offset: int, data: bytes) -> int:
    if offset <= _LARGEST_OFFSET and packet.write(offset, data):
        return 0
    return _outside(offset)


def _outside(offset: int) -> int:
    """Return the error for what lies outside of the packet (bpf_xdp_pointer)."""
    return -errno.EFAULT if offset > _LARGEST_OFFSET else -errno.EINVAL


@function(XDP, S32)
def bpf_xdp_adjust_head(_host: Host, packet: XdpPacket, delta: int) -> int:
    return 0 if packet.adjust_head(delta) else -errno.EINVAL


@function(XDP, S32)
def bpf_xdp_adjust_tail(_host: Host, packet: XdpPacket, delta: int) -> int:
    return 0 if packet.adjust_tail(delta) else -errno.EINVAL


@function(XDP, S32)
def bpf_xdp_adjust_meta(_host: Host, packet: XdpPacket, delta: int) -> int:
    return packet.adjust_meta(delta)


@function(XDP)
def bpf_xdp_get_buff_len(_host: Host, packet: XdpPacket) -> int:
    return packet.length
