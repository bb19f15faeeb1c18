"""Instances of the tracefs: trace buffers of one's own, each a folder that is made and removed like any.

The tracefs is root's. A process that is somebody else by now has its steward make an instance, and open what is in it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
from typing import TYPE_CHECKING, Final

from ...closing import bequeath
from ...privileges import errand
from .perf import is_for, open_tracefs

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "BUFFER_KB",
    "EVENT",
    "NAME",
    "have_instance",
    "have_switched_on",
    "make_instance",
    "open_inside",
    "remove_instance",
    "switch_on",
    "unmake_instance",
]

NAME: Final = re.compile(r"bpftui-(\d+)-\d+")
"""What instances are called here: after the process that they are for, and their number in it."""
EVENT: Final = "events/bpf_trace/bpf_trace_printk"
BUFFER_KB: Final = 1408
"""Of each CPU: some 10,000 lines with their addresses."""


def make_instance(name: str) -> int:
    """Make an instance and return its folder.

    Raises:
        OSError: There is no tracefs, or this process may not.
    """
    instances = _instances(name)
    try:
        os.mkdir(name, dir_fd=instances)
        return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=instances)
    finally:
        os.close(instances)


def switch_on(name: str) -> int:
    """Let what programs print arrive in an instance, with the addresses that led to it; return its `tracing_on`.

    Raises:
        OSError: There is no such instance, or this process may not.
    """
    instances = _instances(name)
    try:
        with contextlib.suppress(OSError):  # more of it is lost then
            _write(f"{name}/buffer_size_kb", str(BUFFER_KB), instances)
        _write(f"{name}/options/stacktrace", "1", instances)
        _write(f"{name}/{EVENT}/enable", "1", instances)
        return os.open(f"{name}/tracing_on", os.O_RDONLY | os.O_CLOEXEC, dir_fd=instances)
    finally:
        os.close(instances)


def remove_instance(name: str) -> int:
    """Remove an instance of which nothing is open any more; return a descriptor that leads nowhere, as errands do."""
    instances = _instances(name)
    try:
        os.rmdir(name, dir_fd=instances)
    finally:
        os.close(instances)
    return os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)


def _instances(name: str) -> int:
    """Return the folder of all instances, for one of ours, or of a process that has left it behind."""
    match = NAME.fullmatch(name)
    if match is None or (not is_for(int(match[1])) and os.path.exists(f"/proc/{match[1]}")):
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), name)
    return open_tracefs("instances")


def have_instance(name: str) -> int:
    """Do as `make_instance`, where this process may not by its steward; it is bequeathed (`core.closing`)."""
    folder = _do(make_instance, "instance", name)
    bequeath(folder)
    return folder


def have_switched_on(name: str) -> int:
    """Do as `switch_on`, where this process may not by its steward."""
    return _do(switch_on, "switch_on", name)


def _do(call: Callable[[str], int], name: str, argument: str) -> int:
    try:
        return call(argument)
    except PermissionError as error:
        brought = errand(name, argument)
        if brought is None:
            raise error from None
        return brought


def unmake_instance(name: str) -> None:
    """Do as `remove_instance`, where this process may not by its steward; one that cannot be removed stays."""
    with contextlib.suppress(OSError):
        os.close(_do(remove_instance, "no_instance", name))


def open_inside(name: str, folder: int, path: str) -> int:
    """Return a descriptor to read a file or a folder of an instance with, which does not wait.

    Args:
        name: What the instance is called.
        folder: Its descriptor.
        path: The file in it.

    Raises:
        OSError: There is none, or this process may not.
    """
    try:
        return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except PermissionError as error:
        brought = errand("tracefs", f"instances/{name}/{path}")
        if brought is None:
            raise error from None
        os.set_blocking(brought, False)
        return brought


def _write(path: str, text: str, folder: int) -> None:
    number = os.open(path, os.O_WRONLY | os.O_CLOEXEC, dir_fd=folder)
    try:
        os.write(number, text.encode())
    finally:
        os.close(number)
