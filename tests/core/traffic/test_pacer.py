"""The pacer: packets of a capture when they are due, and what its end means."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bpftui.core.errors import BpftuiError, UsageError
from bpftui.core.traffic import CaptureError, Pacer, Traffic
from tests.core.traffic.files import pcap
from tests.waiting import PATIENCE, Clock, Wait

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Noted(Pacer):
    """Notes when what was delivered."""

    def __init__(self, traffic: Traffic) -> None:
        super().__init__(traffic, 1514)
        self.begun = time.monotonic()
        self.times: list[float] = []
        self.frames: list[bytes] = []

    def deliver(self, frames: Sequence[bytes], start: int, count: int) -> int:
        self.frames += frames[start : start + count]
        self.times += [time.monotonic() - self.begun] * count
        return count


def capture(folder: Path, count: int, gap: float) -> str:
    packets = [(round(number * gap * 1e9), number.to_bytes(20)) for number in range(count)]
    (folder / "a.pcap").write_bytes(pcap(packets))
    return str(folder / "a.pcap")


def until(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.005)


class Timed(Pacer):
    """Delivers in no time, until its clock has come to the end."""

    def __init__(self, traffic: Traffic, seconds: float) -> None:
        clock = Clock()
        super().__init__(traffic, 1514, clock=clock)
        self._changed = Wait(clock)
        self.now, self.end, self.late = clock, clock.now + seconds, 0.0
        self.most = 0

    def deliver(self, frames: Sequence[bytes], start: int, count: int) -> int:
        self.now.now += self.late
        self.late = 0.0
        self.most = max(self.most, count)
        self._finished = self.now.now >= self.end
        return count

    def keep(self, rate: float) -> int:
        """Send at a rate until the end, and return how many packets that were."""
        self._rate = rate
        self._keep(rate)
        return self.sent


@pytest.mark.parametrize(("rate", "sent"), [(50, 100), (1_000, 2000), (20_000, 40_000)])
def test_a_rate_is_kept(rate: int, sent: int) -> None:
    pacer = Timed(Traffic(), 2.0)
    # What became due within a tick comes at once.
    assert pacer.keep(rate) == pytest.approx(sent, abs=1 + rate * Pacer.TICK)


@pytest.mark.parametrize(("late", "sent"), [(0.5, 2000), (1.5, 1500)])
def test_what_is_late_is_made_up_for_and_what_is_older_than_a_second_is_forgotten(late: float, sent: int) -> None:
    pacer = Timed(Traffic(), 2.0)
    pacer.late = late
    assert pacer.keep(1000) == pytest.approx(sent, abs=1 + 1000 * Pacer.TICK)


def test_what_is_made_up_for_comes_in_pieces_so_that_a_new_rate_takes_effect() -> None:
    pacer = Timed(Traffic(), 2.0)
    pacer.late = 0.9
    assert pacer.keep(10_000) == pytest.approx(20_000, abs=1 + 10_000 * Pacer.TICK)
    assert 512 < pacer.most <= 1024


def test_nothing_comes_before_it_is_due() -> None:
    pacer = Timed(Traffic(), 2.5)
    # The first packet is due a second after the start, and not at it: the third one ends the traffic, at 3 s.
    assert (pacer.keep(1), pacer.now.now) == (3, pytest.approx(1003.0))


@pytest.mark.parametrize("speed", [1.0, 4.0])
def test_packets_come_when_they_are_due(tmp_path: Path, speed: float) -> None:
    pacer = Noted(Traffic(capture=capture(tmp_path, 5, 0.1), speed=speed))
    pacer.start()
    until(lambda: pacer.finished)
    pacer.close()
    assert [int.from_bytes(frame) for frame in pacer.frames] == list(range(5))
    # Never early; how late depends on what else the machine does.
    for number, at in enumerate(pacer.times):
        assert at >= number * 0.1 / speed - 0.005


class Late(Pacer):
    """Notes which packet is delivered when, by its own clock; the first one takes three seconds."""

    def __init__(self, traffic: Traffic) -> None:
        super().__init__(traffic, 1514, clock=(clock := Clock()))
        self._changed = Wait(clock)
        self._now, self._begun = clock, clock.now
        self.delivered: list[tuple[int, float]] = []

    def deliver(self, frames: Sequence[bytes], start: int, count: int) -> int:
        at = self._now.now - self._begun
        self.delivered += [(int.from_bytes(frame), at) for frame in frames[start : start + count]]
        self._now.now += 0.0 if at else 3.0
        return count

    def play(self) -> list[tuple[int, float]]:
        """Deliver all, and return what was delivered when, in tenths of a second."""
        self._speed = 1.0
        self._replay(1.0)
        return [(number, round(at, 1)) for number, at in self.delivered]


def test_of_recorded_packets_too_only_a_second_is_made_up_for(tmp_path: Path) -> None:
    pacer = Late(Traffic(capture=capture(tmp_path, 5, 1.0)))
    # Those of 1 s and 2 s come at once when three seconds are over, two of which are forgotten.
    assert pacer.play() == [(0, 0.0), (1, 3.0), (2, 3.0), (3, 4.0), (4, 5.0)]


def test_frames_that_are_given_go_as_they_are() -> None:
    pacer = Noted(Traffic())
    pacer.give([b"a" * 14, b"b" * 1514])
    assert (pacer.frames, pacer.sent) == ([b"a" * 14, b"b" * 1514], 2)
    for size, message in ((13, "packet 2 has 13 bytes: what is sent has 14 to 1,514"), (1515, "packet 2 has 1,515 b")):
        with pytest.raises(UsageError, match=message):
            pacer.give([bytes(14), bytes(size)])
    assert pacer.sent == 2


def test_as_fast_as_it_goes(tmp_path: Path) -> None:
    pacer = Noted(Traffic(capture=capture(tmp_path, 3000, 60.0), speed=float("inf")))
    pacer.start()
    until(lambda: pacer.finished)
    assert (pacer.sent, len(pacer.frames)) == (3000, 3000)
    until(lambda: pacer.rate == 0.0)
    assert pacer.send(5) == 0
    pacer.close()


def test_a_loop_does_not_end_and_a_rate_takes_over(tmp_path: Path) -> None:
    pacer = Noted(Traffic(capture=capture(tmp_path, 3, 30.0), loop=True))
    pacer.start()
    until(lambda: pacer.sent == 1)
    pacer.rate = 2000
    until(lambda: pacer.sent > 50)
    assert not pacer.finished
    pacer.close()


def test_an_error_ends_the_traffic_and_is_raised_at_the_end(tmp_path: Path) -> None:
    path = capture(tmp_path, 10, 0)
    Path(path).write_bytes(Path(path).read_bytes()[:-1])
    pacer = Noted(Traffic(capture=path))
    pacer.start()
    until(lambda: pacer.finished)
    assert pacer.sent == 9
    with pytest.raises(CaptureError, match="packet 10"):
        pacer.close()
    assert issubclass(CaptureError, BpftuiError)
