"""Shape: what has to be known of a map to move its elements."""

from __future__ import annotations

import functools
import mmap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..spec import MapFlag, MapType

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..spec import MapSpec

__all__ = ["Shape", "ring_size", "round_up", "shape_of", "why_unreadable"]

_UNREADABLE: Final[dict[MapType, str]] = {
    MapType.RINGBUF: "a ring buffer is a stream of records",
    MapType.USER_RINGBUF: "a ring buffer is a stream of records",
    MapType.PERF_EVENT_ARRAY: "a perf event array is a stream of records",
    MapType.QUEUE: "a queue can only be peeked and popped",
    MapType.STACK: "a stack can only be peeked and popped",
    MapType.BLOOM_FILTER: "a bloom filter does not keep what was put into it",
    MapType.ARENA: "an arena is memory without entries",
    MapType.SK_STORAGE: "its entries belong to sockets and are found by their descriptors only",
    MapType.INODE_STORAGE: "its entries belong to inodes and are found by their descriptors only",
    MapType.TASK_STORAGE: "its entries belong to tasks and are found by their descriptors only",
    MapType.CGRP_STORAGE: "its entries belong to control groups and are found by their descriptors only",
    MapType.CGROUP_ARRAY: "the kernel does not tell what it holds",
    MapType.XSKMAP: "the kernel does not tell what it holds",
    MapType.STRUCT_OPS: "it is a table of functions that the kernel calls",
}

_LARGEST_RING: Final = 1 << 31


def why_unreadable(map_type: MapType) -> str | None:
    """Return why maps of a type have no entries that could be listed; None where they have."""
    return _UNREADABLE.get(map_type)


def round_up(size: int, unit: int) -> int:
    """Return the smallest multiple of *unit* that is not below *size*."""
    return -(-size // unit) * unit


def ring_size(max_entries: int) -> int:
    """Return the bytes that a ring buffer gets for what its object asks for: a power of two, and whole pages.

    As libbpf's `adjust_ringbuf_sz` does: what would not fit into 32 bits is left to the kernel to refuse.
    """
    size = 1 << (max(round_up(max_entries, mmap.PAGESIZE), mmap.PAGESIZE) - 1).bit_length()
    return size if size <= _LARGEST_RING else max_entries


@dataclass(frozen=True)
class Shape:
    """What has to be known of a map to move its elements; sizes in bytes."""

    type: MapType
    key_size: int
    value_size: int
    max_entries: int
    flags: int = 0
    address: int = 0
    """Where an arena wants to be mapped (map_extra); 0 leaves it to the kernel."""
    cpus: int = 1
    """How many values an entry of a per-CPU map has: one for each CPU that there can ever be."""

    @functools.cached_property
    def per_cpu(self) -> bool:
        """Whether an entry has one value for each possible CPU."""
        return self.type.per_cpu

    @functools.cached_property
    def stride(self) -> int:
        """From one value to the next, of a per-CPU entry and in mapped memory."""
        return round_up(self.value_size, 8)

    @functools.cached_property
    def moved_size(self) -> int:
        """What is read and written as one value: for per-CPU maps those of all possible CPUs."""
        return self.cpus * self.stride if self.per_cpu else self.value_size

    @functools.cached_property
    def belongs(self) -> bool:
        """Whether entries belong to things of the kernel, and have their descriptors as keys."""
        return self.type.is_local_storage

    @functools.cached_property
    def gives_ids(self) -> bool:
        """Whether values are set as file descriptors and read as ids of objects; asked for each value that is read."""
        return self.type.gives_ids

    @property
    def mapable(self) -> bool:
        """Whether its elements can be mapped into memory."""
        return self.type in (MapType.ARRAY, MapType.ARENA) and bool(self.flags & MapFlag.MMAPABLE)

    @property
    def memory_size(self) -> int:
        """Bytes that are mapped: whole pages. An arena counts its pages in max_entries."""
        if self.type == MapType.ARENA:
            return self.max_entries * mmap.PAGESIZE
        return round_up(self.stride * self.max_entries, mmap.PAGESIZE)

    @property
    def bound(self) -> int:
        """The number of keys after which an iteration gives up: entries come and go while it runs."""
        return 2 * max(self.max_entries, 1)

    @property
    def unreadable(self) -> str | None:
        """Why it has no entries that could be listed; None when it has."""
        return why_unreadable(self.type)

    def split(self, raw: bytes) -> tuple[bytes, ...]:
        """Return the values within what is moved as one: one for each possible CPU, or just one."""
        if not self.per_cpu:
            return (raw,)
        return tuple(raw[at : at + self.value_size] for at in range(0, len(raw), self.stride))

    def join(self, values: Sequence[bytes]) -> bytes:
        """The reverse of `split`."""
        return b"".join(value.ljust(self.stride, b"\0") for value in values) if self.per_cpu else values[0]


def shape_of(spec: MapSpec, possible_cpus: Callable[[], int]) -> Shape:
    """Return the shape of the map that a spec asks for, with what objects leave to the loader filled in, as in libbpf.

    Args:
        spec: The map.
        possible_cpus: Tells how many CPUs there can ever be; asked for types whose shape depends on it only.
    """
    key_size, value_size, max_entries = spec.key_size, spec.value_size, spec.max_entries
    if spec.type is MapType.PERF_EVENT_ARRAY:
        # Slots are file descriptors, by the number of a CPU.
        key_size, value_size, max_entries = key_size or 4, value_size or 4, max_entries or possible_cpus()
    elif spec.type.is_ring:
        max_entries = ring_size(max_entries)
    address = spec.map_extra if spec.type is MapType.ARENA else 0
    cpus = possible_cpus() if spec.type.per_cpu else 1
    return Shape(spec.type, key_size, value_size, max_entries, spec.flags, address, cpus)
