"""Helpers of sysctl programs: the name, the value that is there, and the one that is to be written."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from ..engine.errors import RunError
from .declaration import BUFFER, BYTES, CONTEXT, U64, function

if TYPE_CHECKING:
    from ..world.contexts import Sysctl
    from ..world.host import Host

__all__: list[str] = []

_BASE_NAME = 1
"""BPF_F_SYSCTL_BASE_NAME."""
_LARGEST = 4095
"""Bytes of a value: a page less one."""


def _sysctl(host: Host) -> Sysctl:
    if host.context is None or host.context.sysctl is None:
        raise RunError("the program was not started with a bpf_sysctl")
    return host.context.sysctl


def _is_written(host: Host, context: int) -> bool:
    return bool(host.integer(context, 4))


def _copy(target: memoryview, value: bytes) -> int:
    """Copy a value with zeros behind it; return its length, or what is wrong, as copy_sysctl_value() does."""
    if not len(target):
        return -errno.E2BIG
    if not value:
        target[:] = bytes(len(target))
        return -errno.EINVAL
    target[:] = value[: len(target)].ljust(len(target), b"\0")
    if len(value) < len(target):
        return len(value)
    target[-1] = 0
    return -errno.E2BIG


@function(CONTEXT, BUFFER, U64)
def bpf_sysctl_get_name(host: Host, _context: int, target: memoryview, flags: int) -> int:
    name = _sysctl(host).name
    # As strscpy: what does not fit is cut, and ends with a zero all the same.
    name = name.rpartition(b"/")[2] if flags & _BASE_NAME else name
    if not len(target):
        return -errno.E2BIG
    kept = name[: len(target) - 1]
    target[: len(kept) + 1] = kept + b"\0"
    return len(name) if kept == name else -errno.E2BIG


@function(CONTEXT, BUFFER)
def bpf_sysctl_get_current_value(host: Host, _context: int, target: memoryview) -> int:
    return _copy(target, _sysctl(host).current)


@function(CONTEXT, BUFFER)
def bpf_sysctl_get_new_value(host: Host, context: int, target: memoryview) -> int:
    if not _is_written(host, context):
        target[:] = bytes(len(target))
        return -errno.EINVAL
    return _copy(target, _sysctl(host).new)


@function(CONTEXT, BYTES)
def bpf_sysctl_set_new_value(host: Host, context: int, value: bytes) -> int:
    sysctl = _sysctl(host)
    if not _is_written(host, context) or not sysctl.new or not value:
        return -errno.EINVAL
    if len(value) > _LARGEST:
        return -errno.E2BIG
    sysctl.new = value
    return 0
