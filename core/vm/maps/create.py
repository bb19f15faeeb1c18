"""Which store a map's type has."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ...errors import FeatureError, LoadError
from ...maps import shape_of
from ...maps.rules import broken_rule
from ...spec import MapType
from ...spec.sparse import written
from .arena import ArenaStore
from .arrays import ArrayStore
from .hashes import HashStore, LpmStore, LruStore
from .queues import BloomStore, QueueStore, StackStore
from .references import MapOfMaps, ReferenceStore
from .special import SPIN_LOCKS, special_fields
from .storage import StorageStore
from .streams import RecordStore, UserRing

if TYPE_CHECKING:
    from ...maps import Shape
    from ...spec import MapSpec
    from ..world.host import Host
    from .store import Store

__all__ = ["create_store"]

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
    MapType.STACK_TRACE: HashStore,
    MapType.SK_STORAGE: StorageStore,
    MapType.INODE_STORAGE: StorageStore,
    MapType.TASK_STORAGE: StorageStore,
    MapType.CGRP_STORAGE: StorageStore,
    MapType.CGROUP_STORAGE: StorageStore,
    MapType.PERCPU_CGROUP_STORAGE: StorageStore,
    MapType.RINGBUF: RecordStore,
    MapType.PERF_EVENT_ARRAY: RecordStore,
    MapType.USER_RINGBUF: UserRing,
    MapType.ARENA: ArenaStore,
    # Of struct_ops nothing but the value is there: its programs can be run, and nobody calls them.
    MapType.STRUCT_OPS: ArrayStore,
    MapType.ARRAY_OF_MAPS: MapOfMaps,
    MapType.HASH_OF_MAPS: MapOfMaps,
    MapType.PROG_ARRAY: ReferenceStore,
    MapType.CGROUP_ARRAY: ReferenceStore,
    MapType.DEVMAP: ReferenceStore,
    MapType.DEVMAP_HASH: ReferenceStore,
    MapType.CPUMAP: ReferenceStore,
    MapType.XSKMAP: ReferenceStore,
    MapType.SOCKMAP: ReferenceStore,
    MapType.SOCKHASH: ReferenceStore,
    MapType.REUSEPORT_SOCKARRAY: ReferenceStore,
}
_LARGEST_ARRAY: Final = 1 << 30


def create_store(spec: MapSpec, host: Host) -> Store:
    """Create what holds a map's elements; a data section gets its contents.

    Raises:
        LoadError: The map breaks a rule of its type.
        FeatureError: The built-in machine has no maps of that type.
    """
    store = _new_store(spec, host)
    store.special = special_fields(spec.value)
    store.release = host.release
    store.has_lock = bool(special_fields(spec.value, SPIN_LOCKS))
    return store


def _new_store(spec: MapSpec, host: Host) -> Store:
    shape = _allowed(spec, host)
    kind, memory, order = _STORES.get(spec.type), host.memory, host.byte_order
    if kind is None:
        raise FeatureError(
            f"cannot create map {spec.name}: the built-in machine has no maps of type {spec.type.label}",
            hint="--runtime kernel, as root on Linux, has them",
        )
    if kind is ArrayStore:
        array = ArrayStore(spec.name, shape, memory, order, writable=not spec.read_only)
        if spec.data is not None:
            for offset, part in written(spec.data):
                array.regions[0].data[offset : offset + len(part)] = part
        return array
    store = kind(spec.name, shape, memory, order)
    if isinstance(store, MapOfMaps):
        store.addresses = host.addresses
    return store


def _allowed(spec: MapSpec, host: Host) -> Shape:
    """Return the shape of a map that keeps the rules of its type, and is not too large; so do the maps inside of it."""
    if spec.inner is not None:
        _allowed(replace(spec.inner, name=spec.inner.name or spec.name), host)
    shape = shape_of(spec, lambda: host.settings.cpus)
    broken = broken_rule(shape, spec.map_extra)
    if broken is None and spec.type.is_array and shape.moved_size * shape.max_entries > _LARGEST_ARRAY:
        broken = f"it takes more than {_LARGEST_ARRAY:,} bytes"
    if broken is not None:
        raise LoadError(f"cannot create map {spec.name} ({spec.type.label}): {broken}")
    return shape
