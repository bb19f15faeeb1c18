"""The checks before a run find nothing in what the kernel takes, but what the built-in machine lacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpftui.core.kernel import KernelRuntime
from bpftui.core.spec import CollectionSpec
from bpftui.core.vm.lint.checks import DISCLAIMER
from bpftui.core.vm.lint.findings import findings

pytestmark = pytest.mark.kernel

ROOT = Path(__file__).parents[2]


def test_nothing_is_found_in_what_loads() -> None:
    loaded = 0
    for path in sorted([*ROOT.glob("bpf/*.o"), *ROOT.glob("tests/objects/*.o")]):
        spec = CollectionSpec.from_file(path)
        if spec.byte_order != "little":
            continue
        said = {
            program.name: [
                line
                for line in findings(program).splitlines()
                if line != DISCLAIMER and "the built-in machine does not have" not in line
            ]
            for program in spec.programs.values()
            if program.problem is None
        }
        if not any(said.values()):
            loaded += len(said)
            continue
        for outcome in KernelRuntime().check(spec).programs:
            if outcome.ok:
                loaded += 1
                assert said.get(outcome.name) == [], (path.name, outcome.name)
    assert loaded > 150
