"""What a program calls in place of a loop, and how it leaves all its functions at once."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final

from ..engine.errors import Thrown
from .declaration import ADDRESS, CALLBACK, U32, U64, function

if TYPE_CHECKING:
    from ..engine.calls import Calls
    from ..world.host import Host

__all__ = ["MOST_LOOPS"]

MOST_LOOPS: Final = 1 << 23
"""BPF_MAX_LOOPS."""


@function(U32, CALLBACK, ADDRESS, U64)
def bpf_loop(_host: Host, count: int, callback: int, context: int, flags: int) -> Calls[int]:
    if flags:
        return -errno.EINVAL
    if count > MOST_LOOPS:
        return -errno.E2BIG
    for index in range(count):
        if (yield callback, index, context):
            return index + 1
    return count


@function(U64)
def bpf_throw(_host: Host, cookie: int) -> int:
    raise Thrown(cookie)
