"""Reports to the letter, of two files made by hand: every state that a line has, every way that a jump goes."""

from __future__ import annotations

import pytest

from bpftui.core.coverage.cobertura import cobertura
from bpftui.core.coverage.gathered import ProgramCounts
from bpftui.core.coverage.html import html
from bpftui.core.coverage.lcov import lcov
from bpftui.core.coverage.lines import FileCoverage, FunctionCoverage, Jump, LineCoverage, Summary, total
from bpftui.core.coverage.text import listing, summary


def jump(text: str, on: int, jumped: int, *, decided: bool | None = None) -> Jump:
    return Jump("p", 5, text, target=9, behind=5, on=on, jumped=jumped, decided=decided)


@pytest.fixture
def files() -> list[FileCoverage]:
    """Return a file with a line that ran, one of which a jump never jumped, one that never ran, and one removed."""
    lines = [
        LineCoverage(9, "far();", instructions=2, dead=2),
        LineCoverage(5, "if (c)", instructions=2, jumps=[jump("J3", 0, 0)]),
        LineCoverage(
            4, "if (a && b)", 1200, 3, dead=1, ran=2, jumps=[jump("J1", 1200, 0), jump("J2", 0, 7, decided=True)]
        ),
        LineCoverage(2, "int n = 0;", 3, 2, ran=2),
    ]
    functions = {"late": FunctionCoverage("late", 9), "early": FunctionCoverage("early", 2, 1)}
    return [
        FileCoverage("a.c", {line.number: line for line in lines}, functions),
        FileCoverage("", {0: LineCoverage(0, "", 1, 1, ran=1)}),
    ]


def test_summaries(files: list[FileCoverage]) -> None:
    one, other = files
    assert one.summary == Summary(2, 3, 2, 5, 4, 6)  # a removed line is none; of J2 there is one way
    assert other.summary == Summary(1, 1, 0, 0, 1, 1)
    assert total(files) == Summary(3, 4, 2, 5, 5, 7)
    assert total([]) == Summary()
    assert [line.state for _, line in sorted(one.lines.items())] == ["run", "partly", "never", "removed"]
    (gap,) = one.gaps
    assert (gap.line, gap.jump.text, gap.jumps, gap.number, gap.of) == (4, "J1", True, 1, 2)


def test_of_a_jump_that_is_alone_its_number_is_not_told() -> None:
    line = LineCoverage(1, "", 1, 1, jumps=[jump("J", 0, 3)])
    assert [gap.text for gap in line.gaps] == ["J never went on to line 5"]
    line.jumps[0].behind = None
    assert [gap.text for gap in line.gaps] == ["J never went on"]
    line.jumps = [jump("J", 3, 0), jump("K", 2, 1)]
    line.jumps[0].target = None
    assert [gap.text for gap in line.gaps] == ["jump 1 of 2: J never jumped"]


def test_a_line_of_two_objects_is_the_sum_of_both() -> None:
    one = FileCoverage("a.c", {1: LineCoverage(1, "", 1, 2, 3, 4, [jump("J", 1, 0)])})
    other = FileCoverage(
        "a.c", {1: LineCoverage(1, "text", 10, 20, 30, 40, [jump("K", 0, 1)]), 2: LineCoverage(2, "new", 5)}
    )
    one.add(other)
    first = one.lines[1]
    assert (first.text, first.runs, first.instructions, first.dead, first.ran) == ("text", 11, 22, 33, 44)
    assert [each.text for each in first.jumps] == ["J", "K"]
    assert one.lines[2].runs == 5


def test_text(files: list[FileCoverage]) -> None:
    assert list(summary(files)) == [
        "file                lines       outcomes  reached",
        "a.c                2 of 3         2 of 5     50 %",
        "no C lines         1 of 1         0 of 0    100 %",
        "all                3 of 4         2 of 5   55.6 %",
        "a.c:4: jump 1 of 2: J1 never jumped to line 9",
        "a.c:5: never ran: if (c)",
    ]
    assert list(summary(files[1:])) == [
        "file                lines       outcomes  reached",
        "no C lines         1 of 1         0 of 0    100 %",
    ]
    assert list(listing(files)) == [
        "a.c",
        "        3      2 int n = 0;",
        "        ⋮",
        "    1,200      4 if (a && b)",
        "                 ⚠ jump 1 of 2: J1 never jumped to line 9",
        "    never      5 if (c)",
        "        ⋮",
        "  removed      9 far();",
        "",
        "no C lines",
        "  1",
        "",
    ]


def test_lcov(files: list[FileCoverage]) -> None:
    """geninfo(1): functions by line, branches as line, block, branch and times taken, `-` where none was come to."""
    assert list(lcov(files)) == [
        "TN:",
        "SF:a.c",
        "FN:2,early",
        "FN:9,late",
        "FNDA:1,early",
        "FNDA:0,late",
        "FNF:2",
        "FNH:1",
        "BRDA:4,0,0,1200",
        "BRDA:4,0,1,0",
        "BRDA:4,1,1,7",
        "BRDA:5,0,0,-",
        "BRDA:5,0,1,-",
        "BRF:5",
        "BRH:2",
        "DA:2,3",
        "DA:4,1200",
        "DA:5,0",
        "LF:3",
        "LH:2",
        "end_of_record",
    ]


def test_cobertura(files: list[FileCoverage], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.getcwd", lambda: "/src")
    assert list(cobertura(files, timestamp=7))[2:] == [
        '<coverage lines-covered="2" lines-valid="3" line-rate="0.6667" branches-covered="2" branches-valid="5" '
        'branch-rate="0.4000" complexity="0" version="bpftui" timestamp="7">',
        "<sources><source>/src</source></sources>",
        '<packages><package name="bpf" line-rate="0.6667" branch-rate="0.4000" complexity="0">',
        "<classes>",
        '<class name="a.c" filename="a.c" line-rate="0.6667" branch-rate="0.4000" complexity="0"><methods/><lines>',
        '<line number="2" hits="3"/>',
        '<line number="4" hits="1200" branch="true" condition-coverage="66% (2/3)"/>',
        '<line number="5" hits="0" branch="true" condition-coverage="0% (0/2)"/>',
        "</lines></class>",
        "</classes></package></packages></coverage>",
    ]


def test_html(files: list[FileCoverage]) -> None:
    told = list(html(files, title="T"))
    start = next(at for at, line in enumerate(told) if line.startswith("<table>"))
    assert told[start + 1 : -2] == [
        '<tr><td class="text"><a href="#f0">a.c</a><td>2 of 3 (66.7 %)<td>2 of 5 (40 %)<td>4 of 6 (66.7 %)</tr>',
        '<tr><td class="text"><a href="#f1">no C lines</a><td>1 of 1 (100 %)<td>0 of 0 (–)<td>1 of 1 (100 %)</tr>',
        '<tr><td class="text">all<td>3 of 4 (75 %)<td>2 of 5 (40 %)<td>5 of 7 (71.4 %)</tr>',
        "</table>",
        '<h2 id="f0">a.c</h2>',
        '<table class="code">',
        '<tr class="run"><td class="count">3<td class="number">2<td class="text">int n = 0;</tr>',
        '<tr class="gone"><td class="count">⋮<td><td></tr>',
        '<tr class="partly"><td class="count">1,200<td class="number">4<td class="text">if (a &amp;&amp; b)'
        '<div class="gap">⚠ jump 1 of 2: J1 never jumped to line 9</div></tr>',
        '<tr class="never"><td class="count">never<td class="number">5<td class="text">if (c)</tr>',
        '<tr class="gone"><td class="count">⋮<td><td></tr>',
        '<tr class="removed"><td class="count">removed<td class="number">9<td class="text">far();</tr>',
        "</table>",
        '<h2 id="f1">no C lines</h2>',
        '<table class="code">',
        '<tr class="run"><td class="count">1<td class="number"><td class="text"></tr>',
        "</table>",
    ]
    assert not any("all" in line for line in html(files[:1]) if line.startswith("<tr>"))


def test_counts_with_other_constants() -> None:
    """A jump is decided where it is with both, and the same way; one that one of them cannot come to, by the other."""
    #            both alike  both otherwise  the first alone  dead in the second  dead in the first  dead in both
    one = ProgramCounts("", [1, 2], {1: [1, 2]}, {5, 6}, {1: True, 2: True, 3: True, 4: False})
    two = ProgramCounts("", [10, 20], {1: [10, 20], 2: [3, 4]}, {4, 6}, {1: True, 2: False, 5: True})
    one.add(two)
    assert (one.runs, one.outcomes) == ([11, 22], {1: [11, 22], 2: [3, 4]})
    assert (one.dead, one.decided) == ({6}, {1: True, 4: False, 5: True})
    unknown = ProgramCounts("", [0, 0])
    unknown.add(one)
    assert (unknown.dead, unknown.decided) == ({6}, {1: True, 4: False, 5: True})
    one.add(ProgramCounts("", [0, 0]))
    assert (one.dead, one.decided) == ({6}, {1: True, 4: False, 5: True})
    one.add(ProgramCounts("", [0, 0], dead={1}))  # of which a file tells one alone
    assert (one.dead, one.decided) == ({6}, {1: True, 4: False, 5: True})
