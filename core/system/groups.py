"""Control groups and what is attached to them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, NamedTuple

from ..kernel.attach.targets import cgroup_mount
from ..kernel.sys.survey import query
from ..kernel.sys.syscall import BpfError
from ..uapi import AttachType
from .model import Attachment, ControlGroup, Hook

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..kernel.sys.survey import Attached

__all__ = ["GroupWalk", "Groups"]

_HOOKS: Final = tuple(each for each in AttachType if each.name.startswith("CGROUP_") or each is AttachType.LSM_CGROUP)
_OVERRIDE, _MULTI = 1, 2
"""BPF_F_ALLOW_OVERRIDE, BPF_F_ALLOW_MULTI."""


class Groups(NamedTuple):
    """What was found."""

    groups: list[ControlGroup]
    paths: dict[int, str]
    """Of all control groups, by their ids."""
    missing: list[str]


class GroupWalk:
    """Reads the hierarchy of control groups (cgroup2), and remembers which hooks this kernel does not have."""

    def __init__(self) -> None:
        self._hooks = list(_HOOKS)

    def read(self) -> Groups:
        """Ask every group for all of its hooks: some 3 µs each."""
        mount = cgroup_mount()
        if mount is None:
            return Groups([], {}, [])
        paths: dict[int, str] = {}
        own: dict[str, dict[AttachType, Attached]] = {}
        found: list[ControlGroup] = []
        missing: list[str] = []
        for directory in _directories(mount):
            path = directory.removeprefix(mount) or "/"
            try:
                fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            except OSError:
                continue  # it is gone
            try:
                number = os.fstat(fd).st_ino
                paths[number] = path
                hooks = self._ask(fd, path, own)
            except BpfError:
                missing.append("what control groups have could not be asked: that takes CAP_NET_ADMIN")
                break
            finally:
                os.close(fd)
            if hooks:
                found.append(ControlGroup(path, number, tuple(hooks)))
        return Groups(found, paths, missing)

    def _ask(self, fd: int, path: str, own: dict[str, dict[AttachType, Attached]]) -> list[Hook]:
        mine: dict[AttachType, Attached] = {}
        for hook in list(self._hooks):
            told = query(fd, hook)
            if told is None:
                self._hooks.remove(hook)
            elif told.program_ids:
                mine[hook] = told
        if mine:
            own[path] = mine
        return [_hook(fd, path, hook, told, own) for hook, told in mine.items()]


def _hook(fd: int, path: str, hook: AttachType, told: Attached, own: dict[str, dict[AttachType, Attached]]) -> Hook:
    """Return what runs at a hook of a group, with what comes down to it from the groups above."""
    runs = query(fd, hook, effective=True) or told
    left = {group: list(own[group][hook].program_ids) for group in _upwards(path) if hook in own.get(group, {})}
    several = len(runs.program_ids) > 1 or told.attach_flags & _MULTI
    attached: list[Attachment] = []
    for order, program in enumerate(runs.program_ids, 1):
        origin = next((group for group, programs in left.items() if program in programs), path)
        if program in left[origin]:
            left[origin].remove(program)
        came = "" if origin == path else f"from {origin}"
        attached.append(Attachment(program, hook.label, path, order if several else None, None, came))
    return Hook(hook.label, tuple(attached), _mode(told))


def _mode(told: Attached) -> str:
    return "multi" if told.attach_flags & _MULTI else "override" if told.attach_flags & _OVERRIDE else "exclusive"


def _upwards(path: str) -> Iterator[str]:
    """Iterate over a group and those above it."""
    yield path
    while path != "/":
        path = path.rpartition("/")[0] or "/"
        yield path


def _directories(root: str) -> Iterator[str]:
    """Iterate over a hierarchy, each group before those below it; one that has none (by its links) is not read."""
    waiting = [root]
    while waiting:
        current = waiting.pop()
        yield current
        try:
            if os.stat(current).st_nlink <= 2:
                continue
            with os.scandir(current) as entries:
                below = [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
        except OSError:
            continue
        waiting += sorted(below, reverse=True)
