"""Helpers that work on the elements of maps."""

from __future__ import annotations

import errno
import struct
from typing import TYPE_CHECKING, Final

from ...maps import ElementError
from ..engine.memory import GRANULE_BITS
from ..maps import ArrayStore, BloomStore, QueueStore, Store
from .declaration import ADDRESS, CALLBACK, KEY, MAP, ROOM, U32, U64, VALUE, bound, function

if TYPE_CHECKING:
    from ..engine.calls import Calls
    from ..world.host import Host
    from .declaration import Bound

__all__: list[str] = []

_INSIDE: Final = (1 << GRANULE_BITS) - 1


@bound
def bpf_map_lookup_elem(host: Host) -> Bound:
    maps, memory = host.maps, host.memory
    readers = memory.readers
    index_at = struct.Struct("<I" if host.byte_order == "little" else ">I").unpack_from
    arrays: dict[int, tuple[int, int, int]] = {}
    """By address, of arrays that are looked up often: entries, address of the first value, distance to the next."""

    def look_up(map_: int = 0, key: int = 0, _3: int = 0, _4: int = 0, _5: int = 0) -> int:
        if map_ in arrays:
            entries, base, stride = arrays[map_]
            try:
                (index,) = index_at(readers[key >> GRANULE_BITS], key & _INSIDE)
            except (KeyError, struct.error):
                raise memory.bad_access(key, 4, write=False) from None
            return base + index * stride if index < entries else 0
        store = maps[map_]
        if isinstance(store, ArrayStore) and not store.shape.per_cpu:
            arrays[map_] = store.shape.max_entries, store.regions[0].base, store.shape.stride
        try:
            return store.address_of(memory.read(key, store.shape.key_size), host.cpu)
        except ElementError:
            return 0

    return look_up


@function(MAP, KEY, VALUE, U64)
def bpf_map_update_elem(host: Host, store: Store, key: bytes, value: bytes, flags: int) -> int:
    store.set(key, value, flags, host.cpu)
    return 0


@function(MAP, KEY)
def bpf_map_delete_elem(_host: Host, store: Store, key: bytes) -> int:
    store.delete(key)
    return 0


@function(MAP, KEY, U32)
def bpf_map_lookup_percpu_elem(_host: Host, store: Store, key: bytes, cpu: int) -> int:
    return store.address_of(key, cpu) if cpu < store.shape.cpus else 0


@function(MAP, VALUE, U64)
def bpf_map_push_elem(_host: Host, store: Store, value: bytes, flags: int) -> int:
    store.update(None, value, flags)
    return 0


@function(MAP, ROOM)
def bpf_map_pop_elem(_host: Host, store: Store, target: memoryview) -> int:
    if not isinstance(store, QueueStore):
        return -errno.EINVAL
    return _found(store.take(None), target)


@function(MAP, ROOM)
def bpf_map_peek_elem(_host: Host, store: Store, target: memoryview) -> int:
    if isinstance(store, BloomStore):
        return 0 if store.contains(bytes(target)) else -errno.ENOENT
    if not isinstance(store, QueueStore):
        return -errno.EINVAL
    return _found(store.lookup(None), target)


def _found(value: bytes | None, target: memoryview) -> int:
    target[:] = bytes(len(target)) if value is None else value
    return -errno.ENOENT if value is None else 0


@function(ADDRESS, CALLBACK, ADDRESS, U64)
def bpf_for_each_map_elem(host: Host, map_: int, callback: int, context: int, flags: int) -> Calls[int]:
    store = host.maps[map_]
    if flags or not (store.shape.type.is_hash or store.shape.type.is_array):
        return -errno.EINVAL
    region = host.memory.map("the key of a callback", max(store.shape.key_size, 1), writable=False)
    done = 0
    try:
        for entry in list(store.entries()):
            address = store.address_of(entry.key, host.cpu)
            if not address:
                continue
            region.data[: len(entry.key)] = entry.key
            done += 1
            if (yield callback, map_, region.base, address, context):
                break
    finally:
        host.memory.unmap(region)
    return done
