"""The debugger's engine on the shipped counter: its steps are written out."""

from __future__ import annotations

import random
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpftui.core.debug import Call, Reason, Recording, Session, standing
from bpftui.core.debug.commands import Interpreter
from bpftui.core.debug.sight import Eyes
from bpftui.core.debug.stops import Owner
from bpftui.core.debug.syntax import ExpressionError
from bpftui.core.debug.why import why
from bpftui.core.errors import BpftuiError, GivenUpError, ObjectError, UnknownNameError, UsageError
from bpftui.core.spec import CollectionSpec
from bpftui.core.vm.engine.errors import Lack
from bpftui.core.vm.runtime import MachineRuntime
from bpftui.core.vm.world.settings import Settings
from tests.bench.bench_debug import opened
from tests.fuzz.machines import program, walk_beside_stepper
from tests.fuzz.sessions import back_and_forth, state
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator

UDP = bytes(12) + b"\x08\0" + b"\x45" + bytes(8) + b"\x11" + bytes(40)
"""Ethernet, IPv4, UDP."""
TRAFFIC = Path("bpf/traffic.o")
OBJECTS = sorted(Path("tests/objects").glob("*.o"))


@pytest.fixture
def session() -> Iterator[Session]:
    """`count_traffic` on the same packet twice, with a clock of its own."""
    with Session(recording(TRAFFIC, "count_traffic", UDP, UDP)) as opened:
        yield opened


def recording(path: Path, name: str, *packets: bytes | None) -> Recording:
    ticks = iter(range(1_000, 1 << 40, 1_000))
    spec = CollectionSpec.from_file(path)
    return Recording.of(spec, name, [Call(packet) for packet in packets], settings=Settings(clock=lambda: next(ticks)))


def line(session: Session) -> str:
    location = session.location
    return (
        "end" if location is None or location.line is None else f"{location.line.line} {location.line.source.strip()}"
    )


def test_lines_forwards_and_backwards(session: Session) -> None:
    forwards = [(session.position, line(session))]
    while not session.at_end:
        session.next()
        forwards.append((session.position, line(session)))
    assert forwards[:6] == [
        (0, "180 int count_traffic(struct xdp_md *ctx)"),
        (2, "182 struct packet packet = {};"),
        (7, "185 if (!counting)"),
        (10, "187 now = bpf_ktime_get_ns();"),
        (12, "188 parse((void *)(long)ctx->data, (void *)(long)ctx->data_end, &packet);"),
        (14, "98 packet->length = data_end - data;"),
    ]
    assert forwards[-2:] == [(139, "197 }"), (141, "end")]
    assert (session.stop.reason, session.retval, session.length) == (Reason.END, 2, 141)
    backwards: list[tuple[int, str]] = []
    while session.position:
        session.back.next()
        backwards.append((session.position, line(session)))
    # What the call of fill() came to is gone back into line by line: it is inlined.
    assert [each for each in backwards if each in forwards] == backwards == forwards[-2::-1]


def test_instructions(session: Session) -> None:
    assert session.registers[1] == session.activations[0].registers[1] != 0
    assert session.step_instruction().position == 1
    assert session.registers[7] == session.registers[1]
    assert session.back.step_instruction(5).position == 0
    assert session.registers[7] == 0
    assert session.step_instruction(1000).reason is Reason.END
    assert session.back.step_instruction().position == 140
    assert session.location is not None
    assert session.location.text == "exit"


def test_a_run_that_an_error_ends_is_gone_past() -> None:
    settings = Settings(clock=lambda: 5, returns={"bpf_map_lookup_elem": 0x1234})
    spec = CollectionSpec.from_file(TRAFFIC)
    with Session(Recording.of(spec, "count_traffic", [Call(UDP)] * 3, settings=settings)) as session:
        session.break_at("bpf_map_update_elem")
        stops = [session.resume() for _ in range(4)]
        found = [(stop.reason, stop.run, session.length) for stop in stops]
        length = session.length
        # The last run has none behind it: it stays where that was stopped.
        assert found == [(Reason.ERROR, run, length) for run in (0, 1, 2, 2)]
        assert [stop.position for stop in stops] == [length] * 4
        assert (session.back.resume().reason, session.run, session.position) == (Reason.START, 0, 0)


def test_a_place_is_come_to_behind_a_run_that_an_error_ended() -> None:
    settings = Settings(clock=lambda: 5, returns={"bpf_map_lookup_elem": 0x1234})
    spec = CollectionSpec.from_file(TRAFFIC)
    calls = [Call(UDP), Call(UDP.replace(b"\x11", b"\6")), Call(UDP)]
    with Session(Recording.of(spec, "count_traffic", calls, settings=settings)) as session:
        by = session.break_as_said("bpf_map_lookup_elem if pkt[23] == 6")
        assert session.resume_to(by)
        assert (session.run, session.stop.reason, session.stop.by) == (1, Reason.BREAKPOINT, by)
        assert not session.resume_to(by)
        assert (session.run, session.stop.reason) == (2, Reason.ERROR)


@pytest.mark.parametrize("word", ["step", "next", "stepi"])
def test_steps_end_where_the_run_does(session: Session, word: str) -> None:
    interpreter = Interpreter(session)
    interpreter.execute(f"{word} {1 << 60}")
    assert (session.position, session.stop.reason) == (141, Reason.END)
    interpreter.execute(f"{word} {1 << 60}")
    assert (session.position, session.stop.reason) == (141, Reason.END)
    interpreter.execute(f"reverse-{word} {1 << 60}")
    assert (session.position, line(session)) == (0, "180 int count_traffic(struct xdp_md *ctx)")
    interpreter.execute(f"reverse-{word} {1 << 60}")
    assert session.position == 0


def test_several_lines_at_once(session: Session) -> None:
    assert (session.next(5).position, line(session)[:3]) == (14, "98 ")
    assert (session.back.next(3).position, line(session)[:3]) == (7, "185")
    assert (session.step(2).position, session.back.step(1).position) == (12, 10)


def test_the_end_is_stood_at_without_another_run(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    session.goto(session.length)
    begun: list[int] = []
    monkeypatch.setattr(session.world, "before", begun.append)
    assert (session.goto(141).reason, session.next().reason, begun) == (Reason.END, Reason.END, [])


def test_runs_follow_each_other(session: Session) -> None:
    counted = session.world.collection.maps["traffic"].store
    session.breakpoints.add("bpf_map_update_elem")
    assert (session.resume().reason, session.position) == (Reason.BREAKPOINT, 62)
    assert list(counted.entries()) == []
    # In the second run the entries are there: it meets no breakpoint, and ends.
    assert (session.resume().position, session.resume().reason) == (95, Reason.END)
    assert (session.run, session.length) == (1, 84)
    (entry,) = counted.entries()
    assert entry.values[0][:8] == (2).to_bytes(8, "little")
    assert (session.back.resume().run, session.position) == (0, 95)
    (entry,) = counted.entries()
    assert entry.values[0][:8] == (1).to_bytes(8, "little")
    session.enter(1)
    assert (session.run, session.position, session.stop.reason) == (1, 0, Reason.START)
    with pytest.raises(UsageError, match="there is no run 2: there are 2, from 0 on"):
        session.enter(2)


def test_breakpoints_by_line(session: Session) -> None:
    found = session.breakpoints.add("traffic.c:138")
    session.resume()
    assert (session.position, line(session)) == (67, "138 volume->packets++;")
    # The line takes three instructions; it is met once in a run.
    assert (session.resume().run, session.position) == (1, 52)
    assert session.resume().reason is Reason.END
    assert found.hits == 2
    found.enabled = False
    assert session.back.resume().position == 0


def test_a_line_without_code_is_the_next_one_that_has_some(session: Session) -> None:
    assert session.symbols.places_of_line("traffic.c", 183)[0] == 185
    with pytest.raises(UsageError, match=r"no code is from traffic.c:5000, or from a line behind it: the last is 197"):
        session.breakpoints.add("traffic.c:5000")
    with pytest.raises(UnknownNameError, match=r"there is no C file 'trafic.c'"):
        session.breakpoints.add("trafic.c:1")
    with pytest.raises(UnknownNameError, match="there is no function 'nothing'"):
        session.breakpoints.add("nothing")
    with pytest.raises(UsageError, match="there is no instruction 5000: count_traffic has"):
        session.breakpoints.add("5000")


def test_watchpoint(session: Session) -> None:
    volume = session.world.collection.maps[".bss"].store if ".bss" in session.world.collection.maps else None
    session.step_instruction(60)
    address = session.registers[10] - 8
    session.goto(0)
    session.breakpoints.watch("the stack", address, 8)
    assert volume is not None
    stop = session.resume()
    assert stop.reason is Reason.WATCHPOINT
    written = session.position
    assert session.memory.own(address, 8) != bytes(8)
    session.goto(session.length)
    # Backwards it stands before what wrote last.
    assert session.back.resume().reason is Reason.WATCHPOINT
    assert session.position >= written - 1


def test_a_watchpoint_counts_what_is_met_forwards(session: Session) -> None:
    interpreter = Interpreter(session)
    for command in ("watch total_packets", "continue", "reverse-continue", "reverse-continue"):
        interpreter.execute(command)
    assert interpreter.execute("info breakpoints").text == "1 watch total_packets  hit 1"
    interpreter.execute("disable 1")
    assert interpreter.execute("info breakpoints").text == "1 watch total_packets (off)  hit 1"


def test_what_is_watched_and_what_cannot_be(session: Session) -> None:
    eyes = Eyes(session, ["total_packets", "nothing", "1 + 2"])
    assert eyes.look().watched == (
        ("total_packets", "0", False, False),
        ("nothing", "'nothing' at 'nothing' (character 1): nothing is called nothing here", True, False),
        ("1 + 2", "3", False, False),
    )
    session.break_at("traffic.c:139")
    session.resume()
    assert eyes.look().watched[::2] == (("total_packets", "1", False, True), ("1 + 2", "3", False, False))
    assert eyes.look().watched[0] == ("total_packets", "1", False, False)
    with pytest.raises(ExpressionError) as caught:
        session.watch("1 + 2")
    assert caught.value.message == (
        "'1 + 2' at '1 + 2' (character 1): it lies nowhere in memory, and cannot be watched"
    )


def test_only_print_takes_a_format(session: Session) -> None:
    interpreter = Interpreter(session)
    for command in (
        "watch/x total_packets",
        "rwatch/d r1",
        "awatch/ x",
        "frame/x 1",
        "bt/x",
        "c/x",
        "until/x 3",
        "si/2",
    ):
        with pytest.raises(UsageError, match=r"takes no format, and not /"):
            interpreter.execute(command)
    assert interpreter.execute("p/x 1 + 16").text == "1 + 16 = 0x11"
    key = "*(struct volume *)&total_packets"
    assert interpreter.execute(f"p/x {key}").text == f"{key} = " + " ".join(["00"] * 16)
    assert interpreter.execute(f"p/d {key}").text == f"{key} = " + "{packets=0, bytes=0}"
    told = ["p/x 1 + 16", " stepi 3", "n", "why/x r0", "r0", "total_packets / 2", "/x"]
    assert [line for line in told if interpreter.is_command(line)] == told[:4]


def test_changes_make_another_run(session: Session, tmp_path: Path) -> None:
    session.goto(40)
    before = session.change("total_packets", "41")
    assert (session.position, session.evaluate("total_packets").number) == (40, 41)
    session.enter(1)
    assert session.evaluate("total_packets").number == 42
    session.enter(0)
    session.change("pkt[23]", "IPPROTO_TCP")
    # The change that was made behind this one is gone: what comes after is another run.
    assert session.resume().reason is Reason.END
    assert session.evaluate("traffic[{IPV4, IPPROTO_TCP}].packets").number == 1
    session.goto(session.length)
    assert (session.evaluate("total_packets").number, session.retval) == (1, 2)
    session.recording.save(tmp_path / "changed.json")
    with Session(Recording.read(tmp_path / "changed.json")) as again:
        again.enter(1)
        assert again.evaluate("traffic[{IPV4, IPPROTO_TCP}].packets").number == 1
    with Session(before) as old:
        old.goto(old.length)
        assert old.evaluate("total_packets").number == 1
        with pytest.raises(UsageError, match="the run is over"):
            old.change("total_packets", "1")
    session.enter(0)
    with pytest.raises(UsageError, match="it lies nowhere in memory"):
        session.change("total_packets + 1", "1")
    with pytest.raises(UsageError, match="pkt\\[23\\]: 256 does not fit 1 bytes"):
        session.change("pkt[23]", "256")


def test_what_was_changed_is_so_at_the_end_each_time(session: Session, tmp_path: Path) -> None:
    session.goto(3)
    session.change("total_packets", "100")
    session.change("pkt[23]", "IPPROTO_TCP")

    def told() -> tuple[int, int, bytes | None]:
        outcome = session.outcomes[0]
        return session.evaluate("total_packets").number, session.evaluate("pkt[23]").number, outcome.data

    session.resume()
    first = told()
    assert first[:2] == (101, 6)
    session.goto(0)
    session.goto(session.length)
    assert told() == first
    session.save(tmp_path / "changed.json")
    assert told() == first
    session.watch("total_packets")
    assert session.back.resume().reason is Reason.WATCHPOINT
    session.goto(session.length)
    assert told() == first


def test_runs_around_are_seen_with_what_they_came_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bpftui.core.debug.sight._AROUND", PATIENCE)  # however busy the machine is
    tcp = UDP[:23] + b"\x06" + UDP[24:]
    with Session(recording(TRAFFIC, "count_traffic", UDP, tcp, UDP)) as session:
        session.enter(1)
        session.goto(5)
        stop = session.stop
        near = Eyes(session).look().near
        assert [(each.run, each.verdict, each.steps) for each in near] == [
            (0, "XDP_PASS", 141),
            (1, "XDP_PASS", 99),
            (2, "XDP_PASS", 84),
        ]
        changed = ("traffic", "sources", "total_packets", "total_bytes")
        assert [each.changed for each in near] == [changed] * 3
        assert (session.run, session.position, session.stop) == (1, 5, stop)
        # What is changed here makes what comes later other runs.
        session.change("counting", "0")
        assert [each.changed for each in Eyes(session).look().near] == [changed, ("counting",), ()]


def test_what_stops_it_already_is_not_set_again(session: Session) -> None:
    """Twice the same would stop once, and count and be told of twice."""
    interpreter = Interpreter(session)
    assert interpreter.execute("watch total_packets").text == "watchpoint 1: total_packets, 8 bytes"
    assert interpreter.execute("watch  total_packets").text == "watchpoint 1 is there already: total_packets"
    assert interpreter.execute("rwatch total_packets").value == 2  # it stops at something else
    condition = "break traffic.c:138 if total_packets == 1"
    assert interpreter.execute(condition).value == 3
    assert interpreter.execute("break traffic.c:138").value == 4
    interpreter.execute("disable 3")
    again = "breakpoint 3 is there already: traffic.c:138, and off: enable 3"
    assert interpreter.execute(condition).text == again
    session.break_at("17", log="here")
    assert interpreter.execute("break 17").value == 6
    assert [each.number for each in session.breakpoints.breakpoints] == [3, 4, 5, 6]
    assert [each.number for each in session.breakpoints.watchpoints] == [1, 2]


def test_what_was_printed_and_timed_is_again(session: Session) -> None:
    session.resume()
    before = session.recording.times.copy()
    session.goto(5)
    session.resume()
    assert session.recording.times == before == [1_000]


def test_forwards_then_back_restores_everything() -> None:
    kinds = [back_and_forth(random.Random(number)) for number in range(20)]
    assert kinds.count("same") > 5


@settings(max_examples=8, deadline=None, derandomize=True)
@given(st.randoms(use_true_random=False))
def test_forwards_then_back_restores_what_hypothesis_finds(rng: random.Random) -> None:
    back_and_forth(rng)


@pytest.mark.parametrize("path", OBJECTS, ids=lambda path: path.stem)
def test_recording_and_plain_run_agree(path: Path) -> None:
    """What each program of each object comes to is the same at full speed, step by step."""
    spec = CollectionSpec.from_file(path)
    for name in list(spec.programs)[:4]:
        try:
            part = spec.subset(maps=set(), programs={name}, variables=set())
            plain = MachineRuntime(Settings(clock=lambda: 5, limit=5000)).load(part, programs={name})
            found = Recording.of(spec, name, [Call(), Call()], settings=Settings(clock=lambda: 5, limit=5000))
            session = Session(found)
        except BpftuiError:
            continue
        with session:
            for run in range(2):
                try:
                    result = plain.programs[name].run()
                    expected: tuple[object, ...] = result.retval, result.data, result.context
                except UsageError:
                    break
                except BpftuiError as error:
                    expected = (error.message.partition(": ")[2],)
                session.enter(run)
                session.goto(session.length)
                outcome = session.outcomes[run] if session.at_end else None
                assert why(session, "r0").lines()
                if outcome is None:
                    assert session.error is not None
                    assert session.error.endswith(str(expected[0]).partition("instruction ")[2]), name
                else:
                    assert (outcome.retval, outcome.data, outcome.context) == expected, name
            for each, theirs in session.world.collection.maps.items():
                assert list(plain.maps[each].store.entries()) == list(theirs.store.entries()), (name, each)


def test_each_step_is_the_steppers() -> None:
    assert sum(walk_beside_stepper(program(random.Random(number))) for number in range(60)) > 200


def test_the_guide_does_what_it_says(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    text = Path("docs/debugging.md").read_text()
    code = text.partition("```python\n")[2].partition("```")[0].replace('"run.json"', repr(str(tmp_path / "run.json")))
    exec(compile(code, "docs/debugging.md", "exec"), {})
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("67 Location(program='count_traffic', function='count_traffic', slot=94,")
    assert told[1:] == [f"{told[1].split()[0]} 1"]
    assert (tmp_path / "run.json").is_file()


def test_a_register_is_changed(session: Session, tmp_path: Path) -> None:
    session.goto(session.length - 1)
    assert (session.location.text if session.location else "", session.registers[0]) == ("exit", 2)
    session.change("r0", "XDP_DROP")
    session.resume()
    assert session.retval == 1
    session.back.step_instruction(1)
    assert (session.position, session.registers[0]) == (140, 1)
    Interpreter(session).execute("set w6 = -1")
    assert session.registers[6] == 0xFFFF_FFFF
    session.save(tmp_path / "run.json")
    with Session(Recording.read(tmp_path / "run.json")) as again:
        again.resume()
        assert again.retval == 1
        again.resume()
        assert (again.run, again.retval) == (1, 2)
    with pytest.raises(UsageError, match="r10 is where the stack frame ends"):
        session.change("r10", "0")


@pytest.mark.parametrize(
    ("path", "name"), [("isa.o", "atomics"), ("callbacks.o", ""), ("subprograms.o", ""), ("tail_calls.o", "")]
)
def test_a_register_that_is_set_to_what_it_is_changes_nothing(path: str, name: str) -> None:
    """What is known of registers is doubted then, and the run is the same."""
    spec = CollectionSpec.from_file(Path("tests/objects") / path)
    names = [name] if name else [each for each in spec.programs if each != "broken"]
    for each in names:
        with Session(recording(Path("tests/objects") / path, each, UDP)) as session:
            places, error = list(session.timeline.places), session.timeline.error
            session.goto(session.length // 2)
            for number in range(10):
                session.change(f"r{number}", str(session.registers[number]))
            assert list(session.timeline.places) == places
            assert str(session.timeline.error) == str(error)


def test_c_variables(session: Session) -> None:
    """As llvm-dwarfdump has their places: in registers, in the stack frame that clang counts from below, nowhere."""
    interpreter = Interpreter(session)
    session.goto(40)
    assert session.location is not None
    assert session.location.slot == 62
    values = interpreter.execute("info locals").value
    assert isinstance(values, dict)
    assert list(values) == ["ctx", "packet", "now", "number", "data", "data_end", "eth"]
    assert (values["number"], values["eth"]) == ("<optimized out>", "<optimized out>")
    assert values["now"] == str(session.registers[6])
    assert session.evaluate("packet->kind").text == "{family=IPV4, protocol=UDP}"
    assert session.evaluate("&packet->kind.family").number == session.registers[10] - 56
    with pytest.raises(ExpressionError, match="eth is <optimized out> here"):
        session.evaluate("eth->h_proto")
    session.goto(5)
    assert session.evaluate("sizeof(packet)").number == 32
    assert session.evaluate("packet").address == session.registers[10] - 56


def test_c_variables_that_are_always_the_same() -> None:
    with Session(recording(Path("tests/objects/optimised.o"), "optimised", UDP)) as session:
        assert Interpreter(session).execute("info locals").value == {"skb": "<optimized out>", "inside": "3"}


def test_c_variables_of_the_function_that_called() -> None:
    with Session(recording(Path("tests/objects/subprograms.o"), "first", UDP)) as session:
        session.until("twice")
        session.step_instruction()
        interpreter = Interpreter(session)
        assert interpreter.execute("info locals").value == {"x": "41"}
        assert interpreter.execute("up").text.startswith("#1 global_sum() subprograms.c:19")
        outer = session.activations[-2].registers
        assert interpreter.execute("info registers").value == {f"r{n}": value for n, value in enumerate(outer)}
        assert outer != session.registers
        assert interpreter.execute("info locals").value == {"b": "41", "a": "-38"}
        assert interpreter.execute("print a + b").value == 3
        with pytest.raises(UsageError, match="only the innermost"):
            session.change("r6", "1")
        session.step_instruction()
        assert interpreter.execute("info locals").value == {"x": "41"}


def test_what_reads_and_what_writes_memory(session: Session) -> None:
    """Each by the instruction before which it stood: forwards behind it, backwards before it."""
    interpreter = Interpreter(session)

    def passed(command: str, expression: str) -> list[str]:
        found = interpreter.execute(f"{command} {expression}").value
        session.enter(0)
        texts: list[str] = []
        while session.run == 0 and session.resume().reason is Reason.WATCHPOINT and session.run == 0:
            session.back.step_instruction()
            assert session.location is not None
            texts.append(session.location.text)
            session.step_instruction()
        interpreter.execute(f"delete {found}")
        return texts

    ethertype = passed("rwatch", "*(u16 *)(pkt + 12)")
    assert ethertype == ["r2 = *(u8 *)(r1 +12)", "r4 = *(u8 *)(r1 +13)"]
    assert passed("watch -w", "*(u16 *)(pkt + 12)") == []
    assert passed("watch", "total_packets") == passed("watch -w", "total_packets")
    number = interpreter.execute("watch -w total_packets").value
    assert interpreter.execute("info breakpoints").text == f"{number} watch -w total_packets  hit 0"
    interpreter.execute(f"delete {number}")
    counted = passed("awatch", "total_packets")
    assert len(counted) == 1
    assert "total_packets" in counted[0] or "atomic" in counted[0]
    session.enter(0)
    interpreter.execute("rwatch pkt[23]")
    session.goto(session.length)
    session.back.resume()
    assert session.stop.reason is Reason.WATCHPOINT
    assert session.location is not None
    assert "*(u8 *)" in session.location.text


def verdicts(eyes: Eyes) -> list[str]:
    """Return what the runs around came to, when each was looked at: a look goes as far as takes no time."""
    for _ in range(100):
        if all(each.verdict for each in eyes.look().near):
            break
    return [each.verdict for each in eyes.look().near]


def test_what_the_machine_lacks_is_answered(tmp_path: Path) -> None:
    with Session(recording(Path("tests/objects/not_here.o"), "other_kernel", UDP, UDP)) as session:
        stop = session.resume()
        assert (stop.reason, session.lacks) == (Reason.ERROR, Lack("not_in_any_kernel"))
        at = session.position
        interpreter = Interpreter(session)
        session.break_at(str(session.location.slot + 1 if session.location else 0))
        eyes = Eyes(session)
        assert verdicts(eyes) == ["stopped", "stopped"]
        session.world.processor.meter.stop = given_up = Event()
        session.enter(1)
        session.resume()
        assert verdicts(eyes) == ["stopped", "stopped"]
        assert interpreter.execute("answer 3").moved
        # It is another machine now, which is given up as the one before, and another run before this one.
        assert session.world.processor.meter.stop is given_up
        assert verdicts(eyes) == ["XDP_TX", "XDP_TX"]
        session.enter(0)
        session.goto(at)
        assert (session.position, session.lacks, session.error) == (at, None, None)
        assert eyes.look().changes == ()
        assert session.resume().reason is Reason.BREAKPOINT
        assert session.evaluate("r0").number == 3
        session.save(tmp_path / "run.json")
        with pytest.raises(UsageError, match="nothing stopped the run here"):
            interpreter.execute("answer 3")
        # What a pointer leads to is in a file: the recording has it from then on.
        (tmp_path / "there.bin").write_bytes(b"\x01\x02")
        answered = session.recording.answered(Lack("not_in_any_kernel"), f"@{tmp_path / 'there.bin'}")
        assert answered.settings.returns == {"not_in_any_kernel": "hex:0102"}
        with pytest.raises(ObjectError, match="there is no such file"):
            session.recording.answered(Lack("not_in_any_kernel"), "@/nonexistent")
    with Session(Recording.read(tmp_path / "run.json")) as again:
        again.resume()
        assert (again.stop.reason, again.retval) == (Reason.END, 3)


def test_runs_are_counted_from_one(session: Session) -> None:
    interpreter = Interpreter(session)
    interpreter.execute("run 2")
    assert (session.run, session.position) == (1, 0)
    interpreter.execute("run 1")
    assert (session.run, session.position) == (0, 0)


def test_stops_of_the_code_that_is_shown() -> None:
    """By their slots in the program; those of one that was called by its tail are not among its caller's."""
    with Session(recording(Path("tests/objects/tail_calls.o"), "entry", UDP)) as session:
        session.break_at("tail_calls.c:25")
        session.break_at("tail_calls.c:33")
        eyes = Eyes(session)
        assert eyes.look().stops == {5}
        session.resume()
        assert eyes.look().stops == {5}
        session.resume()
        assert (session.location.program if session.location else "", eyes.look().stops) == ("middle", {0})


def test_far_steps_are_reached_by_a_walk_that_stops_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every register and byte is as it is where one goes step by step, also behind and before it."""
    with opened(220) as session:
        places = [99_000, 70_000, 99_001, 99_002, 98_999, session.length - 1, 66_000, 80_000, 80_001]
        found: list[list[str]] = []
        for far in (1 << 16, 1 << 40):
            monkeypatch.setattr(standing, "_FAR", far)
            session.goto(0)
            found.append([])
            for place in places:
                session.goto(place)
                found[-1].append(state(session))
                assert session.position == place
        assert found[0] == found[1]
        monkeypatch.setattr(standing, "_FAR", 1 << 16)
        session.goto(90_000)
        session.take_step()
        session.take_step()
        here = state(session)
        session.goto(0)
        session.step_instruction(90_002)
        assert state(session) == here
        session.goto(95_000)
        session.back.step_instruction(5_000)
        session.back.step_instruction()
        session.step_instruction(3)
        assert state(session) == here


def test_what_was_given_up_is_not_kept_as_whole() -> None:
    with opened(2220) as session:
        session.world.processor.meter.stop = given_up = Event()
        given_up.set()
        with pytest.raises(GivenUpError):
            session.goto(1)  # all of its steps would be known then
        given_up.clear()
        assert session.length > 1_000_000
        session.goto(12)
        session.watch("*(u64 *)(fp - 8)")
        given_up.set()
        with pytest.raises(GivenUpError):
            session.resume()
        given_up.clear()
        assert session.timeline.changes == {}
        assert session.resume().reason is Reason.WATCHPOINT


def test_where_a_line_begins(session: Session) -> None:
    timeline = session.timeline
    begins = [position for position in range(timeline.length + 2) if timeline.begins_line(position)]
    assert begins[:3] == list(timeline.lines[:3])
    assert begins == [each for each in timeline.lines if each < timeline.length + 2]
    assert not timeline.begins_line(len(timeline.places) + 5)


def test_a_stack_is_that_of_one_call() -> None:
    """Of a run that a change led elsewhere, whatever is at that position now is another function, or none."""
    with Session(
        Recording.of(CollectionSpec.from_file(Path("bpf/traffic.o")), "count_traffic", [Call(UDP)])
    ) as session:
        timeline = session.timeline
        owner = Owner(0, 3, timeline.places[3], 0, "count_traffic")
        assert owner.scope(timeline) == range(3, timeline.length)
        assert not owner._replace(place=owner.place + 1).scope(timeline)
        assert not owner._replace(depth=1).scope(timeline)
        assert not owner._replace(began=len(timeline.places)).scope(timeline)
