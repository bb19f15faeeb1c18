"""`make test`: all tests, and once more, alone, the few that failed beside others (as CPython does it by --rerun).

A whole run keeps every core busy for minutes, and where the machine is busy with other things too, a test of the
screen or of the kernel may see less time than it takes. What fails alone as well is wrong. What passes alone is named
at the end, so that it is not forgotten: it is a test to be mended. What the run itself complains of (kernel tests that
were skipped, things left behind) and more failures than a few are never forgiven. Tests that took long are named, too.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

FEW: Final = 5
"""The failures that may be due to a busy machine. More have a cause."""

LONG: Final = 10.0
"""Seconds that no test should take."""


class Failures:
    """The tests of a run that failed, by their ids, in the order in which they did; and what the run was asked for."""

    def __init__(self) -> None:
        self.tests: dict[str, None] = {}
        self.seconds: dict[str, float] = {}
        """What each test took, with what was set up for it."""
        self.root = Path()
        self.asked: list[str] = []
        self.is_whole = False

    def pytest_configure(self, config: pytest.Config) -> None:
        """Note where ids begin, and the files and folders of the command line."""
        self.root = config.rootpath
        self.asked = config.option.file_or_dir

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Note whether every test had its turn: after `-x` or `--maxfail` many had not."""
        self.is_whole = not session.shouldstop and not session.shouldfail

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a *report* of a failure, of a test as of what was set up for it, and what that took."""
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration
        if report.failed:
            self.tests[report.nodeid] = None

    def long(self) -> list[str]:
        """Return the tests that took long, with how long, the longest first."""
        found = sorted(((took, test) for test, took in self.seconds.items() if took > LONG), reverse=True)
        return [f"{took:6.1f} s  {test}" for took, test in found]


def main(arguments: list[str]) -> int:
    """Run the tests with pytest's *arguments*, and return what the run ends with."""
    failures = Failures()
    status = pytest.main(arguments, plugins=[failures])
    if long := failures.long():
        print(f"\ntook longer than {LONG:.0f} s:", *long, sep="\n  ", flush=True)
    if status != pytest.ExitCode.TESTS_FAILED or not failures.is_whole or not 0 < len(failures.tests) <= FEW:
        return int(status)
    print(f"\n{len(failures.tests)} failed beside others, and run alone once more:\n", flush=True)
    options = [argument for argument in arguments if argument not in failures.asked]
    tests = [str(failures.root / test) for test in failures.tests]  # files, not folders: no workers (tests/conftest.py)
    command = [sys.executable, "-m", "pytest", *options, *tests]
    if status := subprocess.run(command, check=False).returncode:
        return status
    print("\nfailed while the machine was busy, and passed alone (each is a test to be mended):")
    for test in failures.tests:
        print(f"  {test}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
