"""A comparison as a list: what it has, where its entries lead, and what is unfolded."""

from __future__ import annotations

from dataclasses import replace

from bpftui.core.diff import Change, Item, Kind, ObjectDiff, diff
from bpftui.core.diff.changes import Fact
from bpftui.core.diff.costs import Cost, CostDiff
from bpftui.core.spec import CollectionSpec
from bpftui.tui.jumps import CodePlace
from bpftui.tui.nodes import Node
from bpftui.tui.text.comparison import Comparison, Entry
from tests.core.diff.listings import spec_of

HEAD = """\
breaks map counts: max_entries is 2,048 instead of 1,024 @ map counts
breaks map counts: value grew from 16 to 24 bytes @ map counts
breaks map counts: member bytes moved from 8 to 16 @ map counts
breaks map recent_ones: it is gone
breaks variable cfg: LAX is 1 instead of 0 @ variable cfg
breaks variable cfg: STRICT is 2 instead of 1 @ variable cfg
breaks struct stats: member bytes moved from 8 to 16 @ types
breaks enum mode: LAX is 1 instead of 0 @ types
breaks enum mode: STRICT is 2 instead of 1 @ types
note compiled elsewhere
item license: 'GPL' → 'Dual MIT/GPL' (changed)
item program count (changed) @ program count
fact instructions: 38 → 42 @ program count
item program gone (removed)
item program fresh (added) @ program fresh
item map counts (changed) @ map counts
fact value_size: 16 bytes → 24 bytes @ map counts
fact max_entries: 1,024 → 2,048 @ map counts
item map recent_ones (removed)
item map recent (added) @ map recent
item map .data (changed) @ section .data
fact size: 4 bytes → 8 bytes @ section .data
item variable inserted (added) @ variable inserted
item variable cfg (changed) @ variable cfg
fact value of cfg.limit: 5 → 9 @ variable cfg
item type struct stats (changed) @ types
fact size: 16 bytes → 24 bytes @ types
fact errors: – → 8: __u64 @ types
fact bytes: 8: __u64 → 16: __u64 @ types
item type struct task_struct (changed) @ types
fact size: 4 bytes → 8 bytes @ types
fact tgid: – → 0: int @ types
fact pid: 0: int → 4: int @ types
item type enum mode (changed) @ types
fact OFF: – → 0 @ types
fact LAX: 0 → 1 @ types
fact STRICT: 1 → 2 @ types
item section xdp (changed)
fact size: 288 → 320
item section .data (changed)
fact size: 4 → 8
item section license (changed)
fact size: 4 → 13
note ✓ same: same(), .rodata, .bss, threshold, total
"""


def versions() -> Comparison:
    old, new = (CollectionSpec.from_file(f"tests/objects/versions{each}.o") for each in ("", ".new"))
    return Comparison(diff(old, new), "old", ["compiled elsewhere"])


def told(entry: Entry) -> str:
    """Return an entry in a line: what it says, what has become of it, where it leads."""
    change = "" if entry.change is Kind.SAME else f" ({entry.change})"
    match entry.target:
        case Node(kind, name):
            where = f" @ {kind} {name}".rstrip()
        case CodePlace(program, slot):
            where = f" @ {program}:{slot}"
        case _:
            where = ""
    return f"{entry.kind} {entry.text}{change}{where}\n"


def empty(**parts: object) -> ObjectDiff:
    """Return a comparison of two objects that hold nothing but what is given."""
    return ObjectDiff(CollectionSpec("old.o"), CollectionSpec("new.o"), **parts)  # pyright: ignore[reportArgumentType]


def test_two_versions_but_their_code() -> None:
    found = versions()
    assert "".join(map(told, found.head)) == HEAD
    assert found.summary == "9 breaks, 4 functions changed, 4 maps, 2 variables"


def test_two_versions_code() -> None:
    found = versions()
    rows = [told(each) for each in found.entries()[len(found.head) :] if each.kind != "row"]
    assert (
        "".join(rows)
        == """\
function ▾ count()  +4 (changed) @ count:0
hunk versions.c:85  total += length; @ count:0
function ▾ weigh()  −2 +2 (changed) @ count:28
hunk versions.c:71  stats->packets += 1; @ count:28
function ▾ gone()  −11 (removed)
function ▾ fresh()  +11 (added) @ fresh:0
"""
    )
    weigh = [each for each in found.entries() if each.function == 1 and each.row is not None]
    assert {each.starts for each in weigh} == {(24, 28)}
    assert [(each.change, each.target) for each in weigh][3:7] == [
        (Kind.CHANGED, CodePlace("count", 32)),
        (Kind.SAME, CodePlace("count", 33)),
        (Kind.CHANGED, CodePlace("count", 34)),
        (Kind.SAME, CodePlace("count", 35)),
    ]
    gone = [each for each in found.entries() if each.function == 2]
    assert len(gone) == 1 + 15, "twelve instructions without the second half of a wide one, three lines of C, a label"
    assert {(each.change, each.target) for each in gone} == {(Kind.REMOVED, None)}


def test_a_function_is_unfolded_and_folded() -> None:
    found = versions()
    assert found.unfolded == {0, 1, 2, 3}
    found.unfolded.discard(1)
    rows = [each for each in found.entries() if each.function == 1]
    assert [told(each) for each in rows] == ["function ▸ weigh()  −2 +2 (changed) @ count:28\n"]
    assert found.is_known(1)
    assert not found.is_known(4)


def test_code_of_much_is_not_unfolded() -> None:
    def long(number: int, length: int) -> str:
        return "; ".join([f"r0 = {number}"] * length + ["exit"])

    found = Comparison(diff(spec_of(long(1, 2000)), spec_of(long(2, 2000))), "old")
    assert found.unfolded == {0}
    found = Comparison(diff(spec_of(long(1, 4001)), spec_of(long(2, 4001))), "old")
    assert found.unfolded == set()
    assert not found.is_known(0)
    found.unfold(0)
    assert len([each for each in found.entries() if each.row is not None]) == 4002


def test_only_registers_differ() -> None:
    found = Comparison(diff(spec_of("r6 = r1; r0 = r6; exit"), spec_of("r8 = r1; r0 = r8; exit")), "old")
    assert [told(each) for each in found.entries() if each.kind in ("function", "item")] == [
        "item program f (changed) @ program f\n",
        "function ▾ f()  ≈2  the same, in other registers (changed) @ f:0\n",
    ]
    assert found.summary == "1 function changed"


def test_summaries() -> None:
    assert Comparison(empty(), "old").summary == "the same"
    assert Comparison(empty(facts=(Fact("license", "", "GPL"),)), "old").summary == "code and data are the same"
    one = Item("m", Change.CHANGED, (), ("it is gone",))
    same = Item("n", Change.SAME)
    assert Comparison(empty(maps=(one, same), variables=(same, one, one)), "old").summary == (
        "3 breaks, 1 map, 2 variables"
    )


def test_what_is_not_compared_and_what_is_much() -> None:
    facts = tuple(Fact(f"f{number}", "", f"{number}") for number in range(18))
    same = tuple(Item(f"name{number}", Change.SAME) for number in range(17))
    found = empty(
        not_compared=("p is damaged",),
        facts=(Fact("license", "GPL", ""),),
        relocations=(Item("task_struct.pid", Change.ADDED),),
        externs=(Item("kfunc bpf_x", Change.REMOVED),),
        sections=(Item(".data", Change.CHANGED, facts),),
        maps=same,
    )
    lines = [told(each) for each in Comparison(found, "old").head]
    assert lines[:5] == [
        "warning p is damaged\n",
        "item license: GPL → none (changed)\n",
        "item CO-RE task_struct.pid (added) @ core\n",
        "item kfunc bpf_x (removed)\n",
        "item section .data (changed)\n",
    ]
    assert lines[20:22] == ["fact f15: – → 15\n", "fact and 2 more\n"]
    assert "".join(lines[22:]) == (
        "note ✓ same: name0, name1, name2, name3, name4, name5, name6, name7,\n"
        "note   name8, name9, name10, name11, name12, name13, name14, name15 and 1\n"
        "note   more\n"
    )
    exactly = replace(found, maps=same[:16], sections=())
    assert "more" not in "".join(told(each) for each in Comparison(exactly, "old").head)


def test_nothing_leads_to_what_the_newer_object_lacks() -> None:
    found = empty(
        maps=(Item("m", Change.CHANGED, (), ("x",)),),
        variables=(Item("v", Change.CHANGED),),
        types=(Item("struct s", Change.CHANGED),),
    )
    assert [each.target for each in Comparison(found, "old").head] == [None] * 4


def test_what_programs_cost_stands_where_it_is_asked() -> None:
    found = versions()
    costs = (
        CostDiff("count", Cost(True, 40, 3, 200), Cost(True, 44, 3, 210)),
        CostDiff("gone", Cost(ok=False, error="too large\nand more"), None),
        CostDiff("same", Cost(True, 1234, 1, 30), Cost(True, 1234, 1, 30)),
        CostDiff("fresh", None, Cost(True, 2, None, None)),
    )
    found.tell_costs(replace(found.found, costs=costs), ["without BTF"])
    lines = [told(each) for each in found.head]
    assert "note without BTF\n" in lines
    start = lines.index("cost cost of count (changed) @ program count\n")
    assert "".join(lines[start : start + 8]) == (
        "cost cost of count (changed) @ program count\n"
        "fact verified instructions: 40 → 44 (+10.0 %) @ program count\n"
        "fact bytes of native code: 200 → 210 (+5.0 %) @ program count\n"
        "cost cost of gone (removed)\n"
        "fact verifier: does not load: too large → –\n"
        "cost cost of same, as before: verified instructions 1,234, states 1, bytes of native code 30 @ program same\n"
        "cost cost of fresh (added) @ program fresh\n"
        "fact verified instructions: – → 2 @ program fresh\n"
    )
