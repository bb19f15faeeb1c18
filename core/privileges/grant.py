"""How to give a process a capability: the command for this user, this program and this machine.

setcap(8) is none: it marks a file, which for a program in Python is the interpreter (of everybody, and for all that it
runs); the kernel ignores the mark on a script. What works is to start the program with the capability in its ambient
set, which lasts through the start of the interpreter.
"""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..visible import is_visible
from .capability import Capability, privileges

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["how_to_get", "this_command"]

_LONGEST: Final = 200
"""Characters of a command that is repeated in a sentence."""


def how_to_get(capabilities: Iterable[Capability]) -> str:
    """Return what to type to run this program once more with *capabilities*, as whoever runs it now.

    They are all that it will have, so that those that it has now are among them.
    """
    held = privileges()
    capabilities = sorted({*capabilities, *(each for each in Capability if held.effective >> each & 1)})
    names = " and ".join(capability.name for capability in capabilities)
    from .drop import given_up

    if any(given_up() >> capability & 1 for capability in capabilities):
        return "it gave that up at the start: run it without --drop, the explorer with --no-drop"
    if any(not held.bounding >> capability & 1 for capability in capabilities):
        options = " ".join(f"--cap-add={capability.short.upper()}" for capability in capabilities)
        return f"no process here can have it: start the container with it (docker run {options})"
    if held.no_new_privileges:
        return "start it from a shell that may gain rights: here no_new_privs is set, with which sudo gains none"
    if os.geteuid() == 0:
        return f"run it with all capabilities of root, or add {names} to those that it is given"
    added = ",".join(f"+{capability.short}" for capability in capabilities)
    user = f"--reuid={os.getuid()} --regid={os.getgid()} --init-groups --reset-env"
    return f"sudo setpriv {user} --inh-caps={added} --ambient-caps={added} {this_command()}"


def this_command() -> str:
    """Return the command line of this process as a shell takes it, also one with another PATH (sudo's)."""
    original = sys.orig_argv[1:]
    script = Path(original[0]) if original else None
    if script is not None and script.is_absolute() and os.access(script, os.X_OK):
        words = original
    else:
        words = [sys.executable or "python3", *original]
    text = shlex.join(words)
    return text if len(text) <= _LONGEST and is_visible(text) else "COMMAND"
