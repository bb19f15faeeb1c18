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
from array import array
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, Protocol, Self, TypeAlias, cast, runtime_checkable

from ..closing import Closing
from ..errors import BpftuiError, reason_of
from ..spec import MapType
from .block import Block
from .perf import HasSlots, PerfBuffer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

__all__ = ["HasDescriptor", "Records", "RingBuffer", "open_records"]

BUSY = 1 << 31
"""BPF_RINGBUF_BUSY_BIT: the program is still writing."""
DISCARDED = 1 << 30
"""BPF_RINGBUF_DISCARD_BIT: the program thought better of it."""
HEADER = 8
"""BPF_RINGBUF_HDR_SZ, bytes."""
_LENGTH: Final = 4
"""Bytes of a header that are the length, and its flags; the others are of no interest here."""
_ALIKE: Final = 16
"""Records of one length in a row from which on they are looked at together."""
_SPAN: Final = 1 << 20
"""Bytes that are taken at a time, or one record."""


_Places: TypeAlias = "tuple[Sequence[int], Sequence[int], int]"
"""Where each record begins and ends, counted from the first one's header, and where all are over in the data."""


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
                raise BpftuiError(f"cannot map the ring buffer: {reason_of(error)}") from error
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
        return list(self.read_block(limit))

    def read_block(self, limit: int = 1000) -> Block:
        """Return the same in one piece, of which nobody need make objects; of much that is there a part."""
        with self._reading:
            if self._closed:
                return Block.of(())
            position, end = self._consumed[0], self._produced[0]
            at = position % self._size
            stop = at + end - position
            starts, ends, over = self._alike(at, stop, limit) or self._one_by_one(at, stop, limit)
            block = Block(bytes(self._data[at:over]), starts, ends)
            self._consumed[0] = position + over - at
            self.count += len(block)
            return block

    def _alike(self, at: int, stop: int, limit: int) -> _Places | None:
        """Find records of one length that stand in a row: as many headers as are the same as the first one.

        Each tells where the next one is, so that what is no header is not taken for one.

        Args:
            at: Where the first one begins in the data.
            stop: Where what is there ends.
            limit: The most that are of interest.

        Returns:
            None where there are few, or the first is none to be read.
        """
        if at == stop:
            return None
        length = self._headers[at // _LENGTH]
        step = _room(length)
        most = min((min(stop, at + _SPAN) - at) // step, limit)
        if length >= DISCARDED or most < _ALIKE:
            return None
        headers = self._headers[at // _LENGTH : (at + most * step) // _LENGTH : step // _LENGTH].tobytes()
        count = _common(headers, most * headers[:_LENGTH], _LENGTH)
        if count < _ALIKE:
            return None
        over = count * step
        return range(HEADER, over, step), range(HEADER + length, over + 1, step), at + over

    def _one_by_one(self, at: int, stop: int, limit: int) -> _Places:
        """Find records of any length, up to one that is still written; without those that were taken back."""
        starts, ends = array("Q"), array("Q")
        headers, begin, stop = self._headers, at, min(stop, at + _SPAN)
        while at < stop and len(starts) < limit:
            length = headers[at // _LENGTH]
            if length >= BUSY:
                break
            if length >= DISCARDED:
                self.discarded += 1
                length -= DISCARDED
            else:
                starts.append(at - begin + HEADER)
                ends.append(at - begin + HEADER + length)
            at += _room(length)
        return starts, ends, at

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


def _room(length: int) -> int:
    """Return the bytes that a record of so many takes, with its header."""
    return (HEADER + length + 7) & ~7


def _common(one: bytes, two: bytes, size: int) -> int:
    """Return with how many pieces of so many bytes both begin."""
    if one == two:
        return len(one) // size
    low, high = 0, len(one) // size
    while high - low > 1:  # they have *low* in common, and not *high*
        middle = (low + high) // 2
        if one[low * size : middle * size] == two[low * size : middle * size]:
            low = middle
        else:
            high = middle
    return low
