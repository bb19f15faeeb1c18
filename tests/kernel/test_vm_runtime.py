"""The built-in machine against the kernel: the same packets give the same return values, packets and maps."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bpftui.core.kernel import KernelRuntime
from bpftui.core.spec import CollectionSpec
from bpftui.core.traffic import make_frames
from bpftui.core.vm.runtime import MachineRuntime

if TYPE_CHECKING:
    from bpftui.core.maps import TypedMap

pytestmark = pytest.mark.kernel

ROOT = Path(__file__).parents[2]
OBJECTS = [
    "bpf/count_packets.o",
    "bpf/constants.o",
    "bpf/traffic.o",
    "bpf/global_example.o",
    "tests/objects/isa.o",
    "tests/objects/subprograms.o",
    "tests/objects/callbacks.o",
    "tests/objects/nested_maps.o",
]
RUNS = 25
NOT_COMPARED = {"sources", "prog_array", "array_of_maps", "hash_of_maps"}
"""A map with times in it, and types whose values are the runtimes' own numbers."""


def packets(seed: int) -> list[bytes]:
    """Return frames whole, cut off behind their headers, and random bytes, none of them IP without its header."""
    chance = random.Random(seed)
    frames = make_frames(200)
    found: list[bytes] = []
    for _ in range(RUNS):
        if chance.random() < 0.7:
            frame = chance.choice(frames)
            found.append(frame[: chance.randint(54, len(frame))])
        else:
            found.append(bytes(12) + b"\x12\x34" + chance.randbytes(chance.randint(1, 300)))
    return found


def contents(source: TypedMap) -> dict[bytes, object]:
    """Return a map's entries; of a per-CPU map their sums."""
    if source.type.per_cpu:
        entries = source.snapshot().entries
        return {entry.key: sum(int.from_bytes(value, "little") for value in entry.values) for entry in entries}
    return {entry.key: entry.values for entry in source.snapshot().entries}


@pytest.mark.parametrize("path", OBJECTS)
def test_the_same_packets_give_the_same(path: str) -> None:
    with (
        KernelRuntime().load(CollectionSpec.from_file(ROOT / path)) as real,
        MachineRuntime().load(CollectionSpec.from_file(ROOT / path)) as ours,
    ):
        assert set(real.programs) == set(ours.programs)
        for number, name in enumerate(real.programs):
            for data in packets(number):
                expected, result = real.programs[name].run(data), ours.programs[name].run(data)
                assert (result.retval, result.data.hex()) == (expected.retval, expected.data.hex()), (name, data.hex())
        for name, source in real.maps.items():
            if not source.unreadable and not {name, source.type.label} & NOT_COMPARED:
                assert contents(ours.maps[name]) == contents(source), name
