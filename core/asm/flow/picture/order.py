"""The order of the vertices of each layer, so that few lines cross."""

from __future__ import annotations

from bisect import bisect_right, insort
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .ranks import Ranks

__all__ = ["crossings", "reorder"]

_SWEEPS: Final = 24
"""Down and up in turn; seldom more than ten bring anything."""
_PATIENCE: Final = 4
"""Sweeps without fewer crossings after which it is enough."""


def reorder(ranks: Ranks) -> None:
    """Put the vertices of each layer in order: each near the middle of those that it is joined with.

    The barycentre method, down and up in turn; the best order of all is taken.
    """
    for layer in ranks.layers:
        layer.sort(key=ranks.home.__getitem__)  # code is written in the order of its blocks
    best = [list(layer) for layer in ranks.layers]
    least = crossings(ranks)
    waited = 0
    for sweep in range(_SWEEPS):
        if not least or waited == _PATIENCE:
            break
        _sweep(ranks, upwards=bool(sweep % 2))
        found = crossings(ranks)
        waited += 1
        if found < least:
            best, least, waited = [list(layer) for layer in ranks.layers], found, 0
    ranks.layers[:] = best


def _sweep(ranks: Ranks, *, upwards: bool) -> None:
    joined = ranks.below if upwards else ranks.above
    layers = ranks.layers[::-1] if upwards else ranks.layers
    place = [0.0] * len(ranks.rank)
    for at, vertex in enumerate(layers[0] if layers else ()):
        place[vertex] = at
    for layer in layers[1:]:
        wanted: dict[int, float] = {}
        for vertex in layer:
            others = joined[vertex]
            if len(others) == 1:
                wanted[vertex] = place[others[0]]
            else:
                wanted[vertex] = sum([place[other] for other in others]) / len(others) if others else -1.0
        for vertex in layer:
            node = ranks.beside.get(vertex)
            if wanted[vertex] < 0 and node in wanted and wanted[node] >= 0:
                wanted[vertex] = wanted[node] + 1e-3
        _settle(layer, wanted)
        for at, vertex in enumerate(layer):
            place[vertex] = at


def _settle(layer: list[int], wanted: dict[int, float]) -> None:
    """Sort a layer by where its vertices want to be; those that want nothing stay where they are."""
    moved = iter(sorted((vertex for vertex in layer if wanted[vertex] >= 0), key=wanted.__getitem__))
    layer[:] = [vertex if wanted[vertex] < 0 else next(moved) for vertex in layer]


def crossings(ranks: Ranks) -> int:
    """Return how often lines between neighbouring layers cross."""
    place = [0] * len(ranks.rank)
    for layer in ranks.layers:
        for at, vertex in enumerate(layer):
            place[vertex] = at
    return sum(_inversions([sorted([place[w] for w in ranks.below[v]]) for v in layer]) for layer in ranks.layers)


def _inversions(lists: Sequence[Sequence[int]]) -> int:
    """Return how many pairs of numbers, from two lists, are in descending order."""
    seen: list[int] = []
    found = 0
    for numbers in lists:
        for number in numbers:
            found += len(seen) - bisect_right(seen, number)
        for number in numbers:
            insort(seen, number)
    return found
