"""EntriesView: rows are ordered, narrowed and edited by keys; what stands on the screen is what was done."""

from __future__ import annotations

from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.widgets import Static

from bpftui.core.live import Sampler
from bpftui.core.live.graph import Graph
from bpftui.core.maps.journal import Journal
from bpftui.core.spec import CollectionSpec
from bpftui.core.vm.runtime import MachineRuntime
from bpftui.tui.base_app import BaseApp
from bpftui.tui.widgets.live.cell_editor import CellEditor
from bpftui.tui.widgets.live.map_pane import MapPane
from bpftui.tui.widgets.live.map_table import MapTableView

from ..lines import lines

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from textual.app import ComposeResult
    from textual.pilot import Pilot

    from bpftui.core.live import Sample
    from bpftui.tui.operations import EditRequest
    from bpftui.tui.widgets.live.entries_view import EntriesView

OBJECTS = Path(__file__).parents[3] / "objects"


class PaneApp(BaseApp[None]):
    """A pane, and a journal in place of the explorer's."""

    def __init__(self, collection: Any) -> None:
        super().__init__()
        self.collection = collection
        self.pane = MapPane(collection.spec)
        self.journal = Journal()
        self.asked: list[EditRequest] = []
        self.said: list[str] = []
        self.opened: list[Any] = []
        self.before: Sample | None = None
        self.sampler = Sampler(collection)
        self.graph = Graph(collection.spec)

    def compose(self) -> ComposeResult:
        yield self.pane

    def notify(self, message: str, **_: Any) -> None:  # type: ignore[override]
        self.said.append(message)

    def on_entries_view_edit_wanted(self, event: EntriesView.EditWanted) -> None:
        request = event.request
        self.asked.append(request)
        match request.action:
            case "set":
                edit = self.journal.set(
                    self.collection.maps[request.map], request.key, request.values, request.windows, request.text
                )
            case "delete":
                edit = self.journal.remove(self.collection.maps[request.map], request.key, request.text)
            case "undo":
                edit = self.journal.undo()
            case _:
                edit = self.journal.redo()
        self.pane.entries.changed(edit, edit.map.entry(edit.key))

    def on_entries_view_entry_asked(self, event: EntriesView.EntryAsked) -> None:
        self.opened.append(event.map.name)

    def sample(self) -> None:
        """Show what there is now."""
        now = self.sampler.take()
        self.graph.observe(now)
        self.pane.show(now, self.before, self.graph)
        self.before = now

    def shown(self) -> list[str]:
        """Return the lines of the table that have something, without the spaces at their ends."""
        return [text.rstrip() for line in lines(self.pane.query_one(MapTableView)) if (text := line).strip()]

    def headline(self) -> str:
        return str(self.pane.query_one("#map-title", Static).render())

    def line(self) -> str:
        return str(self.pane.query_one("#entries-line", Static).render())


@asynccontextmanager
async def opened(name: str, size: tuple[int, int] = (80, 24)) -> AsyncGenerator[tuple[PaneApp, Pilot[None], Any]]:
    spec = CollectionSpec.from_file(OBJECTS / "flows.o")
    with MachineRuntime().load(spec) as collection:
        app = PaneApp(collection)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            app.pane.map_name = name
            app.pane.entries.live = collection.maps
            app.pane.entries.table.focus()
            yield app, pilot, collection.maps[name]


async def settle(app: PaneApp, pilot: Pilot[None]) -> None:
    await pilot.pause()
    await app.workers.wait_for_complete()
    await pilot.pause()


def ipv6(last: int) -> bytes:
    return bytes.fromhex("20010db8") + bytes(11) + bytes([last])


def u32(number: int) -> bytes:
    return number.to_bytes(4, "little")


async def test_a_value_is_edited_where_it_stands_taken_back_and_made_again() -> None:
    async with opened("hosts") as (app, pilot, hosts):
        hosts.update(ipv6(1), u32(1000))
        hosts.update(ipv6(2), u32(7))
        app.sample()
        await settle(app, pilot)
        assert app.shown()[1:] == ["▌ 2001:db8::1  1,000         –", "  2001:db8::2      7         –"]
        await pilot.press("j", "e")
        cell = app.pane.query_one(CellEditor)
        view = app.pane.query_one(MapTableView)
        assert cell.value == "7"
        assert (cell.region.y, cell.region.x) == (view.region.y + 2, view.region.x + 15)
        assert app.line() == "value  __u32  0 … 4294967295 (also 0x…, 0b…)  now 7 · ⏎ sets · esc leaves"
        await pilot.press(*"4294967296")
        assert app.line() == "✗ value: 4294967296 does not fit __u32, which takes 0 to 4294967295"
        await pilot.press("enter")
        assert cell.is_open
        assert not app.asked
        await pilot.press("ctrl+u", *"0x10", "enter")
        await settle(app, pilot)
        assert not cell.is_open
        assert app.focused is view
        assert hosts.entry(ipv6(2)).values == (u32(16),)
        assert app.shown()[1:] == ["  2001:db8::1  1,000         –", "▌ 2001:db8::2 *   16         –"]
        assert app.asked[0].text == "hosts[2001:db8::2] = 0x10"
        app.sample()
        await settle(app, pilot)
        assert app.shown()[2].startswith("▌ 2001:db8::2 *   16")  # set by the user: no change of the program's
        hosts.update(ipv6(2), u32(17))
        app.sample()
        await settle(app, pilot)
        assert app.shown()[2].startswith("▌ 2001:db8::2 •   17")
        await pilot.press("U")
        await settle(app, pilot)
        assert app.shown()[2].startswith("▌ 2001:db8::2 *    7")
        await pilot.press("ctrl+y")
        await settle(app, pilot)
        assert hosts.entry(ipv6(2)).values == (u32(16),)


async def test_escape_leaves_the_value() -> None:
    async with opened("hosts") as (app, pilot, hosts):
        hosts.update(ipv6(1), u32(5))
        app.sample()
        await settle(app, pilot)
        await pilot.press("e", "9", "escape")
        await settle(app, pilot)
        assert app.line() == ""
        assert (app.asked, hosts.entry(ipv6(1)).values) == ([], (u32(5),))
        assert app.focused is app.pane.query_one(MapTableView)


async def test_names_are_gone_through_by_arrows() -> None:
    async with opened("neighbours") as (app, pilot, neighbours):
        key = (2).to_bytes(2, "little") + bytes(2) + bytes([192, 0, 2, 9]) + bytes(12) + b"\0\x35\0\0"
        neighbours.update(key, u32(0))
        app.sample()
        await settle(app, pilot)
        assert app.shown()[1] == "▌      2  192.0.2.9    53  ALLOW"
        await pilot.press("e", "down", "down", "enter")
        await settle(app, pilot)
        assert app.shown()[1] == "▌      2  192.0.2.9    53 *LOG"
        assert neighbours.entry(key).values == (u32(7),)


async def test_an_entry_is_deleted_and_there_again() -> None:
    async with opened("hosts") as (app, pilot, hosts):
        for last in (1, 2, 3):
            hosts.update(ipv6(last), u32(last))
        app.sample()
        await settle(app, pilot)
        assert "3 of 4 ████████░░" in app.headline()
        await pilot.press("j", "delete")
        await settle(app, pilot)
        assert [line.split()[-2] for line in app.shown()[1:]] == ["1", "3"]
        assert "2 of 4 █████░░░░░" in app.headline()
        await pilot.press("U")
        await settle(app, pilot)
        assert hosts.entry(ipv6(2)).values == (u32(2),)
        hosts.update(ipv6(4), u32(4))
        app.sample()
        await settle(app, pilot)
        assert "4 of 4 ██████████  full: the oldest go" in app.headline()
        await pilot.press("a")
        await pilot.pause()
        assert app.opened == ["hosts"]


async def test_what_cannot_be_done_says_why() -> None:
    async with opened("latency") as (app, pilot, latency):
        app.sample()
        await settle(app, pilot)
        await pilot.press("v")  # from the bars of its slots to the table
        table = app.pane.query_one(MapTableView)

        def why_not(action: str) -> str:
            return "" if table.check_action(action, ()) else table.why_not(action)

        assert why_not("delete") == "latency is an array: its entries can be set to 0, but not deleted"
        assert why_not("add") == "latency is an array: its 3 entries are there always"
        assert why_not("edit") == ""
        await pilot.press("left", "e")
        assert why_not("edit") == "a key stays as it is: a adds an entry with another one"
        await pilot.press("right", "right", "e")
        assert why_not("edit") == "slots[0]/s is what the program makes of it: e in the column slots[0] sets that"
        assert not app.pane.query_one(CellEditor).is_open
        latency.frozen = True
        await pilot.press("left", "e")
        assert why_not("edit") == "latency cannot be changed: it is frozen: its contents can no longer be changed"
        assert not app.pane.query_one(CellEditor).is_open


async def test_rows_move_only_when_they_are_ordered() -> None:
    async with opened("hosts") as (app, pilot, hosts):
        for last, value in ((1, 10), (2, 30), (3, 20)):
            hosts.update(ipv6(last), u32(value))
        app.sample()
        await settle(app, pilot)
        await pilot.press("o")
        await settle(app, pilot)
        assert [line.split()[1:] for line in app.shown()[1:]] != []
        order = [line.replace("▌", "").split()[0][-1] for line in app.shown()[1:]]
        assert order == ["2", "3", "1"]
        assert "value▾" in app.shown()[0]
        hosts.update(ipv6(1), u32(99))
        app.sample()
        await settle(app, pilot)
        assert [line.replace("▌", "").split()[0][-1] for line in app.shown()[1:]] == ["2", "3", "1"]
        await pilot.press("o")
        await settle(app, pilot)
        assert "value▴" in app.shown()[0]
        assert [line.replace("▌", "").split()[0][-1] for line in app.shown()[1:]] == ["3", "2", "1"]


async def test_a_map_without_entries_says_so() -> None:
    async with opened("hosts") as (app, pilot, _):
        app.sample()
        await settle(app, pilot)
        assert [line.strip(" ▌") for line in app.shown()[-1:]] == ["no entries yet"]
        app.pane.entries.table.narrow("::2")
        await settle(app, pilot)
        assert [line.strip(" ▌") for line in app.shown()[-1:]] == ["no entries yet"]


async def test_rows_are_narrowed_and_said_to_be() -> None:
    async with opened("hosts") as (app, pilot, hosts):
        for last in (1, 2, 3):
            hosts.update(ipv6(last), u32(last * 10))
        app.sample()
        await settle(app, pilot)
        app.pane.entries.table.narrow("::2")
        await settle(app, pilot)
        assert app.shown()[1:] == ["  1 of 3 has '::2' · esc shows all", "▌ 2001:db8::2     20         –"]
        app.pane.entries.table.narrow("nobody")
        await settle(app, pilot)
        assert "no row has 'nobody': esc shows all" in app.shown()[-1]
        app.pane.entries.table.narrow("value >= 20")
        await settle(app, pilot)
        assert app.shown()[1] == "  2 of 3 with value >= 20 · esc shows all"
        assert [line.split()[-2] for line in app.shown()[2:]] == ["20", "30"]
        app.pane.entries.table.narrow("value >")
        await settle(app, pilot)
        assert app.shown()[1] == "  what is > is missing · esc shows all"
        assert len(app.shown()) == 5
        app.pane.entries.table.narrow("value > 30")
        await settle(app, pilot)
        assert "no row with value > 30: esc shows all" in app.shown()[-1]
        await pilot.press("escape")
        await settle(app, pilot)
        assert len(app.shown()) == 4


async def test_a_map_that_is_larger_than_a_sample_is_looked_through_as_a_whole() -> None:
    spec = CollectionSpec.from_file(OBJECTS / "flows.o")
    spec.maps["hosts"].max_entries = 20_000
    with MachineRuntime().load(spec) as collection:
        hosts: Any = collection.maps["hosts"]
        for number in range(12_000):
            hosts.update(bytes(12) + number.to_bytes(4, "big"), u32(number))
        app = PaneApp(collection)
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            app.pane.map_name = "hosts"
            app.pane.entries.live = collection.maps
            app.pane.entries.table.focus()
            app.sample()
            await settle(app, pilot)
            assert app.shown()[1] == "  partial: the first 10,000 of 12,000; / and o look through all"
            await pilot.press("o")
            await settle(app, pilot)
            assert app.shown()[1] == "  the first 1,000 of 12,000 by value, just now"
            assert app.shown()[2].split()[2] == "11,999"
            app.pane.entries.table.narrow("^::2ed[ef]$")
            await settle(app, pilot)
            assert app.shown()[1] == "  2 of 12,000 have '^::2ed[ef]$' · esc shows all"
            hosts.update(bytes(12) + (0x2EDE).to_bytes(4, "big"), u32(1))
            app.sample()
            await settle(app, pilot)
            assert [line.replace("▌", "").split()[:2] for line in app.shown()[2:]] == [
                ["::2edf", "11,999"],
                ["::2ede", "•"],
            ]


def flow(last: int, sport: int) -> bytes:
    return bytes([192, 0, 2, last]) + bytes([198, 51, 100, 1]) + sport.to_bytes(2, "big") + b"\0\x35\x11\0\0\0"


def look(app: PaneApp) -> list[str]:
    return [line.rstrip() for line in lines(app.pane.entries.look) if line.strip()]


async def test_v_shows_entries_as_a_tree_by_the_fields_of_their_keys() -> None:
    async with opened("flows", (120, 24)) as (app, pilot, flows):
        for last, sport, packets in ((9, 1000, 5), (9, 1001, 7), (10, 1000, 1)):
            flows.update(flow(last, sport), packets.to_bytes(8, "little") + bytes(flows.value_size - 8))
        app.sample()
        await settle(app, pilot)
        await pilot.press("v")
        await settle(app, pilot)
        assert app.focused is app.pane.entries.look
        tree = look(app)
        assert [line.split()[1:3] for line in tree[:1]] == [["▾", "192.0.2.9"]]
        assert "2 entries" in tree[0]
        assert tree[1].split()[:2] == ["▾", "198.51.100.1"]
        assert [line.split()[:4] for line in tree[2:4]] == [["▸", "1000", "53", "17"], ["▸", "1001", "53", "17"]]
        assert "packets 5" in tree[2]
        assert tree[4].split()[:3] == ["▸", "192.0.2.10", "198.51.100.1"]  # alone: nothing to unfold in between
        await pilot.press("down", "down", "space")
        await settle(app, pilot)
        assert look(app)[3].split()[:2] == ["packets", "5"]
        flows.update(flow(8, 1), bytes(flows.value_size))  # comes first: the cursor stays on its row
        flows.update(flow(9, 1000), (6).to_bytes(8, "little") + bytes(flows.value_size - 8))
        app.sample()
        await settle(app, pilot)
        assert [line.split()[:6] for line in look(app) if line.startswith("▌")] == [
            ["▌", "▾", "1000", "53", "17", "•"],
        ]
        await pilot.press("minus")
        await settle(app, pilot)
        assert [line.split()[1 if line[0] == "▌" else 0] for line in look(app)] == ["▸", "▸", "▸"]
        app.pane.entries.look.narrow("192.0.2.10")  # type: ignore[attr-defined]
        await settle(app, pilot)
        assert [line for line in look(app) if "192.0.2.9" in line] == []


async def test_what_a_tree_shows_is_edited_in_the_table() -> None:
    async with opened("hosts") as (app, pilot, hosts):
        for last in (1, 2):
            hosts.update(ipv6(last), u32(last))
        app.sample()
        await settle(app, pilot)
        await pilot.press("v", "down", "space", "down", "e")
        await settle(app, pilot)
        cell, table = app.pane.query_one(CellEditor), app.pane.query_one(MapTableView)
        assert app.focused is cell
        assert (cell.value, cell.region.y) == ("2", table.region.y + 2)
        await pilot.press("9", "enter")
        await settle(app, pilot)
        assert hosts.entry(ipv6(2)).values == (u32(9),)
        assert app.focused is table


async def test_a_second_v_shows_bars_and_a_third_the_table() -> None:
    async with opened("hosts") as (app, pilot, hosts):
        for last in (1, 2, 3):
            hosts.update(ipv6(last), u32(last * 100))
        app.sample()
        await settle(app, pilot)
        await pilot.press("v", "v")
        await settle(app, pilot)
        title, *bars = look(app)
        assert title.split() == ["value", "of", "each", "entry"]
        assert [bar.strip("▌ ").split()[:2] for bar in bars] == [
            ["2001:db8::1", "100"],
            ["2001:db8::2", "200"],
            ["2001:db8::3", "300"],
        ]
        lengths = [bar.count("█") for bar in bars]
        assert lengths[0] * 2 <= lengths[1] + 2 <= lengths[2] + 2
        assert abs(lengths[2] - 3 * lengths[0]) <= 3
        await pilot.press("v")
        await settle(app, pilot)
        assert app.focused is app.pane.query_one(MapTableView)


async def test_bars_of_many_entries_say_how_many_have_how_much() -> None:
    async with opened("flows", (100, 30)) as (app, pilot, flows):
        for number in range(64):
            flows.update(flow(9, number), number.to_bytes(8, "little") + bytes(flows.value_size - 8))
        app.sample()
        await settle(app, pilot)
        await pilot.press("v", "v")
        await settle(app, pilot)
        title, *bars = look(app)
        assert title.strip() == "packets  how many of 64 entries have how much"
        cells = [bar.strip("▌ ").replace("█", "").split("  ") for bar in bars]
        assert [(each[0].strip(), each[1].strip()) for each in cells] == [
            ("0", "1"),
            ("1", "1"),
            ("2 … 3", "2"),
            ("4 … 7", "4"),
            ("8 … 15", "8"),
            ("16 … 31", "16"),
            ("32 … 63", "32"),
        ]
