"""Rates of streams: over five seconds, by real intervals."""

from __future__ import annotations

from bpftui.core.live.drawn import StreamState
from bpftui.tui.widgets.live.stream_rates import StreamRates


def read(rates: StreamRates, *readings: tuple[float, int]) -> list[float | None]:
    """Return the rate after each reading: when, and how many events had come."""
    told: list[float | None] = []
    for time, count in readings:
        rates.read({"events": StreamState(count=count)}, time)
        told.append(rates.of("events"))
    return told


def test_one_event_a_second_is_that_many_with_two_readings_a_second() -> None:
    readings = [(100 + half / 2, half // 2) for half in range(40)]
    told = read(StreamRates(), *readings)
    assert told[:4] == [None, 0, 1, 2 / 3]
    assert told[12:] == [1.0, 1.0] * 14


def test_readings_that_are_further_apart_than_that_are_all_there_is() -> None:
    assert read(StreamRates(), (0, 0), (10, 50), (20, 70)) == [None, 5.0, 2.0]


def test_what_is_gone_back_to_or_cleared_begins_anew() -> None:
    rates = StreamRates()
    assert read(rates, (0, 10), (1, 20), (0.5, 15), (1.5, 35)) == [None, 10.0, None, 20.0]
    assert read(rates, (2, 0)) == [None]
    assert rates.of("others") is None
