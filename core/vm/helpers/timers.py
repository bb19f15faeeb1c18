"""Timers (Linux 5.15) and work queues (Linux 6.10)."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final

from ..world.timers import Timers
from .declaration import ADDRESS, CALLBACK, U32, U64, function

if TYPE_CHECKING:
    from ..world.host import Host

__all__: list[str] = []

_CLOCKS: Final = (0, 1, 7)
"""CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME: all of them are one here."""
_ABSOLUTE, _PINNED = 1, 2
"""BPF_F_TIMER_ABS, BPF_F_TIMER_CPU_PIN."""


@function(ADDRESS, ADDRESS, U64)
def bpf_timer_init(host: Host, timer: int, map_: int, clock: int) -> int:
    return host.part(Timers).init(timer, map_) if clock in _CLOCKS else -errno.EINVAL


@function(ADDRESS, CALLBACK)
def bpf_timer_set_callback(host: Host, timer: int, callback: int) -> int:
    return host.part(Timers).set_callback(timer, callback)


@function(ADDRESS, U64, U64)
def bpf_timer_start(host: Host, timer: int, nanoseconds: int, flags: int) -> int:
    if flags & ~(_ABSOLUTE | _PINNED):
        return -errno.EINVAL
    return host.part(Timers).start(timer, nanoseconds if flags & _ABSOLUTE else host.now() + nanoseconds)


@function(ADDRESS)
def bpf_timer_cancel(host: Host, timer: int) -> int:
    return host.part(Timers).cancel(timer)


@function(ADDRESS, ADDRESS, U32)
def bpf_wq_init(host: Host, work: int, map_: int, flags: int) -> int:
    return -errno.EINVAL if flags else host.part(Timers).init(work, map_)


@function(ADDRESS, CALLBACK, U32)
def bpf_wq_set_callback_impl(host: Host, work: int, callback: int, flags: int) -> int:
    return -errno.EINVAL if flags else host.part(Timers).set_callback(work, callback)


@function(ADDRESS, U32)
def bpf_wq_start(host: Host, work: int, flags: int) -> int:
    return -errno.EINVAL if flags else host.part(Timers).start(work, host.now())
