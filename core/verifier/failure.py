"""Failure: a refusal with what the log shows around it; what the explanations work with."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from ..spec.architectures import foreign_registers
from .lineage import history, loaded_from, origin
from .state import State

if TYPE_CHECKING:
    from collections.abc import Callable

    from .lines import Step
    from .log import SourceLine, VerifierLog
    from .value import Value

__all__ = ["Failure", "Message", "Told", "amount", "foreign_told", "plain", "reads"]

_COMPARISON: Final = re.compile(r"if (?P<left>[rw]\d+) \S+ (?P<right>[rw]\d+|\S+) goto")
_ADDED: Final = re.compile(r"[rw]\d+ [+-]= [rw](?P<by>\d+)$")
_MOST: Final = 2_000
"""Steps back in which a check is looked for."""


class Told(NamedTuple):
    """What there is to say of a refusal."""

    summary: str
    """One sentence, without a final period: what is wrong, with its numbers."""
    details: tuple[str, ...] = ()
    """Further sentences: where things came from, how the numbers come about."""
    mends: tuple[str, ...] = ()
    """What usually helps, the likeliest first."""
    register: int | None = None
    """The register that it is about."""
    slot: int | None = None
    """The instruction that it is about, where it is not the last one of the walk."""


class Message(NamedTuple):
    """How one kind of message is explained."""

    key: str
    pattern: re.Pattern[str]
    explain: Callable[[re.Match[str], Failure], Told]
    follows: bool = False
    """That the kernel says it behind a reason, and only that something was refused: behind one that is not known, it
    explains nothing."""


class Failure:
    """A refusal: the log, the instruction at which the walk ended, and the state before it."""

    def __init__(self, log: VerifierLog) -> None:
        self.log = log
        self.line = log.failing

    @cached_property
    def step(self) -> Step | None:
        """The last instruction of the walk; None where the program was refused without one."""
        return None if self.line is None else self.log.step(self.line)

    @cached_property
    def state(self) -> State:
        """What was known before it."""
        return State({}, whole=False) if self.line is None else self.log.before(self.line)

    def register(self, number: int) -> Value | None:
        """Return what was known of a register; None where it was not set, or the log does not show it."""
        return self.state[f"R{number}"]

    def came_from(self, number: int) -> str:
        """Return a sentence on where a register got what it holds, with a space before; empty where none is known."""
        if self.line is None:
            return ""
        found = origin(self.log, self.line, f"R{number}")
        return "" if found is None else f"r{number} came from {found.sentence()}"

    def origin_how(self, number: int) -> str:
        """Return how the first step of a register's history set it (`loaded`, `called`, `invalidated`, …)."""
        if self.line is None:
            return ""
        changes = history(self.log, self.line, f"R{number}")
        if any(change.how == "invalidated" for change in changes):
            return "invalidated"
        return changes[-1].how if changes else ""

    def data_pointer(self, number: int) -> str | None:
        """Return what a register that was loaded from a data section was to point to (`names → &"alpha"`).

        None where it comes from elsewhere, or where nothing there was to be a pointer.
        """
        program = self.log.program
        if program is None or not program.pointers or self.line is None:
            return None
        pointers, changes = program.pointers, history(self.log, self.line, f"R{number}")
        place = loaded_from(self.log, changes[-1]) if changes else None
        if place is None:
            return None
        slot, section, offset = place
        reference = program.linked.references.get(slot)
        if reference is not None and reference.map is not None:
            section = reference.map
        if section not in pointers:
            return None
        # Of a table that is indexed, any will do as an example.
        there = pointers[section]
        found = there.get(offset) if offset is not None else next(iter(there.values()))
        return None if found is None else f"{found.holder} → {found.target}".removeprefix(" → ")

    def place(self, slot: int) -> str:
        """Return `prog.c:20`, or `instruction 7` where no C line is known."""
        source = self.log.source(slot, self.line_of(slot))
        return source.place if source is not None and source.place else f"instruction {slot}"

    def source(self, slot: int) -> SourceLine | None:
        """Return the C line of an instruction."""
        return self.log.source(slot, self.line_of(slot))

    def line_of(self, slot: int) -> int | None:
        """Return the line of the last visit of an instruction on the path; None where it is not on it."""
        if self.line is None:
            return None
        if self.step is not None and self.step.slot == slot:
            return self.line
        return next((at for at, step in self.log.backwards(self.line) if step.slot == slot), None)

    def packet_check(self) -> tuple[int, Step] | None:
        """Return the last comparison with the packet's end on the path: its line and its step."""
        if self.line is None:
            return None
        for count, (at, step) in enumerate(self.log.backwards(self.line)):
            if count > _MOST:
                return None
            found = _COMPARISON.match(step.text)
            if found is None or found["right"][0] not in "rw":
                continue
            before = self.log.before(at)
            kinds = {value.kind for side in ("left", "right") if (value := before["R" + found[side][1:]]) is not None}
            if "pkt_end" in kinds and kinds & {"pkt", "pkt_meta"}:
                return at, step
        return None

    def added(self, register: int) -> list[str]:
        """Return sentences on the number that was last added to a pointer: what is known of it, where it came from,
        and where the program looked at it."""
        if self.line is None:
            return []
        for change in history(self.log, self.line, f"R{register}"):
            found = _ADDED.match(change.text) if change.how == "changed" else None
            if found is not None:
                return self._number(change.line, int(found["by"]))
        return []

    def _number(self, line: int, register: int) -> list[str]:
        """Return sentences on a number that a register holds before a step."""
        value = self.log.before(line)[f"R{register}"]
        sentences: list[str] = []
        if value is not None and value.kind == "scalar" and value.number is None:
            known = origin(self.log, line, f"R{register}")
            came = f", from {known.sentence()}" if known is not None else ""
            sentences.append(f"r{register}, which is added to it, is {value.describe()}{came}")
        check = self._bound_check(line, register)
        if check is not None:
            source = self.log.source(check[1].slot, check[0])
            if source is not None:
                sentences.append(f"it is checked at {source.place or f'instruction {check[1].slot}'}: {source.text}")
        return sentences

    def _bound_check(self, line: int, register: int) -> tuple[int, Step] | None:
        """Return the last comparison with a constant of what a register holds, through its copies; None without one."""
        place = f"R{register}"
        changes = {change.line: change for change in history(self.log, line, place)}
        for count, (at, step) in enumerate(self.log.backwards(line)):
            if count > _MOST:
                return None
            change = changes.get(at)
            if change is not None:
                place = change.place
                copied = re.match(r"[rw]\d+ = [rw](\d+)$", change.text)
                place = f"R{copied[1]}" if copied else place
                if change.how in ("loaded", "called", "set"):
                    return None
            found = _COMPARISON.match(step.text)
            if found is not None and found["left"][1:] == place[1:] and found["right"][0] not in "rw":
                return at, step
        return None

    def last_branch(self, since: int) -> SourceLine | None:
        """Return the C line of the last branch on the path, as far back as the step on line *since*."""
        if self.line is None:
            return None
        for at, step in self.log.backwards(self.line):
            if at <= since:
                return None
            if _COMPARISON.match(step.text):
                return self.log.source(step.slot, at)
        return None


def plain(
    key: str, pattern: str, summary: str, *mends: str, details: tuple[str, ...] = (), follows: bool = False
) -> Message:
    """Return a message whose explanation only fills in what the pattern found: `{name}` is the group of that name.

    A group called `reg` is the register that it is about, and where that came from is said by itself.
    """

    def explain(match: re.Match[str], failure: Failure) -> Told:
        groups = {name: value or "" for name, value in match.groupdict().items()}
        register = int(groups["reg"]) if groups.get("reg", "").isdecimal() else None
        more = tuple(line.format(**groups) for line in details)
        if register is not None and (known := failure.came_from(register)):
            more += (known,)
        # What a group left out leaves a gap.
        text = re.sub(r" +(?=[ ,]|$)", "", summary.format(**groups))
        return Told(text, more, tuple(mend.format(**groups) for mend in mends), register)

    return Message(key, re.compile(pattern, re.MULTILINE), explain, follows)


def foreign_told(failure: Failure) -> Told | None:
    """Return what there is to say of registers that this machine does not have; None where they are its own."""
    program = failure.log.program
    foreign = foreign_registers(program.btf) if program is not None else ""
    if not foreign:
        return None
    return Told(
        foreign,
        ("the registers that a probe is given (struct pt_regs) are each architecture's own",),
        (
            "compile it once for each: -D__TARGET_ARCH_x86, -D__TARGET_ARCH_arm64, … with that machine's vmlinux.h; "
            "bpf2go does so with -target amd64,arm64",
            "read arguments by PT_REGS_PARM1() or BPF_KPROBE, or without registers: fentry, tracepoints",
        ),
    )


def amount(number: int, what: str) -> str:
    """Return `1 byte`, `14 bytes`."""
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def reads(size: int) -> str:
    """Return `1 byte is accessed`, `14 bytes are accessed`."""
    return f"{amount(size, 'byte')} {'is' if size == 1 else 'are'} accessed"
