"""Pages of an arena (Linux 6.9). All of them can be accessed; what is allocated is only handed out once."""

from __future__ import annotations

import errno
import mmap
from typing import TYPE_CHECKING

from ..engine.errors import RunError
from ..maps import ArenaStore
from .declaration import ADDRESS, MAP, S32, U32, U64, function

if TYPE_CHECKING:
    from ..maps import Store
    from ..world.host import Host

__all__: list[str] = []


def _arena(store: Store) -> ArenaStore:
    if not isinstance(store, ArenaStore):
        raise RunError(f"map {store.name} ({store.shape.type.label}) is no arena")
    return store


@function(MAP, ADDRESS, U32, S32, U64, also=("bpf_arena_alloc_pages_non_sleepable",))
def bpf_arena_alloc_pages(_host: Host, store: Store, wanted: int, count: int, _node: int, flags: int) -> int:
    arena = _arena(store)
    if flags or not 0 < count <= arena.shape.max_entries or wanted % mmap.PAGESIZE:
        return 0
    first = arena.page_of(wanted) if wanted else None
    page = arena.take_pages(count, first) if first is not None or not wanted else None
    return 0 if page is None else arena.region.base + page * mmap.PAGESIZE


@function(MAP, ADDRESS, U32, also=("bpf_arena_free_pages_non_sleepable",))
def bpf_arena_free_pages(_host: Host, store: Store, address: int, count: int) -> int:
    arena = _arena(store)
    page = arena.page_of(address & -mmap.PAGESIZE)
    if page is not None:
        arena.free_pages(page, count)
    return 0


@function(MAP, ADDRESS, U32)
def bpf_arena_reserve_pages(_host: Host, store: Store, address: int, count: int) -> int:
    arena = _arena(store)
    if not count:
        return 0
    page = None if address % mmap.PAGESIZE else arena.page_of(address)
    if page is None or page + count > arena.shape.max_entries:
        return -errno.EINVAL
    return -errno.EBUSY if arena.take_pages(count, page) is None else 0
