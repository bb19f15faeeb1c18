"""Which store a map's type has, and what the kernel demands of its sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...errors import FeatureError, LoadError
from ...maps import Shape, ring_size
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
    from ...spec import MapSpec
    from ..world.host import Host
    from .store import Store

__all__ = ["create_store", "shape_of"]

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
_STORAGE: Final = frozenset(
    {
        MapType.SK_STORAGE,
        MapType.TASK_STORAGE,
        MapType.INODE_STORAGE,
        MapType.CGRP_STORAGE,
        MapType.CGROUP_STORAGE,
        MapType.PERCPU_CGROUP_STORAGE,
    }
)
"""Types whose values belong to something, and which have no number of entries."""
_WITH_VALUES: Final = frozenset(
    {
        MapType.ARRAY,
        MapType.PERCPU_ARRAY,
        MapType.HASH,
        MapType.PERCPU_HASH,
        MapType.LRU_HASH,
        MapType.LRU_PERCPU_HASH,
        MapType.LPM_TRIE,
        MapType.QUEUE,
        MapType.STACK,
        MapType.BLOOM_FILTER,
        *_STORAGE,
    }
)
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
    **dict.fromkeys(_STORAGE, StorageStore),
    MapType.RINGBUF: RecordStore,
    MapType.PERF_EVENT_ARRAY: RecordStore,
    MapType.USER_RINGBUF: UserRing,
    MapType.ARENA: ArenaStore,
}
_LARGEST_ARRAY: Final = 1 << 30


def shape_of(spec: MapSpec, cpus: int) -> Shape:
    """Return a map's shape, with what objects leave to the loader filled in, as libbpf does."""
    max_entries = spec.max_entries
    key_size, value_size = spec.key_size, spec.value_size
    if spec.type == MapType.PERF_EVENT_ARRAY:
        max_entries, key_size, value_size = max_entries or cpus, key_size or 4, value_size or 4
    if spec.type in _STREAMS:
        max_entries = ring_size(max_entries)
    return Shape(spec.type, key_size, value_size, max_entries, spec.flags, 0, cpus if spec.type.per_cpu else 1)


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
    shape = shape_of(spec, host.settings.cpus)
    if (broken := _broken_rule(shape)) is not None:
        raise LoadError(f"cannot create map {spec.name} ({spec.type.label}): {broken}")
    memory, order = host.memory, host.byte_order
    # Of struct_ops nothing but the value is there: its programs can be run, and nobody calls them.
    if spec.type in (MapType.ARRAY, MapType.PERCPU_ARRAY, MapType.STRUCT_OPS):
        store = ArrayStore(spec.name, shape, memory, order, writable=not spec.read_only)
        if spec.data is not None:
            for offset, part in written(spec.data):
                store.regions[0].data[offset : offset + len(part)] = part
        return store
    if spec.type in _STORES:
        return _STORES[spec.type](spec.name, shape, memory, order)
    if spec.type in (MapType.ARRAY_OF_MAPS, MapType.HASH_OF_MAPS):
        outer = MapOfMaps(spec.name, shape, memory, order, hashed=_REFERENCES[spec.type])
        outer.addresses = host.addresses
        return outer
    if spec.type in _REFERENCES:
        return ReferenceStore(spec.name, shape, memory, order, hashed=_REFERENCES[spec.type])
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
    if not shape.max_entries and shape.type not in _STORAGE:
        return "max_entries is 0"
    if shape.type in _WITH_VALUES and not shape.value_size:
        return "value_size is 0"
    if shape.type == MapType.LPM_TRIE and not shape.flags & 1:
        return "an lpm_trie needs the flag BPF_F_NO_PREALLOC"
    if shape.type in arrays and shape.stride * shape.max_entries * shape.cpus > _LARGEST_ARRAY:
        return f"it takes more than {_LARGEST_ARRAY:,} bytes"
    return None
