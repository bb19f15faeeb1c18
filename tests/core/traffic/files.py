"""Capture files, made byte by byte."""

from __future__ import annotations

import struct
from collections.abc import Iterable

START = 1_700_000_000_000_000_000

Stamped = Iterable[tuple[int, bytes]]
"""Nanoseconds since START, and a packet."""


def pcap(
    packets: Stamped, *, link: int = 1, order: str = "<", nanoseconds: bool = False, cut: int | None = None
) -> bytes:
    """Return a pcap file; *cut*: the most bytes of a packet that are captured."""
    magic, unit = (0xA1B23C4D, 1) if nanoseconds else (0xA1B2C3D4, 1000)
    raw = struct.pack(f"{order}IHHIIII", magic, 2, 4, 0, 0, 0x40000, link)
    for time, packet in packets:
        seconds, rest = divmod(START + time, 10**9)
        kept = packet[:cut]
        raw += struct.pack(f"{order}IIII", seconds, rest // unit, len(kept), len(packet)) + kept
    return raw


def pcapng(packets: Stamped, *, link: int = 1, order: str = "<") -> bytes:
    """Return a pcapng file with times in nanoseconds."""

    def block(kind: int, body: bytes) -> bytes:
        body += bytes(-len(body) % 4)
        size = len(body) + 12
        return struct.pack(f"{order}II", kind, size) + body + struct.pack(f"{order}I", size)

    raw = block(0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1))
    # if_tsresol 9, end of options
    raw += block(1, struct.pack(f"{order}HHIHHB3xHH", link, 0, 0, 9, 1, 9, 0, 0))
    for time, packet in packets:
        stamp = START + time
        head = struct.pack(f"{order}IIIII", 0, stamp >> 32, stamp & 0xFFFF_FFFF, len(packet), len(packet))
        raw += block(6, head + packet)
    return raw
