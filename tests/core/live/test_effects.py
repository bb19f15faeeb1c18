"""What a run changes, entry by entry and leaf by leaf."""

from __future__ import annotations

from bpftui.core.live.effects import EffectLine, EffectsReader
from bpftui.core.packet import template
from bpftui.core.spec import CollectionSpec
from bpftui.core.vm.runtime import MachineRuntime


def test_what_runs_change_is_told_leaf_by_leaf() -> None:
    spec = CollectionSpec.from_file("bpf/traffic.o")
    with MachineRuntime().load(spec) as collection:
        reader = EffectsReader(collection)
        program = collection.programs["count_traffic"]
        packet = bytes(template("IPv4 UDP"))
        program.run(packet)
        first = list(reader.read().lines(collection))
        assert EffectLine("traffic[{IPV4, UDP}]", "", "{packets=1, bytes=60}") in first
        assert EffectLine("total_packets", "0", "1", is_variable=True) in first
        assert next(line.what for line in first if line.what.startswith("sources")) == "sources[192.0.2.9]"
        program.run(packet)
        second = list(reader.read().lines(collection))
        assert EffectLine("traffic[{IPV4, UDP}].packets", "1", "2") in second
        assert EffectLine("traffic[{IPV4, UDP}].bytes", "60", "120") in second
        assert EffectLine("total_bytes", "60", "120", is_variable=True) in second
        assert list(reader.read().lines(collection)) == []


def test_entries_that_come_and_go() -> None:
    spec = CollectionSpec.from_file("tests/objects/changes.o")
    with MachineRuntime().load(spec) as collection:
        reader = EffectsReader(collection)
        collection.programs["change"].run()
        assert list(reader.read().lines(collection)) == [
            EffectLine("table[{0, 1}]", "", "10"),
            EffectLine("runs", "0", "1", is_variable=True),
        ]
        collection.programs["change"].run()
        assert list(reader.read().lines(collection)) == [
            EffectLine("table[{1, 1}]", "", "20"),
            EffectLine("table[{0, 1}]", "10", ""),
            EffectLine("runs", "1", "2", is_variable=True),
        ]
