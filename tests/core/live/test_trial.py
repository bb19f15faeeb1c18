"""What comes of a run: packet, context, maps, variables, events, what was printed."""

from __future__ import annotations

from bpftui.core.live import EventReader
from bpftui.core.live.effects import EffectLine
from bpftui.core.live.trial import Trial
from bpftui.core.packet import Difference, template
from bpftui.core.spec import CollectionSpec
from bpftui.core.vm.runtime import MachineRuntime


def test_all_that_came_of_a_run() -> None:
    spec = CollectionSpec.from_file("tests/objects/changes.o")
    with MachineRuntime().load(spec) as collection, EventReader(collection) as events:
        with Trial(collection, lambda: events) as trial:
            program = collection.programs["change"]
            program.run()  # what came before is not told
            events.take()
            outcome = trial.run(program)
        assert outcome.effects == (
            EffectLine("table[{1, 1}]", "", "20"),
            EffectLine("table[{0, 1}]", "10", ""),
            EffectLine("runs", "1", "2", is_variable=True),
        )
        assert outcome.events == {"events": ['{run=2, name="run"}']}
        assert outcome.printed.texts == ("run 2",)
        # Who takes the events has them all the same.
        assert len(events.take()["events"].records) == 1


def test_what_became_of_the_packet() -> None:
    spec = CollectionSpec.from_file("bpf/traffic.o")
    with MachineRuntime().load(spec) as collection, Trial(collection) as trial:
        outcome = trial.run(collection.programs["count_traffic"], bytes(template("IPv4 UDP")))
    assert (outcome.verdict, outcome.result.retval) == ("XDP_PASS", 2)
    assert outcome.packet_differences == ()
    assert outcome.remark == ""
    assert outcome.events == {}


def test_what_a_program_wrote_into_the_packet() -> None:
    spec = CollectionSpec.from_file("tests/objects/packet_room.o")
    with MachineRuntime().load(spec, programs={"moved"}) as collection, Trial(collection) as trial:
        outcome = trial.run(collection.programs["moved"], bytes(template("IPv4 UDP")))
    assert outcome.packet_differences == (
        Difference("Ethernet", "destination", "02:00:00:00:00:00", "03:00:00:00:00:00"),
    )
