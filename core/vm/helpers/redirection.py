"""Helpers that send packets elsewhere: what they return is all, for there is no other place."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final

from ..world.packet import XdpPacket
from .declaration import MAP, SKB, U32, U64, function

if TYPE_CHECKING:
    from ..maps import Store
    from ..world.host import Host
    from ..world.packet import SkbPacket

__all__: list[str] = []

_XDP_REDIRECT: Final = 4
_TC_REDIRECT: Final = 7
_TC_SHOT: Final = 2
_BROADCAST: Final = 8
"""BPF_F_BROADCAST: to all that there are, whatever the key."""


@function(U32, U64)
def bpf_redirect(host: Host, _interface: int, flags: int) -> int:
    if isinstance(host.packet, XdpPacket):
        return 0 if flags else _XDP_REDIRECT
    return _TC_SHOT if flags & ~1 else _TC_REDIRECT


@function(U32, U64)
def bpf_redirect_peer(_host: Host, _interface: int, flags: int) -> int:
    return _TC_SHOT if flags else _TC_REDIRECT


@function(U32, U64, U32, U64)
def bpf_redirect_neigh(_host: Host, _interface: int, _parameters: int, size: int, flags: int) -> int:
    # sizeof(struct bpf_redir_neigh) is 20
    return _TC_SHOT if flags or (size and size < 20) else _TC_REDIRECT


@function(MAP, U32, U64)
def bpf_redirect_map(host: Host, store: Store, key: int, flags: int) -> int:
    if flags & ~0x1B:
        return 0
    if flags & _BROADCAST:
        return _XDP_REDIRECT
    found = store.lookup(key.to_bytes(4, host.byte_order))
    return flags & 3 if found is None else _XDP_REDIRECT


@function(SKB, U32, U64)
def bpf_clone_redirect(_host: Host, _packet: SkbPacket, _interface: int, _flags: int) -> int:
    return -errno.EINVAL  # there is no other interface that it could go to
