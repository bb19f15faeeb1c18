"""MapTableView: tables as core.live makes them, in columns that are whole."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bpftui.core.live.arrange import EntryTable, Ordering, Reading, arrange
from bpftui.core.live.field import Form
from bpftui.core.live.fields import Fields, fields_of
from bpftui.core.runtime import Entry, MapSnapshot
from bpftui.core.spec import CollectionSpec, MapSpec, MapType
from bpftui.tui.base_app import BaseApp
from bpftui.tui.widgets.live.map_columns import MapColumns
from bpftui.tui.widgets.live.map_table import MapTableView

from ..lines import lines

if TYPE_CHECKING:
    from textual.app import ComposeResult

ROOT = Path(__file__).parents[4]
SOURCES = CollectionSpec.from_file(ROOT / "bpf/traffic.o").maps["sources"]
FIELDS = fields_of(SOURCES)
FLOWS = CollectionSpec.from_file(ROOT / "tests/objects/flows.o").maps["flows"]


def source(address: int, packets: int, seen: int = 0) -> Entry:
    key = (2).to_bytes(4, "little") + bytes([192, 0, 2, address]) + bytes(12)
    return Entry(key, (b"".join(number.to_bytes(8, "little") for number in (packets, packets * 64, seen)),))


def table(
    *entries: Entry, before: tuple[Entry, ...] | None = None, spec: MapSpec = SOURCES, fields: Fields = FIELDS
) -> EntryTable:
    known = None if before is None else {entry.key: entry for entry in before}
    return arrange(spec, fields, Reading(MapSnapshot(tuple(entries)), known, 0.5))


class TableApp(BaseApp[None]):
    def __init__(self) -> None:
        super().__init__()
        self.view = MapTableView()
        self.heard: list[MapTableView.TableMessage] = []

    def compose(self) -> ComposeResult:
        yield self.view

    def show(self, found: EntryTable, note: str = "") -> None:
        self.view.show(found, MapColumns(found, self.view.form, self.view.columns), note)

    def hear(self, message: MapTableView.TableMessage) -> None:
        self.heard.append(message)

    on_map_table_view_quantity_chosen = on_map_table_view_quantity_asked = hear
    on_map_table_view_order_asked = on_map_table_view_edit_asked = hear
    on_map_table_view_narrowed = on_map_table_view_undo_asked = on_map_table_view_entry_opened = hear


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_columns_are_aligned_under_their_titles(size: tuple[int, int]) -> None:
    app = TableApp()
    async with app.run_test(size=size) as pilot:
        app.show(table(source(9, 1_234_567), source(10, 5), before=(source(9, 1_233_950),)))
        await pilot.pause()
        header, first, second = lines(app.view)[:3]
        assert header.split() == ["address", "packets", "packets/s", "bytes", "bytes/s", "last_seen"]
        assert first.split() == ["▌", "192.0.2.9", "•1,234,567", "1,234", "•79,012,288", "78,976", "0"]
        assert second.split() == ["+192.0.2.10", "5", "–", "320", "–", "0"]
        for title, number in (("packets", "1,234,567"), ("packets/s", "1,234 "), ("bytes", "79,012,288")):
            end = header.index(title) + len(title)
            assert first[:end].endswith(number.strip())


async def test_columns_without_room_are_dropped_whole_and_counted() -> None:
    app = TableApp()
    async with app.run_test(size=(50, 10)) as pilot:
        app.show(table(source(9, 1_234_567)))
        await pilot.pause()
        header, first = lines(app.view)[:2]
        assert header.split() == ["address", "packets", "packets/s", "+3", "columns", "→"]
        assert first.split() == ["▌", "192.0.2.9", "1,234,567", "–"]
        for _ in range(4):
            await pilot.press("right")
        header, first = lines(app.view)[:2]
        assert header.split() == ["address", "bytes/s", "last_seen", "←", "3"]
        assert first.split() == ["▌", "192.0.2.9", "–", "0"]
        await pilot.press(*["left"] * 9)
        assert lines(app.view)[0].split()[:2] == ["address", "packets"]
        assert app.view.column == 0


async def test_many_fields_of_a_key_are_columns_too() -> None:
    app = TableApp()
    async with app.run_test(size=(80, 10)) as pilot:
        key = bytes.fromhex("c0000209 c6336401 14e9 0035 11 000000")
        app.show(table(Entry(key, (bytes(48),)), spec=FLOWS, fields=fields_of(FLOWS)))
        await pilot.pause()
        header, first = lines(app.view)[:2]
        assert header.split() == ["saddr", "daddr", "sport", "dport", "protocol", "packets", "+9", "columns", "→"]
        assert first.split() == ["▌", "192.0.2.9", "198.51.100.1", "5353", "53", "17", "0"]


async def test_an_order_has_its_mark_and_the_columns_do_not_move() -> None:
    app = TableApp()
    async with app.run_test(size=(80, 10)) as pilot:
        entries = table(source(9, 5), source(10, 7))
        app.show(entries)
        await pilot.pause()
        before = lines(app.view)[0]
        await pilot.press("o", "left", "o", "right", "right", "o")
        asked = [message.ordering for message in app.heard if isinstance(message, MapTableView.OrderAsked)]
        assert [(each.field.label, each.by_rate, each.reverse) for each in asked] == [
            ("packets", False, True),  # what is counted comes with the most first
            ("address", False, False),
            ("packets", True, True),
        ]
        for ordering, title in ((asked[0], "packets▾"), (asked[1], "address▴"), (asked[2], "packets/s▾")):
            app.show(arrange(SOURCES, FIELDS, entries.reading, ordering=ordering))
            await pilot.pause()
            header = lines(app.view)[0]
            assert title in header
            assert header.replace("▾", " ").replace("▴", " ") == before
        await pilot.press("o")
        assert isinstance(app.heard[-1], MapTableView.OrderAsked)
        assert app.heard[-1].ordering == Ordering(asked[2].field, by_rate=True, reverse=False)


async def test_what_the_program_changed_and_what_the_user_set_are_two_marks() -> None:
    app = TableApp()
    async with app.run_test(size=(80, 24)) as pilot:
        before = (source(9, 10), source(10, 5))
        app.show(table(*before))
        await pilot.pause()
        assert "•" not in "".join(lines(app.view))
        app.show(table(source(1, 1), source(9, 11), source(10, 5), before=before))
        await pilot.pause()
        new, changed, same = lines(app.view)[1:4]
        assert "+192.0.2.1" in new
        assert changed.count("•") == 2
        assert "•" not in same
        assert "+" not in same
        packets = FIELDS.values[0]
        app.view.edited[source(9, 0).key, packets] = 11
        app.view.refresh_rows()
        await pilot.pause()
        changed = lines(app.view)[2]
        assert (changed.count("*"), changed.count("•")) == (1, 1)


async def test_the_cursor_stays_on_its_key() -> None:
    app = TableApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.show(table(*(source(key, key) for key in range(10, 60))))
        app.view.cursor = 30
        await pilot.pause()
        height = 30 - app.view.scroll_offset.y
        app.show(table(*(source(key, key) for key in range(5, 60))))
        await pilot.pause()
        assert app.view.cursor == 35
        assert 35 - app.view.scroll_offset.y == height
        app.show(table(*(source(key, key) for key in range(5, 10))))
        await pilot.pause()
        assert app.view.cursor == 4


async def test_w_draws_the_number_of_the_column() -> None:
    app = TableApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.show(table(source(6, 10), source(17, 5)))
        await pilot.pause()
        await pilot.press("j", "w", "l", "l", "w", "h", "h", "h", "w")
        chosen = [each.quantity for each in app.heard if isinstance(each, MapTableView.QuantityChosen)]
        assert [(each.counter.label, each.key, each.grows) for each in chosen] == [
            ("packets", source(17, 0).key, True),
            ("bytes", source(17, 0).key, True),
        ]
        asked = app.heard[-1]
        assert isinstance(asked, MapTableView.QuantityAsked)  # on the key: which of the map's
        assert asked.entry.key == source(17, 0).key
        await pilot.press("enter")
        assert isinstance(app.heard[-1], MapTableView.EntryOpened)


async def test_forms() -> None:
    app = TableApp()
    async with app.run_test(size=(120, 24)) as pilot:
        found = table(source(17, 1000))
        for form, cells in (
            (Form.TYPED, ["192.0.2.17", "1,000"]),
            (Form.HEX, ["02", "00"]),
            (Form.DECIMAL, ["{family=IPV4,", "bytes=[192,"]),
        ):
            app.view.form = form
            app.show(found)
            await pilot.pause()
            assert lines(app.view)[1].split()[1:3] == cells, form
        await pilot.press("x")
        assert app.view.form is Form.TYPED


async def test_what_is_copied_has_tabs() -> None:
    app = TableApp()
    async with app.run_test(size=(60, 24)) as pilot:
        app.show(table(source(6, 1000), source(17, 5)))
        await pilot.pause()
        await pilot.press("y")
        assert app.clipboard == "192.0.2.6\t1,000\t–\t64,000\t–\t0"
        await pilot.press("Y")
        await app.workers.wait_for_complete()
        assert app.clipboard == (
            "address\tpackets\tpackets/s\tbytes\tbytes/s\tlast_seen\n"
            "192.0.2.6\t1,000\t–\t64,000\t–\t0\n"
            "192.0.2.17\t5\t–\t320\t–\t0"
        )


async def test_what_is_typed_narrows_and_escape_widens() -> None:
    app = TableApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.show(table(source(6, 1)), "3 of 5,000 have '192' · esc shows all")
        await pilot.pause()
        assert "3 of 5,000 have '192' · esc shows all" in lines(app.view)[1]
        app.view.narrow("192")
        app.view.narrow("192")
        await pilot.press("escape", "escape")
        assert [each.pattern for each in app.heard if isinstance(each, MapTableView.Narrowed)] == ["192", ""]


async def test_a_map_without_types_has_a_key_and_a_value() -> None:
    app = TableApp()
    async with app.run_test(size=(80, 24)) as pilot:
        plain = MapSpec("names", ".maps", MapType.HASH, 3, 5, 8)
        app.show(table(Entry(b"\1\2\3", (b"abcde",)), spec=plain, fields=fields_of(plain)))
        await pilot.pause()
        assert lines(app.view)[0].split() == ["key", "value"]
        assert lines(app.view)[1].split() == ["▌", "01", "02", "03", "61", "62", "63", "64", "65"]


async def test_an_empty_table_says_so() -> None:
    app = TableApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.show(table())
        await pilot.pause()
        assert "no entries yet" in "".join(lines(app.view))
        await pilot.press("enter", "e", "w", "delete", "o")
        assert app.heard == []  # there is nothing to do any of it with
