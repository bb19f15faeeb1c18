"""Helpers that write records: ring buffers and perf event arrays."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final

from ...maps import ElementError
from ..engine.errors import RunError
from ..maps import RecordStore
from .declaration import ADDRESS, BYTES, CONTEXT, MAP, U64, function

if TYPE_CHECKING:
    from ..maps import Store
    from ..world.host import Host

__all__ = ["Reserved", "stream"]

_WAKE_FLAGS: Final = 3
"""BPF_RB_NO_WAKEUP, BPF_RB_FORCE_WAKEUP."""
_RECORD_FLAGS: Final = 0xF_FFFF_FFFF_FFFF
"""A CPU, and how many bytes of the packet are to be added (BPF_F_INDEX_MASK, BPF_F_CTXLEN_MASK)."""


class Reserved:
    """The records that are reserved now, by address."""

    def __init__(self, _host: Host) -> None:
        self._streams: dict[int, RecordStore] = {}

    def reserve(self, source: RecordStore, size: int) -> int:
        """Return the address of a new record of *size* bytes; 0 where there is no room."""
        if address := source.reserve(size):
            self._streams[address] = source
        return address

    def finish(self, address: int, *, discard: bool) -> None:
        """Give a record to the reader, or back; RunError where none is reserved there."""
        try:
            self._streams.pop(address).submit(address, discard=discard)
        except (KeyError, ElementError):
            raise RunError(f"{address:#x} is no record that was reserved") from None


def stream(store: Store) -> RecordStore:
    """Return *store*; RunError where it takes no records."""
    if not isinstance(store, RecordStore):
        raise RunError(f"map {store.name} ({store.shape.type.label}) takes no records")
    return store


@function(MAP, BYTES, U64)
def bpf_ringbuf_output(_host: Host, store: Store, record: bytes, flags: int) -> int:
    if flags & ~_WAKE_FLAGS:
        return -errno.EINVAL
    stream(store).output(record)
    return 0


@function(MAP, U64, U64)
def bpf_ringbuf_reserve(host: Host, store: Store, size: int, flags: int) -> int:
    return 0 if flags else host.part(Reserved).reserve(stream(store), size)


@function(ADDRESS, U64)
def bpf_ringbuf_submit(host: Host, address: int, _flags: int) -> int:
    host.part(Reserved).finish(address, discard=False)
    return 0


@function(ADDRESS, U64)
def bpf_ringbuf_discard(host: Host, address: int, _flags: int) -> int:
    host.part(Reserved).finish(address, discard=True)
    return 0


@function(MAP, U64)
def bpf_ringbuf_query(_host: Host, store: Store, flags: int) -> int:
    source = stream(store)
    # BPF_RB_AVAIL_DATA, RING_SIZE, CONS_POS, PROD_POS
    answers = (source.pending, source.shape.max_entries, source.consumed, source.consumed + source.pending)
    return answers[flags] if flags < len(answers) else 0


@function(CONTEXT, MAP, U64, BYTES, also=("bpf_skb_output", "bpf_xdp_output"))
def bpf_perf_event_output(host: Host, _context: int, store: Store, flags: int, record: bytes) -> int:
    if flags & ~_RECORD_FLAGS:
        return -errno.EINVAL
    if (length := flags >> 32) and host.packet is not None:
        if length > host.packet.length:
            return -errno.EFAULT
        record += host.packet.read(0, length) or b""
    try:
        stream(store).output(record)
    except ElementError:
        return -errno.ENOSPC
    return 0
