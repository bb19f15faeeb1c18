"""In which order a map's entries stand: a table of literals, whatever the bytes of the keys."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Literal

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


def keys(source: MapSpec, raw: list[bytes], *, limit: int | None = None) -> list[bytes]:
    return [row.key for row in map_table(source, sample(1, dict.fromkeys(raw, (bytes(8),))), limit=limit).rows]


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
    assert keys(source, raw[::-1]) == raw
    assert keys(source, raw[::-1], limit=2) == raw[:2]


def test_keys_without_a_type_stand_by_their_bytes() -> None:
    raw = [b"\0\1\0\0\0", b"\1\0\0\0\0", b"\xff\0\0\0\0"]
    assert keys(map_spec(key_size=5), raw[::-1]) == raw


def test_members_of_a_key_count_one_after_another_and_bits_as_bytes() -> None:
    blob = Blob()
    short, byte = blob.integer("short", 2), blob.integer("unsigned char", 1, signed=False)
    pair = blob.struct("pair", 4, [("a", short, 0), ("b", byte, 16), ("c", byte, 24)])
    source = map_spec(key=CType(Btf(blob.bytes(), "little"), pair))
    raw = [struct.pack("<hBB", *key) for key in ((-2, 9, 0), (-1, 0, 3), (-1, 1, 2), (7, 0, 0), (256, 0, 0))]
    assert keys(source, raw[::-1]) == raw


def test_the_rate_since_the_sample_before_and_none_for_what_is_new() -> None:
    a, b, c = (bytes((number, 0, 0, 0)) for number in (1, 2, 3))
    before = sample(0, {a: (struct.pack("=Q", 10),), b: (struct.pack("=Q", 100),)})
    table = map_table(map_spec(), sample(2, {a: (struct.pack("=Q", 40),), c: (struct.pack("=Q", 9),)}), before)
    assert [(row.values, row.rates, row.changed) for row in table.rows] == [
        ((40,), (15.0,), True),
        ((9,), (None,), True),
    ]
