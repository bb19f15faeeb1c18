"""Helpers that read text."""

from __future__ import annotations

import errno
import re
from typing import TYPE_CHECKING, Final

from .declaration import ADDRESS, BYTES, U32, U64, function

if TYPE_CHECKING:
    from ..world.host import Host

__all__: list[str] = []

_DIGITS: Final = {0: r"(0[xX][0-9a-fA-F]+|\d+)", 8: "[0-7]+", 10: r"\d+", 16: "(0[xX])?[0-9a-fA-F]+"}


@function(ADDRESS, U32, ADDRESS)
def bpf_strncmp(host: Host, first: int, size: int, second: int) -> int:
    for a, b in zip(host.text(first, size) + b"\0", host.text(second, size) + b"\0", strict=False):
        if a != b:
            return a - b
    return 0


@function(BYTES, U64, ADDRESS)
def bpf_strtol(host: Host, text: bytes, flags: int, result: int) -> int:
    return _number(host, text, flags, result, range(-(1 << 63), 1 << 63))


@function(BYTES, U64, ADDRESS)
def bpf_strtoul(host: Host, text: bytes, flags: int, result: int) -> int:
    return _number(host, text, flags, result, range(1 << 64))


def _number(host: Host, raw: bytes, flags: int, result: int, possible: range) -> int:
    base = flags & 0x1F
    if base not in _DIGITS or flags & ~0x1F or not raw:
        return -errno.EINVAL
    text = raw.partition(b"\0")[0].decode("latin-1")
    sign = "-?" if possible[0] else ""
    match = re.match(rf"\s*({sign}{_DIGITS[base]})", text, re.ASCII)
    if match is None:
        return -errno.EINVAL
    octal = base == 0 and re.fullmatch(r"-?0[0-7]+", match[1])
    value = int(match[1], 8 if octal else base)
    if value not in possible:
        return -errno.ERANGE
    host.put_integer(result, value, 8)
    return match.end()
