"""Trying mutants in a copy of the tree: whether the tests of their folder notice.

All mutants whose tests are the same are tried in one process of pytest:

1. Each is found a number, and where it would be evaluated stands a *probe*, an expression that notes the number and the
   test that runs. pytest collects the tests of the folder with that code, which takes longest, and forks.
2. The first child runs all of them: so it is known which tests come by which mutant, and how long they take.
3. A mutant that no test comes by survives. A further child for each other one puts its code into the functions that
   are there, and runs those tests until one fails: those that mirror its module first, quick ones before slow ones, and
   behind them what else is in their files, which may share what the first made. Processes that a test starts read the
   mutant from the copy.
4. A mutant that is evaluated when its module is imported, as a constant is, cannot be put into what has been imported.
   For each of those pytest is started anew, with the tests that mirror the module, then with all of the folder.

As root, all this is done in namespaces of its own: who knows what a mutant attaches to, or ends. The tree should stay
as it is only while it is copied.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Final, NamedTuple

import pytest

from tests.mutants.forks import TOLD, put
from tests.mutants.making import ROOT, Mutant, probed
from tests.mutants.suites import mirror

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from pathlib import Path

__all__ = ["Copy", "Tried", "tried"]

_QUIETLY: Final = ("-q", "-n", "0", "-p", "no:cacheprovider")
_LIMIT: Final = 120
"""Seconds that a test may take where it is not known what it took; and five times that all of them together."""
_PROBE: Final = """\
import os

seen = set()
_NOTES = os.path.join(os.path.dirname(__file__), "came")


def came(number):
    if number not in seen:
        seen.add(number)
        try:
            with open(_NOTES, "a") as file:
                file.write(f"{number} {os.environ.get('PYTEST_CURRENT_TEST', '')}\\n")
        except OSError:  # a process that may not, or has no descriptor left
            pass
"""
"""A module that notes which tests come by a mutant, once for each test and process."""


class Tried(NamedTuple):
    """What came of a mutant."""

    number: int
    by: str | None
    """What killed it; None if it survives."""
    is_come_by: bool = True
    """Whether it is evaluated by some test."""


class Copy:
    """A copy of the tree that may be changed, under the name that is imported."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "bpftui"
        isolated = os.geteuid() == 0 and shutil.which("unshare") is not None
        namespaces = ["unshare", "--net", "--mount-proc", "--pid", "--fork", "--kill-child"]
        self._isolation = [*namespaces, "sh", "-c", 'ip link set lo up; exec "$@"', "sh"] if isolated else []
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        for name in subprocess.check_output(command, cwd=ROOT, text=True).rstrip("\0").split("\0"):
            target = self.root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target, follow_symlinks=False)
        (folder / "bpftui_came.py").write_text(_PROBE)
        (folder / "came").touch()
        folder.chmod(0o755)  # tests give up rights, and what they start then is here as well
        (folder / "came").chmod(0o666)

    @contextlib.contextmanager
    def start(self, *words: str, told: int | None = None) -> Generator[subprocess.Popen[bytes]]:
        """Run pytest in the copy, in the file `printed` what it prints; *told* is a descriptor that it may write to."""
        with (
            open(self.root.parent / "printed", "wb") as printed,
            subprocess.Popen(
                [*self._isolation, sys.executable, "-m", "pytest", *_QUIETLY, *words],
                cwd=self.root,
                env=os.environ | {"PYTHONPATH": str(self.root.parent), TOLD: str(told)},
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=() if told is None else (told,),
            ) as process,
        ):
            try:
                yield process
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)


def tried(
    copy: Copy, suite: Sequence[str], mutants: Mapping[int, Mutant], most: float | None = None
) -> Generator[Tried]:
    """Try mutants that have the same tests; yield what came of each."""
    work = copy.root.parent
    plain = {each.path: (copy.root / each.path).read_bytes() for each in mutants.values()}
    for path, source in plain.items():
        put(copy.root / path, probed(source, {n: each for n, each in mutants.items() if each.path == path}))
    task = {
        "most": most,
        "plain": {path: source.decode() for path, source in plain.items()},
        "mutants": [(n, (m.path, m.line, m.start, m.end, m.new.decode(), m.asked)) for n, m in mutants.items()],
    }
    (work / "task").write_text(json.dumps(task))
    (work / "came").write_text("")
    reading, writing = os.pipe()
    later: list[tuple[int, list[str]]] = []
    waiting = {*mutants}
    with open(reading) as told, copy.start("-p", "tests.mutants.forks", *suite, told=writing) as process:
        os.close(writing)
        for number, by, files in map(json.loads, told):
            waiting.discard(number)
            if not files:
                yield Tried(number, by, files is None)
            else:
                later.append((number, files))
        process.wait()
    if waiting:  # that something is left behind may be somebody else's doing
        raise SystemExit(f"pytest ends with {process.returncode}:\n{(work / 'printed').read_text()}")
    for path, source in plain.items():
        put(copy.root / path, source)
    for number, files in later:
        path = mutants[number].path
        put(copy.root / path, mutants[number].apply(plain[path]))
        first = [file for file in files if file == mirror(path)]
        both = [each for each in (first, [file for file in files if file not in first]) if each]
        yield Tried(number, next(filter(None, (_failing(copy, each) for each in both)), None))
        put(copy.root / path, plain[path])


def _failing(copy: Copy, files: Sequence[str]) -> str | None:
    """Return what fails first in some files of tests; None if nothing does."""
    with copy.start("-x", "-o", f"limit={_LIMIT}", *files) as process:
        try:
            process.wait(_LIMIT * 5)
        except subprocess.TimeoutExpired:
            return "they never end"
    printed = (copy.root.parent / "printed").read_text(errors="replace")
    failed = re.search(r"^(?:FAILED|ERROR) (.*)", printed, re.MULTILINE)
    # What is left behind is no reason here either.
    if failed or (process.returncode != pytest.ExitCode.OK and "the run failed" not in printed):
        return failed[1] if failed else printed.strip().rpartition("\n")[2]
    return None
