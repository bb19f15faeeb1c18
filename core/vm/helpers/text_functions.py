"""Kernel functions that compare and search text (Linux 6.17; without regard to case since 6.18)."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final

from ...maps import ElementError
from ..engine.errors import AccessError
from .declaration import ADDRESS, U32, U64, function

if TYPE_CHECKING:
    from ..world.host import Host

__all__: list[str] = []

_LONGEST: Final = 65536
"""XATTR_SIZE_MAX: what is longer is an error."""


def _text(host: Host, address: int, limit: int = _LONGEST) -> bytes:
    """Return a text without its zero, or its first *limit* bytes."""
    if not address:
        raise ElementError(errno.ERANGE)
    region = host.memory.find(address)
    if region is None or not region.readable:
        raise ElementError(errno.EFAULT)
    try:
        raw = host.memory.read(address, min(limit, region.end - address))
    except AccessError:
        raise ElementError(errno.EFAULT) from None
    text, zero, _ = raw.partition(b"\0")
    if not zero and len(raw) < limit:
        raise ElementError(errno.EFAULT)
    if not zero and limit == _LONGEST:
        raise ElementError(errno.E2BIG)
    return text


def _order(a: bytes, b: bytes) -> int:
    return (a > b) - (a < b)


def _found(at: int) -> int:
    return at if at >= 0 else -errno.ENOENT


@function(ADDRESS, ADDRESS)
def bpf_strcmp(host: Host, first: int, second: int) -> int:
    return _order(_text(host, first), _text(host, second))


@function(ADDRESS, ADDRESS)
def bpf_strcasecmp(host: Host, first: int, second: int) -> int:
    return _order(_text(host, first).lower(), _text(host, second).lower())


@function(ADDRESS)
def bpf_strlen(host: Host, text: int) -> int:
    return len(_text(host, text))


@function(ADDRESS, U64)
def bpf_strnlen(host: Host, text: int, limit: int) -> int:
    return len(_text(host, text, min(limit, _LONGEST)))


@function(ADDRESS, U32)
def bpf_strchr(host: Host, text: int, character: int) -> int:
    return _found((_text(host, text) + b"\0").find(character & 0xFF))


@function(ADDRESS, U32)
def bpf_strchrnul(host: Host, text: int, character: int) -> int:
    raw = _text(host, text)
    at = raw.find(character & 0xFF)
    return at if at >= 0 else len(raw)


@function(ADDRESS, U64, U32)
def bpf_strnchr(host: Host, text: int, limit: int, character: int) -> int:
    raw = _text(host, text, min(limit, _LONGEST))
    return _found((raw + b"\0" if len(raw) < limit else raw).find(character & 0xFF))


@function(ADDRESS, U32)
def bpf_strrchr(host: Host, text: int, character: int) -> int:
    return _found((_text(host, text) + b"\0").rfind(character & 0xFF))


@function(ADDRESS, ADDRESS)
def bpf_strspn(host: Host, text: int, accepted: int) -> int:
    raw = _text(host, text)
    return len(raw) - len(raw.lstrip(_text(host, accepted) or b"\0"))


@function(ADDRESS, ADDRESS)
def bpf_strcspn(host: Host, text: int, rejected: int) -> int:
    raw, stops = _text(host, text), _text(host, rejected)
    return next((at for at, byte in enumerate(raw) if byte in stops), len(raw))


@function(ADDRESS, ADDRESS)
def bpf_strstr(host: Host, text: int, wanted: int) -> int:
    return _found(_text(host, text).find(_text(host, wanted)))


@function(ADDRESS, ADDRESS, U64)
def bpf_strnstr(host: Host, text: int, wanted: int, limit: int) -> int:
    return _found(_text(host, text, min(limit, _LONGEST)).find(_text(host, wanted)))
