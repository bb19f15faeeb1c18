"""Graph: what is drawn, in which slot, at real intervals, and what was done meanwhile."""

from __future__ import annotations

import math
import struct
from dataclasses import replace
from pathlib import Path

import pytest

from bpftui.core.btf.units import Unit
from bpftui.core.live import Sample, counters, variable_counters
from bpftui.core.live.graph import Graph
from bpftui.core.live.quantity import Arrivals, Entries, OfEntry, Runs, RunTime, Total
from bpftui.core.runtime import Entry, MapSnapshot, ProgramInfo
from bpftui.core.spec import CollectionSpec
from tests.waiting import Clock

TRAFFIC_O = Path(__file__).parents[3] / "bpf" / "traffic.o"


def key(family: int, protocol: int) -> bytes:
    return struct.pack("=II", family, protocol)


TCP, UDP, ICMP, TCP6 = key(2, 6), key(2, 17), key(2, 1), key(10, 6)


def sample(time: float, packets: dict[bytes, int], at: float | None = None) -> Sample:
    entries = tuple(Entry(each, (struct.pack("=QQ", count, 100 * count),)) for each, count in packets.items())
    times = {} if at is None else {"traffic": at}
    return Sample(time, 0.5, {"traffic": MapSnapshot(entries)}, {}, {}, map_times=times)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def graph(clock: Clock) -> Graph:
    return Graph(CollectionSpec.from_file(TRAFFIC_O), clock)


def packets(graph: Graph, of: bytes) -> OfEntry:
    return OfEntry(counters(graph._spec.maps["traffic"])[0], of)


def size(graph: Graph, of: bytes) -> OfEntry:
    return OfEntry(counters(graph._spec.maps["traffic"])[1], of)


def test_a_rate_is_by_when_the_map_was_read(graph: Graph) -> None:
    """A reading that is late has more to tell, of more time: that is no spike."""
    for time, count, at in ((0.0, 0, 0.0), (0.5, 50, 0.5), (1.0, 140, 1.4), (1.5, 150, 1.5)):
        graph.observe(sample(time, {TCP: count}, at))
    graph.choose(packets(graph, TCP))
    (line,) = graph.series(60)
    assert [(time, pytest.approx(value)) for time, value in line.points[1:]] == [(0.5, 100), (1.4, 100), (1.5, 100)]
    assert math.isnan(line.points[0][1])
    assert (line.label, line.unit, line.is_rate) == ("{IPV4, TCP} packets", Unit.NUMBER, True)


def test_a_counter_that_begins_anew_is_never_below_zero(graph: Graph) -> None:
    for time, count in enumerate((100, 200, 5, 15)):
        graph.observe(sample(time, {TCP: count}))
    graph.choose(packets(graph, TCP))
    (line,) = graph.series(60)
    assert [value for _, value in line.points if not math.isnan(value)] == [100.0, 10.0]


def test_what_is_loaded_anew_has_its_past_and_a_gap(graph: Graph, clock: Clock) -> None:
    graph.begin()
    graph.observe(sample(0.0, {TCP: 1}))
    graph.observe(sample(1.0, {TCP: 5}))
    clock.now += 2
    graph.begin()
    graph.observe(sample(3.0, {TCP: 9}))  # more than before, by chance: of another map
    graph.observe(sample(4.0, {TCP: 12}))
    graph.choose(packets(graph, TCP))
    (line,) = graph.series(60)
    assert [(time, "–" if math.isnan(value) else value) for time, value in line.points] == [
        (0.0, "–"),
        (1.0, 4.0),
        (2.0, "–"),
        (3.0, "–"),
        (4.0, 3.0),
    ]


def test_a_sample_of_what_is_no_more_is_not_taken(graph: Graph, clock: Clock) -> None:
    graph.begin()
    assert graph.observe(sample(0.0, {TCP: 1}))
    clock.now += 2
    graph.begin()
    assert not graph.observe(sample(1.0, {TCP: 5}))
    assert graph.observe(sample(2.0, {TCP: 0}))


def test_each_line_keeps_its_slot(graph: Graph) -> None:
    for each in (TCP, UDP, ICMP):
        assert graph.choose(packets(graph, each)) == []
    assert [line.slot for line in graph.series(60)] == [0, 1, 2]
    graph.leave_out(packets(graph, TCP))
    assert [line.slot for line in graph.series(60)] == [1, 2]
    graph.choose(packets(graph, TCP6))
    assert [(line.label, line.slot) for line in graph.series(60)] == [
        ("{IPV4, UDP} packets", 1),
        ("{IPV4, ICMP} packets", 2),
        ("{IPV6, TCP} packets", 0),
    ]
    assert graph.drawn_of("traffic") == {packets(graph, UDP): 1, packets(graph, ICMP): 2, packets(graph, TCP6): 0}


def test_a_chart_has_six_lines_of_any_unit(graph: Graph) -> None:
    many = [packets(graph, key(2, protocol)) for protocol in range(7)]
    for each in many[:6]:
        graph.choose(each)
    assert graph.choose(many[6]) == [many[0]]
    assert len({line.slot for line in graph.series(60)}) == 6
    assert graph.choose(size(graph, TCP)) == [many[1]]
    assert graph.series(60)[-1].label == "{IPV4, TCP} bytes"
    assert [line.unit for line in graph.series(60)] == [Unit.NUMBER] * 5 + [Unit.BYTES]


def test_a_map_shows_where_it_is_busiest_and_does_not_jump(graph: Graph) -> None:
    counts = {TCP: 0, UDP: 0, ICMP: 0, TCP6: 0}
    rates = {TCP: 10, UDP: 30, ICMP: 0, TCP6: 20}
    time = 0.0

    def go_on(samples: int) -> dict[bytes, int]:
        nonlocal time
        for _ in range(samples):
            time += 1
            for each, rate in rates.items():
                counts[each] += rate
            graph.observe(sample(time, counts))
            graph.drawn_of("traffic")
        return {each.key: slot for each, slot in graph.drawn_of("traffic").items() if isinstance(each, OfEntry)}

    first = go_on(20)
    assert set(first) == {TCP, UDP, TCP6}
    rates[ICMP] = 11  # a little busier than what is drawn: that stays
    assert go_on(20) == first
    rates[ICMP] = 50
    last = go_on(20)
    assert set(last) == {ICMP, UDP, TCP6}
    assert (last[ICMP], last[UDP], last[TCP6]) == (first[TCP], first[UDP], first[TCP6])
    # Chosen, it keeps the colour that it had.
    graph.choose(packets(graph, UDP))
    assert graph.drawn_of("traffic") == {packets(graph, UDP): first[UDP]}


def test_values_can_be_drawn(graph: Graph) -> None:
    graph.observe(sample(0.0, {TCP: 7}))
    graph.observe(sample(1.0, {TCP: 5}))
    graph.choose(packets(graph, TCP))
    graph.turn()
    (line,) = graph.series(60)
    assert (line.points, line.is_rate) == ([(0.0, 7.0), (1.0, 5.0)], False)
    graph.turn()
    assert graph.series(60)[0].is_rate


def test_lines_that_grow_are_turned_to_values_together(graph: Graph) -> None:
    first, second = packets(graph, TCP), packets(graph, UDP)
    graph.choose(first)
    graph.choose(second)
    graph.choose(Entries("traffic"))
    assert [line.is_rate for line in graph.series(60)] == [True, True, False]
    graph.turn()
    assert [line.is_rate for line in graph.series(60)] == [False, False, False]
    other = Graph(graph._spec)
    other.draw_as(graph)
    assert [line.is_rate for line in other.series(60)] == [False, False, False]
    graph.leave_out(second)
    graph.choose(second)  # as is usual for it, again
    assert [line.is_rate for line in graph.series(60)] == [False, False, True]
    graph.turn()
    graph.turn()
    assert [line.is_rate for line in graph.series(60)] == [True, False, True]
    graph.leave_out(first)
    graph.leave_out(second)
    graph.turn()  # nothing that grows: how it changes
    assert [line.is_rate for line in graph.series(60)] == [True]


def test_keys_are_written_as_in_the_table() -> None:
    spec = CollectionSpec.from_file(TRAFFIC_O)
    graph = Graph(spec)
    first = counters(spec.maps["sources"])[0]
    source = bytes([2, 0, 0, 0, 192, 0, 2, 9]) + bytes(12)
    assert graph.label(OfEntry(first, source)) == "192.0.2.9 packets"
    count_packets = CollectionSpec.from_file(TRAFFIC_O.with_name("count_packets.o"))
    (name,) = (name for name, each in count_packets.maps.items() if not each.is_data)
    (counter,) = counters(count_packets.maps[name])
    assert Graph(count_packets).label(OfEntry(counter, bytes(4))) == counter.label
    wider = replace(count_packets.maps[name], max_entries=4)
    count_packets.maps[name] = wider
    assert Graph(count_packets).label(OfEntry(counter, b"\2\0\0\0")) == f"[2] {counter.label}"


def test_marks_are_on_the_clock_of_the_points(graph: Graph, clock: Clock) -> None:
    graph.mark("set before the load")
    clock.now += 5
    graph.begin()
    clock.now += 1.5
    graph.mark("attached")
    assert [(mark.time, mark.text) for mark in graph.marks] == [(1.5, "attached")]
    for _ in range(300):
        graph.mark("set again")
    assert len(graph.marks) == 200


def test_of_a_map_whose_entries_come_and_go_no_more_are_followed_than_can_be_drawn() -> None:
    spec = CollectionSpec.from_file(TRAFFIC_O)
    graph = Graph(spec)
    counter = next(each for each in counters(spec.maps["sources"]) if each.label == "packets")
    graph.rows(OfEntry(counter), 60)
    for time in range(10):
        entries = tuple(
            Entry((100 * time + number).to_bytes(20, "little"), (bytes(spec.maps["sources"].value_size),))
            for number in range(50)
        )
        graph.observe(Sample(float(time), 1.0, {"sources": MapSnapshot(entries)}, {}, {}))
    assert len(graph.rows(OfEntry(counter), 60)) == 64
    value = bytes(spec.maps["sources"].value_size)
    entries = tuple(Entry((9000 + number).to_bytes(20, "little"), (value,)) for number in range(50))
    for time in range(10, 24):  # the same entries from now on: those that are gone make room for them
        graph.observe(Sample(float(time), 1.0, {"sources": MapSnapshot(entries)}, {}, {}))
    followed = {each.key for each in graph._entries() if each.counter == counter}
    assert {entry.key for entry in entries} <= followed
    assert len(graph.rows(OfEntry(counter), 60)) == 64
    other = Graph(spec)
    other.draw_as(graph)
    assert other.whole == (counter,)


def test_rows_of_an_array_are_the_slots_that_their_index_says() -> None:
    spec = CollectionSpec.from_file(Path(__file__).parents[2] / "objects" / "histograms.o")
    graph = Graph(spec)
    (counter,) = counters(spec.maps["bytes_hist"])
    for slot in (3, 7):  # no other one is followed
        graph.follow(OfEntry(counter, slot.to_bytes(4, "little")))
    rows = graph.rows(OfEntry(counter, (3).to_bytes(4, "little")), 60)
    assert [None if each.span is None else each.span[:2] for each in rows] == [(8, 16), (128, 256)]


def test_another_version_goes_on_with_what_both_have(graph: Graph) -> None:
    """Versions of an object: the new one has no program `gone` and no map `recent_ones`, and `counts` counts on."""
    old, new = (CollectionSpec.from_file(f"tests/objects/versions{each}.o") for each in ("", ".new"))
    graph = Graph(old)
    stay = (Runs("count"), Entries("counts"), OfEntry(counters(old.maps["counts"])[0], b"key1"))
    go = (Runs("gone"), Entries("recent_ones"), OfEntry(counters(old.maps["counts"])[1], b"key1"))
    total = OfEntry(variable_counters(old.variables["total"])[0], b"")
    for each in (stay[1], go[1], stay[2], go[2], total):
        graph.choose(each)
    for each in (stay[0], go[0]):
        graph.follow(each)
    graph.turn(stay[2])
    graph.turn(go[2])
    graph.rows(stay[2], 60)
    graph.rows(go[2], 60)
    assert len(graph.whole) == 2
    graph.go_on(new)
    assert graph.chosen == (stay[1], stay[2], total)
    assert graph.whole == (stay[2].counter,)
    assert graph.shows_value(stay[2])
    assert not graph.shows_value(go[2]), "what it was turned to is forgotten"
    for each in graph.chosen:
        graph.leave_out(each)
    assert graph.drawn == (Runs("count"),)


def test_how_often_programs_run_together(graph: Graph) -> None:
    def ran(time: float, **counts: int) -> Sample:
        programs = {name: ProgramInfo(1, "", count, 0, None, 0, 0) for name, count in counts.items()}
        return Sample(time, 0.5, {}, {}, programs)

    assert graph.run_rate(["one"]) is None
    graph.observe(ran(0.0, one=10, two=100))
    assert graph.run_rate(["one", "two"]) is None
    graph.observe(ran(2.0, one=14, two=300))
    assert graph.run_rate(["one", "two"]) == 102
    assert graph.run_rate(["one", "three"]) == 2
    assert graph.run_rate([]) is None
    assert [each.label for each in graph.series(60)] == ["one runs", "two runs"]


def test_a_unit_that_is_chosen_is_that_of_all_of_the_number(graph: Graph) -> None:
    tcp, udp = packets(graph, TCP), packets(graph, UDP)
    graph.choose_unit(tcp, Unit.BYTES)
    assert (graph.unit(udp), graph.unit(size(graph, TCP))) == (Unit.BYTES, Unit.BYTES)
    assert list(graph.units.values()) == [Unit.BYTES]
    graph.choose_unit(udp, Unit.NUMBER)
    assert (graph.unit(tcp), graph.units) == (Unit.NUMBER, {})


def test_when_a_moment_was(graph: Graph, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1_800_000_000.0)
    clock.now += 10
    assert (graph.is_recorded, graph.is_past) == (False, False)
    assert graph.date(4.0) == 1_800_000_000.0 - 6
    recorded = Graph(CollectionSpec.from_file(TRAFFIC_O), clock, date=lambda moment: 5 + moment)
    assert (recorded.date(4.0), recorded.is_recorded, recorded.is_past) == (9.0, True, True)


def test_what_lines_are_called(graph: Graph) -> None:
    spec = CollectionSpec.from_file(TRAFFIC_O)
    count, _ = counters(spec.maps["traffic"])
    total = variable_counters(spec.variables["total_packets"])[0]
    lines = {
        OfEntry(count, TCP): "{IPV4, TCP} packets",
        OfEntry(count, TCP, 1): "{IPV4, TCP} packets on CPU 1",
        OfEntry(total, b""): "total_packets",
        Total(count): "all packets of traffic",
        Entries("traffic"): "entries of traffic",
        Runs("count_traffic"): "count_traffic runs",
        RunTime("count_traffic"): "count_traffic time of a run",
        Arrivals("events"): "events records",
    }
    assert [graph.label(each) for each in lines] == [*lines.values()]
