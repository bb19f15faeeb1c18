"""Loops: how they nest, and the same as by dominators."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bpftui.core.asm.flow.loops import Loop, find_loops


def test_nested_loops() -> None:
    # 0 → 1 ⟲ (2 ⟲ 3 ⟲ 3), 1 → 5 ⟲ 5 → 6
    successors = [(1,), (2, 5), (3,), (3, 4), (2, 1), (5, 6), ()]
    assert find_loops(successors) == [
        Loop(1, (4,), (1,), (2,), None, 1, True),
        Loop(2, (4,), (2, 4), (3,), 1, 2, True),
        Loop(3, (3,), (3,), (), 2, 3, True),
        Loop(5, (5,), (5,), (), None, 1, True),
    ]


def test_two_ways_back_are_one_loop() -> None:
    assert find_loops([(1,), (2, 3), (1,), (1, 4), ()]) == [Loop(1, (2, 3), (1, 2, 3), (), None, 1, True)]


def test_a_loop_that_is_entered_from_the_side() -> None:
    assert find_loops([(1, 2), (2,), (1, 3), ()]) == [Loop(1, (2,), (1, 2), (), None, 1, False)]


def test_no_loops() -> None:
    assert find_loops([]) == []
    assert find_loops([(1, 2), (2,), ()]) == []


def test_ten_thousand_nested() -> None:
    count = 10_000
    successors = [(i + 1, 2 * count - 1 - i) if i < count else (i + 1,) for i in range(2 * count - 1)] + [()]
    # from the middle on, each block goes back to its partner
    for i in range(count, 2 * count - 1):
        successors[i] = (i + 1, 2 * count - 1 - i)
    loops = find_loops(successors)
    assert len(loops) == count - 1
    assert max(loop.depth for loop in loops) == count - 1


@given(st.lists(st.lists(st.integers(0, 9), max_size=3), min_size=10, max_size=10))
def test_natural_loops_are_those_of_dominators(successors: list[list[int]]) -> None:
    def reach(start: int, without: int | None) -> set[int]:
        found, waiting = set[int](), [start] if start != without else []
        while waiting:
            block = waiting.pop()
            if block not in found:
                found.add(block)
                waiting += [s for s in successors[block] if s != without]
        return found

    everything = reach(0, None)
    expected: dict[int, set[int]] = {}
    for tail in everything:
        for head in successors[tail]:
            if head == tail or tail not in reach(0, head):  # every way to the tail leads over the head
                expected.setdefault(head, set()).add(tail)
    loops = find_loops(successors)
    found = {loop.header: set(loop.back) for loop in loops}
    for head, tails in expected.items():
        assert tails <= found[head]
    by_header = {loop.header: loop for loop in loops}

    def body(loop: Loop) -> set[int]:
        return set(loop.own).union(*(body(by_header[inner]) for inner in loop.inner))

    for loop in loops:
        assert loop.is_natural == (not body(loop) & reach(0, loop.header))
        if found == expected:
            natural, waiting = {loop.header}, list(loop.back)
            while waiting:
                block = waiting.pop()
                if block not in natural:
                    natural.add(block)
                    waiting += [b for b in everything if block in successors[b]]
            assert body(loop) == natural
            assert loop.is_natural
