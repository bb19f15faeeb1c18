"""VerifierLog: a log, indexed as far as it is looked at.

A log can have 85 MB and a million instructions. Opening one splits it into lines and looks at its end; everything else
is found when it is asked for, and kept.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from .lines import LineKind, Step, cause, classify, parse_step
from .report import find_report
from .state import State
from .summary import Summary, parse_summary

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..btf import Btf
    from ..spec import ProgramSpec
    from .members import ContextMembers
    from .report import Report

__all__ = ["Function", "SourceLine", "VerifierLog"]

_STEP_START: Final = re.compile(r"(\d{1,9}): \([0-9a-f]{2}\)")
_FROM: Final = re.compile(r"from (?P<from>\d+) to (?P<to>\d+)(?: \(speculative execution\))?:(?P<state> .*)?$")
_AT: Final = re.compile(r"(?P<slot>\d+):(?P<state> (?:frame\d+: )?(?:[RrWw]\d+|fp-)\S*=.*)$")
_CALL_STATE: Final = re.compile(r" (?:frame\d+:|[RrWw]\d+\S*=)")
_SOURCE: Final = re.compile(r"\s*; (?P<text>.*?)(?: @ (?P<file>\S+):(?P<line>\d+))?$")
_FUNCTION: Final = re.compile(r"^Validating (?P<name>.+?)\(\) func#(?P<number>\d+)\.\.\.")
_CALL_TITLES: Final = ("caller:", "callee:", "returning from callee:", "to caller at")
_STATISTICS: Final = re.compile(r"verification time \d+ usec$")
_FURTHEST: Final = 20_000
"""Lines that are walked back for a state; further back, a state is known in part."""
_KEPT_STATES: Final = 1024
_KEPT_EACH: Final = 64
"""Lines between two states that are kept on the way to one."""
_KEPT_VISITS: Final = 64


class SourceLine(NamedTuple):
    """A line of C."""

    text: str
    file: str = ""
    """Without its folder; empty where the log does not say (Linux before 6.10)."""
    line: int = 0

    @property
    def place(self) -> str:
        """`prog.c:20`, or empty."""
        return f"{self.file}:{self.line}" if self.file else ""


class Function(NamedTuple):
    """A global function that the verifier walked through by itself."""

    name: str
    number: int
    line: int
    """The line of the log with which it begins."""


class VerifierLog:
    """A verifier's log.

    Lines are counted from 0. A *step* is a line on which an instruction was walked over; a *visit* of an instruction is
    one of its steps.
    """

    def __init__(
        self, text: str, program: ProgramSpec | None = None, *, refused: bool = False, target: Btf | None = None
    ) -> None:
        """Initialise a log.

        Args:
            text: The log, whole or cut.
            program: What was loaded, where it is at hand: its C lines are better than those in the log.
            refused: That it ends with a refusal, whatever it looks like: a few words that are left of one.
            target: The types that the program was adapted to (CO-RE); None for those of the running kernel.
        """
        self.text = text
        self.target = target
        self.program = program
        self.refused = refused
        self.lines = text.rstrip("\n").split("\n") if text.strip() else []
        self._states: dict[int, State] = {}
        self._visits: dict[int, list[int]] = {}

    # What it ends with

    @cached_property
    def report(self) -> Report | None:
        """The kernel's own explanation in sections; None before Linux 7.3."""
        return find_report(self.lines)

    @cached_property
    def cause(self) -> range:
        """The lines that say why the verifier refused; none where it did not."""
        if self.report is None:
            return cause(self.lines, refused=self.refused)
        stop = self.report.lines.start
        while stop and not self.lines[stop - 1].strip():
            stop -= 1
        start = stop
        while start and self.lines[start - 1].strip() and classify(self.lines[start - 1]) is LineKind.MESSAGE:
            start -= 1
        return range(start, stop) if start < stop else self.report.lines

    @property
    def messages(self) -> list[str]:
        """The verifier's last words, line by line."""
        # Not every message of the kernel ends its line: statistics may follow on it.
        return [_STATISTICS.sub("", self.lines[index]).strip() for index in self.cause]

    @cached_property
    def summary(self) -> Summary:
        """The numbers at its end."""
        return parse_summary(self.text)

    @cached_property
    def failing(self) -> int | None:
        """The line of the instruction at which the verifier gave up; None where it walked over none."""
        stop = self.cause.start if self.cause else len(self.lines)
        return next((index for index in range(stop - 1, -1, -1) if self._is_step(index)), None)

    @cached_property
    def context(self) -> ContextMembers:
        """The members of the program's context."""
        from .members import ContextMembers

        return ContextMembers(self.program, self.target)

    # Steps and visits

    def kind(self, line: int) -> LineKind:
        """Return what a line is."""
        if self.report is not None and line in self.report.lines:
            return LineKind.REPORT
        return classify(self.lines[line])

    def step(self, line: int) -> Step | None:
        """Return the instruction on a line; None where there is none."""
        return parse_step(self.lines[line])

    def slot(self, line: int) -> int | None:
        """Return the instruction that a line belongs to: its own, a C line's next one, for others the last one."""
        found = self.step(line)
        if found is not None:
            return found.slot
        at = bisect_left(self.steps, line)
        after = self.kind(line) is not LineKind.SOURCE and at > 0
        if not len(self.steps):
            return None
        return self.slots[at - 1 if after else min(at, len(self.steps) - 1)]

    @cached_property
    def steps(self) -> Sequence[int]:
        """The lines of all steps, in their order."""
        return self._index[0]

    @cached_property
    def slots(self) -> Sequence[int]:
        """The instruction of each of `steps`."""
        return self._index[1]

    @cached_property
    def _index(self) -> tuple[array[int], array[int]]:
        lines, slots = array("l"), array("l")
        for number, line in enumerate(self.lines):
            found = _STEP_START.match(line) if line[:1].isdecimal() else None
            if found is not None:
                lines.append(number)
                slots.append(int(found[1]))
        return lines, slots

    @cached_property
    def heat(self) -> dict[int, int]:
        """How often each instruction was walked over."""
        from collections import Counter

        return dict(Counter(self.slots))

    def visits(self, slot: int) -> list[int]:
        """Return the lines on which an instruction was walked over."""
        if slot not in self._visits:
            if len(self._visits) > _KEPT_VISITS:
                self._visits.clear()
            self._visits[slot] = [line for line, found in zip(self.steps, self.slots, strict=True) if found == slot]
        return self._visits[slot]

    def step_line(self, line: int) -> int | None:
        """Return the last step on or before a line; None where there is none."""
        at = bisect_right(self.steps, line)
        return self.steps[at - 1] if at else None

    @cached_property
    def functions(self) -> tuple[Function, ...]:
        """The global functions that were verified by themselves, in the log's order (log level 1, Linux 5.6)."""
        found = ((number, _FUNCTION.match(line)) for number, line in enumerate(self.lines) if line[:1] == "V")
        return tuple(Function(match["name"], int(match["number"]), number) for number, match in found if match)

    def _is_step(self, line: int) -> bool:
        text = self.lines[line]
        return text[:1].isdecimal() and _STEP_START.match(text) is not None

    # Where the walk came from

    def previous(self, line: int) -> int | None:
        """Return the step before a step on the path that leads to it; None at the path's start."""
        at = bisect_left(self.steps, line)
        if at == 0:
            return None
        before = self.steps[at - 1]
        between = next(
            (n for n in range(line - 1, before, -1) if self.lines[n].startswith(("from ", "Validating "))), None
        )
        if between is None:
            return before
        return self._parents.get(line)

    @cached_property
    def _parents(self) -> dict[int, int | None]:
        """The step from which the walk went on after `from A to B:`, by the line of the first step there.

        The verifier walks depth first: what it took up again is the last branch that it had put aside at A.
        """
        parents: dict[int, int | None] = {}
        stack: list[tuple[int, int]] = []
        at = 0
        pending: tuple[int | None] | None = None
        for number, line in enumerate(self.lines):
            if at < len(self.steps) and self.steps[at] == number:
                if pending is not None:
                    parents[number] = pending[0]
                    pending = None
                stack.append((self.slots[at], number))
                at += 1
            elif line.startswith("from "):
                found = _FROM.match(line)
                if found is not None:
                    pending = (_take_up(stack, int(found["from"])),)
            elif line.startswith("Validating "):
                stack.clear()
                pending = (None,)
        return parents

    def path(self, line: int, limit: int = 1000) -> list[int]:
        """Return the last *limit* steps that lead to a step, itself the last."""
        steps = [line]
        while len(steps) < limit:
            before = self.previous(steps[-1])
            if before is None:
                break
            steps.append(before)
        steps.reverse()
        return steps

    # States

    def before(self, line: int) -> State:
        """Return what was known before the step on *line*."""
        return self._walk(line)

    def after(self, line: int) -> State:
        """Return what was known after the step on *line*."""
        step = self.step(line)
        state = self.before(line)
        if step is None:
            return state
        state = state.after(step)
        for number in range(line + 1, min(line + 40, len(self.lines))):
            text = self.lines[number]
            if self._is_step(number) or text.startswith(("from ", "Validating ")):
                break
            state = self._noted(state, number)
        return state

    def _start(self, line: int) -> int:
        """Return the nearest line, *line* or before, whose state is known, or one at which to begin without."""
        first = max(0, line - _FURTHEST)
        for number in range(line, first, -1):
            if number in self._states or (number < line and self._whole(number) is not None):
                return number
        return first

    def _walk(self, line: int) -> State:
        """Return the state before *line*, from the nearest that is known."""
        start = self._start(line)
        state = self._states.get(start)
        if state is None:
            state = self._whole(start) or State({}, whole=False)
        for number in range(start, line):
            text = self.lines[number]
            found = parse_step(text) if text[:1].isdecimal() else None
            if number % _KEPT_EACH == 0 and number > start:
                self._states[number] = state
            state = state.after(found) if found is not None else self._noted(state, number)
        if len(self._states) > _KEPT_STATES:
            self._states.clear()
        self._states[line] = state
        return state

    def _whole(self, number: int) -> State | None:
        """Return the state that a line gives whole; None where it gives none."""
        text = self.lines[number]
        if text.startswith("from "):
            found = _FROM.match(text)
            return State.parse(found["state"]) if found is not None and found["state"] else None
        before = self.lines[number - 1] if number else ""
        if text[:1] == " " and before.startswith(_CALL_TITLES):
            return State.parse(text) if _CALL_STATE.match(text) else None
        if before.startswith("Validating ") or (text.startswith("0: R1") and "R10=fp0" in text):
            found = _AT.match(text)
            return State.parse(found["state"]) if found is not None else None
        return None

    def _noted(self, state: State, number: int) -> State:
        """Return the state after a line that is no step."""
        text = self.lines[number]
        whole = self._whole(number)
        if whole is not None:
            return whole
        found = _AT.match(text) if text[:1].isdecimal() else None
        return state.noted(found["state"]) if found is not None else state

    # C lines

    def source(self, slot: int, line: int | None = None) -> SourceLine | None:
        """Return the C line of an instruction.

        Args:
            slot: The instruction.
            line: One of its steps: with it, and without a program, the last C line before it in the log is meant.
        """
        if self.program is not None:
            info = self.program.linked.line_at(slot)
            if info is not None:
                return SourceLine(info.source.strip(), info.file.rpartition("/")[2], info.line)
        if line is None:
            line = next(iter(self.visits(slot)), None)
        return None if line is None else self._source_before(line)

    def _source_before(self, line: int) -> SourceLine | None:
        for number in range(line - 1, max(-1, line - _FURTHEST), -1):
            text = self.lines[number]
            if text.lstrip()[:1] == ";":
                found = _SOURCE.match(text)
                if found is not None:
                    return SourceLine(found["text"].strip(), found["file"] or "", int(found["line"] or 0))
        return None

    def backwards(self, line: int) -> Iterator[tuple[int, Step]]:
        """Yield the steps before a step, the nearest first, along the path that leads to it."""
        at = self.previous(line)
        while at is not None:
            step = self.step(at)
            assert step is not None
            yield at, step
            at = self.previous(at)


def _take_up(stack: list[tuple[int, int]], slot: int) -> int | None:
    """Return the line of the last step at *slot* that is still on the stack, and forget what came after it."""
    for index in range(len(stack) - 1, -1, -1):
        if stack[index][0] == slot:
            line = stack[index][1]
            del stack[index:]
            return line
    return None
