"""Helpers that read performance counters, and what is at a tracing program's hook: there are no counters here."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final

from ..world.kernel_objects import KernelObjects
from .declaration import ADDRESS, BUFFER, CONTEXT, MAP, U64, function

if TYPE_CHECKING:
    from ..maps import Store
    from ..world.host import Host

__all__: list[str] = []

_VALUE: Final = 24
"""sizeof(struct bpf_perf_event_value): counter, enabled, running."""
_THIS_CPU: Final = 0xFFFF_FFFF
"""BPF_F_CURRENT_CPU, the mask of the flags as well."""


def _index(host: Host, store: Store, flags: int) -> int:
    """Return what get_map_perf_counter() finds in an array in which nobody put an event."""
    if flags & ~_THIS_CPU:
        return -errno.EINVAL
    index = host.cpu if flags == _THIS_CPU else flags
    return -errno.E2BIG if index >= store.shape.max_entries else -errno.ENOENT


@function(MAP, U64)
def bpf_perf_event_read(host: Host, store: Store, flags: int) -> int:
    return _index(host, store, flags)


@function(MAP, U64, BUFFER)
def bpf_perf_event_read_value(host: Host, store: Store, flags: int, target: memoryview) -> int:
    target[:] = bytes(len(target))
    return -errno.EINVAL if len(target) != _VALUE else _index(host, store, flags)


@function(CONTEXT, BUFFER)
def bpf_perf_prog_read_value(_host: Host, _context: int, target: memoryview) -> int:
    """The event that the program was called for has counted nothing."""
    target[:] = bytes(len(target))
    return -errno.EINVAL if len(target) != _VALUE else 0


@function(ADDRESS)
def bpf_task_pt_regs(host: Host, _task: int) -> int:
    return host.part(KernelObjects).registers


@function(CONTEXT, U64)
def bpf_override_return(host: Host, _context: int, value: int) -> int:
    """What the probed function would return in place of being called is what the run is told by bpf_get_retval()."""
    host.retval = value
    return 0


@function(ADDRESS)
def bpf_sock_from_file(_host: Host, _file: int) -> int:
    return 0  # no file is a socket
