"""bpftui.core.diff.marks: what of a program is new, by the slots of the newer version."""

from __future__ import annotations

import pytest

from bpftui.core.diff import NOTHING_NEW, Change, Kind, Mark, ProgramMarks, diff, program_marks
from tests.core.diff.listings import listing, spec_of
from tests.core.diff.test_functions import pairs, spec


def marks(old: str, new: str) -> ProgramMarks:
    (found,) = diff(spec_of(old), spec_of(new)).programs
    return program_marks(found)


def test_nothing_is_new_in_the_same() -> None:
    assert marks("r0 = 1; exit", "r0 = 1; exit") == NOTHING_NEW


def test_what_is_added_changed_and_gone() -> None:
    old = "r0 = 1; r1 = 0x2; r2 = 3; r0 += r2; r0 &= 255; exit"
    new = "r0 = 1; r1 = 0x7; r0 += r2; r0 &= 255; call bpf_ktime_get_ns; exit"
    found = marks(old, new)
    assert found.insns == {1: Mark(Kind.CHANGED, "r1 = 0x2"), 5: Mark(Kind.ADDED)}
    assert found.gone == {3: ["r2 = 3"]}
    assert found.functions == {0: Change.CHANGED}
    assert found.stops == (1, 5)


def test_what_is_gone_at_the_end_is_told_at_the_last() -> None:
    found = marks("r0 = 1; exit; r0 = 2; exit", "r0 = 1; exit")
    assert found == ProgramMarks({}, {}, {1: ["r0 = 2", "exit"]}, {0: Change.CHANGED}, (1,))


@pytest.mark.parametrize(("old", "new"), pairs())
def test_what_is_not_marked_is_as_it_was(old: str, new: str) -> None:
    """All old instructions are in their places, are others there, or are gone; each of a new one too."""
    found = diff(spec(old), spec(new))
    for program in found.programs:
        if program.new is None or program.old is None:
            continue
        told = program_marks(program)
        for function, each in zip(program.new.functions, program.functions, strict=False):
            if each.new is None or each.problem:
                continue
            slots = range(function.start, function.stop)
            after = sum(1 for line in listing(each.new) if not line.endswith(":"))
            before = 0 if each.old is None else sum(1 for line in listing(each.old) if not line.endswith(":"))
            kinds = [told.insns[slot].kind for slot in slots if slot in told.insns]
            gone = sum(len(told.gone.get(slot, ())) for slot in slots)
            assert after - kinds.count(Kind.ADDED) + gone == before
            assert bool(kinds or gone) == (listing(each.new) != (listing(each.old) if each.old is not None else []))
        assert set(told.stops) <= {*told.insns, *told.lines, *told.gone}
