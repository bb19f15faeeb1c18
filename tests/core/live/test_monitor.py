"""Monitor: what two samples say of programs."""

from __future__ import annotations

from unittest.mock import Mock

import pytest

from bpftui.core.live import Sample, Session
from bpftui.core.live.monitor import Monitor
from bpftui.core.runtime import Printed, PrintedLine, ProgramInfo
from bpftui.core.spec import CollectionSpec
from tests.core.live.fakes import FakeRuntime


def told(**programs: tuple[int, int]) -> Sample:
    """Return a sample with the runs of programs and the nanoseconds that these took."""
    infos = {name: ProgramInfo(0, "", runs, spent, None, 0, 0) for name, (runs, spent) in programs.items()}
    return Sample(0.0, 0.0, {}, {}, infos)


def test_what_a_run_took_is_of_those_between_the_last_two_samples() -> None:
    monitor = Monitor(Session(CollectionSpec("prog.o"), FakeRuntime()), Mock(), Mock())
    assert monitor.run_time(["one"]) is None
    monitor.last = told(one=(10, 1_000), two=(1, 9_000))
    assert monitor.run_time(["one"]) is None
    monitor.previous, monitor.last = monitor.last, told(one=(14, 2_200), two=(3, 9_600), three=(5, 5))
    assert monitor.run_time(["one"]) == pytest.approx(300e-9)
    assert monitor.run_time(["one", "two", "three"]) == pytest.approx(300e-9)
    assert monitor.run_time(["three"]) is None


def test_what_programs_printed_comes_with_a_sample() -> None:
    session, observed = Mock(gone="", collection=Mock()), Mock()
    printed = Printed((PrintedLine("hello"),))
    session.collection.printed.return_value = Mock(problem="", read=Mock(return_value=printed))
    session.events.return_value = Mock(types={}, problems={}, take=Mock(return_value={}))
    monitor = Monitor(session, observed, Mock())
    for _ in range(2):
        monitor._take(told())
    assert [call.args[0].printed for call in observed.call_args_list] == [printed, printed]
    assert session.collection.printed.call_count == 1
