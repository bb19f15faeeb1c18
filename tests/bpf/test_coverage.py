"""The tests of this folder reach each outcome of each conditional jump of what ships, or it is said why not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from bpftui.core.asm import decode
from bpftui.core.coverage.gathered import Gathered
from bpftui.core.coverage.lines import covered
from bpftui.core.spec import CollectionSpec
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[2]
UNREACHED: Final = {
    "bpf/constants.c:96: jump 2 of 2: if w1 < 0x4 goto pc+6 never went on to line 97": "size_class() is below 4; the "
    "verifier has to see it",
    "bpf/constants.c:125: jump 2 of 2: if w1 > 0x3 goto pc+6 never jumped to line 127": "the same",
    "bpf/traffic.c:99: if r2 > r3 goto pc+42 never jumped to line 122": "neither interfaces nor test runs have frames "
    "without an Ethernet header",
}
"""The outcomes that cannot be, each with the reason."""
ELSEWHERE: Final = {
    "inventory.o": "iterators over what a kernel has, which only a kernel runs: tests/kernel and tests/core/system",
}
"""Objects whose programs run in other tests."""


def test_each_outcome_is_reached_or_cannot_be(tmp_path: Path) -> None:
    data = tmp_path / "data"
    tests = [str(path) for path in sorted(Path(__file__).parent.glob("test_*.py")) if path != Path(__file__)]
    plugins = (
        "--noconftest",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "-p",
        "no:asyncio",
        "-p",
        "no:hypothesispytest",
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *plugins, *tests, "--bpf-cov", f"--bpf-cov-data={data}"],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    gathered = Gathered.read(data)
    ran = {Path(file).name for file in gathered.files}
    found: list[str] = []
    for path in sorted(ROOT.glob("bpf/*.o")):
        spec = CollectionSpec.from_file(path)
        if path.name.endswith(".eb.o") or path.name in ELSEWHERE:
            continue  # the same source in the other byte order
        assert path.name in ran or not jumps(spec), f"no test here runs {path.name}"
        for file in covered(gathered, [spec]):
            name = f"bpf/{Path(file.name).name}"
            found += [f"{name}:{gap.line}: {gap.text}" for gap in file.gaps]
            found += [f"{name}:{line.number}: never ran" for line in file.lines.values() if line.state == "never"]
    assert sorted(found) == sorted(UNREACHED)


def jumps(spec: CollectionSpec) -> list[int]:
    """Return the slots of an object's conditional jumps, of each program."""
    return [
        slot
        for program in spec.programs.values()
        for slot in range(program.insns)
        if decode(program.code, slot, program.byte_order).is_conditional
    ]
