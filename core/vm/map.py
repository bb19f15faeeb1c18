"""Map: a map of the built-in machine, with the face of a Python mapping."""

from __future__ import annotations

import errno
import mmap
import os
import time
from typing import TYPE_CHECKING, Final

from ..errors import FeatureError, LoadError
from ..maps import Shape, TypedMap, round_up
from ..runtime import MapSnapshot
from ..spec import MapType
from .maps import (
    ArrayStore,
    BloomStore,
    HashStore,
    LpmStore,
    LruStore,
    QueueStore,
    RecordStore,
    ReferenceStore,
    StackStore,
    Store,
)

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from ..btf import ByteOrder
    from ..errors import BpftuiError
    from ..maps import ElementError
    from ..runtime import Entry
    from ..spec import MapSpec
    from .host import Host
    from .memory import AddressSpace

__all__ = ["ArenaStore", "Map", "Records", "Stream", "create_store", "shape_of"]

_STREAMS: Final = frozenset({MapType.RINGBUF, MapType.USER_RINGBUF})
_REFERENCES: Final = {
    MapType.PROG_ARRAY: False,
    MapType.ARRAY_OF_MAPS: False,
    MapType.HASH_OF_MAPS: True,
    MapType.DEVMAP: False,
    MapType.DEVMAP_HASH: True,
    MapType.CPUMAP: False,
    MapType.XSKMAP: False,
    MapType.SOCKMAP: False,
    MapType.SOCKHASH: True,
    MapType.CGROUP_ARRAY: False,
    MapType.REUSEPORT_SOCKARRAY: False,
}
"""Types whose values stand for something else; whether their keys are hashed."""
_STORES: Final[dict[MapType, type[Store]]] = {
    MapType.ARRAY: ArrayStore,
    MapType.PERCPU_ARRAY: ArrayStore,
    MapType.HASH: HashStore,
    MapType.PERCPU_HASH: HashStore,
    MapType.LRU_HASH: LruStore,
    MapType.LRU_PERCPU_HASH: LruStore,
    MapType.LPM_TRIE: LpmStore,
    MapType.QUEUE: QueueStore,
    MapType.STACK: StackStore,
    MapType.BLOOM_FILTER: BloomStore,
}
_LARGEST_ARENA: Final = 1 << 28
_LARGEST_ARRAY: Final = 1 << 30
_PERF_BUFFER: Final = 1 << 20
"""Bytes; a perf event array has no size of its own."""


class Stream(RecordStore):
    """A ring buffer or perf event array, with what has been read so far."""

    def __init__(self, name: str, shape: Shape, memory: AddressSpace, byte_order: ByteOrder = "little") -> None:
        super().__init__(name, shape, memory, byte_order)
        if shape.type == MapType.PERF_EVENT_ARRAY:
            self._size = _PERF_BUFFER
        self.consumed = 0

    consumed: int
    """Bytes that were read, headers included."""

    def read(self, limit: int = 1000) -> list[bytes]:
        """Return the records that are there, at most *limit* of them, and make room for others."""
        before = self.pending
        records = super().read(limit)
        self.consumed += before - self.pending
        return records


class MapOfMaps(ReferenceStore):
    """`array_of_maps` and `hash_of_maps`: programs find the inner maps' addresses."""

    addresses: dict[int, int]
    """By a map's number, its address."""

    def address_of(self, key: bytes, cpu: int) -> int:
        """Return the address of the inner map at *key*; 0 where there is none."""
        return self.addresses.get(self.values.get(key, 0), 0)


class ArenaStore(Store):
    """`arena`: memory without entries, at a multiple of 4 GiB."""

    def __init__(self, name: str, shape: Shape, memory: AddressSpace, byte_order: ByteOrder = "little") -> None:
        super().__init__(name, shape, memory, byte_order)
        if shape.memory_size > _LARGEST_ARENA:
            raise LoadError(
                f"cannot create map {name} (arena): {shape.memory_size:,} bytes are more than the built-in machine's "
                f"{_LARGEST_ARENA:,}",
                hint="lower its max_entries (pages)",
            )
        self.region = memory.map(f"arena {name}", shape.memory_size, alignment=1 << 32)

    def entries(self) -> Iterator[Entry]:
        """Iterate over nothing: there are no entries."""
        return iter(())

    def read_at(self, offset: int, size: int) -> bytes:
        """Return bytes of the arena."""
        return bytes(self.region.data[offset : offset + size])

    def write_at(self, offset: int, raw: bytes) -> None:
        """Overwrite bytes of the arena."""
        self.region.data[offset : offset + len(raw)] = raw


def shape_of(spec: MapSpec, cpus: int) -> Shape:
    """Return a map's shape, with what objects leave to the loader filled in, as libbpf does."""
    max_entries = spec.max_entries
    key_size, value_size = spec.key_size, spec.value_size
    if spec.type == MapType.PERF_EVENT_ARRAY:
        max_entries, key_size, value_size = max_entries or cpus, key_size or 4, value_size or 4
    if spec.type in _STREAMS:
        # A power of two that is a multiple of the page size.
        max_entries = 1 << (max(round_up(max_entries, mmap.PAGESIZE), mmap.PAGESIZE) - 1).bit_length()
    return Shape(spec.type, key_size, value_size, max_entries, spec.flags, 0, cpus if spec.type.per_cpu else 1)


def create_store(spec: MapSpec, host: Host) -> Store:
    """Create what holds a map's elements; a data section gets its contents.

    Raises:
        LoadError: The map breaks a rule of its type.
        FeatureError: The built-in machine has no maps of that type.
    """
    shape = shape_of(spec, host.settings.cpus)
    if (broken := _broken_rule(shape)) is not None:
        raise LoadError(f"cannot create map {spec.name} ({spec.type.label}): {broken}")
    memory, order = host.memory, host.byte_order
    # Of struct_ops nothing but the value is there: its programs can be run, and nobody calls them.
    if spec.type in (MapType.ARRAY, MapType.PERCPU_ARRAY, MapType.STRUCT_OPS):
        store = ArrayStore(spec.name, shape, memory, order, writable=not spec.read_only)
        if spec.data is not None:
            store.regions[0].data[: len(spec.data)] = spec.data
        return store
    if spec.type in _STORES:
        return _STORES[spec.type](spec.name, shape, memory, order)
    if spec.type in (MapType.ARRAY_OF_MAPS, MapType.HASH_OF_MAPS):
        outer = MapOfMaps(spec.name, shape, memory, order, hashed=_REFERENCES[spec.type])
        outer.addresses = host.addresses
        return outer
    if spec.type in _REFERENCES:
        return ReferenceStore(spec.name, shape, memory, order, hashed=_REFERENCES[spec.type])
    if spec.type in (MapType.RINGBUF, MapType.PERF_EVENT_ARRAY):
        return Stream(spec.name, shape, memory, order)
    if spec.type == MapType.ARENA:
        return ArenaStore(spec.name, shape, memory, order)
    raise FeatureError(
        f"cannot create map {spec.name}: the built-in machine has no maps of type {spec.type.label}",
        hint="--runtime kernel, as root on Linux, has them",
    )


def _broken_rule(shape: Shape) -> str | None:
    arrays = (MapType.ARRAY, MapType.PERCPU_ARRAY)
    if shape.type in arrays and shape.key_size != 4:
        return f"the key of an array has 4 bytes, not {shape.key_size}"
    if shape.type in (MapType.QUEUE, MapType.STACK, MapType.BLOOM_FILTER) and shape.key_size:
        return f"a {shape.type.label} has no key, but key_size is {shape.key_size}"
    if not shape.max_entries:
        return "max_entries is 0"
    if shape.type in _STORES and not shape.value_size:
        return "value_size is 0"
    if shape.type == MapType.LPM_TRIE and not shape.flags & 1:
        return "an lpm_trie needs the flag BPF_F_NO_PREALLOC"
    if shape.type in arrays and shape.stride * shape.max_entries * shape.cpus > _LARGEST_ARRAY:
        return f"it takes more than {_LARGEST_ARRAY:,} bytes"
    return None


class _Guarded:
    """A store's elements for other threads than that of a run: each call waits until no program runs."""

    def __init__(self, store: Store, lock: threading.RLock) -> None:
        self.store = store
        self._lock = lock

    @property
    def shape(self) -> Shape:
        return self.store.shape

    def lookup(self, key: bytes | None, *, flags: int = 0) -> bytes | None:
        with self._lock:
            return self.store.lookup(key, flags=flags)

    def take(self, key: bytes | None) -> bytes | None:
        with self._lock:
            return self.store.take(key)

    def update(self, key: bytes | None, value: bytes, flags: int = 0) -> None:
        with self._lock:
            self.store.update(key, value, flags)

    def delete(self, key: bytes) -> None:
        with self._lock:
            self.store.delete(key)

    def snapshot(self, limit: int | None = None) -> MapSnapshot:
        if self.store.shape.unreadable:
            return MapSnapshot(())
        with self._lock:
            return self.store.snapshot(limit)

    def read_at(self, offset: int, size: int) -> bytes:
        with self._lock:
            return self.store.read_at(offset, size)

    def write_at(self, offset: int, raw: bytes) -> None:
        with self._lock:
            self.store.write_at(offset, raw)


class Map(TypedMap):
    """A map of the built-in machine.

    Args:
        spec: What it was made from.
        store: Where its elements are.
        number: Its number within the runtime.
        address: By which programs know it.
        lock: Held while a program of its collection runs.
    """

    def __init__(self, spec: MapSpec, store: Store, number: int, address: int, lock: threading.RLock) -> None:
        super().__init__(spec, _Guarded(store, lock))
        self.store = store
        self.id = number
        self.address = address
        self.lock = lock
        self.frozen = spec.is_data and spec.read_only

    id: int
    """Its number; no kernel's."""

    def reference_to(self, value: object, size: int) -> bytes | None:
        """Return the number that stands for a map or a program of this machine."""
        from .program import Program

        return value.id.to_bytes(size, self.store.byte_order) if isinstance(value, Map | Program) else None

    def refused(self, error: ElementError, doing: str, feature: str) -> BpftuiError:
        """Return what a refusal means."""
        name = errno.errorcode.get(error.errno, "ENOTSUPP")
        if error.errno == errno.E2BIG or error.errno == errno.ENOSPC:
            return LoadError(f"cannot {doing}: it is full, with {self.max_entries} entries ({name})")
        if name == "ENOTSUPP":
            return FeatureError(f"cannot {doing}: its type has no such operation ({name})")
        return LoadError(f"cannot {doing}: {os.strerror(error.errno).lower()} ({name})")

    def records(self) -> Records | None:
        """Return the reading side of a ring buffer; None for other maps."""
        return Records(self.store, self.lock) if isinstance(self.store, Stream) else None

    def close(self) -> None:
        """Do nothing: its memory goes with its collection."""


class Records:
    """The reading side of a ring buffer: reading consumes. Has the face of `core.live.RingBuffer`."""

    def __init__(self, stream: Stream, lock: threading.RLock) -> None:
        self._stream = stream
        self._lock = lock
        self.count = 0

    count: int
    """Records read so far."""

    @property
    def pending(self) -> int:
        """Bytes that wait to be read, headers included."""
        return self._stream.pending

    def poll(self, timeout: float | None = None) -> bool:
        """Wait at most *timeout* seconds for a record, or as long as it takes; return whether there is one."""
        end = None if timeout is None else time.monotonic() + timeout
        while not self._stream.pending and (end is None or time.monotonic() < end):
            time.sleep(0.005)
        return bool(self._stream.pending)

    def read(self, limit: int = 1000) -> list[bytes]:
        """Return the records that are there, at most *limit* of them, and make room for others."""
        with self._lock:
            records = self._stream.read(limit)
        self.count += len(records)
        return records

    def close(self) -> None:
        """Do nothing: there is nothing to be released."""
