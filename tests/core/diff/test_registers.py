"""bpftui.core.diff.registers: instructions that do the same with values in other registers."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpftui.core.diff import FunctionDiff, Kind, What
from bpftui.core.diff.registers import _UNKNOWN, _met
from bpftui.core.limits import Budget
from tests.core.diff.listings import function_of


def kinds(old: str, new: str) -> tuple[str, bool]:
    """Return the kinds of the rows of instructions, a letter each, and whether only registers differ."""
    found = FunctionDiff(function_of(old), function_of(new), Budget(0, "the comparison"))
    rows = [row for row in found.rows() if row.what is What.INSN]
    letters = {Kind.SAME: "=", Kind.RENAMED: "r", Kind.CHANGED: "~", Kind.REMOVED: "-", Kind.ADDED: "+"}
    return "".join(letters[row.kind] for row in rows), found.only_renamed


@pytest.mark.parametrize(
    ("old", "new", "rows", "only_renamed"),
    [
        ("r6 = r1; r0 = r6; exit", "r6 = r1; r0 = r6; exit", "===", False),
        # a value is kept in another register, and used there
        ("r6 = r1; r0 = r6; exit", "r7 = r1; r0 = r7; exit", "rr=", True),
        # … but what is returned is another one
        ("r6 = r1; r7 = r2; r0 = r6; exit", "r7 = r1; r6 = r2; r0 = r6; exit", "rr==", False),
        # two that changed places
        ("r6 = 1; r7 = 2; r0 = r6; r0 -= r7; exit", "r7 = 1; r6 = 2; r0 = r7; r0 -= r6; exit", "rrrr=", True),
        # of two that have one register now, the first is lost
        ("r6 = r1; r7 = r2; r0 = r6; exit", "r6 = r1; r6 = r2; r0 = r6; exit", "=r==", False),
        # over a loop, and from both sides of a branch
        (
            "r6 = 5; r7 = r1; if r7 == 0x0 goto pc+2; r6 += -1; if r6 != 0x0 goto pc-2; r0 = r6; exit",
            "r8 = 5; r7 = r1; if r7 == 0x0 goto pc+2; r8 += -1; if r8 != 0x0 goto pc-2; r0 = r8; exit",
            "r==rrr=",
            True,
        ),
        # … on one side of which it comes into another register
        (
            "r6 = r1; if r1 == 0x0 goto pc+1; r6 = 7; r0 = r6; exit",
            "r7 = r1; if r1 == 0x0 goto pc+1; r6 = 7; r0 = r7; exit",
            "r==~=",
            False,
        ),
        # arguments of a call are where they have to be
        (
            "r6 = r1; call bpf_ktime_get_ns; r0 += r6; exit",
            "r7 = r1; call bpf_ktime_get_ns; r0 += r7; exit",
            "r=r=",
            True,
        ),
        # what a call leaves nothing in
        (
            "r6 = r1; call bpf_ktime_get_ns; r0 = r6; exit",
            "r6 = r1; call bpf_ktime_get_ns; r0 = r1; exit",
            "==~=",
            False,
        ),
        # one register is read and written, where the other function has two
        ("r6 = r1; r6 = *(u32 *)(r6 +4); r0 = r6; exit", "r7 = r1; r6 = *(u32 *)(r7 +4); r0 = r6; exit", "rr==", True),
        ("r1 = *(u32 *)(r1 +4); r0 = r1; exit", "r2 = *(u32 *)(r1 +4); r0 = r1; exit", "r==", False),
        # what comes of another value is another value, wherever it is kept
        (
            "r6 = r1; r7 = r2; r3 = r6; r3 += 5; r0 = r3; exit",
            "r7 = r1; r6 = r2; r4 = r6; r4 += 5; r0 = r4; exit",
            "rr~~~=",
            False,
        ),
        # … also what a call returns that is given one
        (
            "r6 = r1; r7 = r2; r1 = r6; call bpf_redirect; r8 = r0; exit",
            "r7 = r1; r6 = r2; r1 = r6; call bpf_redirect; r9 = r0; exit",
            "rr==~=",
            False,
        ),
        # what one has more changes what it writes, and nothing else
        ("r6 = r1; r0 = r6; exit", "r7 = r1; r8 = 5; r0 = r7; exit", "r+r=", False),
        ("r6 = r1; r8 = 5; r0 = r6; exit", "r7 = r1; r0 = r7; exit", "r-r=", False),
        ("r6 = r1; r0 = r6; exit", "r7 = r1; r7 = *(u8 *)(r1 +9); r0 = r7; exit", "r+~=", False),
        ("r6 = r1; r6 = 5; r0 = r6; exit", "r7 = r1; r0 = r7; exit", "r-~=", False),
        # where one alone can be jumped to nothing is known but the frame
        (
            "if r1 == 0x0 goto pc+1; r0 = 1; r6 = r10; r0 = r6; exit",
            "r0 = 1; r7 = r10; r0 = r7; exit",
            "-=rr=",
            False,
        ),
        (
            "r6 = r1; if r1 == 0x0 goto pc+1; r0 = 1; r0 = r6; exit",
            "r7 = r1; r0 = 1; r0 = r7; exit",
            "r-=~=",
            False,
        ),
        # another number is another instruction
        ("r6 = 1; r0 = r6; exit", "r7 = 2; r0 = r7; exit", "~~=", False),
        ("r6 = 1; r0 = r6; exit", "r7 = 1; r7 += 1; r0 = r7; exit", "r+~=", False),
    ],
)
def test_values_in_other_registers(old: str, new: str, rows: str, only_renamed: bool) -> None:
    assert kinds(old, new) == (rows, only_renamed)


def test_which_registers_they_are() -> None:
    found = FunctionDiff(
        function_of("r6 = r1; w0 = w6; r6 += 1; exit"),
        function_of("r8 = r1; w0 = w8; r8 += 1; exit"),
        Budget(0, "the comparison"),
    )
    assert found.renamings == (("r6", "r8"),)
    assert found.counts == (1, 3, 0, 0, 0)


NUMBERS = st.integers(1, 4)
LINES = st.one_of(
    st.tuples(st.just("r{} = {}"), NUMBERS, st.integers(0, 1)),
    st.tuples(st.just("r{} = r{}"), NUMBERS, NUMBERS),
    st.tuples(st.just("r{} += r{}"), NUMBERS, NUMBERS),
)


def returned(lines: list[tuple[str, int, int]]) -> list[int]:
    """Return what such code makes of its arguments: how often each counts, and the constants, in the last register."""
    values = {number: [int(at == number) for at in range(1, 6)] for number in range(1, 5)}
    for form, to, what in lines:
        if form == "r{} = {}":
            values[to] = [0, 0, 0, 0, what]
        elif form == "r{} = r{}":
            values[to] = values[what]
        else:
            values[to] = [a + b for a, b in zip(values[to], values[what], strict=True)]
    return values[lines[-1][1]]


@settings(max_examples=300)
@given(st.lists(st.tuples(LINES, st.permutations([1, 2, 3, 4])), min_size=2, max_size=5))
def test_what_is_said_to_do_the_same_does(lines: list[tuple[tuple[str, int, int], list[int]]]) -> None:
    old = [line for line, _ in lines]
    # The same instructions with any other registers: by chance they do the same.
    new = [(form, order[to - 1], what if form == "r{} = {}" else order[what - 1]) for (form, to, what), order in lines]
    texts = [
        "; ".join([*(form.format(to, what) for form, to, what in code), f"r0 = r{code[-1][1]}", "exit"])
        for code in (old, new)
    ]
    rows, only_renamed = kinds(*texts)
    if only_renamed:
        assert returned(old) == returned(new), texts
        assert set(rows) <= {"=", "r"}


def test_what_holds_where_two_ways_meet() -> None:
    one, other = (1, 2, 3), (1, 4, 3)
    assert _met(None, None) is None
    assert (_met(one, None), _met(None, other)) == (one, other)
    assert _met(one, other) == (1, _UNKNOWN, 3)


def test_what_only_a_jump_leads_to() -> None:
    old = "r6 = r1; if r1 == 0x0 goto pc+2; r0 = 0; exit; r0 = r6; exit"
    assert kinds(old, old.replace("r6", "r7")) == ("r===r=", True)
