"""Histograms: where a map has slots, which numbers they are for, and where half of all is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bpftui.core.btf.units import Unit, unit_of, unit_within
from bpftui.core.live import counters
from bpftui.core.live.histogram import Histogram, Scale, declared, histogram_of, quantile
from bpftui.core.spec import CollectionSpec

SPEC = CollectionSpec.from_file(Path(__file__).parents[2] / "objects" / "histograms.o")
TRAFFIC = CollectionSpec.from_file(Path(__file__).parents[3] / "bpf" / "traffic.o")


def found(name: str) -> Histogram:
    histogram = histogram_of(SPEC.maps[name])
    assert histogram is not None
    return histogram


def test_what_is_called_so_is_a_histogram() -> None:
    assert (found("bytes_hist").is_by_entry, found("bytes_hist").scale, found("bytes_hist").unit) == (
        True,
        Scale.LOG2,
        Unit.BYTES,
    )
    assert (found("linear_hist").is_by_entry, found("linear_hist").scale) == (True, Scale.LINEAR)
    slots = found("hists")
    assert (slots.is_by_entry, len(slots.counters), slots.counters[3].path) == (False, 20, ".slots[3]")
    assert [name for name, each in TRAFFIC.maps.items() if histogram_of(each) is not None] == []


def test_what_is_called_otherwise_is_one_if_somebody_says_so() -> None:
    packets = counters(TRAFFIC.maps["traffic"])[0]
    assert declared(TRAFFIC.maps["traffic"], packets) is None  # a hash of single numbers has no slots
    assert declared(SPEC.maps["linear_hist"], counters(SPEC.maps["linear_hist"])[0]) == found("linear_hist")


@pytest.mark.parametrize(
    ("scale", "spans"),
    [
        (Scale.LOG2, [(0, 2), (2, 4), (4, 8), (8, 16)]),
        (Scale.LOG2_UP, [(0, 0), (0, 2), (2, 4), (4, 8)]),
        (Scale.LINEAR, [(0, 1), (1, 2), (2, 3), (3, 4)]),
    ],
)
def test_each_slot_is_for_some_numbers(scale: Scale, spans: list[tuple[int, int]]) -> None:
    histogram = found("bytes_hist").scaled(scale)
    assert [histogram.span(slot)[:2] for slot in range(4)] == spans
    assert histogram.span(0).unit is Unit.BYTES


def test_quantiles_are_within_the_slot_in_which_they_are() -> None:
    histogram = found("bytes_hist")
    counts = [0, 0, 10, 0, 30]  # ten of 4 to 8, thirty of 16 to 32
    assert histogram.quantile(counts, 0.125) == 6.0
    assert histogram.quantile(counts, 0.25) == 8.0
    assert histogram.quantile(counts, 0.5) == 16 + 16 / 3
    assert histogram.quantile(counts, 1.0) == 32.0
    assert histogram.quantile([0, 0], 0.5) is None
    assert quantile([0.1] * 10, 1.0) == (9, pytest.approx(1.0))
    assert quantile([0, 4, 0, 4], 0.0) == (1, 0.0)
    assert quantile([0, 4, 0, 4], 0.5) == (1, 1.0)


def test_what_counts_numbers_of_a_unit_is_none_of_that_unit() -> None:
    assert unit_of("bytes_hist", None) is Unit.NUMBER
    assert unit_of("hist_us.slots[2]", None) is Unit.NUMBER
    assert unit_of("hist_us", None) is Unit.NUMBER
    assert [unit_within(name) for name in ("hist_us", "latency_ns_hist", "bytes_hist", "hist")] == [
        Unit.MICROSECONDS,
        Unit.NANOSECONDS,
        Unit.BYTES,
        Unit.NUMBER,
    ]


def test_powers_of_two_are_of_no_more_slots_than_a_number_has_bits() -> None:
    assert found("bytes_hist").scales == [Scale.LOG2, Scale.LOG2_UP, Scale.LINEAR]
    large = histogram_of(replace(SPEC.maps["bytes_hist"], max_entries=5000))
    assert large is not None
    assert (large.scale, large.slots, large.scales) == (Scale.LINEAR, 5000, [Scale.LINEAR])
