"""traffic.c: what it counts, by kind and by sender, and which packets become events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bpftui.core.packet import Packet, template
from bpftui.core.testing.codes import XDP_PASS

if TYPE_CHECKING:
    from bpftui.core.testing.bpf import Bpf

UDP4, TCP6 = template("IPv4 UDP"), template("IPv6 TCP")
TIMES = ["sources.last_seen", "events.time"]
IPV4_UDP = {"family": "IPV4", "protocol": "UDP"}


def hop_by_hop() -> Packet:
    """Return an IPv6 packet whose ICMPv6 is behind a hop-by-hop header, as multicast listener reports have it."""
    packet = bytearray(bytes(template("IPv6 ICMPv6")))
    packet[20] = 0
    packet[54:54] = bytes([58, 0, 5, 2, 0, 0, 1, 0])
    return Packet.of(bytes(packet))


@pytest.mark.parametrize(
    ("packet", "kind"),
    [
        (UDP4, IPV4_UDP),
        (template("IPv4 TCP"), {"family": "IPV4", "protocol": "TCP"}),
        (template("IPv4 ICMP"), {"family": "IPV4", "protocol": "ICMP"}),
        (TCP6, {"family": "IPV6", "protocol": "TCP"}),
        (hop_by_hop(), {"family": "IPV6", "protocol": "ICMPV6"}),
        (template("ARP"), {"family": "OTHER", "protocol": "NONE"}),
        (bytes(UDP4)[:30], {"family": "OTHER", "protocol": "NONE"}),
        (bytes(TCP6)[:50], {"family": "OTHER", "protocol": "NONE"}),
        (bytes(hop_by_hop())[:54], {"family": "IPV6", "protocol": "NONE"}),
    ],
    ids=[
        "UDP",
        "TCP",
        "ICMP",
        "IPv6",
        "hop by hop",
        "ARP",
        "half an IPv4 header",
        "half an IPv6 header",
        "no hop-by-hop header",
    ],
)
def test_each_kind_is_counted_by_itself(bpf: Bpf, packet: Packet | bytes, kind: dict[str, object]) -> None:
    run = bpf.load("bpf/traffic.o", may_differ=TIMES).program("count_traffic").run(packet)
    assert run.retval == XDP_PASS
    assert run.packet == packet
    assert run.maps["traffic"].after.items() == [(kind, {"packets": 1, "bytes": len(bytes(packet))})]


def test_packets_and_bytes_add_up(bpf: Bpf) -> None:
    obj = bpf.load("bpf/traffic.o", cpus=2)
    count = obj.program("count_traffic")
    for number in range(4):
        count.run(UDP4, cpu=number % 2)
    run = count.run(TCP6)
    assert run.maps["traffic"][IPV4_UDP] == {"packets": 4, "bytes": 240}
    assert run.variables["total_packets"] == (4, 5)
    assert obj.variables["total_bytes"].value == 240 + len(TCP6)


def test_senders_are_counted_and_last_seen_now(bpf: Bpf) -> None:
    obj = bpf.load("bpf/traffic.o", time=5_000)
    count = obj.program("count_traffic")
    count.run(UDP4)
    obj.advance(ns=700)
    run = count.run(UDP4)
    ((address, source),) = run.maps["sources"].after.items()
    assert isinstance(address, dict)
    assert address["family"] == "IPV4"
    assert source == {"packets": 2, "bytes": 120, "last_seen": 5_700}


def test_senders_are_left_out_where_nobody_wants_them(bpf: Bpf) -> None:
    run = bpf.load("bpf/traffic.o", set={"track_sources": False}, may_differ=TIMES).program("count_traffic").run(UDP4)
    assert len(run.maps["sources"]) == 0
    assert run.maps["traffic"][IPV4_UDP]["packets"] == 1


@pytest.mark.parametrize(("every", "sampled"), [(1, [0, 1, 2, 3]), (3, [0, 3]), (0, [])])
def test_every_nth_packet_is_an_event(bpf: Bpf, every: int, sampled: list[int]) -> None:
    count = bpf.load("bpf/traffic.o", set={"sample_every": every}, may_differ=TIMES).program("count_traffic")
    events = [event for _ in range(4) for event in count.run(UDP4).events]
    assert [event.value["number"] for event in events] == sampled
    assert all((event.value["kind"], event.value["length"]) == (IPV4_UDP, 60) for event in events)


def test_what_finds_no_room_is_counted(bpf: Bpf) -> None:
    obj = bpf.load("bpf/traffic.o", helpers={"bpf_ringbuf_reserve": 0})
    run = obj.program("count_traffic").run(UDP4)
    assert run.events == ()
    assert run.variables["lost_events"] == (0, 1)


def test_a_full_map_loses_the_kind_and_nothing_else(bpf: Bpf) -> None:
    obj = bpf.load("bpf/traffic.o", helpers={"bpf_map_update_elem": -7})
    run = obj.program("count_traffic").run(UDP4)
    assert len(run.maps["traffic"]) == 0
    assert run.variables["total_packets"] == (0, 1)


def test_nothing_is_counted_while_it_is_off(bpf: Bpf) -> None:
    obj = bpf.load("bpf/traffic.o", may_differ=TIMES)
    obj.variables["counting"].value = False
    run = obj.program("count_traffic").run(UDP4)
    assert (run.retval, run.variables, len(run.maps["traffic"])) == (XDP_PASS, {}, 0)
