"""A short run of the command line's fuzzer, in a process of its own whose memory is limited; and that it can fail."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.fuzz import commands
from tests.fuzz.hostile import hostile
from tests.fuzz.mutants import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def test_commands_on_hostile_objects(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "tests.fuzz.commands", "--objects", "6", "--seed", "1000000"]
    result = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, result.stderr[-2000:]
    assert re.fullmatch(
        rf"6 objects, {len(commands.COMMANDS)} commands each: .+ exits with 0, .+, 0 faults\n", result.stdout
    ), result.stdout


def test_a_command_that_crashes_is_a_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def crash(words: list[str]) -> int:
        raise KeyError(".bss")

    monkeypatch.setattr(commands, "bpftui", crash)
    with pytest.raises(commands.FaultError, match=r"KeyError: '\.bss'"):
        commands.call(("show",), tmp_path / "made.o", tmp_path / "log")


def test_hostile_objects_repeat_and_differ() -> None:
    original = (ROOT / "tests/objects/core.o").read_bytes()
    made = {hostile(original, random.Random(number)) for number in range(40)}
    assert len(made) > 35
    assert hostile(original, random.Random(3)) == hostile(original, random.Random(3))
