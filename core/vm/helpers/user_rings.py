"""User ring buffers (Linux 6.1): a program drains what somebody else has put in."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final

from ..engine.errors import RunError
from ..maps import UserRing
from ..world.dynptr import DYNPTR_SIZE, Dynptr, DynptrKind
from .declaration import ADDRESS, CALLBACK, MAP, U64, function

if TYPE_CHECKING:
    from ..engine.calls import Calls
    from ..maps import Store
    from ..world.host import Host

__all__: list[str] = []

_MOST: Final = 128 * 1024
"""Records of one call (BPF_MAX_USER_RINGBUF_SAMPLES)."""


@function(MAP, CALLBACK, ADDRESS, U64)
def bpf_user_ringbuf_drain(host: Host, store: Store, callback: int, context: int, flags: int) -> Calls[int]:
    if not isinstance(store, UserRing):
        raise RunError(f"map {store.name} ({store.shape.type.label}) is no user ring buffer")
    if flags & ~3:  # BPF_RB_NO_WAKEUP, BPF_RB_FORCE_WAKEUP
        return -errno.EINVAL
    if store.busy:
        return -errno.EBUSY
    store.busy = True
    try:
        return (yield from _drain(host, store, callback, context))
    finally:
        store.busy = False


def _drain(host: Host, store: UserRing, callback: int, context: int) -> Calls[int]:
    memory = host.memory
    place = memory.map("the dynptr of a callback", DYNPTR_SIZE)
    count = 0
    try:
        while count < _MOST and (record := store.consume()) is not None:
            count += 1
            region = memory.map(f"record of {store.name}", record)
            try:
                Dynptr(region.base, DynptrKind.LOCAL, region.size, 0).store(host, place.base)
                if (yield callback, place.base, context):
                    break
            finally:
                memory.unmap(region)
    finally:
        memory.unmap(place)
    return count
