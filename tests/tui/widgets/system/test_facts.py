"""What keeps a program or a map alive, and where each of its lines leads."""

from __future__ import annotations

import pytest

from bpftui.core.system.history import Minute, Seen
from bpftui.core.system.load import Look
from bpftui.tui.targets import Thing
from bpftui.tui.widgets.system.noun import Fact
from bpftui.tui.widgets.system.nouns.facts import held_facts
from bpftui.tui.widgets.system.nouns.programs import PROGRAMS
from tests.tui.looker import a_program, machine


@pytest.mark.parametrize(
    ("text", "thing"),
    [
        ("slot 3 of map 12 jmp_table", Thing("map", 12)),
        ("map 60 half", Thing("map", 60)),
        ("a socket of my map 7 daemon 812", Thing("proc", 812)),
        ("tcx_ingress eth1 by a perf event of map 5", None),
        ("nobody that the kernel tells of: a socket, or it is about to go", None),
    ],
)
def test_what_keeps_it_alive_can_be_gone_to(text: str, thing: Thing | None) -> None:
    assert held_facts([text, "link 3", "program 4 x"]) == [Fact("kept by", text, thing)]


@pytest.mark.parametrize(("held", "warned"), [(("map 60 half",), False), (("nobody that the kernel tells of",), True)])
def test_a_program_of_a_struct_ops_map_is_not_said_to_be_unattached(held: tuple[str, ...], warned: bool) -> None:
    half = a_program(64, "half", "struct_ops", held_by=held)
    facts = PROGRAMS.facts(Seen(Look(0.0, machine(), {}, {}), None, Minute(), {}), half)
    assert (Fact("on", "not attached", role="warning") in facts) == warned
    assert [fact.text for fact in facts if fact.label == "kept by"] == [*held]
