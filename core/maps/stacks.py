"""The values of maps of type stack_trace: frames, as addresses or as places in files."""

from __future__ import annotations

import struct
import sys
from typing import TYPE_CHECKING, Final

from ..runtime.stacks import Call
from ..uapi import MapFlag

if TYPE_CHECKING:
    from ..btf import Value

__all__ = ["calls_in", "calls_value", "frame_size"]

_BUILD_ID: Final = struct.Struct("=i20sQ")
"""`struct bpf_stack_build_id`: a status, the build id, and an offset in the file, or an address in memory."""
_EMPTY, _VALID = range(2)
"""BPF_STACK_BUILD_ID_EMPTY and _VALID; the third status, _IP, is that of an address."""


def frame_size(flags: int) -> int:
    """Return the bytes of a frame in a map of these flags: of an address, or of a `struct bpf_stack_build_id`."""
    return _BUILD_ID.size if flags & MapFlag.STACK_BUILD_ID else 8


def calls_in(raw: bytes, flags: int) -> tuple[Call, ...]:
    """Return the frames in a value, the most recent first.

    Args:
        raw: The value, in the byte order of the machine that it was read on; behind the last frame there are zeros.
        flags: Those of the map: with BPF_F_STACK_BUILD_ID frames are of another form.
    """
    size = frame_size(flags)
    raw = raw[: len(raw) // size * size]
    found: list[Call] = []
    if size == _BUILD_ID.size:
        for status, build_id, place in _BUILD_ID.iter_unpack(raw):
            if status == _EMPTY:
                break
            # Of a shorter build id (md5, uuid: 16 bytes) the kernel fills the rest with zeros.
            found.append(Call(place, build_id if status == _VALID else b""))
    else:
        for at in range(0, len(raw), size):
            address = int.from_bytes(raw[at : at + size], sys.byteorder)
            if not address:
                break
            found.append(Call(address))
    return tuple(found)


def calls_value(raw: bytes, flags: int) -> Value:
    """Return a value in Python: the addresses, the most recent first; a frame of a file has its `build_id`."""
    return [
        {"build_id": each.build_id.hex(), "offset": each.address} if each.build_id else each.address
        for each in calls_in(raw, flags)
    ]
