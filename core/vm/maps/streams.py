"""Ring buffers and perf event arrays: records that programs write and somebody else reads."""

from __future__ import annotations

import errno
from collections import deque
from typing import TYPE_CHECKING, Final

from ...maps import ElementError
from ...spec import MapType
from .store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...btf import ByteOrder
    from ...maps import Shape
    from ...runtime import Entry
    from ..engine.memory import AddressSpace, Region

__all__ = ["RecordStore", "UserRing"]

_HEADER: Final = 8
"""Bytes that each record takes in addition, and what its length is rounded up to (BPF_RINGBUF_HDR_SZ)."""
_LARGEST: Final = (1 << 30) - 1
_PERF_BUFFER: Final = 1 << 20
"""Bytes; a perf event array has no size of its own."""


class RecordStore(Store):
    """`ringbuf` (kernel/bpf/ringbuf.c) and what of `perf_event_array` programs see: a queue of records of a given size.

    Room is taken when a record is reserved and given back when it is read, as in the kernel.
    """

    def __init__(self, name: str, shape: Shape, memory: AddressSpace, byte_order: ByteOrder = "little") -> None:
        super().__init__(name, shape, memory, byte_order)
        self._size = _PERF_BUFFER if shape.type == MapType.PERF_EVENT_ARRAY else shape.max_entries
        self._used = 0
        self._reserved: dict[int, Region] = {}
        self._records: deque[bytes] = deque()
        self.lost = 0
        """Records that found no room."""
        self.consumed = 0
        """Bytes that were read, headers included."""

    @property
    def pending(self) -> int:
        """Bytes that wait to be read, headers included."""
        return self._used

    def reserve(self, size: int) -> int:
        """Return the address of *size* bytes for a record; 0 where there is no room."""
        taken = _taken(size)
        if size > _LARGEST or taken > self._size or self._used + taken > self._size:
            self.lost += 1
            return 0
        self._used += taken
        region = self.memory.map(f"record of {self.name}", size)
        self._reserved[region.base] = region
        return region.base

    def submit(self, address: int, *, discard: bool = False) -> None:
        """Give a reserved record to the reader, or back."""
        region = self._reserved.pop(address, None)
        if region is None:
            raise ElementError(errno.EINVAL)
        self.memory.unmap(region)
        if discard:
            self._used -= _taken(region.size)
        else:
            self._records.append(bytes(region.data))

    def output(self, record: bytes) -> None:
        """Put a whole record in; EAGAIN where there is no room."""
        taken = _taken(len(record))
        if self._used + taken > self._size:
            self.lost += 1
            raise ElementError(errno.EAGAIN)
        self._used += taken
        self._records.append(record)

    def settle(self) -> None:
        """Take back what a run reserved and did not submit: the verifier would not have let it."""
        for address in list(self._reserved):
            self.submit(address, discard=True)

    def read(self, limit: int = 1000) -> list[bytes]:
        """Return the records that are there, at most *limit* of them, and make room for others."""
        records: list[bytes] = []
        while self._records and len(records) < limit:
            record = self._records.popleft()
            taken = _taken(len(record))
            self._used -= taken
            self.consumed += taken
            records.append(record)
        return records

    def entries(self) -> Iterator[Entry]:
        """Iterate over nothing: it is a stream."""
        return iter(())


class UserRing(Store):
    """`user_ringbuf` (Linux 6.1): records that somebody else writes and programs read."""

    def __init__(self, name: str, shape: Shape, memory: AddressSpace, byte_order: ByteOrder = "little") -> None:
        super().__init__(name, shape, memory, byte_order)
        self._records: deque[bytes] = deque()
        self._used = 0
        self.busy = False
        """Whether a program is draining it."""

    def produce(self, record: bytes) -> bool:
        """Put a record in; False where there is no room."""
        taken = _taken(len(record))
        if self._used + taken > self.shape.max_entries:
            return False
        self._used += taken
        self._records.append(record)
        return True

    def consume(self) -> bytes | None:
        """Take the oldest record out; None where there is none."""
        if not self._records:
            return None
        record = self._records.popleft()
        self._used -= _taken(len(record))
        return record

    def entries(self) -> Iterator[Entry]:
        """Iterate over nothing: it is a stream."""
        return iter(())


def _taken(size: int) -> int:
    return (_HEADER + size + 7) & ~7
