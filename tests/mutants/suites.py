"""Which tests there are for a file: those of its folder, in the order in which they are worth running."""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.mutants.making import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["files_in", "mirror", "near", "suite_of", "without_phase", "worth_running"]


_NEAR: Final = 3
"""How many files of tests are near at most."""
_WALKED: Final = ("controllers", "dialogs", "widgets")
_SNAPSHOTS: Final = "tests/tui/test_snapshots.py"


def suite_of(path: str) -> list[str]:
    """Return the folders and files that have the tests of a source file, from the root.

    They are those of its folder: `tests/core/spec` has those of `core/spec/sections.py`. Of those that ask the running
    kernel belong all to `core/kernel`, and to the other folders those that are named after one or a module of it:
    `tests/kernel/system` and `test_vm*.py` there to `core/system` and `core/vm`, `test_swap.py` to `core/live`. What
    stands on a screen and what keys do is tested by walks and by snapshots as well, as CONTRIBUTING.md asks: those of
    `tests/tui/screens` belong to controllers, dialogs and widgets, too, and `test_snapshots.py` to all of these. Where
    there is no such folder it is the files, anywhere, that import what is tested, or all of core's or tui's where none
    does.
    """
    part, name, *below = Path(path).with_suffix("").parts
    mirrored = ROOT / "tests" / part / name
    if not below or not mirrored.is_dir():
        return _importing(part, name) or [f"tests/{part}"]
    if part == "tui":
        walks = ["tests/tui/screens"] * (name in _WALKED) + [_SNAPSHOTS] * (name in (*_WALKED, "screens"))
        return [f"tests/tui/{name}", *walks]
    if name == "kernel":
        return ["tests/core/kernel", "tests/kernel"]
    kernel = ROOT / "tests/kernel"
    mine, its = ({f"test_{file.name}" for file in (ROOT / "core" / each).rglob("*.py")} for each in (name, "kernel"))
    found = {*kernel.glob(f"test_{name.removesuffix('s')}*.py"), *kernel.glob(name)}
    found |= {file for file in kernel.glob("test_*.py") if file.name in mine - its}
    return [f"tests/core/{name}", *sorted(str(file.relative_to(ROOT)) for file in found)]


def _importing(part: str, name: str) -> list[str]:
    """Return the files of tests that import a module, or something of a folder."""
    imported = re.compile(rf"from bpftui\.{part}(?:\.{name}\b| import .*\b{name}\b)")
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    return [str(file.relative_to(ROOT)) for file in files if imported.search(file.read_text())]


def files_in(tests: str) -> int:
    """Return how many files of tests there are in a folder, or one."""
    return len([*(ROOT / tests).rglob("test_*.py")]) or 1


def without_phase(test: str) -> str:
    """Return a test without what it is doing, which `PYTEST_CURRENT_TEST` says behind it."""
    return test.rpartition(" (")[0]


def mirror(path: str) -> str:
    """Return where the tests are that mirror a source file."""
    return str(Path("tests") / Path(path).with_name(f"test_{Path(path).name}"))


def near(path: str) -> list[str]:
    """Return a few files of a source file's tests, from the root: those that know it best.

    They are those that mirror it, here or of the running kernel, then those that import it. Where there are none they
    are those below the folder that mirrors its own, the ones first that name what it has.
    """
    source = Path(path)
    files = [file for tests in suite_of(path) for file in sorted({ROOT / tests, *(ROOT / tests).rglob("test_*.py")})]
    texts = {file: file.read_text() for file in files if file.is_file()}
    exact = ROOT / mirror(path)
    found = [exact] * exact.exists() + [each for each in texts if each.name == exact.name and each != exact]
    module = ".".join(source.with_suffix("").parts).removesuffix(".__init__")
    folder, _, name = module.rpartition(".")
    either = rf"{re.escape(module)} import|{re.escape(folder)} import [^\n]*\b{name}\b"
    imported = re.compile(rf"from bpftui\.(?:{either})")
    importing = [file for file in texts if imported.search(texts[file]) and file not in found]
    found += sorted(importing, key=lambda file: len(texts[file]))
    if not found:
        above = next(each for each in Path("tests", path).parents if (ROOT / each).is_dir())
        names = re.compile("|".join(rf"\b{word}\b" for word in _public(source)) or "$^")
        found = [file for file in texts if (ROOT / above) in file.parents]
        found.sort(key=lambda file: (-len(names.findall(texts[file])), -len(texts[file])))
    return [str(file.relative_to(ROOT)) for file in found[:_NEAR]]


def _public(source: Path) -> list[str]:
    """Return the names that a source file gives to others."""
    listed = re.search(r"^__all__.*?\]$", (ROOT / source).read_text(), re.MULTILINE | re.DOTALL)
    return re.findall(r'"(\w+)"', listed[0]) if listed else []


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
