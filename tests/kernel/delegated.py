"""A child in a user namespace, with a bpffs that delegates to it: what a container manager makes for BPF tokens.

Run as root: `python delegated.py DIRECTORY OPTIONS COMMAND…`, where OPTIONS are like `delegate_maps=any,…`, or `-` for
no bpffs. It is written for a process of its own, which has one thread. All of it ends with the command.
"""

from __future__ import annotations

import ctypes
import os
import socket
import sys

_FSOPEN, _FSCONFIG, _FSMOUNT, _MOVE_MOUNT = 430, 431, 432, 429
_SET_STRING, _CREATE = 1, 6
"""fsconfig(2)'s commands."""
_NAMESPACES = 0x10000000 | 0x20000 | 0x40000000
"""CLONE_NEWUSER, CLONE_NEWNS and CLONE_NEWNET."""
_HERE, _EMPTY_PATH = -100, 4

_libc = ctypes.CDLL(None, use_errno=True)


def _call(number: int, *arguments: int | bytes | None) -> int:
    converted = [ctypes.c_long(each) if isinstance(each, int) else ctypes.c_char_p(each) for each in arguments]
    result = _libc.syscall(ctypes.c_long(number), *converted)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), f"system call {number}")
    return result


def _inside(channel: socket.socket, directory: str, options: str, command: list[str]) -> None:
    if _libc.unshare(_NAMESPACES) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    opened = [] if options == "-" else [_call(_FSOPEN, b"bpf", 0)]
    socket.send_fds(channel, [b"x"], opened)
    _, mounts, _, _ = socket.recv_fds(channel, 1, 1)
    for mount in mounts:
        _call(_MOVE_MOUNT, mount, b"", _HERE, directory.encode(), _EMPTY_PATH)
    os.execv("/proc/self/exe", command)


def main() -> int:
    """Make the child and its bpffs; return the command's exit code."""
    directory, options, *command = sys.argv[1:]
    ours, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        _inside(theirs, directory, options, command)
    theirs.close()
    _, opened, _, _ = socket.recv_fds(ours, 1, 1)
    for name in ("uid_map", "gid_map"):
        with open(f"/proc/{child}/{name}", "w", encoding="ascii") as file:
            file.write("0 0 1")
    mounts: list[int] = []
    for context in opened:
        # What is delegated is for those to say who have the rights (CAP_SYS_ADMIN) themselves.
        for option in options.split(","):
            name, _, value = option.partition("=")
            if name:
                _call(_FSCONFIG, context, _SET_STRING, name.encode(), value.encode(), 0)
        _call(_FSCONFIG, context, _CREATE, None, None, 0)
        mounts.append(_call(_FSMOUNT, context, 0, 0))
    socket.send_fds(ours, [b"x"], mounts)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    sys.exit(main())
