"""Helpers that tell of the current task, and of what a program was called for."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from .declaration import ADDRESS, BUFFER, S32, S64, U32, U64, function

if TYPE_CHECKING:
    from ..host import Host

__all__: list[str] = []


@function()
def bpf_get_current_pid_tgid(host: Host) -> int:
    return host.settings.tgid << 32 | host.settings.pid


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
