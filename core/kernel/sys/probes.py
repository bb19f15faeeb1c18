"""Tiny maps and programs that show what a kernel can do; each is closed again at once."""

from __future__ import annotations

import errno
import functools
import os
import struct
from typing import Final

from ...btf import Kind
from ...btf.kernel import vmlinux
from ...btf.record import blob_of
from ...errors import FeatureError
from ...spec import AttachType, MapFlag, MapType, ProgramFlag, ProgramType
from . import token
from .layouts import BtfLoad, MapCreate, ProgLoad, ProgTestRun
from .rights import LOADING, missing
from .syscall import ENOTSUPP, BpfError, Command, buffer
from .version import kernel_version

__all__ = [
    "RETURN_ZERO",
    "create_map",
    "fragments_of_buffers",
    "instructions",
    "integer_btf",
    "kernel_names",
    "load_program",
    "mapable",
    "memcg_accounting",
    "try_map",
    "try_program",
    "usual_attach_type",
]

RETURN_ZERO: Final = ((0xB7, 0, 0), (0x95, 0, 0))
"""`r0 = 0; exit`, as (opcode, registers, immediate)."""

_KTIME_GET_COARSE_NS: Final = 160
"""A helper of Linux 5.11, the version that began to charge BPF memory to control groups (libbpf's test, too)."""
_ACCOUNTED_SINCE: Final = 5 << 16 | 11 << 8
"""The same version, as `kernel_version` has it."""


def instructions(*triples: tuple[int, int, int]) -> bytes:
    """Return the code of (opcode, registers, immediate) triples."""
    return b"".join(struct.pack("=BBhi", opcode, registers, 0, imm) for opcode, registers, imm in triples)


def load_program(
    type_: ProgramType,
    code: bytes,
    *,
    attach_type: int | None = None,
    attach_btf_id: int = 0,
    attach_fd: int = 0,
    flags: int = 0,
    license_: str = "GPL",
    fd_array: bytes = b"",
    log_size: int = 0,
) -> tuple[int, int, str]:
    """Load a program and return its file descriptor (-1 when it was refused), errno and the log's text."""
    log = buffer(log_size)
    attr = ProgLoad(
        prog_type=type_,
        insn_cnt=len(code) // 8,
        insns=buffer(code),
        license=buffer(license_.encode() + b"\0"),
        prog_flags=flags,
        expected_attach_type=attach_type or 0,
        attach_btf_id=attach_btf_id,
        attach_prog_fd=attach_fd,
        fd_array=buffer(fd_array) if fd_array else None,
    )
    if log_size:
        attr.log_level, attr.log_size, attr.log_buf = 1, log_size, log
    try:
        return attr.create(token.current()), 0, ""
    except BpfError as error:
        return -1, error.errno, log.value.decode("utf-8", "replace")


def create_map(
    type_: MapType,
    key_size: int,
    value_size: int,
    max_entries: int,
    *,
    flags: int = 0,
    inner: int = -1,
    btf: int = -1,
    struct_ops: bool = False,
) -> tuple[int, int]:
    """Create a map and return its file descriptor (-1 when it was refused) and errno.

    *inner* is the template of a map of maps; with *btf*, key and value are of its type 1; with *struct_ops*, the value
    is of the kernel's type 1.
    """
    attr = MapCreate(
        map_type=type_,
        key_size=key_size,
        value_size=value_size,
        max_entries=max_entries,
        map_flags=flags,
        inner_map_fd=max(inner, 0),
        btf_vmlinux_value_type_id=int(struct_ops),
    )
    if btf >= 0:
        attr.btf_fd, attr.btf_key_type_id, attr.btf_value_type_id = btf, 1, 1
    try:
        return attr.create(token.current()), 0
    except BpfError as error:
        return -1, error.errno


def integer_btf() -> int:
    """Load BTF with one type, `int`, and return its file descriptor; -1 when it was refused."""
    types = struct.pack("=4I", 1, Kind.INT << 24, 4, 1 << 24 | 32)
    raw = blob_of(types, b"\0int\0")
    try:
        return BtfLoad(btf=buffer(raw), btf_size=len(raw)).create(token.current())
    except BpfError:
        return -1


# Sizes that each type accepts: key, value, entries, flags. Types that are not listed take (4, 4, 1, 0).
_ODD_MAPS: Final[dict[MapType, tuple[int, int, int, int]]] = {
    MapType.STACK_TRACE: (4, 8, 1, 0),
    MapType.LPM_TRIE: (8, 8, 1, MapFlag.NO_PREALLOC),
    MapType.CGROUP_STORAGE: (16, 8, 0, 0),
    MapType.PERCPU_CGROUP_STORAGE: (16, 8, 0, 0),
    MapType.QUEUE: (0, 4, 1, 0),
    MapType.STACK: (0, 4, 1, 0),
    MapType.BLOOM_FILTER: (0, 4, 1, 0),
    MapType.RINGBUF: (0, 0, os.sysconf("SC_PAGESIZE"), 0),
    MapType.USER_RINGBUF: (0, 0, os.sysconf("SC_PAGESIZE"), 0),
    MapType.ARENA: (0, 0, 1, MapFlag.MMAPABLE),
    MapType.INSN_ARRAY: (4, 16, 1, 0),
    MapType.RHASH: (4, 4, 1, MapFlag.NO_PREALLOC),
}


def try_map(type_: MapType) -> int:
    """Return 0 when a map of this type could be created, else the errno."""
    key, value, entries, flags = _ODD_MAPS.get(type_, (4, 4, 1, 0))
    inner = btf = -1
    if type_.holds_maps:
        inner, _ = create_map(MapType.ARRAY, 4, 4, 1)
    if type_.is_local_storage:
        entries, flags, btf = 0, MapFlag.NO_PREALLOC, integer_btf()
        if btf < 0 and missing(LOADING):
            return errno.EPERM
    fd, number = create_map(
        type_, key, value, entries, flags=flags, inner=inner, btf=btf, struct_ops=type_ == MapType.STRUCT_OPS
    )
    for created in (fd, inner, btf):
        if created >= 0:
            os.close(created)
    # Type 1 of the kernel is no struct_ops, which the kernel finds out only if it knows such maps.
    return 0 if type_ == MapType.STRUCT_OPS and number == ENOTSUPP else number


# Program types that are tied to a hook when they are loaded: the attach type, and what the verifier says of BTF id 1,
# which is no function, when it knows the type.
_TIED: Final[dict[ProgramType, tuple[AttachType | None, str]]] = {
    ProgramType.TRACING: (AttachType.TRACE_FENTRY, "is not a function"),
    ProgramType.LSM: (AttachType.LSM_MAC, "is not a function"),
    ProgramType.EXT: (None, "Cannot replace kernel functions"),
    ProgramType.STRUCT_OPS: (None, "is not"),
}
_ATTACH_TYPES: Final[dict[ProgramType, AttachType]] = {
    ProgramType.CGROUP_SOCK_ADDR: AttachType.CGROUP_INET4_CONNECT,
    ProgramType.CGROUP_SOCKOPT: AttachType.CGROUP_GETSOCKOPT,
    ProgramType.SK_LOOKUP: AttachType.SK_LOOKUP,
    ProgramType.NETFILTER: AttachType.NETFILTER,
}


def usual_attach_type(type_: ProgramType) -> AttachType | None:
    """Return the hook that stands for all of a type which has to be told one when it is loaded; else None."""
    return _TIED[type_][0] if type_ in _TIED else _ATTACH_TYPES.get(type_)


def try_program(type_: ProgramType) -> int:
    """Return 0 when the kernel knows programs of this type and lets us load them, else the errno."""
    code = instructions(*RETURN_ZERO)
    attach, (_, phrase) = usual_attach_type(type_), _TIED.get(type_, (None, ""))
    fd, number, log = load_program(
        type_,
        code,
        attach_type=attach,
        attach_btf_id=1 if phrase else 0,
        flags=ProgramFlag.SLEEPABLE if type_ == ProgramType.SYSCALL else 0,
        log_size=4096 if phrase else 0,
    )
    if fd >= 0:
        os.close(fd)
        return 0
    return 0 if phrase and (phrase in log or number == ENOTSUPP) else number


@functools.cache
def memcg_accounting() -> bool:
    """Whether BPF memory is charged to control groups, so that RLIMIT_MEMLOCK does not matter (Linux 5.11)."""
    code = instructions((0x85, 0, _KTIME_GET_COARSE_NS), *RETURN_ZERO)
    fd, number, _ = load_program(ProgramType.SOCKET_FILTER, code)
    if fd >= 0:
        os.close(fd)
        return True
    if number == errno.EINVAL:
        return False
    # EPERM may come from that very limit, or from a policy: ask the kernel's own types; without them, its version.
    if names := kernel_names():
        return b"bpf_ktime_get_coarse_ns" in names
    return kernel_version() >= _ACCOUNTED_SINCE


def kernel_names() -> bytes:
    """Return all names in the kernel's own types, with NULs between them; empty where it publishes none."""
    try:
        return vmlinux().strings
    except FeatureError:
        return b""


@functools.cache
def mapable() -> bool:
    """Whether arrays can be mapped into memory (BPF_F_MMAPABLE, Linux 5.5)."""
    fd, _ = create_map(MapType.ARRAY, 4, 4, 1, flags=MapFlag.MMAPABLE)
    if fd >= 0:
        os.close(fd)
    return fd >= 0


@functools.cache
def fragments_of_buffers() -> bool:
    """Whether socket buffers of test runs may be larger than a page, with fragments (Linux 6.19)."""
    fd, _, _ = load_program(ProgramType.SOCKET_FILTER, instructions(*RETURN_ZERO))
    if fd < 0:
        return False
    size = os.sysconf("SC_PAGESIZE")
    attr = ProgTestRun(prog_fd=fd, data_size_in=size, data_in=buffer(size), repeat=1)
    try:
        attr.call(Command.PROG_TEST_RUN)
    except BpfError:
        return False
    else:
        return True
    finally:
        os.close(fd)
