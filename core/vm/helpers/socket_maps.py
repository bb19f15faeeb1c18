"""Helpers that put sockets into maps, send to them, and set their options: the one socket of a run is in no map."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final

from ...context.fields import context_fields
from ...spec import ProgramType
from .declaration import ADDRESS, BUFFER, BYTES, CONTEXT, KEY, MAP, S32, U32, U64, function

if TYPE_CHECKING:
    from ..maps import Store
    from ..world.host import Host

__all__: list[str] = []

_DROP, _PASS = 0, 1
_INGRESS: Final = 1
"""BPF_F_INGRESS."""
_CALLBACKS: Final = 0x7F
"""BPF_SOCK_OPS_ALL_CB_FLAGS."""
_ASSIGNED: Final = 3
"""BPF_SK_LOOKUP_F_REPLACE and _NO_REUSEPORT."""
_OPS: Final = {field.name: field.offset for field in context_fields(ProgramType.SOCK_OPS)}


class _Options:
    """The options that programs set, by level and name."""

    def __init__(self, _host: Host) -> None:
        self.values: dict[tuple[int, int], bytes] = {}


@function(CONTEXT, MAP, U32, U64, also=("bpf_msg_redirect_map",))
def bpf_sk_redirect_map(host: Host, _context: int, store: Store, key: int, flags: int) -> int:
    return _redirect(store, key.to_bytes(4, host.byte_order), flags)


@function(CONTEXT, MAP, KEY, U64, also=("bpf_msg_redirect_hash",))
def bpf_sk_redirect_hash(_host: Host, _context: int, store: Store, key: bytes, flags: int) -> int:
    return _redirect(store, key, flags)


def _redirect(store: Store, key: bytes, flags: int) -> int:
    return _DROP if flags & ~_INGRESS or store.lookup(key) is None else _PASS


@function(CONTEXT, MAP, KEY, U64, also=("bpf_sock_hash_update",))
def bpf_sock_map_update(_host: Host, _context: int, _store: Store, _key: bytes, flags: int) -> int:
    # BPF_EXIST is the largest; the socket of a run is not connected
    return -errno.EINVAL if flags > 2 else -errno.EOPNOTSUPP


@function(CONTEXT, S32)
def bpf_sock_ops_cb_flags_set(host: Host, context: int, flags: int) -> int:
    """Set what the socket calls the program for; return the flags that nobody knows."""
    if not host.integer(context + _OPS["is_fullsock"], 4):
        return -errno.EINVAL
    host.put_integer(context + _OPS["bpf_sock_ops_cb_flags"], flags & _CALLBACKS, 4)
    return flags & ~_CALLBACKS


@function(CONTEXT, ADDRESS, U64)
def bpf_sk_assign(host: Host, _context: int, _socket: int, flags: int) -> int:
    if host.packet is None:  # a look-up
        return -errno.EINVAL if flags & ~_ASSIGNED else 0
    return -errno.EINVAL if flags else -errno.EOPNOTSUPP  # a test run is not at ingress


@function(
    ADDRESS,
    also=(
        "bpf_skc_to_tcp6_sock",
        "bpf_skc_to_tcp_timewait_sock",
        "bpf_skc_to_tcp_request_sock",
        "bpf_skc_to_udp6_sock",
        "bpf_skc_to_unix_sock",
        "bpf_skc_to_mptcp_sock",
    ),
)
def bpf_skc_to_tcp_sock(_host: Host, _socket: int) -> int:
    return 0  # the socket of a run is of no protocol


@function(also=("bpf_sk_cgroup_id",))
def bpf_skb_cgroup_id(host: Host) -> int:
    return host.settings.cgroup_id


@function(ADDRESS, S32, also=("bpf_sk_ancestor_cgroup_id",))
def bpf_skb_ancestor_cgroup_id(host: Host, _address: int, level: int) -> int:
    return 0 if level else host.settings.cgroup_id


@function(CONTEXT, S32, S32, BYTES)
def bpf_setsockopt(host: Host, _context: int, level: int, name: int, value: bytes) -> int:
    """Every option can be set; what was set is what `bpf_getsockopt` tells."""
    host.part(_Options).values[level, name] = value
    return 0


@function(CONTEXT, S32, S32, BUFFER)
def bpf_getsockopt(host: Host, _context: int, level: int, name: int, target: memoryview) -> int:
    found = host.part(_Options).values.get((level, name))
    target[:] = (found or b"")[: len(target)].ljust(len(target), b"\0")
    return -errno.ENOPROTOOPT if found is None else 0
