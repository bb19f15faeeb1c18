"""The walk as a tree, and where its work goes: small logs, step by step."""

from __future__ import annotations

from pathlib import Path

from bpftui.core.verifier import Heat, VerifierLog
from bpftui.core.verifier.tree import WalkTree
from tests.core.verifier.test_log import BRANCHES

LOGS = Path(__file__).parent / "logs"
FIRST, A, B, SEVEN, LEFT, RIGHT, READ = 3, 4, 6, 8, 9, 12, 16
"""The lines of the steps of BRANCHES: what is read, two branches, what is set, the exit on two ways, what fails."""


def test_what_leads_where() -> None:
    tree = WalkTree(VerifierLog(BRANCHES))
    assert tree.begin(0) == [FIRST]
    assert tree.begin(1) == ()
    assert [list(tree.following(step)) for step in (FIRST, A, B, SEVEN, LEFT, RIGHT)] == [
        [A],
        [B, READ],
        [SEVEN, RIGHT],
        [LEFT],
        [],
        [],
    ]
    assert (tree.next(A, 2), tree.next(A, 5), tree.next(A, 3)) == ([B], [READ], [])
    assert (tree.next(B, 3), tree.next(B, 4)) == ([SEVEN], [RIGHT])


def test_a_function_that_returns_leads_to_what_follows_its_call() -> None:
    """What a callback leaves leads to the call of the helper once more, and from there on."""
    log = """\
0: R1=ctx() R10=fp0
0: (85) call bpf_loop#181
from 0 to 4: frame1: R1=scalar()
4: (b7) r0 = 0
5: (95) exit
0: (85) call bpf_loop#181
1: (95) exit
"""
    tree = WalkTree(VerifierLog(log))
    assert list(tree.following(4)) == [5]
    assert tree.next(4, 1) == []
    assert tree.next(4, 1, returns=True) == [6]
    assert tree.next(4, 0, returns=True) == [5]
    assert tree.next(4, 7, returns=True) == []


def test_a_global_function_is_walked_through_by_itself() -> None:
    text = (LOGS / "functions_level2.log").read_text()
    log = VerifierLog(text)
    tree, lines = WalkTree(log), text.splitlines()
    assert log.functions
    for function in log.functions:
        begin = next(number for number in log.steps if number > function.line)  # behind its line, `Validating …`
        slot = int(lines[begin].partition(":")[0])
        assert slot
        assert list(tree.begin(slot)) == [begin]
    assert tree.begin(9_999) == ()


PRECISE = """\
0: R1=ctx() R10=fp0
0: (b7) r2 = 1
1: (7b) *(u64 *)(r10 -8) = r2
2: (b7) r3 = 7
3: (0f) r2 += r3
mark_precise: frame0: regs=r9 stack= before 2: (b7) r3 = 7
mark_precise: frame0: last_idx 3 first_idx 0 subseq_idx -1
mark_precise: frame0: regs=r2 stack= before 3: (0f) r2 += r3
mark_precise: frame0: regs=r2,r3 stack=-8 before 2: (b7) r3 = 7
mark_precise: frame0: regs=r2 stack=-8,-16 before 1: (7b) *(u64 *)(r10 -8) = r2
mark_precise: frame0: regs=r4 stack= before 7: (95) exit
mark_precise: frame0: regs=r5 stack= before 0: (b7) r2 = 1
4: (95) exit
mark_precise: frame0: last_idx 4 first_idx 0 subseq_idx -1
mark_precise: frame0: parent state regs=r0 stack=:  R0=1
mark_precise: frame0: regs=r0 stack= before 3: (0f) r2 += r3
"""


def test_where_exact_values_were_needed() -> None:
    """What is needed "before" an instruction is known once it was executed: at the step that comes next."""
    tree = WalkTree(VerifierLog(PRECISE))
    assert {line: set(tree.precise(line)) for line in range(14)} == {
        **{line: set() for line in (0, 1, 2, 5, 6, 7, 8, 9, 10, 11, 13)},
        3: {"R2", "fp-8", "fp-16"},
        4: {"R2", "R3", "fp-8"},
        12: {"R0"},
    }


def test_where_the_work_goes() -> None:
    heat = Heat(VerifierLog(BRANCHES))
    assert heat.total == 7
    assert [heat.within(*span) for span in ((0, 2), (4, 5), (4, 100), (50, 100), (3, 3), (0, 6))] == [2, 2, 3, 0, 0, 7]
    assert heat.hottest is not None
    assert (heat.hottest.slots, heat.hottest.visits, round(heat.hottest.share, 2)) == ((3, 4), 3, 0.43)
    for processed, walked in (("9", "7"), ("10", "7"), ("11", "the last 7 of 11"), ("1200", "the last 7 of 1,200")):
        log = VerifierLog(BRANCHES.replace("processed 9 insns", f"processed {processed} insns"))
        assert log.summary.states == 3
        assert Heat(log).walked == walked


def test_no_walk_is_no_work() -> None:
    heat = Heat(VerifierLog("processed 0 insns\n"))
    assert (heat.total, heat.hottest, heat.walked, heat.within(0, 5)) == (0, None, "0", 0)
