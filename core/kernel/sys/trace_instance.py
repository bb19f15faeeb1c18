"""Instances of the tracefs: trace buffers of one's own, each a folder that is made and removed like any.

The tracefs is root's. A process that is somebody else by now has its steward make an instance, and open what is in it.
"""

from __future__ import annotations

import contextlib
import os
import re
from typing import Final

from ...privileges import errand
from .perf import open_tracefs

__all__ = [
    "BUFFER_KB",
    "EVENT",
    "NAME",
    "have_instance",
    "make_instance",
    "open_inside",
    "remove_instance",
    "unmake_instance",
]

NAME: Final = re.compile(r"bpftui-(\d+)-\d+")
"""What instances are called here: after the process that they are for, and their number in it."""
EVENT: Final = "events/bpf_trace/bpf_trace_printk"
BUFFER_KB: Final = 1408
"""Of each CPU: some 10,000 lines with their addresses."""


def make_instance(name: str) -> int:
    """Make an instance in which what programs print arrives, with the addresses that led to it; return its folder.

    Raises:
        OSError: There is no tracefs, or this process may not.
    """
    if NAME.fullmatch(name) is None:
        raise PermissionError(f"{name} is no name of an instance")
    instances = open_tracefs("instances")
    try:
        os.mkdir(name, dir_fd=instances)
        folder = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=instances)
    finally:
        os.close(instances)
    try:
        with contextlib.suppress(OSError):  # more of it is lost then
            _write("buffer_size_kb", str(BUFFER_KB), folder)
        _write("options/stacktrace", "1", folder)
        _write(f"{EVENT}/enable", "1", folder)
    except BaseException:
        os.close(folder)
        remove_instance(name)
        raise
    return folder


def remove_instance(name: str) -> int:
    """Remove an instance of which nothing is open any more; return a descriptor that leads nowhere, as errands do."""
    if NAME.fullmatch(name) is None:
        raise PermissionError(f"{name} is no name of an instance")
    instances = open_tracefs("instances")
    try:
        os.rmdir(name, dir_fd=instances)
    finally:
        os.close(instances)
    return os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)


def have_instance(name: str) -> int:
    """Do as `make_instance`, where this process may not by its steward."""
    try:
        return make_instance(name)
    except PermissionError as error:
        brought = errand("instance", name)
        if brought is None:
            raise error from None
        return brought


def unmake_instance(name: str) -> None:
    """Do as `remove_instance`, where this process may not by its steward; one that cannot be removed stays."""
    with contextlib.suppress(OSError):
        try:
            os.close(remove_instance(name))
        except PermissionError:
            nowhere = errand("no_instance", name)
            if nowhere is not None:
                os.close(nowhere)


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
