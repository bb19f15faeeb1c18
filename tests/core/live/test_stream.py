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


def test_records_of_one_length_are_found_together(ring: Ring) -> None:
    """As many as are alike, up to another length, one that was taken back, one that is written, and the end."""
    alike = [bytes([number]) * 12 for number in range(40)]
    with RingBuffer.of(ring) as reader:
        for last, flags, comes in ((b"longer" * 4, 0, True), (bytes(12), DISCARDED, False), (bytes(12), BUSY, False)):
            for record in alike:
                ring.put(record)
            ring.put(last, flags)
            ring.put(alike[0])
            found = [reader.read_block() for _ in range(2)]
            assert list(found[0]) == alike
            assert list(found[1]) == [last] * comes + alike[:1] * (flags != BUSY)
        assert (reader.count, reader.discarded, reader.pending) == (123, 1, 48)


def test_as_many_as_are_asked_for_come_together(ring: Ring) -> None:
    with RingBuffer.of(ring) as reader:
        for number in range(50):
            ring.put(bytes([number]) * 8)
        found = [list(reader.read_block(limit)) for limit in (20, 20, 20)]
    assert [bytes(record[0] for record in each) for each in found] == [
        bytes(range(20)),
        bytes(range(20, 40)),
        bytes(range(40, 50)),
    ]


def test_a_length_within_a_record_is_no_header(ring: Ring) -> None:
    """Where the next header would be if all were alike stands data, which looks like one."""
    with RingBuffer.of(ring) as reader:
        for _ in range(20):
            ring.put(bytes(8))
        ring.put((struct.pack("=II", 8, 0) + bytes(8)) * 4)
        ring.put(bytes(8))
        assert [len(record) for _ in range(2) for record in reader.read_block()] == [8] * 20 + [64, 8]


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
