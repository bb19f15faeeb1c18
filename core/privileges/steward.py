"""The steward: a process that keeps one right, and does with it only what it was hired for.

A process that is to read what cannot be trusted gives its rights up, and asks its steward for what takes one of them
all the same: an open file, by the name of an errand and one argument. The steward is forked off before anything is
read. It runs no code but the errands', and ends when its client does.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import struct
import threading
from importlib import import_module
from typing import TYPE_CHECKING, Final

from ..errors import UsageError
from .apart import be_apart, thread_count
from .capability import Capability
from .drop import drop

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["CHANGES", "ERRANDS", "ERRANDS_RIGHTS", "INVENTORY", "INVENTORY_RIGHTS", "Steward", "errand", "hire"]

ERRANDS: Final[Mapping[str, str]] = {
    "statistics": "bpftui.core.kernel.sys.statistics:enable_statistics",
    "module": "bpftui.core.kernel.host.modules:open_module_btf",
    "tracefs": "bpftui.core.kernel.sys.perf:open_tracefs",
    "uprobe": "bpftui.core.kernel.sys.perf:open_uprobe_fd",
    "instance": "bpftui.core.kernel.sys.trace_instance:make_instance",
    "switch_on": "bpftui.core.kernel.sys.trace_instance:switch_on",
    "no_instance": "bpftui.core.kernel.sys.trace_instance:remove_instance",
    "memory": "bpftui.core.kernel.stacks.memory:open_memory",
}
"""What takes CAP_SYS_ADMIN, or being root: having runs counted while a descriptor is open, the types of a module by its
name, reading a file of the tracefs, the event of a place in a program's file, and an instance of the tracefs for what
programs print, which is made and removed. And what takes CAP_SYS_PTRACE: where a process has which files in memory, by
which the functions in its stacks get their names. (Whoever may load programs sees the stacks themselves.)
"""
ERRANDS_RIGHTS: Final = (Capability.CAP_SYS_ADMIN, Capability.CAP_SYS_PTRACE)
"""The capabilities that this takes."""

INVENTORY: Final[Mapping[str, str]] = {
    "inventory": "bpftui.core.system.errands:read_for_client",
    "ids": "bpftui.core.kernel.sys.object:list_ids",
    "object": "bpftui.core.kernel.sys.object:open_object",
    "link_info": "bpftui.core.kernel.sys.object:read_link_info",
    "statistics": "bpftui.core.kernel.sys.statistics:enable_statistics",
    "capture": "bpftui.core.system.taking:take_for_client",
}
"""What the whole machine is looked at with: a snapshot of all that it runs, the ids of all objects of a kind, a
descriptor of one by its id (of a map to read only, of a link none: what is known of it), having runs counted, and the
packets that reach a program by its id. (Whoever may load programs and attach them sees packets as well.)
"""
CHANGES: Final[Mapping[str, str]] = {
    "map_to_change": "bpftui.core.kernel.sys.object:open_map_to_change",
    "detach_link": "bpftui.core.kernel.sys.changes:detach_link",
    "unpin": "bpftui.core.kernel.sys.changes:unpin",
}
"""What changes what others have loaded, one thing at a time: a descriptor of one map by which its entries are changed,
a link by its id that is detached, and a name in a bpffs that is removed. It asks nobody: whoever has taken the client
over has these too, so it is hired for them only where no file was named that the client reads.
"""
INVENTORY_RIGHTS: Final = (
    Capability.CAP_BPF,
    Capability.CAP_NET_ADMIN,
    Capability.CAP_NET_RAW,
    Capability.CAP_PERFMON,
    Capability.CAP_SYS_ADMIN,
    Capability.CAP_SYS_PTRACE,
    Capability.CAP_SYSLOG,
)
"""The capabilities that this takes. What a program calls and where its native code lies is told of the programs that
were opened by who has the last (`bpf_dump_raw_ok` of the file's credentials).
"""

_ANSWER: Final = struct.Struct("=i")
"""0, with an open file, or an errno."""
_LONGEST: Final = 8192
"""Bytes of a request: the errand's name, a space, and its argument."""


class Steward:
    """The client's end of it.

    Args:
        channel: The socket that leads to the process.
        errands: What can be asked for.
    """

    def __init__(self, channel: socket.socket, errands: frozenset[str]) -> None:
        self.errands = errands
        self._channel = channel
        self._lock = threading.Lock()

    def ask(self, name: str, argument: str = "") -> int:
        """Return the file descriptor that an errand brings.

        Raises:
            OSError: The kernel's answer, or that the steward is gone (EPIPE).
        """
        request = os.fsencode(f"{name} {argument}")  # paths have bytes that are no text
        if len(request) > _LONGEST:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        with self._lock:
            self._channel.sendall(request)
            answer, descriptors, _, _ = socket.recv_fds(self._channel, _ANSWER.size, 1)
        number = _ANSWER.unpack(answer)[0] if answer else errno.EPIPE
        if number:
            raise OSError(number, os.strerror(number))
        return descriptors[0]


_hired: list[Steward] = []


def errand(name: str, argument: str = "") -> int | None:
    """Return what the steward brings; None where there is none, or none for that.

    Raises:
        OSError: As `Steward.ask` raises it.
    """
    for steward in _hired:
        if name in steward.errands:
            return steward.ask(name, argument)
    return None


def hire(errands: Mapping[str, str], keep: Iterable[Capability]) -> Steward:
    """Fork a steward off, which from then on is there for `errand`.

    Args:
        errands: By name, the function that runs one, as `module:function`. It takes the argument and returns a file
            descriptor, or raises an error that has an `errno`.
        keep: The capabilities that they need.

    Raises:
        UsageError: This process has several threads, of which a fork would take only one along.
    """
    if thread_count() > 1:
        raise UsageError("a steward is hired before threads are started")
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if os.fork() == 0:
        try:
            ours.close()
            _live(theirs, errands, keep)
        finally:
            os._exit(0)
    theirs.close()
    ours.recv(_ANSWER.size)  # by then it has given up the rest of its own rights
    steward = Steward(ours, frozenset(errands))
    _hired.append(steward)
    return steward


def _live(channel: socket.socket, errands: Mapping[str, str], keep: Iterable[Capability]) -> None:
    """Be the steward: of a session of its own, with nothing open but the socket."""
    kept = be_apart(channel.detach())
    os.environ.pop("SUDO_UID", None)  # it stays whom it is, out of its client's reach
    drop(keep)
    with socket.socket(fileno=kept) as own:
        own.sendall(_ANSWER.pack(0))
        while request := own.recv(_LONGEST):
            name, _, argument = os.fsdecode(request).partition(" ")
            _answer(own, errands.get(name, ""), argument)


def _answer(channel: socket.socket, place: str, argument: str) -> None:
    module, _, function = place.partition(":")
    try:
        descriptor = getattr(import_module(module), function)(argument)
    except Exception as error:
        number = getattr(error, "errno", None) or errno.EINVAL
        channel.sendall(_ANSWER.pack(number))
        return
    with contextlib.suppress(OSError):
        socket.send_fds(channel, [_ANSWER.pack(0)], [descriptor])
    os.close(descriptor)
