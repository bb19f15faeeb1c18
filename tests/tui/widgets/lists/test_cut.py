"""What of a long row is in sight: no half of a number."""

from __future__ import annotations

import pytest
from rich.segment import Segment
from textual.strip import Strip

from bpftui.tui.widgets.lists.cut import in_sight


@pytest.mark.parametrize(
    ("text", "left", "room", "shown"),
    [
        ("file: 1,000", 0, 11, "file: 1,000"),
        ("file: 1,000", 0, 10, "file: ›"),
        ("file: 1,000", 0, 7, "file: ›"),
        ("file: 1,000", 0, 6, "file:›"),
        ("r1 = 0x1be9efe", 0, 9, "r1 = ›"),
        ("1,000 of 2,000", 0, 6, "1,000›"),
        ("1,000 of 2,000", 0, 13, "1,000 of ›"),
        ("1,000 of 2,000", 2, 12, "‹   of 2,000"),
        ("1,000 of 2,000", 2, 8, "‹   of ›"),
        ("1,000 of 2,000", 6, 8, "‹f 2,000"),
        ("traffic_2345", 0, 10, "traffic_2›"),  # a name, and no number
        ("0123456789" * 3, 0, 10, "012345678›"),  # longer than any number
        ("Über 1,000", 0, 9, "Über ›"),
        ("  1,000", 1, 6, " 1,000"),
    ],
)
def test_rows_are_cut_between_numbers(text: str, left: int, room: int, shown: str) -> None:
    assert in_sight(Strip([Segment(text)]), left, room, None).text == shown
