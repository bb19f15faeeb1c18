"""Columns of the System place: which have room, and which are left out first."""

from __future__ import annotations

import pytest

from bpftui.tui.widgets.system.column import Cell, Column, place_columns


def column(title: str, *, is_number: bool = False, least: int = 4, fair: int = 0, drop: int = 0) -> Column[str]:
    return Column(title, lambda _, row: Cell(row), lambda _, row: row, is_number, least, fair, drop=drop)


COLUMNS = (
    column("name", least=8, fair=16),
    column("type", least=6, drop=3),
    column("runs", is_number=True),
    column("mean", is_number=True, drop=2),
    column("missed", is_number=True, drop=6),
)
WANTED = (20, 10, 8, 6, 8)


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (70, {"name": 20, "type": 10, "runs": 8, "mean": 6, "missed": 8}),
        (60, {"name": 20, "type": 10, "runs": 8, "mean": 6, "missed": 8}),
        # What matters least goes before a text is cut at all,
        (59, {"name": 20, "type": 10, "runs": 8, "mean": 6}),
        (49, {"name": 20, "type": 9, "runs": 8, "mean": 6}),
        # what matters little before a name is cut to less than is fair,
        (42, {"name": 16, "type": 6, "runs": 8, "mean": 6}),
        (41, {"name": 20, "runs": 8, "mean": 6}),
        # and what is of use before it has less than it must have.
        (27, {"name": 8, "runs": 8, "mean": 6}),
        (26, {"name": 15, "runs": 8}),
    ],
)
def test_columns_that_have_room(width: int, shown: dict[str, int]) -> None:
    places = place_columns(COLUMNS, WANTED, width, chosen=0)
    assert {COLUMNS[number].title: cells for number, cells in places.shown} == shown
    assert places.left_out == len(COLUMNS) - len(shown)


def test_the_chosen_column_is_never_left_out() -> None:
    places = place_columns(COLUMNS, WANTED, 42, chosen=4)
    assert {COLUMNS[number].title: cells for number, cells in places.shown} == {
        "name": 13,
        "runs": 8,
        "mean": 6,
        "missed": 8,
    }
