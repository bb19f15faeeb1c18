"""Helpers and kernel functions of dynptrs (Linux 5.19; of packets since 6.4, copy and memset since 6.17)."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from ..world.dynptr import LARGEST, NULL, Dynptr, DynptrKind
from .declaration import ADDRESS, BUFFER, BYTES, DYNPTR, MAP, SKB, U32, U64, XDP, function
from .records import Reserved, stream

if TYPE_CHECKING:
    from ..maps import Store
    from ..world.host import Host
    from ..world.packet import Packet, SkbPacket, XdpPacket

__all__: list[str] = []


def _begin(host: Host, target: int, dynptr: Dynptr, flags: int) -> int:
    """Write a new dynptr to *target*, a null one where it cannot be; return 0 or the error."""
    error = -errno.E2BIG if dynptr.size > LARGEST else -errno.EINVAL if flags else 0
    (NULL if error else dynptr).store(host, target)
    return error


@function(ADDRESS, U32, U64, ADDRESS)
def bpf_dynptr_from_mem(host: Host, data: int, size: int, flags: int, target: int) -> int:
    return _begin(host, target, Dynptr(data, DynptrKind.LOCAL, size, 0), flags)


@function(SKB, U64, ADDRESS)
def bpf_dynptr_from_skb(host: Host, packet: SkbPacket, flags: int, target: int) -> int:
    return _begin(host, target, _of_packet(packet, DynptrKind.SKB, packet.length), flags)


@function(XDP, U64, ADDRESS)
def bpf_dynptr_from_xdp(host: Host, packet: XdpPacket, flags: int, target: int) -> int:
    return _begin(host, target, _of_packet(packet, DynptrKind.XDP, packet.length), flags)


def _of_packet(packet: Packet, kind: DynptrKind, size: int) -> Dynptr:
    return Dynptr(packet.context.base, kind, size, 0, read_only=not packet.region.writable)


@function(MAP, U32, U64, ADDRESS)
def bpf_ringbuf_reserve_dynptr(host: Host, store: Store, size: int, flags: int, target: int) -> int:
    if error := _begin(host, target, Dynptr(0, DynptrKind.INVALID, size, 0), flags):
        return error
    address = host.part(Reserved).reserve(stream(store), size)
    if not address:
        NULL.store(host, target)
        return -errno.EINVAL
    Dynptr(address, DynptrKind.RINGBUF, size, 0).store(host, target)
    return 0


@function(ADDRESS, U64)
def bpf_ringbuf_submit_dynptr(host: Host, place: int, _flags: int) -> int:
    return _finish(host, place, discard=False)


@function(ADDRESS, U64)
def bpf_ringbuf_discard_dynptr(host: Host, place: int, _flags: int) -> int:
    return _finish(host, place, discard=True)


def _finish(host: Host, place: int, *, discard: bool) -> int:
    dynptr = Dynptr.load(host, place)
    if dynptr.address:
        host.part(Reserved).finish(dynptr.address, discard=discard)
        NULL.store(host, place)
    return 0


@function(BUFFER, DYNPTR, U32, U64)
def bpf_dynptr_read(host: Host, target: memoryview, source: Dynptr, offset: int, flags: int) -> int:
    if not source.address or flags:
        return -errno.EINVAL
    if not source.has(offset, len(target)):
        return -errno.E2BIG
    found = source.read(host, offset, len(target))
    target[:] = bytes(len(target)) if found is None else found
    return _out_of_packet(source) if found is None else 0


@function(DYNPTR, U32, BYTES, U64)
def bpf_dynptr_write(host: Host, target: Dynptr, offset: int, data: bytes, flags: int) -> int:
    if not target.address or target.read_only:
        return -errno.EINVAL
    if not target.has(offset, len(data)):
        return -errno.E2BIG
    # Of a socket buffer: BPF_F_RECOMPUTE_CSUM, BPF_F_INVALIDATE_HASH
    if flags & ~(3 if target.kind == DynptrKind.SKB else 0):
        return -errno.EINVAL
    return 0 if target.write(host, offset, data) else _out_of_packet(target)


def _out_of_packet(dynptr: Dynptr) -> int:
    return -errno.EFAULT if dynptr.kind == DynptrKind.SKB else -errno.EINVAL


@function(DYNPTR, U32, U32)
def bpf_dynptr_data(host: Host, dynptr: Dynptr, offset: int, length: int) -> int:
    if dynptr.read_only or dynptr.kind not in (DynptrKind.LOCAL, DynptrKind.RINGBUF):
        return 0
    return bpf_dynptr_slice(host, dynptr, offset, 0, length)


@function(DYNPTR, U32, ADDRESS, U32)
def bpf_dynptr_slice(host: Host, dynptr: Dynptr, offset: int, buffer: int, length: int) -> int:
    """Return where it lies; of a packet, what does not lie in one piece is copied to the buffer, where there is one."""
    if not dynptr.address or not dynptr.has(offset, length):
        return 0
    place = dynptr.place(host, offset, length)
    if place is None and buffer and (found := dynptr.read(host, offset, length)) is not None:
        host.memory.write(buffer, found)
        return buffer
    return place or 0


@function(DYNPTR, U32, ADDRESS, U32)
def bpf_dynptr_slice_rdwr(host: Host, dynptr: Dynptr, offset: int, buffer: int, length: int) -> int:
    return 0 if dynptr.read_only else bpf_dynptr_slice(host, dynptr, offset, buffer, length)


@function(ADDRESS, U32, U32)
def bpf_dynptr_adjust(host: Host, place: int, start: int, end: int) -> int:
    dynptr = Dynptr.load(host, place)
    if not dynptr.address or start > end:
        return -errno.EINVAL
    if end > dynptr.size:
        return -errno.ERANGE
    dynptr._replace(offset=dynptr.offset + start, size=end - start).store(host, place)
    return 0


@function(DYNPTR)
def bpf_dynptr_is_null(_host: Host, dynptr: Dynptr) -> int:
    return int(not dynptr.address)


@function(DYNPTR)
def bpf_dynptr_is_rdonly(_host: Host, dynptr: Dynptr) -> int:
    return int(bool(dynptr.address) and dynptr.read_only)


@function(DYNPTR)
def bpf_dynptr_size(_host: Host, dynptr: Dynptr) -> int:
    return dynptr.size if dynptr.address else -errno.EINVAL


@function(DYNPTR, ADDRESS)
def bpf_dynptr_clone(host: Host, dynptr: Dynptr, target: int) -> int:
    (dynptr if dynptr.address else NULL).store(host, target)
    return 0 if dynptr.address else -errno.EINVAL


@function(DYNPTR, U32, DYNPTR, U32, U32)
def bpf_dynptr_copy(host: Host, target: Dynptr, offset: int, source: Dynptr, source_offset: int, size: int) -> int:
    if not source.address or not target.address or target.read_only:
        return -errno.EINVAL
    if not source.has(source_offset, size) or not target.has(offset, size):
        return -errno.E2BIG
    found = source.read(host, source_offset, size)
    return _out_of_packet(source) if found is None else bpf_dynptr_write(host, target, offset, found, 0)


@function(DYNPTR, U32, U32, U32)
def bpf_dynptr_memset(host: Host, target: Dynptr, offset: int, size: int, value: int) -> int:
    if not target.has(offset, size):
        return -errno.E2BIG if target.address and not target.read_only else -errno.EINVAL
    return bpf_dynptr_write(host, target, offset, bytes([value & 0xFF]) * size, 0)
