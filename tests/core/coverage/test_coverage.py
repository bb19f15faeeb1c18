"""What runs came to, gathered and told: the lines and jumps of programs whose runs are known."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from bpftui.core.analysis.constants import living
from bpftui.core.asm import instructions
from bpftui.core.coverage.cobertura import cobertura
from bpftui.core.coverage.gathered import Gathered
from bpftui.core.coverage.html import html
from bpftui.core.coverage.lcov import lcov
from bpftui.core.coverage.lines import FileCoverage, Jump, LineCoverage, _jump, covered
from bpftui.core.coverage.program import ProgramCoverage
from bpftui.core.coverage.report import parse_report, report_lines
from bpftui.core.coverage.text import listing, percent, summary
from bpftui.core.errors import ObjectError, UnknownNameError
from bpftui.core.packet import template
from bpftui.core.spec import CollectionSpec
from bpftui.core.vm.runtime import MachineRuntime
from bpftui.core.vm.world.settings import Settings

ROOT = Path(__file__).parents[3]
CONSTANTS = ROOT / "bpf/constants.o"
SIZES = (64, 64, 200, 1500)


def gathered(path: Path, *packets: bytes, **constants: str) -> tuple[Gathered, CollectionSpec]:
    """Return what the object's programs do with packets, and the object."""
    spec = CollectionSpec.from_file(path)
    for name, value in constants.items():
        spec.set_text(name, value)
    found = Gathered()
    with MachineRuntime(Settings(clock=lambda: 5)).load(spec) as collection:
        for program in collection.programs.values():
            assert program.count()
            for packet in packets:
                program.run(packet)
            counts = program.counts
            assert counts is not None
            found.add(program.spec, collection.spec, counts)
    return found, spec


@pytest.fixture
def constants(monkeypatch: pytest.MonkeyPatch) -> list[FileCoverage]:
    monkeypatch.chdir(ROOT)
    found, spec = gathered(CONSTANTS, *(bytes(size) for size in SIZES))
    return covered(found, [spec])


def test_lines_and_their_states(constants: list[FileCoverage]) -> None:
    (file,) = constants
    assert file.name == "bpf/constants.c"
    lines = file.lines
    assert (lines[111].runs, lines[111].state) == (4, "run")
    assert lines[98].state == "removed"  # within_limit(), for which mode is not MODE_LIMIT
    assert (lines[125].runs, lines[125].state) == (4, "partly")
    assert [gap.text for gap in lines[125].gaps] == [
        "jump 1 of 2: if r0 == 0x0 goto pc+8 never jumped to line 127",
        "jump 2 of 2: if w1 > 0x3 goto pc+6 never jumped to line 127",
    ]


def test_two_sources_of_one_name_are_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Objects name their sources from where they were compiled: `main.c` of two folders is two files."""
    monkeypatch.chdir(tmp_path)
    both, specs = Gathered(), list[CollectionSpec]()
    for folder, count in (("a", 1), ("b", 2)):
        (tmp_path / folder).mkdir()
        shutil.copy(CONSTANTS, folder)
        (tmp_path / folder / "constants.c").touch()
        found, spec = gathered(Path(folder) / "constants.o", *[bytes(64)] * count)
        both.merge(found)
        specs.append(spec)
    files = covered(both, specs)
    assert [(file.name, file.lines[111].runs) for file in files] == [("a/constants.c", 1), ("b/constants.c", 2)]
    apart = files[0].summary
    # Where neither is there any more, they are one as far as their texts say.
    for folder in "ab":
        (tmp_path / folder / "constants.c").unlink()
    (one,) = covered(both, specs)
    assert (one.name, one.lines[111].runs) == ("./constants.c", 3)
    assert one.summary[1] == apart[1]  # lines
    assert one.summary[5] == 2 * apart[5]  # instructions
    assert [function.runs for function in one.functions.values() if function.name == "constants"] == [3]
    both.programs = {key: value for key, value in both.programs.items() if "/a/" in key[0]}
    (alone,) = covered(both, specs)
    other = FileCoverage("./constants.c", {111: LineCoverage(111, "something else")})
    assert alone.may_be(one)
    assert not alone.may_be(other)


def test_the_folder_that_one_is_in_may_be_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, constants: list[FileCoverage]
) -> None:
    found, spec = gathered(CONSTANTS, bytes(64))
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert covered(found, [spec])[0].name == str(CONSTANTS.with_suffix(".c"))
    assert "<sources><source>.</source></sources>" in cobertura(constants)


def test_what_constants_exclude_is_missed_by_nobody(constants: list[FileCoverage]) -> None:
    removed = constants[0].summary
    found, spec = gathered(CONSTANTS, bytes(64), mode="MODE_LIMIT")
    alive = covered(found, [spec])[0]
    assert alive.lines[98].state in ("run", "partly", "never")
    assert alive.summary.all_lines > removed.all_lines
    assert alive.summary.all_outcomes > removed.all_outcomes
    # Both together: what is alive with some constants counts.
    both, _ = gathered(CONSTANTS, bytes(64))
    both.merge(found)
    assert covered(both, [spec])[0].summary.all_lines == alive.summary.all_lines


def test_constants_decide_jumps() -> None:
    spec = CollectionSpec.from_file(ROOT / "tests/objects/dead_code.o")
    left = living(spec.programs["dead_code"], spec)
    assert left.decided == {3: True, 50: True}
    assert len(left.slots) == 10
    traffic = CollectionSpec.from_file(ROOT / "bpf/traffic.o")
    traffic.set("track_sources", False)
    program = traffic.programs["count_traffic"]
    assert living(program, traffic).decided[105] is True
    assert living(program, CollectionSpec.from_file(ROOT / "bpf/traffic.o")).decided[105] is False


def test_counts_of_processes_add_up(tmp_path: Path) -> None:
    one, spec = gathered(CONSTANTS, bytes(64))
    two, _ = gathered(CONSTANTS, bytes(64), bytes(1500))
    one.write(tmp_path / "data")
    again = Gathered.read(tmp_path / "data")
    assert again.document() == one.document()
    again.merge(two)
    assert covered(again, [spec])[0].lines[111].runs == 3


def test_counts_of_other_code_say_nothing(tmp_path: Path) -> None:
    found, spec = gathered(CONSTANTS, bytes(64))
    document = json.loads(json.dumps(found.document()))
    document["programs"][0]["digest"] = "0" * 64
    assert covered(Gathered.from_document(document, "x"), [spec]) == []
    document["programs"][0] = found.document()["programs"][0] | {"runs": [1, 2]}
    assert covered(Gathered.from_document(document, "x"), [spec]) == []


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": "bpftui/coverage/1", "programs": [{}]}', "[" * 5000])
def test_what_is_no_data_is_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "data").write_text(text)
    with pytest.raises(ObjectError, match="data: this is no coverage data that is known here"):
        Gathered.read(tmp_path / "data")


@pytest.mark.parametrize(
    ("part", "value"),
    [
        *(("runs", [value]) for value in (float("inf"), float("nan"), -1, True, "12", 1.9, None, 1 << 64)),
        ("outcomes", [[0, -1, 0]]),
        ("outcomes", [[True, 0, 0]]),
        ("outcomes", [[0, 1]]),
        ("dead", ["1"]),
        ("decided", [[0, "no"]]),
        ("decided", [[0, 1]]),
        ("digest", 5),
        ("file", 5),
        ("file", "a\0b"),
        ("file", "\ud800"),
        ("program", None),
    ],
)
def test_what_is_no_count_is_damage(tmp_path: Path, part: str, value: object) -> None:
    """JSON that Python reads, `Infinity` and `NaN` too; a count is a whole number, and nothing is made one."""
    good = {"file": "x.o", "program": "p", "digest": "", "runs": [1], "outcomes": [], "dead": [], "decided": []}
    document = {"schema": "bpftui/coverage/1", "programs": [good]}
    (tmp_path / "data").write_text(json.dumps(document))
    assert Gathered.read(tmp_path / "data").programs["x.o", "p"].runs == [1]
    (tmp_path / "data").write_text(json.dumps(document | {"programs": [good | {part: value}]}))
    with pytest.raises(ObjectError, match="data: this is no coverage data that is known here"):
        Gathered.read(tmp_path / "data")


def test_text(constants: list[FileCoverage]) -> None:
    told = list(listing(constants))
    assert "        4    111 __u64 length = (__u64)ctx->data_end - ctx->data;" in told
    assert "  removed     98 if (now - window->start >= cfg.interval) {" in told
    head, row, *missing = summary(constants)
    assert head.split() == ["file", "lines", "outcomes", "reached"]
    assert row.split()[:4] == [
        "bpf/constants.c",
        str(constants[0].summary.lines),
        "of",
        str(constants[0].summary.all_lines),
    ]
    assert "bpf/constants.c:125: jump 1 of 2: if r0 == 0x0 goto pc+8 never jumped to line 127" in missing


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(0, 0, "–"), (1, 1, "100 %"), (0, 5, "0 %"), (9999, 10000, "99.9 %"), (1, 10000, "0.1 %")],
)
def test_a_share_is_all_or_nothing_only_where_it_is(part: int, whole: int, text: str) -> None:
    assert percent(part, whole) == text


def test_lcov(constants: list[FileCoverage]) -> None:
    told = list(lcov(constants))
    assert told[:2] == ["TN:", "SF:bpf/constants.c"]
    assert "DA:111,4" in told
    assert "BRDA:125,0,0,4" in told
    assert "BRDA:125,0,1,0" in told
    assert not [line for line in told if line.startswith("DA:98,")]
    assert f"LF:{constants[0].summary.all_lines}" in told
    assert told[-1] == "end_of_record"


def test_genhtml_reads_it(tmp_path: Path, constants: list[FileCoverage]) -> None:
    if shutil.which("genhtml") is None:
        pytest.skip("genhtml (lcov) is not installed")
    (tmp_path / "info").write_text("".join(f"{line}\n" for line in lcov(constants)))
    command = ["genhtml", "--branch-coverage", "-o", str(tmp_path / "out"), str(tmp_path / "info")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = constants[0].summary
    assert f"({said.lines} of {said.all_lines} lines)" in done.stdout
    assert f"({said.outcomes} of {said.all_outcomes} branches)" in done.stdout


def test_diff_cover_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the lines that a commit changed it says which the runs did not reach: 124; 98 is removed by constants."""
    pytest.importorskip("diff_cover")  # an environment that was made before it was among the tools
    for name in ("constants.o", "constants.c"):
        shutil.copy(ROOT / "bpf" / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    git = ["git", "-c", "user.name=one", "-c", "user.email=one@example.org"]
    source = Path("constants.c")
    for number, changed in enumerate(((), (98, 111, 124))):
        lines = source.read_text().split("\n")
        source.write_text("\n".join(f"{text} " if at in changed else text for at, text in enumerate(lines, 1)))
        for command in (["init", "-q"], ["add", "constants.c"], ["commit", "-q", "-m", str(number)]):
            subprocess.run([*git, *command], check=True)
    found, spec = gathered(Path("constants.o"), bytes(64), min_length="65")
    Path("coverage.xml").write_text("\n".join(cobertura(covered(found, [spec]))))
    done = subprocess.run(
        [sys.executable, "-m", "diff_cover.diff_cover_tool", "coverage.xml", "--compare-branch", "HEAD~1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "constants.c (50.0%): Missing lines 124\n" in done.stdout, done.stdout
    assert "Total:   2 lines\n" in done.stdout


def test_cobertura(constants: list[FileCoverage]) -> None:
    root = ET.fromstring("\n".join(list(cobertura(constants))).partition("<!DOCTYPE")[2].partition("\n")[2])
    assert root.findtext("sources/source") == os.getcwd()
    (file,) = root.iter("class")
    assert file.get("filename") == "bpf/constants.c"
    lines = {line.get("number"): line for line in file.iter("line")}
    assert lines["111"].attrib == {"number": "111", "hits": "4"}
    assert lines["125"].get("condition-coverage") == "50% (2/4)"
    assert "98" not in lines


def test_html_is_one_page_of_its_own_and_escapes(constants: list[FileCoverage]) -> None:
    told = "\n".join(html(constants))
    assert '<tr class="removed"><td class="count">removed<td class="number">98' in told
    assert "weight &amp;&amp; class &lt; SIZE_CLASSES" in told
    assert "<script" not in told
    assert "http" not in told.replace("http-equiv", "")
    hostile = FileCoverage(
        "<b>\x1b.c", {1: LineCoverage(1, "<img src=x>\x1b]0;x\x07", 1, 1, jumps=[Jump("p", 0, "<i>", None, None, 1)])}
    )
    for kind in ("html", "term", "lcov", "cobertura"):
        text = "\n".join(report_lines(kind, [hostile]))
        assert "\x1b" not in text
        assert "<img" not in text
        if kind in ("html", "cobertura"):
            assert "<b>" not in text


def test_a_report_is_one_of_those_that_there_are() -> None:
    assert parse_report("html") == ("html", "bpf-coverage.html")
    assert parse_report("lcov:a:b") == ("lcov", "a:b")
    with pytest.raises(UnknownNameError, match="there is no report 'pdf'"):
        parse_report("pdf")


def test_functions_that_programs_share_are_one() -> None:
    """A subprogram that two programs have linked in is counted over both, and its jumps are there once."""
    spec = CollectionSpec.from_file(ROOT / "tests/objects/subprograms.o")
    found = Gathered()
    with MachineRuntime().load(spec) as collection:
        for program in collection.programs.values():
            program.count()
            if program.packet_sizes is not None:
                program.run(bytes(template("IPv4 UDP")))
            counts = program.counts
            assert counts is not None
            found.add(program.spec, spec, counts)
    files = covered(found, [spec])
    apart = sum(
        sum(line.instructions for line in file.lines.values())
        for name in spec.programs
        for file in covered(found, [spec], program=name)
    )
    together = sum(sum(line.instructions for line in file.lines.values()) for file in files)
    assert together < apart


def test_a_program_slot_by_slot() -> None:
    """traffic.o without its list of sources, three times on a UDP packet: what ran, what never did, what cannot."""
    found, spec = gathered(ROOT / "bpf/traffic.o", *[bytes(template("IPv4 UDP"))] * 3, track_sources="false")
    counts = found.of(spec.programs["count_traffic"], spec.file)
    assert counts is not None
    one = ProgramCoverage(spec.programs["count_traffic"], spec, counts)
    assert (one.runs, one.most) == (3, 3)
    assert [one.within(slot, slot + 1) for slot in (0, 41, 77, 106)] == [3, 0, 1, None]
    assert (one.within(40, 107), one.within(106, 132)) == (3, None)
    assert one.gaps == (10, 20, 25, 27, 30, 41, 93, 146, 147)
    assert [one.one_sided(slot) for slot in (10, 105, 146)] == ["never jumped in 3", "", "always jumped in 1"]
    assert one.removed == {*range(106, 132)}
    assert one.decided == {105: True, 135: False}
    assert one.summary == (36, 44, 13, 26, 122, 147)


def test_a_jump_leads_to_a_line_of_its_own_file_or_to_none() -> None:
    program = CollectionSpec.from_file(ROOT / "bpf/traffic.o").programs["count_traffic"]
    slot = next(slot for slot, insn in instructions(program.code, program.byte_order) if insn.is_conditional)
    line = program.linked.line_at(slot)
    assert line is not None
    here = _jump(program, slot, line.file)
    assert here.target is not None
    assert here.behind is not None
    elsewhere = _jump(program, slot, "some.h")
    assert (elsewhere.target, elsewhere.behind) == (None, None)


def test_jumps_of_which_nothing_is_told_went_no_way() -> None:
    path = ROOT / "bpf/traffic.o"
    found, spec = gathered(path, bytes(64))
    counts = found.of(spec.programs["count_traffic"], spec.file)
    assert counts is not None
    counts.runs, counts.outcomes = [0] * len(counts.runs), {}
    (summary_,) = (
        file.summary for file in covered(found, [spec], program="count_traffic") if file.summary.all_outcomes
    )
    assert (summary_.lines, summary_.outcomes, summary_.instructions) == (0, 0, 0)
