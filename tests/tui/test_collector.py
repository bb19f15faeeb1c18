"""When the garbage collector looks at all objects."""

from __future__ import annotations

import gc

import pytest

from bpftui.tui.collector import Collector


class _Told:
    """What the collector was told to do, and the time and the looks that it is asked at."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.now = 100.0
        self.takes = 0.0
        self.young = 0
        self.frozen = 7_000_000
        self.counted = 0

    def freeze(self) -> None:
        self.calls.append("freeze")
        self.young = 0

    def count_frozen(self) -> int:
        self.counted += 1
        return self.frozen

    def collect(self) -> None:
        self.calls.append("collect")
        self.young = 0
        self.now += self.takes

    def since(self) -> list[str]:
        """Return what was told since this was last asked."""
        calls, self.calls = self.calls, []
        return calls


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> _Told:
    """The collector's side, at a time that stands."""
    told = _Told()
    monkeypatch.setattr(gc, "collect", told.collect)
    monkeypatch.setattr(gc, "freeze", told.freeze)
    monkeypatch.setattr(gc, "unfreeze", lambda: told.calls.append("unfreeze"))
    monkeypatch.setattr(gc, "get_count", lambda: (0, 0, told.young))
    monkeypatch.setattr(gc, "get_freeze_count", told.count_frozen)
    for clock in ("monotonic", "thread_time"):
        monkeypatch.setattr(f"bpftui.tui.collector.time.{clock}", lambda: told.now)
    return told


@pytest.mark.parametrize(
    ("before", "young", "idle", "takes", "expected"),
    [
        (0, 11, 3.0, 0.01, ["collect"]),
        (0, 11, 1.0, 0.01, []),
        (0, 9, 60.0, 0.01, []),
        (35, 41, 0.5, 0.01, ["collect"]),
        (35, 41, 0.1, 0.01, []),
        (70, 81, 0.0, 0.01, ["collect"]),
        # What survives a look that takes long is not looked at again.
        (0, 11, 3.0, 0.2, ["collect", "freeze"]),
        # An analysis has been made: no look at it, whether anybody is there or not.
        (0, 21, 0.0, 0.2, ["freeze"]),
        (70, 500, 60.0, 0.2, ["freeze"]),
    ],
)
def test_all_objects_are_looked_at_while_nobody_is_there(
    before: int, young: int, idle: float, takes: float, expected: list[str], told: _Told
) -> None:
    collector = Collector()
    for told.young in range(0, before + 1, 5):  # by and by, under somebody's hands
        collector.touch()
        collector.look()
    told.since()
    told.young, told.takes = young, takes
    told.now += idle
    collector.look()
    assert told.since() == expected


def test_an_analysis_is_looked_at_once_everybody_is_long_gone(told: _Told) -> None:
    collector = Collector()
    told.young = 1000  # half a second to look at
    collector.look()
    assert told.since() == ["freeze"]
    told.young = 0
    told.now += 99
    collector.look()
    assert told.since() == []
    told.now += 2
    collector.touch()
    collector.look()
    assert told.since() == []
    told.now += 101
    collector.look()
    assert told.since() == ["unfreeze", "collect", "freeze"]
    told.now += 1000
    collector.look()
    assert told.since() == []  # nothing came since


def test_what_was_there_at_the_start_is_part_of_what_a_look_at_an_analysis_takes(
    told: _Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gc, "get_count", lambda: (7_000_000, 0, told.young))  # of an object: half a second to look at
    monkeypatch.setattr(gc, "set_threshold", lambda *_: None)
    monkeypatch.setattr(gc, "enable", lambda: None)
    collector = Collector()
    collector.begin()
    told.young = 200  # a tenth of a second
    collector.look()
    told.since()
    told.young, told.takes = 0, 0.9
    told.now += 119
    collector.look()
    assert told.since() == []
    told.now += 2
    collector.look()
    assert told.since() == ["unfreeze", "collect", "freeze"]
    told.young = 100
    collector.look()
    told.since()
    told.young = 0
    collector.touch()
    told.now += 189  # it took longer than was thought
    collector.look()
    assert told.since() == []
    told.now += 2
    collector.look()
    assert told.since() == ["unfreeze", "collect", "freeze"]


def test_a_screen_that_is_gone_is_taken_away_though_it_is_not_looked_at_any_more(told: _Told) -> None:
    collector = Collector()
    told.takes = 0.2
    collector.let_go()
    told.now += 0.5  # it may be in somebody's hands still
    collector.look()
    assert told.since() == []
    told.now += 2
    told.young = 50  # as an analysis makes them: what comes in the place of the screen is one
    collector.look()
    assert told.since() == ["unfreeze", "collect", "freeze"]
    told.young = 0
    told.now += 2
    collector.look()
    assert told.since() == []  # nothing was let go of since
    collector.let_go()
    told.now += 1.5  # the last one took 0.2 s: the next one is not so soon
    collector.look()
    assert told.since() == []
    told.now += 1
    collector.touch()
    collector.look()
    assert told.since() == []
    told.now += 2
    collector.look()
    assert told.since() == ["unfreeze", "collect", "freeze"]


def test_what_was_set_aside_is_looked_at_though_somebody_is_never_gone(told: _Told) -> None:
    collector = Collector()
    told.frozen = 1_500_000
    for idle, young, expected in (
        (0.0, 30, ["freeze"]),  # screens come and go: more at a time than is looked at
        (0.0, 30, ["freeze"]),
        (0.2, 3, []),
        (0.0, 24, ["freeze"]),
        (0.0, 0, ["unfreeze", "collect", "freeze"]),
        (0.0, 21, ["freeze"]),
        (0.0, 0, []),
        (0.4, 0, ["unfreeze", "collect", "freeze"]),
        (9.0, 0, []),
    ):
        collector.touch()
        told.young = young
        told.now += idle
        collector.look()
        assert told.since() == expected


def test_what_survived_a_long_look_is_looked_at_again_though_somebody_is_never_gone(told: _Told) -> None:
    collector = Collector()
    told.frozen, told.takes = 1_500_000, 0.05
    for told.young, expected in (
        (15, []),
        (30, []),
        (45, []),
        (60, []),
        (75, []),
        (90, ["collect", "freeze"]),
        (0, ["unfreeze", "collect", "freeze"]),
        (0, []),
    ):
        collector.touch()
        collector.look()
        assert told.since() == expected


def test_what_takes_long_to_look_at_waits_for_somebody_to_be_gone_and_is_counted_once(told: _Told) -> None:
    collector = Collector()
    told.frozen = 1_500_001
    for _ in range(20):
        told.young = 25
        collector.touch()
        collector.look()
    assert told.since() == ["freeze"] * 20
    assert told.counted == 1
