"""Helpers that copy memory: a bad address of what is read is an error there, not the end of the run."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from ..errors import AccessError
from .declaration import ADDRESS, BUFFER, BYTES, U64, function

if TYPE_CHECKING:
    from ..host import Host

__all__: list[str] = []


@function(BUFFER, ADDRESS, also=("bpf_probe_read_kernel", "bpf_probe_read_user", "bpf_copy_from_user"))
def bpf_probe_read(host: Host, target: memoryview, source: int) -> int:
    try:
        target[:] = host.memory.read(source, len(target))
    except AccessError:
        target[:] = bytes(len(target))
        return -errno.EFAULT
    return 0


@function(BUFFER, ADDRESS, ADDRESS, U64)
def bpf_copy_from_user_task(host: Host, target: memoryview, source: int, _task: int, flags: int) -> int:
    return -errno.EINVAL if flags else bpf_probe_read(host, target, source)


@function(BUFFER, ADDRESS, also=("bpf_probe_read_kernel_str", "bpf_probe_read_user_str"))
def bpf_probe_read_str(host: Host, target: memoryview, source: int) -> int:
    if not len(target):
        return 0
    try:
        text = host.text(source, len(target) - 1)
    except AccessError:
        target[:] = bytes(len(target))
        return -errno.EFAULT
    target[: len(text) + 1] = text + b"\0"
    return len(text) + 1


@function(BUFFER, ADDRESS, U64)
def bpf_copy_from_user_str(host: Host, target: memoryview, source: int, flags: int) -> int:
    """Linux 6.12; BPF_F_PAD_ZEROS (1) clears what is left of the buffer."""
    if flags & ~1:
        return -errno.EINVAL
    length = bpf_probe_read_str(host, target, source)
    if length > 0 and flags:
        target[length:] = bytes(len(target) - length)
    return length


@function(ADDRESS, BYTES)
def bpf_probe_write_user(host: Host, target: int, data: bytes) -> int:
    try:
        host.memory.write(target, data)
    except AccessError:
        return -errno.EFAULT
    return 0
