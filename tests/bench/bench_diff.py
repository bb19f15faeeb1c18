"""Comparing two large objects, against both their listings:  pytest -s tests/bench/bench_diff.py

Nothing fails for being slow: the ratios are printed, and quoted where they are claimed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.bench.big_object import big_object
from tests.bench.timing import PYTHON, Took, compare_both, took

if TYPE_CHECKING:
    from pathlib import Path

FUNCTIONS = 5000
"""As many are 20 MB and 570,000 instructions."""


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two objects of which nothing is alike but their names, and the first with other numbers here and there."""
    folder = tmp_path_factory.mktemp("large")
    found = {name: folder / f"{name}.o" for name in ("old", "new", "edited")}
    found["old"].write_bytes(big_object(functions=FUNCTIONS))
    found["new"].write_bytes(big_object(functions=FUNCTIONS, seed=2))
    data = bytearray(found["old"].read_bytes())
    # r10 - 4 becomes r10 - 8 in every tenth look-up.
    at = count = 0
    while (at := data.find(b"\x63\x7a\xfc\xff", at + 1)) >= 0:
        count += 1
        data[at + 2] = 0xFC if count % 10 else 0xF8
    found["edited"].write_bytes(data)
    return found


@pytest.mark.parametrize(("old", "new"), [("old", "old"), ("old", "edited"), ("old", "new")])
def test_a_comparison_against_both_listings(old: str, new: str, objects: dict[str, Path]) -> None:
    """Goal: at most 1.0 × the listings of both."""
    command = [PYTHON, "-m", "bpftui.tui"]

    def listings() -> Took:
        both = [took([*command, "disasm", str(objects[name])]) for name in (old, new)]
        return Took(*map(sum, zip(*both, strict=True)))

    compare_both(
        f"diff of {old} and {new} against both listings",
        lambda: took([*command, "diff", str(objects[old]), str(objects[new])]),
        listings,
        runs=1,
    )
