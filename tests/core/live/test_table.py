"""In which order a map's entries stand: a table of literals, whatever the bytes of the keys."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Literal

import pytest

from bpftui.core.btf import Btf, CType
from bpftui.core.live import Sample, map_table
from bpftui.core.runtime import Entry, MapSnapshot
from tests.core.btf.blob import Blob
from tests.core.live.fakes import map_spec

if TYPE_CHECKING:
    from bpftui.core.spec import MapSpec


def sample(time: float, entries: dict[bytes, tuple[bytes, ...]]) -> Sample:
    snapshot = MapSnapshot(tuple(Entry(key, values) for key, values in entries.items()))
    return Sample(time, 1.0, {"counts": snapshot}, {}, {})


def keys(source: MapSpec, entries: dict[bytes, int], **options: Any) -> list[bytes]:
    current = sample(1, {key: (struct.pack("=Q", value),) for key, value in entries.items()})
    return [row.key for row in map_table(source, current, **options).rows]


def integer_keys(*, signed: bool, order: Literal["little", "big"]) -> MapSpec:
    blob = Blob(order="<" if order == "little" else ">")
    number = blob.integer("int", 4, signed=signed)
    return map_spec(key=CType(Btf(blob.bytes(), order), number))


@pytest.mark.parametrize("order", ["little", "big"])
@pytest.mark.parametrize("signed", [True, False])
def test_keys_that_are_integers_stand_by_their_value(signed: bool, order: Literal["little", "big"]) -> None:
    numbers = [-256, -1, 0, 1, 256, 65536] if signed else [0, 1, 256, 65536, 0xFFFF_FF00, 0xFFFF_FFFF]
    raw = [(number & 0xFFFF_FFFF).to_bytes(4, order) for number in numbers]
    source = integer_keys(signed=signed, order=order)
    assert keys(source, dict.fromkeys(raw[::-1], 0)) == raw
    assert keys(source, dict.fromkeys(raw, 0), reverse=True) == raw[::-1]


def test_keys_without_a_type_stand_by_their_bytes() -> None:
    raw = [b"\0\1\0\0\0", b"\1\0\0\0\0", b"\xff\0\0\0\0"]
    assert keys(map_spec(key_size=5), dict.fromkeys(raw[::-1], 0)) == raw


def test_members_of_a_key_count_one_after_another_and_bits_as_bytes() -> None:
    blob = Blob()
    short, byte = blob.integer("short", 2), blob.integer("unsigned char", 1, signed=False)
    pair = blob.struct("pair", 4, [("a", short, 0), ("b", byte, 16), ("c", byte, 24)])
    source = map_spec(key=CType(Btf(blob.bytes(), "little"), pair))
    raw = [struct.pack("<hBB", *key) for key in ((-2, 9, 0), (-1, 0, 3), (-1, 1, 2), (7, 0, 0), (256, 0, 0))]
    assert keys(source, dict.fromkeys(raw[::-1], 0)) == raw


def test_entries_of_one_value_stay_in_the_order_of_their_keys() -> None:
    a, b, c, d = (struct.pack("<I", number) for number in (1, 2, 256, 257))
    source = integer_keys(signed=False, order="little")
    entries = {d: 5, c: 7, b: 5, a: 7}
    assert keys(source, entries, order="value") == [b, d, a, c]
    assert keys(source, entries, order="value", reverse=True) == [a, c, b, d]
    assert keys(source, entries, order="value", reverse=True, start=1, limit=2) == [c, b]


def test_the_rate_since_the_sample_before_and_none_for_what_is_new() -> None:
    a, b, c = (bytes((number, 0, 0, 0)) for number in (1, 2, 3))
    before = sample(0, {a: (struct.pack("=Q", 10),), b: (struct.pack("=Q", 100),)})
    entries = {a: 40, b: 110, c: 99}
    assert keys(map_spec(), entries, previous=before, order="rate") == [c, b, a]
    assert keys(map_spec(), entries, previous=before, order="rate", reverse=True) == [a, b, c]
    table = map_table(map_spec(), sample(2, {a: (struct.pack("=Q", 40),), c: (struct.pack("=Q", 9),)}), before)
    assert [(row.values, row.rates, row.changed) for row in table.rows] == [
        ((40,), (15.0,), True),
        ((9,), (None,), True),
    ]


def test_what_counts_nothing_is_sorted_by_its_bytes() -> None:
    entries = {b"\1\0\0\0": (b"\2" * 12,), b"\2\0\0\0": (b"\1" * 12,)}
    rows = map_table(map_spec(value_size=12), sample(1, entries), order="value").rows
    assert [row.key for row in rows] == [b"\2\0\0\0", b"\1\0\0\0"]
    assert [row.changed for row in rows] == [False, False]
