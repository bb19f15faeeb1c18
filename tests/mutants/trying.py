"""Trying mutants in a copy of the tree: whether the tests of their folder notice.

They are tried in forks of one process of pytest, which imports once what all import.

1. The tests that are *near* are tried first: those that mirror the module or import it. They kill most.
2. Of those left, all whose tests are the same are tried in one process. Where each would be evaluated stands a *probe*,
   an expression that notes its number and the test that runs. pytest collects the tests of the folder with that code,
   and forks: the first child runs all of them, so it is known which tests come by which mutant, and how long they take.
   One that no test comes by survives.
3. A further child for each puts its code into the functions that are there, and runs those tests until one fails, quick
   ones before slow ones. Processes that a test starts read the mutant from the copy. What fails is run once more in
   another child, without the mutant: what fails there as well kills nothing.
4. A mutant that is evaluated when its module is imported, as a constant is, cannot be put into what has been imported.
   For each of those there is a child that has not collected yet.

As root, all this is done in namespaces of its own: who knows what a mutant attaches to, or ends. The tree should stay
as it is only while it is copied.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.mutants.forks import TOLD, put
from tests.mutants.making import ROOT

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from pathlib import Path

    from tests.mutants.making import Mutant

__all__ = ["Copy", "Tried", "tried"]

_QUIETLY: Final = ("-q", "-n", "0", "-p", "no:cacheprovider")
_NOWHERE: Final = "tests/mutants"
"""Where pytest begins: below is no conftest.py that would import what is tested before its time."""
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
    why: str
    """What is said of one that survives."""


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
    copy: Copy,
    suite: Sequence[str],
    mutants: Mapping[int, Mutant],
    most: float | None = None,
    near: Mapping[int, Sequence[str]] | None = None,
) -> Generator[Tried]:
    """Try mutants that have the same tests; yield what came of each.

    Args:
        copy: Of the tree.
        suite: The folders and files of their tests.
        mutants: By any numbers.
        most: The seconds that the tests for one may take.
        near: If only some files' tests are to be tried, those of each mutant; then it is not found out which come by.
    """
    work = copy.root.parent
    plain = {each.path: (copy.root / each.path).read_bytes() for each in mutants.values()}
    task = {
        "most": most,
        "suite": list(suite),
        "near": [(number, list(near[number])) for number in mutants] if near else [],
        "plain": {path: source.decode() for path, source in plain.items()},
        "mutants": [
            (n, (m.path, m.line, m.start, m.end, m.new.decode(), m.asked, m.at_import)) for n, m in mutants.items()
        ],
    }
    (work / "task").write_text(json.dumps(task))
    (work / "came").write_text("")
    reading, writing = os.pipe()
    at_import: dict[int, Mutant] = {}
    waiting = {*mutants}
    with open(reading) as told, copy.start("-p", "tests.mutants.forks", _NOWHERE, told=writing) as process:
        os.close(writing)
        for number, by, why in map(json.loads, told):
            waiting.discard(number)
            if why == "is imported":
                at_import[number] = replace(mutants[number], at_import=True)
            else:
                yield Tried(number, by, why)
        process.wait()
    for path, source in plain.items():
        put(copy.root / path, source)
    if waiting:  # that something is left behind may be somebody else's doing
        raise SystemExit(f"pytest ends with {process.returncode}:\n{(work / 'printed').read_text()}")
    if at_import:
        yield from tried(copy, suite, at_import, most, near)
