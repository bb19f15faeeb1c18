"""Helpers that work on maps."""

from __future__ import annotations

import errno
import struct
from typing import TYPE_CHECKING

from ...maps import ElementError
from ...spec import MapType
from ..host import negative
from ..maps import ArrayStore, BloomStore, QueueStore
from ..memory import GRANULE_BITS

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..host import Host

__all__ = ["helpers"]

_INSIDE = (1 << GRANULE_BITS) - 1
_HASHES = frozenset({MapType.HASH, MapType.LRU_HASH, MapType.PERCPU_HASH, MapType.LRU_PERCPU_HASH})
_ARRAYS = frozenset({MapType.ARRAY, MapType.PERCPU_ARRAY})


def helpers(host: Host) -> dict[str, Callable[..., int]]:
    """Return the helpers of this area by name."""
    maps, memory = host.maps, host.memory
    read = memory.read

    readers = memory.readers
    index_at = struct.Struct("<I" if host.byte_order == "little" else ">I").unpack_from
    arrays: dict[int, tuple[int, int, int]] = {}
    """By address, of arrays that are looked up often: entries, address of the first value, distance to the next."""

    def map_lookup_elem(map_: int, key: int, *_: int) -> int:
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
            return store.address_of(read(key, store.shape.key_size), host.cpu)
        except ElementError:
            return 0

    def map_update_elem(map_: int, key: int, value: int, flags: int, *_: int) -> int:
        store = maps[map_]
        shape = store.shape
        try:
            store.set(read(key, shape.key_size), read(value, shape.value_size), flags, host.cpu)
        except ElementError as error:
            return negative(error.errno)
        return 0

    def map_delete_elem(map_: int, key: int, *_: int) -> int:
        store = maps[map_]
        try:
            store.delete(read(key, store.shape.key_size))
        except ElementError as error:
            return negative(error.errno)
        return 0

    def map_push_elem(map_: int, value: int, flags: int, *_: int) -> int:
        store = maps[map_]
        try:
            store.update(None, read(value, store.shape.value_size), flags)
        except ElementError as error:
            return negative(error.errno)
        return 0

    def map_pop_elem(map_: int, value: int, *_: int) -> int:
        return _taken(map_, value, take=True)

    def map_peek_elem(map_: int, value: int, *_: int) -> int:
        store = maps[map_]
        if isinstance(store, BloomStore):
            return 0 if store.contains(read(value, store.shape.value_size)) else negative(errno.ENOENT)
        return _taken(map_, value, take=False)

    def _taken(map_: int, value: int, *, take: bool) -> int:
        store = maps[map_]
        if not isinstance(store, QueueStore):
            return negative(errno.EINVAL)
        target = memory.view(value, store.shape.value_size, write=True)
        found = store.take(None) if take else store.lookup(None)
        target[:] = bytes(len(target)) if found is None else found
        return negative(errno.ENOENT) if found is None else 0

    def map_lookup_percpu_elem(map_: int, key: int, cpu: int, *_: int) -> int:
        store = maps[map_]
        if (cpu := cpu & 0xFFFF_FFFF) >= store.shape.cpus:
            return 0
        return store.address_of(read(key, store.shape.key_size), cpu)

    def for_each_map_elem(map_: int, callback: int, context: int, flags: int, *_: int) -> int:
        store = maps[map_]
        if flags or store.shape.type not in _HASHES | _ARRAYS:
            return negative(errno.EINVAL)
        region = memory.map("the key of a callback", max(store.shape.key_size, 1), writable=False)
        done = 0
        try:
            for entry in list(store.entries()):
                address = store.address_of(entry.key, host.cpu)
                if not address:
                    continue
                region.data[: len(entry.key)] = entry.key
                done += 1
                if host.call(callback, map_, region.base, address, context):
                    break
        finally:
            memory.unmap(region)
        return done

    def spin_lock(lock: int, *_: int) -> int:
        host.locks.add(lock)
        return 0

    def spin_unlock(lock: int, *_: int) -> int:
        host.locks.discard(lock)
        return 0

    def redirect_map(map_: int, key: int, flags: int, *_: int) -> int:
        store = maps[map_]
        if flags & ~0x1B:
            return 0
        if flags & 8:  # BPF_F_BROADCAST: to all that there are, whatever the key
            return 4
        index = (key & 0xFFFF_FFFF).to_bytes(4, host.byte_order)
        return flags & 3 if store.lookup(index) is None else 4

    names = (
        map_lookup_elem,
        map_update_elem,
        map_delete_elem,
        map_push_elem,
        map_pop_elem,
        map_peek_elem,
        map_lookup_percpu_elem,
        for_each_map_elem,
        spin_lock,
        spin_unlock,
        redirect_map,
    )
    return {function.__name__: function for function in names}
