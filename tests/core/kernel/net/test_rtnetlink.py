"""What rtnetlink tells of filters and their actions: also where this kernel has no actions that are programs."""

from __future__ import annotations

import struct

from bpftui.core.kernel.net.rtnetlink import Filter, programs_of

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
