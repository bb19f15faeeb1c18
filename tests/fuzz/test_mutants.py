"""A short run of the fuzzer, in a process of its own whose memory is limited."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.fuzz.mutants import ROOT, SEEDS, mutant, seeds

MUTANTS = 700


def test_mutants() -> None:
    words = [sys.executable, "-m", "tests.fuzz.mutants", "--mutants", str(MUTANTS), "--seed", "1000000"]
    result = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert result.returncode == 0, result.stderr[-2000:]
    told = re.fullmatch(r"700 mutants of 20 objects: (\d+) opened, (\d+) refused\n", result.stdout)
    assert told is not None
    # Damage that is never fatal or always fatal would test only one half of the reader.
    assert min(int(told[1]), int(told[2])) > MUTANTS // 20


def test_mutants_repeat_and_differ() -> None:
    import random

    original = seeds()[0].read_bytes()
    made = {mutant(original, random.Random(number)) for number in range(50)}
    assert len(made) > 40
    assert mutant(original, random.Random(3)) == mutant(original, random.Random(3))
    assert len(seeds()) == SEEDS
