"""The pages of a trace buffer of the kernel's, as `trace_pipe_raw` gives them (kernel/trace/ring_buffer.c).

A page is a time stamp of 8 bytes, how much of it is filled (8 bytes, with a flag) and events one after another. An
event is a word with its kind in 5 bits and in 27 the nanoseconds since the one before, and what it holds. Both are what
`events/header_page` and `events/header_event` of the tracefs say, of Linux 3.5 to 6.18.
"""

from __future__ import annotations

import struct
import sys
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["PAGE_HEADER", "Event", "Page", "read_page"]

PAGE_HEADER: Final = 16
_FILLED: Final = (1 << 20) - 1
_MISSED: Final = 1 << 31
"""RB_MISSED_EVENTS: events in front of this page were overwritten."""
_LONG, _PADDING, _EXTENDED, _STAMP = 0, 29, 30, 31
_DELTA_BITS: Final = 27
_STAMP_BITS: Final = 59
"""An absolute time stamp has so many bits; those above are the last one's."""


class Event(NamedTuple):
    """One event."""

    time: int
    """Nanoseconds on the clock of the buffer."""
    data: bytes
    """Its record, from `common_type` on."""


class Page(NamedTuple):
    """A page that was read."""

    events: list[Event]
    missed: bool
    """Whether events before it were overwritten."""


def read_page(page: bytes) -> Page:
    """Return what a page holds; what does not fit into it is left out."""
    if len(page) < PAGE_HEADER:
        return Page([], False)
    time, commit = struct.unpack_from("=QQ", page)
    end = min(PAGE_HEADER + (commit & _FILLED), len(page))
    return Page(list(_events(page, end, time)), bool(commit & _MISSED))


def _events(page: bytes, end: int, time: int) -> Iterator[Event]:
    at = PAGE_HEADER
    while at + 8 <= end:
        word, second = struct.unpack_from("=II", page, at)
        kind, delta = (word & 31, word >> 5) if sys.byteorder == "little" else (word >> _DELTA_BITS, word & 0x7FF_FFFF)
        if kind == _PADDING:
            if not delta:  # up to the end of the page
                return
            at += 4 + second
        elif kind == _EXTENDED:
            time += delta + (second << _DELTA_BITS)
            at += 8
        elif kind == _STAMP:
            time = time >> _STAMP_BITS << _STAMP_BITS | second << _DELTA_BITS | delta
            at += 8
        else:
            time += delta
            begin, size = (at + 8, second - 4) if kind == _LONG else (at + 4, 4 * kind)
            if size < 0 or begin + size > end:
                return
            yield Event(time, page[begin : begin + size])
            at = begin + size
