"""A test that never ends is told so and fails by name; it holds up neither the rest of the run nor whose turn it is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.guard import longest_turn, turn
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[1]

PLANTED = """
import subprocess, time
from collections import deque
from itertools import repeat
import pytest

def test_waits_for_a_process():
    subprocess.run(["sleep", "1000"])

def test_goes_on_behind_it():
    pass

def test_in_c():
    deque(repeat(None), maxlen=0)

def test_goes_on_where_it_crashed():
    pass

@pytest.fixture
def never_ends():
    yield
    time.sleep(1000)

def test_is_never_cleaned_up(never_ends):
    assert False

@pytest.mark.alone
def test_is_alone_at_last():
    pass
"""
"""Three workers begin with two tests each: the endless ones end at the same time."""

ASK = """
import sys
from tests.guard import turn
with turn(sys.argv[1], alone=False, patience=0.1) as came:
    print(came)
"""


def test_a_test_that_never_ends_fails_and_the_run_goes_on(tmp_path: Path) -> None:
    planted = tmp_path / "test_planted.py"
    planted.write_text(PLANTED)
    options = ["-n", "3", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path), "-p", "tests.conftest"]
    command = [sys.executable, "-m", "pytest", *options, "-o", "limit=2", "-v", str(planted)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False)
    outcomes = {
        (name, outcome) for outcome, name in re.findall(r"(FAILED|PASSED|ERROR) \S*::(\S+) *$", done.stdout, re.M)
    }
    assert outcomes >= {
        ("test_waits_for_a_process", "FAILED"),
        ("test_in_c", "FAILED"),
        ("test_is_never_cleaned_up", "FAILED"),
        ("test_goes_on_behind_it", "PASSED"),
        ("test_goes_on_where_it_crashed", "PASSED"),
        ("test_is_alone_at_last", "PASSED"),
    }
    assert "crashed while running 'test_planted.py::test_in_c'" in done.stdout
    for name in ("waits_for_a_process", "is_never_cleaned_up"):
        assert f"test_planted.py::test_{name} takes more than 2 s:\n" in done.stderr
    assert re.search(r"Timeout \(0:00:02.6\d*\)!\n(.*\n)*? +File \S+, line \d+ in test_in_c\n", done.stderr)


def test_turns_do_not_go_on_to_a_child_and_are_not_waited_for_without_an_end(tmp_path: Path) -> None:
    with turn(str(tmp_path), alone=True, patience=0) as came:
        assert came
        command = [sys.executable, "-c", ASK, str(tmp_path)]
        asked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=True)
        assert asked.stdout == "False\n"
        child = os.fork()
        if child == 0:
            os.read(os.pipe()[0], 1)
    try:
        asked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=True)
        assert asked.stdout == "True\n"
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
    assert longest_turn(300, workers=2) == pytest.approx(1170)
