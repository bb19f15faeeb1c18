"""Helpers that work on packets: of XDP, of socket buffers, of both."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from ..errors import RunError
from ..host import negative, signed
from ..packet import LARGEST_PACKET, Packet, SkbPacket, XdpPacket

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..host import Host

__all__ = ["helpers"]

_XDP_REDIRECT, _TC_REDIRECT, _TC_SHOT = 4, 7, 2
_MARK_MANGLED = 0x20
"""BPF_F_MARK_MANGLED_0."""
_FIELD_SIZES = 0xF
"""BPF_F_HDR_FIELD_MASK."""


def helpers(host: Host) -> dict[str, Callable[..., int]]:
    """Return the helpers of this area by name."""
    memory = host.memory

    def packet() -> Packet:
        if host.packet is None:
            raise RunError("the program was not started with a packet")
        return host.packet

    def xdp() -> XdpPacket:
        found = packet()
        if not isinstance(found, XdpPacket):
            raise RunError("the program was not started with an xdp_md")
        return found

    def skb() -> SkbPacket:
        found = packet()
        if not isinstance(found, SkbPacket):
            raise RunError("the program was not started with a __sk_buff")
        return found

    def load(found: Packet, offset: int, target: int, size: int) -> int:
        view = memory.view(target, size & 0xFFFF_FFFF, write=True)
        start = (offset & 0xFFFF_FFFF) + (found.meta if isinstance(found, XdpPacket) else 0)
        if start + len(view) > len(found.data) or offset & 0x8000_0000:
            view[:] = bytes(len(view))
            return negative(errno.EFAULT if isinstance(found, SkbPacket) else errno.EINVAL)
        view[:] = found.data[start : start + len(view)]
        return 0

    def store(found: Packet, offset: int, source: int, size: int) -> int:
        raw = memory.read(source, size & 0xFFFF_FFFF)
        start = (offset & 0xFFFF_FFFF) + (found.meta if isinstance(found, XdpPacket) else 0)
        if start + len(raw) > len(found.data) or offset & 0x8000_0000:
            return negative(errno.EFAULT if isinstance(found, SkbPacket) else errno.EINVAL)
        found.data[start : start + len(raw)] = raw
        return 0

    def skb_load_bytes(context: int, offset: int, target: int, size: int, *_: int) -> int:
        return load(skb(), offset, target, size)

    def skb_load_bytes_relative(context: int, offset: int, target: int, size: int, start: int) -> int:
        found = skb()
        # BPF_HDR_START_MAC, BPF_HDR_START_NET
        base = {0: found.link_offset, 1: found.network_offset}.get(start)
        if base is None or base < 0:
            view = memory.view(target, size & 0xFFFF_FFFF, write=True)
            view[:] = bytes(len(view))
            return negative(errno.EFAULT)
        return load(found, offset + base, target, size)

    def skb_store_bytes(context: int, offset: int, source: int, size: int, flags: int) -> int:
        if flags & ~3:
            return negative(errno.EINVAL)
        return store(skb(), offset, source, size)

    def skb_pull_data(*_: int) -> int:
        skb()
        return 0

    def skb_change_tail(context: int, length: int, flags: int, *_: int) -> int:
        found, length = skb(), length & 0xFFFF_FFFF
        if flags or not 14 <= length <= LARGEST_PACKET:
            return negative(errno.EINVAL)
        found.resize(found.data[:length] + bytearray(max(0, length - len(found.data))))
        return 0

    def skb_change_head(context: int, length: int, flags: int, *_: int) -> int:
        found, length = skb(), length & 0xFFFF_FFFF
        if flags or length + len(found.data) > LARGEST_PACKET:
            return negative(errno.EINVAL)
        found.resize(bytearray(length) + found.data)
        return 0

    def xdp_load_bytes(context: int, offset: int, target: int, size: int, *_: int) -> int:
        return load(xdp(), offset, target, size)

    def xdp_store_bytes(context: int, offset: int, source: int, size: int, *_: int) -> int:
        return store(xdp(), offset, source, size)

    def xdp_adjust_head(context: int, delta: int, *_: int) -> int:
        return 0 if xdp().adjust_head(signed(delta)) else negative(errno.EINVAL)

    def xdp_adjust_tail(context: int, delta: int, *_: int) -> int:
        return 0 if xdp().adjust_tail(signed(delta)) else negative(errno.EINVAL)

    def xdp_adjust_meta(context: int, delta: int, *_: int) -> int:
        return 0 if xdp().adjust_meta(signed(delta)) else negative(errno.EINVAL)

    def xdp_get_buff_len(*_: int) -> int:
        found = xdp()
        return len(found.data) - found.meta

    def replace_sum(offset: int, before: int, after: int, flags: int, *, mangled: bool) -> int:
        found, offset, size = skb(), offset & 0xFFFF_FFFF, flags & _FIELD_SIZES
        if offset > 0xFFFF or offset & 1 or size not in (0, 2, 4):
            return negative(errno.EFAULT if offset > 0xFFFF or offset & 1 else errno.EINVAL)
        if offset + 2 > len(found.data):
            return negative(errno.EFAULT)
        held = int.from_bytes(found.data[offset : offset + 2], host.byte_order)
        if mangled and not held:
            return 0
        total = ~held & 0xFFFF
        for value in (~before, after) if size else (after,):
            value &= (1 << 8 * (size or 4)) - 1
            total += (value & 0xFFFF) + (value >> 16)
        while total >> 16:
            total = (total & 0xFFFF) + (total >> 16)
        result = ~total & 0xFFFF
        if mangled and not result:
            result = 0xFFFF
        found.data[offset : offset + 2] = result.to_bytes(2, host.byte_order)
        return 0

    def l3_csum_replace(context: int, offset: int, before: int, after: int, flags: int) -> int:
        if flags & ~_FIELD_SIZES or (not flags & _FIELD_SIZES and before):
            return negative(errno.EINVAL)
        return replace_sum(offset, before, after, flags, mangled=False)

    def l4_csum_replace(context: int, offset: int, before: int, after: int, flags: int) -> int:
        if flags & ~(_FIELD_SIZES | 0x70) or (not flags & _FIELD_SIZES and before):
            return negative(errno.EINVAL)
        return replace_sum(offset, before, after, flags, mangled=bool(flags & _MARK_MANGLED))

    def redirect(index: int, flags: int, *_: int) -> int:
        if isinstance(host.packet, XdpPacket):
            return 0 if flags else _XDP_REDIRECT
        return _TC_SHOT if flags & ~1 else _TC_REDIRECT

    def clone_redirect(context: int, index: int, flags: int, *_: int) -> int:
        # There is no other interface that it could go to.
        return negative(errno.EINVAL)

    names = (
        skb_load_bytes,
        skb_load_bytes_relative,
        skb_store_bytes,
        skb_pull_data,
        skb_change_tail,
        skb_change_head,
        xdp_load_bytes,
        xdp_store_bytes,
        xdp_adjust_head,
        xdp_adjust_tail,
        xdp_adjust_meta,
        xdp_get_buff_len,
        l3_csum_replace,
        l4_csum_replace,
        redirect,
        clone_redirect,
    )
    found: dict[str, Callable[..., int]] = {function.__name__: function for function in names}
    return found | dict.fromkeys(_ABSENT, _zero) | {"get_socket_uid": _nobody, "get_netns_cookie": _one}


_ABSENT = (
    "get_socket_cookie",
    "get_hash_recalc",
    "set_hash_invalid",
    "get_cgroup_classid",
    "get_route_realm",
)
"""What a packet without a socket, a class or a route has 0 of."""


def _zero(*_: int) -> int:
    return 0


def _one(*_: int) -> int:
    return 1


def _nobody(*_: int) -> int:
    return 65534  # overflowuid: there is no socket whose owner it could be
