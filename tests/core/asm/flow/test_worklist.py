"""In which order blocks are visited, and what leads where."""

from __future__ import annotations

import pytest

from bpftui.core.asm.flow.dominators import immediate_dominators, reverse_postorder
from bpftui.core.asm.flow.worklist import closure, settle


@pytest.mark.parametrize(("backwards", "order"), [(False, [0, 2, 3, 1, 2, 4]), (True, [4, 3, 4, 2, 1, 2, 0])])
def test_what_waits_is_visited_once_in_the_order_of_numbers(backwards: bool, order: list[int]) -> None:
    visited: list[int] = []

    def visit(number: int) -> list[int]:
        visited.append(number)
        return [1, 4, 1] if number == 3 else [2] if number == 1 else []

    settle([3, 0, 2] if not backwards else [4, 3, 2, 0], visit, backwards=backwards)
    assert visited == order


def test_what_leads_where() -> None:
    following = [(1, 2), (3,), (3,), (1,), (0,)]
    assert closure([0], following) == {0, 1, 2, 3}
    assert closure([1, 1], following) == {1, 3}
    assert closure([0], following, {1}) == {0, 2, 3}
    assert closure([1], following, {1}) == set()
    assert closure([], following) == set()


def test_the_next_block_comes_first_and_one_where_ways_meet_after_all_of_them() -> None:
    assert reverse_postorder([(1, 2), (3,), (3,), ()]) == [0, 1, 2, 3]
    assert reverse_postorder([(2, 1), (3,), (3,), ()]) == [0, 2, 1, 3]
    # What nothing leads to is not in it; an edge back is passed over.
    assert reverse_postorder([(3,), (0,), (), (0, 2)]) == [0, 3, 2]
    assert reverse_postorder([(1,), (2,), (1,)], 2) == [2, 1]


def test_dominators() -> None:
    # 0 → 1 → (2 | 3) → 4 → (1 | 5)
    assert immediate_dominators([(), (0, 4), (1,), (1,), (2, 3), (4,)]) == [0, 0, 1, 1, 1, 4]
    # A loop that is entered twice: neither entry dominates the other.
    assert immediate_dominators([(), (0, 2), (0, 1)]) == [0, 0, 0]
