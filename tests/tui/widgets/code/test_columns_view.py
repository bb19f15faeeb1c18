"""Columns beside each other, and two of them where there is no room for three."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bpftui.tui.base_app import BaseApp
from bpftui.tui.widgets.code.columns_view import ColumnsView, ColumnTable
from tests.tui.widgets.lines import lines

if TYPE_CHECKING:
    from textual.app import ComposeResult


class ColumnsApp(BaseApp[None]):
    def compose(self) -> ComposeResult:
        view = ColumnsView()
        view.table = ColumnTable([], [], [], [0xFFFF_0000], (10, 10, 10), 10)
        yield view


@pytest.mark.parametrize(
    ("width", "shown", "names"),
    [(100, 3, ["BPF", "│", "translated", "│", "native"]), (99, 2, ["BPF", "│", "translated", "(v:", "native)"])],
)
async def test_names_of_as_many_columns_as_there_is_room_for(width: int, shown: int, names: list[str]) -> None:
    app = ColumnsApp()
    async with app.run_test(size=(width, 10)) as pilot:
        await pilot.pause()
        view = app.query_one(ColumnsView)
        assert len(view.shown) == shown
        assert lines(view)[0].split() == names
