"""What the debugger's views say where a run stands, with the role of each part in it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bpftui.core.debug import Call, Recording, Session
from bpftui.core.debug.sight import Eyes, Held, Register, RunSeen, Sight, Slot, Watched
from bpftui.core.debug.trail import HelperCall
from bpftui.core.debug.turns import TurnSeen
from bpftui.core.debug.verified import Known
from bpftui.core.debug.why import why
from bpftui.core.live.effects import EffectLine
from bpftui.core.spec import CollectionSpec
from bpftui.core.vm.world.settings import Settings
from bpftui.tui.widgets.debug.changes_view import ChangesView
from bpftui.tui.widgets.debug.output_view import OutputView
from bpftui.tui.widgets.debug.packet_view import DebugPacketView
from bpftui.tui.widgets.debug.state_view import DebugStateView
from bpftui.tui.widgets.debug.why_view import WhyView

if TYPE_CHECKING:
    from collections.abc import Generator

    from bpftui.tui.widgets.debug.lines_view import LinesView

ROOT = Path(__file__).parents[4]
EXPECTED = {
    name: lines.splitlines()
    for name, _, lines in (
        part.partition("\n") for part in Path(__file__).with_name("views.txt").read_text().split("== ")[1:]
    )
}
"""The lines of `views.txt`, by the name above them."""
UDP = bytes(12) + b"\x08\0" + b"\x45" + bytes(8) + b"\x11" + bytes(40)
"""Ethernet, IPv4, UDP."""


@contextmanager
def walked() -> Generator[tuple[Session, Sight]]:
    """Go through the shipped counter up to the line behind its parser; yield what is seen there."""
    spec = CollectionSpec.from_file(ROOT / "bpf/traffic.o")
    ticks = iter(range(1_000, 1 << 40, 1_000))
    recording = Recording.of(
        spec, "count_traffic", [Call(UDP), Call(UDP)], settings=Settings(clock=lambda: next(ticks))
    )
    with Session(recording) as session:
        session.goto(60)
        yield session, Eyes(session).look()


def written(view: LinesView, sight: Sight, width: int) -> list[str]:
    """Return the lines of a view, each part that has a role as `‹role:text›`."""
    return [
        "".join(f"‹{role}:{text}›" if role and text else text for text, role in line.parts).rstrip()
        for line in view.lines(sight, width)
    ]


def stopped(sight: Sight) -> Sight:
    """Return a sight with all that can be said of a state."""
    return replace(
        sight,
        error="the program reads 4 bytes behind the end of its packet, which has 64 bytes",
        unknown="the kernel has no verifier's log of it",
        position=20,
        at_end=False,
        registers=(
            Register("r0", 1 << 40, changed=True, expression="r0"),
            Register("r1", 0x1000, "packet + 12", "08 00 45 00 00 00 00 00 00 00 00 00 00 11", expression="r1"),
            Register("r10", 0x2000, "fp", expression="r10"),
        ),
        known={
            "r0": Known("0 … 65,535", admits=False),
            "r1": Known("pkt", admits=False, doubt="pruned"),
            "r10": Known("fp0", admits=None),
            "fp-8": Known("7", admits=True),
        },
        turns=(
            TurnSeen("first", "XDP_PASS (2)", 0, 9),
            TurnSeen("second_one", "XDP_DROP (1)", 9, 99),
            TurnSeen("third", "", 1_234, None),
            TurnSeen("fourth"),
        ),
        watched=(
            Watched("packets", "17", changed=True),
            Watched("nothing", "there is no nothing", is_error=True),
            Watched("total", "3"),
        ),
        held=(
            Held(1, "traffic.c:12", "r1 > 3", enabled=True, hits=0, access=None),
            Held(2, "parse", "", enabled=True, hits=2, access=None, problem="it is not here"),
            Held(3, "entry", "", enabled=False, hits=5, access=None),
            Held(4, "later", "", enabled=True, hits=0, access=None, problem="no such map", is_waiting=True),
        ),
        stack=(Slot(-8, "7", changed=True), Slot(-160, "packet + 2")),
    )


def changed(sight: Sight) -> Sight:
    lines = (
        EffectLine("traffic[{IPV4, UDP}].packets", "1", "2"),
        EffectLine("sources[192.0.2.9]", "", "{packets=1}"),
        EffectLine("flows[7]", "{x=1}", ""),
        EffectLine("total_packets", "0", "1", is_variable=True),
    )
    return replace(sight, changes=lines)


def holding(sight: Sight) -> Sight:
    lines = (
        EffectLine("traffic[{IPV4, UDP}]", "", "{packets=2, bytes=128}"),
        EffectLine("traffic[{IPV6, UDP}]", "", "{packets=1, bytes=64}"),
        EffectLine("sources", "", "nothing"),
        EffectLine("total_packets", "", "1", is_variable=True),
        EffectLine("total", "", "1", is_variable=True),
    )
    return replace(changed(sight), holdings=lines)


def told(sight: Sight) -> Sight:
    return replace(
        sight,
        runs=3,
        near=(
            RunSeen(0, "packet 1 of http.pcap", "XDP_PASS", 141, ("traffic", "total")),
            RunSeen(1, "packet 2 of http.pcap", "XDP_DROP", 7),
            RunSeen(2, "packet 3", ""),
        ),
        printed=("hello", "world"),
        logged=("r1 = 7", "r1 = 9"),
        called=(
            HelperCall(7, 3, "bpf_map_lookup_elem", (("map", "traffic"), ("key", "fp-16")), "0"),
            HelperCall(1_000, 9, "bpf_spin_lock", (), ""),
        ),
        length=1_410,
    )


def used(sight: Sight) -> Sight:
    """Return a sight of a packet of which much was read, and some written."""
    assert sight.packet is not None
    return replace(
        sight,
        packet=bytes(range(64)) + bytes(4096),
        read=frozenset({*range(34), 40, 42}),
        written=frozenset({0, 33, 36, 37}),
    )


def why_view(session: Session, sight: Sight) -> WhyView:
    view = WhyView(id="why")
    view.sight = sight
    view._answer, view._timeline = why(session, "packet->length"), sight.trail.timeline
    return view


def pictures() -> dict[str, list[str]]:
    """Return what stands in each view, by what is seen there."""
    with walked() as (session, sight):
        state, packet, output = DebugStateView(id="state"), DebugPacketView(id="packet"), OutputView(id="output")
        why_lines = why_view(session, sight)
        found = {
            "a state": written(state, sight, 60),
            "a state with all that can be said of it": written(state, stopped(sight), 60),
            "the same where there is little room": written(state, stopped(sight), 30),
            "maps": written(ChangesView(id="maps"), changed(sight), 60),
            "all that maps hold": written(ChangesView(id="maps"), holding(sight), 40),
            "output": written(output, told(sight), 60),
            "a packet": written(packet, sight, 60)[:4],
            "a packet of which much was used": written(packet, used(sight), 54)[3:9],
            "bytes where there is little room": written(packet, used(sight), 53)[3:9],
            "why": [why_lines.title(sight), *written(why_lines, sight, 100)],
        }
        state._form = "hex"
        return found | {"registers in hexadecimal": written(state, sight, 60)[:4]}


@pytest.fixture(scope="module")
def drawn() -> dict[str, list[str]]:
    return pictures()


@pytest.mark.parametrize("name", EXPECTED)
def test_what_stands_in_a_view(name: str, drawn: dict[str, list[str]]) -> None:
    assert drawn[name] == EXPECTED[name]
