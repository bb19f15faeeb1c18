"""bpf(2), called directly: commands, attributes, errors, file descriptors.

Nothing else in bpftui makes this system call. The layout of `union bpf_attr` is that of Linux 6.18; fields beyond what
a kernel knows are accepted as long as they are zero, and refused with E2BIG otherwise.
"""

from __future__ import annotations

import contextlib
import ctypes
import enum
import errno
import functools
import os
import platform
import threading
from typing import TYPE_CHECKING, Final

from ...errors import FeatureError, UsageError
from ...maps import ElementError

if TYPE_CHECKING:
    import mmap
    from collections.abc import Callable, Generator
    from types import TracebackType

    from .memory import FixedMemory

__all__ = [
    "ENOTSUPP",
    "NAME_SIZE",
    "UNSUPPORTED",
    "BpfError",
    "Buffer",
    "Command",
    "Descriptor",
    "borrowed",
    "buffer",
    "call",
    "errno_name",
]

ENOTSUPP: Final = 524
"""The kernel's internal "not supported", which bpf(2) lets out to user space; Python's errno does not know it."""

UNSUPPORTED: Final = frozenset({errno.EINVAL, ENOTSUPP, errno.EOPNOTSUPP})
"""What a map or program type answers to a command that it does not have."""

NAME_SIZE: Final = 16
"""BPF_OBJ_NAME_LEN, the terminating zero included."""

_NUMBERS: Final = {"x86_64": 321, "aarch64": 280, "riscv64": 280, "loongarch64": 280, "ppc64le": 361, "s390x": 351}
"""The system call's number by machine (arch/*/…/syscall tables)."""

_RETRIES: Final = 5
"""How often a load that a signal interrupted is repeated, as in libbpf."""


class Command(enum.IntEnum):
    """`enum bpf_cmd`."""

    MAP_CREATE = 0
    MAP_LOOKUP_ELEM = 1
    MAP_UPDATE_ELEM = 2
    MAP_DELETE_ELEM = 3
    MAP_GET_NEXT_KEY = 4
    PROG_LOAD = 5
    OBJ_PIN = 6
    OBJ_GET = 7
    PROG_ATTACH = 8
    PROG_DETACH = 9
    PROG_TEST_RUN = 10
    PROG_GET_NEXT_ID = 11
    MAP_GET_NEXT_ID = 12
    PROG_GET_FD_BY_ID = 13
    MAP_GET_FD_BY_ID = 14
    OBJ_GET_INFO_BY_FD = 15
    PROG_QUERY = 16
    RAW_TRACEPOINT_OPEN = 17
    BTF_LOAD = 18
    BTF_GET_FD_BY_ID = 19
    TASK_FD_QUERY = 20
    MAP_LOOKUP_AND_DELETE_ELEM = 21
    MAP_FREEZE = 22
    BTF_GET_NEXT_ID = 23
    MAP_LOOKUP_BATCH = 24
    MAP_LOOKUP_AND_DELETE_BATCH = 25
    MAP_UPDATE_BATCH = 26
    MAP_DELETE_BATCH = 27
    LINK_CREATE = 28
    LINK_UPDATE = 29
    LINK_GET_FD_BY_ID = 30
    LINK_GET_NEXT_ID = 31
    ENABLE_STATS = 32
    ITER_CREATE = 33
    LINK_DETACH = 34
    PROG_BIND_MAP = 35
    TOKEN_CREATE = 36
    PROG_STREAM_READ_BY_FD = 37


class BpfError(ElementError):
    """The kernel said no to one command. Internal: `explain` turns it into a sentence for the user.

    Args:
        command: What was asked for.
        number: errno.
    """

    def __init__(self, command: Command, number: int) -> None:
        super().__init__(number, f"BPF_{command.name}: {errno_name(number)}")
        self.command = command


def errno_name(number: int) -> str:
    """Return the symbol of an errno, ENOTSUPP included."""
    return "ENOTSUPP" if number == ENOTSUPP else errno.errorcode.get(number, f"errno {number}")


Buffer = ctypes.Array[ctypes.c_char]
"""Memory that the kernel reads or writes."""


def buffer(contents: bytes | int) -> Buffer:
    """Return a buffer with *contents*, or with so many zero bytes; never an empty one."""
    if isinstance(contents, int):
        return ctypes.create_string_buffer(max(contents, 1))
    return ctypes.create_string_buffer(contents, max(len(contents), 1))


def call(command: Command, attr: Buffer) -> int:
    """Make the system call and return what it returns: a new file descriptor, or 0.

    Raises:
        BpfError: The kernel said no.
    """
    address, size = ctypes.addressof(attr), len(attr)
    result = invoke(command, address, size)
    for _ in range(_RETRIES):
        if result != -errno.EAGAIN:
            break
        result = invoke(command, address, size)
    if result < 0:
        raise BpfError(command, -result)
    return result


# Untyped, ctypes would pass 32-bit integers, and the kernel would read rubbish from the upper halves.
_SYSCALL: Final = ctypes.CFUNCTYPE(
    ctypes.c_long, ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_ulong, use_errno=True
)


@functools.cache
def _bpf() -> Callable[[int, int, int], int]:
    """Return the system call, found when it is first made: this module is imported where there is no Linux, too."""
    system = platform.system()
    if system != "Linux":
        raise FeatureError(f"bpf(2) is a system call of Linux, and this is {system}")
    number = _NUMBERS.get(platform.machine())
    if number is None:
        raise FeatureError(f"the number of bpf(2) is not known on {platform.machine()}")
    return functools.partial(_SYSCALL(("syscall", ctypes.CDLL(None))), number)


def invoke(command: int, address: int, size: int) -> int:
    """Make the raw call; return its result, or the negated errno."""
    result = _bpf()(command, address, size)
    return result if result >= 0 else -ctypes.get_errno()


class Descriptor:
    """A file descriptor with one owner and any number of threads that use it.

    `with descriptor as fd:` keeps it open during one call: closing it meanwhile takes effect when the last user is
    done, so that no call ever reaches another file that got the same number.

    Args:
        fd: The file descriptor, which it owns from now on.
        name: What it stands for, for the error after it was closed: `map pkt_count`.
    """

    __slots__ = ("_closed", "_fd", "_lock", "_memory", "_users", "name")

    def __init__(self, fd: int, name: str) -> None:
        self.name = name
        self._fd = fd
        self._lock = threading.Lock()
        self._users = 0
        self._closed = False
        self._memory: mmap.mmap | FixedMemory | None = None

    def own(self, memory: mmap.mmap | FixedMemory) -> None:
        """Own what was mapped through it as well, and unmap it on closing."""
        self._memory = memory

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def close(self) -> None:
        """Close it; a second call does nothing."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            if self._users:
                return
        self._release()

    def __enter__(self) -> int:
        with self._lock:
            if self._closed:
                raise UsageError(f"{self.name} is closed")
            self._users += 1
        return self._fd

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._users -= 1
            if not self._closed or self._users:
                return
        self._release()

    def _release(self) -> None:
        if self._memory is not None:
            self._memory.close()
        os.close(self._fd)


@contextlib.contextmanager
def borrowed(descriptor: Descriptor | None) -> Generator[int]:
    """Keep a descriptor open during a call, where there is one; 0 where there is none."""
    if descriptor is None:
        yield 0
    else:
        with descriptor as fd:
            yield fd
