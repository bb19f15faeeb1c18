"""Control flow of one function: basic blocks in reverse postorder, dominators, natural loops.

Dominators after Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm". Blocks are numbers: their places in
reverse postorder, 0 the entry, so that every edge that is no back edge of a loop leads to a higher number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from .code import Code, Function

__all__ = ["Block", "Graph"]


_NESTING: Final = 32
"""How deep loops may nest, on average over all blocks; Python allows 20."""


class Block(NamedTuple):
    """Instructions that always run one after the other."""

    slots: tuple[int, ...]
    """Their first slots."""
    successors: tuple[int, ...]
    """Blocks that can follow: for a conditional jump the next one, then the target."""


class Graph:
    """The blocks of a function, without computed jumps.

    Args:
        code: Where the function is.
        function: Which one.
    """

    def __init__(self, code: Code, function: Function) -> None:
        self.blocks = _blocks(code, function)
        count = len(self.blocks)
        self.predecessors: list[list[int]] = [[] for _ in range(count)]
        """By block, each once for each edge."""
        for number, block in enumerate(self.blocks):
            for successor in block.successors:
                self.predecessors[successor].append(number)
        self.dominator = self._dominators()
        """By block, its immediate dominator; the entry's is itself."""
        self._below = self._spans()
        self.reducible = True
        """Whether each loop has a single entry, and loops do not nest beyond all reason."""
        self.loops: dict[int, set[int]] = {}
        """By header, the blocks of its loop, the header among them."""
        self._find_loops()
        self.around: list[list[int]] = [[] for _ in range(count)]
        """By block, the headers of the loops that it is in, the innermost first."""
        for header in sorted(self.loops, key=lambda header: len(self.loops[header])):
            for block in self.loops[header]:
                self.around[block].append(header)

    def is_back_edge(self, source: int, target: int) -> bool:
        """Whether an edge closes a loop."""
        return target <= source and target in self.loops and source in self.loops[target]

    def _dominators(self) -> list[int]:
        dominator = [-1] * len(self.blocks)
        dominator[0] = 0
        changed = True
        while changed:
            changed = False
            for block in range(1, len(self.blocks)):
                new = -1
                # From the last to the first: along a ladder of jumps to one block, each step up is a short one.
                for other in reversed(self.predecessors[block]):
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

    def _spans(self) -> list[tuple[int, int]]:
        """Return each block's place in a walk down the tree of dominators, and where the blocks below it end."""
        below: list[list[int]] = [[] for _ in self.blocks]
        for block in range(1, len(self.blocks)):
            below[self.dominator[block]].append(block)
        spans = [(0, 0)] * len(self.blocks)
        place = 0
        todo = [(0, False)]
        while todo:
            block, is_done = todo.pop()
            if is_done:
                spans[block] = (spans[block][0], place)
                continue
            spans[block] = (place, place)
            place += 1
            todo.append((block, True))
            todo += [(child, False) for child in below[block]]
        return spans

    def _dominates(self, a: int, b: int) -> bool:
        first, end = self._below[a]
        return first <= self._below[b][0] < end

    def _find_loops(self) -> None:
        size = 0
        for source, block in enumerate(self.blocks):
            for target in block.successors:
                if target > source:
                    continue
                if not self._dominates(target, source):
                    self.reducible = False
                    continue
                body = self.loops.setdefault(target, {target})
                todo = [source]
                while todo:
                    inside = todo.pop()
                    if inside not in body:
                        body.add(inside)
                        todo += self.predecessors[inside]
                        size += 1
                if size > _NESTING * len(self.blocks) + _NESTING**2:
                    self.reducible = False
                    self.loops.clear()
                    return


def _blocks(code: Code, function: Function) -> list[Block]:
    """Divide a function into blocks, in reverse postorder."""
    leaders = {function.start}
    for slot in function.slots:
        if len(following := code.successors(slot)) != 1 or code.at(slot).is_jump:
            leaders.update(following)
    raw: dict[int, tuple[tuple[int, ...], tuple[int, ...]]] = {}
    for leader in leaders:
        slots: list[int] = []
        slot = leader
        while True:
            slots.append(slot)
            following = code.successors(slot)
            if len(following) != 1 or following[0] in leaders:
                break
            slot = following[0]
        raw[leader] = (tuple(slots), following)
    behind: dict[int, int] = {}
    raw = {
        leader: (slots, tuple(_behind_jumps(code, raw, behind, s) for s in after))
        for leader, (slots, after) in raw.items()
    }
    order: list[int] = []
    seen = {function.start}
    # The target before the next block, so that in reverse postorder the next one comes first.
    todo = [(function.start, iter(reversed(raw[function.start][1])))]
    while todo:
        leader, following = todo[-1]
        for successor in following:
            if successor not in seen:
                seen.add(successor)
                todo.append((successor, iter(reversed(raw[successor][1]))))
                break
        else:
            order.append(leader)
            todo.pop()
    order.reverse()
    numbers = {leader: number for number, leader in enumerate(order)}
    return [Block(raw[leader][0], tuple(numbers[s] for s in raw[leader][1])) for leader in order]


def _behind_jumps(
    code: Code, raw: dict[int, tuple[tuple[int, ...], tuple[int, ...]]], known: dict[int, int], leader: int
) -> int:
    """Return where one gets to from *leader* through blocks that are nothing but an unconditional jump."""
    passed: list[int] = []
    while leader not in known:
        passed.append(leader)
        known[leader] = leader  # where a circle of jumps closes
        slots, following = raw[leader]
        if len(slots) != 1 or len(following) != 1 or not code.at(slots[0]).is_jump:
            break
        leader = following[0]
    leader = known[leader]
    for block in passed:
        known[block] = leader
    return leader
