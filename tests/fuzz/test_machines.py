"""A short run of the machine's fuzzer: the same numbers each time."""

from __future__ import annotations

import random

from tests.fuzz.machines import compare, program

PROGRAMS = 1500


def test_engines_agree() -> None:
    counts: dict[str, int] = {}
    for number in range(PROGRAMS):
        kind = compare(program(random.Random(number)))
        counts[kind] = counts.get(kind, 0) + 1
    # Programs that are always refused, or always fail, would test little.
    assert min(counts["ran"], counts["stopped"]) > PROGRAMS // 6
    assert counts["limited"] > 5
