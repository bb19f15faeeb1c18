"""Quantities: what each look tells of them, as a value and as a change."""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bpftui.core.analysis.records import RecordType, record_candidates
from bpftui.core.btf.units import Unit
from bpftui.core.live import Sample, counters, variable_counters
from bpftui.core.live.counters import record_counters
from bpftui.core.live.drawn import EventLine, StreamState
from bpftui.core.live.graph import Graph
from bpftui.core.live.quantity import (
    Arrivals,
    Entries,
    Look,
    OfEntry,
    OfRecords,
    Quantity,
    Runs,
    RunTime,
    Total,
    Track,
)
from bpftui.core.runtime import Entry, MapSnapshot, ProgramInfo
from bpftui.core.spec import CollectionSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

SPEC = CollectionSpec.from_file(Path(__file__).parents[3] / "bpf" / "traffic.o")
PACKETS = counters(SPEC.maps["traffic"])[0]
TCP, UDP = struct.pack("=II", 2, 6), struct.pack("=II", 2, 17)


def entry(key: bytes, *packets: int) -> Entry:
    """An entry with the packets of each CPU."""
    return Entry(key, tuple(struct.pack("=QQ", each, 0) for each in packets))


def sample(time: float, snapshot: MapSnapshot | None = None, *, runs: int = 0, spent: int = 0) -> Sample:
    info = ProgramInfo(1, "", runs, spent, None, 0, 0)
    return Sample(time, 1.0, {} if snapshot is None else {"traffic": snapshot}, {}, {"count_traffic": info})


def told(quantity: Quantity, *looks: Look) -> tuple[Sequence[float | None], Sequence[float | None]]:
    """What it was at each look, and how it changed."""
    track = Track(quantity)
    for look in looks:
        track.add(look)
    values, rates = (
        [None if math.isnan(value) else value for _, value in each] for each in (track.values, track.rates)
    )
    return values, rates


def test_of_an_entry_the_sum_of_its_cpus_or_one() -> None:
    looks = [Look(sample(time, MapSnapshot((entry(TCP, 10 * time, time),)))) for time in (0, 1, 3)]
    assert told(OfEntry(PACKETS, TCP), *looks) == ([0, 11, 33], [None, 11.0, 11.0])
    assert told(OfEntry(PACKETS, TCP, 1), *looks) == ([0, 1, 3], [None, 1.0, 1.0])
    assert told(OfEntry(PACKETS, TCP, 2), *looks) == ([None] * 3, [None] * 3)  # there are two
    assert told(OfEntry(PACKETS, UDP), *looks) == ([None] * 3, [None] * 3)


def test_of_a_map_the_sum_of_all_entries_where_all_were_read() -> None:
    both = (entry(TCP, 5, 1), entry(UDP, 3, 0))
    looks = [Look(sample(0, MapSnapshot(both[:1]))), Look(sample(2, MapSnapshot(both)))]
    assert told(Total(PACKETS), *looks) == ([6, 9], [None, 1.5])
    cut = Look(sample(4, MapSnapshot(both, partial=True, beyond=7)))
    assert told(Total(PACKETS), *looks, cut) == ([6, 9, None], [None, 1.5, None])
    assert told(Entries("traffic"), *looks, cut) == ([1, 2, 9], [None, 0.5, 3.5])
    uncounted = Look(sample(4, MapSnapshot(both, partial=True, beyond=7, is_counted=False)))
    assert told(Entries("traffic"), uncounted) == ([None], [None])


def test_runs_per_second_and_what_one_takes() -> None:
    looks = [
        Look(sample(time, runs=runs, spent=spent))
        for time, runs, spent in ((0, 0, 0), (2, 100, 5000), (4, 100, 5000), (5, 150, 9000))
    ]
    assert told(Runs("count_traffic"), *looks) == ([0, 100, 100, 150], [None, 50.0, 0.0, 50.0])
    # Where it did not run, nobody knows what a run took.
    assert told(RunTime("count_traffic"), *looks) == ([None, 50.0, 50.0, 60.0], [None, None, None, 80.0])


def test_of_a_stream_its_records_and_the_mean_of_a_number_in_them() -> None:
    stream, integer = "events", SPEC.variables["total_packets"].type
    assert integer is not None
    (number,) = record_counters(stream, integer)
    lines = [EventLine(0.0, "", struct.pack("=Q", each)) for each in (10, 20, 60)]
    looks = [
        Look(sample(0), {stream: StreamState(count=3)}, {stream: lines}),
        Look(sample(2), {stream: StreamState(count=3)}),
        Look(sample(3), {stream: StreamState(count=4)}, {stream: [EventLine(3.0, "", b"\x07")]}),  # too short for it
    ]
    assert told(Arrivals(stream), *looks) == ([3, 3, 4], [None, 0.0, 1.0])
    assert told(OfRecords(number), *looks) == ([30.0, None, None], [None, None, None])
    assert told(Arrivals("other"), *looks) == ([None] * 3, [None] * 3)


def test_of_records_of_several_kinds_a_number_of_one() -> None:
    integer = SPEC.variables["total_packets"].type
    assert integer is not None
    (number,) = record_counters("events", integer)
    lines = [EventLine(0.0, "", struct.pack("=Q", 10)), EventLine(0.0, "", struct.pack("=QQ", 30, 0))]
    look = Look(sample(0), {}, {"events": lines})
    assert told(OfRecords(number), look) == ([20.0], [None])
    two = next(each for each in record_candidates(SPEC) if each.size == 16)
    kinds = RecordType(None, "", (integer, two))
    assert told(OfRecords(number, integer, kinds), look) == ([10.0], [None])
    assert told(OfRecords(number, two, kinds), look) == ([30.0], [None])
    assert Graph(SPEC).label(OfRecords(number, two, kinds)) == f"events {two.stripped.name}.events"


def test_of_a_variable() -> None:
    (counter,) = variable_counters(SPEC.variables["total_packets"])
    looks = [Look(Sample(time, 1.0, {}, {"total_packets": struct.pack("=Q", 8 * time)}, {})) for time in (1, 2)]
    assert told(OfEntry(counter), *looks) == ([8, 16], [None, 8.0])


@pytest.mark.parametrize(
    ("quantity", "label", "line"),
    [
        (OfEntry(PACKETS, TCP, 1), "{IPV4, TCP} packets on CPU 1", (Unit.NUMBER, True, True)),
        (Total(PACKETS), "all packets of traffic", (Unit.NUMBER, True, True)),
        (Entries("traffic"), "entries of traffic", (Unit.NUMBER, False, False)),
        (Runs("count_traffic"), "count_traffic runs", (Unit.NUMBER, True, True)),
        (RunTime("count_traffic"), "count_traffic time of a run", (Unit.NANOSECONDS, True, False)),
        (Arrivals("events"), "events records", (Unit.NUMBER, True, True)),
        (OfEntry(variable_counters(SPEC.variables["total_bytes"])[0]), "total_bytes", (Unit.BYTES, True, True)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_lines_are_named_by_what_they_are_of(quantity: Quantity, label: str, line: tuple[Unit, bool, bool]) -> None:
    graph = Graph(SPEC)
    graph.choose(quantity)
    (drawn,) = graph.series(60)
    assert drawn.label == label
    assert (drawn.unit, drawn.is_rate, drawn.per_second) == line
