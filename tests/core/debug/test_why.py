"""Where values came from: the steps that matter, and what the run began with."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpftui.core.debug import Call, Recording, Session
from bpftui.core.debug.why import Why, why
from bpftui.core.errors import UsageError
from bpftui.core.spec import CollectionSpec
from bpftui.core.vm.world.settings import Settings

UDP = bytes(12) + b"\x08\0" + b"\x45" + bytes(8) + b"\x11" + bytes(40)


def at_end(path: str, program: str, text: str, *packets: bytes | None) -> Why:
    recording = Recording.of(
        CollectionSpec.from_file(Path(path)),
        program,
        [Call(each) for each in packets],
        settings=Settings(clock=lambda: 5),
    )
    with Session(recording) as session:
        session.enter(len(packets) - 1)
        session.goto(session.length)
        stop = session.stop
        found = why(session, text)
        assert (session.stop, session.position) == (stop, session.length)
        return found


def test_a_length_comes_from_the_context() -> None:
    found = at_end("bpf/traffic.o", "count_traffic", "total_bytes", UDP)
    assert found.lines() == [
        "why total_bytes = 0x40 (64)   9 of 141 steps matter",
        "    46 70: lock *(u64 *)(r2 +0) += r1   traffic.c:190: __sync_fetch_and_add(&total_bytes, packet.length);"
        "   ◂ .bss total_bytes = 00 00 00 00 00 00 00 00",
        "    44   67: r1 = *(u32 *)(r10 -28)   traffic.c:190: __sync_fetch_and_add(&total_bytes, packet.length);",
        "    16     17: *(u32 *)(r10 -28) = r2   traffic.c:98: packet->length = data_end - data;",
        "    15       16: w2 -= w1   traffic.c:98: packet->length = data_end - data;",
        "    14         15: w2 = w3   traffic.c:98: packet->length = data_end - data;",
        "    12           13: r3 = *(u32 *)(r7 +4)   traffic.c:188: parse((void *)(long)ctx->data, "
        "(void *)(long)ctx->data_end, &packet);   ◂ ctx->data_end = 40 00 10 00",
        "     9             because 10: if w1 != 0x1 goto L161   did not jump   traffic.c:185: if (!counting)",
        "     8               9: r1 = *(u8 *)(r1 +0)   traffic.c:185: if (!counting)   ◂ .data counting = 01",
        "    13         14: r1 = *(u32 *)(r7 +0)   traffic.c:188: parse((void *)(long)ctx->data, "
        "(void *)(long)ctx->data_end, &packet);   ◂ ctx->data = 00 00 10 00",
    ]


def test_an_entry_comes_from_the_packets_bytes() -> None:
    """The protocol in a key is a byte of the packet; the count of the second packet is one of the run before."""
    found = at_end("bpf/traffic.o", "count_traffic", "traffic[{IPV4, 17}].packets", UDP, UDP)
    origins = {origin.text for cause in found.causes.values() for origin in cause.origins}
    assert "map traffic[{family=IPV4, protocol=UDP}].packets" in origins
    assert {"packet byte 12: Ethernet type", "ctx->data_end"} <= origins
    decided = [cause for cause in found.causes.values() if cause.jumped is not None]
    assert all(each.location.text.startswith("if ") for each in decided)


def test_what_is_neither_register_nor_memory() -> None:
    with pytest.raises(UsageError, match="'1 \\+ 1' is neither a register nor in memory"):
        at_end("bpf/traffic.o", "count_traffic", "1 + 1", UDP)
