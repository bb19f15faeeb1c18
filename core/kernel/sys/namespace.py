"""A network namespace of one's own, held by nothing but a thread.

A thread that calls unshare(CLONE_NEWNET) lives in a new, empty network namespace, and the rest of the process stays
where it is. The namespace has no name and is mounted nowhere, so that it ends with the thread (and the sockets that
were opened in it), also when the process is killed.
"""

from __future__ import annotations

import ctypes
import errno
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from ...closing import Closing
from ...errors import BpftuiError, FeatureError, NoPermissionError
from ...threads import NoThreadError, start_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["NetworkNamespace", "visit"]

CLONE_NEWNET = 0x4000_0000
"""<linux/sched.h>; `os.unshare` is there from Python 3.12 on."""

_T = TypeVar("_T")


class NetworkNamespace(Closing):
    """An anonymous network namespace in a worker thread; implements `bpftui.core.runtime.Namespace`.

    Sockets keep the namespace that they were created in: what `run` opens can be used by any thread, and has to be
    closed before the kernel can free the namespace.

    Raises:
        NoPermissionError: The process has no CAP_SYS_ADMIN.
        FeatureError: The kernel has no network namespaces.
    """

    def __init__(self) -> None:
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="bpftui-netns")
        self._closed = False
        try:
            self._thread, self.inode = self._submit(_enter)
        except BaseException:
            self.close()
            raise

    inode: int
    """What identifies the namespace: the inode number of its /proc/PID/task/TID/ns/net."""

    def run(self, call: Callable[[], _T]) -> _T:
        """Run *call* in the namespace and return what it returns, or raise what it raises. Callable from any thread."""
        if threading.get_ident() == self._thread:
            return call()
        if self._closed:
            raise BpftuiError("the network namespace is closed")
        return self._submit(call)

    def _submit(self, call: Callable[[], _T]) -> _T:
        try:
            future = self._worker.submit(call)
        except RuntimeError as error:
            raise NoThreadError from error
        return future.result()

    def close(self) -> None:
        """End the thread, which frees the namespace; a second call does nothing."""
        self._closed = True
        self._worker.shutdown()


def _enter() -> tuple[int, int]:
    """Move the calling thread into a new namespace; return the thread's identifier and the namespace's inode."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(ctypes.c_int(CLONE_NEWNET)) != 0:
        raise _refused(ctypes.get_errno())
    return threading.get_ident(), os.stat("/proc/thread-self/ns/net").st_ino


def visit(places: Mapping[int, str], look: Callable[[int], _T]) -> tuple[dict[int, _T], dict[int, OSError]]:
    """Enter network namespaces one after the other, in a thread that ends with it, and look at each from inside.

    Args:
        places: A file that stands for the namespace (`/proc/PID/ns/net`, a mount), by its inode.
        look: Is given the inode and called inside.

    Returns:
        What *look* returned, and why a namespace could not be entered (it takes CAP_SYS_ADMIN); one that is gone is in
        neither, and one that turns out to be another by now neither.
    """
    found: dict[int, _T] = {}
    refused: dict[int, OSError] = {}
    if not places:
        return found, refused

    def run() -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        for inode, place in places.items():
            try:
                with open(place, "rb") as file:
                    if os.fstat(file.fileno()).st_ino != inode:
                        continue
                    if libc.setns(ctypes.c_int(file.fileno()), ctypes.c_int(CLONE_NEWNET)) != 0:
                        code = ctypes.get_errno()
                        raise OSError(code, os.strerror(code))
                found[inode] = look(inode)
            except PermissionError as error:
                refused[inode] = error
            except OSError:
                continue  # whoever was in it has ended

    thread = threading.Thread(target=run, name="bpftui-netns")
    start_thread(thread)
    thread.join()
    return found, refused


def _refused(code: int) -> BpftuiError:
    message = f"cannot make a network namespace: {os.strerror(code).lower()}"
    if code == errno.EPERM:
        return NoPermissionError(message, hint="run as root: it takes CAP_SYS_ADMIN")
    if code in (errno.EINVAL, errno.ENOSYS):
        return FeatureError(message, hint="this kernel was built without CONFIG_NET_NS")
    if code == errno.ENOSPC:
        return BpftuiError(message, hint="raise user.max_net_namespaces with sysctl")
    return BpftuiError(message)
