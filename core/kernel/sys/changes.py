"""Changes of what others have: a link that is detached, a name in a bpffs that is removed. One thing at a time."""

from __future__ import annotations

import ctypes
import errno
import os
import re
import struct
from typing import Final

from ...errors import BpftuiError, UsageError
from ...privileges import Capability, errand
from .errands import brought
from .explain import explain
from .layouts import LinkDetach, ObjId
from .syscall import BpfError, Command

__all__ = ["detach_link", "have_link_detached", "have_unpinned", "unpin"]

_BPF_FS_MAGIC: Final = 0xCAFE4A11
"""<linux/magic.h>"""
_STATFS: Final = 256
"""Bytes that are more than `struct statfs` has, of which the first word is the type."""


def have_link_detached(number: int) -> None:
    """Detach a link that somebody else holds (BPF_LINK_DETACH, Linux 5.8): it stays, attached to nothing.

    Raises:
        UsageError: There is none, or links of its kind end only with the last who holds them.
        NoPermissionError: It takes CAP_SYS_ADMIN, and there is no steward that changes anything.
    """
    try:
        try:
            fd = detach_link(str(number))
        except BpfError as error:
            fd = brought(error, "detach_link", str(number))
    except BpfError as error:
        if error.errno in (errno.EOPNOTSUPP, errno.ENOTSUP):
            what = f"link {number} cannot be detached: links of its kind end with the last that holds them"
            raise UsageError(what, hint="remove its pins, or end the process that has it open") from None
        if error.errno == errno.ENOENT:
            raise UsageError(f"there is no link {number} any more") from None
        raise explain(error, f"detach link {number}", needs=(Capability.CAP_SYS_ADMIN,)) from error
    os.close(fd)


def detach_link(argument: str) -> int:
    """Detach the link with an id; return a descriptor of nothing. An errand of the steward's.

    Raises:
        BpfError, UsageError: The kernel said no, or it is no id.
    """
    if not re.fullmatch("[0-9]{1,10}", argument) or int(argument) >> 32:
        raise UsageError("a link is detached by its id")
    fd = ObjId(start_id=int(argument)).call(Command.LINK_GET_FD_BY_ID)
    try:
        LinkDetach(link_fd=fd).call(Command.LINK_DETACH)
    finally:
        os.close(fd)
    return _nothing()


def have_unpinned(path: str, mounts: int = 0) -> None:
    """Remove a name in a bpffs. What it names lives on while somebody else holds it.

    Args:
        path: Its path.
        mounts: The inode of the mount namespace in which it is seen so; 0 for this process's own.

    Raises:
        UsageError: It is gone, or in no bpffs.
        BpftuiError: The kernel said no: there is no steward that changes anything.
    """
    try:
        fd = _unpinned(f"{mounts} {path}")
    except OSError as error:
        if error.errno == errno.ENOENT:
            raise UsageError(f"{path} is gone already") from None
        raise BpftuiError(f"cannot remove {path}: {(error.strerror or str(error)).lower()}") from None
    os.close(fd)


def _unpinned(argument: str) -> int:
    try:
        return unpin(argument)
    except PermissionError as error:
        found = errand("unpin", argument)
        if found is None:
            raise error from None
        return found


def unpin(argument: str) -> int:
    """Remove the name of an object in a bpffs; return a descriptor of nothing. An errand of the steward's.

    Args:
        argument: The inode of a mount namespace, 0 for one's own, and the path there: `0 /sys/fs/bpf/traffic`.

    Raises:
        OSError: It is not there, or the kernel said no.
        UsageError: It is of no such form, or in no bpffs.
    """
    mounts, _, path = argument.partition(" ")
    folder, _, name = path.rpartition("/")
    if not mounts.isdecimal() or not path.startswith("/") or name in ("", ".", ".."):
        raise UsageError("a pin is removed by its path")
    root = _root_of(int(mounts)) if int(mounts) else ""
    parent = os.open(f"{root}{folder}" or "/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if _file_system(parent) != _BPF_FS_MAGIC:
            raise UsageError(f"{path} is in no bpffs: only pins are removed")
        os.unlink(name, dir_fd=parent)
    finally:
        os.close(parent)
    return _nothing()


def _root_of(mounts: int) -> str:
    """Return where the files of a mount namespace can be reached; takes CAP_SYS_PTRACE, as a rule."""
    refused: PermissionError | None = None
    for name in os.listdir("/proc"):
        try:
            if name.isdecimal() and os.stat(f"/proc/{name}/ns/mnt").st_ino == mounts:
                return f"/proc/{name}/root"
        except PermissionError as error:
            refused = error
        except OSError:
            continue  # it has ended meanwhile
    if refused is not None:
        raise refused
    raise UsageError("nobody is in the mount namespace any more")


def _file_system(descriptor: int) -> int:
    """Return what kind of file system something lies in (fstatfs)."""
    libc = ctypes.CDLL(None, use_errno=True)
    memory = ctypes.create_string_buffer(_STATFS)
    if libc.fstatfs(descriptor, memory) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    (found,) = struct.unpack_from("@l", memory)
    return found & 0xFFFF_FFFF


def _nothing() -> int:
    return os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
