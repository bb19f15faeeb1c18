"""One function in two programs: what each of them says of its instructions comes together."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from bpftui.core.asm.assembler import assemble
from bpftui.core.coverage.lines import FileCoverage, _add_program
from bpftui.core.spec import LineInfo

if TYPE_CHECKING:
    from bpftui.core.coverage.gathered import ProgramCounts
    from bpftui.core.spec import ProgramSpec

CODE = assemble("if r1 == 0 goto pc+1\nr0 = 0\nexit")
LINES = {
    0: LineInfo(0, "a.c", 7, 1, "if (x)"),
    1: LineInfo(1, "a.c", 8, 1, "return 0;"),
    2: LineInfo(1, "a.c", 8, 1, ""),
}


def program(name: str) -> ProgramSpec:
    """Return a program that has the function `shared` of three instructions, and nothing else."""
    linked = SimpleNamespace(origin=lambda _: ("object", 0), line_at=LINES.get)
    function = SimpleNamespace(name="shared", start=0, stop=3)
    found = SimpleNamespace(name=name, linked=linked, functions=[function], code=CODE, byte_order="little")
    return cast("ProgramSpec", found)


def together(*counts: dict[str, Any]) -> tuple[Any, dict[str, FileCoverage]]:
    """Return what is known of the jump after some programs, and the files."""
    known: Any = {}
    files: dict[str, FileCoverage] = {}
    for number, each in enumerate(counts):
        usual = {"runs": [0, 0, 0], "outcomes": {}, "dead": None, "decided": None}
        told = cast("ProgramCounts", SimpleNamespace(**(usual | each)))
        _add_program(program(f"p{number}"), told, known, {}, files)
    (insn,) = known["a.c", 7, "shared"].values()
    return insn, files


def test_runs_and_ways_are_added_up() -> None:
    insn, files = together({"runs": [5, 3, 5], "outcomes": {0: (3, 2)}}, {"runs": [1, 0, 1], "outcomes": {0: (0, 1)}})
    assert (insn.runs, insn.jump.on, insn.jump.jumped) == (6, 3, 3)
    assert files["a.c"].functions["shared"].runs == 6
    assert files["a.c"].functions["shared"].line == 7


@pytest.mark.parametrize(
    ("first", "second", "decided"),
    [
        (True, True, True),
        (False, False, False),
        (True, False, None),  # what one of them decides the other way is not decided
        (None, True, None),
        (True, None, None),
        ("dead", True, True),  # where it is dead it says nothing
        (True, "dead", True),
        ("dead", "dead", None),
    ],
)
def test_a_jump_is_decided_where_all_that_have_it_decide_it_alike(
    first: bool | str | None, second: bool | str | None, decided: bool | None
) -> None:
    def counts(way: bool | str | None) -> dict[str, Any]:
        if way == "dead":
            return {"dead": {0, 1, 2}}
        return {} if way is None else {"decided": {0: way}}

    insn, _ = together(counts(first), counts(second))
    assert insn.jump.decided is decided
    assert insn.is_dead is (first == second == "dead")
