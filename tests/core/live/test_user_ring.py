"""Records for a program: the bytes of a user ring buffer, as the kernel lays them out (kernel/bpf/ringbuf.c)."""

from __future__ import annotations

import mmap
import struct
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from bpftui.core.errors import UsageError
from bpftui.core.live.user_ring import UserRingBuffer

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

PAGE = mmap.PAGESIZE


class RingFile:
    """A file in place of a map: the consumer's page, the producer's, and the records twice."""

    max_entries = PAGE

    def __init__(self, path: Path) -> None:
        self._path = path
        path.write_bytes(bytes(2 * PAGE + 2 * self.max_entries))

    @property
    @contextmanager
    def descriptor(self) -> Generator[int]:
        with self._path.open("r+b") as file:
            yield file.fileno()

    def consume(self, count: int) -> None:
        with self._path.open("r+b") as file:
            file.write(struct.pack("=Q", count))

    def at(self, start: int, size: int) -> bytes:
        return self._path.read_bytes()[start : start + size]


def test_records_stand_behind_each_other_with_a_header_each(tmp_path: Path) -> None:
    file = RingFile(tmp_path / "ring")
    ring = UserRingBuffer(file)
    assert ring.room == 4096
    assert ring.write(b"ab")
    assert ring.write(b"123456789")
    assert file.at(PAGE, 8) == struct.pack("=Q", 16 + 24)  # headers of 8 bytes, records that end at multiples of 8
    assert file.at(2 * PAGE, 40) == (
        struct.pack("=II", 2, 0) + b"ab\0\0\0\0\0\0" + struct.pack("=II", 9, 0) + b"123456789".ljust(16, b"\0")
    )
    assert ring.room == 4096 - 40
    ring.close()
    ring.close()
    with pytest.raises(UsageError, match="the user ring buffer is closed"):
        ring.write(b"")


def test_a_record_that_finds_no_room_waits_for_the_reader(tmp_path: Path) -> None:
    file = RingFile(tmp_path / "ring")
    ring = UserRingBuffer(file)
    assert ring.write(bytes(4080))
    assert not ring.write(b"a")
    with pytest.raises(UsageError, match="a record of 4089 bytes does not fit into a ring buffer of 4096"):
        ring.write(bytes(4089))
    file.consume(4088)
    assert ring.room == 4096
    assert ring.write(b"b" * 24)
    # It goes on over the end, which is mapped twice: what is read there stands at the beginning.
    assert file.at(3 * PAGE - 8, 32) == struct.pack("=II", 24, 0) + b"b" * 24
    ring.close()
