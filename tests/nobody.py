"""Being another user, without any right."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys

import pytest

from tests.waiting import PATIENCE

__all__ = ["NOBODY", "UNPRIVILEGED", "as_nobody", "nobody_with"]

NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
"""Runs a command as nobody; see `nobody_with` for capabilities."""


def nobody_with(capabilities: str = "") -> list[str]:
    """Return what runs a command as nobody with exactly these capabilities: `bpf,net_admin`."""
    given = ",".join(["-all", *(f"+{name}" for name in capabilities.split(",") if name)])
    return [*NOBODY, f"--inh-caps={given}", f"--ambient-caps={given}"]


UNPRIVILEGED = [*nobody_with(), "--bounding-set=-all", "--no-new-privs"]
"""Runs a command as nobody, who can never get a right."""


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
