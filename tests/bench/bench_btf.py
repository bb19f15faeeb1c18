"""The kernel's own types: how long until names can be looked up, without and with the cached index.

Each run is a fresh process, less what the interpreter and the imports take.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.bench.timing import PYTHON, compare, wall

if TYPE_CHECKING:
    from pathlib import Path

VMLINUX = "/sys/kernel/btf/vmlinux"
BPFTOOL = ["bpftool", "btf", "dump", "file", VMLINUX, "format", "raw"]
READY = """
import time
from bpftui.core.btf import kernel
start = time.perf_counter()
assert kernel.vmlinux().find("task_struct")
print(time.perf_counter() - start)
"""


def ready(cache: Path) -> float:
    """Return the seconds until the first name is found."""
    environment = {"XDG_CACHE_HOME": str(cache), "PATH": "/usr/bin"}
    done = subprocess.run([PYTHON, "-c", READY], env=environment, capture_output=True, text=True, check=True)
    return float(done.stdout)


@pytest.mark.parametrize("cached", [False, True])
def test_ready_for_look_ups(tmp_path: Path, cached: bool) -> None:
    """Goals: at most 0.3 × bpftool's raw dump of the same file; with the cached index, at most 0.1 ×."""

    def ours() -> float:
        if not cached:
            (tmp_path / "bpftui" / "vmlinux.index").unlink(missing_ok=True)
        return ready(tmp_path)

    compare(f"kernel BTF, {'cached' if cached else 'not cached'}, against bpftool", ours, lambda: wall(BPFTOOL))
