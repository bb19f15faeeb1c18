"""Pages of a trace buffer, made by hand as kernel/trace/ring_buffer.c describes them."""

from __future__ import annotations

import struct
import sys

import pytest

from bpftui.core.kernel.sys.trace_buffer import Event, read_page

pytestmark = pytest.mark.skipif(sys.byteorder == "big", reason="the words are those of a little-endian machine")


def page(*parts: bytes, flags: int = 0) -> bytes:
    body = b"".join(parts)
    return (struct.pack("=QQ", 1000, len(body) | flags) + body).ljust(4096, b"\0")


def short(delta: int, data: bytes) -> bytes:
    return struct.pack("=I", delta << 5 | len(data) // 4) + data


def test_events_short_and_long_with_their_times() -> None:
    long = struct.pack("=II", 7 << 5, 4 + 200) + b"x" * 200
    found = read_page(page(short(5, b"abcd"), long, short(1, b"12345678")))
    assert found.events == [Event(1005, b"abcd"), Event(1012, b"x" * 200), Event(1013, b"12345678")]
    assert not found.missed


def test_time_goes_on_over_an_extension_and_from_an_absolute_stamp() -> None:
    extension = struct.pack("=II", 3 << 5 | 30, 2)
    assert read_page(page(extension, short(0, b"abcd"))).events == [Event(1000 + (2 << 27) + 3, b"abcd")]
    stamp = struct.pack("=II", 9 << 5 | 31, 4)
    assert read_page(page(stamp, short(1, b"abcd"))).events == [Event((4 << 27 | 9) + 1, b"abcd")]


def test_padding_within_a_page_and_up_to_its_end() -> None:
    deleted = struct.pack("=II", 1 << 5 | 29, 12) + bytes(8)
    assert read_page(page(deleted, short(2, b"abcd"))).events == [Event(1002, b"abcd")]
    rest = struct.pack("=II", 29, 0)
    assert read_page(page(short(2, b"abcd"), rest, short(2, b"efgh"))).events == [Event(1002, b"abcd")]


def test_missing_events_are_told() -> None:
    assert read_page(page(short(0, b"abcd"), flags=1 << 31)).missed


@pytest.mark.parametrize(
    "raw", [b"", b"short", page()[:20], page(struct.pack("=II", 0, 1 << 20)), page(short(0, b"ab"))]
)
def test_what_does_not_fit_is_left_out(raw: bytes) -> None:
    assert read_page(raw).events == []
