"""Reverse postorder and dominators, as the structure of code is found by."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["immediate_dominators", "reverse_postorder"]


def reverse_postorder(successors: Sequence[Sequence[int]], entry: int = 0) -> list[int]:
    """Return the blocks that *entry* leads to, each before those that it leads to but for back edges of loops.

    Where a block has several successors, the first of them comes next, and all that only it leads to.
    """
    order: list[int] = []
    seen = {entry}
    todo = [(entry, reversed(successors[entry]))]
    while todo:
        block, following = todo[-1]
        for successor in following:
            if successor not in seen:
                seen.add(successor)
                todo.append((successor, reversed(successors[successor])))
                break
        else:
            order.append(block)
            todo.pop()
    order.reverse()
    return order


def immediate_dominators(predecessors: Sequence[Sequence[int]]) -> list[int]:
    """Return by block the last one that every way to it goes through; the entry's is itself.

    After Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm".

    Args:
        predecessors: By block; blocks are numbered in reverse postorder, 0 is the entry.
    """
    dominator = [-1] * len(predecessors)
    dominator[0] = 0
    changed = True
    while changed:
        changed = False
        for block in range(1, len(predecessors)):
            new = -1
            # From the last to the first: along a ladder of jumps to one block, each step up is a short one.
            for other in reversed(predecessors[block]):
                if dominator[other] < 0:
                    continue
                if new < 0:
                    new = other
                    continue
                a, b = new, other
                while a != b:
                    while a > b:
                        a = dominator[a]
                    while b > a:
                        b = dominator[b]
                new = a
            if dominator[block] != new:
                dominator[block] = new
                changed = True
    return dominator
