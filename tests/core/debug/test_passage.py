"""A packet that comes to several programs: one run through all of them, forth and back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bpftui.core.debug import Access, Call, Reason, Recording, Session
from bpftui.core.debug.commands import Interpreter
from bpftui.core.debug.sight import Eyes
from bpftui.core.debug.variables import scopes
from bpftui.core.debug.why import why
from bpftui.core.errors import ObjectError, UnknownNameError, UsageError
from bpftui.core.spec import CollectionSpec
from bpftui.core.testing.saved import TestedRecording
from tests.bench.bench_vm import insn
from tests.core.spec.test_legacy import FUNC, Maker
from tests.tui.commands.command_line import bpftui

OBJECT = Path(__file__).parents[2] / "objects/passage.o"
TCP = bytes.fromhex("ffffffffffff020000000002 0800 4500 0028 0001 0000 40 06 0000 c0a80001 c0a80002") + bytes(20)
UDP = TCP[:23] + b"\x11" + TCP[24:]


def recorded(*behind: str, verdicts: tuple[int, ...] = (2, -1, 0), frames: tuple[bytes, ...] = (TCP,)) -> Recording:
    spec = CollectionSpec.from_file(OBJECT)
    spec.variables["verdicts"].set(list(verdicts))
    return Recording.of(spec, "gate", [Call(frame) for frame in frames], behind=behind)


def test_one_run_goes_from_program_to_program_and_back() -> None:
    with Session(recorded("first", "second")) as session:
        session.break_at("second")
        session.resume()
        assert session.location is not None
        assert (session.location.function, session.location.slot, session.position) == ("second", 0, 40)
        # The context is the program's own: __sk_buff has a length, and xdp_md has none.
        assert session.evaluate("ctx->len").text == str(len(TCP))
        assert session.evaluate("pkt[6]").text == "170"  # what gate has marked
        assert session.evaluate("seen").text == "[1, 1, 0, 0]"
        session.goto(0)
        assert session.location.function == "gate"
        assert session.evaluate("ctx->data_end - ctx->data").text == str(len(TCP))
        assert session.evaluate("pkt[6]").text == "2"
        session.goto(session.length)
        assert (session.retval, session.world.program.name) == (0, "second")
        assert session.evaluate("seen").text == "[1, 1, 1, 0]"
        session.back.step()
        assert session.location is not None
        assert session.location.function == "second"


def test_every_position_is_as_it_was_on_the_way_there() -> None:
    with Session(recorded("first", "second")) as session:
        seen = [(session.registers, session.evaluate("seen").text, session.evaluate("pkt[6]").text)]
        while session.position < session.length:
            session.step_instruction()
            seen.append((session.registers, session.evaluate("seen").text, session.evaluate("pkt[6]").text))
        for position in range(session.length, -1, -1):
            session.goto(position)
            assert (session.registers, session.evaluate("seen").text, session.evaluate("pkt[6]").text) == seen[position]


@pytest.mark.parametrize(
    ("verdicts", "frame", "seen", "last", "retval"),
    [
        ((2, -1, 0), UDP, "[1, 0, 0, 0]", "gate", 1),
        ((2, 0, 0), TCP, "[1, 1, 0, 1]", "behind", 1),
        ((2, -1, 2), TCP, "[1, 1, 1, 0]", "second", 2),
    ],
)
def test_a_packet_that_is_not_let_pass_comes_to_nobody(
    verdicts: tuple[int, ...], frame: bytes, seen: str, last: str, retval: int
) -> None:
    recording = recorded("first", "second", "behind", verdicts=verdicts, frames=(frame, frame))
    with Session(recording) as session:
        session.enter(1)  # the first run is passed over, at full speed
        assert session.evaluate("seen").text == seen
        session.goto(session.length)
        assert (session.retval, session.world.program.name) == (retval, last)
        session.enter(0)
        session.goto(session.length)
        assert session.evaluate("seen").text == seen


def test_an_instruction_of_another_program_is_a_place() -> None:
    with Session(recorded("first")) as session:
        session.break_at("first:17")
        session.resume()
        assert session.location is not None
        assert (session.location.program, session.location.slot) == ("first", 17)
        with pytest.raises(UsageError, match="there is no instruction 99: first has 21 slots"):
            session.break_at("first:99")


def test_a_file_has_them(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    with Session(recorded("first", "second")) as session:
        session.save(path)
    found = Recording.read(path)
    assert found.programs == ("gate", "first", "second")
    with Session(found) as session:
        session.goto(session.length)
        assert session.world.program.name == "second"
    path.write_text(path.read_text().replace('"first"', '"f\\u0069rst"'))  # the same text, written otherwise
    assert Recording.read(path).behind == ("first", "second")
    path.write_text(path.read_text().replace('"second"', "5"))
    with pytest.raises(ObjectError, match="damaged"):
        Recording.read(path)


def test_what_comes_behind_nobody_is_refused() -> None:
    spec = CollectionSpec.from_file(OBJECT)
    with pytest.raises(UsageError, match="no packet comes to gate behind first"):
        Session(Recording.of(spec, "first", [Call(TCP)], behind=["gate"]))
    with pytest.raises(UsageError, match="first is named twice: a packet comes to it once"):
        Session(Recording.of(spec, "gate", [Call(TCP)], behind=["first", "first"]))
    spec.program("behind").set_type("cgroup_skb/egress")
    with pytest.raises(UsageError, match="behind sees no packet that comes in: it has type cgroup_skb"):
        Session(Recording.of(spec, "gate", [Call(TCP)], behind=["behind"]))


def test_an_unknown_program_is_said_before_anything_runs() -> None:
    with pytest.raises(UnknownNameError, match="fisrt"):
        recorded("fisrt")


def test_the_command_says_who_returned() -> None:
    said = bpftui(
        "debug", OBJECT, "gate", "--behind", "first", "--behind=second", f"--data={TCP.hex()}", "--batch=continue"
    )
    assert said.out.splitlines()[1:] == [
        "gate returned XDP_PASS (2): on to first",
        "first returned TCX_NEXT (-1): on to second",
        "step 58 of 58 · second returned TCX_PASS (0)",
    ]
    given = "debug", OBJECT, "gate", "--behind", "first", "--behind=second", f"--data={TCP.hex()}"
    traced = bpftui(*given, "--trace").out.splitlines()
    at = traced.index("               gate returned XDP_PASS (2): on to first")
    assert traced[at - 1].split()[:3] == ["21", "23:", "exit"]
    told = json.loads(bpftui(*given, "--json", "--batch=goto 30").out.splitlines()[-1])
    assert (told["program"], told["returned"]) == ("first", {"gate": "XDP_PASS (2)"})


def test_what_becomes_of_the_packet_in_each_program() -> None:
    with Session(recorded("first", "second", "behind")) as session:
        interpreter = Interpreter(session)
        session.goto(30)
        assert interpreter.execute("info programs").text.splitlines() == [
            "gate returned XDP_PASS (2)",
            "first will return TCX_NEXT (-1)",
            "second will return TCX_PASS (0)",
            "behind will return 1",
        ]
        assert [each.name for each in scopes(session)][:3] == ["Registers", "Locals", "Programs"]
    with Session(recorded("first", "second", frames=(UDP,))) as session:
        assert [each.said(session.length) for each in session.turns] == [
            "returned XDP_DROP (1)",
            "is not reached",
            "is not reached",
        ]
    with Session(recorded()) as session:
        assert session.turns == ()
        assert Interpreter(session).execute("info programs").text == "gate is the only one"


def test_a_program_that_is_stopped_returns_nothing() -> None:
    nowhere = insn(0xB7, 2, 0, 0, 0) + insn(0x71, 3, 2, 0, 0) + insn(0x95)  # r3 = *(u8 *)0
    with Session(moving(nowhere)) as session:
        said = [each.said(session.length) for each in session.turns]
    assert said == ["returned XDP_PASS (2)", "is stopped", "is not reached"]


def test_why_goes_back_through_the_program_before() -> None:
    with Session(recorded("first")) as session:
        session.break_at("first:11")  # if w1 != 170, of the byte that gate has marked
        session.resume()
        found = why(session, "r1")
        lines = [line.strip() for line in found.lines()]
        assert found.value == 0xAA
        told = [each.split(":")[0].split()[0] for each in lines[1:]]
        machines = {step: cause.location.program for step, cause in found.causes.items()}
        assert set(machines.values()) == {"gate", "first"}
        # What gate wrote is where the byte comes from, and nothing of what the packet held.
        assert any(cause.location.text.startswith("*(u8 *)(r2 +6)") for cause in found.causes.values()), told
        assert not any("packet byte 6" in line for line in lines)
        # That first was come to at all was decided by what gate returned.
        session.break_at("first:0")
        session.goto(0)
        session.resume()
        session.step_instruction()
        found = why(session, "r2")
        assert any("exit" in line for line in found.lines())


def test_finish_ends_with_the_program_and_back_where_it_began() -> None:
    with Session(recorded("first", "second")) as session:
        session.finish()
        assert session.location is not None
        assert (session.location.function, session.position) == ("first", 22)
        session.goto(25)
        session.finish()
        assert session.location is not None
        assert (session.location.function, session.location.slot, session.position) == ("second", 0, 40)
        session.goto(45)
        session.back.finish()
        assert session.position == 40
        session.back.finish()
        assert session.position == 22
        session.back.finish()
        assert session.position == 0
        session.goto(45)
        session.finish()
        assert session.position == session.length


def test_a_test_of_one_program_is_not_written_for_several(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="a test does not say: programs that the packet comes to behind it"):
        TestedRecording(recorded("first"))


_WRITES = (
    insn(0x61, 2, 1, 76, 0)  # r2 = skb->data
    + insn(0x71, 3, 2, 27, 0)
    + insn(0x72, 2, 0, 27, 7)  # *(u8 *)(r2 + 27) = 7
    + insn(0xB7, 0, 0, 0, 0)
    + insn(0x95)
)


def moving(inner: bytes = _WRITES) -> Recording:
    """Return a recording of a program of XDP that puts four bytes in front of a packet, and writes one, as the program
    of traffic control behind it does; behind that one of a control group, which sees no link layer."""
    outer = (
        insn(0xBF, 6, 1, 0, 0)
        + insn(0xB7, 2, 0, 0, -4)
        + insn(0x85, 0, 0, 0, 44)  # bpf_xdp_adjust_head(ctx, -4)
        + insn(0x61, 2, 6, 0, 0)  # r2 = ctx->data
        + insn(0x71, 3, 2, 27, 0)  # r3 = *(u8 *)(r2 + 27), which was byte 23
        + insn(0x72, 2, 0, 27, 5)  # *(u8 *)(r2 + 27) = 5
        + insn(0x71, 4, 2, 1, 0)  # r4 = *(u8 *)(r2 + 1), one of those that were put in
        + insn(0xB7, 0, 0, 0, 2)
        + insn(0x95)
    )
    last = insn(0x61, 2, 1, 76, 0) + insn(0x71, 3, 2, 13, 0) + insn(0xB7, 0, 0, 0, 1) + insn(0x95)
    maker = Maker()
    for name, section, code in (
        ("outer", "xdp", outer),
        ("inner", "tcx/ingress", inner),
        ("last", "cgroup_skb/ingress", last),
    ):
        maker.symbols.append((name, 16 + FUNC, maker.section(section, code, code=True), 0, len(code)))
    maker.section("license", b"GPL\0")
    raw = maker.build()
    spec = CollectionSpec.from_bytes(raw)
    return Recording.of(spec, "outer", [Call(TCP), Call(UDP)], behind=("inner", "last"), object_=raw)


def test_a_byte_of_the_packet_is_watched_where_it_gets_to() -> None:
    with Session(moving()) as session:
        session.watch("pkt[23]")
        # That it moves is no change of it, nor that the last program does not see where it lies.
        assert [session.resume().position, session.resume().position] == [6, 12]
        assert (session.stop.reason, session.world.program.name) == (Reason.WATCHPOINT, "inner")
        assert [session.resume().position, session.resume().position] == [6, 12]  # of the next packet
        assert session.run == 1
        assert session.resume().reason is Reason.END
        back = [session.back.resume()[1:3] for _ in range(5)]
        assert back == [(1, 11), (1, 5), (0, 11), (0, 5), (0, 0)]


def test_it_is_the_same_byte_from_wherever_it_was_asked_for() -> None:
    for where, byte in ((0, "pkt[23]"), (5, "pkt[27]"), (11, "pkt[27]"), (15, "pkt[13]")):
        with Session(moving()) as session:
            session.goto(where)
            session.watch(byte)
            session.goto(0)
            assert [session.resume().position, session.resume().position] == [6, 12], where


def test_a_byte_that_was_put_in_is_there_from_then_on() -> None:
    with Session(moving()) as session:
        session.goto(4)
        session.watch("pkt[1]")
        session.goto(0)
        assert session.resume().position == 3


def test_reads_of_a_byte_are_told_in_all_programs() -> None:
    with Session(moving()) as session:
        session.watch("pkt[23]", Access.READ)
        assert [session.resume().position for _ in range(3)] == [5, 11, 16]
        assert session.world.program.name == "last"


def test_why_follows_a_byte_that_was_moved() -> None:
    with Session(moving()) as session:
        session.goto(5)
        assert "packet byte 23 = 0x06: IPv4 protocol TCP" in "\n".join(why(session, "r3").lines())
        assert 2 in why(session, "r2").causes  # the context says where it begins since it was moved
        session.goto(7)
        found = why(session, "r4")
        assert 2 in found.causes  # put in by the call
        assert not any("packet byte" in line for line in found.lines())
        session.goto(16)
        found = why(session, "r3")  # what inner wrote
        assert 11 in found.causes
        assert "packet byte" not in "\n".join(found.lines())


def test_what_was_read_and_written_is_shown_where_it_is() -> None:
    with Session(moving()) as session:
        eyes = Eyes(session)
        seen: list[tuple[list[int], list[int]]] = []
        for position in (5, 6, 12, 16):
            session.goto(position)
            sight = eyes.look()
            seen.append((sorted(sight.read), sorted(sight.written)))
        assert seen == [([27], []), ([27], [27]), ([1, 27], [27]), ([13], [13])]
        session.goto(0)
        assert eyes.look().read == frozenset()
