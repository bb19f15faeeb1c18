"""Helpers that write records: ring buffers and perf event arrays."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from ...maps import ElementError
from ..errors import RunError
from ..host import negative
from ..map import Stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..host import Host

__all__ = ["helpers"]

_WAKE_FLAGS = 3
"""BPF_RB_NO_WAKEUP, BPF_RB_FORCE_WAKEUP."""


def helpers(host: Host) -> dict[str, Callable[..., int]]:
    """Return the helpers of this area by name."""
    memory = host.memory
    reserved: dict[int, Stream] = {}

    def stream(map_: int) -> Stream:
        store = host.maps[map_]
        if not isinstance(store, Stream):
            raise RunError(f"map {store.name} ({store.shape.type.label}) takes no records")
        return store

    def ringbuf_output(map_: int, data: int, size: int, flags: int, *_: int) -> int:
        if flags & ~_WAKE_FLAGS:
            return negative(errno.EINVAL)
        try:
            stream(map_).output(memory.read(data, size))
        except ElementError as error:
            return negative(error.errno)
        return 0

    def ringbuf_reserve(map_: int, size: int, flags: int, *_: int) -> int:
        if flags:
            return 0
        store = stream(map_)
        address = store.reserve(size)
        reserved[address] = store
        return address

    def finished(address: int, *, discard: bool) -> int:
        try:
            reserved.pop(address).submit(address, discard=discard)
        except (KeyError, ElementError):
            raise RunError(f"{address:#x} is no record that was reserved") from None
        return 0

    def ringbuf_submit(address: int, *_: int) -> int:
        return finished(address, discard=False)

    def ringbuf_discard(address: int, *_: int) -> int:
        return finished(address, discard=True)

    def ringbuf_query(map_: int, flags: int, *_: int) -> int:
        store = stream(map_)
        # BPF_RB_AVAIL_DATA, RING_SIZE, CONS_POS, PROD_POS
        return {
            0: store.pending,
            1: store.shape.max_entries,
            2: store.consumed,
            3: store.consumed + store.pending,
        }.get(flags, 0)

    def perf_event_output(context: int, map_: int, flags: int, data: int, size: int) -> int:
        store = stream(map_)
        if flags & ~0xF_FFFF_FFFF_FFFF:
            return negative(errno.EINVAL)
        record = memory.read(data, size)
        if (length := flags >> 32) and host.packet is not None:
            if length > len(host.packet.data):
                return negative(errno.EFAULT)
            record += bytes(host.packet.data[:length])
        try:
            store.output(record)
        except ElementError:
            return negative(errno.ENOSPC)
        return 0

    names = (ringbuf_output, ringbuf_reserve, ringbuf_submit, ringbuf_discard, ringbuf_query, perf_event_output)
    found: dict[str, Callable[..., int]] = {function.__name__: function for function in names}
    return found | {"skb_output": perf_event_output, "xdp_output": perf_event_output}
