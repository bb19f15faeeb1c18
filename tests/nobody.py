"""Being another user, without any right."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys

import pytest

from tests.waiting import PATIENCE

__all__ = ["NOBODY", "UNPRIVILEGED", "as_nobody", "as_user", "nobody_with", "stranger", "unprivileged"]


def as_user(user: int) -> list[str]:
    """Return what runs a command as a user, in no group that has anything; see `nobody_with` for capabilities."""
    return ["setpriv", f"--reuid={user}", "--regid=65534", "--clear-groups"]


_NOBODY = 65534
NOBODY = as_user(_NOBODY)


def nobody_with(capabilities: str = "", user: int = _NOBODY) -> list[str]:
    """Return what runs a command as nobody, or a *user*, with exactly these capabilities: `bpf,net_admin`."""
    given = ",".join(["-all", *(f"+{name}" for name in capabilities.split(",") if name)])
    return [*as_user(user), f"--inh-caps={given}", f"--ambient-caps={given}"]


def unprivileged(user: int) -> list[str]:
    """Return what runs a command as a user who can never get a right."""
    return [*nobody_with(user=user), "--bounding-set=-all", "--no-new-privs"]


UNPRIVILEGED = unprivileged(_NOBODY)


def stranger() -> int:
    """Return a user that no test beside this one is: the kernel counts the processes of a user, and nobody has many.

    One of those that Debian leaves to nobody's choice (60,000 to 64,999), by this process: there is one a worker.
    """
    return 60_000 + os.getpid() % 5_000


@functools.cache
def _works() -> bool:
    """Whether nobody can run this interpreter: not where it, or this clone, lies in somebody's closed home."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        return False
    command = [*NOBODY, sys.executable, "-c", "import bpftui.core.errors"]
    return subprocess.run(command, capture_output=True, check=False, timeout=PATIENCE).returncode == 0


as_nobody = pytest.mark.xfail(
    not _works(), reason="another user cannot run this Python here, or we are not root", run=False
)
"""Marks a test that runs bpftui as another user. Not a skip: a kernel test that is skipped fails the run."""
