"""The ring buffer's reader, on a file with the layout that the kernel gives the map."""

from __future__ import annotations

import mmap
import os
import struct
from contextlib import nullcontext
from typing import TYPE_CHECKING

import pytest

from bpftui.core.errors import BpftuiError
from bpftui.core.live import RingBuffer

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = mmap.PAGESIZE
SIZE = PAGE
BUSY, DISCARDED = 1 << 31, 1 << 30


class Ring:
    """The kernel's side."""

    def __init__(self) -> None:
        self.fd = os.memfd_create("ring")
        self.max_entries = SIZE
        os.ftruncate(self.fd, 2 * PAGE + 2 * SIZE)
        self.produced = 0

    def put(self, data: bytes, flags: int = 0) -> None:
        record = struct.pack("=II", len(data) | flags, 0) + data
        record += bytes(-len(record) % 8)
        for index, byte in enumerate(record):
            at = (self.produced + index) % SIZE
            for half in (0, SIZE):  # the kernel maps the same pages twice
                os.pwrite(self.fd, bytes([byte]), 2 * PAGE + half + at)
        self.produced += len(record)
        os.pwrite(self.fd, struct.pack("=Q", self.produced), PAGE)

    @property
    def descriptor(self) -> nullcontext[int]:
        return nullcontext(self.fd)

    @property
    def consumed(self) -> int:
        return int(struct.unpack("=Q", os.pread(self.fd, 8, 0))[0])


@pytest.fixture
def ring() -> Iterator[Ring]:
    ring = Ring()
    yield ring
    os.close(ring.fd)


def test_records_come_in_order_and_make_room(ring: Ring) -> None:
    with RingBuffer.of(ring) as reader:
        assert reader.read() == []
        for text in (b"one", b"", b"exactly8"):
            ring.put(text)
        assert reader.pending == 16 + 8 + 16
        assert reader.read() == [b"one", b"", b"exactly8"]
        assert (reader.count, reader.pending, ring.consumed) == (3, 0, 40)


def test_discarded_records_are_skipped_and_counted(ring: Ring) -> None:
    with RingBuffer.of(ring) as reader:
        ring.put(b"bad", DISCARDED)
        ring.put(b"good")
        assert reader.read() == [b"good"]
        assert (reader.count, reader.discarded) == (1, 1)


def test_a_busy_record_stops_the_reading(ring: Ring) -> None:
    with RingBuffer.of(ring) as reader:
        ring.put(b"done")
        ring.put(b"busy", BUSY)
        ring.put(b"later")
        assert reader.read() == [b"done"]
        assert ring.consumed == 16


def test_the_limit_leaves_the_rest_for_the_next_time(ring: Ring) -> None:
    with RingBuffer.of(ring) as reader:
        for number in range(5):
            ring.put(bytes([number]))
        assert reader.read(2) == [b"\0", b"\1"]
        assert reader.read(10) == [b"\2", b"\3", b"\4"]


def test_records_wrap_around_the_end(ring: Ring) -> None:
    with RingBuffer.of(ring) as reader:
        for number in range(50):
            data = bytes([number]) * 999
            ring.put(data)
            assert reader.read() == [data]
        assert ring.produced > 10 * SIZE


def test_poll_says_whether_there_is_something() -> None:
    inside, outside = os.pipe()
    ring = Ring()
    with RingBuffer.of(ring) as reader:
        os.dup2(inside, reader._descriptor)  # a memfd cannot be waited for
        assert not reader.poll(0.01)
        os.write(outside, b"x")
        assert reader.poll(0.01)
    for fd in (inside, outside, ring.fd):
        os.close(fd)


def test_closing_leaves_no_descriptor_and_no_mapping(ring: Ring) -> None:
    before = len(os.listdir("/proc/self/fd"))
    reader = RingBuffer.of(ring)
    reader.close()
    reader.close()
    assert reader.read() == []
    assert len(os.listdir("/proc/self/fd")) == before


def test_what_cannot_be_mapped_is_an_error() -> None:
    before = len(os.listdir("/proc/self/fd"))
    with open("/proc/self/status", "rb") as file, pytest.raises(BpftuiError, match="cannot map the ring buffer"):
        RingBuffer(file.fileno(), SIZE)
    assert len(os.listdir("/proc/self/fd")) == before
