"""What arithmetic makes of values, and what holds where ways meet."""

from __future__ import annotations

import pytest

from bpftui.core.analysis.lattice import ANY_STACK, Place, Value, constant, join, masked, moved, swapped

U64 = (1 << 64) - 1
STACK = Value(Place.STACK, offset=-16)
TASK = Value(Place.TYPED, "task", type_id=7)
MEMBER = Value(Place.TYPED, "task", offset=8, variable="field", type_id=7)
OFFSET_OF = Value(Place.CONSTANT, offset=24, variable="inner", type_id=9)
"""What a CO-RE relocation puts there: the offset of `inner` in the type 9."""
NUMBER = Value(Place.NUMBER, "ip->protocol", variable="iphdr.protocol", type_id=3)
MAP = Value(Place.MAP, "counts")


@pytest.mark.parametrize(
    ("left", "right", "sign", "result"),
    [
        (constant(5), constant(7), 1, constant(12)),
        (constant(5), constant(7), -1, constant(U64 - 1)),
        (STACK, constant(4), 1, Value(Place.STACK, offset=-12)),
        (STACK, constant(U64 - 3), 1, Value(Place.STACK, offset=-20)),
        (STACK, constant(4), -1, Value(Place.STACK, offset=-20)),
        (constant(4), STACK, 1, Value(Place.STACK, offset=-12)),
        (constant(4), STACK, -1, None),
        (STACK, None, 1, ANY_STACK._replace(offset=-16)),
        (None, STACK, 1, ANY_STACK._replace(offset=-16)),
        (STACK, None, -1, None),
        (STACK, STACK, -1, None),
        (ANY_STACK, constant(4), 1, ANY_STACK),
        (MAP, constant(4), 1, None),
        (NUMBER, constant(1), 1, None),
        (None, None, 1, None),
        # an array's element: the address plus an offset that a relocation says
        (TASK, OFFSET_OF, 1, Value(Place.TYPED, "task", offset=24, variable="inner", type_id=9)),
        (MEMBER, OFFSET_OF, 1, Value(Place.TYPED, "task", offset=32, type_id=7)),
        (MEMBER, constant(4), 1, Value(Place.TYPED, "task", offset=12, type_id=7)),
        # container_of(): what a member's address leads back to
        (TASK, OFFSET_OF, -1, Value(Place.TYPED, type_id=9)),
        (None, OFFSET_OF, -1, Value(Place.TYPED, type_id=9)),
        (MEMBER, OFFSET_OF, -1, None),
        (STACK, OFFSET_OF, -1, None),
        (OFFSET_OF, None, 1, Value(Place.TYPED, offset=24, variable="inner", type_id=9)),
        (constant(24), None, 1, None),
    ],
)
def test_sums_and_differences(left: Value | None, right: Value | None, sign: int, result: Value | None) -> None:
    assert moved(left, right, sign) == result


def test_constants_have_64_bits() -> None:
    assert constant(-1) == Value(Place.CONSTANT, offset=U64)
    assert constant(1 << 64).offset == 0


def test_the_order_of_bytes_is_marked_once() -> None:
    to_big, to_little, swap = 0xDC, 0xD4, 0xD7
    swapped_once = NUMBER._replace(name="bpf_ntohs(ip->protocol)", variable="^iphdr.protocol")
    assert swapped(NUMBER, to_big, 16, big=False) == swapped_once
    assert swapped(NUMBER, to_little, 16, big=False) == NUMBER
    assert swapped(NUMBER, to_big, 16, big=True) == NUMBER
    assert swapped(NUMBER, to_little, 16, big=True) == swapped_once
    assert swapped(NUMBER, swap, 16, big=True) == swapped_once
    assert swapped(NUMBER, to_big, 32, big=False) is None
    assert swapped(swapped_once, to_big, 16, big=False) is None


def test_a_mask_of_16_bits_keeps_what_a_number_means() -> None:
    assert masked(NUMBER, 0xFFFF) == NUMBER
    assert masked(NUMBER, 0xFF) is None
    assert masked(NUMBER._replace(variable=""), 0xFFFF) is None


def test_where_two_ways_meet() -> None:
    data = Value(Place.DATA, ".data", 8, variable="cfg")
    either = {1: data, 2: STACK, 3: TASK, 4: constant(1), 5: constant(1), -8: constant(1)}
    other = {1: data._replace(offset=4), 3: TASK._replace(name="next"), 4: constant(1), 5: constant(2)}
    assert join(either, other) == {
        1: Value(Place.DATA, ".data", 4, exact=False, variable="cfg"),
        2: ANY_STACK,
        3: TASK._replace(name=""),
        4: constant(1),
    }
    assert join({1: data}, {1: data._replace(variable="other")}) == {}
    assert join({1: data}, {1: data._replace(name=".bss")}) == {}
