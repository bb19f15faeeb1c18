"""Perf event arrays: what programs write with bpf_perf_event_output, one buffer for each CPU.

The layout of a buffer is that of perf_event_open(2): a page with positions, then the data, a power of two of pages. A
record is a header (type, flags, size) and what the type says; a sample has a length and the program's bytes, padded to
8; a record of its own counts what was lost because the buffer was full. Records of one CPU come in order, those of
several do not.
"""

from __future__ import annotations

import contextlib
import mmap
import select
import struct
import sys
import threading
from contextlib import ExitStack
from typing import Final, Protocol

from ..closing import Closing
from ..errors import BpftuiError, reason_of

__all__ = ["HasSlots", "PerfBuffer"]

_HEAD: Final = 1024 // 8
"""Where the kernel's position is in the first page, in 64-bit words; ours follows."""
_HEADER: Final = struct.Struct("=IHH")
_LOST: Final = 2
_SAMPLE: Final = 9


class HasSlots(Protocol):
    """A perf event array that the kernel holds: a slot for each CPU."""

    def update(self, key: bytes, value: object) -> None:
        """Put an event into a CPU's slot."""
        ...

    def delete(self, key: bytes) -> None:
        """Empty a slot."""
        ...


class _Event:
    """The event of one CPU with its buffer, put into a map as long as it is open."""

    def __init__(self, cpu: int, pages: int) -> None:
        from ..kernel.sys.perf import enable, open_output

        self.cpu = cpu
        self._size = pages * mmap.PAGESIZE
        try:
            self._event = open_output(cpu)
        except OSError as error:
            reason = reason_of(error)
            raise BpftuiError(
                f"cannot open a perf event on CPU {cpu}: {reason}", hint="it takes CAP_PERFMON: run it with sudo"
            ) from None
        try:
            with self._event as fd:
                self._memory = mmap.mmap(fd, mmap.PAGESIZE + self._size)
            enable(self._event)
        except OSError as error:
            self._event.close()
            reason = reason_of(error)
            hint = "ask for fewer pages, or raise kernel.perf_event_mlock_kb"
            raise BpftuiError(f"cannot map the perf buffer of CPU {cpu}: {reason}", hint=hint) from None
        self._positions = memoryview(self._memory)[: mmap.PAGESIZE].cast("Q")

    def fileno(self) -> int:
        with self._event as fd:
            return fd

    @property
    def pending(self) -> int:
        return int(self._positions[_HEAD] - self._positions[_HEAD + 1])

    def read(self, limit: int) -> tuple[list[bytes], int]:
        """Return at most *limit* samples, and how many were lost before them."""
        samples: list[bytes] = []
        lost = 0
        position, end = self._positions[_HEAD + 1], self._positions[_HEAD]
        while position < end and len(samples) < limit:
            kind, _, size = _HEADER.unpack(self._at(position, _HEADER.size))
            if kind == _SAMPLE:
                (length,) = struct.unpack("=I", self._at(position + _HEADER.size, 4))
                samples.append(self._at(position + _HEADER.size + 4, length))
            elif kind == _LOST:
                lost += int(struct.unpack("=Q", self._at(position + _HEADER.size + 8, 8))[0])
            position += size
        self._positions[_HEAD + 1] = position
        return samples, lost

    def _at(self, position: int, length: int) -> bytes:
        """Return bytes of the data, which may go on at its start."""
        start = position % self._size
        whole = self._memory[mmap.PAGESIZE + start : mmap.PAGESIZE + min(start + length, self._size)]
        rest = length - len(whole)
        return whole + self._memory[mmap.PAGESIZE : mmap.PAGESIZE + rest] if rest else whole

    def close(self) -> None:
        self._positions.release()
        self._memory.close()
        self._event.close()


class PerfBuffer(Closing):
    """The reading side of a BPF_MAP_TYPE_PERF_EVENT_ARRAY. Reading consumes.

    Programs that name a CPU that has no event, or run before this was made, write nowhere.

    Args:
        array: The map, which the events are put into; it stays the caller's. Only one reader can have it.
        pages: Pages of data for each CPU, a power of two.

    Raises:
        NoPermissionError, BpftuiError: The events cannot be opened, or not be put into the map.
    """

    def __init__(self, array: HasSlots, pages: int = 64) -> None:
        from ..kernel.sys.cpus import online_cpus

        self._array = array
        self._reading = threading.Lock()
        self._closed = False
        self.count = 0
        self.lost = 0
        with ExitStack() as undo:
            self._events: list[_Event] = []
            for cpu in online_cpus():
                event = _Event(cpu, pages)
                undo.callback(event.close)
                array.update(_key(cpu), event)
                undo.callback(self._take_out, event)
                self._events.append(event)
            self._undo = undo.pop_all()

    count: int
    """Samples read so far."""
    lost: int
    """Samples that found the buffer full, as far as the kernel has told."""

    @property
    def pending(self) -> int:
        """Bytes that wait to be read, of all CPUs, headers included."""
        with self._reading:
            return 0 if self._closed else sum(event.pending for event in self._events)

    def poll(self, timeout: float | None = None) -> bool:
        """Wait at most *timeout* seconds for a sample, or as long as it takes; return whether there is one."""
        waiter = select.poll()
        for event in self._events:
            waiter.register(event, select.POLLIN)
        return bool(waiter.poll(None if timeout is None else timeout * 1000))

    def read(self, limit: int = 1000) -> list[bytes]:
        """Return the samples that are there, at most *limit* of them, CPU by CPU, and make room for others.

        The kernel pads what a program writes to a length that is 4 more than a multiple of 8: type what you read.
        """
        found: list[bytes] = []
        with self._reading:
            for event in () if self._closed else self._events:
                samples, lost = event.read(limit - len(found))
                found += samples
                self.lost += lost
            self.count += len(found)
        return found

    def close(self) -> None:
        """Take the events out of the map and close them; a second call does nothing."""
        with self._reading:
            if not self._closed:
                self._closed = True
                self._undo.close()

    def _take_out(self, event: _Event) -> None:
        # The map may be closed already, or another reader's event be in that place.
        with contextlib.suppress(BpftuiError, KeyError):
            self._array.delete(_key(event.cpu))


def _key(cpu: int) -> bytes:
    return cpu.to_bytes(4, sys.byteorder)
