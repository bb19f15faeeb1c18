"""Watchpoints: what is told of a run at once is what is seen of it step by step."""

from __future__ import annotations

import random
import sys
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bpftui.core.debug import Call, Reason, Recording, Session, timeline, trail, watching
from bpftui.core.debug.commands import Interpreter
from bpftui.core.debug.stops import Watchpoint
from bpftui.core.errors import BpftuiError
from bpftui.core.spec import CollectionSpec
from tests.bench.bench_vm import insn
from tests.core.spec.test_legacy import FUNC, Maker
from tests.fuzz.sessions import made

if TYPE_CHECKING:
    from collections.abc import Sequence

TRAFFIC = Path("bpf/traffic.o")
UDP = bytes(12) + b"\x08\0" + b"\x45" + bytes(8) + b"\x11" + bytes(40)


def met(session: Session, watchpoint: Watchpoint) -> list[int]:
    """Return all positions at which a watchpoint stops this run."""
    found: list[int] = []
    at = 0
    while (stop := session.watching.first([watchpoint], at, session.length)) is not None:
        found.append(at := stop.position)
    return found


@pytest.mark.parametrize("seed", range(60))
def test_at_once_and_step_by_step_are_the_same(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(seed)
    try:
        session = made(rng)
        length = session.length
    except BpftuiError:
        return
    with session:
        session.goto(length)
        regions = [each for each in session.memory.regions if each.size >= 8 and each.readable and each.writable]
        numbers = count(1)
        for region in rng.sample(regions, min(len(regions), 4)) + session.memory.frames[:1]:
            size = rng.choice((1, 2, 4, 8))
            if region in session.memory.frames:
                offset = 512 - 8 * rng.randint(1, 4)
            else:
                offset = rng.randrange(0, min(region.size - 8, 64) + 1, size)
            each = Watchpoint(next(numbers), "some bytes", region.base + offset, size)
            at_once = met(session, each)
            session.timeline.changes.clear()
            with monkeypatch.context() as patched:
                patched.setattr(watching, "changes_of", lambda *_: None)
                assert met(session, each) == at_once, (region, offset, size)
                last = session.watching.last([each], length)
            session.timeline.changes.clear()
            assert session.watching.last([each], length) == last


def test_what_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stepping of a watchpoint on a variable would be seen: it is not done."""
    spec = CollectionSpec.from_file(TRAFFIC)
    with Session(Recording.of(spec, "count_traffic", [Call(UDP)])) as session:
        watchpoint = session.watch("total_packets")

        def step(*_: object) -> None:
            raise AssertionError

        monkeypatch.setattr(watching.Watching, "_step_through", step)
        assert met(session, watchpoint) == [44]
        assert session.resume().position == 44
        # What lies in the packet may lie elsewhere when the program has moved it.
        on_packet = session.watch("*(u16 *)(pkt + 12)")
        with pytest.raises(AssertionError):
            met(session, on_packet)


def test_it_is_told_at_once_without_numpy_which_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)
    monkeypatch.setattr(watching.Watching, "_step_through", None)
    with Session(Recording.of(CollectionSpec.from_file(TRAFFIC), "count_traffic", [Call(UDP)] * 2)) as session:
        assert met(session, session.watch("total_packets")) == [44]
        session.enter(1)
        assert met(session, session.watch("total_packets")) == [44]


def looping() -> Recording:
    """Return a recording of a program that writes 1 to 6,000 to its stack, 5 steps a round, from the third step on."""
    code = (
        insn(0xB7, 1, 0, 0, 0)  # r1 = 0
        + insn(0x07, 1, 0, 0, 1)  # r1 += 1
        + insn(0x7B, 10, 1, -8, 0)  # *(u64 *)(r10 - 8) = r1
        + insn(0xB7, 0, 0, 0, 0)
        + insn(0xBF, 2, 1, 0, 0)
        + insn(0xA5, 1, 0, -5, 6000)  # if r1 < 6000 goto -5
        + insn(0x95)
    )
    maker = Maker()
    index = maker.section("tc", code, code=True)
    maker.symbols += [("prog", 16 + FUNC, index, 0, len(code))]
    maker.section("license", b"GPL\0")
    raw = maker.build()
    return Recording.of(CollectionSpec.from_bytes(raw), "prog", [Call(bytes(60))], object_=raw)


@pytest.mark.parametrize("has_numpy", [True, False])
def test_a_run_of_thousands_of_steps_is_told_at_once(has_numpy: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not has_numpy:
        monkeypatch.setitem(sys.modules, "numpy", None)
    monkeypatch.setattr(watching.Watching, "_step_through", None)
    with Session(looping()) as session:
        watchpoint = session.watch("*(u64 *)(fp - 8)")
        assert session.watching.first([watchpoint], 0, session.length) == (3, watchpoint)
        assert session.watching.last([watchpoint], session.length) == (3 + 5 * 5999, watchpoint)
        # Each instruction is a line where none is known.
        assert session.timeline.lines.tolist() == list(range(30_002))
        assert trail.Trail(session).counts[session.timeline.places[1]] == 6000


def called(calls: int = 1) -> Recording:
    """Return a recording of a program that calls a function twice, which writes to its stack."""
    code = (
        insn(0xB7, 1, 0, 0, 5)  # r1 = 5
        + insn(0x85, 0, 1, 0, 3)  # call 5
        + insn(0xB7, 1, 0, 0, 6)  # r1 = 6
        + insn(0x85, 0, 1, 0, 1)  # call 5
        + insn(0x95)
        + insn(0x7B, 10, 1, -8, 0)  # *(u64 *)(r10 - 8) = r1
        + insn(0xB7, 0, 0, 0, 0)
        + insn(0x95)
    )
    maker = Maker()
    index = maker.section("tc", code, code=True)
    maker.symbols += [("prog", 16 + FUNC, index, 0, 5 * 8), ("inner", FUNC, index, 5 * 8, 3 * 8)]
    maker.section("license", b"GPL\0")
    raw = maker.build()
    return Recording.of(CollectionSpec.from_bytes(raw), "prog", [Call(bytes(60))] * calls, object_=raw)


def test_a_watchpoint_on_the_stack_ends_with_its_function() -> None:
    with Session(called()) as session:
        interpreter = Interpreter(session)
        for command in ("stepi 2", "watch *(u64 *)(fp - 8)", "continue"):
            interpreter.execute(command)
        assert (session.stop.reason, session.position) == (Reason.WATCHPOINT, 3)
        assert session.evaluate("*(u64 *)(fp - 8)").number == 5
        # The second call has the same stack; what is written there is nobody's who was asked for.
        interpreter.execute("continue")
        assert (session.stop.reason, session.position) == (Reason.END, session.length)
        assert interpreter.execute("info breakpoints").text == "1 watch *(u64 *)(fp - 8)  hit 1"
        # One can go back to where it counts.
        interpreter.execute("reverse-continue")
        assert session.position == 2
        interpreter.execute("continue")
        assert (session.stop.reason, session.position) == (Reason.WATCHPOINT, 3)
        interpreter.execute("delete 1")
        # Of the function that nobody calls it stays: each run has it again.
        session.goto(0)
        interpreter.execute("watch *(u64 *)(fp - 16)")
        session.step_instruction(2)
        assert interpreter.execute("info breakpoints").text == "2 watch *(u64 *)(fp - 16)  hit 0"


def test_a_watchpoint_on_a_stack_ends_with_the_run() -> None:
    with Session(called(2)) as session:
        session.goto(2)
        session.watch("*(u64 *)(fp - 8)")
        session.resume()
        assert (session.stop.reason, session.run, session.position) == (Reason.WATCHPOINT, 0, 3)
        session.resume()
        assert (session.stop.reason, session.run) == (Reason.END, 1)
        assert session.logged == ["watchpoint 1 on *(u64 *)(fp - 8) is gone: the run of its inner() is over"]
        assert session.breakpoints.watchpoints == []


def rounds() -> Recording:
    """Return a recording of a program that calls a function, which writes 2 and 1 to its stack in a loop."""
    code = (
        insn(0xB7, 1, 0, 0, 2)  # r1 = 2
        + insn(0x85, 0, 1, 0, 1)  # call 3
        + insn(0x95)
        + insn(0x7B, 10, 1, -8, 0)  # *(u64 *)(r10 - 8) = r1
        + insn(0x07, 1, 0, 0, -1)  # r1 += -1
        + insn(0x55, 1, 0, -3, 0)  # if r1 != 0 goto 3
        + insn(0xB7, 0, 0, 0, 0)
        + insn(0x95)
    )
    maker = Maker()
    index = maker.section("tc", code, code=True)
    maker.symbols += [("prog", 16 + FUNC, index, 0, 3 * 8), ("inner", FUNC, index, 3 * 8, 5 * 8)]
    maker.section("license", b"GPL\0")
    raw = maker.build()
    return Recording.of(CollectionSpec.from_bytes(raw), "prog", [Call(bytes(60))], object_=raw)


def test_a_function_that_runs_longer_behind_a_change_is_watched_to_its_end() -> None:
    with Session(rounds()) as session:
        session.goto(2)
        watchpoint = session.watch("*(u64 *)(fp - 8)")
        assert met(session, watchpoint) == [3, 6]
        session.goto(2)
        session.change("r1", "6")
        assert met(session, watchpoint) == [3, 6, 9, 12, 15, 18]
        session.goto(0)
        session.resume()
        session.resume()
        assert (session.stop.reason, session.position, session.logged) == (Reason.WATCHPOINT, 6, [])
        # Another way before: another function may have that stack.
        session.goto(1)
        session.change("r1", "1")
        assert met(session, watchpoint) == [3]


def test_going_back_stops_at_the_function_s_own_writes_alone() -> None:
    with Session(called()) as session:
        session.goto(8)
        watchpoint = session.watch("*(u64 *)(fp - 8)")
        assert met(session, watchpoint) == [8]
        assert session.back.resume().position == 7
        assert session.back.resume().position == 0


@pytest.mark.parametrize("path", ["bpf/traffic.o", "tests/objects/subprograms.o", "tests/objects/callbacks.o"])
@pytest.mark.parametrize("has_numpy", [True, False])
def test_lines_and_counts_of_long_runs_are_those_of_short_ones(
    path: str, has_numpy: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = CollectionSpec.from_file(path)
    for name in spec.programs:
        told: list[tuple[Sequence[int], dict[int, int], dict[int, int]]] = []
        for is_long in (False, True):
            if is_long:
                monkeypatch.setattr(timeline, "_LONG", 0)
                monkeypatch.setattr(timeline, "_CHUNK", 7)
                monkeypatch.setattr(trail, "_CHUNK", 7)
                if not has_numpy:
                    monkeypatch.setitem(sys.modules, "numpy", None)
            try:
                with Session(Recording.of(CollectionSpec.from_file(path), name, [Call(UDP)])) as session:
                    found = trail.Trail(session)
                    told.append((session.timeline.lines.tolist(), found.counts, found.first))
            except BpftuiError:
                break
        monkeypatch.undo()
        assert told[:1] == told[1:]
