"""The comparison of what several compilers make of one source: a sample; `python -m tests.fuzz.compilers` has all."""

from __future__ import annotations

import itertools
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.fuzz.compilers import COMPILERS, ROOT, compiled, wrong

if TYPE_CHECKING:
    from pathlib import Path

MISSING = [compiler for compiler in COMPILERS if shutil.which(compiler) is None]


@pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")
def test_each_two_of_them_are_compared_rightly(tmp_path: Path) -> None:
    made = compiled(ROOT / "tests/objects/subprograms.c", tmp_path)
    assert list(made) == ["clang-14 v1", "clang-19 v2", "clang-19 v3", "clang-22 v3", "clang-22 v4"]
    assert [wrong(made[one], made[other]) for one, other in itertools.product(made, repeat=2)] == [[]] * 25
    assert len({spec.programs["first"].code for spec in made.values()}) > 1
