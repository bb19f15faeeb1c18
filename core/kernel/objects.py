"""What all kernel objects have in common: information by file descriptor, and names in a bpffs."""

from __future__ import annotations

import errno
import os
import re
from typing import TYPE_CHECKING

from ..errors import UsageError
from . import rights
from .explain import explain
from .syscall import NAME_SIZE, Attr, BpfError, Command, buffer

if TYPE_CHECKING:
    from .syscall import Descriptor

__all__ = ["kernel_name", "object_info", "pin"]


def object_info(descriptor: Descriptor, size: int) -> bytes:
    """Return the first *size* bytes of the object's `struct bpf_*_info`; what an older kernel lacks is zero."""
    info = buffer(size)
    try:
        with descriptor as fd:
            Attr(16).u32(0, fd, size).pointer(8, info).call(Command.OBJ_GET_INFO_BY_FD)
    except BpfError as error:
        raise explain(error, f"ask the kernel about {descriptor.name}") from error
    return info.raw


def pin(descriptor: Descriptor, path: str | os.PathLike[str]) -> None:
    """Give an object a name in a bpffs, by which others find it and which keeps it alive."""
    name = os.fspath(path)
    try:
        with descriptor as fd:
            Attr(12).pointer(0, buffer(os.fsencode(name) + b"\0")).u32(8, fd).call(Command.OBJ_PIN)
    except BpfError as error:
        doing = f"pin {descriptor.name} to {name}"
        # The kernel says EPERM for a directory of another file system, too.
        if error.errno in (errno.EINVAL, errno.EPERM) and not rights.missing(rights.LOADING):
            raise UsageError(f"cannot {doing}: that is not in a bpffs", hint="use a path below /sys/fs/bpf") from None
        raise explain(error, doing, raises=UsageError) from error


def kernel_name(name: str) -> bytes:
    """Return a name as the kernel takes it: at most 15 of `[A-Za-z0-9_.]`."""
    return re.sub(r"[^A-Za-z0-9_.]", "_", name).encode()[: NAME_SIZE - 1]
