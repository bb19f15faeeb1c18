"""docs/diff.md does what it says."""

from __future__ import annotations

import doctest
import re
from pathlib import Path
from typing import TYPE_CHECKING

from bpftui.core.diff.verdict import KINDS

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).parents[3]
GUIDE = ROOT / "docs/diff.md"


def test_the_example(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    result = doctest.testfile(str(GUIDE), module_relative=False, encoding="utf-8")
    assert result.failed == 0
    assert result.attempted >= 6


def test_every_word_of_fail_on_has_a_row() -> None:
    table = GUIDE.read_text(encoding="utf-8").partition("| word |")[2].partition("\n\n")[0]
    words = {word for line in table.splitlines() for word in re.findall(r"`(\w+)`", line.split(" | ")[0])}
    assert words == set(KINDS)
