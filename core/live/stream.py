"""Streams of events: a ring buffer map, read through shared memory.

The kernel's side is kernel/bpf/ringbuf.c. The map is mapped in two parts: the consumer's page, which is ours to write,
and behind it, read-only, the producer's page and the data, twice in a row, so that a record that wraps around the end
is still in one piece. A position is a count of bytes since the start that never wraps; the data of a position is at
position modulo size. A record is a header of 8 bytes, whose first four are the length with two flags, then the data,
padded to 8 bytes.

Memory order: the kernel stores a record's data before it clears the busy flag, and reads our position before it
reuses the space. Loads and stores of 8 aligned bytes are whole; x86-64 keeps their order, and elsewhere the many
instructions of the interpreter between two of them, the taking of its lock among them, do.
"""

from __future__ import annotations

import mmap
import os
import select
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol, Self, cast, runtime_checkable

from ..closing import Closing
from ..errors import BpftuiError
from ..spec import MapType
from .perf import HasSlots, PerfBuffer

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

__all__ = ["HasDescriptor", "Records", "RingBuffer", "open_records"]

BUSY = 1 << 31
"""BPF_RINGBUF_BUSY_BIT: the program is still writing."""
DISCARDED = 1 << 30
"""BPF_RINGBUF_DISCARD_BIT: the program thought better of it."""
HEADER = 8
"""BPF_RINGBUF_HDR_SZ, bytes."""


class HasDescriptor(Protocol):
    """A map that the kernel holds."""

    @property
    def descriptor(self) -> AbstractContextManager[int]:
        """Its file descriptor, which stays open within the context."""
        ...

    @property
    def max_entries(self) -> int:
        """For a ring buffer: bytes of its data."""
        ...


class Records(Protocol):
    """The reading side of a stream of records, of whichever runtime: reading consumes."""

    @property
    def lost(self) -> int:
        """How many records found no room so far; 0 where only the program can count them."""
        ...

    @property
    def pending(self) -> int:
        """Bytes that wait to be read, headers included."""
        ...

    def read(self, limit: int = 1000) -> list[bytes]:
        """Return the records that are there, at most *limit* of them, and make room for others."""
        ...

    def close(self) -> None:
        """Let go of it; a second call does nothing."""
        ...


@runtime_checkable
class HasRecords(Protocol):
    """A map that reads its records itself."""

    def records(self) -> Records | None:
        """Return their reading side; None where it has no records."""
        ...


def open_records(source: object) -> Records | None:
    """Return the reading side of a loaded ring buffer or perf event array; None where it has none.

    Raises:
        BpftuiError: The kernel's cannot be mapped.
    """
    if isinstance(source, HasRecords):
        return source.records()
    if getattr(source, "type", None) == MapType.PERF_EVENT_ARRAY:
        return PerfBuffer(cast("HasSlots", source))
    return RingBuffer.of(cast("HasDescriptor", source)) if hasattr(source, "descriptor") else None


class RingBuffer(Closing):
    """The reading side of a BPF_MAP_TYPE_RINGBUF. A ring buffer has one reader at a time: reading consumes.

    What a program could not put in, because the buffer was full, never gets here: only the program can count it.

    Args:
        descriptor: The map's file descriptor; it stays the caller's, who may close it at any time.
        size: The map's max_entries: bytes of data.
    """

    def __init__(self, descriptor: int, size: int) -> None:
        self._size = size
        with ExitStack() as undo:
            try:
                self._descriptor = os.dup(descriptor)
                undo.callback(os.close, self._descriptor)
                self._consumer = undo.enter_context(mmap.mmap(descriptor, mmap.PAGESIZE))
                self._producer = mmap.mmap(
                    descriptor, mmap.PAGESIZE + 2 * size, prot=mmap.PROT_READ, offset=mmap.PAGESIZE
                )
            except (OSError, ValueError) as error:
                raise BpftuiError(f"cannot map the ring buffer: {error}") from error
            undo.pop_all()
        self._consumed = memoryview(self._consumer).cast("Q")
        self._produced = memoryview(self._producer)[: mmap.PAGESIZE].cast("Q")
        self._data = memoryview(self._producer)[mmap.PAGESIZE :]
        self._headers = self._data.cast("I")
        self._reading = threading.Lock()
        self._closed = False
        self.count = 0
        self.discarded = 0

    lost: int = 0
    """Nobody tells but the program."""
    count: int
    """Records read so far."""
    discarded: int
    """Records that the program took back."""

    @classmethod
    def of(cls, source: HasDescriptor) -> Self:
        """Return the reader of a loaded map."""
        with source.descriptor as fd:
            return cls(fd, source.max_entries)

    @property
    def pending(self) -> int:
        """Bytes that wait to be read, headers included."""
        with self._reading:
            return 0 if self._closed else self._produced[0] - self._consumed[0]

    def poll(self, timeout: float | None = None) -> bool:
        """Wait at most *timeout* seconds for a record, or as long as it takes; return whether there is one."""
        waiter = select.poll()
        waiter.register(self._descriptor, select.POLLIN)
        return bool(waiter.poll(None if timeout is None else timeout * 1000))

    def read(self, limit: int = 1000) -> list[bytes]:
        """Return the records that are there, at most *limit* of them, and make room for others."""
        with self._reading:
            if self._closed:
                return []
            records: list[bytes] = []
            position, end = self._consumed[0], self._produced[0]
            while position < end and len(records) < limit:
                at = position % self._size
                header = self._headers[at // 4]
                if header & BUSY:
                    break
                length = header & ~(BUSY | DISCARDED)
                if header & DISCARDED:
                    self.discarded += 1
                else:
                    records.append(bytes(self._data[at + HEADER : at + HEADER + length]))
                position += (HEADER + length + 7) & ~7
            self._consumed[0] = position
            self.count += len(records)
            return records

    def close(self) -> None:
        """Unmap the buffer; a second call does nothing."""
        with self._reading:
            if self._closed:
                return
            self._closed = True
            for view in (self._consumed, self._produced, self._headers, self._data):
                view.release()
            self._consumer.close()
            self._producer.close()
            os.close(self._descriptor)
