"""Helpers that calculate and mend Internet checksums."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final

from .declaration import BYTES, ENOTSUPP, SKB, U32, U64, function

if TYPE_CHECKING:
    from ..world.host import Host
    from ..world.packet import SkbPacket

__all__: list[str] = []

_MASK: Final = 0xFFFF_FFFF
_FIELD_SIZES: Final = 0xF
"""BPF_F_HDR_FIELD_MASK."""
_MARK_MANGLED: Final = 0x20
"""BPF_F_MARK_MANGLED_0: what is 0 has no checksum."""


def _folded(total: int) -> int:
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


@function(BYTES, BYTES, U32)
def bpf_csum_diff(host: Host, removed: bytes, added: bytes, seed: int) -> int:
    """As Linux has it since 6.13: what is 0 in ones' complement is 0 or 0xffff, by how it came about."""
    if (len(removed) | len(added)) & 3:
        return -errno.EINVAL
    total = seed
    if added:
        total = _partial(host, added, total)
    if removed and added:
        total += ~_partial(host, removed, 0) & _MASK
    elif removed:
        total = ~_partial(host, removed, ~total & _MASK) & _MASK
    return _folded(total)


def _partial(host: Host, raw: bytes, total: int) -> int:
    """Return a sum of 32-bit words, with what is carried out of it added again."""
    for at in range(0, len(raw), 4):
        total += int.from_bytes(raw[at : at + 4], host.byte_order)
    while total > _MASK:
        total = (total & _MASK) + (total >> 32)
    return total


@function(SKB, U32)
def bpf_csum_update(_host: Host, _packet: SkbPacket, _sum: int) -> int:
    return -ENOTSUPP  # no device has calculated one (CHECKSUM_COMPLETE)


@function(SKB, U64)
def bpf_csum_level(_host: Host, _packet: SkbPacket, level: int) -> int:
    # BPF_CSUM_LEVEL_QUERY: as no device has checked any, there is no level
    return -errno.EACCES if level == 0 else 0 if level <= 3 else -errno.EINVAL


@function(SKB, U32, U64, U64, U64)
def bpf_l3_csum_replace(host: Host, packet: SkbPacket, offset: int, before: int, after: int, flags: int) -> int:
    if flags & ~_FIELD_SIZES or (not flags & _FIELD_SIZES and before):
        return -errno.EINVAL
    return _replace(host, packet, offset, before, after, flags)


@function(SKB, U32, U64, U64, U64)
def bpf_l4_csum_replace(host: Host, packet: SkbPacket, offset: int, before: int, after: int, flags: int) -> int:
    if flags & ~(_FIELD_SIZES | 0xF0) or (not flags & _FIELD_SIZES and before):
        return -errno.EINVAL
    return _replace(host, packet, offset, before, after, flags)


def _replace(host: Host, packet: SkbPacket, offset: int, before: int, after: int, flags: int) -> int:
    size = flags & _FIELD_SIZES
    if offset > 0xFFFF or offset & 1:
        return -errno.EFAULT
    if size not in (0, 2, 4):
        return -errno.EINVAL
    if offset + 2 > len(packet.data):
        return -errno.EFAULT
    held = int.from_bytes(packet.data[offset : offset + 2], host.byte_order)
    mangled = flags & _MARK_MANGLED
    if mangled and not held:
        return 0
    total = ~held & 0xFFFF
    for value in (~before, after) if size else (after,):
        value &= (1 << 8 * (size or 4)) - 1
        total += (value & 0xFFFF) + (value >> 16)
    result = ~_folded(total) & 0xFFFF
    if mangled and not result:
        result = 0xFFFF
    packet.data[offset : offset + 2] = result.to_bytes(2, host.byte_order)
    return 0
