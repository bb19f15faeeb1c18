"""Where values came from: the steps that matter, and what the run began with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpftui.core.asm import Instruction
from bpftui.core.asm.assembler import assemble
from bpftui.core.asm.opcodes import CALL
from bpftui.core.debug import Access, Call, Reason, Recording, Session
from bpftui.core.debug.accesses import touched
from bpftui.core.debug.pointers import layers_of
from bpftui.core.debug.run_log import _Function
from bpftui.core.debug.sight import Eyes
from bpftui.core.debug.wanted import Wanted
from bpftui.core.debug.why import Why, why
from bpftui.core.errors import UsageError
from bpftui.core.helpers.names import HELPERS
from bpftui.core.packet import template
from bpftui.core.spec import CollectionSpec
from bpftui.core.vm.world.settings import Settings
from tests.bench.bench_vm import insn
from tests.core.debug.test_verified import CODE
from tests.fuzz.sessions import object_of

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
        "     8               9: r1 = *(u8 *)(r1 +0)   traffic.c:185: if (!counting)   ◂ .data counting = 0x01",
        "    13         14: r1 = *(u32 *)(r7 +0)   traffic.c:188: parse((void *)(long)ctx->data, "
        "(void *)(long)ctx->data_end, &packet);   ◂ ctx->data = 00 00 10 00",
    ]


def test_an_entry_comes_from_the_packets_bytes() -> None:
    """The protocol in a key is a byte of the packet; the count of the second packet is one of the run before."""
    found = at_end("bpf/traffic.o", "count_traffic", "traffic[{IPV4, 17}].packets", UDP, UDP)
    origins = [origin for cause in found.causes.values() for origin in cause.origins]
    assert {"map traffic[{IPV4, UDP}].packets", "ctx->data_end"} <= {each.text for each in origins}
    told = {each.told(64) for each in origins}
    assert {"packet byte 12 = 0x08: Ethernet type", "packet byte 23 = 0x11: IPv4 protocol UDP"} <= told
    decided = [cause for cause in found.causes.values() if cause.jumped is not None]
    assert all(each.location.text.startswith("if ") for each in decided)


def test_what_was_asked_is_told_by_what_it_is() -> None:
    assert at_end("bpf/traffic.o", "count_traffic", "r0", UDP).shown == "XDP_PASS (2)"
    with Session(Recording.of(CollectionSpec.from_file("bpf/traffic.o"), "count_traffic", [Call(UDP)])) as session:
        session.goto(46)
        assert why(session, "r2").shown.startswith("total_bytes (0x")
        assert why(session, "r1").shown == "0x40 (64)"


def test_a_result_comes_from_what_functions_were_given() -> None:
    """Each is left by its exit, and what it was given stood in the registers of the call."""
    found = at_end("tests/objects/subprograms.o", "other_section", "r0", UDP)
    assert [line[7:].partition("   subprograms.c")[0].lstrip() for line in found.lines()[1:]] == [
        "23: exit",
        "22: w0 <<= 1",
        "16: w0 = w1",
        "5: call twice",
        "4: w1 = w0",
        "23: exit",
        "22: w0 <<= 1",
        "16: w0 = w1",
        "3: call twice",
        "2: w1 = w0",
        "15: exit",
        "14: w0 = 42",
        "because 13: if w1 == 0x0 goto L15   did not jump",
        "1: call weak_answer",
        "0: w1 = 1",
    ]


def test_what_is_neither_register_nor_memory() -> None:
    with pytest.raises(UsageError, match="'1 \\+ 1' is neither a register nor in memory"):
        at_end("bpf/traffic.o", "count_traffic", "1 + 1", UDP)


def test_what_is_wanted_is_kept_as_ranges() -> None:
    """However many bytes: a value of a map may have as many as memory has."""
    wanted = Wanted()
    wanted.add(range(1 << 40), 1)
    wanted.add(range(10, 1 << 50), 2)
    assert list(wanted) == [(range(10), [1]), (range(10, 1 << 40), [1, 2]), (range(1 << 40, 1 << 50), [2])]
    assert wanted.take(range(5, 8)) == {1}
    assert wanted.take(range(5, 8)) == set()
    assert wanted.take(range(9, 1 << 45)) == {1, 2}
    assert list(wanted) == [(range(5), [1]), (range(8, 9), [1]), (range(1 << 45, 1 << 50), [2])]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 24), st.integers(0, 12)), max_size=12))
def test_ranges_are_what_bytes_would_be(todo: list[tuple[bool, int, int]]) -> None:
    wanted, by_byte = Wanted(), dict[int, list[int]]()
    for step, (is_add, start, size) in enumerate(todo):
        part = range(start, start + size)
        if is_add:
            wanted.add(part, step)
            for each in part:
                by_byte.setdefault(each, []).append(step)
        else:
            assert wanted.take(part) == {step for each in part for step in by_byte.pop(each, [])}
    assert {each: steps for part, steps in wanted for each in part} == by_byte


def test_a_variable_with_the_name_of_a_register() -> None:
    spec = CollectionSpec.from_file(Path("bpf/traffic.o"))
    recording = Recording.of(spec, "count_traffic", [Call(UDP)], settings=Settings(clock=lambda: 5))
    with Session(recording) as session:
        variables = session.world.collection.spec.variables
        variables["r1"] = replace(variables["total_packets"], name="r1")
        session.goto(session.length)
        assert session.evaluate("r1").text == "1"
        asked, meant = why(session, "r1"), why(session, "total_packets")
        assert (asked.value, asked.because, asked.causes) == (meant.value, meant.because, meant.causes)


def test_structs_begin_with_their_first_bytes() -> None:
    """Two integers of 32 bits, 1,000 each: their bytes are in the object's order, and long ones are not all told."""
    assert at_end("tests/objects/core.eb.o", "core", "facts", None).value == 0x3E8_0000_03E8
    zeros = " ".join(["00"] * 64)
    told = at_end("tests/objects/usdt.o", "on_fired", "calls", None).lines()
    assert f"  ◂ .bss calls = {zeros} … 408 bytes" in told


def test_what_is_loaded_without_a_pointer_comes_from_the_packet() -> None:
    """Socket filters see no Ethernet header, and read the packet by loads of their own."""
    packet = bytes(template("IPv4 UDP"))
    found = at_end("tests/objects/isa.o", "packet_loads", "r0", packet)
    origins = [(cause.step, origin.told(64)) for cause in found.causes.values() for origin in cause.origins]
    assert sorted(origins) == [(1, "packet byte 0 = 0x45: IPv4 version"), (4, "packet bytes 1…2 = 00 00: IPv4 DSCP")]
    spec = CollectionSpec.from_file(Path("tests/objects/isa.o"))
    with Session(Recording.of(spec, "packet_loads", [Call(packet)])) as session:
        assert [each.start for each in layers_of(session, session.packet or b"")] == [0, 20, 28]
        session.watch("pkt[2]", Access.READ)
        assert session.resume().reason is Reason.WATCHPOINT
        assert session.position == 5
        session.goto(session.length)
        sight = Eyes(session).look()
        assert (sorted(sight.read), sight.written) == ([0, 1, 2], frozenset())


@pytest.mark.parametrize(
    ("path", "program", "helper", "arguments", "read", "written"),
    [
        # From the network header on, from the link layer's: of which a socket filter sees nothing.
        ("tests/objects/packet_room.o", "on_tc", "bpf_skb_load_bytes_relative", (0, 9, "fp", 2, 1), [23, 24], []),
        ("tests/objects/packet_room.o", "on_tc", "bpf_skb_load_bytes_relative", (0, 9, "fp", 2, 0), [9, 10], []),
        ("tests/objects/packet_room.o", "on_socket", "bpf_skb_load_bytes_relative", (0, 9, "fp", 2, 1), [9, 10], []),
        ("tests/objects/packet_room.o", "on_socket", "bpf_skb_load_bytes_relative", (0, 9, "fp", 2, 0), [], []),
        ("tests/objects/packet_room.o", "on_tc", "bpf_skb_store_bytes", (0, 60, "fp", 3, 0), [], [60, 61, 62]),
        ("tests/objects/packet_room.o", "on_tc", "bpf_skb_store_bytes", (0, 64, "fp", 3, 0), [], []),
        ("tests/objects/packet_room.o", "on_tc", "bpf_l3_csum_replace", (0, 24, 1, 2, 2), [24, 25], [24, 25]),
        # Of a key as many bytes as the map says, whatever the next register holds; a result is a u64.
        ("bpf/traffic.o", "count_traffic", "bpf_map_lookup_elem", ("traffic", "pkt", 999), [*range(8)], []),
        ("bpf/traffic.o", "count_traffic", "bpf_csum_diff", ("pkt", 4, 0, 0, 0), [0, 1, 2, 3], []),
        ("bpf/traffic.o", "count_traffic", "bpf_strtol", (0, 9, 0, "pkt", 999), [], [*range(8)]),
    ],
)
def test_what_helpers_use_of_the_packet(
    path: str, program: str, helper: str, arguments: tuple[int | str, ...], read: list[int], written: list[int]
) -> None:
    recording = Recording.of(CollectionSpec.from_file(Path(path)), program, [Call(UDP)])
    with Session(recording) as session:
        maps, base = session.world.collection.maps, session.evaluate("pkt").number
        named = {"fp": session.registers[10] - 16, "pkt": base} | {name: each.address for name, each in maps.items()}
        values = [named[each] if isinstance(each, str) else each for each in arguments]
        call = Instruction(CALL, imm=HELPERS.index(helper))
        found = touched(session.world, call, (0, *values, *[0] * (10 - len(values))))
        bytes_read, bytes_written = (
            [at - base for part in parts if part.start >= base and part.stop <= base + 4096 for at in part]
            for parts in found
        )
        assert (bytes_read, bytes_written) == (read, written)


def test_what_the_first_step_reads_is_its_own_origin() -> None:
    recording = Recording.of(CollectionSpec.from_bytes(CODE), "prog", [Call(bytes(60))], object_=CODE)
    with Session(recording) as session:
        session.goto(session.length)
        assert why(session, "r6").lines() == [
            "why r6 = 0   3 of 6 steps matter",
            "     2 2: r6 = r0",
            "     0   0: r0 = *(u32 *)(r1 +0)   ◂ ctx->len = 3c 00 00 00",
            "     1   because 1: if r0 > 0x64 goto L4   did not jump",
            "     0     0: r0 = *(u32 *)(r1 +0)   (as above)",
        ]


def decided(*code: bytes) -> list[set[int]]:
    """Return what decides whether each block of a program is come to: the blocks whose jumps do."""
    raw = object_of(b"".join(code))
    with Session(Recording.of(CollectionSpec.from_bytes(raw), "prog", [Call(bytes(60))], object_=raw)) as session:
        machine, _ = session.world.processor.at(session.timeline.places[0])
        return _Function(machine, 0).decided_by


def test_what_decides_whether_a_block_is_come_to() -> None:
    """Control dependence (Ferrante, Ottenstein and Warren, 1987): by the jump whose one side leads there for sure."""
    jump, exit_ = insn(0x15, 1, 0, 1, 0), insn(0x95)
    set_ = insn(0xB7, 0, 0, 0, 0)
    # 0: if r1 == 0 goto 2; 1: r0 = 0; 2: exit
    assert decided(set_ + jump, set_, exit_) == [set(), {0}, set()]
    # One side returns by itself: what is behind is come to by the other one.
    assert decided(set_ + insn(0x15, 1, 0, 2, 0), set_ + exit_, set_ + exit_) == [set(), {0}, {0}]
    # 0: … 1: r0 = 0; if r0 != 0 goto 1: a loop decides of itself.
    assert decided(set_, set_ + insn(0x55, 0, 0, -2, 0), exit_)[-2:] == [{1}, set()]


def test_a_loop_that_never_ends_is_come_to_by_the_jump_before_it() -> None:
    """Blocks from which no way leads to the end decide nothing, and are decided by nothing."""
    set_, exit_ = insn(0xB7, 0, 0, 0, 0), insn(0x95)
    code = [
        set_ + insn(0x55, 1, 0, 3, 0),  # if r1 != 0 goto the end
        insn(0x15, 2, 0, -1, 0),  # L: if r2 == 0 goto L
        set_,
        insn(0x05, 0, 0, -3),  # goto L
        exit_,
    ]
    assert decided(*code)[-1] == set()


@pytest.mark.parametrize(
    ("step", "text", "told"),
    [
        (9, "r6", ["0 0: r6 = r1", "◂ the context"]),
        (4, "r0", ["3 4: call bpf_tail_call#12", "2   3: w3 = 0"]),
        (
            17,
            "r0",
            [
                "15 0: w0 = 1",
                "14   because 3: call bpf_tail_call#12",
                "13     2: w3 = 0",
                "11       because 14: call bpf_tail_call#12",
                "10         13: w3 = 0",
                "9         11: r2 = map[first_table]",
                "8         10: r1 = r6",
                "0           0: r6 = r1",
                "◂ the context",
                "12     0: r2 = map[second_table]",
                "11     14: call bpf_tail_call#12",
            ],
        ),
    ],
)
def test_a_tail_call_makes_what_it_returns_where_it_leads_nowhere_else_the_next_program(
    step: int, text: str, told: list[str]
) -> None:
    """Two of `entry` come to no program: one's map is empty, the other's entry cannot be loaded. r6 stays as it is."""
    spec = CollectionSpec.from_file(Path("tests/objects/tail_calls.o"))
    with Session(Recording.of(spec, "entry", [Call(bytes(60))])) as session:
        session.goto(step)
        found: list[str] = []
        for line in why(session, text).lines()[1:]:
            found.append(line.partition("   tail_calls.c")[0].strip())
            found += ["◂ " + each for each in line.split("   ◂ ")[1:]]
        assert found == told


@pytest.mark.parametrize(
    ("operation", "register", "steps"),
    [
        ("r2 = atomic64_fetch_add((u64 *)(r10 -8), r2)", "r2", [4, 3, 2, 1]),
        ("r2 = atomic64_fetch_add((u64 *)(r10 -8), r2)", "r1", [5, 4, 3, 2, 1]),
        ("lock *(u64 *)(r10 -8) += r2", "r2", [2]),
        ("lock *(u64 *)(r10 -8) += r2", "r1", [5, 4, 3, 2, 1]),
        ("r2 = atomic64_xchg((u64 *)(r10 -8), r2)", "r2", [4, 3, 2, 1]),
        ("r0 = atomic64_cmpxchg((u64 *)(r10 -8), r0, r2)", "r0", [4, 3, 2, 1, 0]),
        ("r0 = atomic64_cmpxchg((u64 *)(r10 -8), r0, r2)", "r2", [2]),
        ("r2 = load_acquire((u64 *)(r10 -8))", "r2", [4, 3, 1]),
        ("r2 = load_acquire((u64 *)(r10 -8))", "r1", [5, 3, 1]),
        ("store_release((u64 *)(r10 -8), r2)", "r1", [5, 4, 2]),
        ("*(u64 *)(r10 -8) = 9", "r1", [5, 4]),
        ("*(u8 *)(r10 -1) = r2", "r1", [5, 4, 3, 2, 1]),
        ("*(u8 *)(r10 -9) = r2", "r1", [5, 3, 1]),
        ("r2 = *(u32 *)(r10 -8)", "r2", [4, 3, 1]),
    ],
)
def test_what_is_written_to_memory_and_read_from_it(operation: str, register: str, steps: list[int]) -> None:
    """Which steps matter to a register behind: 0 sets r0, 1 r1, 2 r2, 3 stores r1, 4 does it, 5 loads into r1."""
    text = f"r0 = 3\nr1 = 5\nr2 = 7\n*(u64 *)(r10 -8) = r1\n{operation}\nr1 = *(u64 *)(r10 -8)\nexit"
    raw = object_of(assemble(text))
    with Session(Recording.of(CollectionSpec.from_bytes(raw), "prog", [Call(bytes(60))], object_=raw)) as session:
        session.goto(6)
        assert sorted(why(session, register).causes, reverse=True) == steps
