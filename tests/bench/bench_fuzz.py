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


PROGRAMS = (("parser_deep.o", "deep"), ("parser_magic.o", "magic"))


@pytest.fixture(scope="module")
def found() -> dict[str, list[tuple[int, int, int]]]:
    """What each seed came to, by program: outcomes reached, of how many, and by random packets."""
    return {}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("file", "program"), PROGRAMS)
def test_outcomes(file: str, program: str, seed: int, found: dict[str, list[tuple[int, int, int]]]) -> None:
    """One seed: a minute of processor time, which a test may take."""
    spec = CollectionSpec.from_file(OBJECTS / file)
    with Search(spec, program, seed=seed) as search:
        reached = search.go(SECONDS, clock=time.process_time)
    with Search(spec, program, seed=seed) as search:
        rng, end = random.Random(seed), time.process_time() + SECONDS
        others = (None,) * (len(search.target.parts) - 1)
        while time.process_time() < end:
            search.run((rng.randbytes(14 + rng.randrange(100)), *others))
        chance = search.found.outcomes
    print(f"\n{program}, seed {seed}: {reached.outcomes} of {reached.all_outcomes}; random packets {chance}")
    found.setdefault(program, []).append((reached.outcomes, reached.all_outcomes, chance))


@pytest.mark.parametrize("program", [program for _, program in PROGRAMS])
def test_the_median_of_the_seeds(program: str, found: dict[str, list[tuple[int, int, int]]]) -> None:
    """Goal: at least 70 % of the outcomes."""
    share = statistics.median(reached / total for reached, total, _ in found[program])
    print(f"\n{program}: {share:.0%}, median of {len(found[program])} seeds")
    assert share >= 0.7
