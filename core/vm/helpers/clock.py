"""Helpers that tell of time, chance and CPUs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .declaration import bound, function

if TYPE_CHECKING:
    from ..world.host import Host
    from .declaration import Bound

__all__: list[str] = []

_MILLISECOND: Final = 1_000_000


@bound
def bpf_ktime_get_ns(host: Host) -> Bound:
    now = host.now
    return lambda *_: now()


@bound
def bpf_get_prandom_u32(host: Host) -> Bound:
    bits = host.random.getrandbits
    return lambda *_: bits(32)


@bound
def bpf_get_smp_processor_id(host: Host) -> Bound:
    return lambda *_: host.cpu


@function()
def bpf_ktime_get_boot_ns(host: Host) -> int:
    return host.now()


@function()
def bpf_ktime_get_coarse_ns(host: Host) -> int:
    return host.now() // _MILLISECOND * _MILLISECOND


@function()
def bpf_ktime_get_tai_ns(host: Host) -> int:
    return host.wall()


@function()
def bpf_jiffies64(host: Host) -> int:
    return host.now() // _MILLISECOND  # CONFIG_HZ is 1000


@function()
def bpf_get_numa_node_id(_host: Host) -> int:
    return 0
