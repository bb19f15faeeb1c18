"""A move that somebody else has stand still on the way, within a run."""

from __future__ import annotations

from threading import Event
from typing import TYPE_CHECKING

import pytest

from bpftui.core.debug import Reason
from bpftui.core.errors import GivenUpError
from tests.bench.bench_debug import opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bpftui.core.debug import Session


class Later(Event):
    """An event that is set once it has been asked for so many times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def is_set(self) -> bool:
        self.times -= 1
        return self.times < 0


@pytest.fixture
def session() -> Iterator[Session]:
    """A loop of 100,000 steps: 222 rounds of 450."""
    with opened(222) as found:
        yield found


def test_it_stands_within_the_run_and_goes_on(session: Session) -> None:
    with opened(222) as other:
        plain = other.length
        other.resume()
        expected = other.registers[0]
    session.halting = Later(12)
    session.interruptible(session.resume)
    here = session.position
    assert (session.stop.reason, session.stop.position) == (Reason.PAUSE, here)
    assert 100 < here < plain
    registers = session.registers
    session.halting = Event()
    session.interruptible(session.resume)
    assert (session.stop.reason, session.position, session.registers[0]) == (Reason.END, plain, expected)
    session.goto(here)
    assert session.registers == registers


def test_what_has_to_know_the_whole_run_leads_nowhere(session: Session) -> None:
    for _ in range(7):
        session.take_step()
    session.halting = Later(5)
    session.interruptible(session.step)
    assert (session.stop.reason, session.position) == (Reason.PAUSE, 7)
    session.halting = Event()
    session.interruptible(session.step_instruction)
    assert (session.stop.reason, session.position) == (Reason.STEP, 8)


def test_no_breakpoint_is_passed(session: Session) -> None:
    with opened(222) as other:
        often = other.symbols.location(other.timeline.places[40_000]).slot
    met = session.break_at(str(often), condition="r0 == 12345678")
    session.halting = Later(9)
    session.interruptible(session.resume)
    assert session.stop.reason is Reason.PAUSE
    assert 0 < session.position < session.length
    assert met.hits == 0
    # It is met where it holds, also on what was gone over before.
    again = session.break_at(str(often))
    at = session.timeline.next_at(again.places, session.position)
    assert (session.resume().by, session.position) == (again, at)


def test_a_run_before_it_that_is_not_brought_to_its_end_is_begun_again(session: Session) -> None:
    session.extend(session.recording.calls * 2)
    session.halting = Later(12)
    session.interruptible(lambda: session.enter(2))
    assert (session.run, session.stop.reason) == (0, Reason.PAUSE)
    session.halting = Event()
    session.interruptible(lambda: session.enter(2))
    assert (session.run, session.position) == (2, 0)


def test_what_is_given_up_is_no_pause(session: Session) -> None:
    stop = Event()
    stop.set()
    session.world.processor.meter.stop = stop
    session.halting.set()
    with pytest.raises(GivenUpError):
        session.interruptible(session.resume)
