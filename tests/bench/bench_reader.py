"""Reading objects: how long until everything that the tree shows is there, and how much memory that takes.

The large object is that of `tests.bench.big_object`. Each run is a fresh process, less what the interpreter and the
imports take.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.bench.big_object import big_object
from tests.bench.timing import PYTHON, compare, wall

if TYPE_CHECKING:
    from pathlib import Path

PEAK = 'int(open("/proc/self/status").read().partition("VmHWM:")[2].split()[0]) << 10'
"""The most memory that this program has used; what getrusage tells may be its parent's."""
SHOWN = f"""
import sys, time
from bpftui.core.spec import CollectionSpec
import bpftui.core.spec.reader
from bpftui.core.btf import Kind
start = time.perf_counter()
spec = CollectionSpec.from_file(sys.argv[1])
shown = [(p.name, p.type.label, p.attach_to, p.insns, [f.name for f in p.functions], p.problem, p.maps)
         for p in spec.programs.values()]
shown += [(m.name, m.type.label, m.key_size, m.value_size, m.max_entries, m.entries) for m in spec.maps.values()]
shown += [(v.name, v.map.name, v.size) for v in spec.variables.values()]
shown += spec.hidden
assert shown and len(spec.btf) > 1
print(time.perf_counter() - start)
print({PEAK})
"""
IMPORTED = f"import bpftui.core.spec.reader; print({PEAK})"


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The large object."""
    path = tmp_path_factory.mktemp("bench") / "large.o"
    path.write_bytes(big_object())
    return path


def shown(path: Path | str) -> tuple[float, int]:
    """Return the seconds until all that the tree shows is there, and the most memory in use, in bytes."""
    done = subprocess.run([PYTHON, "-c", SHOWN, str(path)], capture_output=True, text=True, check=True)
    seconds, memory = done.stdout.split()
    return float(seconds), int(memory)


def objdump() -> str:
    """Return the newest llvm-objdump that is installed."""
    names = [f"llvm-objdump-{version}" for version in range(30, 13, -1)] + ["llvm-objdump"]
    found = next((name for name in names if shutil.which(name)), None)
    return found or pytest.skip("no llvm-objdump is installed")


def test_large_object(large: Path) -> None:
    """Goals: at most 0.5 × llvm-objdump's listing of the same file, and at most 3 times the file in memory."""
    peer = [objdump(), "-d", "--no-show-raw-insn", str(large)]
    compare(f"all that the tree shows, against {peer[0]}", lambda: shown(large)[0], lambda: wall(peer))
    memory, size = shown(large)[1], large.stat().st_size
    idle = int(subprocess.run([PYTHON, "-c", IMPORTED], capture_output=True, text=True, check=True).stdout)
    print(f"memory: {memory / size:.2f} × the file's {size >> 20} MiB; {idle >> 20} MiB of it are Python and imports")


@pytest.mark.parametrize("name", ["bpf/traffic.o", "tests/objects/subprograms.o"])
def test_small_object(name: str) -> None:
    """Goal: under 5 ms; printed beside what a bare interpreter takes on this machine at this time."""
    compare(f"{name}, against python -c pass", lambda: shown(name)[0], lambda: wall([PYTHON, "-c", "pass"]))
    print(f"{statistics.median(shown(name)[0] for _ in range(9)) * 1000:.1f} ms")
