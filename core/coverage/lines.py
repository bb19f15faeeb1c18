"""What counts mean for the source: which C lines ran, which never did, and what of their jumps did not happen.

An instruction that several programs share, as they have the same subprogram linked in, is one. A line that the compiler
has put into several places counts as often as the one that ran most, in each function. What a compiler merged or left
out has no instruction: such lines are not in here, and are missed by nobody.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from ..asm import decode, format_instruction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ..spec import CollectionSpec, ProgramSpec
    from .gathered import Gathered, ProgramCounts

__all__ = [
    "FileCoverage",
    "FunctionCoverage",
    "Gap",
    "Jump",
    "LineCoverage",
    "State",
    "Summary",
    "covered",
    "in_order",
    "total",
]

State: TypeAlias = 'Literal["run", "partly", "never", "removed"]'
"""Of a line: all of it ran, a jump never went one way, none of it ran, or nothing could come to it."""
_Site: TypeAlias = "tuple[object, int]"


class Gap(NamedTuple):
    """A way that a jump could have gone and never did."""

    line: int
    jump: Jump
    jumps: bool
    """Whether it never jumped; else it never went on."""
    number: int
    """Which of its line's jumps it is, from 1."""
    of: int
    """How many jumps the line has."""

    @property
    def text(self) -> str:
        """What did not happen, as a clause."""
        which = "" if self.of == 1 else f"jump {self.number} of {self.of}: "
        if self.jumps:
            to = f" to line {self.jump.target}" if self.jump.target is not None else ""
            return f"{which}{self.jump.text} never jumped{to}"
        to = f" to line {self.jump.behind}" if self.jump.behind is not None else ""
        return f"{which}{self.jump.text} never went on{to}"


@dataclass
class Jump:
    """A conditional jump: how often it went either way."""

    program: str
    """A program that it is in."""
    slot: int
    """Where in it."""
    text: str
    """As the kernel writes it."""
    target: int | None
    """The C line that it jumps to, in the same file."""
    behind: int | None
    """The C line that it goes on with, in the same file."""
    on: int = 0
    jumped: int = 0
    decided: bool | None = None
    """Whether it always jumps or never does, by constants; None where it may do both."""

    @property
    def outcomes(self) -> list[tuple[bool, int]]:
        """The ways that it can go (whether it jumps), and how often it did."""
        return [
            (jumps, count) for jumps, count in ((False, self.on), (True, self.jumped)) if self.decided in (None, jumps)
        ]


@dataclass
class LineCoverage:
    """One line of C."""

    number: int
    text: str
    """The line, where the object holds it."""
    runs: int = 0
    """How often it ran."""
    instructions: int = 0
    """That it became."""
    dead: int = 0
    """How many of them nothing can come to, by constants."""
    ran: int = 0
    """How many of them ran."""
    jumps: list[Jump] = field(default_factory=list[Jump])

    def add(self, other: LineCoverage) -> None:
        """Add what became of the same line in another object."""
        self.text = self.text or other.text
        self.runs += other.runs
        self.instructions += other.instructions
        self.dead += other.dead
        self.ran += other.ran
        self.jumps += other.jumps

    @property
    def is_removed(self) -> bool:
        """Whether nothing can come to it, by constants."""
        return self.dead == self.instructions

    @property
    def gaps(self) -> list[Gap]:
        """What did not happen of the jumps that were come to."""
        return [
            Gap(self.number, jump, jumps, number, len(self.jumps))
            for number, jump in enumerate(self.jumps, 1)
            if jump.on + jump.jumped
            for jumps, count in jump.outcomes
            if not count
        ]

    @property
    def state(self) -> State:
        """What became of it."""
        if self.is_removed and not self.runs:
            return "removed"
        if not self.runs:
            return "never"
        return "partly" if self.gaps else "run"


@dataclass
class FunctionCoverage:
    """One function of C."""

    name: str
    line: int
    runs: int = 0


class Summary(NamedTuple):
    """How much of something was reached, and of how much: what constants exclude does not count."""

    lines: int = 0
    all_lines: int = 0
    outcomes: int = 0
    all_outcomes: int = 0
    instructions: int = 0
    all_instructions: int = 0

    def __add__(self, other: tuple[int, ...]) -> Summary:  # pyright: ignore[reportIncompatibleMethodOverride]
        return Summary(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


@dataclass
class FileCoverage:
    """One file of C."""

    name: str
    """As the object names it; empty where it does not say which."""
    lines: dict[int, LineCoverage] = field(default_factory=dict[int, LineCoverage])
    functions: dict[str, FunctionCoverage] = field(default_factory=dict[str, FunctionCoverage])

    def add(self, other: FileCoverage) -> None:
        """Add what became of the same file in another object."""
        for number, line in other.lines.items():
            if (mine := self.lines.setdefault(number, line)) is not line:
                mine.add(line)
        for name, function in other.functions.items():
            if (known := self.functions.setdefault(name, function)) is not function:
                known.runs += function.runs

    def may_be(self, other: FileCoverage) -> bool:
        """Whether it may be the same file: no line of both has two texts."""
        return not any(
            line.text and mine.text and line.text != mine.text
            for number, line in other.lines.items()
            if (mine := self.lines.get(number)) is not None
        )

    @cached_property
    def summary(self) -> Summary:
        """How much of it was reached."""
        found = Summary()
        for line in self.lines.values():
            ways = [count for jump in line.jumps for _, count in jump.outcomes]
            found += (
                int(line.runs > 0),
                int(line.runs > 0 or not line.is_removed),
                sum(count > 0 for count in ways),
                len(ways),
                line.ran,
                line.instructions - line.dead,
            )
        return found

    @property
    def gaps(self) -> list[Gap]:
        """What did not happen, by line."""
        return [gap for _, line in sorted(self.lines.items()) for gap in line.gaps]


class _Insn:
    """One instruction, of all programs that it is in."""

    def __init__(self, jump: Jump | None) -> None:
        self.jump = jump
        self.runs = 0
        self.is_dead = True


def covered(gathered: Gathered, specs: Sequence[CollectionSpec], *, program: str | None = None) -> list[FileCoverage]:
    """Return the C files of objects, with what runs came to.

    Args:
        gathered: The counts. Programs that did not run are there too, as far as one of their object did.
        specs: The objects.
        program: The only program that is asked for; None for all that were counted.
    """
    found: dict[str, FileCoverage] = {}
    for spec in specs:
        files: dict[str, FileCoverage] = {}
        known: dict[tuple[str, int, str], dict[_Site, _Insn]] = {}
        texts: dict[tuple[str, int], str] = {}
        for each in spec.programs.values():
            counts = gathered.of(each, spec.file)
            if counts is not None and program in (None, each.name):
                _add_program(each, counts, known, texts, files)
        _add_lines(known, texts, files)
        for file in files.values():
            file.name = _placed(file, spec.file, found)
            if (other := found.setdefault(file.name, file)) is not file:
                other.add(file)
    return sorted(found.values(), key=lambda file: file.name)


def _add_program(
    program: ProgramSpec,
    counts: ProgramCounts,
    known: dict[tuple[str, int, str], dict[_Site, _Insn]],
    texts: dict[tuple[str, int], str],
    files: dict[str, FileCoverage],
) -> None:
    linked, order = program.linked, program.byte_order
    dead, decided = counts.dead or set(), counts.decided or {}
    for function in program.functions:
        origin = linked.origin(function.start) or (program.name, function.start)
        slot = function.start
        first = linked.line_at(function.start)
        if first is not None and first.slot >= function.start:
            file = files.setdefault(first.file, FileCoverage(first.file))
            found = file.functions.setdefault(function.name, FunctionCoverage(function.name, first.line))
            found.runs += counts.runs[function.start]
        while slot < function.stop:
            insn = decode(program.code, slot, order)
            info = linked.line_at(slot)
            has_line = info is not None and info.slot >= function.start
            name, number = (info.file, info.line) if info is not None and has_line else ("", 0)
            if info is not None and has_line:
                texts.setdefault((name, number), info.source)
            sites = known.setdefault((name, number, function.name), {})
            site = origin, slot - function.start
            if site not in sites:
                jump = _jump(program, slot, name) if insn.is_conditional else None
                sites[site] = _Insn(jump)
            one = sites[site]
            one.runs += counts.runs[slot]
            if one.jump is not None:
                on, jumped = counts.outcomes.get(slot, (0, 0))
                one.jump.on += on
                one.jump.jumped += jumped
                if slot not in dead:
                    way = decided.get(slot)
                    one.jump.decided = way if one.is_dead or one.jump.decided == way else None
            one.is_dead &= slot in dead
            slot += insn.slots


def _jump(program: ProgramSpec, slot: int, file: str) -> Jump:
    insn = decode(program.code, slot, program.byte_order)

    def line(at: int | None) -> int | None:
        info = None if at is None else program.linked.line_at(at)
        return info.line if info is not None and info.file == file else None

    return Jump(program.name, slot, format_instruction(insn, slot), line(insn.jump_target(slot)), line(slot + 1))


def _add_lines(
    known: dict[tuple[str, int, str], dict[_Site, _Insn]],
    texts: dict[tuple[str, int], str],
    files: dict[str, FileCoverage],
) -> None:
    for (name, number, _), sites in known.items():
        file = files.setdefault(name, FileCoverage(name))
        line = file.lines.setdefault(number, LineCoverage(number, texts.get((name, number), "").strip()))
        found = list(sites.values())
        line.runs += max(each.runs for each in found)
        line.instructions += len(found)
        line.dead += sum(each.is_dead and not each.runs for each in found)
        line.ran += sum(each.runs > 0 for each in found)
        line.jumps += [each.jump for each in found if each.jump is not None and (each.runs or not each.is_dead)]


def _placed(file: FileCoverage, spec: str, others: Mapping[str, FileCoverage]) -> str:
    """Return the path of a source as it is from here, where it lies beside its object; else as the object names it.

    It is not read: what stands in a report of a line is what the object holds.

    Args:
        file: The source, by the name that its object has for it.
        spec: The object's path.
        others: The sources of other objects, of which one may have the same name and be another file.
    """
    if not file.name or os.path.isabs(file.name):
        return file.name
    path = os.path.normpath(os.path.join(os.path.dirname(spec), file.name))
    other = others.get(file.name)
    if os.path.isfile(path) or (other is not None and not other.may_be(file)):
        with suppress(FileNotFoundError):  # the folder that we are in may be gone
            path = os.path.relpath(path)
        return path
    return file.name


def total(files: Iterable[FileCoverage]) -> Summary:
    """Return the summary of several files."""
    return sum((file.summary for file in files), Summary())


def in_order(file: FileCoverage) -> Iterator[LineCoverage]:
    """Yield the lines of a file by their numbers."""
    return (line for _, line in sorted(file.lines.items()))
