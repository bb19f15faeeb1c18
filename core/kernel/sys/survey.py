"""All objects that the kernel has of a kind, one after the other: what an inventory of the machine is made of."""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from ...uapi import AttachType
from . import rights
from .explain import explain
from .layouts import BpfProgInfo, ObjId, ProgQuery, TaskFdQuery
from .object import walk_ids
from .syscall import BpfError, Command, buffer, invoke

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from .object import ObjectKind
    from .structure import Structure

__all__ = [
    "Attached",
    "PerfProbe",
    "Runs",
    "number_in",
    "packed_runs",
    "query",
    "query_task_fd",
    "read_fdinfo",
    "run_counts",
    "survey",
    "unpacked_runs",
]

_OPEN: Final = {
    "program": Command.PROG_GET_FD_BY_ID,
    "map": Command.MAP_GET_FD_BY_ID,
    "link": Command.LINK_GET_FD_BY_ID,
    "BTF": Command.BTF_GET_FD_BY_ID,
}
_ID: Final = ObjId.packing("start_id", "next_id", "open_flags")
_INFO: Final = struct.Struct("=IIQ")
"""`bpf_fd`, `info_len` and `info` of ObjInfo."""
_BPF_F_QUERY_EFFECTIVE: Final = 1
_NAME_ROOM: Final = 256
"""Bytes for the name of a probe's target; longer ones (paths) are asked for once more."""
_FDINFO_ROOM: Final = 4096


def survey(
    kind: ObjectKind, info: Structure, gone: Callable[[int], object], numbers: Iterable[int] | None = None
) -> Iterator[tuple[int, int]]:
    """Iterate over objects of a kind: id, and a descriptor that is open until the next step.

    Args:
        kind: Of which.
        info: Is filled anew for each object, all that is not told being 0.
        gone: Is told the id of one that was there and is not any more.
        numbers: Their ids; None for all that there are.

    Raises:
        NoPermissionError: It takes CAP_SYS_ADMIN.
    """
    attr = buffer(_ID.size)
    asked = buffer(_INFO.size)
    address, size = ctypes.addressof(info.memory), info.total_size
    for number in walk_ids(kind) if numbers is None else numbers:
        fd = _opened(kind, number, attr, gone)
        if fd is None:
            continue
        try:
            ctypes.memset(address, 0, size)  # what it holds is input: lengths, pointers
            _INFO.pack_into(asked, 0, fd, size, address)
            failed = invoke(Command.OBJ_GET_INFO_BY_FD, ctypes.addressof(asked), _INFO.size)
            if failed:
                raise explain(BpfError(Command.OBJ_GET_INFO_BY_FD, -failed), f"ask the kernel about {kind} {number}")
            yield number, fd
        finally:
            os.close(fd)


def _opened(
    kind: ObjectKind, number: int, attr: ctypes.Array[ctypes.c_char], gone: Callable[[int], object] = lambda _: None
) -> int | None:
    """Return a descriptor of the object with that id; None where there is none any more (which *gone* is told), or yet.

    A link has an id before it is made, and is refused by it till then: bpf_link_by_id, EAGAIN.
    """
    _ID.pack_into(attr, 0, number, 0, 0)
    fd = invoke(_OPEN[kind], ctypes.addressof(attr), _ID.size)
    if fd >= 0:
        return fd
    if fd == -errno.ENOENT:
        gone(number)
        return None
    if fd == -errno.EAGAIN:
        return None
    needs = (rights.Capability.CAP_SYS_ADMIN,)
    raise explain(BpfError(_OPEN[kind], -fd), f"open {kind} {number}", needs=needs)


class Runs(NamedTuple):
    """What a program has done while runs were counted, since it was loaded, and what else of it may change."""

    run_cnt: int
    run_time_ns: int
    recursion_misses: int
    maps: int = 0
    """How many maps it uses: loaders may bind more of them to it later."""


_COUNTERS: Final = BpfProgInfo.packing("nr_map_ids", "run_time_ns", "run_cnt", "recursion_misses")
_ROW: Final = struct.Struct("=II3Q")
"""As `struct counts` of bpf/inventory.c has it: the id of a program, and its `Runs`."""


def run_counts() -> dict[int, Runs]:
    """Return the counters of all programs, by their ids.

    Four system calls each, some 8 µs: the kernel is asked for no more of `struct bpf_prog_info` than what ends with
    them. An iterator (bpf/inventory.c) is a hundred times as quick.

    Raises:
        NoPermissionError: It takes CAP_SYS_ADMIN.
    """
    attr, asked, info = buffer(_ID.size), buffer(_INFO.size), buffer(_COUNTERS.size)
    address, size, question = ctypes.addressof(info), _COUNTERS.size, ctypes.addressof(asked)
    told, nothing = memoryview(info).cast("B"), bytes(size)
    found: dict[int, Runs] = {}
    for number in walk_ids("program"):
        fd = _opened("program", number, attr)
        if fd is None:
            continue
        told[:] = nothing  # what it holds is input: lengths, pointers
        _INFO.pack_into(asked, 0, fd, size, address)
        failed = invoke(Command.OBJ_GET_INFO_BY_FD, question, _INFO.size)
        os.close(fd)
        if not failed:
            maps, spent, runs, missed = _COUNTERS.unpack_from(info)
            found[number] = Runs(runs, spent, missed, maps)
    return found


def packed_runs(counters: Mapping[int, Runs]) -> bytes:
    """Return counters as rows, which take a tenth of the time to be passed on; see `unpacked_runs`."""
    return b"".join([_ROW.pack(number, each.maps, *each[:3]) for number, each in counters.items()])


def unpacked_runs(rows: bytes) -> dict[int, Runs]:
    """Return the counters that are in rows, by the programs' ids."""
    return {number: Runs(runs, spent, missed, maps) for number, maps, runs, spent, missed in _ROW.iter_unpack(rows)}


def read_fdinfo(path: str) -> bytes:
    """Return what /proc tells of an open file: lines of a name, a colon and a text; nothing where it tells nothing."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(fd, _FDINFO_ROOM)
    except OSError:
        return b""
    finally:
        os.close(fd)


def number_in(fdinfo: bytes, name: bytes) -> int | None:
    """Return a number in it; None where it is not there."""
    at = fdinfo.find(name + b":")
    end = fdinfo.find(b"\n", at)
    return int(fdinfo[at + len(name) + 1 : end]) if at >= 0 and end > at else None


class Attached(NamedTuple):
    """What BPF_PROG_QUERY tells of a hook, in the order in which the programs run."""

    program_ids: tuple[int, ...]
    link_ids: tuple[int, ...]
    """0 for each that was attached without one, and wherever the kernel does not tell (control groups)."""
    attach_flags: int
    """Of the whole hook: 1 BPF_F_ALLOW_OVERRIDE, 2 BPF_F_ALLOW_MULTI."""
    flags: tuple[int, ...]
    """Of each program (control groups, Linux 6.6)."""
    revision: int


def query(target: int, hook: int, *, effective: bool = False) -> Attached | None:
    """Return what is attached to a hook; None where this kernel has no such hook (BPF_PROG_QUERY).

    Args:
        target: A descriptor of the control group, the network namespace or the map, or an interface's index.
        hook: The `AttachType`.
        effective: Of a control group: what runs in it, that of the groups above it included.

    Raises:
        BpfError: The kernel said no: ENODEV where the interface is gone, EPERM.
    """
    flags = _BPF_F_QUERY_EFFECTIVE if effective else 0
    # First with room for none at all, which is packed at once: most hooks have nothing, and there are many.
    question = buffer(_QUESTION.size)
    _QUESTION.pack_into(question, 0, target, hook, flags, 0, 0, 0)
    failed = -invoke(Command.PROG_QUERY, ctypes.addressof(question), _QUESTION.size)
    if failed not in (0, errno.ENOSPC):
        return _no_hook(BpfError(Command.PROG_QUERY, failed))
    *_, attach_flags, room, revision = _QUESTION.unpack_from(question)
    if not room:
        return Attached((), (), attach_flags, (), revision)
    while True:
        attr = ProgQuery(target_fd=target, attach_type=hook, query_flags=flags, count=room, prog_ids=buffer(4 * room))
        if not effective:
            attr.prog_attach_flags = buffer(4 * room)
            if hook in _WITH_LINKS:
                attr.link_ids = buffer(4 * room)
        try:
            attr.call(Command.PROG_QUERY)
        except BpfError as error:
            if error.errno != errno.ENOSPC:
                return _no_hook(error)
        count = attr.count
        if count <= room:
            return _attached(attr, count)
        room = count  # there are more of them by now


def _no_hook(error: BpfError) -> None:
    """Return None where an error means that this kernel has no such hook, and raise it otherwise."""
    if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):
        raise error


_QUESTION: Final = ProgQuery.packing("target_fd", "attach_type", "query_flags", "attach_flags", "count", "revision")
_WITH_LINKS: Final = frozenset(
    (AttachType.TCX_INGRESS, AttachType.TCX_EGRESS, AttachType.NETKIT_PRIMARY, AttachType.NETKIT_PEER)
)
"""Other hooks refuse, or ignore, a buffer for the ids of links."""


def _attached(attr: ProgQuery, count: int) -> Attached:
    def numbers(memory: ctypes.Array[ctypes.c_char] | None) -> tuple[int, ...]:
        return struct.unpack_from(f"={count}I", memory) if memory is not None else (0,) * count

    return Attached(
        numbers(attr.prog_ids),
        numbers(attr.link_ids),
        attr.attach_flags,
        numbers(attr.prog_attach_flags),
        attr.revision,
    )


class PerfProbe(NamedTuple):
    """What BPF_TASK_FD_QUERY tells of a perf event with a program."""

    program_id: int
    kind: Literal["raw_tracepoint", "tracepoint", "kprobe", "kretprobe", "uprobe", "uretprobe"]
    name: str
    """Of the tracepoint, the function, or the file; empty where it is an address."""
    offset: int
    address: int


_KINDS: Final = ("raw_tracepoint", "tracepoint", "kprobe", "kretprobe", "uprobe", "uretprobe")
"""`enum bpf_task_fd_type`."""


def query_task_fd(pid: int, fd: int) -> PerfProbe | None:
    """Return what a process's perf event runs; None where it runs nothing, is something else, or gone (Linux 4.18).

    Raises:
        BpfError: The kernel said no: EPERM without CAP_SYS_ADMIN.
    """
    room = _NAME_ROOM
    while True:
        text = buffer(room)
        attr = TaskFdQuery(pid=pid, fd=fd, buf_len=room, buf=text)
        try:
            attr.call(Command.TASK_FD_QUERY)
        except BpfError as error:
            if error.errno == errno.ENOSPC and attr.buf_len >= room:
                room = attr.buf_len + 1
                continue
            if error.errno == errno.EPERM:
                raise
            return None
        kind = _KINDS[attr.fd_type] if attr.fd_type < len(_KINDS) else "tracepoint"
        return PerfProbe(attr.prog_id, kind, text.value.decode("utf-8", "replace"), attr.probe_offset, attr.probe_addr)
