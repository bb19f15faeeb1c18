"""What of a machine's code runs come to, counted by translated code itself.

Not each block has a counter: how often runs go along one edge of the control flow graph follows from the others, as
what comes into a block leaves it again. So the edges of a spanning tree are not counted (D. E. Knuth and F. R.
Stevenson, "Optimal measurement points for program frequency counts", 1973), the tree is made of those in the innermost
loops as far as can be, and counters within loops are local variables. What leaves a block before its end, by an error,
a tail call or a legacy load, is counted where it does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ...runtime.facts import Counts

if TYPE_CHECKING:
    from collections.abc import Callable

    from .code import Code, Function
    from .graph import Graph

__all__ = ["Counter", "Observer", "Outcomes", "Watcher"]

_NOWHERE: Final = -1


class Observer:
    """What one translated function says of its runs: statements at places of it. This one says nothing."""

    head: tuple[str, ...] = ()
    """At its start."""
    tail: tuple[str, ...] = ()
    """When it is left, in whichever way."""
    catches: bool = False
    """Whether `Watcher.stopped` is told of what ends it early."""

    def edge(self, block: int, which: int) -> str:
        """Return what stands on the way from a block to one of its successors, by its index; empty for nothing."""
        return ""

    def leave(self, slot: int) -> str:
        """Return what stands before a return at *slot*."""
        return ""

    def operands(self, slot: int, left: str, right: str) -> str:
        """Return what stands before the conditional jump at *slot*, which compares the registers *left* and *right*."""
        return ""


class Watcher:
    """What a machine's translated functions tell of their runs.

    Names that its observers' statements use are those in `names`.
    """

    def __init__(self) -> None:
        self.names: dict[str, object] = {}
        """What statements refer to."""

    def observer(self, code: Code, graph: Graph, function: Function) -> Observer:
        """Return what a function has to say."""
        return Observer()

    def stopped(self, function: int, slot: int) -> None:
        """Note that the function that begins at *function* was left by an exception at *slot*."""


class _Edge(NamedTuple):
    """A way from one block to another; from and to the outside too, which is the node behind the blocks."""

    source: int
    target: int
    which: int
    """The successor's index; -1 for the way in."""


class _Flow(Observer):
    """How often runs went along each edge of a function.

    Args:
        graph: Its blocks.
        function: The function.
        counters: Where a counter is for each edge that is counted; those of this function are added.
    """

    catches = True

    def __init__(self, graph: Graph, function: Function, counters: list[int]) -> None:
        self.graph = graph
        self.function = function
        blocks = graph.blocks
        self.outside = len(blocks)
        self.edges = [_Edge(self.outside, 0, _NOWHERE)]
        for number, block in enumerate(blocks):
            self.edges += [_Edge(number, target, which) for which, target in enumerate(block.successors)]
            if not block.successors:
                self.edges.append(_Edge(number, self.outside, 0))
        self.block_of = {slot: number for number, block in enumerate(blocks) for slot in block.slots}
        depths = [self._depth(edge) for edge in self.edges]
        self.counted: dict[_Edge, int] = {}
        """The edges that are counted, and their counters."""
        self.left: dict[int, int] = {}
        """By the slot of what returns within a block, its counter."""
        self._counters = counters
        self._local: dict[int, str] = {}
        """By counter, the local variable that it is while the function runs."""
        self.tree = self._spanning(sorted(range(len(self.edges)), key=lambda number: -depths[number]))
        for edge, depth in zip(self.edges, depths, strict=True):
            if edge not in self.tree:
                self.counted[edge] = self._counter(is_local=depth > 0)

    def _depth(self, edge: _Edge) -> int:
        """Return in how many loops an edge is."""
        around = self.graph.around
        if self.outside in edge[:2]:
            return 0
        return len({*around[edge.source]} & {*around[edge.target]})

    def _spanning(self, order: list[int]) -> set[_Edge]:
        """Return a tree that has as many of the first edges in *order* as can be."""
        parent = list(range(self.outside + 1))

        def root(node: int) -> int:
            while parent[node] != node:
                parent[node] = node = parent[parent[node]]
            return node

        tree: set[_Edge] = set()
        for number in order:
            edge = self.edges[number]
            source, target = root(edge.source), root(edge.target)
            if source != target:
                parent[source] = target
                tree.add(edge)
        return tree

    def _counter(self, *, is_local: bool = False) -> int:
        number = len(self._counters)
        self._counters.append(0)
        if is_local:
            self._local[number] = f"c{number}"
        return number

    def _text(self, counter: int | None) -> str:
        return "" if counter is None else f"{self._local.get(counter, f'C[{counter}]')} += 1"

    def edge(self, block: int, which: int) -> str:
        """Return what counts an edge; empty where it is in the tree."""
        return self._text(self.counted.get(_Edge(block, self.graph.blocks[block].successors[which], which)))

    def leave(self, slot: int) -> str:
        """Return what counts a return: at the end of a block an edge, else a way out of its own."""
        number = self.block_of[slot]
        block = self.graph.blocks[number]
        if slot == block.slots[-1] and not block.successors:
            return self._text(self.counted.get(_Edge(number, self.outside, 0)))
        if slot not in self.left:
            self.left[slot] = self._counter()
        return self._text(self.left[slot])

    @property
    def head(self) -> tuple[str, ...]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The local counters, at 0."""
        return (f"{' = '.join(self._local.values())} = 0",) if self._local else ()

    @property
    def tail(self) -> tuple[str, ...]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """What adds them to the others."""
        return tuple(f"C[{number}] += {name}" for number, name in self._local.items())

    def add(
        self,
        counters: list[int],
        stopped: dict[int, int],
        runs: list[int],
        outcomes: dict[int, list[int]],
        code: Code,
    ) -> None:
        """Add how often each slot was run and each outcome of a jump happened.

        Args:
            counters: What was counted.
            stopped: By slot, how often an error ended the function there.
            runs: By slot.
            outcomes: By the slot of a conditional jump: how often it went on, and how often it jumped.
            code: Where the function is.
        """
        left = dict(stopped)
        for slot, counter in self.left.items():
            left[slot] = left.get(slot, 0) + counters[counter]
        flow = self._solved(counters, left)
        begun = [0] * (self.outside + 1)
        for edge, count in flow.items():
            begun[edge.target] += count
            if edge.which >= 0 and edge.source != self.outside:
                slot = self.graph.blocks[edge.source].slots[-1]
                if code.at(slot).is_conditional:
                    outcomes.setdefault(slot, [0, 0])[edge.which] += count
        for number, block in enumerate(self.graph.blocks):
            count = begun[number]
            for slot in block.slots:
                runs[slot] += count
                count -= left.get(slot, 0)

    def _solved(self, counters: list[int], left: dict[int, int]) -> dict[_Edge, int]:
        """Return how often runs went along each edge: what is not counted follows from what comes and goes."""
        flow = {edge: counters[counter] for edge, counter in self.counted.items()}
        excess = [0] * (self.outside + 1)
        """By node, what is known to come less what is known to go."""
        for edge, count in flow.items():
            excess[edge.target] += count
            excess[edge.source] -= count
        for slot, count in left.items():
            excess[self.block_of[slot]] -= count
            excess[self.outside] += count
        around: list[list[_Edge]] = [[] for _ in range(self.outside + 1)]
        for edge in self.tree:
            around[edge.source].append(edge)
            around[edge.target].append(edge)
        order: list[tuple[int, _Edge | None]] = [(self.outside, None)]
        for node, way in order:
            order += [(edge.source + edge.target - node, edge) for edge in around[node] if edge is not way]
        for node, way in reversed(order):
            if way is None:
                continue
            count = excess[node] if way.source == node else -excess[node]
            flow[way] = count
            excess[way.target] += count
            excess[way.source] -= count
        return flow


class Counter(Watcher):
    """How often each instruction of a machine was run, and each conditional jump went either way.

    Args:
        code: The machine's.
    """

    def __init__(self, code: Code) -> None:
        super().__init__()
        self.code = code
        self.counters: list[int] = []
        self.names["C"] = self.counters
        self._flows: dict[int, _Flow] = {}
        self._stopped: dict[int, dict[int, int]] = {}
        self._runs = [0] * code.count
        """What was stepped through."""
        self._outcomes: dict[int, list[int]] = {}

    def observer(self, code: Code, graph: Graph, function: Function) -> Observer:
        """Return what counts in a function."""
        found = self._flows[function.start] = _Flow(graph, function, self.counters)
        return found

    def stopped(self, function: int, slot: int) -> None:
        """Count an error that ended a function."""
        here = self._stopped.setdefault(function, {})
        here[slot] = here.get(slot, 0) + 1

    def begun(self, slot: int) -> None:
        """Count an instruction that the stepper executes."""
        self._runs[slot] += 1

    def went(self, slot: int, *, taken: bool) -> None:
        """Count what the stepper found of a conditional jump."""
        self._outcomes.setdefault(slot, [0, 0])[taken] += 1

    @property
    def counts(self) -> Counts:
        """What was counted so far, while nothing runs."""
        return self.taken()()

    def taken(self) -> Callable[[], Counts]:
        """Return what reckons what was counted until now: taking it costs little."""
        counters = self.counters.copy()
        stopped = {start: here.copy() for start, here in self._stopped.items()}
        runs, outcomes = self._runs.copy(), {slot: pair.copy() for slot, pair in self._outcomes.items()}
        return lambda: self._reckoned(counters, stopped, runs, outcomes)

    def _reckoned(
        self,
        counters: list[int],
        stopped: dict[int, dict[int, int]],
        runs: list[int],
        outcomes: dict[int, list[int]],
    ) -> Counts:
        runs, outcomes = runs.copy(), {slot: pair.copy() for slot, pair in outcomes.items()}
        counters = [*counters, *[0] * (len(self.counters) - len(counters))]
        for slot, insn in enumerate(self.code.insns):
            if insn is not None and insn.is_conditional:
                outcomes.setdefault(slot, [0, 0])
        for start, flow in self._flows.items():
            flow.add(counters, stopped.get(start, {}), runs, outcomes, self.code)
        return Counts(tuple(runs), {slot: (on, jumped) for slot, (on, jumped) in sorted(outcomes.items())})


class Outcomes(Watcher):
    """Which conditional jumps of a machine have gone which way, as bytes that are cheap to set and to look through.

    Args:
        compared: Called with a slot and the two registers that its jump compares, before it does; None for the bytes.
    """

    def __init__(self, compared: Callable[[int, int, int], None] | None = None) -> None:
        super().__init__()
        self.numbers: dict[tuple[int, int], int] = {}
        """By the slot of a conditional jump, and 0 for going on or 1 for jumping, where its byte is."""
        self.seen = bytearray()
        self.names["E"] = self.seen
        self.names["XX"] = self.compared = compared

    def observer(self, code: Code, graph: Graph, function: Function) -> Observer:
        """Return what tells of a function's jumps."""
        for block in graph.blocks:
            slot = block.slots[-1]
            for which in (0, 1) if code.at(slot).is_conditional else ():
                if (slot, which) not in self.numbers:
                    self.numbers[slot, which] = len(self.seen)
                    self.seen.append(0)
        return _Compared() if self.compared is not None else _Flags(self, code, graph)


class _Flags(Observer):
    def __init__(self, outcomes: Outcomes, code: Code, graph: Graph) -> None:
        self._numbers = outcomes.numbers
        self._graph = graph

    def edge(self, block: int, which: int) -> str:
        number = self._numbers.get((self._graph.blocks[block].slots[-1], which))
        return "" if number is None else f"E[{number}] = 1"


class _Compared(Observer):
    def operands(self, slot: int, left: str, right: str) -> str:
        return f"XX({slot}, {left}, {right})"
