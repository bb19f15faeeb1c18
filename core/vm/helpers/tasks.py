"""Helpers that tell of the current task, and of what a program was called for."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from ..world.kernel_objects import KernelObjects
from .declaration import ADDRESS, BUFFER, MAP, S32, S64, U32, U64, function

if TYPE_CHECKING:
    from ..maps import Store
    from ..world.host import Host

__all__: list[str] = []


@function()
def bpf_get_current_pid_tgid(host: Host) -> int:
    return host.settings.tgid << 32 | host.settings.pid


@function(also=("bpf_get_current_task_btf",))
def bpf_get_current_task(host: Host) -> int:
    return host.part(KernelObjects).task


@function(S32, also=("bpf_task_from_vpid",))
def bpf_task_from_pid(host: Host, pid: int) -> int:
    """The current task is the only one."""
    return host.part(KernelObjects).task if pid == host.settings.pid else 0


@function(ADDRESS, also=("bpf_cgroup_acquire",))
def bpf_task_acquire(_host: Host, address: int) -> int:
    return address


@function(ADDRESS, also=("bpf_cgroup_release",))
def bpf_task_release(_host: Host, _address: int) -> int:
    return 0


@function(U64)
def bpf_cgroup_from_id(host: Host, identity: int) -> int:
    return host.part(KernelObjects).cgroup if identity == host.settings.cgroup_id else 0


@function(ADDRESS, S32)
def bpf_cgroup_ancestor(_host: Host, cgroup: int, level: int) -> int:
    """The control group is its own ancestor at level 1; there is nothing known of the root."""
    return cgroup if level == 1 else 0


@function(MAP, U32)
def bpf_current_task_under_cgroup(host: Host, store: Store, index: int) -> int:
    if index >= store.shape.max_entries:
        return -errno.E2BIG
    return -errno.EAGAIN if store.lookup(index.to_bytes(4, host.byte_order)) is None else 1


@function(ADDRESS, ADDRESS, U32)
def bpf_iter_task_new(host: Host, state: int, _task: int, flags: int) -> int:
    """An iterator over all tasks (Linux 6.7), of which there is one."""
    # BPF_TASK_ITER_ALL_PROCS, ALL_THREADS, PROC_THREADS
    host.put_integer(state, int(flags <= 2), 8)
    return 0 if flags <= 2 else -errno.EINVAL


@function(ADDRESS)
def bpf_iter_task_next(host: Host, state: int) -> int:
    left = host.integer(state, 8)
    host.put_integer(state, 0, 8)
    return host.part(KernelObjects).task if left else 0


@function(ADDRESS)
def bpf_iter_task_destroy(host: Host, state: int) -> int:
    host.put_integer(state, 0, 8)
    return 0


@function(also=("bpf_get_stack", "bpf_get_task_stack"))
def bpf_get_stackid(_host: Host) -> int:
    return -errno.EFAULT  # nobody called the program: there is no stack to walk


@function()
def bpf_get_current_uid_gid(host: Host) -> int:
    return host.settings.gid << 32 | host.settings.uid


@function(BUFFER)
def bpf_get_current_comm(host: Host, target: memoryview) -> int:
    if not len(target):
        return -errno.EINVAL
    target[:] = host.settings.comm.encode()[: min(15, len(target) - 1)].ljust(len(target), b"\0")
    return 0


@function(U64, U64, ADDRESS, U32)
def bpf_get_ns_current_pid_tgid(host: Host, _device: int, _inode: int, info: int, size: int) -> int:
    if size != 8:
        return -errno.EINVAL
    host.put_integer(info, host.settings.pid, 4)
    host.put_integer(info + 4, host.settings.tgid, 4)
    return 0


@function()
def bpf_get_current_cgroup_id(host: Host) -> int:
    return host.settings.cgroup_id


@function(S32)
def bpf_get_current_ancestor_cgroup_id(host: Host, level: int) -> int:
    return 0 if level else host.settings.cgroup_id


@function(also=("bpf_get_func_ip",))
def bpf_get_attach_cookie(_host: Host) -> int:
    return 0


@function()
def bpf_get_retval(host: Host) -> int:
    return host.retval


@function(S64)
def bpf_set_retval(host: Host, value: int) -> int:
    host.retval = value
    return 0
