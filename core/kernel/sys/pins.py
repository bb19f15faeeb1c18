"""What stands behind a name in a bpffs."""

from __future__ import annotations

import os
import sys
from typing import Final, Literal, TypeAlias

from .layouts import ObjInfo, ObjPath
from .syscall import BpfError, Command, buffer

__all__ = ["PinKind", "pinned_object", "read_pinned"]

PinKind: TypeAlias = Literal["program", "map", "link"]
"""What can be pinned."""

_KINDS: Final[dict[str, PinKind]] = {
    "anon_inode:bpf-prog": "program",
    "anon_inode:bpf-map": "map",
    "anon_inode:bpf_link": "link",
    "anon_inode:bpf-link": "link",
}
"""What the kernel calls the files behind descriptors."""


def pinned_object(path: str) -> tuple[PinKind, int] | None:
    """Return what is pinned at a path; None where nothing is, as with the iterators that each bpffs has."""
    try:
        return read_pinned(path)
    except (BpfError, OSError):
        return None


def read_pinned(path: str) -> tuple[PinKind, int] | None:
    """Return what is pinned at a path, by kind and id; None where it is something else.

    Raises:
        BpfError: Nothing is pinned there, or the kernel said no.
        OSError: /proc does not tell what it is.
    """
    fd = ObjPath(pathname=buffer(os.fsencode(path) + b"\0")).call(Command.OBJ_GET)
    try:
        kind = _KINDS.get(os.readlink(f"/proc/self/fd/{fd}"))
        info = buffer(8)  # the id of all three is the second field
        ObjInfo(bpf_fd=fd, info_len=8, info=info).call(Command.OBJ_GET_INFO_BY_FD)
        return None if kind is None else (kind, int.from_bytes(info.raw[4:8], sys.byteorder))
    finally:
        os.close(fd)
