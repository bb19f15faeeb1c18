"""The sampler: deadlines, errors, pausing; on a runtime that runs nothing."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from bpftui.core.errors import BpftuiError, UnknownNameError
from bpftui.core.live import Sample, Sampler, readable_maps
from bpftui.core.spec import MapType
from tests.core.live.fakes import FakeMap, collection, map_spec
from tests.fakes import STEP
from tests.waiting import PATIENCE, Clock, Wait

if TYPE_CHECKING:
    from collections.abc import Generator

    from bpftui.core.runtime import MapSnapshot


def timeless(interval: float) -> tuple[Sampler, Clock]:
    """Return a sampler whose waits take no time, and its clock."""
    clock = Clock()
    sampler = Sampler(collection(), interval=interval, clock=clock)
    sampler._changed = Wait(clock)
    return sampler, clock


def test_a_sample_has_everything_and_the_real_interval() -> None:
    clock = Clock()
    source = FakeMap(map_spec(), {b"\1\0\0\0": (b"\2" + bytes(7),)})
    sampler = Sampler(collection(source, total=b"\7\0"), clock=clock)
    first = sampler.take()
    assert (first.time, first.interval) == (0.0, 0.0)
    assert first.maps["counts"].entries[0].values == (b"\2" + bytes(7),)
    assert first.variables == {"total": b"\7\0"}
    assert {name: info.run_cnt for name, info in first.programs.items()} == {"count": STEP}
    clock.now += 1.25
    second = sampler.take()
    assert (second.time, second.interval) == (1.25, 1.25)


def test_each_part_has_the_time_at_which_it_was_read() -> None:
    clock = Clock()

    class SlowMap(FakeMap):
        def snapshot(self, limit: int | None = None) -> MapSnapshot:
            clock.now += 0.5
            return super().snapshot(limit)

    sampler = Sampler(collection(SlowMap(map_spec("one")), SlowMap(map_spec("two"))), clock=clock)
    sample = sampler.take()
    assert (sample.time, sample.map_times) == (0.0, {"one": 0.25, "two": 0.75})
    assert [sample.time_of("map", "one"), sample.time_of("variable"), sample.time_of("program")] == [0.25, 1.0, 1.0]
    assert sample.end == 1.0
    bare = Sample(7.0, 1.0, {}, {}, {})
    assert bare.end == 7.0
    assert [bare.time_of("map", "one"), bare.time_of("variable"), bare.time_of("program")] == [7.0, 7.0, 7.0]


def test_a_large_map_is_not_counted_all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A count that took 0.3 s is good for 15 s: what is at rest costs 2 % of a processor at most."""
    clock = Clock()
    monkeypatch.setattr("bpftui.core.live.sampler.time", SimpleNamespace(monotonic=lambda: clock.now))
    counted: list[float] = []

    class LargeMap(FakeMap):
        def count(self, within: float | None = None) -> tuple[int, bool]:
            counted.append(clock.now)
            clock.now += 0.3
            return 1_000_000 + len(counted), True

    source = LargeMap(map_spec(), {bytes([key, 0, 0, 0]): (bytes(8),) for key in range(5)})
    sampler = Sampler(collection(source), limit=4, clock=lambda: clock.now)
    counts: list[int] = []
    for _ in range(62):
        counts.append(sampler.take().maps["counts"].count)
        clock.now += 0.5
    assert len(counted) == 3
    assert (counts[0], counts[29], counts[-1]) == (1_000_001, 1_000_001, 1_000_003)


def test_the_first_sample_may_count_for_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two seconds at first, then four fifths of the time between two samples."""
    clock = Clock()
    monkeypatch.setattr("bpftui.core.live.sampler.time", SimpleNamespace(monotonic=lambda: clock.now))
    given: list[float | None] = []

    class LargeMap(FakeMap):
        def count(self, within: float | None = None) -> tuple[int, bool]:
            given.append(within)
            return 1_000_000, False

    source = LargeMap(map_spec(), {bytes([key, 0, 0, 0]): (bytes(8),) for key in range(5)})
    sampler = Sampler(collection(source), limit=4, interval=1.0, clock=lambda: clock.now)
    for _ in range(2):
        sampler.take()
        clock.now += 1.0
    assert given == [pytest.approx(2.0), pytest.approx(0.8)]


def test_time_can_begin_before_the_first_sample() -> None:
    clock = Clock()
    sampler = Sampler(collection(), clock=clock, start=clock.now - 30)
    assert (sampler.take().time, sampler.take().interval) == (30.0, 0.0)


@pytest.mark.parametrize(
    ("kind", "is_read"),
    [
        (MapType.HASH, True),
        (MapType.QUEUE, True),  # its next value can be looked at
        (MapType.STACK, True),
        (MapType.CGROUP_STORAGE, True),  # by control group, unlike that of sockets
        (MapType.PERCPU_CGROUP_STORAGE, True),
        (MapType.REUSEPORT_SOCKARRAY, True),
        (MapType.SK_STORAGE, False),
        (MapType.STRUCT_OPS, False),
        (MapType.BLOOM_FILTER, False),
        (MapType.RINGBUF, False),
        (MapType.XSKMAP, False),
    ],
)
def test_what_has_entries_is_read(kind: MapType, is_read: bool) -> None:
    assert readable_maps(collection(FakeMap(map_spec("each", kind)))) == ["each"] * is_read


def test_only_maps_that_can_be_listed_are_read_unless_named() -> None:
    data = map_spec(".bss", MapType.ARRAY)
    data.data = bytearray(8)
    loaded = collection(FakeMap(map_spec()), FakeMap(map_spec("events", MapType.RINGBUF)), FakeMap(data))
    assert readable_maps(loaded) == ["counts"]
    assert list(Sampler(loaded, maps=[".bss"]).take().maps) == [".bss"]
    with pytest.raises(UnknownNameError) as raised:
        Sampler(loaded, maps=["count"])
    assert raised.value.hint == "did you mean 'counts'?"


def test_the_limit_marks_a_sample_partial() -> None:
    source = FakeMap(map_spec(), {bytes([key, 0, 0, 0]): (bytes(8),) for key in range(5)})
    assert Sampler(collection(source), limit=5).take().maps["counts"].partial is False
    sample = Sampler(collection(source), limit=4).take()
    assert len(sample.maps["counts"].entries) == 4
    assert sample.maps["counts"].partial


def test_of_a_map_beyond_the_limit_only_a_part_is_read_until_it_is_small_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = FakeMap(map_spec(), {bytes([key, 0, 0, 0]): (bytes(8),) for key in range(9)})
    asked: list[int | None] = []
    snapshot = source.snapshot

    def noted(limit: int | None = None) -> MapSnapshot:
        asked.append(limit)
        return snapshot(limit)

    monkeypatch.setattr(source, "snapshot", noted)
    sampler = Sampler(collection(source), limit=6, part=2)
    for _ in range(2):
        found = sampler.take().maps["counts"]
        assert (len(found.entries), found.beyond, found.partial, found.count) == (2, 7, True, 9)
    source.entries = dict(list(source.entries.items())[5:])
    sampler._counts.clear()  # it is not counted anew at once
    sampler.take()
    found = sampler.take().maps["counts"]
    assert (len(found.entries), found.partial) == (4, False)
    assert asked == [6, 2, 2, 6]


def test_samples_fall_on_a_grid_that_does_not_drift() -> None:
    sampler, clock = timeless(0.05)
    times: list[float] = []
    for sample in sampler.samples(0.5):
        times.append(sample.time)
        clock.now += 0.02  # a reader's own work does not move the next deadline
    assert times == pytest.approx([0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5])


@pytest.mark.parametrize(
    ("duration", "expected"),
    [(0.0, [0]), (0.01, [0, 0.01]), (0.13, [0, 0.05, 0.1, 0.13]), (0.15, [0, 0.05, 0.1, 0.15])],
)
def test_the_last_sample_is_of_the_end(duration: float, expected: list[float]) -> None:
    sampler, _ = timeless(0.05)
    assert [sample.time for sample in sampler.samples(duration)] == pytest.approx(expected)


def test_what_is_paused_ends_without_one_more() -> None:
    sampler, _ = timeless(0.05)
    samples = sampler.samples(0.2)
    next(samples)
    sampler.pause()
    assert list(samples) == []


def test_missed_deadlines_are_left_out() -> None:
    sampler, clock = timeless(0.02)
    times: list[float] = []
    for sample in sampler.samples(0.2):
        times.append(sample.time)
        if len(times) == 1:
            clock.now += 0.11
    assert times == pytest.approx([0.0, 0.12, 0.14, 0.16, 0.18, 0.2])


def test_the_thread_delivers_and_ends() -> None:
    seen: list[Sample] = []
    enough = threading.Event()

    def on_sample(sample: Sample) -> None:
        seen.append(sample)
        if len(seen) == 3:
            enough.set()

    before = threading.active_count()
    with Sampler(collection(), interval=0.01, on_sample=on_sample) as sampler:
        assert enough.wait(PATIENCE)
        assert sampler.running
    assert not sampler.running
    assert threading.active_count() == before
    assert seen[0].time == 0.0
    assert all(sample.interval > 0 for sample in seen[1:])


def test_pause_resume_and_a_new_interval_take_effect_at_once() -> None:
    arrived = threading.Semaphore(0)
    sampler = Sampler(collection(), interval=60, on_sample=lambda _: arrived.release())
    with sampler:
        assert arrived.acquire(timeout=PATIENCE)
        sampler.pause()
        sampler.interval = 0.01
        assert sampler.paused
        assert not arrived.acquire(timeout=0.1)
        sampler.resume()
        assert arrived.acquire(timeout=PATIENCE)
        assert arrived.acquire(timeout=PATIENCE)
        sampler.interval = 60
        # One that is being taken arrives; then there are no more, where 0.01 would bring ten meanwhile.
        assert sum(arrived.acquire(timeout=0.1) for _ in range(10)) < 10
        sampler.interval = 0.05
        assert arrived.acquire(timeout=PATIENCE)


def test_an_error_is_delivered_and_the_sampling_goes_on() -> None:
    source = FakeMap(map_spec(), error=BpftuiError("gone"))
    errors: list[Exception] = []
    failed, sampled = threading.Event(), threading.Event()

    def on_error(error: Exception) -> None:
        errors.append(error)
        source.error = None
        failed.set()

    sampler = Sampler(collection(source), interval=0.01, on_sample=lambda _: sampled.set(), on_error=on_error)
    with sampler:
        assert failed.wait(PATIENCE)
        assert sampled.wait(PATIENCE)
    assert [str(error) for error in errors] == ["gone"]


def test_an_error_that_nobody_takes_is_raised_at_the_end() -> None:
    sampler = Sampler(collection(FakeMap(map_spec(), error=BpftuiError("gone"))), interval=0.01)
    sampler.start()
    with pytest.raises(BpftuiError, match="gone"):
        sampler.stop()
    sampler.stop()


def test_a_sampler_can_be_stopped_by_what_it_calls() -> None:
    stopped = threading.Event()

    def on_sample(_: Sample) -> None:
        sampler.stop()
        stopped.set()

    sampler = Sampler(collection(), interval=0.01, on_sample=on_sample)
    sampler.start()
    assert stopped.wait(PATIENCE)
    sampler.stop()
    assert not sampler.running


def test_statistics_are_on_only_while_it_runs() -> None:
    states: list[str] = []

    @contextmanager
    def statistics() -> Generator[str]:
        states.append("on")
        yield ""
        states.append("off")

    for _ in Sampler(collection(), statistics=statistics()).samples(0):
        states.append("sample")
    assert states == ["on", "sample", "off"]


@pytest.mark.parametrize("interval", [0, -1, float("inf"), float("nan")])
def test_an_interval_is_a_positive_number(interval: float) -> None:
    with pytest.raises(ValueError, match="interval"):
        Sampler(collection(), interval=interval)
