"""The arithmetic of the chart."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpftui.tui.widgets.live.plot import AREA, CURSOR, MARK, Canvas, nice_ticks


def text(canvas: Canvas) -> list[str]:
    return ["".join(part for part, _ in canvas.row(row, " ")) for row in range(canvas.rows)]


@pytest.mark.parametrize(
    ("peak", "ticks"),
    [(0, [0, 1]), (1, [0, 0.25, 0.5, 0.75, 1.0]), (9, [0, 2.5, 5, 7.5, 10]), (1_390_000, [0, 5e5, 1e6, 1.5e6])],
)
def test_nice_ticks(peak: float, ticks: list[float]) -> None:
    assert nice_ticks(peak, 4) == (ticks[-1], pytest.approx(ticks))


@given(st.floats(min_value=1e-6, max_value=1e19), st.integers(1, 12))
def test_ticks_cover_the_peak(peak: float, count: int) -> None:
    top, ticks = nice_ticks(peak, count)
    assert ticks[0] == 0
    assert top == ticks[-1]
    assert top >= peak * (1 - 1e-6)
    assert len(ticks) <= count + 1


def test_a_flat_line_is_one_row_of_dots() -> None:
    canvas = Canvas(4, 2)
    canvas.line([(0, 0), (7, 0)], 0, filled=False, marker="")
    assert text(canvas) == ["    ", "⣀⣀⣀⣀"]


def test_a_steep_line_has_no_holes() -> None:
    canvas = Canvas(1, 2)
    canvas.line([(0, 0), (1, 7)], 0, filled=False, marker="")
    assert text(canvas) == ["⢸", "⡸"]


def test_the_area_lies_below_the_line_and_is_its_own_run() -> None:
    canvas = Canvas(2, 3)
    canvas.line([(0, 11), (3, 11)], 0, filled=True, marker="")
    assert [list(canvas.row(row, " ")) for row in range(3)] == [[("⠉⠉", 0)], [("⣿⣿", AREA)], [("⣿⣿", AREA)]]


def test_what_lies_outside_is_cut_off() -> None:
    canvas = Canvas(3, 1)
    canvas.line([(-10, 0), (50, 0)], 0, filled=False, marker="")
    assert text(canvas) == ["⣀⣀⣀"]
    canvas = Canvas(3, 1)
    canvas.line([(-10, 0), (-5, 3)], 0, filled=True, marker="")
    assert text(canvas) == ["   "]


def test_a_marker_ends_a_line_and_another_line_takes_the_cell() -> None:
    canvas = Canvas(3, 1)
    canvas.line([(1, 0), (5, 0)], 1, filled=False, marker="▲")
    assert list(canvas.row(0, "┈")) == [("⢀⣀▲", 1)]
    canvas.line([(0, 0), (5, 0)], 2, filled=False, marker="")
    assert list(canvas.row(0, "┈")) == [("⣀⣀⣀", 2)]


def test_peaks_within_a_column_are_kept() -> None:
    canvas = Canvas(1, 1, ascii=False)
    canvas.line([(0, 0), (0.1, 3), (0.2, 0)], 0, filled=False, marker="")
    assert text(canvas) == ["⠁"]


def test_ascii_is_ascii() -> None:
    canvas = Canvas(8, 4, ascii=True)
    canvas.line([(x, 1.5 + 1.5 * math.sin(x)) for x in range(8)], 0, filled=True, marker="")
    assert all(line.isascii() for line in text(canvas))
    assert {"*", ":"} <= set("".join(text(canvas)))


def test_markers_stand_along_a_line_and_at_its_end() -> None:
    """Each line's begin 10 dots further right than those of the line before, so that they do not cover each other."""
    canvas = Canvas(40, 1)
    canvas.line([(0, 0), (79, 0)], 0, filled=False, marker="●")
    assert [at for at, sign in enumerate(text(canvas)[0]) if sign == "●"] == [0, 16, 32, 39]
    canvas = Canvas(40, 1)
    canvas.line([(0, 0), (70, 0)], 1, filled=False, marker="▲")
    assert [at for at, sign in enumerate(text(canvas)[0]) if sign == "▲"] == [5, 21, 35]
    canvas = Canvas(4, 2, ascii=True)
    canvas.line([(0, 0), (3, 1)], 0, filled=False, marker="a")
    assert text(canvas) == ["  aa", "aa  "]


def test_a_thick_line_and_its_end_at_the_top() -> None:
    canvas = Canvas(1, 2)
    canvas.line([(0, 2), (1, 2)], 0, filled=False, marker="", thickness=3)
    assert text(canvas) == ["⣀", "⠛"]
    canvas = Canvas(1, 1)
    canvas.line([(0, 9), (1, 9)], 0, filled=False, marker="", thickness=3)
    assert text(canvas) == ["⠉"]


def test_a_band_has_what_nobody_has() -> None:
    canvas = Canvas(4, 3)
    canvas.line([(2, 5), (3, 5)], 0, filled=False, marker="")
    canvas.band([(-1, 0, 11), (1, 4, 5), (2, 0, 3), (3, 8, 20), (8, 0, 11)])
    assert [list(canvas.row(row, ".")) for row in range(3)] == [
        [(".", None), ("⣿", AREA), ("..", None)],
        [("⣿", AREA), ("⠤", 0), ("..", None)],
        [(".", None), ("⣿", AREA), ("..", None)],
    ]
    canvas = Canvas(2, 3, ascii=True)
    canvas.band([(0, -5, 0), (1, 1, 9)])
    assert text(canvas) == [" :", " :", ": "]


def test_a_rule_is_behind_all_but_the_area() -> None:
    canvas = Canvas(2, 2)
    canvas.line([(0, 4), (3, 4)], 0, filled=True, marker="")
    canvas.rule(1, "┊", MARK)
    assert [list(canvas.row(row, " ")) for row in range(2)] == [[("⣀⣀", 0)], [("⣿", AREA), ("┊", MARK)]]
    canvas.rule(0, "│", CURSOR)
    assert list(canvas.row(1, " ")) == [("│", CURSOR), ("┊", MARK)]


def test_the_area_ends_where_somebody_has_the_cell() -> None:
    canvas = Canvas(1, 4)
    canvas.line([(0, 5), (1, 5)], 1, filled=False, marker="")
    canvas.line([(0, 15), (1, 15)], 0, filled=True, marker="")
    assert [next(canvas.row(row, ".")) for row in range(4)] == [("⠉", 0), ("⣿", AREA), ("⠤", 1), (".", None)]
    canvas = Canvas(2, 3, ascii=True)
    canvas.line([(0, 2), (1, 1)], 0, filled=True, marker="")
    assert text(canvas) == ["* ", ":*", "::"]


def test_a_slope_passes_each_column() -> None:
    canvas = Canvas(4, 1)
    canvas.line([(0, 0), (6, 3)], 0, filled=False, marker="")
    assert text(canvas) == ["⣀⠔⠒⠁"]
    canvas = Canvas(4, 1)
    canvas.line([(0, 3), (6, 0)], 0, filled=False, marker="")
    assert text(canvas) == ["⠑⠒⢄⡀"]
