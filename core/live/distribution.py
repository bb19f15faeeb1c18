"""How a number is distributed over the entries of a map: how many of them have how much."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Bucket", "distribution"]


class Bucket(NamedTuple):
    """The numbers from `low` on, below `high`."""

    low: float
    """-inf in the bucket of what is below zero."""
    high: float
    entries: int
    """How many have one of them."""


def distribution(numbers: Iterable[float]) -> list[Bucket]:
    """Return how many of *numbers* are in each bucket, those without any between two others among them.

    The buckets are powers of two, [1, 2), [2, 4), [4, 8) …, as those of bpftrace's `hist()`; what is between 0 and 1
    and what is below zero have one each. What is no number (NaN) is in none.
    """
    counts: dict[int, int] = {}
    for number in numbers:
        if not math.isnan(number):
            place = _place(number)
            counts[place] = counts.get(place, 0) + 1
    if not counts:
        return []
    return [Bucket(*_bounds(place), counts.get(place, 0)) for place in range(min(counts), max(counts) + 1)]


def _place(number: float) -> int:
    """Return the number of a bucket: -1 below zero, 0 below one, n from 2 ** (n - 1) on."""
    if number < 0:
        return -1
    return min(number, 2**1024 - 2**970).__trunc__().bit_length()  # the greatest float stands for infinity


def _bounds(place: int) -> tuple[float, float]:
    if place < 0:
        return -math.inf, 0
    return (0, 1) if place == 0 else (2 ** (place - 1), 2**place)
