"""Changes of what others have: a link that is detached, a name in a bpffs that is removed. One thing at a time."""

from __future__ import annotations

import ctypes
import errno
import glob
import os
import stat
import struct
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from ...errors import BpftuiError, UsageError, reason_of
from ...privileges import Capability, errand
from .errands import brought
from .explain import explain
from .layouts import LinkDetach, ObjId
from .object import parsed_id
from .pins import read_pinned
from .syscall import BpfError, Command

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from .pins import PinKind

__all__ = ["detach_link", "have_link_detached", "have_unpinned", "unpin"]

_BPF_FS_MAGIC: Final = 0xCAFE4A11
"""<linux/magic.h>"""
_DIRECTORY: Final = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
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
        if error.errno == errno.EOPNOTSUPP:
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
    fd = ObjId(start_id=parsed_id(argument)).call(Command.LINK_GET_FD_BY_ID)
    try:
        LinkDetach(link_fd=fd).call(Command.LINK_DETACH)
    finally:
        os.close(fd)
    return _nothing()


def have_unpinned(path: str, kind: PinKind, number: int, mounts: int = 0) -> None:
    """Remove a name in a bpffs. What it names lives on while somebody else holds it.

    Args:
        path: Its path.
        kind: What it names, and is to name still.
        number: The id of that.
        mounts: The inode of the mount namespace in which it is seen so; 0 for this process's own.

    Raises:
        UsageError: It is gone, in no bpffs, or names something else by now.
        BpftuiError: The kernel said no: there is no steward that changes anything.
    """
    try:
        fd = _unpinned(f"{mounts} {kind} {number} {path}")
    except OSError as error:
        match error.errno:
            case errno.ENOENT:
                raise UsageError(f"{path} is gone already") from None
            case errno.EXDEV:
                raise UsageError(f"{path} is in no bpffs: only pins are removed") from None
            case errno.ESTALE:
                raise UsageError(f"{path} no longer names {kind} {number}: nothing was removed") from None
            case errno.ESRCH:
                raise UsageError(f"nobody is in the mount namespace of {path} any more") from None
            case errno.ENOTDIR:
                what = f"cannot remove {path}: a part of its path is no directory, and symbolic links are not followed"
                raise UsageError(what) from None
            case _:
                raise BpftuiError(f"cannot remove {path}: {reason_of(error)}") from None
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

    No symbolic link is followed on the way, least of all one that a container made: what it leads to from below
    `/proc/PID/root` is another one's. And nothing is removed that names something else by now.

    Args:
        argument: The inode of a mount namespace, 0 for one's own; the kind and the id of what is pinned; and the path
            there: `0 map 7 /sys/fs/bpf/traffic`.

    Raises:
        OSError: It is not there (ENOENT), in no bpffs (EXDEV), names something else (ESTALE), a part of its path is no
            directory (ENOTDIR), nobody is in the namespace (ESRCH), or the kernel said no.
        UsageError: It is of no such form.
    """
    mounts, kind, number, path = (*argument.split(" ", 3), "", "", "")[:4]
    first, *parts = path.split("/")
    if not (mounts.isdecimal() and number.isdecimal()) or first or not parts or {"", ".", ".."} & {*parts}:
        raise UsageError("a pin is removed by what it names, and its path")
    failed: OSError | None = None
    for root in _roots(int(mounts)):
        try:
            with _closed(root), _closed(_walked(root, parts[:-1])) as parent:
                _remove(parent, parts[-1], (kind, int(number)))
            return _nothing()
        except PermissionError:
            raise
        except OSError as error:  # processes of one mount namespace may have several roots
            failed = error if failed is None or failed.errno == errno.ENOENT else failed
    raise failed or FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))


def _remove(parent: int, name: str, expected: tuple[str, int]) -> None:
    """Remove a name in a directory of a bpffs, of what is *expected* there."""
    if _file_system(parent) != _BPF_FS_MAGIC:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
    with _closed(os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)) as file:
        try:
            found = read_pinned(f"/proc/self/fd/{file}") if stat.S_ISREG(os.fstat(file).st_mode) else None
        except BpfError as error:
            if error.errno in (errno.EPERM, errno.EACCES):
                raise PermissionError(error.errno, os.strerror(error.errno)) from None
            found = None
    if found != expected:
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))
    os.unlink(name, dir_fd=parent)


def _walked(root: int, parts: Sequence[str]) -> int:
    """Return a descriptor of a directory below another one, to which no symbolic link leads."""
    here = os.dup(root)
    for part in parts:
        with _closed(here):
            here = os.open(part, _DIRECTORY | os.O_NOFOLLOW, dir_fd=here)
    return here


def _roots(mounts: int) -> Iterator[int]:
    """Iterate over descriptors of the root directories that tasks of a mount namespace have, each once.

    Each is whoever's it is given to. Other namespaces than one's own (0) take CAP_SYS_PTRACE, as a rule.

    Raises:
        OSError: Nobody is in the namespace (ESRCH), or it cannot be told who is.
    """
    if not mounts:
        yield os.open("/", _DIRECTORY)
        return
    seen: set[tuple[int, int]] = set()
    refused: PermissionError | None = None
    for task in glob.iglob("/proc/[0-9]*/task/[0-9]*"):
        try:
            # All is looked up from one descriptor: the number may be another task's at any time.
            with _closed(os.open(task, _DIRECTORY)) as own:
                if os.stat("ns/mnt", dir_fd=own).st_ino != mounts:
                    continue
                root = os.open("root", _DIRECTORY, dir_fd=own)
        except PermissionError as error:
            refused = error
            continue
        except OSError:
            continue  # it has ended meanwhile
        status = os.fstat(root)
        if (status.st_dev, status.st_ino) in seen:
            os.close(root)
        else:
            seen.add((status.st_dev, status.st_ino))
            yield root
    if not seen:
        raise refused or ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH))


@contextmanager
def _closed(descriptor: int) -> Generator[int]:
    try:
        yield descriptor
    finally:
        os.close(descriptor)


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
