"""Which tests there are for a file: those of its folder, in the order in which they are worth running."""

from __future__ import annotations

from collections import defaultdict
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from tests.mutants.making import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["files_in", "mirror", "suite_of", "without_parameters", "worth_running"]


def suite_of(path: str) -> list[str]:
    """Return the folders and files that have the tests of a source file, from the root.

    They are those of its folder: `tests/core/spec` has those of `core/spec/sections.py`, `tests/core` those of what is
    in no folder. Of those that ask the running kernel belong all to `core/kernel` and to what has no tests beside them,
    and those that are named after a folder to it: `tests/kernel/test_vm*.py` to `core/vm`, `tests/kernel/system` to
    `core/system`.
    """
    part, folder, *_ = Path(path).parts
    mirrored = ROOT / "tests" / part / folder
    if part == "tui":
        return [f"tests/tui/{folder}" if mirrored.is_dir() else "tests/tui"]
    if folder == "kernel" or not mirrored.is_dir():
        return [f"tests/core/{folder}" if mirrored.is_dir() else "tests/core", "tests/kernel"]
    kernel = ROOT / "tests/kernel"
    found = [*kernel.glob(f"test_{folder.removesuffix('s')}*.py"), *kernel.glob(folder)]
    return [f"tests/core/{folder}", *sorted(str(file.relative_to(ROOT)) for file in found)]


def files_in(tests: str) -> int:
    """Return how many files of tests there are in a folder, or one."""
    return len([*(ROOT / tests).rglob("test_*.py")]) or 1


def without_parameters(test: str) -> str:
    """Return a test without its parameters, and without what it is doing (`PYTEST_CURRENT_TEST` has that)."""
    return test.partition("[")[0].partition(" (")[0]


def mirror(path: str) -> str:
    """Return where the tests are that mirror a source file."""
    return str(Path("tests") / Path(path).with_name(f"test_{Path(path).name}"))


def worth_running(
    path: str, coming_by: Iterable[str], seconds: Mapping[str, float], most: float | None = None
) -> list[str]:
    """Return the tests for a mutant of a file, in the order in which they are worth running.

    Args:
        path: Of the file, from the root.
        coming_by: The tests that evaluate the mutant.
        seconds: What each of the folder's tests takes.
        most: The seconds that all of them may take but the first; None for no limit.
    """
    found = set(coming_by)
    costs: defaultdict[str, float] = defaultdict(float)
    for test in found:
        costs[test.partition("::")[0]] += seconds[test]
    files = sorted(costs, key=lambda file: (file != mirror(path), costs[file], file))
    tests = sorted(
        (test for test in seconds if test.partition("::")[0] in costs),
        key=lambda test: (test not in found, files.index(test.partition("::")[0]), seconds[test]),
    )
    if most is None:
        return tests
    until = accumulate(seconds[test] for test in tests)
    return [test for test, total in zip(tests, until, strict=True) if total <= most] or tests[:1]
