"""Packing: what one entry held over some ticks, as few bytes.

Ticks follow one another, and counters grow by about as much each time. So ticks and values are written as what they
are more than the ones before: values as integers of 8 bytes (or of 4, 2, 1 where their size asks for it), of which the
bytes of one place come one after the other. zlib finds little in that; tests/bench/bench_tape.py tells how little.
"""

from __future__ import annotations

import math
import struct
import sys
import zlib
from array import array
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LARGEST", "Change", "little", "pack", "unlittle", "unpack"]

Change: TypeAlias = "tuple[int, bytes | None]"
"""When an entry changed, as the number of a tick, and its value from then on; None where it was gone."""

_HEAD: Final = struct.Struct("<IBi")
"""How many changes, bytes of an integer, bytes of each value; -1 where they are of several sizes."""
_CODES: Final[dict[int, Literal["B", "H", "I", "Q"]]] = {1: "B", 2: "H", 4: "I", 8: "Q"}
LARGEST: Final = 1 << 28
"""Bytes that the changes of an entry within a minute may come to."""
_MOST: Final = 1 << 16
"""Ticks of a minute: their numbers have two bytes."""


def pack(changes: Sequence[Change], first: int) -> bytes:
    """Return changes, one at least, ascending, from tick *first* on, as bytes that `unpack` takes."""
    times = [first, *(tick for tick, _ in changes)]
    ticks = array("H", [tick - before for before, tick in pairwise(times)])
    values = [value for _, value in changes if value is not None]
    sizes = {len(value) for value in values}
    size = sizes.pop() if len(sizes) == 1 else -1 if sizes else 0
    unit = math.gcd(size, 8) if size > 0 else 1
    parts = [
        _HEAD.pack(len(changes), unit, size),
        little(ticks),
        bytes(value is not None for _, value in changes),
    ]
    if size < 0:
        parts.append(little(array("I", [len(value) for value in values])))
        parts += values
    else:
        parts.append(_woven(_differences(b"".join(values), unit, size), unit))
    return zlib.compress(b"".join(parts), 6)


def unpack(packed: bytes, first: int, most: int = LARGEST) -> list[Change]:
    """Return the changes that were packed, of at most so many bytes.

    Raises:
        ValueError: It is not what `pack` returns, or more than a minute can hold.
    """
    inflate = zlib.decompressobj()
    try:
        raw = inflate.decompress(packed, max(most, 1))
    except zlib.error:
        raise ValueError("the changes of an entry cannot be unpacked") from None
    if not inflate.eof or len(raw) < _HEAD.size:
        raise ValueError("the changes of an entry are cut off, or more than are written")
    count, unit, size = _HEAD.unpack_from(raw)
    at = _HEAD.size + 3 * count
    if not 0 < count <= _MOST or unit not in _CODES or size < -1 or (size > 0 and size % unit) or len(raw) < at:
        raise ValueError("the changes of an entry make no sense")
    ticks = unlittle("H", raw[_HEAD.size : _HEAD.size + 2 * count])
    present = raw[_HEAD.size + 2 * count : at]
    here = sum(map(bool, present))
    if size < 0:
        sizes = unlittle("I", raw[at : at + 4 * here])
        at += 4 * here
    else:
        sizes = array("I", [size]) * here
    body = raw[at:]
    if len(sizes) != here or len(body) != sum(sizes):
        raise ValueError("the values of an entry are cut off")
    if size > 0:
        body = _sums(_straight(body, unit), unit, size)
    found: list[Change] = []
    start, next_size = 0, iter(sizes)
    for tick, is_here in zip(accumulate(ticks), present, strict=True):
        stop = start + next(next_size) if is_here else start
        found.append((first + tick, body[start:stop] if is_here else None))
        start = stop
    return found


def little(numbers: array[int] | array[float]) -> bytes:
    """Return numbers as bytes, those of the least weight first."""
    if sys.byteorder == "big":
        numbers = numbers[:]
        numbers.byteswap()
    return numbers.tobytes()


def unlittle(code: Literal["B", "H", "I", "Q"], raw: bytes) -> array[int]:
    """Return the numbers that are bytes; ValueError where these are no whole number of them."""
    numbers: array[int] = array(code, raw)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _differences(raw: bytes, unit: int, size: int) -> bytes:
    """Return each integer as what it is more than that of the value before."""
    if not raw:
        return b""
    code, width, mask = _CODES[unit], size // unit, (1 << 8 * unit) - 1
    numbers = unlittle(code, raw)
    before = array(code, bytes(size)) + numbers[:-width]
    return little(array(code, [now - then & mask for now, then in zip(numbers, before, strict=True)]))


def _sums(raw: bytes, unit: int, size: int) -> bytes:
    """Undo `_differences`."""
    numbers, width, mask = unlittle(_CODES[unit], raw), size // unit, (1 << 8 * unit) - 1
    for at in range(width, len(numbers)):
        numbers[at] = numbers[at] + numbers[at - width] & mask
    return little(numbers)


def _woven(raw: bytes, unit: int) -> bytes:
    """Return the first bytes of all integers, then the second, and so on."""
    return raw if unit == 1 else b"".join(raw[place::unit] for place in range(unit))


def _straight(raw: bytes, unit: int) -> bytes:
    """Undo `_woven`."""
    if unit == 1:
        return raw
    count, found = len(raw) // unit, bytearray(len(raw))
    for place in range(unit):
        found[place::unit] = raw[place * count : (place + 1) * count]
    return bytes(found)
