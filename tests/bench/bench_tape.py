"""What a recording costs: bytes of a day, processor time of a sample, and of going to a moment of it.

The goals: 100 counters at 2 Hz for 24 hours take at most 100 MB, and recording adds at most 5 % of a processor. A clock
that jumps has no day pass; a counter grows by a random amount at each sample, as one of packets does.
"""

from __future__ import annotations

import os
import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bpftui.core.choice import choose_runtime
from bpftui.core.live import Sample
from bpftui.core.runtime import Entry, MapSnapshot, Printed
from bpftui.core.spec import CollectionSpec
from bpftui.core.spec.edits import Edits
from bpftui.core.tape import Recorder, Tape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TRAFFIC = Path(__file__).parents[2] / "bpf/traffic.o"

COUNTERS = 100
HZ = 2
HOURS = int(os.environ.get("BPFTUI_BENCH_HOURS", "24"))
"""Fewer are told as what a day comes to."""


@dataclass
class Case:
    """How much a counter grows at a sample."""

    name: str
    grows: Callable[[random.Random], float]


CASES = (
    Case("a thousand packets a sample, all of them", lambda dice: dice.gauss(500, 30)),
    Case("bytes of those", lambda dice: dice.gauss(400_000, 60_000)),
    Case("one in ten grows", lambda dice: dice.gauss(500, 30) if dice.random() < 0.1 else 0),
)


def samples(case: Case, ticks: int) -> Iterator[Sample]:
    """Yield samples of a map with a hundred counters."""
    dice = random.Random(case.name)
    values = [dice.randrange(1 << 40) for _ in range(COUNTERS)]
    for tick in range(ticks):
        entries = tuple(
            Entry(number.to_bytes(4, "little"), (value.to_bytes(8, "little"),)) for number, value in enumerate(values)
        )
        yield Sample(tick / HZ, 1 / HZ, {"sources": MapSnapshot(entries)}, {}, {})
        values = [value + max(0, round(case.grows(dice))) for value in values]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_day(case: Case, tmp_path: Path) -> None:
    """Bytes of 24 hours, and the share of a processor; and what a moment in the midst of it takes."""
    path = str(tmp_path / "day.rec")
    ticks = HOURS * 3600 * HZ
    adding = 0.0
    with (
        choose_runtime("vm").load(CollectionSpec.from_file(TRAFFIC)) as collection,
        Recorder(path, collection, TRAFFIC.read_bytes(), Edits(), interval=1 / HZ) as tape,
    ):
        for sample in samples(case, ticks):
            start = time.process_time()
            tape.add(sample, {}, Printed())
            adding += time.process_time() - start
    size = os.path.getsize(path) * 24 / HOURS
    print(f"\n{case.name}: {size / 1e6:.1f} MB a day, {adding / ticks * HZ:.2%} of a processor")
    with Tape(path) as tape:
        moments = [random.Random(1).randrange(1, ticks) for _ in range(20)]
        start = time.process_time()
        for tick in moments:
            tape.sample(tick)
        print(f"  a moment of it: {(time.process_time() - start) / len(moments) * 1e3:.1f} ms")
