"""ProgramCoverage: what runs of one program came to, instruction by instruction, for a listing of it."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from ..asm import instructions
from .gathered import Gathered
from .lines import covered, total

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..spec import CollectionSpec, ProgramSpec
    from .gathered import ProgramCounts
    from .lines import Summary

__all__ = ["ProgramCoverage"]


class ProgramCoverage:
    """What runs of a program came to.

    Args:
        program: The program.
        spec: The object that it is of.
        counts: Of its code.
    """

    def __init__(self, program: ProgramSpec, spec: CollectionSpec, counts: ProgramCounts) -> None:
        self._program = program
        self._spec = spec
        self._counts = counts
        self._dead = counts.dead or set[int]()
        self._decided = counts.decided or {}

    @property
    def runs(self) -> int:
        """How often the program was entered."""
        return self._counts.runs[0] if self._counts.runs else 0

    @cached_property
    def most(self) -> int:
        """How often the instruction ran that ran most."""
        return max(self._counts.runs, default=0)

    def within(self, start: int, stop: int) -> int | None:
        """Return how often the one of the instructions from slot *start* to before *stop* ran that ran most.

        None where nothing can come to any of them, by constants.
        """
        found = max(self._counts.runs[start:stop], default=0)
        return None if not found and all(slot in self._dead for slot in range(start, stop)) else found

    @cached_property
    def removed(self) -> frozenset[int]:
        """The slots that nothing can come to, by constants."""
        return frozenset(self._dead)

    @property
    def decided(self) -> Mapping[int, bool]:
        """The conditional jumps that always go the same way, by constants: whether they jump."""
        return self._decided

    @property
    def counts(self) -> Mapping[int, int]:
        """How often each instruction ran that did, by slot."""
        return {slot: count for slot, count in enumerate(self._counts.runs) if count}

    def one_sided(self, slot: int) -> str:
        """Return which way a conditional jump never went that was come to, as a clause; empty for any other one."""
        on, jumped = self._counts.outcomes.get(slot, (0, 0))
        if bool(on) == bool(jumped) or slot in self._decided:
            return ""
        return f"never jumped in {on:,}" if on else f"always jumped in {jumped:,}"

    @cached_property
    def gaps(self) -> tuple[int, ...]:
        """Where something did not happen that could have: the slots at which that begins, ascending.

        It begins where instructions follow that never ran, and at a jump that never went one way.
        """
        found: list[int] = []
        is_missed = False
        for slot, _ in instructions(self._program.code, self._program.byte_order):
            was_missed, is_missed = is_missed, not self._counts.runs[slot] and slot not in self._dead
            if (is_missed and not was_missed) or self.one_sided(slot):
                found.append(slot)
        return tuple(found)

    @cached_property
    def summary(self) -> Summary:
        """How much of its C lines, of the outcomes of its jumps and of its instructions was reached."""
        gathered = Gathered({(os.path.abspath(self._spec.file), self._program.name): self._counts})
        return total(covered(gathered, [self._spec], program=self._program.name))
