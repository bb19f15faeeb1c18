"""Columns beside each other, and two of them where there is no room for three."""

from __future__ import annotations

from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from bpftui.core.listing.listing import Row, RowKind
from bpftui.core.runtime.inspected import ColumnRow
from bpftui.tui.base_app import BaseApp
from bpftui.tui.widgets.code.columns_view import ColumnsView, ColumnTable, column_table
from tests.tui.widgets.lines import lines

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from textual.app import ComposeResult

    from bpftui.core.runtime.inspected import Image


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


INSN, BASE = RowKind.INSN, 0xFFFF_0000
ROWS = [
    ColumnRow(Row(RowKind.FUNCTION, 0, "first():")),
    ColumnRow(Row(RowKind.SOURCE, 0, "int x = 1;")),
    ColumnRow(Row(INSN, 0, "r1 = 1"), (0, "r1 = 1"), (BASE, "mov rdi, 1")),
    ColumnRow(Row(INSN, 1, "r2 = 5"), (1, "r2 = r10"), (BASE + 5, "mov rsi, rbp")),
    ColumnRow(None, (2, "r2 += 5"), (BASE + 8, "add rsi, 5")),
    ColumnRow(None, None, (BASE + 12, "nop")),
    ColumnRow(Row(INSN, 2, "r9 = 0"), is_removed=True),
    ColumnRow(Row(INSN, 3, "goto pc-3", target=1), (3, "goto pc-3"), (BASE + 13, "jmp 5")),
    ColumnRow(Row(INSN, 4, "exit"), (4, "exit"), (BASE + 15, "ret")),
]


@asynccontextmanager
async def shown_columns(width: int = 120) -> AsyncGenerator[ColumnsView]:
    app = ColumnsApp()
    async with app.run_test(size=(width, 14)) as pilot:
        view = app.query_one(ColumnsView)
        image = SimpleNamespace(native=[SimpleNamespace(address=BASE)])
        view.show(column_table(ROWS, cast("Image", image)))
        view.focus()
        await pilot.pause()
        yield view


def test_what_a_view_has_to_know_of_its_rows() -> None:
    image = SimpleNamespace(native=[SimpleNamespace(address=9), SimpleNamespace(address=5)])
    table = column_table(ROWS, cast("Image", image))
    assert (table.starts, table.slots, table.bases) == ([0, 1, 2, 3, 6, 7, 8], [0, 0, 0, 1, 2, 3, 4], [5, 9])
    assert (table.widths, table.names) == ((9, 9, 12), ("BPF", "translated", "native"))
    assert column_table(ROWS, cast("Image", image), is_loaded=True).names == ("translated", "", "native")
    assert column_table([], cast("Image", image)).widths == (0, 0, 0)


async def test_what_became_of_each_instruction_stands_beside_it() -> None:
    async with shown_columns() as view:
        assert [" ".join(line.split()).strip("▌▏ ") for line in lines(view)[:10]] == [
            "BPF │ translated │ native",
            "first():",
            "int x = 1;",
            "0 r1 = 1 │ 0 r1 = 1 │ +0 mov rdi, 1",
            "1 r2 = 5 │ 1 r2 = r10 │ +5 mov rsi, rbp",
            "│ 2 r2 += 5 │ +8 add rsi, 5",
            "│ │ +c nop",
            "2 r9 = 0 │ removed │",
            "3 goto pc-3 │ 3 goto pc-3 │ +d jmp 5",
            "4 exit │ 4 exit │ +f ret",
        ]
        assert [view.slot_at(index) for index in range(9)] == [0, 0, 0, 1, 1, 1, 2, 3, 4]
        assert view.row_text(0) == "first():"
        assert view.row_text(5) == " |  | +c nop"
        assert view.row_text(3) == "1 r2 = 5 | 1 r2 = r10 | +5 mov rsi, rbp"


async def test_a_jump_is_followed_and_all_lines_of_an_instruction_are_marked() -> None:
    async with shown_columns() as view:
        view.show_slot(3)
        assert view.cursor == 7
        view.action_select()
        assert view.cursor == 3  # past the header and the C line of the slot
        assert [view.row_mark(index)[0].strip() for index in range(7)] == ["", "", "", "▌", "▏", "▏", ""]
        view.action_select()  # which leads nowhere
        assert view.cursor == 3
        view.show_slot(0)
        assert view.cursor == 2
        view.show_slot(99)
        assert view.cursor == 8
