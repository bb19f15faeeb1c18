"""What the verifier knew beside what a run has: a walk that is written out, and runs on either side of a jump."""

from __future__ import annotations

import pytest

from bpftui.core.debug import Call, Recording, Session
from bpftui.core.debug.commands import Interpreter
from bpftui.core.debug.sight import Eyes
from bpftui.core.debug.verified import VerifierLogs
from bpftui.core.errors import UsageError
from bpftui.core.spec import CollectionSpec
from tests.bench.bench_vm import insn
from tests.fuzz.sessions import object_of

CODE = object_of(
    insn(0x61, 0, 1, 0)  # r0 = ctx->len
    + insn(0x25, 0, 0, 2, 100)  # if r0 > 100 goto 4
    + insn(0xBF, 6, 0)  # r6 = r0
    + insn(0x05, 0, 0, 1)  # goto 5
    + insn(0xB7, 6, 0, 0, 700)  # r6 = 700
    + insn(0xB7, 0, 0, 0, 0)  # r0 = 0
    + insn(0x95)
)
LOG = """\
0: R1=ctx() R10=fp0
0: (61) r0 = *(u32 *)(r1 +0)          ; R0=scalar(smin=0,smax=umax=0xffffffff,var_off=(0x0; 0xffffffff)) R1=ctx()
1: (25) if r0 > 0x64 goto pc+2        ; R0=scalar(smin=smin32=0,smax=umax=smax32=umax32=100,var_off=(0x0; 0x7f))
2: (bf) r6 = r0                       ; R6=scalar(id=1,smin=smin32=0,smax=umax=smax32=umax32=100,var_off=(0x0; 0x7f))
3: (05) goto pc+1
5: (b7) r0 = 0                        ; R0=0
6: (95) exit

from 1 to 4: R0=scalar(smin=umin=umin32=101,smax=umax=0xffffffff,var_off=(0x0; 0xffffffff)) R1=ctx() R10=fp0
4: R0=scalar(smin=umin=umin32=101,smax=umax=0xffffffff,var_off=(0x0; 0xffffffff)) R1=ctx() R10=fp0
4: (b7) r6 = 700                      ; R6=700
"""
"""As Linux 6.18 writes it, but for its end."""
WALKED = LOG + "5: (b7) r0 = 0                        ; R0=0\n6: (95) exit\nprocessed 9 insns\n"
PRUNED = LOG + "5: safe\nprocessed 7 insns\n"
SHORT, LONG = bytes(60), bytes(300)


def knowing(log: str, packet: bytes) -> Session:
    recording = Recording.of(CollectionSpec.from_bytes(CODE), "prog", [Call(packet)], object_=CODE)
    session = Session(recording)
    session.know(VerifierLogs.given(log, "prog", "log.txt"))
    return session


def shown(session: Session) -> dict[str, str]:
    assert session.verified is not None
    return {place: each.shown for place, each in session.verified.here().items()}


def test_the_way_that_was_walked() -> None:
    with knowing(WALKED, SHORT) as session:
        assert shown(session) == {"r1": "ctx ✓", "r10": "fp0 ✓"}
        session.goto(1)
        assert shown(session) == {"r0": "0 … 0xffffffff ✓", "r1": "ctx ✓", "r10": "fp0 ✓"}
        session.goto(4)
        assert session.registers[6] == 60
        assert shown(session)["r6"] == "0 … 100 ✓"
        session.goto(session.length)
        assert shown(session) == {}
    with knowing(WALKED, LONG) as session:
        session.goto(2)
        assert shown(session)["r0"] == "0x65 … 0xffffffff ✓"
        session.goto(3)
        assert shown(session)["r6"] == "700 ✓"


def test_behind_a_way_that_was_pruned_other_ways_tell() -> None:
    with knowing(PRUNED, LONG) as session:
        session.goto(2)
        assert shown(session)["r0"] == "0x65 … 0xffffffff ✓"
        # What was found safe before had 0 to 100, which nothing needed to be exact.
        session.goto(3)
        assert session.registers[6] == 700
        assert shown(session)["r6"] == "0 … 100 ≠ pruned"


@pytest.mark.parametrize(("told", "sign"), [("R6=P701", "701 ✗"), ("R6=701", "701 ≠ imprecise")])
def test_what_is_not_what_was_known(told: str, sign: str) -> None:
    with knowing(WALKED.replace("R6=700", told), LONG) as session:
        session.goto(3)
        assert shown(session)["r6"] == sign


def test_what_was_needed_exactly_is_told_behind_the_step_that_needs_it() -> None:
    marks = (
        "mark_precise: frame0: last_idx 5 first_idx 0 subseq_idx -1 \n"
        "mark_precise: frame0: regs=r6 stack= before 4: (b7) r6 = 700\n"
    )
    log = WALKED.replace("R6=700", "R6=701").replace(
        "R0=0\n6: (95) exit\nprocessed", f"\n{marks}6: (95) exit\nprocessed"
    )
    with knowing(log, LONG) as session:
        session.goto(3)
        assert shown(session)["r6"] == "701 ✗"


def test_numbers_have_separators_as_values_have() -> None:
    with knowing(WALKED.replace("R6=700", "R6=P70000"), LONG) as session:
        session.goto(3)
        assert shown(session)["r6"] == "70,000 ✗"
    wide = "R6=scalar(smin=smin32=-1000,smax=smax32=65535)"
    with knowing(WALKED.replace("R6=700", wide), LONG) as session:
        session.goto(3)
        assert shown(session)["r6"] == "-1,000 … 65,535 ✓"


def test_what_the_user_has_changed_is_no_fault() -> None:
    with knowing(WALKED.replace("R6=700", "R6=P700"), LONG) as session:
        session.goto(3)
        session.change("r6", "5")
        assert shown(session)["r6"] == "700 ≠ changed"


def test_a_fork_that_leads_to_one_instruction_is_followed_on_both_ways() -> None:
    """As a call forks the walk that returns one thing or the other."""
    fork = "3: (05) goto pc+1\n5: safe\n\nfrom 2 to 3: R0=5 R1=ctx() R6=5 R10=fp0\n3: (05) goto pc+1\n"
    with knowing(WALKED.replace("3: (05) goto pc+1\n", fork), SHORT) as session:
        session.goto(3)
        assert shown(session)["r6"] == "0 … 100 ✓"
    narrow = WALKED.replace("R6=scalar(id=1,smin=smin32=0,smax=umax=smax32=umax32=100,var_off=(0x0; 0x7f))", "R6=P50")
    with knowing(narrow, SHORT) as session:
        session.goto(3)
        assert shown(session)["r6"] == "50 ✗"
    with knowing(narrow.replace("3: (05) goto pc+1\n", fork), SHORT) as session:
        session.goto(3)
        assert shown(session)["r6"].endswith("≠ pruned")  # a third way may have been pruned


def test_commands_and_the_sight_say_it() -> None:
    with knowing(PRUNED, LONG) as session:
        session.goto(3)
        answer = Interpreter(session).execute("info ranges")
        assert "r6     0x2bc  0 … 100 ≠ pruned" in answer.text.split("\n")
        assert isinstance(answer.value, dict)
        assert answer.value["r6"] == {"value": 700, "known": "0 … 100", "admits": False, "doubt": "pruned"}
        sight = Eyes(session).look()
        assert sight.known["r6"].sign == "≠"
        assert not sight.unknown


def test_where_there_is_no_log_it_is_said() -> None:
    with pytest.raises(UsageError, match=r"log\.txt has no log of a verifier"):
        knowing("nothing of that kind", SHORT)
    recording = Recording.of(CollectionSpec.from_bytes(CODE), "prog", [Call(SHORT)], object_=CODE)
    with Session(recording) as session:
        with pytest.raises(UsageError, match="which is not at hand"):
            Interpreter(session).execute("info ranges")
        session.know(VerifierLogs.given(WALKED, "another", "log.txt"))
        assert shown(session) == {}
        assert Eyes(session).look().unknown == "log.txt has no log of prog"
        with pytest.raises(UsageError, match=r"log\.txt has no log of prog"):
            Interpreter(session).execute("info ranges")
        # At the end of the run there is nothing that it could be known of, and nothing to complain of.
        session.goto(session.length)
        assert Interpreter(session).execute("info ranges").text == ""


def test_a_program_without_a_log_says_so_of_itself_alone() -> None:
    logs = VerifierLogs.given(WALKED, "prog", "log.txt")
    recording = Recording.of(CollectionSpec.from_bytes(CODE), "prog", [Call(SHORT)], object_=CODE)
    with Session(recording) as session:
        session.know(logs)
        # As after a tail call to another one.
        assert logs.of("another") is None
        assert logs.problem_of("another") == "log.txt has no log of another"
        assert logs.problem_of("prog") == ""
        assert Eyes(session).look().unknown == ""


def test_a_number_that_looks_like_an_address_is_told_by_what_the_verifier_knew() -> None:
    raw = object_of(insn(0xB7, 6, 0, 0, 0x100000) + insn(0xB7, 0, 0, 0, 0) + insn(0x95))
    log = (
        "0: R1=ctx() R10=fp0\n0: (b7) r6 = 1048576                   ; R6=0x100000\n"
        "1: (b7) r0 = 0                        ; R0=0\n2: (95) exit\nprocessed 3 insns\n"
    )
    recording = Recording.of(CollectionSpec.from_bytes(raw), "prog", [Call(SHORT)], object_=raw)
    with Session(recording) as session:
        session.goto(1)
        assert session.registers[6] == 0x100000
        assert Eyes(session).look().registers[6].text == "pkt+0"
        session.know(VerifierLogs.given(log, "prog", "log.txt"))
        assert Eyes(session).look().registers[6].text == "1,048,576"
        # What it knew to be a pointer is one.
        assert Eyes(session).look().registers[1].text == "ctx"


@pytest.mark.parametrize(
    ("told", "shown_as"),
    [
        ("pkt(r=0)", "pkt(r=0) ✓"),
        ("pkt(r=60)", "pkt(r=60) ✓"),
        ("pkt(r=61)", "pkt(r=61) ≠ imprecise"),  # the packet has 60 bytes
        ("pkt(off=4,r=4)", "pkt(off=4,r=4) ≠ imprecise"),
        ("pkt_meta(r=0)", "pkt_meta(r=0) ✓"),
        ("pkt_end()", "pkt_end ≠ imprecise"),
    ],
)
def test_pointers_into_a_packet(told: str, shown_as: str) -> None:
    log = (
        f"0: R1=ctx() R10=fp0\n0: (61) r1 = *(u32 *)(r1 +0)          ; R1={told}\n"
        "1: (71) r2 = *(u8 *)(r1 +12)          ; R2=0\n2: (95) exit\nprocessed 2 insns\n"
    )
    recording = Recording.of(CollectionSpec.from_file("tests/objects/bad_bounds.o"), "bad_bounds", [Call(SHORT)])
    with Session(recording) as session:
        session.know(VerifierLogs.given(log, "bad_bounds", "log.txt"))
        session.goto(1)
        assert shown(session)["r1"] == shown_as


@pytest.mark.parametrize(
    ("letters", "text"),
    [
        ("mmmmmmmm", "any bytes"),
        ("????0000", "4 unwritten, 4 zeros"),
        ("iiiiiiii", "of an iterator"),
    ],
)
def test_bytes_of_the_stack_are_told_in_words(letters: str, text: str) -> None:
    """The letters are those of `slot_type_char` (kernel/bpf/log.c)."""
    log = f"0: R1=ctx() R10=fp0 fp-8={letters}\n0: (b7) r0 = 0                        ; R0_w=0\n1: (95) exit\n"
    with knowing(log, SHORT) as session:
        assert shown(session)["fp-8"].removesuffix(" ✗").removesuffix(" ✓") == text


@pytest.mark.parametrize(
    ("told", "sign"),
    [
        ("0000mmmm", "✓"),  # the first letter is of the highest address
        ("mmmm0000", "≠ imprecise"),
        ("00000mmm", "✓"),
        ("mmmmmmm0", "≠ imprecise"),
        ("mmm0mmmm", "✓"),
        ("????7", "✓"),  # four bytes that a register was spilled to
        ("????8", "≠ imprecise"),
        ("7", "✓"),
        ("8", "≠ imprecise"),
    ],
)
def test_bytes_of_the_stack_are_what_was_known(told: str, sign: str) -> None:
    """Of `*(u32 *)(r10 - 8) = 7`; the four bytes above are zeros."""
    raw = object_of(insn(0x62, 10, 0, -8, 7) + insn(0xB7, 0, 0, 0, 0) + insn(0x95))
    log = (
        f"0: R1=ctx() R10=fp0\n0: (62) *(u32 *)(r10 -8) = 7          ; R10=fp0 fp-8={told}\n"
        "1: (b7) r0 = 0                        ; R0=0\n2: (95) exit\nprocessed 3 insns\n"
    )
    recording = Recording.of(CollectionSpec.from_bytes(raw), "prog", [Call(SHORT)], object_=raw)
    with Session(recording) as session:
        session.know(VerifierLogs.given(log, "prog", "log.txt"))
        session.goto(1)
        assert shown(session)["fp-8"].endswith(f" {sign}")


@pytest.mark.parametrize(("told", "sign"), [("????7", "✓"), ("????8", "≠ imprecise"), ("7", "≠ imprecise")])
def test_what_lies_above_a_register_that_was_spilled_is_none_of_it(told: str, sign: str) -> None:
    raw = object_of(
        insn(0x7A, 10, 0, -8, -1) + insn(0x62, 10, 0, -8, 7) + insn(0xB7, 0, 0, 0, 0) + insn(0x95)
    )  # *(u64 *)(r10 - 8) = -1; *(u32 *)(r10 - 8) = 7
    log = (
        "0: R1=ctx() R10=fp0\n0: (7a) *(u64 *)(r10 -8) = -1         ; R10=fp0 fp-8=-1\n"
        f"1: (62) *(u32 *)(r10 -8) = 7          ; R10=fp0 fp-8={told}\n"
        "2: (b7) r0 = 0                        ; R0=0\n3: (95) exit\nprocessed 4 insns\n"
    )
    recording = Recording.of(CollectionSpec.from_bytes(raw), "prog", [Call(SHORT)], object_=raw)
    with Session(recording) as session:
        session.know(VerifierLogs.given(log, "prog", "log.txt"))
        session.goto(2)
        assert shown(session)["fp-8"].endswith(f" {sign}")
