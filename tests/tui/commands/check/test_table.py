"""What `check` prints of outcomes that were made up: all of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bpftui.core.runtime import CheckReport, LoadOutcome
from bpftui.core.spec import CollectionSpec
from bpftui.core.verifier.explanation import Explanation
from bpftui.tui.commands.check import rows, table
from bpftui.tui.commands.check.checked import SORTS, Checked, check_json

OBJECT = Path(__file__).parents[3] / "objects/tail_calls.o"
EXPECTED = Path(__file__).with_name("expected")
LOG = """\
verification time {time} usec
stack depth {stack}
processed {insns} insns (limit 1000000) max_states_per_insn 4 total_states {states} peak_states {peak} mark_read 0
"""


def log(time: int, stack: str, insns: int, states: int, peak: int) -> str:
    return LOG.format(time=time, stack=stack, insns=insns, states=states, peak=peak)


WHY = Explanation(
    "bounds",
    "the jump leaves the code",
    ("it goes to 1001",),
    (),
    "jump out of range",
    None,
    0,
    "goto pc+1000",
    None,
    0,
)


def checked(*programs: LoadOutcome, maps: tuple[LoadOutcome, ...] = ()) -> Checked:
    """Return the object as it was tried, which took 12.34 ms; of what was refused with a log the reason is known."""
    spec = CollectionSpec.from_file(OBJECT)
    spec.file = "tail_calls.o"
    return Checked(spec, "kernel", CheckReport(maps, programs, 12.34), 5.67, lambda _: WHY)


PROGRAMS = (
    LoadOutcome("middle", "xdp", ok=True, verified_insns=1_234, log=log(1_500, "8+16", 1_000, 30, 7)),
    LoadOutcome("broken", "xdp", ok=False, error="EINVAL", log=log(90, "0", 2, 0, 1)),
    LoadOutcome("last", "xdp", ok=False, error="not here\nnor there", optional=True),
    LoadOutcome("entry", "xdp", ok=True, log=log(70, "0", 17, 1, 1)),
)
MAPS = (
    LoadOutcome("first_table", "prog_array", ok=True),
    LoadOutcome("second_table", "prog_array", ok=False, error="no memory for it"),
)


def test_a_table_and_why_what_does_not_load_does_not(capsys: pytest.CaptureFixture[str]) -> None:
    table.print_report(checked(*PROGRAMS, maps=MAPS), heading="one.o", sort=None, color="never")
    assert capsys.readouterr().out == (EXPECTED / "report.txt").read_text()


def test_the_same_in_colours(capsys: pytest.CaptureFixture[str]) -> None:
    table.print_report(checked(*PROGRAMS[1:3]), heading="one.o", sort=None, color="always")
    assert capsys.readouterr().out.replace("\x1b", "^") == (EXPECTED / "colours.txt").read_text()


def test_an_object_of_which_everything_loads(capsys: pytest.CaptureFixture[str]) -> None:
    table.print_report(checked(PROGRAMS[0], PROGRAMS[2]), heading="", sort=None, color="never")
    last = "tail_calls.o: everything loads, but for 1 that is optional (?) (read in 5.7 ms, loaded in 12.3 ms)"
    assert capsys.readouterr().out.splitlines()[4:] == [last]
    table.print_report(checked(PROGRAMS[2], PROGRAMS[2]), heading="", sort=None, color="never")
    assert "everything loads, but for 2 that are optional (?)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("name", "broken entry last middle"),
        ("insns", "entry middle broken last"),
        ("verified", "middle entry broken last"),
        ("states", "middle entry broken last"),
        ("peak", "middle broken entry last"),
        ("time", "middle broken entry last"),
        ("log", "middle entry broken last"),
    ],
)
def test_the_order_of_rows(sort: str, order: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert sort in SORTS
    tried = checked(*PROGRAMS)
    table.print_report(tried, heading="", sort=sort, color="never")
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert " ".join(words[2] for words in lines if words[1:2] == ["program"]) == order
    found = rows.program_rows([check_json(tried)], sort)
    assert " ".join(row.program["name"] for row in found) == order


def test_programs_of_several_objects(capsys: pytest.CaptureFixture[str]) -> None:
    documents = [check_json(checked(*PROGRAMS)), check_json(checked(PROGRAMS[3])) | {"file": "/tmp/other.o"}]
    rows.print_programs(rows.program_rows(documents, None), "never")
    rows.print_programs(rows.program_rows(documents[1:], None), "never")
    rows.print_csv(rows.program_rows(documents, "verified"))
    assert capsys.readouterr().out == (EXPECTED / "programs.txt").read_text()


def document(name: str, *programs: tuple[str, bool, int | None, int]) -> dict[str, Any]:
    """Return what an earlier run printed: names, whether each loads, its instructions and states."""
    listed = [
        {"name": name, "ok": ok, "processed_insns": insns, "states": states, "peak_states": 1}
        for name, ok, insns, states in programs
    ]
    return {"schema": "bpftui/check/1", "file": f"/somewhere/{name}", "programs": listed}


BEFORE = document(
    "one.o", ("same", True, 10, 2), ("less", True, 1_200, 0), ("worse", True, 10, 2), ("gone", False, 1, 1)
)
NOW = document("one.o", ("same", True, 10, 2), ("less", True, 900, 4), ("worse", False, None, 2), ("new", True, 5, 1))


def test_what_is_different_from_an_earlier_run(capsys: pytest.CaptureFixture[str]) -> None:
    table.print_comparison([document("two.o", ("same", True, 1, 1)), BEFORE], NOW, "before.json", "never")
    table.print_comparison([BEFORE], NOW | {"file": "three.o"}, "before.json", "never")
    table.print_comparison([BEFORE], BEFORE, "before.json", "never")
    table.print_comparison([BEFORE, BEFORE], NOW | {"file": "three.o"}, "before.json", "never")
    assert capsys.readouterr().out == (EXPECTED / "comparison.txt").read_text()
