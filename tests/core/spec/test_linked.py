"""Objects that `bpftool gen object` links: weak definitions overridden, hidden and static symbols, gaps in sections."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from bpftui.core.spec import CollectionSpec, ProgramSpec

FIRST = """
extern int shared(int x);
__attribute__((weak, noinline)) int answer(int x) { return x + 1; }
__attribute__((weak)) int threshold = 5;
__attribute__((weak)) int only_weak = 7;
int counter;
SEC("xdp") int first(void *ctx) { counter++; return answer(threshold) + shared(only_weak); }
char _license[] SEC("license") = "GPL";
"""
SECOND = """
__attribute__((noinline)) int answer(int x) { return x + 40; }
__attribute__((visibility("hidden"), noinline)) int helper(int x) { return x * 3; }
__attribute__((noinline)) int shared(int x) { return helper(x) + answer(x); }
int threshold = 9;
static volatile int local;
SEC("xdp") int second(void *ctx) { local++; return helper(local); }
SEC("?tc") int third(void *ctx) { return 2; }
"""
HEADER = "#define SEC(name) __attribute__((section(name), used))\n"


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> CollectionSpec:
    """Compile both sources and link them."""
    clang = next(filter(shutil.which, ("clang-19", "clang-22", "clang-14", "clang")), None)
    if clang is None:
        pytest.skip("there is no clang")
    if not shutil.which("bpftool"):
        pytest.skip("there is no bpftool")
    folder = tmp_path_factory.mktemp("linked")
    for name, source in (("first", FIRST), ("second", SECOND)):
        (folder / f"{name}.c").write_text(HEADER + source)
        words = [clang, "-O2", "-g", "-target", "bpf", "-mcpu=v3", "-c", f"{name}.c", "-o", f"{name}.o"]
        subprocess.run(words, cwd=folder, check=True, capture_output=True)
    link = ["bpftool", "gen", "object", "linked.o", "first.o", "second.o"]
    subprocess.run(link, cwd=folder, check=True, capture_output=True)
    return CollectionSpec.from_file(folder / "linked.o")


def functions(program: ProgramSpec) -> list[str]:
    return [function.name for function in program.functions]


def test_programs_of_one_section_and_what_they_call(linked: CollectionSpec) -> None:
    assert {name: (p.section, p.autoload, p.problem) for name, p in linked.programs.items()} == {
        "first": ("xdp", True, None),
        "second": ("xdp", True, None),
        "third": ("?tc", False, None),
    }
    assert functions(linked.programs["first"]) == ["first", "answer", "shared", "helper"]
    assert functions(linked.programs["second"]) == ["second", "helper"]


def test_the_strong_definition_of_a_weak_function_counts(linked: CollectionSpec) -> None:
    program = linked.programs["first"]
    answer = next(function for function in program.functions if function.name == "answer")
    code = program.code[answer.start * 8 : answer.stop * 8]
    assert code == bytes.fromhex("bc10000000000000 0400000028000000 9500000000000000")  # w0 = w1; w0 += 40; exit
    assert {line.source for line in program.linked.line_infos if answer.start <= line.slot < answer.stop} == {
        "__attribute__((noinline)) int answer(int x) { return x + 40; }"
    }


def test_variables(linked: CollectionSpec) -> None:
    assert {name: variable.get() for name, variable in linked.variables.items()} == {
        "threshold": 9,
        "only_weak": 7,
        "counter": 0,
    }
    assert [(h.name, h.reason) for h in linked.hidden] == [("local", "static: only its own file can see it")]


def test_references_lead_to_where_the_linker_moved_things(linked: CollectionSpec) -> None:
    first, second = linked.programs["first"], linked.programs["second"]
    offsets = {name: variable.offset for name, variable in linked.variables.items()}
    told = {ref.name: ref.offset for ref in first.linked.references.values() if ref.map is not None}
    assert told == {name: offsets[name] for name in ("counter", "threshold", "only_weak")}
    assert {ref.name for ref in second.linked.references.values() if ref.map == ".bss"} == {"local"}
