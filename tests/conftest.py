"""What holds for all tests: who may be skipped, and that nothing is left behind.

- A test marked `kernel` needs bpf(2). Without it the test is skipped, with the reason. With it, a skipped
  kernel test makes the run fail: a suite that quietly tests nothing is worse than one that is red.
- A test marked `terminal` needs tmux.
- A run that leaves a BPF object, an interface, a network namespace or a mount behind fails.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from typing import TYPE_CHECKING

import pytest

from tests.census import census, leftovers, why_no_bpf

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

_NO_BPF = pytest.StashKey[str | None]()
_BEFORE = pytest.StashKey[set[tuple[str, str]]]()
_KERNEL_TESTS = pytest.StashKey[set[str]]()
_SKIPPED = pytest.StashKey[list[str]]()
_HOME = pytest.StashKey[tempfile.TemporaryDirectory[str]]()
_COMPLAINTS = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Look around before the first test, and keep away from the user's own configuration, presets and log."""
    config.stash[_HOME] = tempfile.TemporaryDirectory(prefix="bpftui-tests-")
    for variable in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        os.environ[variable] = f"{config.stash[_HOME].name}/{variable}"
    os.environ["PATH"] += f"{os.pathsep}/usr/sbin"  # where Debian has bpftool, out of an ordinary user's way
    config.stash[_NO_BPF] = why_no_bpf()
    config.stash[_BEFORE] = census() if config.stash[_NO_BPF] is None else set()
    config.stash[_KERNEL_TESTS] = set()
    config.stash[_SKIPPED] = []
    config.stash[_COMPLAINTS] = []
    config.pluginmanager.register(_SkipWatch(config), "bpftui-skip-watch")


class _SkipWatch:
    """Notes the kernel tests that were skipped."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note *report* if it says "skipped" of a kernel test; an expected failure is no skip."""
        stash = self._config.stash
        if report.skipped and not hasattr(report, "wasxfail") and report.nodeid in stash[_KERNEL_TESTS]:
            stash[_SKIPPED].append(report.nodeid)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what this machine cannot run, with the reason."""
    no_bpf = config.stash[_NO_BPF]
    no_tmux = None if shutil.which("tmux") else "tmux is not installed"
    for item in items:
        if item.get_closest_marker("kernel"):
            config.stash[_KERNEL_TESTS].add(item.nodeid)
            if no_bpf is not None:
                item.add_marker(pytest.mark.skip(reason=no_bpf))
        if item.get_closest_marker("terminal") and no_tmux:
            item.add_marker(pytest.mark.skip(reason=no_tmux))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run for kernel tests that were skipped without need, and for what was left behind."""
    stash = session.config.stash
    if stash[_NO_BPF] is not None:
        return
    complaints = stash[_COMPLAINTS]
    complaints += [f"skipped though bpf(2) is available: {nodeid}" for nodeid in stash[_SKIPPED]]
    complaints += [f"left behind: {thing}" for thing in leftovers(stash[_BEFORE])]
    if complaints and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """Say why the run failed."""
    complaints = config.stash[_COMPLAINTS]
    if complaints:
        terminalreporter.section("the run failed", red=True)
        for complaint in complaints:
            terminalreporter.line(complaint)
