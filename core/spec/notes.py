"""What is worth knowing of an instruction beside its text, found a function at a time when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..asm.flow import FlowGraph
    from .program import ProgramSpec

__all__ = ["Notes"]


class Notes:
    """The notes on the instructions of one program."""

    def __init__(self, program: ProgramSpec) -> None:
        self.program = program
        self._known: dict[int, dict[int, list[str]]] = {}

    def at(self, slot: int) -> list[str]:
        """Return the notes on the instruction at a slot."""
        graph = self.program.flow.graph_at(slot)
        found = self._known.get(graph.start)
        if found is None:
            found = self._known[graph.start] = _flow(graph)
        return found.get(slot, [])


def _flow(graph: FlowGraph) -> dict[int, list[str]]:
    """Return what the control flow has to say: loops, what cannot be reached, what makes no sense."""
    found: dict[int, list[str]] = {}
    for slot, loop in graph.loop_headers.items():
        kind = "loop" if loop.is_natural else "loop with another way in"
        found.setdefault(slot, []).append(kind if loop.depth == 1 else f"{kind}, {loop.depth} deep")
    for start, _ in graph.unreachable:
        found.setdefault(start, []).append("unreachable from here")
    for slot, text in graph.problems:
        found.setdefault(slot, []).append(text)
    return found
