"""count_packets.c: it counts, and lets everything through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bpftui.core.testing.codes import XDP_PASS

if TYPE_CHECKING:
    from bpftui.core.testing.bpf import Bpf


def test_packets_are_counted(bpf: Bpf) -> None:
    count = bpf.load("bpf/count_packets.o").program("count_packets")
    runs = [count.run(bytes(size)) for size in (14, 64, 1500)]
    assert [(run.retval, run.maps["pkt_count"][0]) for run in runs] == [(XDP_PASS, 1), (XDP_PASS, 2), (XDP_PASS, 3)]


def test_a_packet_passes_where_it_cannot_be_counted(bpf: Bpf) -> None:
    obj = bpf.load("bpf/count_packets.o", helpers={"bpf_map_lookup_elem": 0})
    assert obj.program("count_packets").run(bytes(64)).retval == XDP_PASS
