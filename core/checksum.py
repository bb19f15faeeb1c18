"""The Internet checksum (RFC 1071)."""

from __future__ import annotations

import struct

__all__ = ["internet_checksum"]


def internet_checksum(data: bytes) -> int:
    """Return the checksum of *data* as a number in network byte order: the ones' complement of the sum of its words.

    It is 0 over data that has the right one in it.
    """
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
