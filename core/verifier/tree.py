"""WalkTree: the verifier's walk as a tree: which step leads to which, and where exact values were needed."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from functools import cached_property
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .log import VerifierLog

__all__ = ["WalkTree"]

_NEEDED: Final = re.compile(r"mark_precise: frame\d+: regs=(?P<regs>\S*) stack=(?P<stack>\S*) before (?P<slot>\d+):")
_REGISTER: Final = re.compile(r"r(\d+)")
_NUMBER: Final = re.compile(r"-\d+")


class WalkTree:
    """The steps of a log at level 2, each below the one that it was come to from.

    A step is the number of its line. Where a way ends, the verifier found what it had found to be safe before (it
    *prunes*), or the program ends.

    Args:
        log: The log.
    """

    def __init__(self, log: VerifierLog) -> None:
        self.log = log

    def begin(self, slot: int) -> Sequence[int]:
        """Return the step with which the walk through a function begins; none where the log has none.

        Args:
            slot: Its first instruction: 0, or that of a global function, which is walked through by itself.
        """
        if not slot:
            return self.log.visits(0)[:1]
        return (self._global[slot],) if slot in self._global else ()

    @cached_property
    def _global(self) -> Mapping[int, int]:
        """By the first instruction of a global function, the step with which the walk through it begins."""
        steps, slots = self.log.steps, self.log.slots
        found: dict[int, int] = {}
        for function in self.log.functions:
            at = bisect_left(steps, function.line)
            if at < len(steps):
                found.setdefault(slots[at], steps[at])
        return found

    def following(self, step: int) -> Sequence[int]:
        """Return the steps that a step leads to."""
        return self._following.get(step, ())

    def next(self, step: int, slot: int, *, returns: bool = False) -> Sequence[int]:
        """Return the steps at an instruction to which a step leads; none where the way was not walked further.

        There are several where a call forks the walk: what it returns is one thing or the other.

        Args:
            step: The step.
            slot: The instruction that comes next.
            returns: Whether *step* left a function: one that a helper has called leads to that call once more.
        """
        following = self.following(step)
        found = [each for each in following if self._slot(each) == slot]
        if found or not returns:
            return found
        return [each for call in following for each in self.following(call) if self._slot(each) == slot]

    def _slot(self, step: int) -> int:
        return self.log.slots[bisect_left(self.log.steps, step)]

    @cached_property
    def _following(self) -> Mapping[int, list[int]]:
        found: dict[int, list[int]] = {}
        for step in self.log.steps:
            before = self.log.previous(step)
            if before is not None:
                found.setdefault(before, []).append(step)
        return found

    def precise(self, step: int) -> frozenset[str]:
        """Return the registers and stack slots (`R1`, `fp-8`) whose exact value the verifier came to need at a step,
        as far as its log says so beside the values themselves (Linux 6.4 and later)."""
        return self._precise.get(step, frozenset())

    @cached_property
    def _precise(self) -> Mapping[int, frozenset[str]]:
        found: dict[int, set[str]] = {}
        steps = self.log.steps
        at: int | None = None
        for number, line in enumerate(self.log.lines):
            if not line.startswith("mark_precise: "):
                continue
            if " last_idx " in line:
                # What follows goes back from the step that needs a value.
                last = bisect_right(steps, number) - 1
                at = steps[last] if last >= 0 else None
                continue
            needed = _NEEDED.match(line)
            if needed is None or at is None:
                continue
            slot = int(needed["slot"])
            if self._slot(at) == slot:
                continue  # needed behind this step, where the walk ended
            # What the log calls "before" an instruction is needed once that has been executed.
            places = {f"R{register}" for register in _REGISTER.findall(needed["regs"])}
            places |= {f"fp{offset}" for offset in _NUMBER.findall(needed["stack"])}
            before = self.log.previous(at)
            if before is None or self._slot(before) != slot:
                at = None
                continue
            found.setdefault(at, set()).update(places)
            at = before
        return {step: frozenset(places) for step, places in found.items()}
