"""Monitor: what two samples say of programs."""

from __future__ import annotations

from unittest.mock import Mock

import pytest

from bpftui.core.live import Sample, Session
from bpftui.core.live.monitor import Monitor
from bpftui.core.runtime import ProgramInfo
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
