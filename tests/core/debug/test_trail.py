"""What a whole run did: which helpers it called, and of the packet what it used."""

from __future__ import annotations

from pathlib import Path

from bpftui.core.debug import Call, Recording, Session
from bpftui.core.debug.trail import Trail
from bpftui.core.spec import CollectionSpec
from bpftui.core.vm.world.settings import Settings

UDP = bytes(12) + b"\x08\0" + b"\x45" + bytes(8) + b"\x11" + bytes(40)


def test_calls_are_those_of_helpers_and_functions_of_the_program_are_none() -> None:
    spec = CollectionSpec.from_file(Path("bpf/traffic.o"))
    with Session(Recording.of(spec, "count_traffic", [Call(UDP)], settings=Settings(clock=lambda: 5))) as session:
        calls = Trail(session).calls
    assert [each.name for each in calls] == [
        "bpf_ktime_get_ns",
        "bpf_map_lookup_elem",
        "bpf_map_update_elem",
        "bpf_map_lookup_elem",
        "bpf_map_lookup_elem",
        "bpf_map_update_elem",
        "bpf_ringbuf_reserve",
        "bpf_ringbuf_submit",
    ]
    assert (calls[0].step, calls[0].slot, calls[0].result) == (10, 11, "5")
