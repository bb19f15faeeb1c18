"""What keeps others away: nobody else runs here, so that there is nothing to wait for."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from .declaration import ADDRESS, function

if TYPE_CHECKING:
    from ..world.host import Host

__all__: list[str] = []


@function(ADDRESS)
def bpf_spin_lock(host: Host, lock: int) -> int:
    host.locks.add(lock)
    return 0


@function(ADDRESS)
def bpf_spin_unlock(host: Host, lock: int) -> int:
    host.locks.discard(lock)
    return 0


@function(ADDRESS)
def bpf_res_spin_lock(host: Host, lock: int) -> int:
    """Linux 6.15: a lock that finds out that it would wait for itself."""
    if lock in host.locks:
        return -errno.EDEADLK
    return bpf_spin_lock(host, lock)


@function(ADDRESS)
def bpf_res_spin_unlock(host: Host, lock: int) -> int:
    return bpf_spin_unlock(host, lock)


@function(ADDRESS, ADDRESS)
def bpf_res_spin_lock_irqsave(host: Host, lock: int, flags: int) -> int:
    if (result := bpf_res_spin_lock(host, lock)) == 0:
        host.put_integer(flags, 0, 8)
    return result


@function(ADDRESS, ADDRESS)
def bpf_res_spin_unlock_irqrestore(host: Host, lock: int, _flags: int) -> int:
    return bpf_spin_unlock(host, lock)


@function(also=("bpf_rcu_read_unlock", "bpf_preempt_disable", "bpf_preempt_enable"))
def bpf_rcu_read_lock(_host: Host) -> int:
    return 0


@function(ADDRESS)
def bpf_local_irq_save(host: Host, flags: int) -> int:
    host.put_integer(flags, 0, 8)
    return 0


@function(ADDRESS)
def bpf_local_irq_restore(host: Host, flags: int) -> int:
    host.integer(flags, 8)
    return 0
