"""Within a process of pytest that has collected the tests of a folder: a fork for each mutant.

It is a plugin, `-p tests.mutants.forks`, of which everything begins with pytest's loop over the tests.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import sys
import time
from collections import defaultdict
from pathlib import Path
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Final

import pytest

from tests.mutants.making import ROOT, Mutant, probed
from tests.mutants.suites import without_parameters, worth_running

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["TOLD", "put"]

TOLD: Final = "BPFTUI_MUTANTS_TOLD"
"""The environment's name of the descriptor to which this process tells what killed each mutant."""
_PATIENCE: Final = 20.0
"""Seconds that any test may take, and three times what it took."""


def put(file: Path, source: bytes) -> None:
    """Write a source file, with another time than it ever had: that is how Python knows bytecode that is old."""
    later = int(file.stat().st_mtime) + 1
    file.write_bytes(source)
    os.utime(file, (later, later))


class _Child:
    """A process that was forked to run tests, as its parent sees it."""

    def __init__(self, pid: int, pipe: int) -> None:
        self._pid = pid
        self._pipe = pipe
        self.seconds: dict[str, float] = {}
        """What each test took, by its name without parameters."""
        self.failed: set[str] = set()
        """The tests that failed or did not end, by that name."""

    def wait(self, limits: Mapping[str, float] | None = None) -> str | None:
        """Wait for the end; return the first test that failed, or how it ended otherwise; None if all passed.

        Args:
            limits: The seconds that each test usually takes. Without, all may take their time.
        """
        text, first, running, since = b"", None, "", time.monotonic()
        while True:
            left = None
            if limits is not None:
                left = max(since + _PATIENCE + 3 * limits.get(without_parameters(running), 0) - time.monotonic(), 0)
            if not select.select([self._pipe], [], [], left)[0]:
                first = f"{running} never ends"
                self.failed |= {without_parameters(running)} if running else set()
                break
            more = os.read(self._pipe, 1 << 16)
            *lines, text = (text + more).split(b"\n") if more else [b"begun ", b""]  # none after the last
            for kind, _, test in (line.decode().partition(" ") for line in lines):
                if kind == "failed":
                    first = first or test
                    self.failed.add(without_parameters(test))
                    continue
                now = time.monotonic()
                took = self.seconds.get(without_parameters(running), 0) + now - since
                self.seconds |= {without_parameters(running): took} if running else {}
                running, since = test or running, now
            if not more:
                break
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._pid, signal.SIGKILL)
        os.close(self._pipe)
        _, status = os.waitpid(self._pid, 0)
        ended = os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0
        return first or (None if ended else f"{running} ends its process")


class _Loop:
    """What a process of pytest does that has collected the tests of a folder: it forks.

    Args:
        session: Of pytest.
        work: What it shares with the process that started it: a folder with the copy, the task and the notes.
        told: The descriptor to tell what killed each.
    """

    def __init__(self, session: pytest.Session, work: Path, told: int) -> None:
        task = json.loads((work / "task").read_text())
        self.pipe: int | None = None
        """Where a child tells of its tests; None in the parent."""
        self._session = session
        self._work = work
        self._told = told
        self._most: float | None = task["most"]
        self._mutants = {
            number: Mutant(path, line, start, end, new.encode(), asked)
            for number, (path, line, start, end, new, asked) in task["mutants"]
        }
        self._plain = {path: source.encode() for path, source in task["plain"].items()}

    def run(self) -> bool:
        """Try all mutants, and tell of each what killed it; return False in a child, which is to run its tests."""
        functions = self._functions()
        gc.freeze()
        all_ = self._fork()
        if all_ is None:
            self._session.config.option.maxfail = 0
            return False
        all_.wait()
        for path, source in self._plain.items():
            put(self._work / "bpftui" / path, source)
        items: defaultdict[str, list[pytest.Item]] = defaultdict(list)
        for item in self._session.items:
            items[without_parameters(item.nodeid)].append(item)
        seconds = {test: took for test, took in all_.seconds.items() if test not in all_.failed}
        came = self._came()
        for number, mutant in self._mutants.items():
            if mutant.asked is not None and not came[number]:
                self._tell(number, None, [])
                continue
            file = self._work / "bpftui" / mutant.path
            swapped = self._swapped(mutant, functions) if came[number] and "" not in came[number] else []
            if not swapped:
                files = dict.fromkeys(test.partition("::")[0] for test in worth_running(mutant.path, seconds, seconds))
                self._tell(number, None, list(files))
                continue
            while True:
                put(file, mutant.apply(self._plain[mutant.path]))
                child = self._fork()
                if child is None:
                    for function, code in swapped:
                        function.__code__ = code
                    tests = worth_running(mutant.path, came[number] & {*seconds}, seconds, self._most)
                    self._session.items[:] = [item for test in tests for item in items[test]]
                    return False
                by = child.wait(seconds)
                put(file, self._plain[mutant.path])
                if not child.failed:
                    break
                control = self._fork()
                if control is None:
                    self._session.items[:] = [item for test in child.failed for item in items[test]]
                    return False
                if control.wait(seconds) is None:
                    break
                for test in child.failed:  # without the mutant, too
                    del seconds[test]
            self._tell(number, by, None)
        return True

    def _functions(self) -> defaultdict[str, list[FunctionType]]:
        """Return all functions that there are of each file with mutants."""
        for path in self._plain:
            with contextlib.suppress(Exception):  # what no test of the folder can import either
                importlib.import_module(".".join(Path("bpftui", path).with_suffix("").parts).removesuffix(".__init__"))
        gc.unfreeze()  # what tests/conftest.py has frozen is not told otherwise
        found: defaultdict[str, list[FunctionType]] = defaultdict(list)
        for each in gc.get_objects():
            if isinstance(each, FunctionType):
                found[each.__code__.co_filename].append(each)
        return found

    def _swapped(
        self, mutant: Mutant, functions: Mapping[str, list[FunctionType]]
    ) -> list[tuple[FunctionType, CodeType]]:
        """Return the functions that a mutant changes, with the code that each has then."""
        source, name = self._plain[mutant.path], str(self._work / "bpftui" / mutant.path)
        there = {number: each for number, each in self._mutants.items() if each.path == mutant.path}
        now, plain, new = (_codes(text, name) for text in (probed(source, there), source, mutant.apply(source)))
        if not len(now) == len(plain) == len(new):  # the code of a condition that never holds is left out
            return []
        codes = {now: new for now, plain, new in zip(now, plain, new, strict=True) if plain != new}
        return [(each, codes[each.__code__]) for each in functions[name] if each.__code__ in codes]

    def _came(self) -> defaultdict[int, set[str]]:
        """Return which tests came by each mutant; an empty name among them is that its module was imported."""
        found: defaultdict[int, set[str]] = defaultdict(set)
        for line in (self._work / "came").read_text().splitlines():
            number, _, test = line.partition(" ")
            found[int(number)].add(without_parameters(test))
        return found

    def _fork(self) -> _Child | None:
        """Fork; return the child, or None in it."""
        reading, writing = os.pipe()
        if pid := os.fork():
            os.close(writing)
            return _Child(pid, reading)
        os.close(reading)
        os.setsid()
        self.pipe = writing
        self._session.config.option.maxfail = 1
        return None

    def _tell(self, number: int, by: str | None, files: list[str] | None) -> None:
        """Tell what killed a mutant; or the files whose tests are still to be tried: none, if no test comes by."""
        os.write(self._told, json.dumps([number, by, files]).encode() + b"\n")


def _codes(source: bytes, name: str) -> list[CodeType]:
    """Return the code of a file and all code inside of it, always in the same order."""
    found = [compile(source, name, "exec", dont_inherit=True)]
    for code in found:
        found += [each for each in code.co_consts if isinstance(each, CodeType)]
    return found


_loop: _Loop | None = None


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Fork for each mutant; this is called within pytest, as its plugin `-p tests.mutants`. A child runs its tests."""
    global _loop  # noqa: PLW0603
    _loop = _Loop(session, ROOT.parent, int(os.environ[TOLD]))
    return _loop.run() or None


def pytest_runtest_logstart(nodeid: str) -> None:
    """Tell that a test begins."""
    if _loop is not None and _loop.pipe is not None:
        os.write(_loop.pipe, f"begun {nodeid}\n".encode())
        if probe := sys.modules.get("bpftui_came"):
            probe.seen.clear()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Tell that a test failed."""
    if report.failed and _loop is not None and _loop.pipe is not None:
        os.write(_loop.pipe, f"failed {report.nodeid}\n".encode())


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """End a child here: what Python does at its end is its parent's to do."""
    if _loop is not None and _loop.pipe is not None:
        os._exit(0)
