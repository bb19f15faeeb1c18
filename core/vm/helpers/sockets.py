"""Helpers that look for sockets, routes and devices: there are none but the device that packets come from."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final

from ..world.packet import XdpPacket
from .declaration import ADDRESS, BUFFER, BYTES, CONTEXT, S32, SKB, U32, U64, function

if TYPE_CHECKING:
    from ..world.host import Host
    from ..world.packet import SkbPacket

__all__: list[str] = []

_ROUTE_SIZE: Final = 64
"""sizeof(struct bpf_fib_lookup)."""
_FORWARDING_DISABLED: Final = 5
"""BPF_FIB_LKUP_RET_FWD_DISABLED."""
_FAMILIES: Final = (2, 10)
"""AF_INET, AF_INET6."""
_MTU: Final = 65536
"""Of `lo`, which a test run's packets come from."""
_HEADER: Final = 14
_TUNNEL_FLAGS: Final = 0x1F


@function(also=("bpf_sk_lookup_udp", "bpf_skc_lookup_tcp"))
def bpf_sk_lookup_tcp(_host: Host) -> int:
    return 0


@function(ADDRESS)
def bpf_sk_release(_host: Host, _socket: int) -> int:
    return 0


@function(ADDRESS, also=("bpf_tcp_sock", "bpf_get_listener_sock"))
def bpf_sk_fullsock(_host: Host, _socket: int) -> int:
    return 0


@function(CONTEXT, BUFFER, U32)
def bpf_fib_lookup(_host: Host, _context: int, parameters: memoryview, flags: int) -> int:
    if len(parameters) < _ROUTE_SIZE or flags & ~0x3F:
        return -errno.EINVAL
    return _FORWARDING_DISABLED if parameters[0] in _FAMILIES else -errno.EAFNOSUPPORT


@function(CONTEXT, U32, ADDRESS, S32, U64)
def bpf_check_mtu(host: Host, _context: int, device: int, length_place: int, delta: int, flags: int) -> int:
    """Whether the packet, or one of the length given, has no more bytes than go through the device in one piece."""
    packet, given = host.packet, host.integer(length_place, 4)
    if flags if packet is None or isinstance(packet, XdpPacket) else flags & ~1:
        return -errno.EINVAL
    if device > 1:
        return -errno.ENODEV
    length = given + _HEADER if given else packet.length if packet else 0
    host.put_integer(length_place, _MTU, 4)
    return int(length + delta > _MTU + _HEADER)


@function(SKB, BYTES, U64)
def bpf_skb_set_tunnel_key(_host: Host, _packet: SkbPacket, key: bytes, flags: int) -> int:
    return -errno.EINVAL if flags & ~_TUNNEL_FLAGS or len(key) < 16 else 0


@function(SKB, BUFFER, U64)
def bpf_skb_get_tunnel_key(_host: Host, _packet: SkbPacket, key: memoryview, _flags: int) -> int:
    key[:] = bytes(len(key))
    return -errno.EINVAL  # it came through no tunnel
