"""What failed beside others is run again, alone, and named; what is wrong stays wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.again import Failures
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[1]

NO_BPF = """
import tests.census
tests.census.why_no_bpf = lambda: "no bpf(2) for this test"
"""
PLANTED = """
import pytest
from pathlib import Path

COUNT = Path(__file__).with_name("count")

def test_that_passes(): pass

def test_that_fails_once():
    COUNT.touch()
    tries = COUNT.read_text()
    COUNT.write_text(tries + "x")
    assert tries
"""
WRONG = """
def test_that_is_wrong(): assert False
"""
MANY = """
@pytest.mark.parametrize("number", range(5))
def test_of_many(number): assert False
"""
SKIPPED = """
@pytest.mark.kernel
def test_of_the_kernel(): pytest.skip("no mood")
"""


def run(folder: Path, body: str, *options: str, bpf: bool = False) -> subprocess.CompletedProcess[str]:
    """Run `make test`'s runner on a module with this *body*, as if without bpf(2) or with it."""
    (folder / "settings.py").write_text("" if bpf else NO_BPF)
    module = folder / "test_planted.py"
    module.write_text(body)
    command = [sys.executable, "-m", "tests.again", "-c", str(ROOT / "pyproject.toml"), "-p", "no:cacheprovider"]
    command += ["--rootdir", str(folder), "-p", "settings", "-p", "tests.conftest", *options, str(module)]
    environment = os.environ | {"PYTHONPATH": f"{folder}:{ROOT}"}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


def test_what_took_long_is_told_the_longest_first() -> None:
    failures = Failures()
    for test, *took in (("a", 0.1, 10.0, 0.1), ("b", 10.0), ("c", 0.0, 120.25)):
        for duration in took:
            report = pytest.TestReport(test, (test, None, test), {}, "passed", None, "call", duration=duration)
            failures.pytest_runtest_logreport(report)
    assert failures.long() == [" 120.2 s  c", "  10.2 s  a"]


def test_what_passes_alone_is_named(tmp_path: Path) -> None:
    done = run(tmp_path, PLANTED)
    assert done.returncode == 0, done.stdout
    assert "1 failed, 1 passed" in done.stdout
    assert "1 failed beside others, and run alone once more:" in done.stdout
    last = "passed alone (each is a test to be mended):\n  test_planted.py::test_that_fails_once\n"
    assert done.stdout.endswith(last)


def test_what_is_wrong_fails(tmp_path: Path) -> None:
    done = run(tmp_path, PLANTED + WRONG)
    assert done.returncode == 1, done.stdout
    assert "1 failed, 1 passed" in done.stdout.partition("run alone once more")[2]
    assert "each is a test to be mended" not in done.stdout


def test_many_failures_are_not_run_again(tmp_path: Path) -> None:
    done = run(tmp_path, PLANTED + MANY)
    assert done.returncode == 1, done.stdout
    assert "run alone once more" not in done.stdout


def test_what_was_not_run_is_not_forgiven(tmp_path: Path) -> None:
    done = run(tmp_path, PLANTED + WRONG, "-x")
    assert done.returncode == 1, done.stdout
    assert "run alone once more" not in done.stdout


@pytest.mark.kernel
@pytest.mark.alone  # what is loaded meanwhile would be left behind
def test_nothing_makes_up_for_a_complaint_of_the_run(tmp_path: Path) -> None:
    done = run(tmp_path, PLANTED + SKIPPED, bpf=True)
    assert done.returncode == 6, done.stdout
    assert "run alone once more" not in done.stdout
