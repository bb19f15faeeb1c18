"""A heat map: what its shades mean, which rows it has, and where half of all is."""

from __future__ import annotations

from bpftui.tui.widgets.live.heat_map import HeatMap, HeatRow


def row(label: str, *values: float, begin: int = 0) -> HeatRow:
    """Return a row with a value each second."""
    return HeatRow(label, [[(begin + at, value) for at, value in enumerate(values)]] if values else [], 0.4)


ROWS = [
    row("[0]"),
    row("[1]", 0, 1, 10, 100),
    row("[2]", 0, 0, 900, 50_000),
    row("[3]", 1, 0, 0, 7_000),
    row("[4]", 0, 0, 0, 0),
]


def test_each_shade_is_for_ten_times_as_much_and_what_never_had_anything_is_left_out() -> None:
    heat = HeatMap(ROWS, [0, 1, 2, 3], ascii=False)
    assert [each.label for each in heat.rows] == ["[1]", "[2]", "[3]"]
    assert heat.steps == [("·", 1.0), ("░", 10.0), ("▒", 100.0), ("▓", 1_000.0), ("█", 10_000.0)]
    assert ["".join(shade for shade, _ in heat.cells(number)) for number in range(3)] == [" ·░▒", "  ▒█", "·  ▓"]
    assert [level for _, level in heat.cells(1)] == [0, 0, 4, 7]
    plain = HeatMap(ROWS, [0, 1, 2, 3], ascii=True)
    assert "".join(shade for shade, _ in plain.cells(0)) == " .:*"


def test_where_half_of_all_is() -> None:
    heat = HeatMap(ROWS, [0, 1, 2, 3], ascii=False)
    assert heat.quantiles(3) == [("p50", "[2]"), ("p90", "[3]"), ("p99", "[3]")]
    assert heat.quantiles(0) == [("p50", "[3]"), ("p90", "[3]"), ("p99", "[3]")]
    assert HeatMap([row("[0]", 0)], [0], ascii=False).quantiles(0) == []


def test_a_gap_has_nothing() -> None:
    late = row("[1]", 5, 5, begin=2)
    assert [late.value_at(time) for time in (0, 1.5, 1.7, 2.4, 2.6, 3.4, 3.5)] == [None, None, 5, 5, 5, 5, None]
    assert HeatMap([], [0, 1], ascii=False).rows == []
