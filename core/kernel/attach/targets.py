"""From what a user types to what a program is attached to on this machine."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ...errors import UnknownNameError, UsageError
from ...runtime import AttachTarget
from ...spec.targets import SANDBOX, Place, parse_target, place_of

if TYPE_CHECKING:
    from ...runtime import Sandbox, XdpMode
    from ...spec import ProgramSpec

__all__ = ["cgroup_mount", "resolve"]

_MODES: Final = ("generic", "native")


def resolve(program: ProgramSpec, text: str, sandbox: Sandbox | None = None) -> AttachTarget:
    """Return what *text* is as a target of *program*; see `bpftui.core.runtime.Runtime.target`."""
    name, options = parse_target(program, text)
    mode: XdpMode | None = "generic" if "generic" in options else "native" if "native" in options else None
    rest = tuple(option for option in options if option not in _MODES)
    place = place_of(program)
    if sandbox is not None and name == SANDBOX:
        return replace(sandbox.target(mode), options=rest)
    match place:
        case Place.INTERFACE:
            from ..net.interfaces import find

            return replace(find(name).target(mode), options=rest)
        case Place.NAMESPACE:
            if name and not os.path.exists(name):
                raise UsageError(f"cannot attach program {program.name}: there is no network namespace at {name}")
            return AttachTarget(name, options=rest)
        case Place.CGROUP:
            return AttachTarget(_cgroup(name), options=rest)
        case Place.SECTION if not (name or program.attach_to):
            raise UsageError(
                f"cannot attach program {program.name}: its section {program.section} does not say to what",
                hint=f"name it: {program.name}=WHAT",
            )
        case _:
            return AttachTarget(name or program.attach_to, options=rest)


def cgroup_mount() -> str | None:
    """Return where control groups are mounted (cgroup2); None where they are not."""
    try:
        with open("/proc/self/mounts", encoding="utf-8", errors="replace") as mounts:
            return next((line.split(" ")[1] for line in mounts if line.split(" ")[2] == "cgroup2"), None)
    except OSError:
        return None


def _cgroup(name: str) -> str:
    """Return the directory of a control group, which may be named from the root of the hierarchy: `system.slice`."""
    mount = cgroup_mount()
    if mount is None:
        raise UsageError(f"there is no control group {name}: no cgroup2 is mounted", hint="mount -t cgroup2 none DIR")
    for path in (name, os.path.join(mount, name.lstrip("/"))):
        if os.path.isfile(os.path.join(path, "cgroup.controllers")):
            return path
    known = [os.path.join(mount, entry.name) for entry in os.scandir(mount) if entry.is_dir()]
    raise UnknownNameError("control group", name, known)
