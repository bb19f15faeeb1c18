"""What rtnetlink tells of filters and their actions: also where this kernel has no actions that are programs."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING

from bpftui.core.kernel.net import rtnetlink
from bpftui.core.kernel.net.rtnetlink import Action, Filter, Routed, actions_of, programs_of, routed_by

if TYPE_CHECKING:
    import pytest

INGRESS = 0xFFFFFFF2


def attribute(kind: int, contents: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(contents), kind) + contents + bytes(-len(contents) % 4)


def tcmsg(kind: bytes, handle: int, preference: int, options: bytes) -> bytes:
    head = struct.pack("=BxxxiIII", 0, 3, handle, INGRESS, preference << 16)
    return head + attribute(1, kind + b"\0") + (attribute(0x8000 | 2, options) if options else b"")


def action(order: int, kind: bytes, *inside: bytes) -> bytes:
    return attribute(order, attribute(1, kind + b"\0") + attribute(2, b"".join(inside)))


def of_bpf(number: int, name: bytes) -> tuple[bytes, bytes]:
    return attribute(6, name + b"\0"), attribute(9, struct.pack("=I", number))


def test_a_filter_of_another_kind_has_programs_as_its_actions() -> None:
    actions = action(1, b"gact") + action(2, b"bpf", *of_bpf(41, b"mark")) + action(3, b"bpf", *of_bpf(42, b"count"))
    assert [*programs_of(tcmsg(b"u32", 0x80000800, 10, attribute(7, actions)))] == [
        Filter(3, INGRESS, 10, 0x80000800, "mark", 41, direct=True, action_of="u32"),
        Filter(3, INGRESS, 10, 0x80000800, "count", 42, direct=True, action_of="u32"),
    ]
    assert [each.program_id for each in programs_of(tcmsg(b"flower", 1, 10, attribute(3, actions)))] == [41, 42]


def test_a_program_that_is_a_filter_runs_before_its_actions() -> None:
    options = (
        attribute(1, action(1, b"bpf", *of_bpf(42, b"count")))
        + attribute(7, b"classifier\0")
        + attribute(8, struct.pack("=I", 0))
        + attribute(11, struct.pack("=I", 40))
    )
    assert [*programs_of(tcmsg(b"bpf", 1, 20, options))] == [
        Filter(3, INGRESS, 20, 1, "classifier", 40, direct=False),
        Filter(3, INGRESS, 20, 1, "count", 42, direct=True, action_of="bpf"),
    ]


def test_the_priority_itself_and_filters_without_programs_have_none() -> None:
    assert [*programs_of(tcmsg(b"bpf", 0, 20, b""))] == []
    assert [*programs_of(tcmsg(b"matchall", 1, 20, attribute(2, action(1, b"mirred"))))] == []


def test_an_action_that_no_filter_has_is_told_by_itself() -> None:
    def listed(order: int, index: int, filters: int, *inside: bytes) -> bytes:
        told = attribute(2, struct.pack("=IIiii", index, 0, -1, 1, filters))
        return action(order, b"bpf", told, *inside)

    table = listed(1, 7, 0, *of_bpf(41, b"alone")) + listed(2, 9, 2, *of_bpf(42, b"bound")) + listed(3, 10, 0)
    assert [*actions_of(bytes(4) + attribute(1, table))] == [Action(7, "alone", 41, 0), Action(9, "bound", 42, 2)]


def route(family: int, length: int, *inside: bytes) -> bytes:
    return struct.pack("=BBBBBBBBI", family, length, 0, 0, 254, 0, 0, 1, 0) + b"".join(inside)


def test_a_route_has_programs_of_which_the_kernel_tells_the_names() -> None:
    destination = attribute(1, socket.inet_aton("198.51.100.0"))
    tunnel = attribute(22, attribute(1, attribute(2, b"in.o\0")) + attribute(3, attribute(2, b"xmit.o\0")))
    of_bpf_tunnel = attribute(21, struct.pack("=H", 6)) + tunnel
    expected = [
        Routed("lwt_in", "198.51.100.0/24", 3, 0, "in.o"),
        Routed("lwt_xmit", "198.51.100.0/24", 3, 0, "xmit.o"),
    ]
    assert [*routed_by(route(2, 24, destination, attribute(4, struct.pack("=I", 3)), of_bpf_tunnel))] == expected
    hops = b"".join(
        struct.pack("=HBBi", 8 + len(inside), 0, 0, index) + inside for index, inside in ((5, b""), (3, of_bpf_tunnel))
    )
    assert [*routed_by(route(2, 24, destination, attribute(9, hops)))] == expected
    assert [*routed_by(route(2, 0, attribute(4, struct.pack("=I", 3))))] == []
    assert [*routed_by(route(2, 24, destination, attribute(9, bytes(8))))] == []  # a next hop without a length


def test_each_next_hop_of_a_default_route_carries_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def oif(index: int) -> bytes:
        return attribute(4, struct.pack("=I", index))

    hops = b"".join(struct.pack("=HBBi", 16, 0, 0, index) + attribute(5, bytes(4)) for index in (5, 7))
    bodies = {
        2: [
            route(2, 0, attribute(9, hops)),
            route(2, 24, attribute(9, hops.replace(b"\7", b"\x08"))),
            route(2, 8, oif(9)),
        ],
        10: [route(10, 0, oif(3)), route(10, 0)],
    }
    monkeypatch.setattr(rtnetlink, "_dump", lambda _type, request: bodies[request[0]])
    assert rtnetlink.routes() == rtnetlink.Routes({3, 5, 7}, [])


def test_a_segment_s_action_tells_its_program() -> None:
    program = attribute(8, attribute(1, struct.pack("=I", 42)) + attribute(2, b"seg.o\0"))
    encapsulation = attribute(21, struct.pack("=H", 7)) + attribute(22, attribute(1, struct.pack("=I", 15)) + program)
    destination = attribute(1, socket.inet_pton(socket.AF_INET6, "2001:db8::1"))
    assert [*routed_by(route(10, 128, destination, encapsulation))] == [
        Routed("lwt_seg6local", "2001:db8::1/128", 0, 42, "seg.o")
    ]
