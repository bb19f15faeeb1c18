"""What code processes have in memory: the files that are mapped to be run."""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from contextlib import suppress
from typing import Final, NamedTuple

from ...errors import UsageError
from ...privileges import errand

__all__ = ["Mapping", "find_mapping", "mappings_of", "open_memory", "processes", "started"]

_LINE: Final = re.compile(rb"([0-9a-f]+)-([0-9a-f]+) (\S{4}) ([0-9a-f]+) \S+ (\d+) *(.*)")
"""Start, end, rights, the offset in the file, its device and inode, its path: proc_pid_maps(5)."""
_START_TIME: Final = 19
"""The field of /proc/PID/stat behind the name: in clock ticks since the machine began."""
_GONE: Final = b" (deleted)"


class Mapping(NamedTuple):
    """A run of memory in which there is code."""

    start: int
    end: int
    """The first address behind it."""
    offset: int
    """In the file, of the first byte."""
    inode: int
    """Of the file; 0 for what is none."""
    path: str
    """As the process has it, or `[vdso]`; empty for memory that is of nothing."""
    is_deleted: bool = False
    """Whether the file has no name any more: another one may be called like it by now."""


def open_memory(argument: str) -> int:
    """Return a file with what is mapped in a process, by its pid: it takes being it, or CAP_SYS_PTRACE.

    Raises:
        OSError: It is gone, or may not be looked into.
        UsageError: It is no pid.
    """
    if not re.fullmatch("[0-9]{1,10}", argument):
        raise UsageError("a process is asked for by its pid")
    return os.open(f"/proc/{argument}/maps", os.O_RDONLY | os.O_CLOEXEC)


def mappings_of(process: int) -> list[Mapping]:
    """Return the code that a process has in memory, in the order of its addresses; errors as for `open_memory`.

    Where this process may not look, its steward may.
    """
    try:
        descriptor = open_memory(str(process))
    except PermissionError:
        brought = errand("memory", str(process))
        if brought is None:
            raise
        descriptor = brought
    with open(descriptor, "rb") as file:
        lines = file.read().splitlines()
    found: list[Mapping] = []
    for line in lines:
        parts = _LINE.fullmatch(line)
        if parts is not None and parts[3][2:3] == b"x":
            path = parts[6]
            is_deleted = path.endswith(_GONE)
            name = os.fsdecode(path.removesuffix(_GONE))
            start, end, offset = (int(parts[number], 16) for number in (1, 2, 4))
            found.append(Mapping(start, end, offset, int(parts[5]), name, is_deleted))
    return found


def find_mapping(known: list[Mapping], address: int) -> Mapping | None:
    """Return the one that an address is in; None where it is in none."""
    at = bisect_right(known, address, key=lambda each: each.start) - 1
    return known[at] if at >= 0 and address < known[at].end else None


def started(process: int) -> int:
    """Return when a process began, which tells it from another one with its pid; 0 where there is none."""
    with suppress(OSError, IndexError, ValueError), open(f"/proc/{process}/stat", "rb") as file:
        return int(file.read().rpartition(b")")[2].split()[_START_TIME])
    return 0


def processes() -> list[int]:
    """Return the pids of all processes that are to be seen."""
    return [int(name) for name in os.listdir("/proc") if name.isdecimal()]
