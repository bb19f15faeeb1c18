"""Why the verifier removed code: the jump that leads past it, and the constants that it compares."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bpftui.core.analysis.constants import living
from bpftui.core.analysis.dead_code import Decision, _Reasons, decisions
from bpftui.core.analysis.facts import ProgramFacts
from bpftui.core.asm.assembler import assemble
from bpftui.core.spec import CollectionSpec, ProgramSpec
from bpftui.core.spec.program import Function, LinkedCode
from bpftui.core.uapi import ProgramType

OBJECTS = Path(__file__).parents[2] / "objects"


@pytest.mark.parametrize(
    ("name", "removed", "decided", "found"),
    [
        ("multiplied", (4, 5, 6), (), [Decision(4, True, (), (4, 5, 6))]),
        ("negated", (4, 5), (3,), [Decision(3, True, ("least = 5",), (4, 5))]),
        ("swapped", (3, 4, 5), (), [Decision(3, True, ("port = 80",), (3, 4, 5))]),
        ("getter", (2, 3, 4), (), [Decision(2, True, (), (2, 3, 4))]),
        ("reached", (10, 11), (9,), [Decision(9, True, (), (10, 11))]),
        # Which way it went cannot be told where both are there.
        ("swapped", (), (3,), []),
        # A jump that was not decided explains nothing.
        ("swapped", (4, 5), (), []),
    ],
)
def test_jumps_that_lead_past_what_was_removed(
    name: str, removed: tuple[int, ...], decided: tuple[int, ...], found: list[Decision]
) -> None:
    spec = CollectionSpec.from_file(OBJECTS / "dead_by_constants.o")
    assert decisions(spec.program(name), spec, removed, decided) == found


def test_a_constant_that_was_loaded_before_other_jumps() -> None:
    spec = CollectionSpec.from_file(OBJECTS / "dead_code.o")
    spec.set("level", 1)
    (found,) = decisions(spec.program("dead_code"), spec, (52, 53), (51,))
    assert (found.slot, found.is_taken, found.constants) == (51, True, ("level = 1",))


def test_what_constants_leave_of_a_program() -> None:
    spec = CollectionSpec.from_file(OBJECTS / "dead_code.o")
    spec.set("level", 1)
    left = living(spec.program("dead_code"), spec)
    assert left.decided == {3: True, 50: False, 51: False}
    assert sorted(left.slots) == [*range(4), *range(46, 54), 61]


def test_a_part_of_a_constant_is_told_with_where_it_lies() -> None:
    spec = CollectionSpec.from_file(OBJECTS / "dead_code.o")
    spec.set("level", 0x30102)
    program = spec.program("dead_code")
    assert _Reasons(program, spec)._constant(49) == "level = 196866"
    code = bytearray(program.linked.code)
    code[49 * 8] = 0x69  # r1 = *(u16 *)(r1 +0)
    linked = LinkedCode(bytes(code), program.linked.functions, program.linked.references)
    assert _Reasons(replace(program, link=lambda: linked), spec)._constant(49) == "level+0 = 258"


def test_a_function_that_is_damaged_hides_no_access_of_another() -> None:
    code = assemble("goto pc+100\nexit\nr0 = *(u32 *)(r10 -8)\nexit")
    linked = LinkedCode(code, (Function("main", 0, 2, "xdp", 0), Function("f", 2, 2, "xdp", 0)))
    program = ProgramSpec("main", "xdp", ProgramType.XDP, link=lambda: linked)
    assert [(slot, access.size) for slot, access in ProgramFacts(program, {}).accesses()] == [(2, 4)]
