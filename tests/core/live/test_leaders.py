"""The first of many entries by a number in them, or by how much it grew: what numpy finds is what a list would have."""

from __future__ import annotations

import struct
import sys
from dataclasses import dataclass
from typing import NamedTuple

import pytest

from bpftui.core.live import leaders as module
from bpftui.core.live.arrange import Ordering
from bpftui.core.live.counters import Counter
from bpftui.core.live.field import Field
from bpftui.core.live.leaders import leaders, look_at, why_not
from bpftui.core.runtime import Entry
from bpftui.core.spec import MapSpec, MapType


class Rows(NamedTuple):
    keys: bytes
    values: bytes


@dataclass
class Columned:
    """A map that is read in columns."""

    spec: MapSpec
    entries: dict[bytes, bytes]
    cpus: int = 1

    def columns(self, limit: int | None = None) -> Rows:
        return Rows(b"".join(self.entries), b"".join(self.entries.values()))


def counter(offset: int = 0, size: int = 8, *, signed: bool = False) -> Counter:
    return Counter("map", "m", "", offset, size, signed)


def field(of: Counter | None) -> Field:
    return Field("value", "", "value", None, 0, 8, counter=of)


def spec(key_size: int = 4, value_size: int = 8, type_: MapType = MapType.HASH) -> MapSpec:
    return MapSpec("m", ".maps", type_, key_size, value_size, 100)


def u32(number: int) -> bytes:
    return struct.pack("=I", number)


def u64(number: int) -> bytes:
    return struct.pack("=Q", number)


def time() -> float:
    return 7.0


def test_the_first_by_their_number_in_either_direction() -> None:
    source, of = spec(), counter()
    values = [5, (1 << 64) - 1, 0, 5, 1 << 63, 7]
    live = Columned(source, {u32(key): u64(value) for key, value in enumerate(values)})
    now = look_at(live, source, of, time)
    assert (len(now), now.time) == (6, 7.0)
    assert leaders(now, Ordering(field(of), reverse=True), source, 4) == [
        Entry(u32(key), (u64(values[key]),)) for key in (1, 4, 5, 0)
    ]
    assert [each.key for each in leaders(now, Ordering(field(of)), source, 3)] == [u32(2), u32(0), u32(3)]
    assert len(leaders(now, Ordering(field(of)), source, 100)) == 6
    empty = look_at(Columned(source, {}), source, of, time)
    assert leaders(empty, Ordering(field(of)), source, 3) == []


def test_numbers_with_a_sign_of_four_bytes_within_a_value() -> None:
    source, of = spec(2, 12), counter(4, 4, signed=True)
    values = {b"aa": -1, b"bb": -(1 << 31), b"cc": (1 << 31) - 1, b"dd": 0}
    live = Columned(source, {key: b"....%b~~~~" % struct.pack("=i", value) for key, value in values.items()})
    now = look_at(live, source, of, time)
    ordered = leaders(now, Ordering(field(of), reverse=True), source, 4)
    assert [each.key for each in ordered] == [b"cc", b"dd", b"aa", b"bb"]


def test_numbers_of_cpus_are_summed() -> None:
    source, of = spec(4, 4, MapType.PERCPU_HASH), counter(0, 4)
    high = (1 << 32) - 1  # what their sum has no room in
    rows = {u32(1): (3, 4), u32(2): (high, high), u32(3): (high, 0)}
    live = Columned(
        source, {key: b"".join(struct.pack("=II", each, 99) for each in row) for key, row in rows.items()}, 2
    )
    now = look_at(live, source, of, time)
    first = leaders(now, Ordering(field(of), reverse=True), source, 2)
    assert first == [Entry(u32(2), (u32(high), u32(high))), Entry(u32(3), (u32(high), u32(0)))]


@pytest.mark.parametrize("size", [4, 6, 16])
def test_the_first_by_how_much_they_grew(size: int) -> None:
    """Entries that came, went and moved meanwhile; one that began anew stands still."""
    source, of = spec(size), counter()

    def key(number: int) -> bytes:
        return number.to_bytes(size, sys.byteorder)

    before = look_at(Columned(source, {key(n): u64(100) for n in range(10)}), source, of, time)
    grown = {9: 150, 3: 100, 20: 1000, 0: 120, 4: 50, 1: 101}
    now = look_at(Columned(source, {key(n): u64(value) for n, value in grown.items()}), source, of, time)
    by_rate = Ordering(field(of), by_rate=True, reverse=True)
    assert [each.key for each in leaders(now, by_rate, source, 4, before)] == [key(n) for n in (9, 0, 1, 3)]
    same = look_at(Columned(source, {key(n): u64(100 + n) for n in range(10)}), source, of, time)
    assert [each.key for each in leaders(same, by_rate, source, 2, before)] == [key(9), key(8)]
    nothing = look_at(Columned(source, {}), source, of, time)
    assert len(leaders(now, by_rate, source, 4, nothing)) == 4


def test_why_they_are_not_found_so(monkeypatch: pytest.MonkeyPatch) -> None:
    source = spec()
    live, by_rate = Columned(source, {}), Ordering(field(counter()), by_rate=True)
    assert why_not(by_rate, live, source, 1_000_000) == ""
    assert why_not(Ordering(field(None)), live, source, 1) == "only integers of whole bytes are compared so"
    assert why_not(by_rate, object(), source, 1) == "its entries are not to be had in columns"
    assert why_not(by_rate, live, source, 1 << 30) == "it takes too much memory at once"
    monkeypatch.setattr(module, "find_numpy", lambda: None)
    assert why_not(by_rate, live, source, 1) == "it takes numpy, which is not installed"
