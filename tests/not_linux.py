"""Runs bpftui as on a Unix that is not Linux: `python -m tests.not_linux ARGUMENTS…`.

What Linux alone has is gone: functions and constants in Python's modules, libc's `syscall`, `/proc`, `/sys`, pyroute2.
"""

from __future__ import annotations

import builtins
import ctypes
import importlib.abc
import io
import mmap
import os
import platform
import select
import selectors
import signal
import socket
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.machinery import ModuleSpec
    from types import ModuleType

__all__ = ["leave_linux"]

_LINUX_ONLY: dict[ModuleType, tuple[str, ...]] = {
    os: (
        "CLONE_NEWNET", "CLONE_NEWNS", "EFD_CLOEXEC", "MFD_CLOEXEC", "O_PATH", "O_TMPFILE", "SCHED_BATCH", "eventfd",
        "eventfd_read", "eventfd_write", "getrandom", "getxattr", "memfd_create", "pidfd_open", "sched_getaffinity",
        "sched_setaffinity", "setns", "setresgid", "setresuid", "setxattr", "splice", "unshare",
    ),
    select: ("EPOLLEXCLUSIVE", "EPOLL_CLOEXEC", "epoll"),
    selectors: ("EpollSelector",),
    signal: ("pidfd_send_signal", "sigtimedwait", "sigwaitinfo", "SIGPOLL", "SIGPWR", "SIGSTKFLT"),
    socket: ("AF_NETLINK", "AF_PACKET", "AF_VSOCK", "SO_BINDTODEVICE", "SOCK_CLOEXEC", "SOCK_NONBLOCK"),
    mmap: ("MAP_POPULATE",),
}  # fmt: skip
"""As on macOS with Python 3.11."""

_MODULES = ("pyroute2", "spwd", "ossaudiodev")
_PLACES = ("/proc", "/sys")


class _NoModules(importlib.abc.MetaPathFinder):
    """Refuses what does not install there."""

    def find_spec(self, fullname: str, path: object, target: ModuleType | None = None) -> ModuleSpec | None:
        """Refuse a module by its name, and its submodules."""
        if fullname.partition(".")[0] in _MODULES:
            raise ModuleNotFoundError(f"no module named {fullname!r} on this system", name=fullname)
        return None


def _without_places(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return *function* for a machine on which there are no such places."""

    def guarded(path: Any = ".", *arguments: Any, **options: Any) -> Any:
        place = "" if isinstance(path, int) else os.fsdecode(path)  # descriptors have no place
        if place.startswith(_PLACES):
            raise FileNotFoundError(2, "No such file or directory", place)
        return function(path, *arguments, **options)

    return guarded


class _Libc(ctypes.CDLL):
    """A C library whose `syscall` and what else is Linux's are not there."""

    def __getattr__(self, name: str) -> Any:
        if name in ("syscall", "setns", "unshare", "mount", "umount2", "memfd_create", "gnu_get_libc_version"):
            raise AttributeError(f"symbol not found: {name}")
        return super().__getattr__(name)


def leave_linux() -> None:
    """Take away what Linux alone has, in this process and for good."""
    for module, names in _LINUX_ONLY.items():
        for name in names:
            if hasattr(module, name):
                delattr(module, name)
    for module, name in (
        (builtins, "open"),
        (io, "open"),
        (os, "open"),
        (os, "stat"),
        (os, "listdir"),
        (os, "scandir"),
    ):
        setattr(module, name, _without_places(getattr(module, name)))
    selectors.DefaultSelector = selectors.PollSelector
    sys.meta_path.insert(0, _NoModules())
    ctypes.CDLL = _Libc  # pyright: ignore[reportAttributeAccessIssue]
    sys.platform = "darwin"
    platform.system = lambda: "Darwin"
    platform.release = lambda: "23.0.0"
    os.uname = lambda: os.uname_result(("Darwin", "there", "23.0.0", "Darwin Kernel Version 23.0.0", "arm64"))


if __name__ == "__main__":
    leave_linux()
    from bpftui.tui.__main__ import main

    sys.exit(main(sys.argv[1:]))
