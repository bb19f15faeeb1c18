"""Helpers that copy and compare memory: bad addresses are errors there, not the end of the run."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from ..errors import AccessError
from ..host import negative

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..host import Host

__all__ = ["helpers"]


def helpers(host: Host) -> dict[str, Callable[..., int]]:
    """Return the helpers of this area by name."""
    memory = host.memory

    def probe_read(target: int, size: int, source: int, *_: int) -> int:
        view = memory.view(target, size & 0xFFFF_FFFF, write=True)
        try:
            view[:] = memory.read(source, len(view))
        except AccessError:
            view[:] = bytes(len(view))
            return negative(errno.EFAULT)
        return 0

    def probe_read_str(target: int, size: int, source: int, *_: int) -> int:
        view = memory.view(target, size & 0xFFFF_FFFF, write=True)
        if not len(view):
            return 0
        try:
            text = host.text(source, len(view) - 1)
        except AccessError:
            view[:] = bytes(len(view))
            return negative(errno.EFAULT)
        view[: len(text) + 1] = text + b"\0"
        return len(text) + 1

    def probe_write_user(target: int, source: int, size: int, *_: int) -> int:
        data = memory.read(source, size & 0xFFFF_FFFF)
        try:
            memory.write(target, data)
        except AccessError:
            return negative(errno.EFAULT)
        return 0

    def strncmp(first: int, size: int, second: int, *_: int) -> int:
        size &= 0xFFFF_FFFF
        left, right = host.text(first, size), host.text(second, size)
        for a, b in zip(left + b"\0", right + b"\0", strict=False):
            if a != b:
                return (a - b) & (1 << 64) - 1
        return 0

    def csum_diff(before: int, before_size: int, after: int, after_size: int, seed: int, *_: int) -> int:
        before_size, after_size = before_size & 0xFFFF_FFFF, after_size & 0xFFFF_FFFF
        if (before_size | after_size) & 3:
            return negative(errno.EINVAL)
        removed = memory.read(before, before_size) if before_size else b""
        added = memory.read(after, after_size) if after_size else b""
        total = seed & 0xFFFF_FFFF
        for raw, sign in ((removed, 0xFFFF), (added, 0)):
            for at in range(0, len(raw), 2):
                total += int.from_bytes(raw[at : at + 2], host.byte_order) ^ sign
        while total >> 16:
            total = (total & 0xFFFF) + (total >> 16)
        return total

    found: dict[str, Callable[..., int]] = dict.fromkeys(
        ("probe_read", "probe_read_kernel", "probe_read_user", "copy_from_user"), probe_read
    )
    found |= dict.fromkeys(("probe_read_str", "probe_read_kernel_str", "probe_read_user_str"), probe_read_str)
    return found | {"probe_write_user": probe_write_user, "strncmp": strncmp, "csum_diff": csum_diff}
