"""Storage that belongs to sockets, tasks, inodes and control groups: a value for each address of an owner."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final

from ..engine.errors import RunError
from ..maps import StorageStore
from .declaration import ADDRESS, MAP, U64, function

if TYPE_CHECKING:
    from ..maps import Store
    from ..world.host import Host

__all__: list[str] = []

_CREATE: Final = 1
"""BPF_LOCAL_STORAGE_GET_F_CREATE."""


@function(
    MAP,
    ADDRESS,
    ADDRESS,
    U64,
    also=("bpf_task_storage_get", "bpf_inode_storage_get", "bpf_cgrp_storage_get"),
)
def bpf_sk_storage_get(host: Host, store: Store, owner: int, value: int, flags: int) -> int:
    storage = _storage(store)
    if not owner or flags & ~_CREATE:
        return 0
    initial = host.memory.read(value, store.shape.value_size) if value and flags else b""
    return storage.get(owner, initial if flags else None)


@function(
    MAP,
    ADDRESS,
    also=("bpf_task_storage_delete", "bpf_inode_storage_delete", "bpf_cgrp_storage_delete"),
)
def bpf_sk_storage_delete(_host: Host, store: Store, owner: int) -> int:
    if not owner:
        return -errno.EINVAL
    return 0 if _storage(store).forget(owner) else -errno.ENOENT


@function(MAP, U64)
def bpf_get_local_storage(host: Host, store: Store, _flags: int) -> int:
    """Of the cgroup, and for `percpu_cgroup_storage` of the CPU, that the program runs for: there is one cgroup."""
    return _storage(store).get(1 + host.cpu if store.shape.per_cpu else 1, b"")


def _storage(store: Store) -> StorageStore:
    if not isinstance(store, StorageStore):
        raise RunError(f"map {store.name} ({store.shape.type.label}) is no storage")
    return store
