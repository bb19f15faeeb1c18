"""Processes that hold something: who they are."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

from .model import ProcessEntry

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .owners import Held, Task

__all__ = ["container_of", "read_processes"]

_CONTAINER: Final = re.compile(r"(?:^|[/-])([0-9a-f]{64})(?:\.scope)?(?:$|/)")
"""How Docker, containerd, CRI-O and podman name the control group of a container, each with its own words around it."""
_POD: Final = re.compile(r"pod([0-9a-f]{8}[-_](?:[0-9a-f]{4}[-_]){3}[0-9a-f]{12})")
_CAPSULE: Final = re.compile(r"^/(?:lxc(?:\.payload)?[./]|machine\.slice/machine-)([^/]+?)(?:\.scope)?(?:$|/)")
"""LXC's containers, and systemd-nspawn's."""
_MOST_COMMAND: Final = 4096


def read_processes(held: Iterable[Held], tasks: Mapping[int, Task]) -> dict[int, ProcessEntry]:
    """Return the processes that hold something, by their numbers; what /proc does not tell of one is empty."""
    found: dict[int, dict[str, set[int]]] = {}
    names: dict[int, str] = {}
    for each in held:
        names[each.pid] = each.comm
        kind = "program" if each.kind == "socket" else each.kind
        found.setdefault(each.pid, {}).setdefault(kind, set()).add(each.id)
    entries: dict[int, ProcessEntry] = {}
    own = os.stat("/proc/thread-self/ns/mnt").st_ino
    for pid in sorted(found):
        objects = {kind: tuple(sorted(ids)) for kind, ids in found[pid].items()}
        path = _control_group(pid)
        task = tasks.get(pid)
        entries[pid] = ProcessEntry(
            pid,
            task.inner if task is not None else pid,
            names[pid],
            _read(pid, "cmdline")[:_MOST_COMMAND].rstrip("\0").replace("\0", " "),
            _user(pid),
            path,
            container_of(path),
            objects.get("program", ()),
            objects.get("map", ()),
            objects.get("link", ()),
            objects.get("btf", ()),
            task.mnt if task is not None and task.mnt != own else 0,
        )
    return entries


def container_of(path: str) -> str:
    """Return the id of the container whose control group this is, or that of its pod; empty for none."""
    container = _CONTAINER.search(path)
    if container is not None:
        return container[1][:12]
    pod = _POD.search(path)
    if pod is not None:
        return f"pod {pod[1].replace('_', '-')}"
    capsule = _CAPSULE.search(path)
    return capsule[1] if capsule is not None else ""


def _control_group(pid: int) -> str:
    """Return the control group of a process: of the unified hierarchy, or where that is not used of systemd's."""
    found: dict[str, str] = {}
    for line in _read(pid, "cgroup").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        found[controllers] = path
    unified = found.get("", "")
    return found.get("name=systemd", unified) if unified in ("", "/") else unified


def _user(pid: int) -> int | None:
    for line in _read(pid, "status").splitlines():
        if line.startswith("Uid:"):
            return int(line.split()[1])
    return None


def _read(pid: int, name: str) -> str:
    try:
        with open(f"/proc/{pid}/{name}", encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
