"""A control flow graph as statements of Python: `if`, `else`, and `for` for loops.

Python has no goto. A block that only one other leads to is written where the jump to it is; one where paths meet is
written after what all of these paths have in common, its immediate dominator. Where more than one block could come next
there, the variable `p` says which. A loop is a `for` around its blocks; `continue` is its back edge, `break` leaves it.

Loops with more than one entry, and code that nests too deeply, become a loop around a tree of comparisons with `p`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from .counting import Observer
    from .expressions import Expressions
    from .graph import Graph
    from .ranges import State

__all__ = ["Line", "dispatched", "structured"]

Line: TypeAlias = tuple[int, int, str]
"""The slot that a line is from, its indentation, its text."""

_SMALL: Final = 6
"""Instructions of a last block that is copied to where it is jumped to."""


class Unstructured(Exception):  # noqa: N818 - no error, but the reason to write it another way
    """The graph cannot be written with `if` and `for` alone."""


class Statement(NamedTuple):
    """One statement, of one line."""

    slot: int
    text: str


class Goto(NamedTuple):
    """What says which block is next, where that is asked for."""

    slot: int
    block: int


class Branch(NamedTuple):
    """A conditional statement."""

    slot: int
    condition: str
    negated: str
    then: Suite
    otherwise: Suite


class Loop(NamedTuple):
    """A loop that runs until it is left."""

    slot: int
    number: int
    body: Suite


Suite: TypeAlias = "list[Statement | Goto | Branch | Loop]"


class _Structurer:
    """Writes one reducible function."""

    def __init__(
        self,
        graph: Graph,
        expressions: Expressions,
        states: list[State],
        number: Callable[[int], int],
        observer: Observer,
    ) -> None:
        self.graph = graph
        self._observer = observer
        self.compared: set[int] = set()
        """Blocks of which `p` has to tell."""
        self._expressions = expressions
        self._states = states
        self._number = number
        self._exits: dict[int, set[int]] = {}
        """By loop, where its `break` statements lead to."""
        self._entries = [
            sum(not graph.is_back_edge(other, block) for other in set(graph.predecessors[block]))
            for block in range(len(graph.blocks))
        ]
        self._meetings: list[list[int]] = [[] for _ in graph.blocks]
        """By block, the blocks to be written after what it leads to."""
        self._after: dict[int, list[int]] = {header: [] for header in graph.loops}
        """By loop, the blocks to be written after it."""
        for block in range(1, len(graph.blocks)):
            dominator = graph.dominator[block]
            left = [header for header in graph.around[dominator] if block not in graph.loops[header]]
            if left:
                self._after[left[-1]].append(block)
            elif self._entries[block] != 1:
                self._meetings[dominator].append(block)

    def write(self) -> Suite:
        """Return the whole function."""
        suite: Suite = []
        if self._write(0, None, suite):
            raise Unstructured
        return suite

    def _slot(self, block: int) -> int:
        return self.graph.blocks[block].slots[-1]

    def _observed(self, block: int, which: int) -> Suite:
        """Return what the observer has to say on the way from a block to one of its successors."""
        text = self._observer.edge(block, which)
        return [Statement(self._slot(block), text)] if text else []

    def _statements(self, block: int, suite: Suite) -> State:
        state = self._states[block].copy()
        for slot, texts in self._expressions.block(self.graph.blocks[block].slots, state):
            suite += [Statement(slot, text) for text in texts]
        return state

    def _write(self, block: int, loop: int | None, suite: Suite) -> set[int]:
        """Write *block* and what follows it within *loop*; return the blocks that come next at the end."""
        meetings: list[list[int]] = []
        """What is to be written after what is being written, the next one last; each list the other way round."""
        while True:
            following = self._chain(block, loop, suite, meetings)
            while meetings:
                if not meetings[-1]:
                    meetings.pop()
                    continue
                block = meetings[-1].pop()
                if following == {block}:
                    break
                if block in following:
                    self.compared |= following
                    guarded: Suite = []
                    following = (following - {block}) | self._write(block, loop, guarded)
                    condition, negated = _is_one_of({block})
                    suite.append(Branch(self._slot(block), condition, negated, guarded, []))
            else:
                return following

    def _chain(self, block: int, loop: int | None, suite: Suite, meetings: list[list[int]]) -> set[int]:
        """Write *block* and those that only the one before leads to; return as `_write` does."""
        while True:
            if block in self.graph.loops and block != loop:
                following = self._loop(block, loop, suite)
                meetings.append(self._after[block][::-1])
                return following
            state = self._statements(block, suite)
            meetings.append(self._meetings[block][::-1])
            successors = self.graph.blocks[block].successors
            if not successors:
                return set()
            following_block = successors[0]
            falls = self._observed(block, 0)
            if len(successors) == 2:
                slot = self._slot(block)
                condition, negated = self._expressions.condition(slot, state)
                taken = self._observed(block, 1)
                if successors[0] == successors[1]:
                    suite.append(Branch(slot, condition, negated, taken, falls))
                    falls = []
                elif following := self._edge(block, successors[1], loop, taken):
                    other = falls
                    falling = self._edge(block, successors[0], loop, other)
                    if falling:
                        suite.append(Branch(slot, condition, negated, taken, other))
                    else:
                        suite.append(Branch(slot, negated, condition, other, []))
                        suite += taken
                    return following | falling
                else:
                    suite.append(Branch(slot, condition, negated, taken, []))
            suite += falls
            if not self._is_inline(block, following_block, loop):
                return self._edge(block, following_block, loop, suite)
            block = following_block

    def _is_inline(self, source: int, target: int, loop: int | None) -> bool:
        graph = self.graph
        return (
            self._entries[target] == 1
            and not graph.is_back_edge(source, target)
            and (loop is None or target in graph.loops[loop])
        )

    def _edge(self, source: int, target: int, loop: int | None, suite: Suite) -> set[int]:
        """Write the way from one block to the next; return as `_write` does."""
        graph, slot = self.graph, self._slot(source)
        block = graph.blocks[target]
        if target == loop:
            suite.append(Statement(slot, "continue"))
            return set()
        if not block.successors and len(block.slots) <= _SMALL:
            self._statements(target, suite)
            return set()
        if self._is_inline(source, target, loop):
            return self._write(target, loop, suite)
        suite.append(Goto(slot, target))
        if loop is None or (target in graph.loops[loop] and not graph.is_back_edge(source, target)):
            return {target}
        suite.append(Statement(slot, "break"))
        self._exits[loop].add(target)
        return set()

    def _loop(self, header: int, outer: int | None, suite: Suite) -> set[int]:
        graph = self.graph
        exits = self._exits[header] = set()
        weight = sum(
            len(graph.blocks[block].slots) for block in graph.loops[header] if graph.around[block][0] == header
        )
        body: Suite = []
        if self._write(header, header, body):
            raise Unstructured
        slot = graph.blocks[header].slots[0]
        suite.append(Loop(slot, self._number(weight), body))
        return self._leave(slot, exits, outer, suite)

    def _leave(self, slot: int, exits: set[int], outer: int | None, suite: Suite) -> set[int]:
        """Write where to go on after a loop; return as `_write` does."""
        if outer is None:
            return exits
        inside = self.graph.loops[outer] - {outer}
        here, again, out = exits & inside, exits & {outer}, exits - self.graph.loops[outer]
        self._exits[outer] |= out
        for blocks, text in ((again, "continue"), (out, "break")):
            if not blocks:
                continue
            if blocks == exits:
                suite.append(Statement(slot, text))
                return set()
            self.compared |= exits
            condition, negated = _is_one_of(blocks)
            suite.append(Branch(slot, condition, negated, [Statement(slot, text)], []))
        return here


def _is_one_of(blocks: set[int]) -> tuple[str, str]:
    if len(blocks) == 1:
        (block,) = blocks
        return f"p == {block}", f"p != {block}"
    return f"p in {tuple(sorted(blocks))}", f"p not in {tuple(sorted(blocks))}"


def structured(
    graph: Graph, expressions: Expressions, states: list[State], number: Callable[[int], int], observer: Observer
) -> list[Line] | None:
    """Return a function's body; None where it cannot be written like that.

    Args:
        graph: Its blocks.
        expressions: Writes their statements.
        states: What is known of registers at the start of each block.
        number: Returns a loop's number in the meter, from the most steps that an iteration takes.
        observer: What is written on the ways between blocks.
    """
    if not graph.reducible:
        return None
    structurer = _Structurer(graph, expressions, states, number, observer)
    try:
        suite = structurer.write()
    except (Unstructured, RecursionError):
        return None
    lines: list[Line] = []
    _render(suite, 1, structurer.compared, lines)
    return lines


def _render(suite: Suite, depth: int, compared: set[int], lines: list[Line]) -> None:
    for node in suite:
        if isinstance(node, Statement):
            lines.append((node.slot, depth, node.text))
        elif isinstance(node, Goto):
            if node.block in compared:
                lines.append((node.slot, depth, f"p = {node.block}"))
        elif isinstance(node, Loop):
            lines.append((node.slot, depth, f"for _ in L[{node.number}]:"))
            _render(node.body, depth + 1, compared, lines)
        else:
            then: list[Line] = []
            otherwise: list[Line] = []
            _render(node.then, depth + 1, compared, then)
            _render(node.otherwise, depth + 1, compared, otherwise)
            if then:
                lines.append((node.slot, depth, f"if {node.condition}:"))
                lines += then
                if otherwise:
                    lines.append((node.slot, depth, "else:"))
                    lines += otherwise
            elif otherwise:
                lines.append((node.slot, depth, f"if {node.negated}:"))
                lines += otherwise


def dispatched(
    graph: Graph, expressions: Expressions, states: list[State], number: Callable[[int], int], observer: Observer
) -> list[Line]:
    """Return a function's body as a loop around its blocks, of which each says which one is next; as `structured`."""
    weight = max(len(block.slots) for block in graph.blocks)
    start = graph.blocks[0].slots[0]
    lines: list[Line] = [(start, 1, "p = 0"), (start, 1, f"for _ in L[{number(weight)}]:")]

    def tree(low: int, high: int, depth: int) -> None:
        if high - low > 1:
            middle = (low + high) // 2
            slot = graph.blocks[middle].slots[0]
            lines.append((slot, depth, f"if p < {middle}:"))
            tree(low, middle, depth + 1)
            lines.append((slot, depth, "else:"))
            tree(middle, high, depth + 1)
            return
        block = graph.blocks[low]
        state = states[low].copy()
        for slot, texts in expressions.block(block.slots, state):
            lines.extend((slot, depth, text) for text in texts)
        slot = block.slots[-1]
        ways = [(f"p = {number}", observer.edge(low, which)) for which, number in enumerate(block.successors)]
        texts = ["; ".join(filter(None, reversed(way))) for way in ways]
        if len(block.successors) == 2:
            condition, _ = expressions.condition(slot, state)
            lines.append((slot, depth, f"if {condition}: {texts[1]}"))
            lines.append((slot, depth, f"else: {texts[0]}"))
        elif block.successors:
            lines.append((slot, depth, texts[0]))

    tree(0, len(graph.blocks), 2)
    return lines
