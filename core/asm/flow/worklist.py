"""What analyses of control flow go by: looking at blocks until nothing changes any more, and what leads where."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from ...threads import give_way

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Sequence

__all__ = ["closure", "settle"]


def settle(first: Iterable[int], visit: Callable[[int], Iterable[int]], *, backwards: bool = False) -> None:
    """Visit blocks until none is left to be visited, of those that wait always the lowest number first.

    Numbers ascend with the slots, or in reverse postorder, and so a block is mostly visited after those before it.

    Args:
        first: The blocks that are visited in any case.
        visit: Looks at a block; returns those whose input that changed. Each is visited once for all that changed
            before its turn.
        backwards: The highest number first, for what flows from the end to the start.
    """
    sign = -1 if backwards else 1
    waiting = [sign * number for number in first]
    heapify(waiting)
    queued = set(waiting)
    while waiting:
        give_way()
        place = heappop(waiting)
        queued.discard(place)
        for number in visit(sign * place):
            other = sign * number
            if other not in queued:
                queued.add(other)
                heappush(waiting, other)


def closure(first: Iterable[int], following: Sequence[Iterable[int]], known: Container[int] = ()) -> set[int]:
    """Return the blocks that ways lead to from some of them, these included.

    Args:
        first: Where the ways begin.
        following: By block, those next to it.
        known: Blocks that are left out, and what only they lead to.
    """
    found = {number for number in first if number not in known}
    waiting = list(found)
    while waiting:
        for number in following[waiting.pop()]:
            if number not in found and number not in known:
                found.add(number)
                waiting.append(number)
    return found
