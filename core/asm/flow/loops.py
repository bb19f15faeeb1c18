"""Loops and how they nest, from the successors of blocks.

The method is P. Havlak's (Nesting of Reducible and Irreducible Loops, TOPLAS 1997) as G. Ramalingam mended it
(Identifying Loops in Almost Linear Time, TOPLAS 1999): an edge back to an ancestor in a depth-first walk makes that
ancestor the header of a loop. In code that compilers make it is also the only way in, so that these are the natural
loops; where it is not, the loop is marked. Dominators would take quadratic time for the many jumps to one exit that
BPF programs have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Loop", "find_loops"]


class Loop(NamedTuple):
    """A loop; blocks are given by their indices."""

    header: int
    """The block at which it is entered."""
    back: tuple[int, ...]
    """The blocks from which it goes back to the header, ascending."""
    own: tuple[int, ...]
    """Its blocks without those of the loops inside it, ascending, the header among them."""
    inner: tuple[int, ...]
    """The headers of the loops directly inside it, ascending."""
    outer: int | None
    """The header of the loop around it."""
    depth: int
    """1 for a loop that is in no other."""
    is_natural: bool
    """Whether the header is the only way in."""


class _Walk(NamedTuple):
    """A depth-first walk from block 0. Blocks go by their place in it, edges by the places of both ends."""

    order: list[int]
    """The block at each place."""
    tree: list[int]
    """The place of each block's parent; 0 for the first."""
    back: dict[int, list[int]]
    """By ancestor: the descendants that lead back to it."""
    other: dict[int, list[tuple[int, int]]]
    """By the last common ancestor: the edges to blocks that the walk had already left."""


def find_loops(successors: Sequence[Sequence[int]]) -> list[Loop]:
    """Return the loops that can be reached from block 0, by header; *successors* has each block's."""
    if not successors:
        return []
    order, tree, back, other = _walk(successors)
    before = [[parent] for parent in tree]
    merged = list(range(len(order)))
    marked = list(range(len(order)))
    header: dict[int, int] = {}
    unnatural: set[int] = set()
    for w in range(len(order) - 1, -1, -1):
        for y, x in other.get(w, ()):
            before[_find(merged, x)].append(_find(merged, y))
            # x is entered past the headers of the loops found around it
            outer = header.get(x)
            while outer is not None:
                inner = _find(marked, outer)
                unnatural.add(inner)
                outer = header.get(inner)
                if outer is not None:
                    marked[inner] = outer
        if w not in back:
            continue
        body = {_find(merged, v) for v in back[w]} - {w}
        waiting = list(body)
        while waiting:
            for y in before[waiting.pop()]:
                y = _find(merged, y)
                if y != w and y not in body:
                    body.add(y)
                    waiting.append(y)
        for x in body:
            header[x] = merged[x] = w
    return _loops(order, back, header, unnatural)


def _walk(successors: Sequence[Sequence[int]]) -> _Walk:
    order, number, tree = [0], {0: 0}, [0]
    back: dict[int, list[int]] = {}
    other: dict[int, list[tuple[int, int]]] = {}
    is_open = [True]
    above = [0]  # leads from a block that the walk has left to the nearest one that it has not
    stack = [(0, iter(successors[0]))]
    while stack:
        v, following = stack[-1]
        for successor in following:
            w = number.get(successor)
            if w is None:
                w = number[successor] = len(order)
                order.append(successor)
                tree.append(v)
                above.append(w)
                is_open.append(True)
                stack.append((w, iter(successors[successor])))
                break
            if is_open[w]:
                back.setdefault(w, []).append(v)
            else:
                other.setdefault(_find(above, w), []).append((v, w))
        else:
            stack.pop()
            is_open[v] = False
            above[v] = tree[v]
    return _Walk(order, tree, back, other)


def _find(merged: list[int], v: int) -> int:
    """Return where the way from *v* ends, and shorten it for the next time."""
    root = v
    while merged[root] != root:
        root = merged[root]
    while merged[v] != root:
        merged[v], v = root, merged[v]
    return root


def _loops(order: list[int], back: dict[int, list[int]], header: dict[int, int], unnatural: set[int]) -> list[Loop]:
    depth: dict[int, int] = {}
    own: dict[int, list[int]] = {w: [order[w]] for w in back}
    inner: dict[int, list[int]] = {w: [] for w in back}
    for w in sorted(back):  # outer loops come first
        outer = header.get(w)
        depth[w] = 1 if outer is None else depth[outer] + 1
    for x, w in header.items():
        (inner if x in back else own)[w].append(order[x])
    return sorted(
        Loop(
            order[w],
            tuple(sorted(order[v] for v in back[w])),
            tuple(sorted(own[w])),
            tuple(sorted(inner[w])),
            order[header[w]] if w in header else None,
            depth[w],
            w not in unnatural,
        )
        for w in back
    )
