"""Bench: what a test run has, while it is left: what the program is given, and what came of its runs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ....core.debug.cloned import Cloned
    from ....core.errors import BpftuiError
    from ....core.history import History
    from ....core.live.trial import Outcome
    from ....core.packet import Packet
    from ....core.testing.kept_runs import KeptRuns

__all__ = ["Bench", "EditedPacket", "Run", "Runs"]


class Run(NamedTuple):
    """A run that can be shown again."""

    outcome: Outcome | BpftuiError
    context: Mapping[str, str] | None
    """What its context was given."""
    before: Cloned | None
    """What maps held before it, where that is known."""
    is_alone: bool
    """Whether nothing else changed maps and variables meanwhile, as far as is known."""


class Runs(NamedTuple):
    """The runs so far."""

    all: tuple[Run, ...] = ()
    at: int = 0
    """Which is shown."""


class EditedPacket(NamedTuple):
    """A packet as it is edited."""

    packet: Packet
    history: History[tuple[Packet, Packet]]
    """Each change: the packet before, and after."""
    unfolded: frozenset[int]
    """The numbers of the layers whose fields are shown."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What a test run begins with: what it had when it was left, or nothing yet."""

    asked: str = ""
    """The program that was meant when it was opened; in it another one may have been chosen."""
    program: str = ""
    packet: EditedPacket | None = None
    given: Mapping[str, str] = field(default_factory=dict[str, str])
    """The fields of its context that have a value, as typed."""
    repeat: int = 1
    runs: Runs = field(default_factory=Runs)
    kept: KeptRuns | None = None
    """The same runs, to be written as a test."""

    def without_runs(self) -> Bench:
        """Return it as it is for another version of the object: what ran was of the one before."""
        return replace(self, runs=Runs(), kept=None)
