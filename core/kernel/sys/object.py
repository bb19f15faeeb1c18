"""What all kernel objects have in common: a descriptor, information, names in a bpffs, and being found again."""

from __future__ import annotations

import ctypes
import errno
import os
import re
import struct
from typing import TYPE_CHECKING, Final, Literal, SupportsIndex, TypeAlias, TypeVar

from ...errors import LoadError, UnknownNameError, UsageError, reason_of
from ...uapi import MapFlag
from . import rights
from .errands import brought
from .explain import explain
from .layouts import BpfLinkInfo, ObjId, ObjInfo, ObjPath
from .structure import Structure
from .syscall import NAME_SIZE, BpfError, Command, Descriptor, buffer, invoke

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ...errors import BpftuiError

__all__ = [
    "KernelObject",
    "ObjectKind",
    "fdinfo",
    "fill",
    "kernel_name",
    "link_info",
    "list_ids",
    "object_info",
    "open_id",
    "open_map_to_change",
    "open_object",
    "open_path",
    "open_pin",
    "open_to_change",
    "parsed_id",
    "read_link_info",
    "take_over",
    "walk_ids",
]

ObjectKind: TypeAlias = Literal["map", "program", "link", "BTF"]

_BY_ID: Final = {
    "map": (Command.MAP_GET_FD_BY_ID, Command.MAP_GET_NEXT_ID),
    "program": (Command.PROG_GET_FD_BY_ID, Command.PROG_GET_NEXT_ID),
    "link": (Command.LINK_GET_FD_BY_ID, Command.LINK_GET_NEXT_ID),
    "BTF": (Command.BTF_GET_FD_BY_ID, Command.BTF_GET_NEXT_ID),
}
_IDS: Final = ObjId.packing("start_id", "next_id")
"""Packed at once: a machine may have thousands."""
_ID: Final = struct.Struct("=I")
_FILES: Final = {"anon_inode:bpf-map": "map", "anon_inode:bpf-prog": "program", "anon_inode:bpf_link": "link"}
"""What the kernel calls the files behind descriptors."""


class KernelObject:
    """A map, a program or a link: it owns a file descriptor, and can be given names in a bpffs.

    Args:
        descriptor: Its file descriptor, which it owns from now on.
        pins: The names in a bpffs that it was found by.
    """

    def __init__(self, descriptor: Descriptor, pins: Iterable[str] = ()) -> None:
        self.descriptor = descriptor
        self._pins = list(pins)

    def fileno(self) -> int:
        """Return the file descriptor, which stays this object's: for other libraries, and for maps of such objects."""
        with self.descriptor as fd:
            return fd

    @property
    def pinned(self) -> tuple[str, ...]:
        """The names in a bpffs that this handle gave it or found it by, oldest first."""
        return tuple(self._pins)

    def pin(self, path: str | os.PathLike[str]) -> None:
        """Give it a name in a bpffs, by which others find it and which keeps it alive; it can have several.

        Raises:
            UsageError: *path* is taken, or not in a bpffs.
            NoPermissionError: This process may not.
        """
        name = os.fspath(path)
        try:
            with self.descriptor as fd:
                ObjPath(pathname=buffer(os.fsencode(name) + b"\0"), bpf_fd=fd).call(Command.OBJ_PIN)
        except BpfError as error:
            raise _not_pinned(error, self.descriptor.name, name) from error
        self._pins.append(name)

    def unpin(self) -> None:
        """Remove the names that `pinned` lists; the object lives on while somebody holds it. Without any, do nothing.

        Raises:
            UsageError: One cannot be removed; it stays listed. One that is gone already is no error.
        """
        while self._pins:
            try:
                os.unlink(self._pins[-1])
            except FileNotFoundError:
                pass
            except OSError as error:
                doing = f"remove the pin {self._pins[-1]} of {self.descriptor.name}"
                raise UsageError(f"cannot {doing}: {reason_of(error)}") from None
            self._pins.pop()


_Info = TypeVar("_Info", bound=Structure)


def object_info(descriptor: Descriptor, info: _Info) -> _Info:
    """Have the kernel fill in an object's `struct bpf_*_info`, and return it; what an older kernel lacks is zero."""
    try:
        with descriptor as fd:
            fill(fd, info)
    except BpfError as error:
        raise explain(error, f"ask the kernel about {descriptor.name}") from error
    return info


def fill(fd: int, info: Structure) -> None:
    """Have the kernel fill in a `struct bpf_*_info`, and what it points to; BpfError where it says no."""
    ObjInfo(bpf_fd=fd, info_len=info.total_size, info=info.memory).call(Command.OBJ_GET_INFO_BY_FD)


_FDINFO: Final = re.compile(rb"^(\w+):\s+(\d+)$", re.MULTILINE)


def fdinfo(descriptor: Descriptor) -> dict[str, int]:
    """Return the numbers that /proc tells of an object, `memlock` and `frozen` among them; none without /proc."""
    try:
        with descriptor as fd, open(f"/proc/self/fdinfo/{fd}", "rb", buffering=0) as file:
            return {name.decode(): int(number) for name, number in _FDINFO.findall(file.read())}
    except OSError:
        return {}


def walk_ids(kind: ObjectKind) -> Iterator[int]:
    """Iterate over the ids of all objects of a kind that the kernel has now (needs CAP_SYS_ADMIN).

    Where this process may not, its steward may.

    Raises:
        NoPermissionError: Neither may.
    """
    try:
        try:
            yield from _ids(_BY_ID[kind][1])
        except BpfError as error:
            with open(brought(error, "ids", kind), "rb") as file:
                yield from (number for (number,) in _ID.iter_unpack(file.read()))
    except BpfError as error:
        raise explain(error, f"list the kernel's {kind}s", needs=(rights.Capability.CAP_SYS_ADMIN,)) from error


def _ids(command: Command) -> Iterator[int]:
    attr = buffer(_IDS.size)
    address, number = ctypes.addressof(attr), 0
    while True:
        _IDS.pack_into(attr, 0, number, 0)
        failed = invoke(command, address, _IDS.size)
        if failed == -errno.ENOENT:
            return
        if failed:
            raise BpfError(command, -failed)
        number = _IDS.unpack_from(attr)[1]
        yield number


def list_ids(kind: str) -> int:
    """Return a file with the ids of all objects of a kind that the kernel has now, 32 bits each.

    Raises:
        BpfError, UsageError: The kernel said no, or there is no such kind.
    """
    if kind not in _BY_ID:
        raise UsageError("ids are asked for by kind")
    return _memory_file("ids", (_ID.pack(number) for number in _ids(_BY_ID[kind][1])))


def open_id(kind: ObjectKind, number: int, flags: int = 0) -> Descriptor:
    """Return a descriptor of the object with that id (Linux 4.13, links 5.8; needs CAP_SYS_ADMIN).

    Of a map, *flags* (BPF_F_RDONLY) say what may be done with it. Where this process may not, its steward may: a map
    that comes from there is to read only.

    Raises:
        UnknownNameError: There is none.
        NoPermissionError: This process may not.
    """
    try:
        try:
            fd = ObjId(start_id=number, open_flags=flags).call(_BY_ID[kind][0])
        except BpfError as error:
            fd = brought(error, "object", f"{kind} {number}")
        return Descriptor(fd, f"{kind} {number}")
    except BpfError as error:
        raise _not_opened(error, kind, number) from error


def _not_opened(error: BpfError, kind: ObjectKind, number: int) -> BpftuiError:
    if error.errno == errno.ENOENT:
        return UnknownNameError(f"{kind} with the id", str(number), (), where="the kernel")
    return explain(error, f"open {kind} {number}", needs=(rights.Capability.CAP_SYS_ADMIN,))


def open_to_change(number: int) -> Descriptor:
    """Return a descriptor of a map to change it by; errors as for `open_id`.

    Where this process may not, its steward may, if it was hired for changes.
    """
    try:
        try:
            fd = open_map_to_change(str(number))
        except BpfError as error:
            fd = brought(error, "map_to_change", str(number))
        return Descriptor(fd, f"map {number}")
    except BpfError as error:
        raise _not_opened(error, "map", number) from error


def open_map_to_change(argument: str) -> int:
    """Return a descriptor of the map with an id, by which it can be changed.

    Raises:
        BpfError, UsageError: The kernel said no, or it is no id.
    """
    return ObjId(start_id=parsed_id(argument)).call(_BY_ID["map"][0])


def parsed_id(text: str) -> int:
    """Return the id that an errand's argument is; UsageError where it is none."""
    if not re.fullmatch("[0-9]{1,10}", text) or int(text) >> 32:
        raise UsageError("an object is asked for by its id")
    return int(text)


def open_object(argument: str) -> int:
    """Return a descriptor of an object that is asked for by kind and id, `program 42`: a map's is to read only.

    There is none of a link, see `link_info`.

    Raises:
        BpfError, UsageError: The kernel said no, or it is of no such form.
    """
    kind, _, number = argument.partition(" ")
    if kind not in _BY_ID or kind == "link":
        raise UsageError("an object is asked for by kind and id")
    flags = MapFlag.RDONLY if kind == "map" else 0
    return ObjId(start_id=parsed_id(number), open_flags=flags).call(_BY_ID[kind][0])


def link_info(number: int) -> BpfLinkInfo:
    """Return what the kernel tells of the link with that id (Linux 5.8), without its texts and lists.

    Where this process may not ask, its steward does: it hands out no descriptor of a link, by which whoever has it
    detaches it or puts another program there. BPF_LINK_DETACH and BPF_LINK_UPDATE ask for no capability.

    Raises:
        UnknownNameError: There is none.
        NoPermissionError: It takes CAP_SYS_ADMIN.
    """
    found = BpfLinkInfo()
    try:
        try:
            _fill_link(number, found)
        except BpfError as error:
            with open(brought(error, "link_info", str(number)), "rb") as file:
                file.readinto(found.memory)
    except BpfError as error:
        raise _not_opened(error, "link", number) from error
    return found


def read_link_info(argument: str) -> int:
    """Return a file with the `struct bpf_link_info` of the link with an id. An errand of the steward's.

    Raises:
        BpfError, UsageError: The kernel said no, or it is no id.
    """
    found = BpfLinkInfo()
    _fill_link(parsed_id(argument), found)
    return _memory_file("link", [found.memory.raw])


def _fill_link(number: int, info: BpfLinkInfo) -> None:
    fd = ObjId(start_id=number).call(_BY_ID["link"][0])
    try:
        fill(fd, info)
    finally:
        os.close(fd)


def _memory_file(name: str, parts: Iterable[bytes]) -> int:
    """Return a file in memory with what an errand brings, to be read from its start."""
    fd = os.memfd_create(name, os.MFD_CLOEXEC)
    try:
        with open(fd, "wb", closefd=False) as file:
            file.writelines(parts)
        os.lseek(fd, 0, os.SEEK_SET)
    except BaseException:
        os.close(fd)
        raise
    return fd


def open_path(kind: ObjectKind, path: str, doing: str) -> Descriptor | None:
    """Return a descriptor of what is pinned at *path*; None when there is nothing.

    Args:
        kind: What it has to be.
        path: The name in a bpffs.
        doing: What it is wanted for, as it follows "cannot".

    Raises:
        LoadError: It is something else, or the kernel does not open it.
    """
    try:
        fd = ObjPath(pathname=buffer(os.fsencode(path) + b"\0")).call(Command.OBJ_GET)
    except BpfError as error:
        if error.errno == errno.ENOENT and not os.path.lexists(path):
            return None
        # The kernel says EACCES for a file of another file system.
        if error.errno in (errno.EINVAL, errno.EACCES, errno.EPERM) and not rights.missing(rights.LOADING):
            raise LoadError(f"cannot {doing}: it is not in a bpffs") from None
        raise explain(error, doing) from error
    descriptor = Descriptor(fd, f"{kind} {path}")
    if _FILES.get(os.readlink(f"/proc/self/fd/{fd}")) != kind:
        descriptor.close()
        raise LoadError(f"cannot {doing}: it is no {kind}")
    return descriptor


def open_pin(kind: ObjectKind, path: str) -> Descriptor:
    """Return a descriptor of what is pinned at *path*; LoadError where there is nothing, else as for `open_path`."""
    descriptor = open_path(kind, path, f"use what is pinned at {path} as a {kind}")
    if descriptor is None:
        raise LoadError(f"cannot open the {kind} pinned at {path}: there is nothing")
    return descriptor


def take_over(kind: ObjectKind, fd: SupportsIndex) -> Descriptor:
    """Return a file descriptor that somebody else has opened as one that is owned from now on."""
    return Descriptor(fd.__index__(), f"{kind} at file descriptor {fd.__index__()}")


def kernel_name(name: str) -> str:
    """Return a name as the kernel takes it: at most 15 of `[A-Za-z0-9_.]`."""
    return re.sub(r"[^A-Za-z0-9_.]", "_", name)[: NAME_SIZE - 1]


def _not_pinned(error: BpfError, what: str, path: str) -> BpftuiError:
    doing = f"pin {what} to {path}"
    # The kernel says EPERM for a directory of another file system, too.
    if error.errno in (errno.EINVAL, errno.EPERM) and not rights.missing(rights.LOADING):
        return UsageError(f"cannot {doing}: that is not in a bpffs", hint="use a path below /sys/fs/bpf")
    return explain(error, doing, raises=UsageError)
