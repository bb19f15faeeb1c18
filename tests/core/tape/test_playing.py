"""A tape that is looked at as what is loaded is: it goes on, stands, and is gone through in both directions."""

from __future__ import annotations

import sqlite3
import threading
from math import isnan, nan
from typing import TYPE_CHECKING

import pytest

from bpftui.core.errors import ObjectError, UsageError
from bpftui.core.live import State
from bpftui.core.live.quantity import Arrivals, Entries, OfEntry
from bpftui.core.tape import PlayedSession, Tape, recorder
from tests.core.tape.test_tape import record
from tests.waiting import PATIENCE, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bpftui.core.live.monitor import Observation

TICKS = 11


class Watched:
    """A monitor whose observations are taken as a screen takes them."""

    def __init__(self, session: PlayedSession) -> None:
        self.came: list[Observation] = []
        self.failed: list[Exception] = []
        self._more = threading.Condition()
        self.monitor = session.monitor(self._take, self.failed.append)

    def _take(self, observation: Observation) -> None:
        with self._more:
            self.came.append(observation)
            self._more.notify_all()

    def next(self) -> Observation:
        """Wait for an observation, and take it into the past."""
        with self._more:
            assert self._more.wait_for(lambda: bool(self.came), PATIENCE), self.failed
            found = self.came.pop(0)
        self.monitor.observe(found)
        return found


@pytest.fixture
def session(tmp_path: Path) -> Iterator[PlayedSession]:
    path = tmp_path / "a.rec"
    record(path, TICKS)
    with PlayedSession(str(path)) as session:
        yield session


@pytest.fixture
def watched(session: PlayedSession) -> Iterator[Watched]:
    found = Watched(session)
    found.monitor.start()
    yield found
    found.monitor.stop()
    assert found.failed == []


def test_it_is_loaded_as_it_was(session: PlayedSession) -> None:
    assert session.state is State.LOADED
    assert session.name == session.tape.path
    assert session.spec.file.endswith("traffic.o")
    assert session.spec.raw == session.tape.object
    assert session.links == ()
    with pytest.raises(UsageError, match="this is a recording"):
        session.attach("count_traffic", "sandbox")


def test_it_begins_at_the_end_and_stands(watched: Watched) -> None:
    first = watched.next()
    monitor = watched.monitor
    assert (monitor.tick, monitor.ticks, monitor.paused, monitor.speed) == (TICKS, TICKS, True, 1.0)
    assert first.sample.time == 10.0
    assert first.moment is not None
    assert first.moment.before is not None
    assert first.moment.before.time == 9.0
    assert monitor.last is first.sample
    assert [mark.text for mark in monitor.marks] == ["attached count_traffic → eth1"]
    assert monitor.graph.marks == tuple(monitor.marks)


def test_a_moment_has_the_past_that_it_had(session: PlayedSession, watched: Watched) -> None:
    watched.next()
    monitor = watched.monitor
    monitor.go_to(5)
    assert monitor.tick == 5  # what is pressed next counts from there
    monitor.go_to(6)
    seen = [watched.next()]
    while seen[-1].sample.time != 5.0:
        seen.append(watched.next())
    last = seen[-1]
    assert last.sample == session.tape.sample(6)
    brought = {tick: session.tape.events(tick).get("events") for tick in range(1, 7)}
    times = [float(tick - 1) for tick, found in brought.items() if found is not None for _ in found.records]
    assert len(times) > 2
    assert [event.time for event in last.events["events"]] == times
    assert last.moment is not None
    assert [(when, line.text) for when, printed in last.moment.printed for line in printed.lines] == [
        (2.0, "tick 2"),
        (5.0, "tick 5"),
    ]
    (series,) = monitor.graph.series(60)
    assert series.points[-1][0] <= 5.5
    assert monitor.graph.date(2.0) == 1_800_000_000.0 - 0.0 + 2.0
    assert monitor.graph.is_recorded


def test_the_next_moment_follows_and_those_before_do_not(watched: Watched) -> None:
    watched.next()
    monitor = watched.monitor
    monitor.go_to(3)
    there = watched.next()
    assert there.moment is not None
    graph = monitor.graph
    monitor.go_to(4)
    after = watched.next()
    assert after.moment is None
    assert after.sample.time == 3.0
    assert monitor.graph is graph
    assert monitor.previous is there.sample
    monitor.go_to(2)
    before = watched.next()
    assert before.moment is not None
    assert monitor.graph is not graph
    assert monitor.last is before.sample


def test_what_is_drawn_stays_drawn_at_another_moment(watched: Watched) -> None:
    watched.next()
    graph = watched.monitor.graph
    chosen = next(iter(graph.drawn_of("traffic")))
    graph.choose(chosen)
    watched.monitor.go_to(4)
    watched.next()
    assert watched.monitor.graph.chosen == (chosen,)


def test_whatever_is_drawn_has_its_past(watched: Watched) -> None:
    watched.next()
    graph = watched.monitor.graph
    kept = next(iter(graph.drawn_of("traffic")))
    assert isinstance(kept, OfEntry)
    graph.rows(kept, 60)
    for each in (Entries("sources"), Arrivals("events")):
        graph.choose(each)
    watched.monitor.go_to(8)
    watched.next()
    graph = watched.monitor.graph
    drawn = {each.label: [y for _, y in each.points][1:] for each in (*graph.series(60), *graph.rows(kept, 60))}
    # As many packets a second as its number modulo four: TCP and UDP in turn, and an event for every second one.
    # What the map held was deleted after the seventh sample.
    assert {name: points[:5] for name, points in drawn.items()} == {
        "entries of sources": [1, 1, 1, 1, 1],
        "events records": [1, 1, 1, 0, 1],
        "{IPV4, TCP}": [pytest.approx(nan, nan_ok=True), 1, 2, 0, 1],
        "{IPV4, UDP}": [pytest.approx(nan, nan_ok=True), pytest.approx(nan, nan_ok=True), 1, 0, 0],
    }
    assert all(isnan(each) for name in ("{IPV4, TCP}", "{IPV4, UDP}") for each in drawn[name][5:])


def test_it_plays_from_the_beginning_when_it_is_at_its_end(watched: Watched) -> None:
    watched.next()
    monitor = watched.monitor
    monitor.interval = 0.01
    assert monitor.speed == 100.0
    monitor.toggle_pause()
    times = [watched.next().sample.time for _ in range(TICKS)]
    assert times == [float(tick) for tick in range(TICKS)]
    assert monitor.paused


def test_beyond_its_ends_there_is_nothing(watched: Watched) -> None:
    watched.next()
    watched.monitor.go_to(99)
    assert watched.monitor.tick == TICKS
    assert watched.next().sample.time == 10.0
    watched.monitor.go_to(-3)
    assert watched.next().sample.time == 0.0


def test_one_without_a_sample_is_open_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.rec"
    record(path, 0)
    with PlayedSession(str(path)) as session:
        monitor = Watched(session).monitor
        monitor.start()
        assert (monitor.ticks, monitor.tick, monitor.running) == (0, 0, False)
        monitor.go_to(1)
        monitor.stop()


def test_what_is_no_recording_leaves_nothing_open(tmp_path: Path) -> None:
    path = tmp_path / "a.rec"
    record(path)
    path.write_bytes(path.read_bytes()[:9000])
    with pytest.raises(ObjectError, match="damaged"):
        PlayedSession(str(path))


def test_streams_tell_how_much_they_had_brought(tmp_path: Path) -> None:
    path = tmp_path / "a.rec"
    kept = record(path)
    with Tape(str(path)) as tape:
        for tick in range(1, TICKS + 1):
            assert tape.streams(tick, ["events"])["events"].count == kept[tick - 1].events["events"].count
            assert not tape.streams(tick, [])


def test_a_moment_that_is_damaged_is_told_each_time_and_what_was_seen_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "_MINUTE", 4.0)
    path = tmp_path / "a.rec"
    record(path, 19)  # of which four ticks each are packed together
    database = sqlite3.connect(path)
    database.execute(
        "UPDATE pack SET data = zeroblob(9) WHERE minute = 1 AND entry IN "
        "(SELECT id FROM entry WHERE key = CAST('total_packets' AS BLOB))"
    )
    database.commit()
    database.close()
    with PlayedSession(str(path)) as session:
        watched = Watched(session)
        watched.monitor.reach = 0.5
        watched.monitor.start()
        last = watched.next().sample.time
        for number in (1, 2):
            watched.monitor.go_to(2)
            assert wait_for(lambda number=number: len(watched.failed) == number)
            assert wait_for(lambda: watched.monitor.tick == 19)
            assert watched.monitor.paused
        watched.monitor.stop()
        assert [str(error).partition(": ")[2] for error in watched.failed] == [
            "the recording is damaged: the changes of an entry cannot be unpacked"
        ] * 2
        assert watched.came == []
        assert last == 18
