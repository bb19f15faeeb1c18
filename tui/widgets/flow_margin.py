"""FlowMargin: the arrows, loops and dead ends of a program's functions, as a listing's left margin shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ...core.asm.flow import CodeFlow, Margin

if TYPE_CHECKING:
    from ...core.asm.flow import Cell, FlowGraph
    from ...core.spec import ProgramSpec

__all__ = ["Aim", "FlowMargin"]

_MAX_COLUMNS: Final = 12
_MAX_JUMPS: Final = 20_000
"""Jumps of one function that arrows are laid out for: beyond them no one follows lines."""


class Aim(NamedTuple):
    """The arrows that begin or end at an instruction, to be drawn so that they stand out."""

    jumps: frozenset[int]
    """Indices into the jumps of the function's margin."""
    first: int
    """The first slot that they pass."""
    last: int


class FlowMargin:
    """The control flow of one program, analysed function by function as they come into sight.

    Args:
        program: The program.
        columns: How many arrows there may be side by side.
        ascii_only: Draw with ASCII characters.
    """

    def __init__(self, program: ProgramSpec, columns: int = _MAX_COLUMNS, *, ascii_only: bool = False) -> None:
        self.program = program
        self.columns = columns
        self._ascii = ascii_only
        starts = sorted({function.start for function in program.functions}) or None
        self._flow = CodeFlow(program.code, program.byte_order, starts)
        self._margins: dict[int, Margin] = {}
        self._headers: dict[int, dict[int, int]] = {}

    def graph(self, slot: int) -> FlowGraph | None:
        """Return the control flow of the function that holds a slot; None outside of the code."""
        return self._flow.graph_at(slot) if 0 <= slot < self._flow.slots and self._flow.functions else None

    def margin(self, slot: int) -> Margin | None:
        """Return the arrows of the function that holds a slot."""
        graph = self.graph(slot)
        if graph is None:
            return None
        found = self._margins.get(graph.start)
        if found is None:
            jumps = [(edge.source, edge.target) for edge in graph.jumps]
            shown = jumps if len(jumps) <= _MAX_JUMPS else []
            found = self._margins[graph.start] = Margin(shown, self.columns, ascii_only=self._ascii)
        return found

    def cells(self, slot: int, *, insn: bool) -> tuple[list[Cell], Margin | None]:
        """Return the cells beside an instruction, or beside a row above it, and the margin that they are of."""
        margin = self.margin(slot)
        if margin is None or not margin.width:
            return [], None
        return (margin.insn(slot) if insn else margin.above(slot)), margin

    def aim(self, slot: int) -> Aim | None:
        """Return the arrows that begin or end at an instruction; None where there are none."""
        margin = self.margin(slot)
        if margin is None:
            return None
        numbers = [n for n, jump in enumerate(margin.jumps) if slot == jump.target or slot in jump.sources]
        if not numbers:
            return None
        jumps = [margin.jumps[number] for number in numbers]
        return Aim(frozenset(numbers), min(jump.first for jump in jumps), max(jump.last for jump in jumps))

    def loop_depth(self, slot: int) -> int:
        """Return how deep the loop is nested whose first instruction is at a slot; 0 where none begins."""
        graph = self.graph(slot)
        if graph is None:
            return 0
        headers = self._headers.get(graph.start)
        if headers is None:
            headers = {at: loop.depth for at, loop in graph.loop_headers().items()}
            self._headers[graph.start] = headers
        return headers.get(slot, 0)

    def is_reachable(self, slot: int) -> bool:
        """Whether some way leads to an instruction from its function's first."""
        graph = self.graph(slot)
        return graph is None or graph.is_reachable(slot)

    def sources(self, slot: int) -> tuple[int, ...]:
        """Return the instructions that jump to a slot."""
        graph = self.graph(slot)
        return () if graph is None else graph.targets.get(slot, ())
