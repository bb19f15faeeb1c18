"""What maps of a collection hold at a moment is what a recording's runs begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bpftui.core.debug import Call, Recording, Session
from bpftui.core.debug.cloned import cloned
from bpftui.core.runtime import MapSnapshot
from bpftui.core.spec import CollectionSpec
from bpftui.core.vm.runtime import MachineRuntime
from bpftui.core.vm.world.settings import Settings

if TYPE_CHECKING:
    import pytest

UDP = bytes(12) + b"\x08\x00" + b"\x45" + bytes(8) + b"\x11" + bytes(40)
NAMES = (".data", ".bss", ".rodata", "traffic", "sources", "events")


def test_a_run_goes_on_from_what_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = CollectionSpec.from_file("bpf/traffic.o")
    collection = MachineRuntime(Settings(cpus=3)).load(spec)
    for _ in range(3):
        collection.programs["count_traffic"].run(UDP)
    found = cloned(collection, NAMES)
    assert found.cpus == 3
    assert found.left_out == ["map events begins empty: a ring buffer is a stream of records"]
    assert sorted(found.entries) == [".bss", ".data", "events", "sources", "traffic"]
    recording = Recording.of(spec, "count_traffic", [Call(UDP)])
    recording.begin_with(found.entries, found.cpus)
    assert recording.settings.cpus == 3
    with Session(recording) as session:
        assert session.evaluate("traffic[{IPV4, UDP}].packets").text == "3"
        session.goto(session.length)
        assert session.evaluate("total_packets").text == "4"
    # Of a recording over time a data section has its variables alone.
    for name in (".bss", ".data"):
        monkeypatch.setattr(collection.maps[name], "snapshot", lambda: MapSnapshot((), note="not kept"))
    assert cloned(collection, [".bss", ".data"]).entries == {name: found.entries[name] for name in (".bss", ".data")}
