"""The axes of a plot."""

from __future__ import annotations

import pytest

from bpftui.tui.widgets.live.plot import linear_axis, log_axis


@pytest.mark.parametrize(
    ("least", "peak", "base", "ticks"),
    [
        (3.0, 700.0, 10, [1.0, 10.0, 100.0, 1000.0]),
        (1.0, 1.0, 10, [0.1, 1.0]),
        (0.0001, 5e6, 10, [10.0, 100.0, 1e3, 1e4, 1e5, 1e6, 1e7]),
        (5.0, 3_000_000.0, 1024, [1024.0, 1024.0**2, 1024.0**3]),
        (1.0, 0.0, 10, [1.0, 10.0]),
    ],
)
def test_ticks_of_a_logarithmic_axis(least: float, peak: float, base: int, ticks: list[float]) -> None:
    assert log_axis(least, peak, base).ticks == pytest.approx(ticks)


def test_how_high_a_value_is() -> None:
    axis = log_axis(1.0, 1000.0)
    assert [axis.share(value) for value in (0.0, 1.0, 10.0, 1000.0)] == pytest.approx([0, 0, 1 / 3, 1])
    assert [linear_axis(100.0, 4).share(value) for value in (0.0, 25.0, 100.0)] == [0, 0.25, 1]


def test_zero_has_a_tick_of_its_own_where_there_are_zeros() -> None:
    axis = log_axis(1.0, 100.0, zero=True)
    assert axis.ticks == pytest.approx([0.0, 1.0, 10.0, 100.0])
    assert [axis.share(value) for value in axis.ticks] == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert log_axis(1.0, 0.0, zero=True).ticks == [0.0, 1.0, 10.0]
