"""What the runs of a program came to, all of them together; and where the next one should rather go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..asm.flow.worklist import closure

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from ..spec.program import ProgramSpec

__all__ = ["Ways"]

_TRIES: Final = 24
"""How often a jump goes towards what is asked for, before it goes both ways in turn."""


class Ways:
    """The ways of all runs.

    Args:
        program: What is run.
        wanted: The slots that are asked for; None asks for all.
    """

    def __init__(self, program: ProgramSpec, wanted: Iterable[int] | None) -> None:
        self.found: set[int] = set()
        """Slots of the instructions that were run."""
        self.entries = [0]
        """Functions that are verified by themselves: the program, global functions that are called, callbacks."""
        self.callbacks: set[int] = set()
        self._taken: dict[tuple[int, bool], int] = {}
        """How often a jump was taken, and was not."""
        self._leads = None if wanted is None else _Leads(program, wanted)

    def begins(self, entry: int, *, callback: bool = False) -> None:
        """Note that the verifier walks through a function by itself."""
        if entry not in self.entries:
            self.entries.append(entry)
            if callback:
                self.callbacks.add(entry)

    def went(self, slot: int, *, taken: bool) -> None:
        """Note which way a jump went."""
        self._taken[slot, taken] = self._taken.get((slot, taken), 0) + 1

    @property
    def is_done(self) -> bool:
        """Whether all that was asked for is found."""
        return self._leads is not None and self._leads.wanted <= self.found

    def prefers(self, slot: int, yes: int, no: int) -> bool:
        """Return whether a jump should rather be taken: to what is asked for, or to what was seen less often."""
        took, left = self._taken.get((slot, True), 0), self._taken.get((slot, False), 0)
        if self._leads is not None and max(took, left) < _TRIES:
            leads = self._leads.leads(yes), self._leads.leads(no)
            if leads[0] != leads[1]:
                return leads[0]
        return took < left if took != left else yes not in self.found

    def update(self) -> None:
        """Ask no more for what is found by now."""
        if self._leads is not None:
            self._leads.update(self.found)


class _Leads:
    """Which blocks lead to instructions that are asked for, and not found yet."""

    def __init__(self, program: ProgramSpec, wanted: Iterable[int]) -> None:
        self.flow = program.flow
        self.wanted = set(wanted)
        self._blocks: dict[int, set[int]] = {}
        self._count = -1

    def update(self, found: Collection[int]) -> None:
        """Leave out what is found by now."""
        self.wanted = {slot for slot in self.wanted if slot not in found}

    def leads(self, slot: int) -> bool:
        """Whether from a slot its function leads to something asked for, by itself or by what it calls."""
        if len(self.wanted) != self._count:
            self._count = len(self.wanted)
            self._blocks = self._find()
        if not 0 <= slot < self.flow.slots:
            return False
        graph = self.flow.graph_at(slot)
        return graph.block_at(slot) in self._blocks.get(graph.start, ())

    def _find(self) -> dict[int, set[int]]:
        flow = self.flow
        blocks: dict[int, set[int]] = {}
        waiting = [slot for slot in self.wanted if slot < flow.slots]
        seen: set[int] = set()
        while waiting:
            slot = waiting.pop()
            graph = flow.graph_at(slot)
            good = blocks.setdefault(graph.start, set())
            good |= closure([graph.block_at(slot)], graph.predecessors, good)
            if graph.start not in seen:
                seen.add(graph.start)
                waiting += [call.slot for call in flow.callers(graph.start)]
        return blocks
