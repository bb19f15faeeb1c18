"""Within a process of pytest: a fork for each mutant, of what has been imported already.

It is a plugin, `-p tests.mutants.forks`. Mutants that are evaluated when their module is imported are tried before
pytest collects the tests, the others in its loop over them.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import resource
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
from tests.mutants.suites import without_phase, worth_running

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["TOLD", "put"]

TOLD: Final = "BPFTUI_MUTANTS_TOLD"
"""The environment's name of the descriptor to which this process tells what killed each mutant."""
_PATIENCE: Final = 60.0
"""Seconds that any test may take by the clock, and three times what it took; and by the processor, in all."""
_WAITED: Final = 5
"""How many times what they may take of a processor the tests for one mutant may take by the clock."""
_IMPORTED: Final = ("hypothesis", "numpy", "capstone", "elftools.elf.elffile", "textual.app", "textual.widgets")
"""What is imported once for all that imports bpftui anew: what takes longest of others'."""


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
        """What each test took, by its name."""
        self.failed: set[str] = set()
        """The tests that failed or did not end; a file that cannot be imported is one."""

    def wait(self, limits: Mapping[str, float] | None = None) -> str | None:
        """Wait for the end; return the first test that failed, or how it ended otherwise; None if all passed.

        Args:
            limits: The seconds that each test usually takes. Without, all may take their time.
        """
        text, first, running, since = b"", None, "", time.monotonic()
        while True:
            left = None
            if limits is not None:
                left = max(since + _PATIENCE + 3 * limits.get(running, 0) - time.monotonic(), 0)
            if not select.select([self._pipe], [], [], left)[0]:
                first = f"{running} never ends"
                self.failed |= {running} if running else set()
                break
            more = os.read(self._pipe, 1 << 16)
            *lines, text = (text + more).split(b"\n") if more else [b"begun ", b""]  # none after the last
            for kind, _, test in (line.decode().partition(" ") for line in lines):
                if kind == "failed":
                    first = first or test
                    self.failed.add(test)
                    continue
                now = time.monotonic()
                took = self.seconds.get(running, 0) + now - since
                self.seconds |= {running: took} if running else {}
                running, since = test or running, now
            if not more:
                break
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._pid, signal.SIGKILL)
        os.close(self._pipe)
        _, status = os.waitpid(self._pid, 0)
        if first is None and not (os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0):
            self.failed |= {running} if running else set()
            return f"{running} ends its process"
        return first


class _Tries:
    """What a process of pytest does that tries mutants: it forks.

    Args:
        session: Of pytest.
        work: What it shares with the process that started it: a folder with the copy, the task and the notes.
        told: The descriptor to tell what killed each.
    """

    def __init__(self, session: pytest.Session, work: Path, told: int) -> None:
        task = json.loads((work / "task").read_text())
        self.pipe: int | None = None
        """Where a child tells of its tests; None in the parent."""
        self.most: float | None = task["most"]
        """The seconds that the tests for one mutant may take."""
        self._session = session
        self._work = work
        self._told = told
        self._suite: list[str] = task["suite"]
        self._near: dict[int, list[str]] = {number: files for number, files in task["near"] if files}
        mutants = {
            number: Mutant(path, line, start, end, new.encode(), asked, at_import)
            for number, (path, line, start, end, new, asked, at_import) in task["mutants"]
        }
        self._at_import = {number: each for number, each in mutants.items() if each.at_import}
        self._mutants = {number: each for number, each in mutants.items() if not each.at_import}
        self._plain = {path: source.encode() for path, source in task["plain"].items()}
        self._is_mapped = not self._near
        self._begun = 0.0, 0.0
        self._imported = dict(self._plain)
        """What each file has that is imported by all: probes, where it is found out which tests come by what."""
        for path in self._plain if self._is_mapped else ():
            there = {number: each for number, each in self._mutants.items() if each.path == path}
            self._imported[path] = probed(self._plain[path], there)
        self._now = self._imported
        """What each file has while no mutant is in it."""
        for path, source in self._now.items():
            put(work / "bpftui" / path, source)

    def try_imported(self) -> None:
        """Try those mutants that are evaluated when their module is imported, each with a collection of its own.

        In a child it returns with those files to be collected that are worth running; in the parent with those that
        are for the others.
        """
        if self._at_import:
            for name in _IMPORTED:
                with contextlib.suppress(ImportError):
                    importlib.import_module(name)
        config = self._session.config
        seconds: dict[str, float] = {}
        for number, mutant in self._at_import.items():
            if _module(mutant.path) in sys.modules:
                self._tell(number, None, "is imported by pytest itself")
                continue
            config.args[:] = self._near.get(number) or self._suite
            child = self._put(mutant)
            if child is None:
                return
            by = child.wait(seconds)
            self._take_back(mutant)
            tests = [test for test in child.failed if "::" in test]
            if tests:
                config.args[:] = tests
                control = self._fork()
                if control is None:
                    return
                by = by if control.wait(seconds) is None else None
            self._tell(number, by)
        config.args[:] = dict.fromkeys(
            file for number in self._mutants for file in self._near.get(number) or self._suite
        )

    def try_called(self) -> bool:
        """Try the others; return False in a child, which is to run its tests."""
        if not self._mutants:
            return True
        functions = self._functions()
        gc.freeze()
        came: defaultdict[int, set[str]] | None = None
        seconds: dict[str, float] = {}
        if self._is_mapped:
            everything = self._fork()
            if everything is None:
                self._session.config.option.maxfail = 0
                self.most = None
                return False
            everything.wait()
            seconds = {test: took for test, took in everything.seconds.items() if test not in everything.failed}
            came = self._came()
            self._now = self._plain
            for path, source in self._now.items():
                put(self._work / "bpftui" / path, source)
        items: defaultdict[str, list[pytest.Item]] = defaultdict(list)
        for item in self._session.items:
            items[item.nodeid].append(item)
        for number, mutant in self._mutants.items():
            if came is not None and mutant.asked is not None and not came[number]:
                self._tell(number, None, "no test comes by")
                continue
            swapped = self._swapped(mutant, functions) if came is None or "" not in came[number] else []
            if not swapped:
                self._tell(number, None, "is imported")
                continue
            while True:
                if came is None:
                    files = self._near[number]
                    tests = [test for test in items if test.partition("::")[0] in files]
                    tests.sort(key=lambda test: (files.index(test.partition("::")[0]), seconds.get(test, 0)))
                else:
                    tests = worth_running(mutant.path, came[number] & {*seconds}, seconds, self.most)
                child = self._put(mutant)
                if child is None:
                    for function, code in swapped:
                        function.__code__ = code
                    self._session.items[:] = [item for test in tests for item in items[test]]
                    return False
                by = child.wait(seconds)
                self._take_back(mutant)
                if came is None:
                    seconds |= {test: took for test, took in child.seconds.items() if test not in child.failed}
                if not child.failed:
                    break
                control = self._fork()
                if control is None:
                    self._session.items[:] = [item for test in child.failed for item in items[test]]
                    return False
                if control.wait(seconds) is None:
                    break
                for test in child.failed:  # without the mutant, too
                    items.pop(test, None)
                    seconds.pop(test, None)
            self._tell(number, by)
        return True

    def _put(self, mutant: Mutant) -> _Child | None:
        """Fork with a mutant in its file."""
        put(self._work / "bpftui" / mutant.path, mutant.apply(self._plain[mutant.path]))
        return self._fork()

    def _take_back(self, mutant: Mutant) -> None:
        """Have a file again as the others need it."""
        put(self._work / "bpftui" / mutant.path, self._now[mutant.path])

    def _functions(self) -> defaultdict[str, list[FunctionType]]:
        """Return all functions that there are of each file with mutants."""
        for path in self._plain:
            with contextlib.suppress(Exception):  # what no test of the folder can import either
                importlib.import_module(_module(path))
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
        now, plain, new = (_codes(text, name) for text in (self._imported[mutant.path], source, mutant.apply(source)))
        if not len(now) == len(plain) == len(new):  # the code of a condition that never holds is left out
            return []
        codes = {now: new for now, plain, new in zip(now, plain, new, strict=True) if plain != new}
        return [(each, codes[each.__code__]) for each in functions[name] if each.__code__ in codes]

    def _came(self) -> defaultdict[int, set[str]]:
        """Return which tests came by each mutant; an empty name among them is that its module was imported."""
        found: defaultdict[int, set[str]] = defaultdict(set)
        for line in (self._work / "came").read_text().splitlines():
            number, _, test = line.partition(" ")
            found[int(number)].add(without_phase(test))
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
        self._begun = time.process_time(), time.monotonic()
        return None

    def rest(self) -> None:
        """End the run of a child that has done enough."""
        if self.most is None:
            return
        used, took = time.process_time() - self._begun[0], time.monotonic() - self._begun[1]
        if used > self.most or took > _WAITED * self.most:
            self._session.shouldstop = "enough"

    def _tell(self, number: int, by: str | None, why: str = "survives") -> None:
        """Tell what killed a mutant, or why nothing did."""
        os.write(self._told, json.dumps([number, by, why]).encode() + b"\n")


def _module(path: str) -> str:
    return ".".join(Path("bpftui", path).with_suffix("").parts).removesuffix(".__init__")


def _codes(source: bytes, name: str) -> list[CodeType]:
    """Return the code of a file and all code inside of it, always in the same order."""
    found = [compile(source, name, "exec", dont_inherit=True)]
    for code in found:
        found += [each for each in code.co_consts if isinstance(each, CodeType)]
    return found


_tries: _Tries | None = None


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Begin to try mutants: this is called within pytest, as its plugin `-p tests.mutants.forks`."""
    global _tries  # noqa: PLW0603
    _tries = _Tries(session, ROOT.parent, int(os.environ[TOLD]))
    _tries.try_imported()


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> bool | None:
    """Fork for each of the other mutants. A child runs its tests."""
    assert _tries is not None
    return None if _tries.pipe is not None else _tries.try_called() or None


def pytest_runtest_logstart(nodeid: str) -> None:
    """Tell that a test begins."""
    if _tries is not None and _tries.pipe is not None:
        os.write(_tries.pipe, f"begun {nodeid}\n".encode())
        if probe := sys.modules.get("bpftui_came"):
            probe.seen.clear()
        used = time.process_time()
        resource.setrlimit(resource.RLIMIT_CPU, (int(used + _PATIENCE), resource.RLIM_INFINITY))


def pytest_runtest_logfinish(nodeid: str) -> None:
    """End a child that has done enough."""
    del nodeid
    if _tries is not None and _tries.pipe is not None:
        _tries.rest()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Tell that a test failed."""
    if report.failed and _tries is not None and _tries.pipe is not None:
        os.write(_tries.pipe, f"failed {report.nodeid}\n".encode())


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Tell that a file cannot be imported."""
    if report.failed and _tries is not None and _tries.pipe is not None:
        os.write(_tries.pipe, f"failed {report.nodeid}\n".encode())


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """End a child here: what Python does at its end is its parent's to do."""
    if _tries is not None and _tries.pipe is not None:
        os._exit(0)
