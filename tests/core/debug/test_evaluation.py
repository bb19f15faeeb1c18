"""Expressions where a session stands: values as literals, and what is said of those that mean nothing."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpftui.core.debug import Call, Reason, Recording, Session
from bpftui.core.debug.commands import Interpreter
from bpftui.core.debug.sight import Eyes
from bpftui.core.debug.syntax import ExpressionError, parse
from bpftui.core.debug.why import why
from bpftui.core.errors import UsageError
from bpftui.core.spec import CollectionSpec
from bpftui.core.vm.world.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

UDP = bytes(12) + b"\x08\0" + b"\x45" + bytes(8) + b"\x11" + bytes(40)
NESTED = "tests/objects/nested_maps.clang14.o"


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    """`count_traffic` at the end of line 138, with one packet counted."""
    spec = CollectionSpec.from_file(Path("bpf/traffic.o"))
    recording = Recording.of(spec, "count_traffic", [Call(UDP)], settings=Settings(clock=lambda: 5))
    with Session(recording) as opened:
        opened.break_at("traffic.c:139")
        opened.resume()
        yield opened


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3 == 9 && 0x10 != 020", "0"),
        # Each sign binds tighter than the one of the line before.
        ("1 || 1 && 0", "1"),
        ("0 && 0 | 1", "0"),
        ("1 | 1 ^ 1", "1"),
        ("1 ^ 1 & 0", "1"),
        ("2 & 2 == 2", "0"),
        ("3 == 3 < 2", "0"),
        ("1 < 1 << 1", "1"),
        ("1 << 1 + 1", "4"),
        ("-7 / 2", "-3"),
        ("-7 % 2", "-1"),
        ("~0", "-1"),
        ("(__be64)-1", "18446744073709551615"),
        ("(__le32)-1", "4294967295"),
        ("(__be16)-1", "65535"),
        ("(s8)200", "-56"),
        ("(__u8)-1", "255"),
        ("(uint16_t)-1", "65535"),
        ("(int64_t)-1", "-1"),
        ("~(u64)0 > 0", "1"),
        ("~(u32)0", "-1"),
        ("1 ? 2 : 3", "2"),
        ("'A' << 1", "130"),
        ("(u8)0x1ff", "255"),
        ("(s8)0xff", "-1"),
        ("sizeof(u32)", "4"),
        ("sizeof(void *)", "8"),
        ("(void *)16 == 16", "1"),
        ("(void *)16 + 2", "(void *) 0x12"),
        ("sizeof(struct volume)", "16"),
        ("total_packets", "1"),
        ("total_packets == 1 && total_bytes > 50", "1"),
        ("ctx->data_end - ctx->data", "64"),
        ("ctx > -1", "0"),  # pointers have no sign
        ("pkt_len", "64"),
        ("pkt[12]", "8"),
        ("*(u16 *)(pkt + 12) == bpf_htons(ETH_P_IP)", "1"),
        ("pkt[23] == IPPROTO_UDP", "1"),
        ("XDP_PASS", "2 (XDP_PASS)"),
        ("IPV4", "2 (IPV4)"),
        ("traffic[{IPV4, IPPROTO_UDP}].packets", "1"),
        ("traffic[{IPV4, 17}].bytes", "0"),
        ("traffic[{IPV4, 17}]", "{packets=1, bytes=0}"),
        ("((struct volume *)r0)->packets", "1"),
        ("r10 - fp", "0"),
        ("w10 == (r10 & 0xffffffff)", "1"),
        ("w1 == 1 && r1 == 1", "1"),
        ("&total_packets == &total_packets", "1"),
        ("*&total_packets", "1"),
        (r"'\a' + '\b' * 256 + '\f' * 65536", "788487"),
        (r"'\v'", "11"),
        (r"'\0'", "0"),
        (r"'\x41' == '\101'", "1"),
        (r"'\xff'", "-1"),
        (r"""'"' == '\"'""", "1"),
        ("0xffffffffffffffff", "18446744073709551615"),
        ("+".join(["1"] * 64), "64"),
        ("-" * 62 + "7", "7"),
        ("!" * 61 + "0", "1"),
    ],
)
def test_values(session: Session, text: str, told: str) -> None:
    assert session.evaluate(text).text == told


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "'' at its end: there should be a value"),
        ("1 +", "'1 +' at its end: there should be a value"),
        ("1 2", "'1 2' at '2' (character 3): the expression ends before that"),
        ("a # b", "'a # b' at '# b' (character 3): nothing of C begins like that"),
        ("total_packet", "'total_packet' at 'total_packet' (character 1): nothing is called total_packet here"),
        ("ctx->lenn", "'ctx->lenn' at 'lenn' (character 6): xdp_md has no field lenn"),
        ("1 / 0", "'1 / 0' at '0' (character 5): a division by zero"),
        (
            "*(u64 *)-8",
            "'*(u64 *)-8' at '*(u64 *)-8' (character 1): 8 bytes at 0xfffffffffffffff8 cannot be read: "
            "nothing is there",
        ),
        ("*(u32 *)0", "'*(u32 *)0' at '*(u32 *)0' (character 1): 4 bytes at 0x0 cannot be read: nothing is there"),
        ("*r0", "'*r0' at '*r0' (character 1): it is no pointer"),
        ("traffic", "'traffic' at 'traffic' (character 1): traffic is a map: its entries are traffic[key]"),
        ("traffic[{IPV6, 6}]", "'traffic[{IPV6, 6}]' at '[{IPV6, 6}]' (character 8): map traffic has no entry"),
        ("traffic[{1, 2, 3, 4}]", "(character 16): struct kind has 2 members"),
        ("total_packets.x", "'total_packets.x' at 'x' (character 15): __u64 has no members"),
        ("(nothing)1", "'(nothing)1' at '1' (character 10): the expression ends before that"),
        ("&1", "'&1' at '&1' (character 1): it lies nowhere, and has no address"),
        ("099", "'099' at '099' (character 1): a number that begins with 0 is octal in C"),
        ("(" * 200 + "1" + ")" * 200, "it is nested more than 64 deep"),
        ("-" * 63 + "7", "it is nested more than 64 deep"),
        ("1" * 5000, "an expression has at most 4,096 characters"),
        ("+".join(["1"] * 1500), "it is nested more than 64 deep"),
        ("pkt" + "[0]" * 1000, "it is nested more than 64 deep"),
        ("a" + ".b" * 1500, "it is nested more than 64 deep"),
        ("0x10000000000000000", "(character 1): integers have at most 64 bits"),
        ("1 + 0x" + "f" * 4000, "(character 5): integers have at most 64 bits"),
        ("9" * 4000, "integers have at most 64 bits"),
        (r"'\q'", r"(character 1): C has no character \q"),
        (r"'\x'", r"(character 1): C has no character \x"),
        (r"'\777'", r"(character 1): the character \777 has more than 8 bits"),
        (r"'\400'", r"(character 1): the character \400 has more than 8 bits"),
        ("events[0]", "'events[0]' at '0]' (character 8): map events (ringbuf) has no keys"),
    ],
)
def test_errors_say_where(session: Session, text: str, said: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        session.evaluate(text)
    assert said in caught.value.message


def test_a_name_that_nothing_has_is_told_what_it_may_have_meant(session: Session) -> None:
    hints: list[str | None] = []
    for text in ("total_packet", "zzzzzz"):
        with pytest.raises(ExpressionError) as caught:
            session.evaluate(text)
        hints.append(caught.value.hint)
    assert hints == ["did you mean total_packets?", "there are variables, maps, registers (r0 to r10), ctx, pkt"]


def test_conditions_and_logpoints() -> None:
    spec = CollectionSpec.from_file(Path("bpf/traffic.o"))
    recording = Recording.of(spec, "count_traffic", [Call(UDP)] * 4, settings=Settings(clock=lambda: 5))
    with Session(recording) as session:
        session.break_at("traffic.c:189", log="so far {total_packets} of {nothing}")
        third = session.break_at("traffic.c:190", condition="total_packets == 3")
        assert session.resume().reason is Reason.BREAKPOINT
        assert (session.run, third.hits) == (2, 1)
        nothing = "<'nothing' at 'nothing' (character 1): nothing is called nothing here>"
        assert session.logged == [f"so far {number} of {nothing}" for number in range(3)]
        broken = session.break_at("traffic.c:190", condition="nothing > 1")
        third.enabled = False
        assert session.resume().by is broken
        assert broken.problem.endswith("nothing is called nothing here")
        with pytest.raises(ExpressionError, match="there should be a value"):
            session.break_at("traffic.c:190", condition="1 >")


def test_a_condition_on_what_has_no_entries_stops() -> None:
    spec = CollectionSpec.from_file(Path("bpf/traffic.o"))
    with Session(Recording.of(spec, "count_traffic", [Call(UDP)], settings=Settings(clock=lambda: 5))) as session:
        found = session.break_at("traffic.c:189", condition="events[0] == 1")
        assert session.resume().by is found
        assert "map events (ringbuf) has no keys" in found.problem
        found.enabled = False
        session.break_at("traffic.c:190", log="{events[0]}")
        assert session.resume().reason is Reason.END
        assert "map events (ringbuf) has no keys" in session.logged[0]


def test_to_look_at_an_entry_is_no_use_of_it() -> None:
    """What is printed, or asked for by a condition, must not decide which entry of an LRU map makes room next."""
    spec = CollectionSpec.from_file(Path("bpf/traffic.o"))
    with Session(Recording.of(spec, "count_traffic", [Call(UDP)], settings=Settings(clock=lambda: 5))) as session:
        store = session.world.collection.maps["sources"].store
        for number in (1, 2):
            store.set(number.to_bytes(20, "little"), bytes([number]) + bytes(23), 0, 0)
        assert session.evaluate("sources[1]").raw == b"\1" + bytes(23)
        assert [entry.key[0] for entry in store.entries()] == [1, 2]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("break " + "9" * 5000, "no line and no instruction has a number of 5,000 digits"),
        ("until :" + "9" * 5000, "no line and no instruction has a number of 5,000 digits"),
        ("goto 0x" + "f" * 5000, "goto takes a number of at most 64 bits"),
        ("step " + "9" * 4000, "a step takes a number of at most 64 bits"),
        ("run -0x" + "f" * 5000, "run takes a number of at most 64 bits"),
        ("delete 0x" + "f" * 5000, "delete takes a number of at most 64 bits"),
    ],
)
def test_long_numbers_are_refused(session: Session, command: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        Interpreter(session).execute(command)
    assert caught.value.message == said


def test_breakpoints_on_maps_and_on_what_is_returned() -> None:
    spec = CollectionSpec.from_file(Path("bpf/traffic.o"))
    other = UDP[:12] + b"\x86\xdd" + bytes(50)
    recording = Recording.of(spec, "count_traffic", [Call(UDP), Call(other)], settings=Settings(clock=lambda: 5))
    with Session(recording) as session:
        entry = session.break_at("map traffic[{IPV4, 17}]")
        found: list[tuple[int, int, int]] = []
        while session.resume().reason is not Reason.END:
            assert session.location is not None
            found.append((session.run, session.position, session.location.slot))
        # Of the second packet, IPv6, nothing is about that entry.
        assert found == [(0, 50, 75), (0, 62, 88), (0, 65, 92)]
        entry.enabled = False
        session.break_at("return XDP_DROP")
        session.enter(0)
        assert session.resume().reason is Reason.END
        session.break_at("return XDP_PASS")
        session.enter(0)
        assert (session.resume().reason, session.run, session.position) == (Reason.BREAKPOINT, 0, 140)
        assert (session.resume().reason, session.run) == (Reason.BREAKPOINT, 1)
        assert (session.back.until("map traffic").position, session.run) == (session.position, 1)
        with pytest.raises(ExpressionError, match="no map is called that"):
            session.break_at("map trafic")


def breakpoint_at(path: str, program: str, where: str, packet: bytes | None) -> tuple[str, list[tuple[int, int]]]:
    """Return what is answered to a breakpoint, and where it stops: position and slot."""
    spec = CollectionSpec.from_file(Path(path))
    with Session(Recording.of(spec, program, [Call(packet)], settings=Settings(clock=lambda: 5))) as session:
        answer = Interpreter(session).execute(f"break {where}").text
        found: list[tuple[int, int]] = []
        while session.resume().reason is Reason.BREAKPOINT:
            assert session.location is not None
            found.append((session.position, session.location.slot))
        return answer, found


def test_a_breakpoint_on_a_map_is_at_its_own_calls() -> None:
    code = "struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);"
    told = f"breakpoint 1 at traffic.c:169: {code}", [(107, 144)]
    assert breakpoint_at("bpf/traffic.o", "count_traffic", "map events", UDP) == told
    # A tail call has the map in r2, and the key itself in r3.
    for where in ("map jumps", "map jumps[1]"):
        told = "breakpoint 1 at nested_maps.c:76: bpf_tail_call(ctx, &jumps, 1);", [(2, 3)]
        assert breakpoint_at(NESTED, "entry", where, bytes(64)) == told
    assert breakpoint_at(NESTED, "entry", "map jumps[0]", bytes(64))[1] == []


def test_a_breakpoint_where_nothing_calls_is_refused() -> None:
    with pytest.raises(UsageError, match="nothing in the program calls a helper on map pages"):
        breakpoint_at("tests/objects/arena_globals.o", "bump", "map pages", None)
    with pytest.raises(UsageError, match=r"map events \(ringbuf\) has no keys"):
        breakpoint_at("bpf/traffic.o", "count_traffic", "map events[0]", UDP)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text("()[]{}+-*&|<>=!~?:.,'09axr1 u8", max_size=40))
def test_any_text_is_a_tree_or_an_error(text: str) -> None:
    with suppress(ExpressionError):
        parse(text, lambda name: name == "u8")


@pytest.mark.parametrize("old", [b"\0total_packets\0", b"\0now\0"])
def test_a_register_and_a_variable_of_its_name(old: bytes) -> None:
    """By its name the variable is meant, be it the object's or the function's; with `$` always the register."""
    raw = Path("bpf/traffic.o").read_bytes().replace(old, b"\0r3".ljust(len(old), b"\0"))
    spec = CollectionSpec.from_bytes(raw, file="traffic.o")
    recording = Recording.of(spec, "count_traffic", [Call(UDP)], settings=Settings(clock=lambda: 5), object_=raw)
    with Session(recording) as session:
        session.goto(50)
        variable = session.evaluate("r3").number
        assert variable == (1 if b"total" in old else 5)
        assert session.evaluate("$r3").number == session.registers[3] != variable
        assert [each.expression for each in Eyes(session).look().registers][2:5] == ["r2", "$r3", "r4"]
        assert why(session, "$r3").value == session.registers[3]
        session.change("$r3", "77")
        assert (session.registers[3], session.evaluate("r3").number) == (77, variable)
        if b"total" in old:
            session.change("r3", "9")
            assert (session.registers[3], session.evaluate("r3").number) == (77, 9)


def test_a_variable_that_no_program_of_the_run_uses() -> None:
    recording = Recording.of(CollectionSpec.from_file(Path("tests/objects/callbacks.o")), "each", [Call(UDP)])
    with Session(recording) as opened, pytest.raises(ExpressionError, match=r"rounds lies in \.data, which"):
        opened.evaluate("rounds")
