"""A program on the packets of a capture: what frames are as it left them, and what they add up to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import pytest

from bpftui.core.errors import LoadError, UsageError
from bpftui.core.live.replay import PacketRun, Tally, replay
from bpftui.core.runtime import Program, RunResult
from bpftui.core.spec import ProgramType
from bpftui.core.traffic import CapturedPacket

if TYPE_CHECKING:
    from collections.abc import Callable

HEADER = bytes(range(14))


@dataclass
class Ran:
    """A program whose runs are a function of the packet."""

    type: ProgramType
    returns: Callable[[bytes], tuple[int, bytes]]
    given: list[bytes] = field(default_factory=list[bytes])

    def run(self, packet: bytes) -> RunResult:
        self.given.append(packet)
        retval, data = self.returns(packet)
        return RunResult(retval=retval, data=data, context=b"", duration_ns=10)


def runs(type_: ProgramType, returns: Callable[[bytes], tuple[int, bytes]], *frames: bytes) -> list[PacketRun]:
    packets = [CapturedPacket(number, 0, frame, len(frame)) for number, frame in enumerate(frames, 1)]
    return list(replay(cast("Program", Ran(type_, returns)), packets))


@pytest.mark.parametrize(
    ("type_", "retval", "frame"),
    [
        (ProgramType.XDP, 2, bytes(14) + b"left"),
        (ProgramType.SCHED_CLS, 0, bytes(14) + b"left"),
        (ProgramType.CGROUP_SKB, 1, HEADER + b"left"),
        (ProgramType.SOCKET_FILTER, 3, HEADER + b"lef"),
        (ProgramType.SOCKET_FILTER, 0, HEADER),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_the_header_that_a_run_does_not_give_back_is_put_back(type_: ProgramType, retval: int, frame: bytes) -> None:
    (run,) = runs(type_, lambda _: (retval, bytes(14) + b"left"), HEADER + b"was there")
    assert run.frame == frame
    assert run.passed is (retval != 0 or type_ is ProgramType.SCHED_CLS)
    assert run.changed is run.passed


def test_what_they_add_up_to() -> None:
    tally = Tally()
    for run in runs(ProgramType.XDP, lambda packet: (1 if len(packet) > 20 else 2, packet), HEADER, HEADER + bytes(8)):
        tally.add(run)
    assert (tally.packets, tally.sizes, tally.changed) == ({2: 1, 1: 1}, {2: 14, 1: 22}, 0)
    assert (tally.duration_ns, tally.cut, tally.first_cut, tally.refused) == (20, 0, None, 0)
    for run in runs(ProgramType.XDP, lambda packet: (2, packet + b"!"), HEADER):
        tally.add(run)
    assert (tally.packets, tally.sizes, tally.changed) == ({2: 2, 1: 1}, {2: 28, 1: 22}, 1)


def test_packets_that_were_cut() -> None:
    tally = Tally()
    program = cast("Program", Ran(ProgramType.XDP, lambda packet: (2, packet)))
    whole, cut, other = (CapturedPacket(number, 0, HEADER, length) for number, length in ((1, 14), (2, 15), (3, 99)))
    for run in replay(program, [whole, cut, other]):
        tally.add(run)
    assert (tally.cut, tally.first_cut) == (2, cut)


def test_a_packet_that_is_not_taken_is_left_out_and_the_others_run() -> None:
    def returns(packet: bytes) -> tuple[int, bytes]:
        if len(packet) < 20:
            raise UsageError(f"{len(packet)} bytes are too few")
        return 2, packet

    tally = Tally()
    for run in runs(ProgramType.XDP, returns, HEADER, HEADER + bytes(6), HEADER + b"x"):
        tally.add(run)
    assert (tally.packets, tally.refused, tally.refusal) == ({2: 1}, 2, "packet 1: 14 bytes are too few")
    with pytest.raises(UsageError, match="14 bytes are too few"):
        runs(ProgramType.XDP, returns, HEADER, HEADER + b"x")


def test_a_run_that_breaks_off_says_at_which_packet() -> None:
    def returns(packet: bytes) -> tuple[int, bytes]:
        if packet != HEADER:
            raise LoadError("it ran away")
        return 2, packet

    with pytest.raises(LoadError, match=r"^packet 2: it ran away"):
        runs(ProgramType.XDP, returns, HEADER, b"")
