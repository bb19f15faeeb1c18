"""Helpers that tell of time, chance, CPUs and the current task, and those that call back."""

from __future__ import annotations

import errno
import time
from typing import TYPE_CHECKING

from ..host import negative

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..host import Host

__all__ = ["helpers"]

_MOST_LOOPS = 1 << 23
"""BPF_MAX_LOOPS."""


def helpers(host: Host) -> dict[str, Callable[..., int]]:
    """Return the helpers of this area by name."""
    settings, memory = host.settings, host.memory

    def get_current_comm(buffer: int, size: int, *_: int) -> int:
        target = memory.view(buffer, size & 0xFFFF_FFFF, write=True)
        if not len(target):
            return negative(errno.EINVAL)
        target[:] = settings.comm.encode()[: min(15, len(target) - 1)].ljust(len(target), b"\0")
        return 0

    def get_ns_current_pid_tgid(device: int, inode: int, info: int, size: int, *_: int) -> int:
        if size != 8:
            return negative(errno.EINVAL)
        host.put_integer(info, settings.pid, 4)
        host.put_integer(info + 4, settings.tgid, 4)
        return 0

    def loop(count: int, callback: int, context: int, flags: int, *_: int) -> int:
        count &= 0xFFFF_FFFF
        if flags:
            return negative(errno.EINVAL)
        if count > _MOST_LOOPS:
            return negative(errno.E2BIG)
        for index in range(count):
            if host.call(callback, index, context):
                return index + 1
        return count

    def get_retval(*_: int) -> int:
        return host.retval & (1 << 64) - 1

    def set_retval(value: int, *_: int) -> int:
        host.retval = value
        return 0

    uid_gid = settings.gid << 32 | settings.uid
    pid_tgid = settings.tgid << 32 | settings.pid
    plain: dict[str, Callable[..., int]] = {
        "ktime_get_ns": lambda *_: host.now(),
        "ktime_get_boot_ns": lambda *_: host.now(),
        "ktime_get_coarse_ns": lambda *_: host.now() // 1_000_000 * 1_000_000,
        "ktime_get_tai_ns": lambda *_: time.time_ns(),
        "jiffies64": lambda *_: host.now() // 1_000_000,
        "get_prandom_u32": lambda *_: host.random.getrandbits(32),
        "get_smp_processor_id": lambda *_: host.cpu,
        "get_numa_node_id": lambda *_: 0,
        "get_current_pid_tgid": lambda *_: pid_tgid,
        "get_current_uid_gid": lambda *_: uid_gid,
        "get_current_cgroup_id": lambda *_: settings.cgroup_id,
        "get_attach_cookie": lambda *_: 0,
        "get_func_ip": lambda *_: 0,
    }

    def get_current_ancestor_cgroup_id(level: int, *_: int) -> int:
        return 0 if level else settings.cgroup_id

    names = (get_current_ancestor_cgroup_id, get_current_comm, get_ns_current_pid_tgid, loop, get_retval, set_retval)
    return plain | {function.__name__: function for function in names}
