"""A control group of our own."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bpftui.core.kernel.attach.targets import cgroup_mount

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["control_group"]


@contextmanager
def control_group(folder: Path) -> Generator[Path]:
    """Have one, without processes at the end; where no cgroup2 is mounted, one is meanwhile, at *folder*."""
    mount, mounted = cgroup_mount(), None
    if mount is None:
        mounted = mount = str(folder)
        subprocess.run(["mount", "-t", "cgroup2", "none", mount], check=True)
    made = Path(mount) / f"bpftui-test-{os.getpid()}"
    made.mkdir()
    try:
        yield made
    finally:
        made.rmdir()
        if mounted:
            subprocess.run(["umount", mounted], check=True)
