"""Turns: which programs a packet comes to in a run, one behind the other, and what each of them returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..context.fields import returned

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..spec import ProgramSpec

__all__ = ["Turn", "TurnSeen", "seen"]


class Turn(NamedTuple):
    """What a program does of a run."""

    program: ProgramSpec
    begin: int
    """The position before its first instruction."""
    end: int | None
    """That behind its last one; None where it was stopped before."""
    r0: int
    """What it returned, unsigned; 0 where it has not."""


class TurnSeen(NamedTuple):
    """A program that a packet may come to, for people."""

    program: str
    verdict: str = ""
    """What it returns: `XDP_PASS (2)`; empty where it does not."""
    begin: int | None = None
    """The position at which it begins; None where the packet does not come to it."""
    end: int | None = None
    """That at which it has returned; None where it does not."""

    def has_begun(self, position: int) -> bool:
        """Whether it runs at a position, or has run before."""
        return self.begin is not None and self.begin <= position

    def is_over(self, position: int) -> bool:
        """Whether it has returned at a position."""
        return self.end is not None and self.end <= position

    def said(self, position: int) -> str:
        """Return what becomes of the packet there, as a verb of a sentence about the program."""
        if self.begin is None:
            return "is not reached"
        if self.end is None:
            return "is stopped"
        return f"{'returned' if self.is_over(position) else 'will return'} {self.verdict}"


def seen(path: Iterable[ProgramSpec], turns: Sequence[Turn]) -> tuple[TurnSeen, ...]:
    """Return what becomes of a packet in each program of a path, of which it has come to the first ones at least."""
    by_name = {each.program.name: each for each in turns}
    found: list[TurnSeen] = []
    for program in path:
        turn = by_name.get(program.name)
        if turn is None:
            found.append(TurnSeen(program.name))
            continue
        verdict = "" if turn.end is None else returned(program, turn.r0 & 0xFFFF_FFFF)
        found.append(TurnSeen(program.name, verdict, turn.begin, turn.end))
    return tuple(found)
