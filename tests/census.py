"""What there is in the kernel that a test could leave behind, and whether bpf(2) is to be had at all.

Deliberately independent of `bpftui.core.kernel`: what checks a thing must not be made of it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import socket
import struct
import time
from pathlib import Path

__all__ = ["census", "leftovers", "objects", "why_no_bpf"]

_SYSCALL = {"x86_64": 321, "aarch64": 280, "riscv64": 280, "ppc64le": 361, "s390x": 351, "loongarch64": 280}
_MAP_CREATE = 0
_GET_NEXT_ID = {"program": 11, "map": 12, "btf": 23, "link": 31}
_BPF_MAP_TYPE_ARRAY = 2


def _bpf(command: int, attr: bytearray) -> int:
    """Call bpf(2); the kernel may write into *attr*. Returns what it returns, or the negated errno."""
    syscall = ctypes.CDLL(None, use_errno=True).syscall
    syscall.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_ulong]
    syscall.restype = ctypes.c_long
    buffer = (ctypes.c_char * len(attr)).from_buffer(attr)
    result = syscall(_SYSCALL[platform.machine()], command, ctypes.addressof(buffer), len(attr))
    return result if result >= 0 else -ctypes.get_errno()


def why_no_bpf() -> str | None:
    """Return why bpf(2) is not to be had, or None when a map could be created."""
    if platform.system() != "Linux" or platform.machine() not in _SYSCALL:
        return f"no known bpf(2) on {platform.system()} {platform.machine()}"
    fd = _bpf(_MAP_CREATE, bytearray(struct.pack("=IIII", _BPF_MAP_TYPE_ARRAY, 4, 8, 1)))
    if fd < 0:
        return f"bpf(2) is not available here: BPF_MAP_CREATE says {errno.errorcode.get(-fd, -fd)}"
    os.close(fd)
    return None


def _ids(command: int) -> set[int]:
    """Return the ids of all objects of a kind; none where we may not ask (it takes CAP_SYS_ADMIN)."""
    found: set[int] = set()
    current = 0
    while True:
        attr = bytearray(struct.pack("=III", current, 0, 0))
        if _bpf(command, attr) < 0:
            return found
        current = struct.unpack_from("=I", attr, 4)[0]
        found.add(current)


def objects() -> set[tuple[str, int]]:
    """Return the ids of all programs, maps and links, as (kind, id), the kinds named as in /proc/PID/fdinfo."""
    names = {"program": "prog", "map": "map", "link": "link"}
    return {(short, number) for kind, short in names.items() for number in _ids(_GET_NEXT_ID[kind])}


def census() -> set[tuple[str, str]]:
    """Return all that there is now, as (kind, name): BPF objects, interfaces, network namespaces, mounts."""
    found = {(kind, str(number)) for kind, command in _GET_NEXT_ID.items() for number in _ids(command)}
    found |= {("interface", name) for _, name in socket.if_nameindex()}
    netns = Path("/run/netns")
    if netns.is_dir():
        found |= {("network namespace", entry.name) for entry in netns.iterdir()}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        found.add(("mount", line.split()[4]))
    return found


def leftovers(before: set[tuple[str, str]], patience: float = 10.0) -> list[str]:
    """Return what is there now, was not there *before*, and does not go away within *patience* seconds.

    The kernel frees objects with a delay, and other processes of the machine make and remove things of their
    own; what a test forgot stays.
    """
    deadline = time.monotonic() + patience
    left = census() - before
    while left and time.monotonic() < deadline:
        time.sleep(0.1)
        left &= census()
    return sorted(f"{kind} {name}" for kind, name in left)
