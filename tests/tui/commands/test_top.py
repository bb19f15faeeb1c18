"""`bpftui top`: when it looks, by a clock that a slow machine's looks turn."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from bpftui.tui.commands.system import top
from tests.waiting import Clock

if TYPE_CHECKING:
    from bpftui.core.system.load import Observer


class SlowObserver:
    """Takes its time for each look."""

    def __init__(self, clock: Clock, takes: float) -> None:
        self._clock, self._takes, self._start = clock, takes, clock.now

    def look(self) -> Any:
        at = self._clock.now - self._start
        self._clock.now += self._takes
        return SimpleNamespace(time=at, snapshot=SimpleNamespace(missing=()))


@pytest.mark.parametrize(
    ("takes", "duration", "looks"),
    [(0.0, 0.2, [0.0, 0.1, 0.2]), (5.0, 0.2, [0.0, 5.1]), (0.05, 0.2, [0.0, 0.15, 0.25]), (0.3, 0.5, [0.0, 0.4, 0.7])],
)
def test_the_time_begins_behind_the_first_look_and_there_is_a_second_one_at_least(
    monkeypatch: pytest.MonkeyPatch, takes: float, duration: float, looks: list[float]
) -> None:
    clock = Clock()
    monkeypatch.setattr(top, "time", SimpleNamespace(monotonic=clock))
    found = top._Looks(cast("Observer", SlowObserver(clock, takes)), 0.1)

    def wait(seconds: float) -> bool:
        clock.now += seconds
        return False

    monkeypatch.setattr(found, "_over", SimpleNamespace(wait=wait))
    assert [round(look.time, 3) for look in found.samples(duration, until=lambda: False)] == looks
