"""Helpers that tell of the function that a program traces: its arguments and what it returned (Linux 5.17)."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final

from ..engine.errors import RunError
from .declaration import ADDRESS, CONTEXT, U32, function

if TYPE_CHECKING:
    from ..world.host import Host

__all__: list[str] = []

_WORD: Final = 8
"""Bytes of an argument in the context."""


@function(CONTEXT)
def bpf_get_func_arg_cnt(host: Host, _context: int) -> int:
    """A struct that is passed by value counts for each 8 bytes."""
    traced = None if host.context is None else host.context.traced
    if traced is None:
        raise RunError(
            "nobody knows how many arguments the traced function has",
            hint="a kernel's BTF tells: --btf FILE",
        )
    return traced.words


@function(CONTEXT, U32, ADDRESS)
def bpf_get_func_arg(host: Host, context: int, number: int, target: int) -> int:
    if number >= bpf_get_func_arg_cnt(host, context):
        return -errno.EINVAL
    host.memory.write(target, host.memory.read(context + _WORD * number, _WORD))
    return 0


@function(CONTEXT, ADDRESS)
def bpf_get_func_ret(host: Host, context: int, target: int) -> int:
    """Where a function begins, it has returned nothing yet."""
    count = bpf_get_func_arg_cnt(host, context)
    if host.context is None or host.context.traced is None or not host.context.traced.has_result:
        return -errno.EOPNOTSUPP
    host.memory.write(target, host.memory.read(context + _WORD * count, _WORD))
    return 0
