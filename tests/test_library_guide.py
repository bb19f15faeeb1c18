"""The examples of docs/library.md do what they say; and those of the README's library chapter."""

from __future__ import annotations

import doctest
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.typed import complaints
from tests.waiting import PATIENCE

ROOT = Path(__file__).parent.parent
GUIDE = ROOT / "docs/library.md"
NEEDS_RIGHTS = "## Loading and running"


def failures(text: str, first_line: int) -> list[str]:
    """Return what a part of the guide does otherwise than it says."""
    said: list[str] = []
    examples = doctest.DocTestParser().get_doctest(text, {}, "library.md", str(GUIDE), first_line)
    assert examples.examples
    flags = doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL
    doctest.DocTestRunner(optionflags=flags).run(examples, out=said.append)
    return said


def code_of(text: str) -> str:
    """Return the examples of the guide as one module, each on its line."""
    lines: list[str] = []
    for example in doctest.DocTestParser().get_examples(text):
        lines += [""] * (example.lineno - len(lines)) + example.source.splitlines()
    return "\n".join(lines) + "\n"


def readme_example() -> str:
    """Return the program in the README's library chapter."""
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    return example


@pytest.fixture(autouse=True)
def _in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.mark.vmlinux  # contexts that are structures of the kernel's
def test_what_reads() -> None:
    assert failures(GUIDE.read_text().partition(NEEDS_RIGHTS)[0], 0) == []


@pytest.mark.vmlinux  # struct_ops, and what is opened by its id
@pytest.mark.kernel
def test_what_loads() -> None:
    before, title, after = GUIDE.read_text().partition(NEEDS_RIGHTS)
    setup = ">>> from bpftui.core.asm import Instruction\n>>> from bpftui.core.spec import CollectionSpec\n\n"
    assert failures(setup + title + after, before.count("\n")) == []


@pytest.mark.kernel
def test_the_readme() -> None:
    done = subprocess.run(
        [sys.executable, "-c", readme_example()], capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    assert int(done.stdout.splitlines()[-1]) >= 1000


def test_a_strict_type_checker_understands_all_of_it(tmp_path: Path) -> None:
    """Of the guide, the README and the small programs, in one go: what takes long is to start."""
    programs = {path.name: path.read_text() for path in (ROOT / "docs/examples").glob("*.py")}
    told = {"library.py": code_of(GUIDE.read_text()), "readme.py": readme_example()}
    assert complaints(tmp_path, programs | told) == []
