"""Records in the buffer of a perf event, as perf_event_open(2) lays them out."""

from __future__ import annotations

import mmap
import struct

from bpftui.core.live.perf import _Event

SIZE = mmap.PAGESIZE


class Written(_Event):
    """An event whose buffer the test writes, in the place of the kernel."""

    def __init__(self, tail: int) -> None:
        self.cpu = 0
        self._size = SIZE
        self._memory = mmap.mmap(-1, 2 * SIZE)
        self._positions = memoryview(self._memory)[:SIZE].cast("Q")
        self._positions[128] = self._positions[129] = tail

    def write(self, kind: int, body: bytes) -> None:
        """Write a record, padded to 8 bytes, over the end of the data if need be."""
        body += bytes(-len(body) % 8)
        at = self._positions[128]
        for number, byte in enumerate(struct.pack("=IHH", kind, 0, 8 + len(body)) + body):
            self._memory[SIZE + (at + number) % SIZE] = byte
        self._positions[128] = at + 8 + len(body)


def sample(text: bytes) -> bytes:
    return struct.pack("=I", len(text)) + text


def test_records_go_on_at_the_start_of_the_buffer() -> None:
    for tail in (0, SIZE - 8, SIZE - 16, SIZE - 20 & ~7, 5 * SIZE - 24):
        event = Written(tail)
        event.write(9, sample(b"the first one"))
        event.write(9, sample(b"another one"))
        assert event.pending == 56
        assert event.read(10) == ([b"the first one", b"another one"], 0)
        assert (event.pending, event.read(10)) == (0, ([], 0))


def test_what_was_lost_is_counted_and_what_is_unknown_passed_over() -> None:
    event = Written(SIZE - 16)
    event.write(2, struct.pack("=QQ", 7, 3))
    event.write(5, bytes(16))
    event.write(9, sample(b"x"))
    event.write(2, struct.pack("=QQ", 7, 2))
    assert event.read(1) == ([b"x"], 3)
    assert event.pending == 24
    assert event.read(0) == ([], 0)
    assert event.read(1) == ([], 2)


def test_positions_are_where_the_kernel_has_them() -> None:
    """`data_head` and `data_tail` of struct perf_event_mmap_page."""
    event = Written(0)
    event.write(9, sample(b"x"))
    assert struct.unpack_from("=QQ", event._memory, 1024) == (16, 0)
    event.read(1)
    assert struct.unpack_from("=QQ", event._memory, 1024) == (16, 16)
