"""tui.text.format: numbers as people read them."""

from __future__ import annotations

import math

import pytest

from bpftui.core.btf.units import Unit
from bpftui.tui.text.format import (
    age,
    amount,
    axis_labels,
    byte_size,
    counted,
    duration,
    grouped,
    rate,
    si,
    unqualified,
)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0, "", "0"),
        (0, "pps", "0 pps"),
        (950, "pps", "950 pps"),
        (1_234_567, "pps", "1.23 Mpps"),
        (1_200_000, "pps", "1.2 Mpps"),
        (999.6, "", "1 k"),
        (999_999, "", "1 M"),
        (999.6, "/s", "1 k/s"),
        (-999_999, "/s", "-1 M/s"),
        (-1500, "B/s", "-1.5 kB/s"),
        (2**64, "", "18.4 E"),
        (0.25, "", "0.25"),
        (0.002, "s", "2 ms"),
        (0.9996, "s", "1 s"),
        (4.2e-7, "s", "420 ns"),
        (math.nan, "pps", "–"),
        (math.inf, "", "–"),
    ],
)
def test_si(value: float, unit: str, text: str) -> None:
    assert si(value, unit) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (8.5e-7, "850 ns"),
        (1.23e-5, "12.3 µs"),
        (0.0045, "4.5 ms"),
        (1.2, "1.2 s"),
        (59.96, "1 min"),
        (125, "2 min 05 s"),
        (3720, "1 h 02 min"),
        (-1.2, "-1.2 s"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3281, "54 min"),
        (3600, "1 h"),
        (172_799, "47 h"),
        (172_800, "2 d"),
        (1e9, "11,574 d"),
    ],
)
def test_age(seconds: float, text: str) -> None:
    assert age(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (512, "512 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (4 << 20, "4 MiB"), (1 << 20, "1 MiB")],
)
def test_byte_size(count: int, text: str) -> None:
    assert byte_size(count) == text


def test_grouped() -> None:
    assert [grouped(n) for n in (1_234_567, -1000, 0.25, 2.0)] == ["1,234,567", "-1,000", "0.25", "2"]
    assert grouped(2**64 - 1) == "18,446,744,073,709,551,615"


def test_rates_fit_eight_cells() -> None:
    values = [0, 0.04, 12.5, 99.96, 9_980, 999_999.4, 1e6, 1.254e9, 1e18]
    assert [rate(value) for value in values[:5]] == ["0", "0.0", "12.5", "100", "9,980"]
    assert max(len(rate(value)) for value in values) <= 8
    assert rate(math.nan) == "–"


def test_amounts_have_three_figures_and_their_unit() -> None:
    assert [amount(value) for value in (0, 7, 999.6, 1_234_567)] == ["0", "7", "1.00 k", "1.23 M"]
    assert amount(253_000_000, Unit.BYTES, per_second=True) == "241 MiB/s"
    assert [amount(value, Unit.NANOSECONDS) for value in (0, 850, 12_345, 2.5e9)] == [
        "0 s",
        "850 ns",
        "12.3 µs",
        "2.5 s",
    ]
    assert amount(350, Unit.MILLISECONDS, per_second=True) == "350 ms/s"
    assert amount(math.nan, Unit.BYTES) == "–"


def test_ticks_of_an_axis_share_a_prefix() -> None:
    assert axis_labels([0, 5e5, 1e6], per_second=True) == ["0", "0.5 M/s", "1.0 M/s"]
    assert axis_labels([0, 512, 1024], Unit.BYTES) == ["0", "0.5 KiB", "1.0 KiB"]
    assert axis_labels([0, 500, 1000, 1500], Unit.NANOSECONDS) == ["0", "0.5 µs", "1.0 µs", "1.5 µs"]
    assert axis_labels([0, 100, 200], Unit.MILLISECONDS, per_second=True) == ["0", "100 ms/s", "200 ms/s"]
    assert axis_labels([0, 20, 40]) == ["0", "20", "40"]
    assert axis_labels([0, 0.25, 0.5]) == ["0", "0.25", "0.50"]


def test_one_of_a_thing_is_singular() -> None:
    assert counted(2, "process") == "2 processes"
    assert [counted(number, "program") for number in (0, 1, 2, 1234)] == [
        "0 programs",
        "1 program",
        "2 programs",
        "1,234 programs",
    ]


def test_only_qualifiers_are_taken_off_a_type() -> None:
    assert unqualified("const volatile struct my_const *") == "struct my_const *"
    assert unqualified("struct non_volatile const_ [3]") == "struct non_volatile const_ [3]"
