"""bpftui.core.diff.alignment: what of two sequences belongs together."""

from __future__ import annotations

import itertools
import random

from hypothesis import given
from hypothesis import strategies as st

from bpftui.core.diff.alignment import _edits, align, align_by
from bpftui.core.limits import Budget

FEW = st.lists(st.integers(0, 3), max_size=12)


def longest(one: list[int], other: list[int]) -> int:
    """Return the length of the longest row that both have, by the textbook's table."""
    row = [0] * (len(other) + 1)
    for a in one:
        before = row[:]
        for at, b in enumerate(other):
            row[at + 1] = before[at] + 1 if a == b else max(before[at + 1], row[at])
    return row[-1]


def budget() -> Budget:
    return Budget(0, "the comparison")


def test_what_is_there_once_in_both_belongs_together_though_something_common_is_nearer() -> None:
    assert align("a}b}c}", "a}x}b}c}", budget()) == [(0, 0), (1, 1), (2, 4), (3, 5), (4, 6), (5, 7)]


def test_what_changed_places_has_one_partner() -> None:
    assert align("abcd", "bcda", budget()) == [(1, 0), (2, 1), (3, 2)]


def test_without_anything_that_is_there_once_the_way_is_the_shortest() -> None:
    assert align("abab", "babab", budget()) == [(0, 1), (1, 2), (2, 3), (3, 4)]
    assert align("aabb", "bbaa", budget()) in ([(0, 2), (1, 3)], [(2, 0), (3, 1)])


@given(FEW, FEW)
def test_pairs_are_equal_and_ascend(old: list[int], new: list[int]) -> None:
    pairs = align(old, new, budget())
    assert all(old[a] == new[b] for a, b in pairs)
    assert all(one.old < two.old and one.new < two.new for one, two in itertools.pairwise(pairs))


@given(FEW, FEW)
def test_the_way_is_the_shortest(old: list[int], new: list[int]) -> None:
    pairs = _edits(old, new, budget())
    assert all(old[a] == new[b] for a, b in pairs)
    assert all(a < c and b < d for (a, b), (c, d) in itertools.pairwise(pairs))
    assert len(pairs) == longest(old, new)


@given(FEW)
def test_a_sequence_belongs_to_itself(items: list[int]) -> None:
    assert align(items, items, budget()) == [(at, at) for at in range(len(items))]


def test_what_a_strict_key_leaves_is_for_the_next() -> None:
    olds, news = ["Ab", "ab"], ["Ac", "ac"]
    assert align_by(olds, news, budget()) == [(0, 0)]
    assert align_by([["x1", "x2"], ["x", "x"]], [["x2", "x3"], ["x", "x"]], budget()) == [(1, 0)]


def test_a_budget_that_is_used_up_leaves_the_rest_without_partners() -> None:
    rng = random.Random(1)
    old, new = ([rng.randrange(50) for _ in range(5_000)] for _ in range(2))
    small = Budget(0, "the comparison", least=20_000)
    pairs = align(old, new, small)
    assert small.reached
    assert all(old[a] == new[b] for a, b in pairs)


def test_both_sides_of_what_is_sure_are_looked_at() -> None:
    """`S` is there once in both; behind it one has nothing that is left, and before it they end alike."""
    pairs = align(list("xaaSbb"), list("zaaSbbw"), budget())
    assert pairs == [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5)]
    assert align(list("wbbSaax"), list("bbSaaz"), budget()) == [(1, 0), (2, 1), (3, 2), (4, 3), (5, 4)]


def test_what_lies_before_what_is_sure_belongs_to_nothing_behind_it() -> None:
    assert align(list("baSc"), list("dSaae"), budget()) == [(2, 1)]
    assert align(list("dSaae"), list("baSc"), budget()) == [(1, 2)]


def test_each_item_that_is_looked_at_is_spent() -> None:
    """Three of the one and four of the other, before what is there once in both is known."""
    assert align(list("aXb"), list("cXde"), Budget(0, "it", least=6)) == []
    assert align(list("aXb"), list("cXde"), Budget(0, "it", least=7)) == [(1, 1)]


def test_a_million_different_items_cost_a_look() -> None:
    spent = Budget(0, "the comparison", least=10_000_000)
    old, new = range(500_000), range(500_000, 1_000_000)
    assert align(old, new, spent) == []
    assert spent.steps - spent.left == 1_000_000
