"""Counters, tracks and tables, with the types of a real object."""

from __future__ import annotations

import math
import struct
from pathlib import Path

import pytest

from bpftui.core.live import (
    Look,
    OfEntry,
    Sample,
    Track,
    counters,
    entry_value,
    key_text,
    map_table,
    rate,
    variable_counters,
)
from bpftui.core.runtime import Entry, MapSnapshot
from bpftui.core.spec import CollectionSpec
from tests.core.live.fakes import map_spec

TRAFFIC_O = Path(__file__).parents[3] / "bpf" / "traffic.o"
IPV4_TCP = struct.pack("=II", 2, 6)
IPV6_UDP = struct.pack("=II", 10, 17)


@pytest.fixture(scope="module")
def traffic() -> CollectionSpec:
    return CollectionSpec.from_file(TRAFFIC_O)


def volume(packets: int, size: int) -> bytes:
    return struct.pack("=QQ", packets, size)


def u32(number: int) -> bytes:
    return struct.pack("=I", number)


def u64(*numbers: int) -> tuple[bytes, ...]:
    return tuple(struct.pack("=Q", number) for number in numbers)


def sample(time: float, entries: dict[bytes, tuple[bytes, ...]], name: str = "counts", **variables: bytes) -> Sample:
    snapshot = MapSnapshot(tuple(Entry(key, values) for key, values in entries.items()))
    return Sample(time, 1.0, {name: snapshot}, variables, {})


def test_every_integer_of_a_struct_is_a_counter(traffic: CollectionSpec) -> None:
    found = counters(traffic.maps["traffic"])
    assert [(each.label, each.offset, each.size) for each in found] == [("packets", 0, 8), ("bytes", 8, 8)]
    entry = Entry(IPV4_TCP, (volume(1, 10), volume(2, 1 << 63), volume(3, 1 << 63)))
    assert [each.total(entry) for each in found] == [6, (1 << 64) + 10]


def test_a_variable_is_a_counter(traffic: CollectionSpec) -> None:
    (total,) = variable_counters(traffic.variables["total_packets"])
    assert total.label == "total_packets"
    assert total.find(sample(0, {}, total_packets=u64(77)[0])) == 77
    assert total.find(sample(0, {})) is None
    assert variable_counters(traffic.variables["counting"]) == []  # a bool counts nothing


def test_without_types_a_value_of_an_integer_s_size_is_one() -> None:
    assert [(each.label, each.size) for each in counters(map_spec())] == [("counts", 8)]
    assert counters(map_spec(value_size=12)) == []
    odd = map_spec(key_size=3, value_size=3)
    assert key_text(odd, b"\1\2\3") == "01 02 03"
    assert entry_value(odd, Entry(b"\1\2\3", (b"\4\5\6",))) == b"\4\5\6"


def test_a_track_has_values_rates_and_gaps() -> None:
    (counter,) = counters(map_spec())
    track = Track(OfEntry(counter, u32(1)), capacity=10)
    for time, value in ((0, 100), (1, 150), (3, 350), (4, None), (5, 400), (6, 10), (7, 15)):
        entries = {} if value is None else {u32(1): u64(value), u32(2): u64(9)}
        track.add(Look(sample(time, entries)))
    assert [None if math.isnan(value) else value for _, value in track.values] == [100, 150, 350, None, 400, 10, 15]
    assert [None if math.isnan(value) else value for _, value in track.rates] == [None, 50, 100, None, None, None, 5]


def test_per_cpu_values_are_summed_where_they_are_integers(traffic: CollectionSpec) -> None:
    source = traffic.maps["traffic"]
    entry = Entry(IPV4_TCP, (volume(1, 10), volume(2, 20)))
    assert entry_value(source, entry) == {"packets": 3, "bytes": 30}
    assert entry_value(source, entry, per_cpu=True) == [{"packets": 1, "bytes": 10}, {"packets": 2, "bytes": 20}]


def test_a_table_has_texts_rates_and_changes(traffic: CollectionSpec) -> None:
    source = traffic.maps["traffic"]
    before = sample(1, {IPV4_TCP: (volume(10, 100), volume(0, 0)), IPV6_UDP: (volume(5, 5), volume(0, 0))}, "traffic")
    after = sample(3, {IPV6_UDP: (volume(5, 5), volume(0, 0)), IPV4_TCP: (volume(10, 100), volume(4, 40))}, "traffic")
    table = map_table(source, after, before)
    assert [counter.label for counter in table.counters] == ["packets", "bytes"]
    tcp, udp = table.rows
    assert tcp.key_text == "{family=IPV4, protocol=TCP}"
    assert tcp.value_text == "{packets=14, bytes=140}"
    assert (tcp.values, tcp.rates, tcp.changed) == ((14, 140), (2.0, 20.0), True)
    assert (udp.values, udp.rates, udp.changed) == ((5, 5), (0.0, 0.0), False)
    assert (table.total, table.partial) == (2, False)
    listed = map_table(source, after, per_cpu=True).rows[0]
    assert listed.value_text == "[{packets=10, bytes=100}, {packets=4, bytes=40}]"
    assert (listed.rates, listed.changed) == ((None, None), False)


def test_a_new_entry_is_a_change_without_a_rate() -> None:
    table = map_table(map_spec(), sample(1, {u32(1): u64(5)}), sample(0, {}))
    assert (table.rows[0].rates, table.rows[0].changed) == ((None,), True)


def test_a_counter_that_went_back_has_no_rate() -> None:
    table = map_table(map_spec(), sample(1, {u32(1): u64(5)}), sample(0, {u32(1): u64(6)}))
    assert (table.rows[0].rates, table.rows[0].changed) == ((None,), True)


def test_a_counter_that_wraps_is_reset_or_goes_negative_has_no_false_rate() -> None:
    for before, after in ((2**64 - 1, 3), (100, 0), (5, -5)):
        assert rate(before, after, 1.0) is None
    assert rate(-5, 5, 2.0) == 5.0
    assert rate(5, 6, 0.0) is None


def test_a_counter_begins_anew_where_its_bits_end(traffic: CollectionSpec) -> None:
    assert [each.modulus for each in counters(traffic.maps["traffic"])] == [1 << 64, 1 << 64]
    (narrow,) = counters(map_spec(value_size=2))
    assert narrow.modulus == 65_536
