"""A network namespace for those who may not make one: inside of a user namespace, in which anybody may.

A process that has threads cannot enter a user namespace, so that a child does; it lives there until its parent closes
the socket between them, be it by ending. BPF does not honour what the child may do there. It needs nothing of that:
programs are loaded outside, and whoever holds a program may make an XDP link of it (Linux 5.19; before, all of bpf(2)
was closed to those without CAP_BPF).
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from ...closing import Closing
from ...errors import BpftuiError, FeatureError, NoPermissionError
from ...privileges import Capability, how_to_get
from . import calls
from .rights import enumerate_words

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["NEEDED", "UnprivilegedNamespace", "enter"]

_CLONE_NEWUSER: Final = 0x1000_0000
_CLONE_NEWNET: Final = 0x4000_0000
"""<linux/sched.h>"""

_CODE: Final = """\
import json, sys
sys.path[:] = json.loads(sys.argv[2])
from bpftui.core.kernel.sys.unprivileged import serve
serve(int(sys.argv[1]))
"""
_SWITCHES: Final = (
    ("/proc/sys/user/max_user_namespaces", "0"),
    ("/proc/sys/kernel/unprivileged_userns_clone", "0"),
    ("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1"),
)
"""What switches user namespaces off: everywhere, on Debian, on Ubuntu."""
NEEDED: Final = (Capability.CAP_NET_ADMIN, Capability.CAP_NET_RAW, Capability.CAP_SYS_ADMIN)
"""What making interfaces, sending frames and making a namespace take without a user namespace."""

_T = TypeVar("_T")


class UnprivilegedNamespace(Closing):
    """An anonymous network namespace in a child process; implements `bpftui.core.runtime.Namespace`.

    It takes some 0.2 s, the start of a Python.

    Raises:
        NoPermissionError: User namespaces are not for this user.
        FeatureError: The kernel has none, or no network namespaces.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        ours, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-c", _CODE, str(theirs.fileno()), json.dumps(sys.path)]
            # This very interpreter, also where its path is not open to this user. In a session of its own: ctrl+c is
            # for the parent, which ends the child when it is done.
            self._child = subprocess.Popen(
                command,
                executable="/proc/self/exe",
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._channel = ours
        try:
            self.inode: int = self.run(enter)
        except BaseException:
            self.close()
            raise

    def run(self, call: Callable[[], _T]) -> _T:
        """Have the child make *call* and return what it returns, or raise what it raises. Callable from any thread.

        What is called has to have a name: a function of a module, or a `functools.partial` of one. File descriptors
        among its arguments and its result are `calls.FileDescriptor`.
        """
        with self._lock:
            if self._channel.fileno() < 0:
                raise BpftuiError("the network namespace is closed")
            try:
                return calls.call(self._channel, call)
            except (EOFError, BrokenPipeError, ConnectionResetError):
                raise BpftuiError("the process that holds the network namespace has ended") from None

    def close(self) -> None:
        """End the child, which frees the namespace; a second call does nothing."""
        with self._lock:
            self._channel.close()
        try:
            self._child.wait(5)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()


def serve(descriptor: int) -> None:
    """Be the child, and end at once with the parent: what lives in the namespace does so until then."""
    with contextlib.closing(socket.socket(fileno=descriptor)) as channel:
        calls.serve(channel)
    os._exit(0)


def enter() -> int:
    """Move this process, which has no other thread, into a new user and network namespace; return the latter's inode.

    Raises:
        NoPermissionError, FeatureError, BpftuiError: The kernel said no.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        raise _refused(ctypes.get_errno())
    return os.stat("/proc/self/ns/net").st_ino


def _refused(number: int) -> BpftuiError:
    doing = "cannot make a network namespace"
    if number in (errno.EINVAL, errno.ENOSYS):
        return FeatureError(f"{doing}: this kernel was built without CONFIG_USER_NS or CONFIG_NET_NS")
    reason = f"no user namespace either: {_switched_off() or os.strerror(number).lower()}"
    names = enumerate_words([capability.name for capability in NEEDED])
    return NoPermissionError(f"{doing}: this process lacks {names}, and there is {reason}", hint=how_to_get(NEEDED))


def _switched_off() -> str:
    """Return the setting that keeps this user from user namespaces; '' for none that is known."""
    for path, off in _SWITCHES:
        with contextlib.suppress(OSError):
            if Path(path).read_text().strip() == off:
                return f"{path.removeprefix('/proc/sys/').replace('/', '.')} is {off}"
    return ""
