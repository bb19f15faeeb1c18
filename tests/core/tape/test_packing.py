"""Values of an entry over time, as few bytes."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpftui.core.tape.packing import Change, pack, unpack

SIZES = st.sampled_from([0, 1, 2, 3, 4, 6, 8, 12, 16, 24])
VALUES = SIZES.flatmap(
    lambda size: st.lists(st.none() | st.binary(min_size=size, max_size=size), min_size=1, max_size=9)
)


@given(
    st.one_of(VALUES, st.lists(st.none() | st.binary(max_size=9), min_size=1, max_size=9)),
    st.integers(1, 1 << 40),
    st.data(),
)
def test_what_is_packed_comes_back(values: list[bytes | None], first: int, data: st.DataObject) -> None:
    ticks = sorted(data.draw(st.sets(st.integers(0, 0xFFFF), min_size=len(values), max_size=len(values))))
    changes: list[Change] = [(first + tick, value) for tick, value in zip(ticks, values, strict=True)]
    assert unpack(pack(changes, first), first) == changes


def test_the_form_is_what_files_have() -> None:
    # What older recordings hold: it may not change without a new version of the file.
    changes = [(10, (1000).to_bytes(8, "little")), (11, None), (12, (1003).to_bytes(8, "little"))]
    packed = pack(changes, 10)
    assert zlib.decompress(packed).hex() == (
        "03000000" "08" "08000000"  # three changes, in integers of 8 bytes, of 8 bytes each
        "000001000100" "010001"  # at ticks 0, 1 and 2, each behind the one before; the second is none
        "e803" "0300" + "0000" * 6  # 1000, and 3 more: first bytes first
    )  # fmt: skip


def test_counters_take_few_bytes() -> None:
    # 120 samples of a counter of 8 bytes that grows by about a thousand, as in a minute at 2 Hz.
    step = [1000 + (7 * at * at) % 211 for at in range(120)]
    changes: list[Change] = [(at, sum(step[: at + 1]).to_bytes(8, "little")) for at in range(120)]
    assert len(pack(changes, 0)) < 2 * 120


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\0" * 9,
        b"\xff\xff\xff\xff\x08\x08\0\0\0",
        b"\1\0\0\0\x08\x08\0\0\0\0\0\1" + bytes(7),
        b"\1\0\0\0\x03\x09\0\0\0\0\0\1" + bytes(9),
        b"\1\0\0\0\x08\x09\0\0\0\0\0\1" + bytes(9),
        b"\1\0\0\0\x01\xff\xff\xff\xff\0\0\1\5\0\0\0abc",
        b"\1\0\0\0\x01\xfe\xff\xff\xff\0\0\1",
        b"\1\0\0\0\x01\xff\xff\xff\xff\0\0\1\5\0",
    ],
)
def test_what_is_no_such_thing_is_refused(raw: bytes) -> None:
    for packed in (zlib.compress(raw), raw):
        with pytest.raises(ValueError):
            unpack(packed, 0)
    with pytest.raises(ValueError, match="cut off"):
        unpack(zlib.compress(raw + bytes(100))[:-3], 0)
