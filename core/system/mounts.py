"""Mounts of all mount namespaces that matter here: file systems of BPF, and network namespaces that are kept by one."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from ..kernel.sys.pins import pinned_object
from .model import Pin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .owners import Task

__all__ = ["Mount", "read_mounts", "read_pins"]

_NET: Final = re.compile(r"net:\[(\d+)\]")
_ESCAPED: Final = re.compile(r"\\([0-7]{3})")
_MOST_PINS: Final = 100_000


class Mount(NamedTuple):
    """A mount."""

    path: str
    """As the processes of its mount namespace see it."""
    reach: str
    """The same through /proc: how others get there."""
    device: tuple[int, int]
    net: int
    """The inode of the network namespace that is mounted there; 0 where it is a bpffs."""
    namespace: int
    """The inode of the mount namespace; 0 of one's own."""


def read_mounts(tasks: Iterable[Task]) -> tuple[list[Mount], list[str]]:
    """Return them, one's own first, and what could not be read."""
    own = os.stat("/proc/thread-self/ns/mnt").st_ino
    processes = {task.mnt: f"/proc/{task.pid}/task/{task.tid}" for task in tasks if task.mnt and task.mnt != own}
    found = list(_mounts("/proc/thread-self", 0))
    refused = 0
    for namespace, process in processes.items():
        try:
            found += _mounts(process, namespace)
        except PermissionError:
            refused += 1
        except OSError:
            continue  # it has ended
    hidden = f"the mounts of {refused} mount namespaces could not be read: that takes CAP_SYS_PTRACE"
    return found, [hidden] if refused else []


def _mounts(process: str, namespace: int) -> Iterator[Mount]:
    root = f"{process}/root" if namespace else ""
    with open(f"{process}/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        for line in file:
            # ID PARENT MAJOR:MINOR ROOT PLACE OPTIONS … - TYPE SOURCE OPTIONS
            before, _, after = line.partition(" - ")
            kind = after.partition(" ")[0]
            if kind not in ("bpf", "nsfs"):
                continue
            fields = before.split(" ")
            net = _NET.fullmatch(fields[3])
            if kind == "nsfs" and net is None:
                continue
            major, _, minor = fields[2].partition(":")
            path = _ESCAPED.sub(lambda found: chr(int(found[1], 8)), fields[4])
            yield Mount(path, root + path, (int(major), int(minor)), int(net[1]) if net else 0, namespace)


def read_pins(mounts: Iterable[Mount]) -> tuple[list[Pin], list[str]]:
    """Return what is pinned in all bpffs, each name of each of them once, and what could not be read."""
    found: list[Pin] = []
    seen: set[tuple[int, int]] = set()
    refused: list[str] = []
    for mount in mounts:
        if mount.net:
            continue
        for place in _files(mount.reach, refused):
            try:
                status = os.lstat(place)
            except OSError:
                continue
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            pinned = pinned_object(place)
            if pinned is not None:
                found.append(Pin(mount.path + place.removeprefix(mount.reach), *pinned, mount.namespace))
            if len(found) >= _MOST_PINS:
                return found, [f"more than {_MOST_PINS} names are pinned: the others are not listed"]
    return found, refused


def _files(directory: str, refused: list[str]) -> Iterator[str]:
    """Iterate over the files below a directory."""
    waiting = [directory]
    while waiting:
        current = waiting.pop()
        try:
            with os.scandir(current) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    elif entry.is_file(follow_symlinks=False):
                        yield entry.path
        except PermissionError:
            refused.append(f"{current} could not be read: that takes CAP_DAC_READ_SEARCH, or CAP_SYS_PTRACE")
        except OSError:
            continue  # it is gone
