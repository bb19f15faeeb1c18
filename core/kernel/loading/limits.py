"""How large maps can be on this kernel: which limit one is beyond, its value, and what was asked for.

The kernel answers E2BIG, EINVAL, ENOMEM or ERANGE (`map_alloc_check` and `map_alloc` of each type, Linux 4.20 to
7.0), and E2BIG too where it does not know a field. Limits that depend on its version and configuration are found by
asking: with maps of one entry that are closed at once, and that take no memory for what is tried.
"""

from __future__ import annotations

import errno
import functools
import mmap
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from ...maps import round_up
from ...maps.stacks import frame_size
from ...privileges import Capability
from ...spec import MapFlag, MapType
from ..sys import probes, rights
from ..sys.layouts import ProgLoad
from ..sys.syscall import BpfError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ...maps import Shape
    from ..sys.structure import Creation

__all__ = ["Excess", "beyond_limit", "knows_field", "more_than_memory", "needed_memory", "no_memory"]

_T = MapType
_INT_MAX: Final = (1 << 31) - 1
_U32_MAX: Final = (1 << 32) - 1
_MOST_BUCKETS: Final = 1 << 27
"""Of 16 bytes, in less than 4 GiB (`htab_map_alloc`, `sock_hash_alloc`); a power of two."""
_MOST_SLOTS: Final = 1 << 31
"""That can be rounded up to a power of two in 32 bits."""
_LARGEST_ARENA: Final = 1 << 32
_STACK_KEY: Final = 512
"""MAX_BPF_STACK: bytes of the key of a sockhash."""
_ELEMENT: Final = 48
"""`struct htab_elem`, with which each element of a hash begins."""
_SAFE_VALUE: Final = 4096
"""Bytes of a value that nothing limits."""

_FEWER: Final = "lower max_entries"
_SPLIT: Final = "split the value over several entries"


class Excess(NamedTuple):
    """What of a map is too large."""

    reason: str
    """A clause with the limit, its value, and what was asked for."""
    hint: str


def beyond_limit(shape: Shape, *, refused: bool = False) -> Excess | None:
    """Return which limit of its type a map is beyond; None where it is within those that are known.

    Args:
        shape: The map.
        refused: That the kernel did refuse it: limits that only some versions have count then, too.
    """
    found = next(_beyond(shape), None)
    if found is None and refused and shape.type == _T.SOCKMAP:
        found = next(_over(shape.max_entries, _INT_MAX, f"{shape.max_entries:,} entries", _AT_MOST, _FEWER), None)
    return found


def _beyond(shape: Shape) -> Iterator[Excess]:
    kind, value, entries = shape.type, shape.value_size, shape.max_entries
    if kind.per_cpu and value > _SAFE_VALUE and not kind.is_cgroup_storage:
        yield from _over(
            round_up(value, 8),
            largest_percpu_value(),
            f"a value of {value:,} bytes for each CPU",
            "the kernel allocates at most {limit:,} in one piece (PCPU_MIN_UNIT_SIZE)",
            "split the value over several entries, or use a map that is not per CPU",
        )
    if kind.is_hash or kind is _T.HASH_OF_MAPS:
        yield from _over(
            shape.key_size + value + 1,
            None if (piece := largest_piece()) is None else piece - _ELEMENT,
            f"key and value of {shape.key_size + value:,} bytes",
            f"with {_ELEMENT} more, they are allocated in one piece of less than {piece or 0:,} (KMALLOC_MAX_SIZE)",
            "keep large values in an array, whose values are not allocated one by one",
        )
        yield from _over(
            entries, _MOST_BUCKETS, f"{entries:,} entries", "its buckets are at most {limit:,} (2^27)", _FEWER
        )
    elif kind == _T.ARRAY:
        yield from _over(
            value, largest_array_value(), f"a value of {value:,} bytes", "an array's is at most {limit:,}", _SPLIT
        )
    elif kind.is_queue or kind == _T.BLOOM_FILTER:
        yield from _over(value, largest_piece(), f"a value of {value:,} bytes", _PIECE, _SPLIT)
    elif kind == _T.LPM_TRIE:
        yield from _over(value + 256, largest_piece(), f"a value of {value:,} bytes", f"{_PIECE}, key included", _SPLIT)
    elif (kind.is_local_storage or kind.is_cgroup_storage) and value > _SAFE_VALUE:
        yield from _over(
            value,
            largest_stored_value(kind),
            f"a value of {value:,} bytes",
            f"{kind.with_article}'s is at most {{limit:,}} (BPF_LOCAL_STORAGE_MAX_VALUE_SIZE)",
            "keep what is large in a hash or an array",
        )
    yield from _beyond_entries(shape)


_AT_MOST: Final = "they are at most {limit:,}"
_PIECE: Final = "the kernel allocates at most {limit:,} in one piece (KMALLOC_MAX_SIZE)"


def _beyond_entries(shape: Shape) -> Iterator[Excess]:
    kind, entries, asked = shape.type, shape.max_entries, f"{shape.max_entries:,} entries"
    if kind.is_queue and shape.value_size and counts_queues():
        most = (_U32_MAX - 1) // shape.value_size
        yield from _over(
            entries, most, asked, f"of {shape.value_size:,} bytes each they are at most {{limit:,}} (4 GiB)", _FEWER
        )
    if kind == _T.STACK_TRACE:
        size = frame_size(shape.flags)
        frames = _number("/proc/sys/kernel/perf_event_max_stack")
        yield from _over(
            shape.value_size // size,
            frames,
            f"a value of {shape.value_size:,} bytes, which are {shape.value_size // size:,} frames",
            f"a stack has at most {{limit:,}} (the sysctl kernel.perf_event_max_stack): {size * (frames or 0):,} bytes",
            "make the value smaller, or raise the sysctl",
        )
    if kind in (_T.STACK_TRACE, _T.DEVMAP_HASH):
        yield from _over(entries, _MOST_SLOTS, asked, f"{_AT_MOST} (2^31)", _FEWER)
    if kind == _T.SOCKHASH:
        yield from _over(
            shape.key_size, _STACK_KEY, f"a key of {shape.key_size:,} bytes", "it is at most {limit}", "hash the key"
        )
        yield from _over(entries, _MOST_BUCKETS, asked, "its buckets are at most {limit:,} (2^27)", _FEWER)
    if kind == _T.CPUMAP:
        highest = _number("/sys/devices/system/cpu/kernel_max")
        yield from _over(
            entries,
            None if highest is None else highest + 1,
            asked,
            "this kernel is built for at most {limit:,} CPUs (NR_CPUS)",
            "set max_entries to the number of CPUs, when it is loaded",
        )
    if kind == _T.ARENA:
        size = entries * mmap.PAGESIZE
        yield from _over(
            size, _LARGEST_ARENA, f"{entries:,} pages, which are {size:,} bytes", "an arena has at most 4 GiB", _FEWER
        )
        if shape.address >> 32 != (shape.address + size - 1) >> 32:
            yield Excess(
                f"from {shape.address:#x} (map_extra) its {size:,} bytes cross a multiple of 4 GiB",
                "choose a map_extra at a multiple of 4 GiB, or leave it out",
            )
    if kind.is_indexed and rights.missing([Capability.CAP_PERFMON]):
        # Without it, indices are masked (Spectre), and so arrays are as long as a power of two.
        yield from _over(entries, _MOST_SLOTS, asked, "without CAP_PERFMON they are at most {limit:,} (2^31)", _FEWER)
    if needed_memory(shape) > _U32_MAX - mmap.PAGESIZE and not probes.memcg_accounting():
        yield Excess(f"too large: it takes {_gib(shape)}, and before Linux 5.11 a map has at most 4 GiB", _FEWER)


def _over(asked: int, limit: int | None, what: str, rule: str, hint: str) -> Iterator[Excess]:
    """Yield what is said of a size beyond its limit; nothing where it is within, or the limit is not known."""
    if limit is not None and asked > limit:
        yield Excess(f"too large: {what}; {rule.format(limit=limit)}", hint)


# Limits of this kernel


def _largest(sizes: Iterable[int], takes: Callable[[int], bool]) -> int | None:
    """Return the last of growing sizes that the kernel takes; None where it takes none of them."""
    found = None
    for size in sizes:
        if not takes(size):
            break
        found = size
    return found


def _creates(type_: MapType, key_size: int, value_size: int, max_entries: int, flags: int = 0) -> bool:
    fd, _ = probes.create_map(type_, key_size, value_size, max_entries, flags=flags)
    if fd >= 0:
        os.close(fd)
    return fd >= 0


@functools.cache
def largest_piece() -> int | None:
    """Return KMALLOC_MAX_SIZE: 4 MiB with pages of 4 KiB; None where it cannot be told.

    A bloom filter (Linux 5.16) and an LPM trie of one entry check it, and allocate nothing of that size.
    """
    powers = tuple(1 << power for power in range(20, 31))
    return _largest(powers, lambda size: _creates(_T.BLOOM_FILTER, 0, size, 1)) or _largest(
        powers, lambda size: _creates(_T.LPM_TRIE, 8, size - 4096, 1, MapFlag.NO_PREALLOC)
    )


@functools.cache
def largest_percpu_value() -> int | None:
    """Return PCPU_MIN_UNIT_SIZE: 32 KiB in whole pages, more in some configurations; None where it cannot be told."""
    sizes = tuple(round_up(size << 10, mmap.PAGESIZE) for size in (32, 64, 128))
    return _largest(sizes, lambda size: _creates(_T.PERCPU_ARRAY, 4, size, 1))


@functools.cache
def largest_array_value() -> int | None:
    """Return the most bytes of an array's value: INT_MAX, and KMALLOC_MAX_SIZE in older kernels."""
    piece = largest_piece()
    if piece is None or _creates(_T.ARRAY, 4, piece + 8, 1):
        return _INT_MAX
    return piece


@functools.cache
def largest_stored_value(type_: MapType) -> int | None:
    """Return the most bytes of a value of storage; None where it cannot be told.

    Sizes are refused before types are looked at, so that those of the trial need not fit.
    """
    types = probes.integer_btf() if type_.is_local_storage else -1
    key, flags = (4, MapFlag.NO_PREALLOC) if type_.is_local_storage else (8, 0)

    def is_too_large(size: int) -> bool:
        fd, number = probes.create_map(type_, key, size, 0, flags=flags, btf=types)
        if fd >= 0:
            os.close(fd)
        return number == errno.E2BIG

    try:
        low, high = 1, 1 << 17
        if is_too_large(low) or not is_too_large(high):
            return None
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if is_too_large(middle) else (middle, high)
        return low
    finally:
        if types >= 0:
            os.close(types)


@functools.cache
def counts_queues() -> bool:
    """Whether the kernel refuses queues of 4 GiB and more as such: some versions do."""
    _, number = probes.create_map(_T.QUEUE, 0, 1 << 16, _U32_MAX)
    return number == errno.E2BIG


def _number(path: str) -> int | None:
    try:
        return int(Path(path).read_text())
    except (OSError, ValueError):
        return None


# Memory


def needed_memory(shape: Shape) -> int:
    """Return the bytes that a map takes when it is created; 0 for types that grow."""
    kind, entries, value = shape.type, shape.max_entries, round_up(shape.value_size, 8)
    slots = 1 << max(entries - 1, 0).bit_length()
    if kind.is_array:
        return entries * (value * shape.cpus + (8 if kind.per_cpu else 0))
    if kind.is_indexed:
        return 8 * entries  # a pointer for each
    if kind.is_hash or kind is _T.HASH_OF_MAPS:
        element = _ELEMENT + round_up(shape.key_size, 8) + value * shape.cpus
        return 16 * slots + (0 if shape.flags & MapFlag.NO_PREALLOC else entries * element)
    if kind.is_queue:
        return (entries + 1) * shape.value_size
    if kind.is_ring:
        return entries
    if kind == _T.STACK_TRACE:
        return 8 * slots + entries * (16 + shape.value_size)
    if kind in (_T.DEVMAP_HASH, _T.SOCKHASH):
        return (8 if kind == _T.DEVMAP_HASH else 16) * slots
    return 0


def more_than_memory(shape: Shape) -> Excess | None:
    """Return that a map takes more memory than the machine has; None where it does not."""
    there = _total_memory()
    if there is None or needed_memory(shape) <= there:
        return None
    return Excess(f"it takes {_gib(shape)} of memory, and this machine has {there / _GIB:,.1f} GiB", _FEWER)


def no_memory(shape: Shape) -> Excess | None:
    """Return what is known of why there is no memory for a map (ENOMEM); None where nothing is."""
    found = more_than_memory(shape)
    if found is not None:
        return found
    needed = needed_memory(shape)
    for path, limit in _control_groups():
        if needed > limit:
            allowed = f"the control group {path} allows {limit / _GIB:,.1f} GiB (memory.max)"
            return Excess(f"it takes {_gib(shape)} of memory, and {allowed}", f"{_FEWER}, or raise the limit")
    if needed <= _SMALL:
        return None
    return Excess(f"there is not enough memory for the {_gib(shape)} that it takes", _FEWER)


_GIB: Final = 1 << 30
_SMALL: Final = 1 << 20
"""Bytes that are not worth a word."""


def _gib(shape: Shape) -> str:
    """Return what a map takes, and how that comes about."""
    size = needed_memory(shape)
    text = f"{size / _GIB:,.1f} GiB" if size >= _GIB else f"{size / (1 << 20):,.1f} MiB"
    return f"{text} ({shape.max_entries:,} entries)"


def _total_memory() -> int | None:
    """Return the bytes of memory of this machine: the kernel does not even try to allocate more."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (OSError, ValueError):
        return None


def _control_groups() -> Iterator[tuple[str, int]]:
    """Yield the control groups (version 2) of this process that limit its memory, and their limits in bytes."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    group = next((line[3:] for line in lines if line.startswith("0::")), "")
    path = Path("/sys/fs/cgroup") / group.lstrip("/")
    for each in (path, *path.parents):
        limit = _number(str(each / "memory.max"))
        if limit is not None:
            yield f"/{each.relative_to('/sys/fs/cgroup')}", limit
        if each == Path("/sys/fs/cgroup"):
            return


# Fields


def knows_field(layout: type[Creation], name: str) -> bool:
    """Whether the kernel's attribute of a command has a field: one that is not 0 beyond its end is E2BIG.

    Nothing is created: what is asked for is invalid.
    """
    attr = layout(**{name: 1})
    if isinstance(attr, ProgLoad):
        attr.prog_flags = _U32_MAX  # flags that do not exist
    try:
        attr.create()
    except BpfError as error:
        return error.errno != errno.E2BIG
    return True
