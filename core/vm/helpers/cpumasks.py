"""Sets of CPUs (`struct bpf_cpumask`, Linux 6.3): objects of a bit for each CPU."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final

from ..world.heap import Heap
from .declaration import ADDRESS, BYTES, U32, function
from .objects import Objects

if TYPE_CHECKING:
    from ..world.host import Host

__all__: list[str] = []

_SIZE: Final = 8
"""Bytes of a mask: the machine has at most 64 CPUs, whatever its settings say."""


def _get(host: Host, mask: int) -> int:
    return host.integer(mask, _SIZE)


def _put(host: Host, mask: int, bits: int) -> int:
    host.put_integer(mask, bits, _SIZE)
    return 0


def _all(host: Host) -> int:
    return (1 << min(host.settings.cpus, 8 * _SIZE)) - 1


def _bit(host: Host, cpu: int) -> int:
    """Return the bit of a CPU; 0 where there is no such CPU."""
    return 1 << cpu if cpu < min(host.settings.cpus, 8 * _SIZE) else 0


def _lowest(host: Host, bits: int) -> int:
    """Return the number of the lowest bit; one behind the last CPU where there is none."""
    return (bits & -bits).bit_length() - 1 if bits else host.settings.cpus


@function()
def bpf_cpumask_create(host: Host) -> int:
    return host.part(Heap).allocate("a cpumask", _SIZE)


@function(ADDRESS)
def bpf_cpumask_acquire(host: Host, mask: int) -> int:
    return host.part(Objects).acquire(mask)


@function(ADDRESS)
def bpf_cpumask_release(host: Host, mask: int) -> int:
    host.part(Objects).drop(mask)
    return 0


@function(ADDRESS)
def bpf_cpumask_first(host: Host, mask: int) -> int:
    return _lowest(host, _get(host, mask))


@function(ADDRESS)
def bpf_cpumask_first_zero(host: Host, mask: int) -> int:
    return _lowest(host, _all(host) & ~_get(host, mask))


@function(ADDRESS, ADDRESS)
def bpf_cpumask_first_and(host: Host, first: int, second: int) -> int:
    return _lowest(host, _get(host, first) & _get(host, second))


@function(ADDRESS)
def bpf_cpumask_any_distribute(host: Host, mask: int) -> int:
    return _lowest(host, _get(host, mask))


@function(ADDRESS, ADDRESS)
def bpf_cpumask_any_and_distribute(host: Host, first: int, second: int) -> int:
    return _lowest(host, _get(host, first) & _get(host, second))


@function(U32, ADDRESS)
def bpf_cpumask_set_cpu(host: Host, cpu: int, mask: int) -> int:
    return _put(host, mask, _get(host, mask) | _bit(host, cpu))


@function(U32, ADDRESS)
def bpf_cpumask_clear_cpu(host: Host, cpu: int, mask: int) -> int:
    return _put(host, mask, _get(host, mask) & ~_bit(host, cpu))


@function(U32, ADDRESS)
def bpf_cpumask_test_cpu(host: Host, cpu: int, mask: int) -> int:
    return int(bool(_get(host, mask) & _bit(host, cpu)))


@function(U32, ADDRESS)
def bpf_cpumask_test_and_set_cpu(host: Host, cpu: int, mask: int) -> int:
    before = bpf_cpumask_test_cpu(host, cpu, mask)
    bpf_cpumask_set_cpu(host, cpu, mask)
    return before


@function(U32, ADDRESS)
def bpf_cpumask_test_and_clear_cpu(host: Host, cpu: int, mask: int) -> int:
    before = bpf_cpumask_test_cpu(host, cpu, mask)
    bpf_cpumask_clear_cpu(host, cpu, mask)
    return before


@function(ADDRESS)
def bpf_cpumask_setall(host: Host, mask: int) -> int:
    return _put(host, mask, _all(host))


@function(ADDRESS)
def bpf_cpumask_clear(host: Host, mask: int) -> int:
    return _put(host, mask, 0)


@function(ADDRESS, ADDRESS, ADDRESS)
def bpf_cpumask_and(host: Host, target: int, first: int, second: int) -> int:
    both = _get(host, first) & _get(host, second)
    _put(host, target, both)
    return int(bool(both))


@function(ADDRESS, ADDRESS, ADDRESS)
def bpf_cpumask_or(host: Host, target: int, first: int, second: int) -> int:
    return _put(host, target, _get(host, first) | _get(host, second))


@function(ADDRESS, ADDRESS, ADDRESS)
def bpf_cpumask_xor(host: Host, target: int, first: int, second: int) -> int:
    return _put(host, target, _get(host, first) ^ _get(host, second))


@function(ADDRESS, ADDRESS)
def bpf_cpumask_copy(host: Host, target: int, source: int) -> int:
    return _put(host, target, _get(host, source))


@function(ADDRESS, ADDRESS)
def bpf_cpumask_equal(host: Host, first: int, second: int) -> int:
    return int(_get(host, first) == _get(host, second))


@function(ADDRESS, ADDRESS)
def bpf_cpumask_intersects(host: Host, first: int, second: int) -> int:
    return int(bool(_get(host, first) & _get(host, second)))


@function(ADDRESS, ADDRESS)
def bpf_cpumask_subset(host: Host, part: int, whole: int) -> int:
    return int(not _get(host, part) & ~_get(host, whole))


@function(ADDRESS)
def bpf_cpumask_empty(host: Host, mask: int) -> int:
    return int(not _get(host, mask))


@function(ADDRESS)
def bpf_cpumask_full(host: Host, mask: int) -> int:
    return int(_get(host, mask) & _all(host) == _all(host))


@function(ADDRESS)
def bpf_cpumask_weight(host: Host, mask: int) -> int:
    return _get(host, mask).bit_count()


@function(ADDRESS, BYTES)
def bpf_cpumask_populate(host: Host, mask: int, source: bytes) -> int:
    """Linux 6.15; machines that read a long from anywhere, as x86-64 and arm64 do, ask for no alignment."""
    if len(source) < _SIZE:  # it copies whole longs
        return -errno.EACCES
    _put(host, mask, int.from_bytes(source[:_SIZE], host.byte_order) & _all(host))
    return 0
