"""What the rows of the start screen are called."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from bpftui.tui.widgets.home.objects_place import ObjectRow, ObjectRows


@pytest.mark.parametrize(
    ("row", "text"),
    [
        (ObjectRow("Shipped"), "Shipped"),  # a heading
        (ObjectRow("a.o", "/x/a.o"), "/x/a.o"),
        (ObjectRow("a.o", "/x/a.o", "2 h ago"), "/x/a.o 2 h ago"),
    ],
)
def test_what_a_row_is_found_by(row: ObjectRow, text: str) -> None:
    assert ObjectRows.row_text(cast("ObjectRows", SimpleNamespace(rows=[row])), 0) == text
