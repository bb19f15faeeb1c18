"""The search for inputs against random packets, on two parsers of which chance sees little."""

from __future__ import annotations

import random
import statistics
import time
from pathlib import Path

import pytest

from bpftui.core.fuzz.search import Search
from bpftui.core.spec import CollectionSpec

OBJECTS = Path(__file__).parents[1] / "objects"
SECONDS = 30.0
"""Of processor time."""
SEEDS = (1, 2, 3, 4, 5)


@pytest.mark.parametrize(("file", "program"), [("parser_deep.o", "deep"), ("parser_magic.o", "magic")])
def test_outcomes(file: str, program: str) -> None:
    """Goal: at least 70 % of the outcomes, median of five seeds."""
    spec = CollectionSpec.from_file(OBJECTS / file)
    total, reached = 0, list[int]()
    chance: list[int] = []
    for seed in SEEDS:
        with Search(spec, program, seed=seed) as search:
            reached.append(search.go(SECONDS, clock=time.process_time).outcomes)
            total = search.found.all_outcomes
        with Search(spec, program, seed=seed) as search:
            rng, end = random.Random(seed), time.process_time() + SECONDS
            others = (None,) * (len(search.target.parts) - 1)
            while time.process_time() < end:
                search.run((rng.randbytes(14 + rng.randrange(100)), *others))
            chance.append(search.found.outcomes)
    share = statistics.median(reached) / total
    print(f"\n{program}: {sorted(reached)} of {total} ({share:.0%}, median); random packets {sorted(chance)}")
    assert share >= 0.7
