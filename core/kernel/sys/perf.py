"""perf_event_open(2): events that programs are attached to, and those that they write to.

`struct perf_event_attr` is that of Linux 6.18 (<linux/perf_event.h>), up to `config3`; the kernel takes shorter ones.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import platform
import re
import struct
import threading
from typing import TYPE_CHECKING, Final

from ...errors import FeatureError
from ...privileges import errand
from ...threads import start_thread
from .syscall import Descriptor, buffer

if TYPE_CHECKING:
    from collections.abc import Callable

    from .syscall import Buffer

__all__ = [
    "PERF_TYPE_SOFTWARE",
    "PERF_TYPE_TRACEPOINT",
    "counts_references",
    "enable",
    "event_type",
    "is_for",
    "open_event",
    "open_output",
    "open_tracefs",
    "open_unmounted",
    "open_uprobe",
    "open_uprobe_fd",
    "reach_tracefs",
    "read_tracefs",
]

_NUMBERS: Final = {"x86_64": 298, "aarch64": 241, "riscv64": 241, "loongarch64": 241, "ppc64le": 319, "s390x": 331}
_ATTRIBUTE: Final = 128
_CLOSE_ON_EXEC: Final = 1 << 3
_FREQUENCY: Final = 1 << 10
"""The bit of the attribute that makes a frequency of the period."""
_SAMPLE_RAW: Final = 1 << 10
_REFERENCES: Final = 32
"""The first bit of the offset of a uprobe's counter in its config (`format/ref_ctr_offset` of its kind)."""
_SET_BPF, _ENABLE = 0x4004_2408, 0x2400
"""PERF_EVENT_IOC_*"""

PERF_TYPE_SOFTWARE: Final = 1
PERF_TYPE_TRACEPOINT: Final = 2
_BPF_OUTPUT: Final = 10
"""PERF_COUNT_SW_BPF_OUTPUT: what bpf_perf_event_output writes to."""

_READABLE: Final = re.compile(
    r"available_events|available_filter_functions|events(/[\w-]+)+/(id|format)"
    r"|instances(/bpftui-(?P<process>\d+)-\d+(/[\w-]+)+)?"
)
_TRACEFS: Final = ("/sys/kernel/tracing", "/sys/kernel/debug/tracing")
_CLONE_FS, _CLONE_NEWNS = 0x200, 0x20000
_MS_REC, _MS_PRIVATE = 0x4000, 0x40000


def open_event(
    type_: int,
    config: int,
    *,
    period: int = 1,
    frequency: int | None = None,
    text: Buffer | None = None,
    offset: int = 0,
    pid: int = -1,
    cpu: int = 0,
) -> Descriptor:
    """Open an event and return its descriptor; with the process -1 and one CPU, a probe fires on all of them.

    Args:
        type_: `PERF_TYPE_*`, or the number of a dynamic kind (`event_type`).
        config: Which event of that type.
        period: Every how many of them it counts.
        frequency: Instead, how many a second.
        text: What `config1` points to: a function's name, a path.
        offset: `config2`.
        pid: Of which process; -1 of all.
        cpu: On which CPU; -1 on all, for one process.

    Raises:
        OSError: The kernel said no.
        FeatureError: The number of the system call is not known on this machine.
    """
    fd = _open(type_, config, period if frequency is None else frequency, frequency is not None, text, offset, pid, cpu)
    return Descriptor(fd, "perf event")


def open_output(cpu: int) -> Descriptor:
    """Open what programs on one CPU write to; each sample has the bytes that they wrote, and wakes who waits for it.

    Raises:
        OSError, FeatureError: As for `open_event`.
    """
    fd = _open(PERF_TYPE_SOFTWARE, _BPF_OUTPUT, 1, False, None, 0, -1, cpu, _SAMPLE_RAW)
    return Descriptor(fd, "perf event")


def open_uprobe(path: str, offset: int, *, returns: bool, references: int = 0, pid: int = 0) -> Descriptor:
    """Open the event of a place in a file, where this process may not (it takes CAP_SYS_ADMIN) by its steward.

    Args:
        path: The file.
        offset: The place in it.
        returns: Whether it is the return from the function that begins there.
        references: Offset in the file of the counter that is raised meanwhile (Linux 4.20); 0 for none.
        pid: The process that is meant; 0 for all.

    Raises:
        OSError, FeatureError: As for `open_event`.
    """
    argument = f"{int(returns)} {references} {pid} {offset} {path}"
    try:
        fd = open_uprobe_fd(argument)
    except PermissionError as error:
        brought = errand("uprobe", argument)
        if brought is None:
            raise error from None
        fd = brought
    return Descriptor(fd, "perf event")


def open_uprobe_fd(argument: str) -> int:
    """Return the descriptor of a uprobe's event.

    Args:
        argument: `1` for returns or `0`, the counter's offset, the process or 0, the offset, and the file's path.
    """
    returns, references, process, offset, path = argument.split(" ", 4)
    kind = event_type("uprobe")
    if kind is None:
        raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
    config = int(returns) | int(references) << _REFERENCES
    pid, cpu = (int(process), -1) if int(process) else (-1, 0)
    return _open(kind, config, 1, False, buffer(os.fsencode(path) + b"\0"), int(offset), pid, cpu)


def counts_references() -> bool:
    """Whether uprobes raise a program's counter of those who look (Linux 4.20)."""
    return os.path.exists("/sys/bus/event_source/devices/uprobe/format/ref_ctr_offset")


def _open(
    type_: int,
    config: int,
    rate: int,
    is_frequency: bool,
    text: Buffer | None,
    offset: int,
    pid: int,
    cpu: int,
    samples: int = 0,
) -> int:
    number = _NUMBERS.get(platform.machine())
    if number is None:
        raise FeatureError(f"the number of perf_event_open(2) is not known on {platform.machine()}")
    attr = buffer(_ATTRIBUTE)
    struct.pack_into("=IIQQ", attr, 0, type_, _ATTRIBUTE, config, rate)
    struct.pack_into("=Q", attr, 24, samples)
    struct.pack_into("=QI", attr, 40, _FREQUENCY if is_frequency else 0, 1 if samples else 0)
    struct.pack_into("=QQ", attr, 56, 0 if text is None else ctypes.addressof(text), offset)
    syscall = ctypes.CDLL(None, use_errno=True).syscall
    syscall.argtypes = [ctypes.c_long, ctypes.c_void_p, *[ctypes.c_long] * 4]
    syscall.restype = ctypes.c_long
    fd = syscall(number, ctypes.addressof(attr), pid, cpu, -1, _CLOSE_ON_EXEC)
    if fd < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return int(fd)


def enable(event: Descriptor, program: Descriptor | None = None) -> None:
    """Switch an event on, after attaching *program* to it (before Linux 5.15, which has links for that)."""
    with event as fd:
        if program is not None:
            with program as code:
                fcntl.ioctl(fd, _SET_BPF, code)
        fcntl.ioctl(fd, _ENABLE, 0)


def event_type(kind: str) -> int | None:
    """Return the number of a dynamic kind of events (`kprobe`, `uprobe`); None where the kernel has none such."""
    try:
        with open(f"/sys/bus/event_source/devices/{kind}/type", encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return None


def read_tracefs(path: str) -> str:
    """Return a file of the tracefs; where none is mounted, one is, for a moment and for nobody else to see.

    Raises:
        OSError: There is no such file, or it may not be read, or the tracefs not be mounted.
    """
    with open(reach_tracefs(path), encoding="utf-8") as file:
        return file.read()


def reach_tracefs(path: str) -> int:
    """Return what `open_tracefs` does, where this process may not by its steward; errors as for `read_tracefs`."""
    try:
        return open_tracefs(path)
    except PermissionError as error:
        brought = errand("tracefs", path)
        if brought is None:
            raise error from None
        return brought


def open_tracefs(path: str) -> int:
    """Return a descriptor to read a file or a folder of the tracefs with; errors as for `read_tracefs`.

    An errand of the steward's: no other file is there than those that are read here, and of the buffers of lines none
    but those in instances of one's own. Whoever reads the common `trace_pipe` takes its lines from all others.
    """
    match = _READABLE.fullmatch(path)
    if match is None or (match["process"] is not None and not is_for(int(match["process"]))):
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    for root in _TRACEFS:
        if os.path.isdir(f"{root}/events"):
            return os.open(f"{root}/{path}", os.O_RDONLY | os.O_CLOEXEC)
    root = next((root for root in _TRACEFS if os.path.isdir(root)), "/sys/kernel")
    return open_unmounted("tracefs", root, path)


def is_for(process: int) -> bool:
    """Whether what belongs to a process is this one's, or, in the steward, its client's, whose child the steward is."""
    return process in (os.getpid(), os.getppid())


def open_unmounted(kind: str, root: str, path: str) -> int:
    """Return a descriptor to read a file with of a file system of the kernel's that is mounted nowhere.

    Args:
        kind: Its type: `tracefs`, `securityfs`.
        root: The directory that it is mounted on for a moment, for nobody else to see.
        path: The file in it.

    Raises:
        OSError: It cannot be mounted, or has no such file.
    """
    return _in_own_mounts(lambda: _open_mounted(kind, root, path))


def _open_mounted(kind: str, root: str, path: str) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    _check(libc.mount(None, b"/", None, ctypes.c_ulong(_MS_REC | _MS_PRIVATE), None))
    _check(libc.mount(kind.encode(), root.encode(), kind.encode(), ctypes.c_ulong(0), None))
    return os.open(f"{root}/{path}", os.O_RDONLY | os.O_CLOEXEC)


def _in_own_mounts(call: Callable[[], int]) -> int:
    """Make a call in a thread with mounts of its own, which go away with it."""
    found: list[int] = []
    failed: list[OSError] = []

    def run() -> None:
        try:
            _check(ctypes.CDLL(None, use_errno=True).unshare(ctypes.c_int(_CLONE_NEWNS | _CLONE_FS)))
            found.append(call())
        except OSError as error:
            failed.append(error)

    thread = threading.Thread(target=run, name="bpftui-mounts")
    start_thread(thread)
    thread.join()
    if failed:
        raise failed[0]
    return found[0]


def _check(result: int) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
