"""Functions as generators, for whoever wants to look in the midst of a run: where they stop, and what they yield."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bpftui.core.asm.assembler import assemble
from bpftui.core.vm import Machine, Processor
from bpftui.core.vm.engine.processor import Sample

if TYPE_CHECKING:
    from collections.abc import Mapping

CODE = assemble(
    """
    *(u8 *)(r1 +0) = 1
    r2 = 5
    *(u8 *)(r1 +0) = 2
    r0 = 7
    exit
    """
)


@pytest.fixture
def processor() -> Processor:
    return Processor()


def walked(machine: Machine, *arguments: int) -> tuple[list[int], int]:
    """Return what a walk yields, and r0."""
    machine.processor.start(1000, "walked")
    walk, found = machine.walkers[0](*arguments, *[0] * (5 - len(arguments))), list[int]()
    try:
        while True:
            found.append(next(walk))
    except StopIteration as end:
        return found, end.value
    finally:
        machine.processor.depth[0] = -1


@pytest.mark.parametrize(
    ("stops", "slots"),
    [
        (None, [0, 1, 2, 3, 4]),
        ({0: frozenset({1, 3})}, [1, 3]),
        ({0: frozenset[int]()}, []),
        ({}, []),
        ({1: frozenset({2})}, []),
    ],
)
def test_where_a_walk_stops(processor: Processor, stops: Mapping[int, frozenset[int]] | None, slots: list[int]) -> None:
    region = processor.memory.map("memory", 8)
    machine = Machine(CODE, processor=processor)
    processor.stops = stops
    places, result = walked(machine, region.base)
    assert ([place - machine.place(0) for place in places], result) == (slots, 7)
    assert bytes(region.data) == b"\2" + bytes(7)


def test_a_sample_is_taken_wherever_memory_may_have_changed(processor: Processor) -> None:
    """At the beginning of a function, and behind each store and each call."""
    region = processor.memory.map("memory", 8)
    machine = Machine(CODE, processor=processor)
    assert machine.behind_writes == {0, 1, 3}
    processor.sample = Sample(memoryview(region.data), 0)
    walkers = machine.walkers
    assert machine.walkers is walkers  # for the same sample it is translated once
    assert walked(machine, region.base) == ([0, 1, 2], 7)
    assert walked(machine, region.base) == ([2, 1, 2], 7)
    processor.sample = Sample(memoryview(region.data), 1)
    assert machine.walkers is not walkers
    assert walked(machine, region.base) == ([0, 0, 0], 7)
    machine.forget_samples()
    processor.sample, processor.stops = None, {}
    assert walked(machine, region.base) == ([], 7)


def test_walks_that_stop_alike_are_translated_once(processor: Processor) -> None:
    machine = Machine(CODE, processor=processor)
    found = []
    for slots in ({1}, {2}, {1}):
        processor.stops = {0: frozenset(slots)}
        found.append(machine.walkers)
    assert found[0] is found[2]
    assert found[0] is not found[1]
