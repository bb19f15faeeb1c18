"""Why the verifier removed code: the jump that leads past it, and the constants that it compares."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpftui.core.analysis.dead_code import Decision, decisions
from bpftui.core.spec import CollectionSpec

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
