"""bpftui.core.diff: all of two objects."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bpftui.core.btf import Btf
from bpftui.core.diff import Change, ObjectDiff, diff, objects
from bpftui.core.diff.costs import Cost, CostDiff, costs_between
from bpftui.core.diff.data import maps_between
from bpftui.core.diff.forms import _parameters
from bpftui.core.diff.layouts import Layouts
from bpftui.core.diff.verdict import failures, parse_conditions
from bpftui.core.errors import ObjectError, UsageError
from bpftui.core.limits import Budget
from bpftui.core.spec import CollectionSpec, LinkedCode
from bpftui.core.uapi import Pinning, ProgramType
from tests.core.btf.blob import Blob

OBJECTS = Path(__file__).parents[2] / "objects"


@pytest.fixture(scope="module")
def versions() -> ObjectDiff:
    """The two versions of one object."""
    return diff(*(CollectionSpec.from_file(OBJECTS / name) for name in ("versions.o", "versions.new.o")))


def names(items: object) -> dict[str, str]:
    return {item.name: str(item.change) for item in items}  # type: ignore[attr-defined]


def test_programs(versions: ObjectDiff) -> None:
    assert not versions.same
    assert versions.facts == (("license", "'GPL'", "'Dual MIT/GPL'"),)
    assert names(versions.programs) == {"count": "changed", "gone": "removed", "fresh": "added", "same": "same"}
    count = next(program for program in versions.programs if program.name == "count")
    assert count.facts == (("instructions", "38", "42"),)
    assert [function.name for function in count.changed] == ["count", "weigh"]


def test_code_that_lies_elsewhere_and_reads_what_lies_elsewhere_is_the_same(versions: ObjectDiff) -> None:
    same = next(function for function in versions.functions if function.name == "same")
    assert same.old is not None
    assert same.new is not None
    # The variable is at .data+4 instead of .data+0, and the member of task_struct at 4 instead of 0.
    assert [insn.form.insn.imm for insn in same.old.insns()] != [insn.form.insn.imm for insn in same.new.insns()]
    assert same.change is Change.SAME
    assert names(versions.relocations) == {"byte_off struct task_struct.pid": "same"}


def test_maps(versions: ObjectDiff) -> None:
    assert names(versions.maps) == {
        "counts": "changed",
        "recent_ones": "removed",
        "recent": "added",
        ".data": "changed",
        ".rodata": "same",
        ".bss": "same",
    }
    counts = versions.maps[0]
    assert counts.facts == (("value_size", "16 bytes", "24 bytes"), ("max_entries", "1,024", "2,048"))
    assert counts.breaks == (
        "max_entries is 2,048 instead of 1,024",
        "value grew from 16 to 24 bytes",
        "member bytes moved from 8 to 16",
    )


def test_variables(versions: ObjectDiff) -> None:
    assert names(versions.variables) == {
        "inserted": "added",
        "threshold": "same",
        "cfg": "changed",
        "total": "same",
    }
    cfg = next(item for item in versions.variables if item.name == "cfg")
    assert cfg.facts == (("value of cfg.limit", "5", "9"),)
    assert cfg.breaks == ("LAX is 1 instead of 0", "STRICT is 2 instead of 1")


def test_types_of_the_kernel_break_nothing_when_they_change(versions: ObjectDiff) -> None:
    changed = {item.name: item for item in versions.types if item.change is not Change.SAME}
    assert changed.keys() == {"struct stats", "struct task_struct", "enum mode"}
    assert changed["struct stats"].breaks == ("member bytes moved from 8 to 16",)
    assert changed["struct stats"].facts == (
        ("size", "16 bytes", "24 bytes"),
        ("errors", "", "8: __u64"),
        ("bytes", "8: __u64", "16: __u64"),
    )
    assert changed["struct task_struct"].facts[0] == ("size", "4 bytes", "8 bytes")
    assert changed["struct task_struct"].breaks == ()


def test_externs_and_other_kinds_of_maps() -> None:
    found = diff(CollectionSpec.from_file(OBJECTS / "prints.o"), CollectionSpec.from_file(OBJECTS / "externs.o"))
    assert names(found.externs)
    assert set(names(found.externs).values()) == {"added"}
    assert names(found.maps)["next"] == "removed"


def test_a_value_that_was_set_is_told() -> None:
    old, new = (CollectionSpec.from_file(OBJECTS / "values.o") for _ in range(2))
    new.set_text("u32", "7")
    new.set_text("flags.three", "1")
    found = diff(old, new)
    changed = {item.name: item.facts for item in found.variables if item.change is not Change.SAME}
    assert changed["u32"] == (("value", "4294967295", "7"),)
    assert [fact.what for fact in changed["flags"]] == ["value of flags.three"]
    assert {item.change for item in found.maps} == {Change.SAME}
    assert list(failures(found, parse_conditions("values"))) == ["values: u32, flags"]


def test_contents_that_no_variable_has_are_compared_too() -> None:
    old, new = (CollectionSpec.from_file(OBJECTS / "prints.o") for _ in range(2))
    data = new.maps[".rodata"].data
    assert data is not None
    data[3] ^= 1
    (item,) = (each for each in diff(old, new).maps if each.change is not Change.SAME)
    assert (item.name, item.facts) == (".rodata", (("contents", "differ from 0x3 on", ""),))


def test_a_used_up_budget_is_not_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def few(size: int, what: str, *, each: int) -> Budget:
        return Budget(0, what, least=2, each=each)

    monkeypatch.setattr(objects, "Budget", few)
    old, new = (CollectionSpec.from_file(OBJECTS / "versions.o") for _ in range(2))
    found = diff(old, new)
    why = "the comparison of types: given up after 2 steps, more than anything sound takes"
    assert found.not_compared == (f"types are not compared: {why}", f"more may break: {why}")
    assert {item.change for item in (*found.programs, *found.maps)} == {Change.SAME}
    assert not found.same


def test_what_counts(versions: ObjectDiff) -> None:
    assert list(failures(versions, parse_conditions("layout, license,registers"))) == [
        "layout: map counts, map recent_ones, variable cfg, 2 more",
        "license: license",
    ]
    assert list(failures(versions, parse_conditions("size+10%"))) == ["size+10%: count"]
    assert list(failures(versions, parse_conditions("size+11%"))) == []
    assert list(failures(versions, parse_conditions("code"))) == ["code: count, weigh, gone, 1 more"]
    assert list(failures(versions, parse_conditions("core,externs"))) == []


def test_of_what_is_loaded_only_what_could_be_known_is_compared(versions: ObjectDiff) -> None:
    """No file tells sections, and values that programs change are no difference; all else is told as before."""
    spec = CollectionSpec.from_file
    found = diff(spec("tests/objects/versions.o"), spec("tests/objects/versions.new.o"), loaded=True)
    assert (found.relocations, found.externs, found.sections) == ((), (), ())
    assert {name.what for name in found.facts} <= {"byte order"}
    assert names(found.programs) == names(versions.programs)
    changed = CollectionSpec.from_file("bpf/traffic.o"), CollectionSpec.from_file("bpf/traffic.o")
    changed[1].set("total_packets", 5)
    assert names(diff(*changed).variables)["total_packets"] == "changed"
    assert diff(*changed, loaded=True).same
    program = changed[1].programs["count_traffic"]
    changed[1].programs["count_traffic"] = replace(program, section="xdp/other")
    assert names(diff(*changed).programs)["count_traffic"] == "changed"
    assert diff(*changed, loaded=True).same
    changed[1].programs["count_traffic"] = replace(program, type=ProgramType.SCHED_CLS)
    assert names(diff(*changed, loaded=True).programs)["count_traffic"] == "changed"
    changed[1].programs["count_traffic"] = program
    changed[1].set("sample_every", 5)  # a constant: programs do not change it
    assert {name for name, change in names(diff(*changed, loaded=True).variables).items() if change != "same"} == {
        "sample_every"
    }


def test_a_cost_differs_where_one_of_its_numbers_does() -> None:
    one = Cost(ok=True, verified=100)
    assert not CostDiff("x", one, Cost(ok=True, verified=100)).differs
    assert CostDiff("x", one, Cost(ok=True, verified=101)).differs
    assert CostDiff("x", one, None).differs
    assert CostDiff("x", one, None).growth("verified") is None
    assert CostDiff("x", Cost(ok=True, verified=0), Cost(ok=True, verified=0)).growth("verified") == 0.0


def test_a_map_that_is_gone_breaks_what_knows_it() -> None:
    """A data section is the object's own affair; what is new breaks nothing."""
    old, new = CollectionSpec.from_file("bpf/traffic.o"), CollectionSpec.from_file("bpf/traffic.o")
    del new.maps["events"], new.maps[".bss"]
    layouts = Layouts(Budget(0, "it"))
    found = {item.name: (str(item.change), item.breaks) for item in maps_between(old, new, layouts)}
    assert (found["events"], found[".bss"]) == (("removed", ("it is gone",)), ("removed", ()))
    found = {item.name: (str(item.change), item.breaks) for item in maps_between(new, old, layouts)}
    assert (found["events"], found["traffic"]) == (("added", ()), ("same", ()))


def test_a_map_that_is_pinned_now_has_changed_and_breaks_nothing() -> None:
    old, new = CollectionSpec.from_file("bpf/traffic.o"), CollectionSpec.from_file("bpf/traffic.o")
    new.maps["sources"].pinning = Pinning.BY_NAME
    (found,) = (item for item in maps_between(old, new, Layouts(Budget(0, "it"))) if item.name == "sources")
    assert (str(found.change), found.facts, found.breaks) == ("changed", (("pinning", "", "by_name"),), ())


def test_a_program_that_is_damaged_in_one_object_is_not_compared() -> None:
    def damaged() -> LinkedCode:
        raise ObjectError("it is damaged")

    old, new = CollectionSpec.from_file("bpf/traffic.o"), CollectionSpec.from_file("bpf/traffic.o")
    new.programs["count_traffic"] = replace(new.programs["count_traffic"], link=damaged)
    for found in (diff(old, new), diff(new, old), diff(new, new)):
        assert [text for text in found.not_compared if "program" in text] == [
            "program count_traffic is not compared: it is damaged"
        ]
        assert not found.same
    assert diff(old, old).same


def test_how_many_parameters_a_function_has() -> None:
    blob = Blob()
    number = blob.integer("int", 4)
    for count in (0, 2, 5, 6):
        proto = blob.prototype(number, [(f"p{at}", number) for at in range(count)])
        blob.add(f"with_{count}", 12, proto, vlen=1)
    btf = Btf(blob.bytes())
    found = {name: _parameters(btf, name) for name in ("with_0", "with_2", "with_5", "with_6", "absent", "int")}
    assert found == {"with_0": 0, "with_2": 2, "with_5": 5, "with_6": None, "absent": None, "int": None}


def test_costs_that_grow() -> None:
    old = {"a": Cost(ok=True, verified=100, states=10), "b": Cost(ok=True, verified=50), "c": Cost(ok=True)}
    new = {"a": Cost(ok=True, verified=111, states=9), "b": Cost(ok=False, error="no"), "d": Cost(ok=True)}
    costs = tuple(costs_between(old, new))
    assert [cost.name for cost in costs] == ["a", "b", "c", "d"]
    assert costs[0].growth("verified") == 11.0
    assert CostDiff("x", Cost(ok=True, verified=0), Cost(ok=True, verified=1)).growth("verified") == float("inf")
    spec = CollectionSpec("x.o")
    found = ObjectDiff(spec, spec, costs=costs)
    assert list(failures(found, parse_conditions("cost+10%"))) == ["cost+10%: a, b"]
    assert list(failures(found, parse_conditions("cost+11%"))) == ["cost+11%: b"]
    assert list(failures(found, parse_conditions("states"))) == ["states: a, b"]
    assert list(failures(found, parse_conditions("states+0%"))) == ["states+0%: b"]


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("layuot", "--fail-on layuot: nothing of that name can differ", "did you mean layout?"),
        ("layout+5%", "--fail-on layout+5%: layout is no number", "numbers are size, cost, states, jit"),
        (",", "--fail-on names nothing", None),
        ("cost+%", "--fail-on cost+%: nothing of that name can differ", "did you mean cost?"),
    ],
)
def test_conditions_that_are_none(text: str, message: str, hint: str | None) -> None:
    with pytest.raises(UsageError) as raised:
        parse_conditions(text)
    assert raised.value.message == message
    assert hint is None or raised.value.hint == hint
