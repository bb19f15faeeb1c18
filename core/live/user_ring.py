"""User ring buffers: records for programs, which take them with bpf_user_ringbuf_drain (Linux 6.1).

The layout is that of `stream`, with the sides exchanged: the producer's page and the data are ours to write.
"""

from __future__ import annotations

import mmap
import struct
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

from ..closing import Closing
from ..errors import BpftuiError, UsageError, reason_of
from .stream import BUSY, HEADER

if TYPE_CHECKING:
    from .stream import HasDescriptor

__all__ = ["UserRingBuffer"]


class UserRingBuffer(Closing):
    """The writing side of a BPF_MAP_TYPE_USER_RINGBUF. Of a map there is one at a time.

    Args:
        source: The map; it stays the caller's, who may close it at any time.

    Raises:
        BpftuiError: It cannot be mapped.
    """

    def __init__(self, source: HasDescriptor) -> None:
        self._size = source.max_entries
        with ExitStack() as undo, source.descriptor as fd:
            try:
                self._consumer = undo.enter_context(mmap.mmap(fd, mmap.PAGESIZE, prot=mmap.PROT_READ))
                self._producer = mmap.mmap(fd, mmap.PAGESIZE + 2 * self._size, offset=mmap.PAGESIZE)
            except (OSError, ValueError) as error:
                raise BpftuiError(f"cannot map the user ring buffer: {reason_of(error)}") from error
            undo.pop_all()
        self._consumed = memoryview(self._consumer).cast("Q")
        self._produced = memoryview(self._producer)[: mmap.PAGESIZE].cast("Q")
        self._headers = memoryview(self._producer)[mmap.PAGESIZE :].cast("I")
        self._writing = threading.Lock()
        self._closed = False

    @property
    def room(self) -> int:
        """Bytes that can be written now, headers included."""
        return self._size - (self._produced[0] - self._consumed[0])

    def write(self, record: bytes) -> bool:
        """Put a record in; return False where there is no room for it now.

        Raises:
            UsageError: It can never fit, or this is closed.
        """
        taken = (HEADER + len(record) + 7) & ~7
        if taken > self._size:
            raise UsageError(f"a record of {len(record)} bytes does not fit into a ring buffer of {self._size}")
        with self._writing:
            if self._closed:
                raise UsageError("the user ring buffer is closed")
            if taken > self.room:
                return False
            position = self._produced[0]
            at = position % self._size
            self._headers[at // 4] = len(record) | BUSY
            start = mmap.PAGESIZE + at + 4
            self._producer[start : start + 4 + len(record)] = struct.pack("=I", 0) + record
            # The position first, as libbpf does: the reader stops at a busy record.
            self._produced[0] = position + taken
            self._headers[at // 4] = len(record)
        return True

    def close(self) -> None:
        """Unmap it; a second call does nothing. What was written stays for programs."""
        with self._writing:
            if self._closed:
                return
            self._closed = True
            for view in (self._consumed, self._produced, self._headers):
                view.release()
            self._consumer.close()
            self._producer.close()
