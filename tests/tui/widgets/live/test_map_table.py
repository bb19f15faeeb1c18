"""MapTableView: tables as core.live makes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bpftui.core.live.counters import Counter
from bpftui.core.live.table import MapRow, MapTable
from bpftui.tui.base_app import BaseApp
from bpftui.tui.widgets.live.map_table import MapTableView

from ..lines import lines

if TYPE_CHECKING:
    from textual.app import ComposeResult

PACKETS = Counter("map", "traffic", ".packets", 0, 8)
BYTES = Counter("map", "traffic", ".bytes", 8, 8)


def row(key: int, packets: int, rate: float | None = None) -> MapRow:
    return MapRow(
        key=key.to_bytes(4, "little"),
        key_text=f"{{family=IPV4, protocol={key}}}",
        value_text=f"{{packets={packets}, bytes={packets * 64}}}",
        values=(packets, packets * 64),
        rates=(rate, None if rate is None else rate * 64),
        changed=bool(rate),
    )


def table(*rows: MapRow, name: str = "traffic", total: int | None = None, partial: bool = False) -> MapTable:
    return MapTable(name, (PACKETS, BYTES), rows, total or len(rows), partial)


class TableApp(BaseApp[None]):
    def __init__(self) -> None:
        super().__init__()
        self.view = MapTableView()
        self.chosen: list[MapTableView.CounterChosen] = []

    def compose(self) -> ComposeResult:
        yield self.view

    def on_map_table_view_counter_chosen(self, message: MapTableView.CounterChosen) -> None:
        self.chosen.append(message)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_columns_are_aligned_under_their_titles(size: tuple[int, int]) -> None:
    app = TableApp()
    async with app.run_test(size=size) as pilot:
        app.view.table = table(row(6, 1_234_567, 1234.0), row(17, 5, None))
        await pilot.pause()
        header, first, second = lines(app.view)[:3]
        assert header.split() == ["key", "▂▆packets", "packets/s", "bytes", "bytes/s"]
        assert first.split()[-4:] == ["1,234,567", "1,234", "79,012,288", "78,976"]
        assert second.split()[-4:] == ["5", "–", "320", "–"]
        for title, number in (("packets", "1,234,567"), ("packets/s", "1,234 "), ("bytes", "79,012,288")):
            end = header.index(title) + len(title)
            assert first[:end].endswith(number.strip())


async def test_changes_are_marked_by_a_character() -> None:
    app = TableApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.view.table = table(row(6, 10), row(17, 5))
        await pilot.pause()
        assert "•" not in "".join(lines(app.view))
        app.view.table = table(row(1, 1), row(6, 11, 1.0), row(17, 5, 0.0))
        await pilot.pause()
        new, changed, same = lines(app.view)[1:4]
        assert "+{family=IPV4, protocol=1}" in new
        assert changed.count("•") == 2
        assert "•" not in same
        assert "+" not in same


async def test_the_cursor_stays_on_its_key() -> None:
    app = TableApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.view.table = table(*(row(key, key) for key in range(10, 60)))
        app.view.cursor = 30
        await pilot.pause()
        height = 30 - app.view.scroll_offset.y
        app.view.table = table(*(row(key, key) for key in range(5, 60)))
        await pilot.pause()
        assert app.view.cursor == 35
        assert 35 - app.view.scroll_offset.y == height
        app.view.table = table(*(row(key, key) for key in range(5, 10)))
        await pilot.pause()
        assert app.view.cursor == 4


async def test_enter_chooses_the_counter_of_the_column() -> None:
    app = TableApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.view.table = table(row(6, 10), row(17, 5))
        await pilot.press("j", "enter", "l", "enter", "l", "h", "enter")
        await pilot.pause()
        assert [(chosen.counter, chosen.key) for chosen in app.chosen] == [
            (counter, (17).to_bytes(4, "little")) for counter in (PACKETS, BYTES, PACKETS)
        ]


async def test_formats() -> None:
    app = TableApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.view.table = table(row(17, 1000))
        await pilot.press("x")
        assert lines(app.view)[1].split()[:5] == ["▌", "11", "00", "00", "00"]
        assert "0x3e8" in lines(app.view)[1]
        await pilot.press("x")
        assert lines(app.view)[1].split()[:3] == ["▌", "17", "1000"]
        await pilot.press("x")
        assert "protocol=17" in lines(app.view)[1]


async def test_sentences_of_empty_and_partial_tables() -> None:
    app = TableApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.view.table = table()
        await pilot.pause()
        assert "no entries yet" in "".join(lines(app.view))
        await pilot.press("enter")
        assert not app.chosen
        app.view.table = table(row(1, 1), partial=True)
        await pilot.pause()
        assert "partial: showing the first 1 entries" in lines(app.view)[1]
        app.view.table = table(row(1, 1), total=5000)
        await pilot.pause()
        assert "showing 1 of 5,000 entries" in lines(app.view)[1]


async def test_values_without_counters_are_text() -> None:
    app = TableApp()
    async with app.run_test(size=(80, 24)) as pilot:
        plain = MapRow(b"\x01", "1", '"eth0"', (), (), False)
        app.view.table = MapTable("names", (), (plain,), 1, False)
        await pilot.pause()
        assert lines(app.view)[0].split() == ["key", "value"]
        assert lines(app.view)[1].split() == ["▌", "1", '"eth0"']
