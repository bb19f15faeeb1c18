"""Expressions of DWARF, as bytes, and where they say that a value is (DWARF 5, sections 2.5 and 2.6)."""

from __future__ import annotations

import pytest

from bpftui.core.dwarf.expression import Frame, Place, places_of

MEMORY = {0x2000: b"\x88\x77\x66\x55\x44\x33\x22\x11"}
FRAME = Frame(tuple(range(100, 111)), 0x1000, "little", lambda at, size: MEMORY[at][:size] if at in MEMORY else None)
UNTOLD = Place()


@pytest.mark.parametrize(
    ("expression", "place"),
    [
        ("", UNTOLD),
        ("50", Place(register=0)),
        ("59", Place(register=9)),
        ("5a", Place(value=0x1000)),  # r10, which means the frame's base
        ("5b", UNTOLD),
        ("90 02", Place(register=2)),
        ("90 0b", UNTOLD),
        ("70 08", Place(address=108)),
        ("79 7f", Place(address=108)),  # r9 - 1
        ("7a 78", Place(address=0xFF8)),
        ("7b 00", UNTOLD),
        ("91 10", Place(address=0x1010)),
        ("91 70", Place(address=0xFF0)),
        ("30 9f", Place(value=0)),
        ("4f 9f", Place(value=31)),
        ("08 ff 9f", Place(value=0xFF)),
        ("09 ff 9f", Place(value=(1 << 64) - 1)),
        ("0a ff 80 9f", Place(value=0x80FF)),
        ("0b ff 80 9f", Place(value=0xFFFF_FFFF_FFFF_80FF)),
        ("0c 01 00 00 80 9f", Place(value=0x8000_0001)),
        ("0d 01 00 00 80 9f", Place(value=0xFFFF_FFFF_8000_0001)),
        ("0e 01 00 00 00 00 00 00 80 9f", Place(value=0x8000_0000_0000_0001)),
        ("0f fe ff ff ff ff ff ff ff 9f", Place(value=0xFFFF_FFFF_FFFF_FFFE)),
        ("10 80 01 9f", Place(value=128)),
        ("11 7e 9f", Place(value=(1 << 64) - 2)),
        ("9e 03 01 02 03", Place(value=b"\1\2\3")),
        ("35 33 1a 9f", Place(value=1)),  # 5 and 3
        ("35 33 1c 9f", Place(value=2)),
        ("33 35 1c 9f", Place(value=(1 << 64) - 2)),
        ("35 33 1e 9f", Place(value=15)),
        ("35 33 21 9f", Place(value=7)),
        ("35 33 22 9f", Place(value=8)),
        ("35 33 24 9f", Place(value=40)),
        ("35 08 40 24 9f", Place(value=0)),  # 64 places
        ("35 08 3f 24 9f", Place(value=1 << 63)),
        ("3d 32 25 9f", Place(value=3)),  # 13 >> 2
        ("09 f0 08 3f 25 9f", Place(value=1)),
        ("09 f0 08 40 25 9f", Place(value=0)),
        ("09 f0 32 26 9f", Place(value=(1 << 64) - 4)),  # -16 s>> 2
        ("09 f0 08 50 26 9f", Place(value=(1 << 64) - 1)),
        ("35 33 27 9f", Place(value=6)),
        ("35 23 80 01 9f", Place(value=133)),
        ("35 12 22 9f", Place(value=10)),
        ("35 33 13 9f", Place(value=5)),
        ("35 33 16 1c 9f", Place(value=(1 << 64) - 2)),
        ("35 1f 9f", Place(value=(1 << 64) - 5)),
        ("35 20 9f", Place(value=(1 << 64) - 6)),
        ("0a 00 20 06 9f", Place(value=0x1122_3344_5566_7788)),
        ("0a 00 20 94 02 9f", Place(value=0x7788)),
        ("0a 00 30 06 9f", UNTOLD),  # nothing lies there
        ("96 35 9f", Place(value=5)),
        ("9f", UNTOLD),  # of nothing
        ("a3 01 51 9f", UNTOLD),  # what r1 was at the function's entry
    ],
)
def test_where_a_value_is(expression: str, place: Place) -> None:
    assert places_of(bytes.fromhex(expression), FRAME) == [place]


def test_a_value_in_parts() -> None:
    parts = bytes.fromhex("51 93 04  30 9f 93 02  91 08 93 01  93 01")
    assert places_of(parts, FRAME) == [
        Place(4, register=1),
        Place(2, value=0),
        Place(1, address=0x1008),
        Place(1),
    ]
    assert places_of(bytes.fromhex("51 93 04 a3 01 51 9f 93 04"), FRAME) == [Place(4, register=1), UNTOLD]


def test_an_expression_that_never_ends_is_looked_at_for_a_while() -> None:
    assert places_of(b"\x30" * 300, FRAME) == [Place(address=0)]
