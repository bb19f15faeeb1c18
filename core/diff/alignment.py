"""Which items of one sequence belong to which of another: what both have, in the same order.

Items that are there once in both are sure to belong together (Bram Cohen's patience diff); between those, the shortest
way from one sequence to the other is looked for (Eugene W. Myers, "An O(ND) Difference Algorithm and Its Variations",
1986). Items that are all different cost no more than a look, and what is too different has no pairs.
"""

from __future__ import annotations

import bisect
from array import array
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from ..limits import Budget

__all__ = ["Pair", "align", "align_by"]

_MOST_EDITS: Final = 1024
"""Items more or fewer, between two that are sure, up to which the shortest way is looked for: 8 MB."""


class Pair(NamedTuple):
    """Two items that belong together."""

    old: int
    new: int


class _Window(NamedTuple):
    """A part of both sequences."""

    start: Pair
    stop: Pair


def align_by(olds: Sequence[Sequence[Hashable]], news: Sequence[Sequence[Hashable]], budget: Budget) -> list[Pair]:
    """Return the pairs of two sequences by several keys of each item, the strictest first.

    What one key leaves alone is left to the next: an instruction that says the same, then one that does the same in
    other registers.

    Args:
        olds: For each key the items of the one sequence; all are as long.
        news: The same of the other.
        budget: Spent on each item that is looked at; once it is used up, no more pairs are found.
    """
    pairs: list[Pair] = []
    for old, new in zip(olds, news, strict=True):
        found = [pair for window in _between(pairs, len(old), len(new)) for pair in _align(old, new, window, budget)]
        pairs = sorted([*pairs, *found])
    return pairs


def align(old: Sequence[Hashable], new: Sequence[Hashable], budget: Budget) -> list[Pair]:
    """Return the pairs of equal items, ascending in both; as `align_by`."""
    return align_by([old], [new], budget)


def _between(pairs: Sequence[Pair], old: int, new: int) -> Iterator[_Window]:
    """Yield what lies between pairs of sequences of these lengths, where there is something in both."""
    start = Pair(0, 0)
    for pair in [*pairs, Pair(old, new)]:
        if start.old < pair.old and start.new < pair.new:
            yield _Window(start, pair)
        start = Pair(pair.old + 1, pair.new + 1)


def _align(old: Sequence[Hashable], new: Sequence[Hashable], window: _Window, budget: Budget) -> Iterator[Pair]:
    waiting = [window]
    while waiting:
        (a, b), (a_stop, b_stop) = waiting.pop()
        while a < a_stop and b < b_stop and old[a] == new[b]:
            yield Pair(a, b)
            a, b = a + 1, b + 1
        while a < a_stop and b < b_stop and old[a_stop - 1] == new[b_stop - 1]:
            a_stop, b_stop = a_stop - 1, b_stop - 1
            yield Pair(a_stop, b_stop)
        if a == a_stop or b == b_stop:
            continue
        if not budget.take(a_stop - a + b_stop - b):
            return
        window = _Window(Pair(a, b), Pair(a_stop, b_stop))
        sure = _sure(old, new, window)
        if not sure:
            yield from _shortest(old, new, window, budget)
            continue
        yield from sure
        start = window.start
        for pair in [*sure, window.stop]:
            if start.old < pair.old and start.new < pair.new:
                waiting.append(_Window(start, pair))
            start = Pair(pair.old + 1, pair.new + 1)


def _sure(old: Sequence[Hashable], new: Sequence[Hashable], window: _Window) -> list[Pair]:
    """Return the longest row of items that are there once in both, and in the same order."""
    (a, b), (a_stop, b_stop) = window
    before, after = Counter(old[a:a_stop]), Counter(new[b:b_stop])
    places = {new[at]: at for at in range(b, b_stop) if after[new[at]] == 1 and before.get(new[at]) == 1}
    pairs = [Pair(at, places[old[at]]) for at in range(a, a_stop) if old[at] in places]
    # The longest ascending row: of each length that row whose last is the smallest, and what came before each.
    ends: list[int] = []
    last: list[int] = []
    previous: list[int] = []
    for number, pair in enumerate(pairs):
        at = bisect.bisect_left(ends, pair.new)
        if at == len(ends):
            ends.append(pair.new)
            last.append(number)
        else:
            ends[at], last[at] = pair.new, number
        previous.append(last[at - 1] if at else -1)
    found: list[Pair] = []
    number = last[-1] if last else -1
    while number >= 0:
        found.append(pairs[number])
        number = previous[number]
    return found[::-1]


def _shortest(old: Sequence[Hashable], new: Sequence[Hashable], window: _Window, budget: Budget) -> Sequence[Pair]:
    """Return the pairs of a shortest way from one to the other; none where it is too long.

    What only one of them has is on no way, and not looked at.
    """
    (a, b), (a_stop, b_stop) = window
    common = set(old[a:a_stop]).intersection(new[b:b_stop])
    olds = [at for at in range(a, a_stop) if old[at] in common]
    news = [at for at in range(b, b_stop) if new[at] in common]
    found = _edits([old[at] for at in olds], [new[at] for at in news], budget)
    return [Pair(olds[x], news[y]) for x, y in found]


def _edits(old: Sequence[Hashable], new: Sequence[Hashable], budget: Budget) -> Sequence[tuple[int, int]]:
    n, m = len(old), len(new)
    # As in the paper: how far along the old one each number of edits gets on the diagonals that it can end on, -edits,
    # -edits + 2, … edits; a diagonal is how much further along the old one a place is than along the new one.
    furthest = [0] * (2 * _MOST_EDITS + 3)  # a negative diagonal counts from the end
    rounds: list[array[int]] = []
    for edits in range(min(n + m, _MOST_EDITS) + 1):
        reached = array("i")
        for diagonal in range(-edits, edits + 1, 2):
            if diagonal == -edits or (diagonal != edits and furthest[diagonal - 1] < furthest[diagonal + 1]):
                x = furthest[diagonal + 1]
            else:
                x = furthest[diagonal - 1] + 1
            y = x - diagonal
            while x < n and y < m and old[x] == new[y]:
                x, y = x + 1, y + 1
            furthest[diagonal] = x
            reached.append(x)
            if x >= n and y >= m:
                return _way_back(rounds, n, m)
        rounds.append(reached)
        if not budget.take(edits + 1):
            return ()
    return ()


def _way_back(rounds: Sequence[array[int]], x: int, y: int) -> list[tuple[int, int]]:
    """Return the pairs on the way that ends at the ends of both."""
    found: list[tuple[int, int]] = []
    diagonal = x - y
    for edits in range(len(rounds), 0, -1):
        reached = rounds[edits - 1]
        added = reached[(diagonal + edits) // 2] if diagonal < edits - 1 else -1
        removed = reached[(diagonal + edits) // 2 - 1] if diagonal > 1 - edits else -1
        is_added = diagonal == -edits or (diagonal != edits and removed < added)
        begin = added if is_added else removed + 1
        found += [(at, at - diagonal) for at in range(x - 1, begin - 1, -1)]
        # The edit itself: an item of the new one is added, or one of the old one removed.
        x, diagonal = (begin, diagonal + 1) if is_added else (begin - 1, diagonal - 1)
    found += [(at, at) for at in range(x - 1, -1, -1)]
    return found[::-1]
