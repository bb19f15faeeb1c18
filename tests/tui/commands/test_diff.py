"""`bpftui diff`: what it prints, and its exit codes."""

from __future__ import annotations

import json
import random
import re
import shutil
from pathlib import Path

import pytest

from bpftui.core.asm.assembler import assemble
from bpftui.core.choice import choose_runtime
from bpftui.core.spec import CollectionSpec
from bpftui.tui.__main__ import main
from bpftui.tui.commands import privileges
from bpftui.tui.commands.diff.command import make_parser
from tests.core.spec.test_legacy import FUNC, Maker

ROOT = Path(__file__).parents[3]
OLD, NEW = (str(ROOT / "tests/objects" / name) for name in ("versions.o", "versions.new.o"))


ISA = str(ROOT / "tests/objects/isa.c")


def test_what_differs_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", OLD, NEW]) == 1
    told = capsys.readouterr()
    assert told.err == ""
    lines = told.out.splitlines()
    assert lines[:2] == [f"--- {OLD}", f"+++ {NEW}"]
    for part in (
        "~ license: 'GPL' → 'Dual MIT/GPL'",
        "~ program count  xdp  in count, weigh\n    instructions: 38 → 42",
        "- program gone  xdp",
        "    breaks: value grew from 16 to 24 bytes\n    breaks: member bytes moved from 8 to 16",
        "~ variable cfg\n    value of cfg.limit: 5 → 9",
        "~ function count  xdp  +4\n@@ 15-19 → 15-23 @@ ; total += length; @ versions.c:85",
        "   17   17    *(u64 *)(r1 +0) = r2\n"
        "           +  ; if (length > 1500) @ versions.c:87\n"
        "        18 +  if w6 < 0x5dd goto L1\n",
        "           + L1:\n",
        "    size: 16 bytes → 24 bytes\n    errors: 8: __u64 (new)\n    bytes: 8: __u64 → 16: __u64\n",
        "    4      -  r3 = *(u64 *)(r1 +8)\n         4 +  r3 = *(u64 *)(r1 +16)\n    5    5    r3 += r2\n",
    ):
        assert f"{part}\n" in f"{told.out}\n" or part in told.out
    assert "function same" not in told.out
    assert lines[-1] == (
        "programs: 1 changed, 1 added, 1 removed; functions: 2 changed, 1 added, 1 removed; "
        "maps: 2 changed, 1 added, 1 removed; variables: 1 changed, 1 added; types: 3 changed; 5 layouts break"
    )


def test_colours_are_those_of_git_and_say_nothing_that_a_sign_does_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", OLD, NEW, "--color", "always"]) == 1
    painted = capsys.readouterr().out
    assert main(["diff", OLD, NEW, "--color", "never"]) == 1
    assert re.sub(r"\x1b\[[\d;]*m", "", painted) == capsys.readouterr().out
    # Red and green, and underlined what of a line is another.
    assert "\x1b[31mr3 = *(u64 *)(r1 +\x1b[0m\x1b[1;4;31m8\x1b[0m\x1b[31m)\x1b[0m" in painted
    assert "\x1b[32mr3 = *(u64 *)(r1 +\x1b[0m\x1b[1;4;32m16\x1b[0m\x1b[32m)\x1b[0m" in painted


def test_the_same_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", OLD, OLD]) == 0
    assert capsys.readouterr() == ("", "")


def test_what_is_damaged_is_not_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw = bytearray(Path(OLD).read_bytes())
    raw[3330] = 0x80  # the third byte of the type of a member: one that there is not
    damaged = tmp_path / "damaged.o"
    damaged.write_bytes(raw)
    why = f"types are not compared: {damaged}: section .BTF: offset 0x18: there is no type 8388616; the last is 51"
    for words in ([], ["--fail-on", "layout,types"]):
        assert main(["diff", OLD, str(damaged), *words]) == 2
        told = capsys.readouterr()
        lines = told.out.splitlines()
        assert lines[:3] == [f"--- {OLD}", f"+++ {damaged}", f"    {why}"]
        assert lines[-1].endswith("not all could be compared")
        assert told.err == ""
    assert main(["diff", OLD, str(damaged), "--json"]) == 2
    found = json.loads(capsys.readouterr().out)
    assert (found["same"], found["not_compared"], found["remarks"]) == (False, [why], [])
    assert main(["diff", OLD, str(damaged), "--html"]) == 2
    page = capsys.readouterr().out
    assert f'<p class="breaks">{why}</p>' in page
    assert "They are the same" not in page


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", OLD, NEW, "--json", "--context", "0"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["schema"], found["same"], found["old"], found["new"]) == ("bpftui/diff/1", False, OLD, NEW)
    assert {each["name"]: each["change"] for each in found["programs"]} == {
        "count": "changed",
        "gone": "removed",
        "fresh": "added",
        "same": "same",
    }
    assert found["maps"][0]["breaks"][1] == "value grew from 16 to 24 bytes"
    weigh = next(each for each in found["functions"] if each["name"] == "weigh")
    assert weigh["counts"] == {"same": 11, "renamed": 0, "changed": 2, "removed": 0, "added": 0}
    assert weigh["hunks"][0]["rows"] == [
        {
            "kind": "changed",
            "what": "insn",
            "old": {"slot": 4, "text": "r3 = *(u64 *)(r1 +8)", "comment": ""},
            "new": {"slot": 4, "text": "r3 = *(u64 *)(r1 +16)", "comment": ""},
        }
    ]
    assert main(["diff", OLD, OLD, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["same"]
    assert {each["change"] for each in found["functions"]} == {"same"}


def test_a_page(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["diff", OLD, NEW, "--html"]) == 1
    page = capsys.readouterr().out
    assert "<script" not in page
    assert "\\n" not in page
    assert "\nbody { max-width: 180ch }\n" in page
    assert not re.search(r"(src|href)=", page)
    assert '<div class="breaks">breaks: value grew from 16 to 24 bytes</div>' in page
    row = '<tr class="changed insn"><td class="number">4<td class="old">r3 = *(u64 *)(r1 +8)'
    assert f'{row}<td class="number">4<td class="new">r3 = *(u64 *)(r1 +16)</tr>' in page
    assert main(["diff", OLD, NEW, "--output", str(tmp_path / "page.html")]) == 1
    assert (tmp_path / "page.html").read_text() == page
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("words", "code", "last"),
    [
        (["--fail-on", "externs,core"], 0, "5 layouts break"),
        (["--fail-on", "layout"], 1, "counts: layout: map counts, map recent_ones, variable cfg, 2 more"),
        (["--fail-on", "size+11%"], 0, "5 layouts break"),
        (["--fail-on", "size+10%"], 1, "counts: size+10%: count"),
    ],
)
def test_what_counts_can_be_less(words: list[str], code: int, last: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", OLD, NEW, *words]) == code
    assert capsys.readouterr().out.splitlines()[-1].endswith(last)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([OLD, "missing.o"], "missing.o: there is no such file"),
        ([__file__, NEW], "test_diff.py: "),
        ([OLD], "the following arguments are required: NEW"),
        ([OLD, NEW, "--fail-on", "layuot"], "did you mean layout?"),
        ([OLD, NEW, "--json", "--html"], "--json and --html are different answers: one at a time"),
        ([OLD, NEW, "--variant=-O1"], "--variant compares what comes of one file: it goes without NEW"),
        ([OLD, "--variant=-O1"], "--variant compiles a C file, and "),
        (["a.c", *["--variant=-O1"] * 3], "--variant is given once or twice: two are compared"),
        ([OLD, NEW, "--cflags=-O1"], "--cflags are for a C file, and neither of these is one"),
        (["a.c", "--variant=-O1"], "a.c: there is no such file"),
        ([ISA, "--variant=clang-7000 -O1"], "compiling takes clang-7000, which is not installed"),
        ([OLD, NEW, "--context", "-1"], "--context -1 is less than 0"),
        ([OLD, NEW, "--cost", "--runtime", "vm"], "what the kernel's verifier says, and it cannot be asked here"),
    ],
)
def test_what_cannot_be_compared_is_said_in_a_line(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diff", *words]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    (line,) = told.err.splitlines()
    assert message in line


def test_one_source_compiled_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if shutil.which("clang-19") is None:
        pytest.skip("clang-19 is not installed")
    words = ["diff", ISA, f"--cflags=-I{ROOT / 'bpf'}"]
    assert main([*words, "--variant=clang-19 -mcpu=v3", "--variant=clang-19 -mcpu=v3 -DUNUSED"]) == 0
    assert capsys.readouterr() == ("", "")
    assert main([*words, "--variant=clang-19 -mcpu=v2", "--variant=clang-19 -mcpu=v3"]) == 1
    told = capsys.readouterr().out
    assert told.startswith(f"--- {words[1]} clang-19 -mcpu=v2\n+++ {words[1]} clang-19 -mcpu=v3\n")
    assert "~ program atomics  socket_filter  in atomics\n    instructions: 6 → 15\n" in told


def test_programs_of_one_name_in_two_sections(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    maker = Maker()
    for section in ("xdp", "tc", "socket"):
        maker.program(section, "again")
    (tmp_path / "twice.o").write_bytes(maker.build())
    assert main(["diff", str(tmp_path / "twice.o"), str(tmp_path / "twice.o")]) == 0
    maker.program("xdp/other", "again")
    (tmp_path / "more.o").write_bytes(maker.build())
    assert main(["diff", str(tmp_path / "twice.o"), str(tmp_path / "more.o")]) == 1
    assert "xdp/other" in capsys.readouterr().out


def test_thousands_of_functions_all_of_which_differ(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths: list[str] = []
    for number in range(2):
        maker = Maker()
        code = assemble(f"r0 = {number}\nexit")
        index = maker.section("socket", code * 2_000, code=True)
        maker.symbols += [(f"f{at}", 16 + FUNC, index, at * len(code), len(code)) for at in range(2_000)]
        path = tmp_path / f"{number}.o"
        path.write_bytes(maker.build())
        paths.append(str(path))
    assert main(["diff", *paths]) == 1
    told = capsys.readouterr().out
    assert told.splitlines()[-1] == "programs: 2,000 changed; functions: 2,000 changed"
    assert told.count("-  r0 = 0\n") == told.count("+  r0 = 1\n") == 2_000


def test_code_that_is_too_different_is_told_apart_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths: list[str] = []
    for number in range(2):
        rng = random.Random(number)
        maker = Maker()
        # Few different instructions, so that any of the one may belong to many of the other.
        code = assemble("\n".join(f"r{rng.randrange(10)} += {rng.randrange(3)}" for _ in range(10_000)) + "\nexit")
        index = maker.section("socket", code, code=True)
        maker.symbols.append(("f", 16 + FUNC, index, 0, len(code)))
        path = tmp_path / f"{number}.o"
        path.write_bytes(maker.build())
        paths.append(str(path))
    assert main(["diff", *paths]) == 1
    told = capsys.readouterr()
    assert told.err == ""
    assert "more of the code may be the same: looking for what of the code belongs together: given up after" in told.out


def test_rights_are_kept_for_costs_alone() -> None:
    def kept(*words: str) -> tuple[str, ...]:
        options = make_parser().parse([OLD, NEW, *words])
        return tuple(str(each.name) for each in privileges.kept("diff", options))

    assert kept() == ()
    assert kept("--fail-on", "layout") == ()
    assert kept("--cost") == kept("--fail-on", "jit+5%") == ("CAP_BPF", "CAP_NET_ADMIN", "CAP_PERFMON")


@pytest.mark.kernel
@pytest.mark.vmlinux
@pytest.mark.parametrize("name", ["count", "same"])
def test_what_is_loaded_is_what_it_was_loaded_from(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    spec = CollectionSpec.from_file(OLD)
    spec.set_text("cfg.limit", "6")
    with spec.load() as collection:
        reference = f"id:{collection.programs[name].id}"
        # The kernel has written out accesses and look-ups, and adapted the offset of a member.
        assert main(["diff", OLD, reference, "--fail-on", "code,programs,maps,layout"]) == 0
        told = capsys.readouterr()
        assert told.err == ""
        assert ("value of cfg.limit: 5 → 6" in told.out) == (name == "count")
        assert main(["diff", reference, reference]) == 0
        assert main(["diff", reference, NEW, "--fail-on", "code"]) == (1 if name == "count" else 0)
        told = capsys.readouterr()
        assert ("+  r3 = *(u64 *)(r1 +16)" in told.out) == (name == "count")
        assert main(["diff", reference, NEW, "--cost"]) == 2
        assert "the verifier has taken what is loaded" in capsys.readouterr().err


@pytest.mark.kernel
def test_a_static_variable_is_not_gone_from_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    """The kernel's types name the texts that a program prints; the file has them as static."""
    prints = "tests/objects/prints.o"
    with CollectionSpec.from_file(prints).load() as collection:
        assert main(["diff", f"id:{collection.programs['hello'].id}", prints]) == 0, capsys.readouterr()


@pytest.mark.kernel
def test_costs(capsys: pytest.CaptureFixture[str]) -> None:
    assert choose_runtime("kernel").verifies
    assert main(["diff", OLD, NEW, "--cost", "--json"]) == 1
    costs = {each["name"]: each for each in json.loads(capsys.readouterr().out)["costs"]}
    assert costs.keys() == {"count", "gone", "fresh", "same"}
    assert costs["count"]["new"]["verified"] > costs["count"]["old"]["verified"] > 30
    assert costs["gone"]["new"] is None
    assert costs["same"]["old"]["verified"] == costs["same"]["new"]["verified"]
    assert main(["diff", OLD, NEW, "--fail-on", "cost+1%"]) == 1
    told = capsys.readouterr().out
    assert re.search(r"~ cost count\n    verified instructions: \d+ → \d+ \(\+\d+\.\d %\)\n", told)
    assert told.splitlines()[-1] == "counts: cost+1%: count"
    assert main(["diff", OLD, NEW, "--fail-on", "cost+1000%"]) == 0
