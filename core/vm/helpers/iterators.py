"""Open-coded iterators (Linux 6.4): a state on the program's stack, and functions that begin, go on and end.

Their state is where the kernel has it, but for the words of a longer set of bits.
"""

from __future__ import annotations

import errno
import struct
from typing import TYPE_CHECKING, Final

from ..engine.errors import AccessError
from ..world.heap import Heap
from ..world.host import signed
from .control import MOST_LOOPS
from .declaration import ADDRESS, S32, U32, function

if TYPE_CHECKING:
    from ..world.host import Host

__all__: list[str] = []

_MOST_WORDS: Final = 511
"""BITS_ITER_NR_WORDS_MAX."""
_ENDED: Final = 0


@function(ADDRESS, S32, S32)
def bpf_iter_num_new(host: Host, state: int, start: int, end: int) -> int:
    error = -errno.EINVAL if start > end else -errno.E2BIG if end - start > MOST_LOOPS else 0
    # One before the first number, which next adds; equal ends mean that there is none.
    host.put_integer(state, 0 if error else start - 1, 4)
    host.put_integer(state + 4, 0 if error else end, 4)
    return error


@function(ADDRESS)
def bpf_iter_num_next(host: Host, state: int) -> int:
    order = "<" if host.byte_order == "little" else ">"
    current, end = struct.unpack(order + "2i", host.memory.read(state, 8))
    if current + 1 >= end:
        host.memory.write(state, bytes(8))
        return _ENDED
    host.put_integer(state, current + 1, 4)
    return state


@function(ADDRESS)
def bpf_iter_num_destroy(host: Host, state: int) -> int:
    host.memory.write(state, bytes(8))
    return 0


def _put_bits(host: Host, state: int, bits: int, count: int, bit: int) -> None:
    """Write `struct bpf_iter_bits_kern`: bits or their address, how many, the current one."""
    host.put_integer(state, bits, 8)
    host.put_integer(state + 8, count, 4)
    host.put_integer(state + 12, bit, 4)


@function(ADDRESS, ADDRESS, U32)
def bpf_iter_bits_new(host: Host, state: int, source: int, words: int) -> int:
    _put_bits(host, state, 0, 0, -1)
    if not source or not words:
        return -errno.EINVAL
    if words > _MOST_WORDS:
        return -errno.E2BIG
    try:
        raw = host.memory.read(source, 8 * words)
    except AccessError:
        return -errno.EFAULT
    bits = (
        int.from_bytes(raw, host.byte_order) if words == 1 else host.part(Heap).allocate("the bits of an iterator", raw)
    )
    if not bits and words > 1:
        return -errno.ENOMEM
    _put_bits(host, state, bits, 64 * words, -1)
    return 0


@function(ADDRESS)
def bpf_iter_bits_next(host: Host, state: int) -> int:
    count, bit = host.integer(state + 8, 4), signed(host.integer(state + 12, 4)) + 1
    if not 0 <= bit < count <= 64 * _MOST_WORDS:
        return _ENDED
    bits = host.integer(state, 8)
    left = (bits if count == 64 else _joined(host, host.memory.read(bits, count // 8))) >> bit
    found = bit + (left & -left).bit_length() - 1 if left else count
    host.put_integer(state + 12, found, 4)
    return state + 12 if left else _ENDED


def _joined(host: Host, raw: bytes) -> int:
    """Return words as one number, the first one's bits the lowest."""
    words = struct.unpack(f"{'<' if host.byte_order == 'little' else '>'}{len(raw) // 8}Q", raw)
    return int.from_bytes(struct.pack(f"<{len(words)}Q", *words), "little")


@function(ADDRESS)
def bpf_iter_bits_destroy(host: Host, state: int) -> int:
    if host.integer(state + 8, 4) > 64:
        host.part(Heap).free(host.integer(state, 8))
    return 0
