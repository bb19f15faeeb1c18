"""How a number is distributed: powers of two, and what is at their edges."""

from __future__ import annotations

import math

from bpftui.core.live.distribution import distribution


def test_buckets_are_powers_of_two_and_those_between_are_there() -> None:
    found = distribution([1, 1, 2, 3, 4, 15, 16, 100])
    assert [tuple(each) for each in found] == [
        (1, 2, 2),
        (2, 4, 2),
        (4, 8, 1),
        (8, 16, 1),
        (16, 32, 1),
        (32, 64, 0),
        (64, 128, 1),
    ]


def test_zero_and_what_is_below_it_have_one_each() -> None:
    assert [tuple(each) for each in distribution([-5, -1, 0, 0.5, 1.9])] == [(-math.inf, 0, 2), (0, 1, 2), (1, 2, 1)]


def test_the_largest_numbers_and_none() -> None:
    assert distribution([(1 << 64) - 1]) == [(1 << 63, 1 << 64, 1)]
    assert distribution([math.nan]) == []
    assert distribution([]) == []
    assert distribution([math.inf])[0].entries == 1
