"""What of a program is new since another version of it: where the marks in its listing stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from .changes import Change
from .functions import Kind, What

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .functions import FunctionDiff
    from .objects import ProgramDiff

__all__ = ["NOTHING_NEW", "Mark", "ProgramMarks", "program_marks"]


class Mark(NamedTuple):
    """What has become of an instruction, or of a line of C, that the newer version has."""

    kind: Kind
    """ADDED, CHANGED or RENAMED."""
    was: str = ""
    """What the older one has in its place; empty where it has nothing."""


class ProgramMarks(NamedTuple):
    """What is new in a program, by slots of its linked code: all of it in the newer version."""

    insns: Mapping[int, Mark]
    """Instructions that are not as they were."""
    lines: Mapping[int, Mark]
    """Lines of C that read otherwise, or are new, by the first of the instructions below."""
    gone: Mapping[int, Sequence[str]]
    """Instructions that are no more, by the one that follows them now; at the end of a function by its last one."""
    functions: Mapping[int, Change]
    """Functions that are not as they were, by their first slot: CHANGED or ADDED."""
    stops: Sequence[int]
    """Where what is new begins, ascending: of marks that follow each other the first."""


NOTHING_NEW: Final = ProgramMarks({}, {}, {}, {}, ())
"""What is new in a program that is as it was."""


def program_marks(found: ProgramDiff) -> ProgramMarks:
    """Return what is new in a program that both versions have, or the newer one alone; nothing where it is damaged."""
    marks = _Marks()
    for start, function in found.placed:
        if function.change is not Change.SAME or function.reads_otherwise:
            marks.add(function, start)
    return marks.marks()


class _Marks:
    """Gathers them, function by function."""

    def __init__(self) -> None:
        self._insns: dict[int, Mark] = {}
        self._lines: dict[int, Mark] = {}
        self._gone: dict[int, list[str]] = {}
        self._functions: dict[int, Change] = {}
        self._stops: list[int] = []

    def add(self, found: FunctionDiff, start: int) -> None:
        """Add those of a function behind the ones before, whose first instruction is at *start*."""
        if found.change is not Change.SAME:
            self._functions[start] = found.change
        known = set[str]() if found.old is None else {text for _, _, text in found.old.lines}
        last, lost = start, list[str]()
        was_marked = is_marked = False
        for row in found.rows():
            if row.what is What.LABEL:
                continue
            if row.new is None:
                if row.what is What.INSN and row.old is not None:
                    lost.append(row.old.text)
                continue
            slot = start + row.new.slot
            # A line whose instructions are others, or stand elsewhere, is no other line.
            is_line = row.what is What.SOURCE
            if row.kind is not Kind.SAME and not (is_line and row.new.text in known):
                mark = Mark(row.kind, "" if row.old is None else row.old.text)
                (self._lines if is_line else self._insns)[slot] = mark
                is_marked = True
            if is_line:
                continue
            if lost:
                self._gone[slot], lost, is_marked = lost, [], True
            if is_marked and not was_marked:
                self._stops.append(slot)
            last, was_marked, is_marked = slot, is_marked, False
        if lost:
            self._gone.setdefault(last, []).extend(lost)
            if not was_marked:
                self._stops.append(last)

    def marks(self) -> ProgramMarks:
        """Return all of them."""
        return ProgramMarks(self._insns, self._lines, self._gone, self._functions, tuple(self._stops))
