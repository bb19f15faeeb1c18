"""What the finder finds: the names of what an object has."""

from __future__ import annotations

from bpftui.core.spec import CollectionSpec
from bpftui.tui.controllers.finder import NamesOf


def test_helpers_that_are_called_stand_before_the_others() -> None:
    def none(_: object) -> None:
        raise AssertionError

    spec = CollectionSpec.from_file("bpf/traffic.o")
    names = NamesOf(spec, go_to=none, show_place=none, show_type=none, show_helper=none)
    while names.read_some():
        pass
    assert names.reading == ""
    assert {name for _, block, _ in names.helpers._blocks for name in block} == {
        "bpf_map_lookup_elem",
        "bpf_map_update_elem",
        "bpf_ktime_get_ns",
        "bpf_ringbuf_reserve",
        "bpf_ringbuf_submit",
    }
    assert len(names.other_helpers) == 211 - 5  # of enum bpf_func_id, without BPF_FUNC_unspec
