"""bpftui.core.diff.functions: two functions row by row."""

from __future__ import annotations

import itertools
import random
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpftui.core.asm.assembler import assemble
from bpftui.core.asm.instruction import decode_at
from bpftui.core.diff import Change, FunctionDiff, Kind, What, diff
from bpftui.core.diff.forms import Insn, _blank, _names_registers, _slots
from bpftui.core.diff.functions import _hunk, _Item, _Sources
from bpftui.core.errors import BpftuiError
from bpftui.core.limits import Budget
from bpftui.core.spec import CollectionSpec
from bpftui.core.spec.program import LineInfo
from tests.core.diff.listings import applied, function_of, functions, listing, spec_of
from tests.fuzz.mutants import mutant

ROOT = Path(__file__).parents[3]
FILES = sorted(
    path.relative_to(ROOT).as_posix() for part in ("tests/objects", "bpf") for path in (ROOT / part).glob("*.o")
)

SEEDS = [file for file in FILES if (ROOT / file).stat().st_size < 20_000]


def pairs() -> list[tuple[str, str]]:
    """Return each two objects of one source: of other compilers, instruction sets, byte orders and versions."""
    sources: dict[str, list[str]] = defaultdict(list)
    for file in FILES:
        sources[file.partition(".")[0]].append(file)
    return [pair for files in sources.values() for pair in itertools.permutations(files, 2)]


def spec(file: str) -> CollectionSpec:
    return CollectionSpec.from_file(ROOT / file)


@pytest.mark.parametrize("file", FILES)
def test_an_object_does_not_differ_from_itself(file: str) -> None:
    found = diff(spec(file), spec(file))
    assert found.same
    assert found.remarks == ()
    for function in found.functions:
        assert {row.kind for row in function.rows()} <= {Kind.SAME}


@pytest.mark.parametrize(("old", "new"), pairs())
def test_applied_to_the_old_listing_it_gives_the_new_one(old: str, new: str) -> None:
    for function in diff(spec(old), spec(new)).functions:
        before = listing(function.old) if function.old is not None else []
        after = listing(function.new) if function.new is not None else []
        assert applied(before, function) == after
        assert (before != after) == any(
            row.kind is not Kind.SAME for row in function.rows() if row.what is not What.SOURCE
        )


def test_in_another_byte_order_it_is_the_same_code() -> None:
    found = diff(spec("tests/objects/subprograms.o"), spec("tests/objects/subprograms.eb.o"))
    assert [fact.what for fact in found.facts] == ["byte order"]
    assert {function.change for function in found.functions} == {Change.SAME}
    assert {item.change for item in (*found.maps, *found.variables, *found.types)} == {Change.SAME}


INSNS = st.sampled_from(
    [
        "r0 = 1",
        "r6 = r1",
        "r0 += r6",
        "call bpf_ktime_get_ns",
        "r7 = *(u32 *)(r6 +4)",
        "if r0 == 0x1 goto end",
        "goto end",
        "r6 = 0x5",
    ]
)


@given(st.lists(INSNS, max_size=12), st.lists(INSNS, max_size=12), st.integers(0, 12), st.integers(0, 12))
def test_any_code_becomes_any_other(old: list[str], new: list[str], here: int, there: int) -> None:
    texts = ["; ".join([*insns[:at], "end: r0 = 0", *insns[at:], "exit"]) for insns, at in ((old, here), (new, there))]
    before, after = map(function_of, texts)
    found = FunctionDiff(before, after, Budget(0, "the comparison"))
    assert applied(listing(before), found) == listing(after)
    assert (found.change is Change.SAME) == (listing(before) == listing(after))


def told(old: str, new: str) -> list[str]:
    """Return the rows as text, as `git diff` writes them."""
    found = FunctionDiff(function_of(old), function_of(new), Budget(0, "the comparison"))
    signs = {Kind.SAME: " ", Kind.RENAMED: "r", Kind.CHANGED: "~", Kind.REMOVED: "-", Kind.ADDED: "+"}
    return [
        f"{signs[row.kind]}{side.text}{':' * (row.what is What.LABEL)}"
        for row in found.rows()
        if (side := row.new or row.old) is not None
    ]


def test_an_instruction_more_moves_no_label() -> None:
    old = "r0 = 0; if r1 == 0x0 goto out; r0 = 1; out: exit"
    new = "r0 = 0; if r1 == 0x0 goto out; r0 = 1; r0 += r1; out: exit"
    assert told(old, new) == [" r0 = 0", " if r1 == 0x0 goto L1", " r0 = 1", "+r0 += r1", " L1:", " exit"]


def test_what_is_inserted_behind_a_label_leaves_the_jump_as_it_is() -> None:
    old = "if r1 == 0x0 goto out; r0 = 1; out: exit"
    new = "if r1 == 0x0 goto out; r0 = 1; out: r0 += 2; exit"
    assert told(old, new) == [" if r1 == 0x0 goto L1", " r0 = 1", " L1:", "+r0 += 2", " exit"]


def test_a_jump_that_goes_elsewhere_is_another_one() -> None:
    old = "if r1 == 0x0 goto out; r0 = 1; r0 = 2; out: exit"
    new = "if r1 == 0x0 goto mid; r0 = 1; mid: r0 = 2; exit"
    assert told(old, new) == ["~if r1 == 0x0 goto L1", " r0 = 1", "+L1:", " r0 = 2", "-L2:", " exit"]


def test_what_stands_for_something_with_a_name_is_left_out_of_an_instruction() -> None:
    """The immediate (of `lddw` both halves), or the offset; what stands behind it stays."""
    lddw, mov = bytes.fromhex("1811 2233 44556677 00000000 8899aabb"), bytes.fromhex("b701 2233 44556677")
    assert _blank(bytearray(lddw + mov), 0, offset=False).hex() == "18112233000000000000000000000000" + mov.hex()
    assert _blank(bytearray(mov + mov), 0, offset=False) == bytes.fromhex("b701223300000000") + mov
    assert _blank(bytearray(mov + mov), 1, offset=True) == mov + bytes.fromhex("b701000044556677")
    assert _blank(bytearray(mov + mov + lddw[:8]), 2, offset=False)[16:] == bytes.fromhex("1811223300000000")


@pytest.mark.parametrize(
    ("text", "dst", "src"),
    [
        ("r1 += r2", True, True),
        ("r1 += 2", True, False),
        ("r1 = -r1", True, False),
        ("r1 = be16 r1", True, False),
        ("r1 = 0x5 ll", True, False),
        ("r1 = *(u32 *)(r2 +4)", True, True),
        ("*(u32 *)(r1 +4) = r2", True, True),
        ("*(u32 *)(r1 +4) = 5", True, False),
        ("r0 = *(u8 *)skb[4]", False, False),
        ("r0 = *(u8 *)skb[r2 + 4]", False, True),
        ("if r1 == r2 goto pc+0", True, True),
        ("if w1 == 5 goto pc+0", True, False),
        ("goto pc+0", False, False),
        ("may_goto pc+0", False, False),
        ("gotox r1", True, False),
        ("call bpf_ktime_get_ns", False, False),
        ("exit", False, False),
    ],
)
def test_which_registers_an_instruction_names(text: str, dst: bool, src: bool) -> None:
    assert _names_registers(decode_at(assemble(text), 0, "little")) == (dst, src)


def test_a_text_is_told_wherever_it_begins() -> None:
    found = {insn.form.meaning for each in functions(spec("tests/objects/prints.o")) for insn in each.insns()}
    assert {text for text in found if ".str" in text} == {
        'r3 = .rodata.str1.1["two"]',
        'r3 = .rodata.str1.1["\\u001b]0;owned\\u0007"]',
    }


def test_a_number_of_64_bits_may_be_the_last_instruction() -> None:
    code = assemble("r0 = 0\nr1 = 0x1122334455667788 ll")
    assert [(slot, len(raw)) for slot, raw in _slots(code, 0, 3, "little")] == [(0, 8), (1, 16)]
    assert [(slot, len(raw)) for slot, raw in _slots(code, 0, 2, "little")] == [(0, 8), (1, 8)]  # it is damaged


def test_entries_of_a_jump_table_count_from_the_start_of_its_function() -> None:
    (run,) = (each for each in functions(spec("tests/objects/jump_tables.o")) if each.name == "run")
    assert run.function.start == 21
    assert [insn.form.meaning for insn in run.insns()][4] == "r2 = table"
    _, named, _ = run.digest  # pyright: ignore[reportGeneralTypeIssues, reportUnknownVariableType]
    assert named[0] == (4, ("table", None, "3 entries", (9, 14, 21)))


def test_the_entries_of_a_jump_table_are_what_it_is() -> None:
    file = "tests/objects/jump_tables.o"
    found = diff(spec(file), spec(file))
    texts = [row.new.text for function in found.functions for row in function.rows() if row.new is not None]
    assert any(text.startswith("r") and "table[" in text for text in texts)
    assert any("gotox" in text for text in texts)


def test_jump_tables_are_those_of_the_code_that_was_adapted() -> None:
    old, new = (spec("tests/objects/jump_tables.o") for _ in range(2))
    for name, program in new.programs.items():
        linked = program.linked.adapted(bytes(program.code))
        new.programs[name] = replace(program, link=lambda linked=linked: linked)
    assert new.programs["in_subprograms"].linked.tables["BPF.JT.2.0"] == (30, 35, 42)
    found = diff(old, new)
    assert {function.name: str(function.change) for function in found.functions} == {
        "by_switch": "same",
        "in_subprograms": "same",
        "run": "same",
        "work": "same",
    }
    assert found.same


def test_where_instructions_are_now() -> None:
    """Of one that is gone, what follows it; both slots of a number of 64 bits are one instruction."""

    def slots(old: str, new: str) -> list[int | None]:
        (found,) = diff(spec_of(old), spec_of(new)).functions
        return list(found.slots_after)

    assert slots("r0 = 1; exit", "r0 = 1; exit") == [0, 1]
    assert slots("r0 = 1; r2 = 3; exit", "r5 = 7; r0 = 1; exit") == [1, 2, 2]
    assert slots("r1 = 1 ll; r0 = 1; exit", "r0 = 1; r2 = 0; exit") == [0, 0, 0, 2]
    assert slots("r0 = 1; exit; r0 = 2; exit", "r0 = 1; exit") == [0, 1, None, None]


def test_rows_around_what_differs() -> None:
    middle = "; ".join(f"r0 += {number}" for number in range(20))
    found = FunctionDiff(
        function_of(f"r0 = 0; {middle}; exit"), function_of(f"r0 = 1; {middle}; r0 = 7; exit"), Budget(0, "it")
    )
    first, second = found.hunks(2)
    assert [row.new.text for row in first.rows if row.new] == ["r0 = 1", "r0 += 0", "r0 += 1"]
    assert (first.old, first.new) == (range(3), range(3))
    assert [row.new.text for row in second.rows if row.new] == ["r0 += 18", "r0 += 19", "r0 = 7", "exit"]
    assert (second.old, second.new) == (range(19, 22), range(19, 23))
    assert [len(hunk.rows) for hunk in found.hunks(0)] == [1, 1]
    assert [len(hunk.rows) for hunk in found.hunks(100)] == [23]


def test_lines_of_c_stand_above_their_instructions_and_are_no_difference_by_themselves() -> None:
    found = diff(spec("tests/objects/versions.o"), spec("tests/objects/versions.new.o"))
    count = next(function for function in found.functions if function.name == "count")
    (hunk,) = count.hunks(0)
    assert [(row.kind, row.what, row.new.text) for row in hunk.rows if row.new is not None] == [
        ("added", "source", "if (length > 1500)"),
        ("added", "insn", "if w6 < 0x5dd goto L1"),
        ("added", "source", "stats->errors += 1;"),
        ("added", "insn", "r1 = *(u64 *)(r0 +8)"),
        ("added", "insn", "r1 += 1"),
        ("added", "insn", "*(u64 *)(r0 +8) = r1"),
        ("added", "label", "L1"),
    ]
    assert hunk.source is None
    (hunk,) = count.hunks(1)
    assert hunk.source is not None
    assert hunk.source.new is not None
    assert (hunk.source.new.text, hunk.source.new.comment) == ("total += length;", "versions.c:85")


def sources(old: list[str], new: list[str]) -> list[tuple[str, str, str]]:
    """Return what is said of the lines above instructions that are pairs, and their texts."""

    def insns(texts: list[str]) -> list[Insn]:
        found = function_of("; ".join(["r0 = 0"] * len(texts))).insns()
        lines = [LineInfo(at, "prog.c", 1 + at, 1, text) for at, text in enumerate(texts)]
        return [insn._replace(line=line, source=line.source) for insn, line in zip(found, lines, strict=True)]

    items = [_Item(at, at) for at in range(len(old))]
    above = _Sources(insns(old), insns(new))
    rows = [row for at, item in enumerate(items) for row in above.before(item, items, at)]
    return [(str(row.kind), row.old.text if row.old else "", row.new.text if row.new else "") for row in rows]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (["a", "a", "b"], ["a", "a", "b"], [("same", "a", "a"), ("same", "b", "b")]),
        (["a", "b"], ["a", "c"], [("same", "a", "a"), ("changed", "b", "c")]),
        (["a", "b"], ["a", "a"], [("same", "a", "a"), ("removed", "b", "")]),
        (["a", "a"], ["a", "c"], [("same", "a", "a"), ("added", "", "c")]),
        (["a", ""], ["a", ""], [("same", "a", "a")]),
        (["a", ""], ["a", "c"], [("same", "a", "a"), ("added", "", "c")]),
    ],
)
def test_lines_above_a_pair(old: list[str], new: list[str], told: list[tuple[str, str, str]]) -> None:
    assert sources(old, new) == told


def test_the_line_above_a_hunk_may_be_the_first_of_all() -> None:
    found = diff(spec("tests/objects/versions.o"), spec("tests/objects/versions.new.o"))
    (weigh,) = (function for function in found.functions if function.name == "weigh")
    rows = list(weigh.rows())
    assert rows[0].what is What.SOURCE
    above = [(stop, hunk.source) for stop in (1, 2) if (hunk := _hunk(rows, stop, len(rows)))]
    assert above == [(1, rows[0]), (2, rows[0])]
    assert _hunk(rows, 0, len(rows)).source is None


@pytest.mark.parametrize("number", range(40))
def test_damaged_code_too(number: int) -> None:
    rng = random.Random(number)
    original = (ROOT / SEEDS[number % len(SEEDS)]).read_bytes()
    try:
        old, new = CollectionSpec.from_bytes(original), CollectionSpec.from_bytes(mutant(original, rng))
    except BpftuiError:
        return
    for function in diff(old, new).functions:
        if function.problem is None:
            before = listing(function.old) if function.old is not None else []
            after = listing(function.new) if function.new is not None else []
            assert applied(before, function) == after
