"""Edits of map entries in the explorer: what is asked first, what is done, what is noted."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any, Literal

from bpftui.core.live import Session, State
from bpftui.core.live.monitor import Monitor
from bpftui.tui.dialogs.confirm import ConfirmDialog
from bpftui.tui.dialogs.map_entry import EntryDialog, EntryPage
from bpftui.tui.nodes import Node, NodeKind
from bpftui.tui.widgets.live.field_list import FieldList
from bpftui.tui.widgets.live.map_table import MapTableView
from tests.tui.fakes import FakeRuntime
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest


class KernelLike(FakeRuntime):
    """Has maps that others can have too."""

    @property
    def name(self) -> Literal["kernel", "vm"]:
        return "kernel"


async def loaded(walk: Any, name: str = "sources") -> MapTableView:
    """Load, and look at a map that stands still."""
    await walk.press("L")
    await walk.until(lambda: walk.status.stage == State.LOADED)
    walk.explorer.navigation.go_to(Node(NodeKind.MAP, name))
    table = walk.explorer.query_one(MapTableView)
    await walk.until(lambda: table.row_count() == 1)
    await walk.press("p")
    await walk.until(lambda: walk.status.paused)
    table.focus()
    await walk.settle()
    return table


async def test_a_map_that_others_have_is_asked_for_with_no_first(explore: Callable[..., Any]) -> None:
    async with explore(size=(80, 24), runtime=KernelLike()) as walk:
        await loaded(walk)
        sources = walk.runtime.loaded[0].maps["sources"]
        sources.with_others = "it is pinned at /sys/fs/bpf/sources, where others find it"
        await walk.press("e")
        assert "asks, then writes" in walk.screen
        await walk.press("9", "enter")
        assert isinstance(walk.app.screen, ConfirmDialog)
        assert "sources[OTHER].packets = 9" in walk.screen
        assert "it is pinned at /sys/fs/bpf/sources" in walk.screen
        await walk.press("enter")  # the first answer is no
        assert not isinstance(walk.app.screen, ConfirmDialog)
        assert not sources.written
        await walk.press("e", "9", "enter", "tab", "enter")
        await walk.until(lambda: bool(sources.written))
        assert next(iter(sources.written.values()))[:8] == (9).to_bytes(8, "little")
        await walk.until(lambda: re.search(r"\* +9 ", walk.screen) is not None)


async def test_the_sandbox_s_own_is_set_at_once_and_taken_back(explore: Callable[..., Any]) -> None:
    async with explore(size=(120, 40), messages=True) as walk:
        await loaded(walk)
        sources = walk.runtime.loaded[0].maps["sources"]
        await walk.press("U")
        await walk.until(lambda: "there is no edit to take back" in walk.screen)
        await walk.press("e", "9", "enter")
        await walk.until(lambda: bool(sources.written))
        await walk.until(lambda: "sources[OTHER].packets = 9 · U takes it back" in walk.screen)
        await walk.press("U")
        await walk.until(lambda: not any(sources.written[bytes(20)]))
        await walk.until(lambda: "taken back: sources[OTHER].packets = 9" in walk.screen)


async def test_a_new_entry_is_typed_field_by_field(explore: Callable[..., Any]) -> None:
    async with explore(size=(80, 24)) as walk:
        await loaded(walk)
        sources = walk.runtime.loaded[0].maps["sources"]
        await walk.press("a")
        assert isinstance(walk.app.screen, EntryDialog)
        await walk.until(lambda: "key  struct address" in walk.screen)
        await walk.type("192.0.2")
        await walk.until(lambda: "✗ address is an IPv4 or IPv6 address, not" in walk.screen)
        await walk.press("enter")
        assert isinstance(walk.app.screen, EntryDialog)
        await walk.type(".9")
        await walk.press("tab", "7", "enter")
        await walk.until(lambda: bool(sources.written))
        ((key, value),) = sources.written.items()
        assert key == (2).to_bytes(4, "little") + bytes([192, 0, 2, 9]) + bytes(12)
        assert value[:8] == (7).to_bytes(8, "little")


async def test_enter_opens_the_entry(explore: Callable[..., Any]) -> None:
    async with explore(size=(120, 40)) as walk:
        await loaded(walk)
        await walk.press("enter")
        assert isinstance(walk.app.screen, EntryPage)
        fields = walk.app.screen.query_one(FieldList)
        assert [fields.row_text(index).split("\t")[0] for index in range(fields.row_count())] == [
            "key",
            "value.packets",
            "value.bytes",
            "value.last_seen",
        ]
        await walk.press("escape")
        assert walk.app.screen is walk.explorer


async def test_where_there_is_no_entry_each_key_says_so(explore: Callable[..., Any]) -> None:
    async with explore(size=(120, 40), messages=True) as walk:
        await loaded(walk)
        await walk.press("slash", *"no such", "enter")
        await walk.until(lambda: "0 of 1 have 'no such'" in walk.screen)
        for key in ("e", "enter", "delete"):  # w draws what there is of the map as a whole
            walk.explorer.message_line.forget()
            await walk.until(lambda: "there is no entry here" not in walk.screen)
            await walk.press(key)
            await walk.until(lambda: "there is no entry here" in walk.screen)
        assert not walk.runtime.loaded[0].maps["sources"].written


async def test_before_the_load_the_keys_of_entries_are_not_silent_either(explore: Callable[..., Any]) -> None:
    async with explore(size=(80, 24), messages=True) as walk:
        walk.explorer.navigation.go_to(Node(NodeKind.MAP, "sources"))
        walk.explorer.query_one(MapTableView).focus()
        await walk.press("enter")
        await walk.until(lambda: "there is no entry here" in walk.screen)


async def test_while_something_is_typed_the_bar_offers_no_key_that_is_typed(explore: Callable[..., Any]) -> None:
    async with explore(size=(80, 24)) as walk:
        await loaded(walk)
        await walk.press("e")
        assert walk.screen.rstrip().endswith("⏎ Set esc Leave")
        await walk.press("escape", "slash")
        assert walk.screen.rstrip().endswith("esc Cancel")


async def test_a_map_that_is_empty_still_says_what_fills_it(
    explore: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    load, go_on = Session.load, threading.Event()

    def load_later(session: Session, **options: Any) -> Any:
        assert go_on.wait(PATIENCE)
        return load(session, **options)

    monkeypatch.setattr(Session, "load", load_later)
    monkeypatch.setattr(Monitor, "start", lambda _: None)  # nothing is read
    async with explore(size=(120, 40)) as walk:
        await walk.press("4")
        assert "L loads the collection: then its entries are here" in walk.screen
        walk.app.simulate_key("L")
        await walk.until(lambda: "it is being loaded: then its entries are here" in walk.screen)
        go_on.set()
        await walk.until(lambda: "its entries are being read" in walk.screen)
        assert "L loads" not in walk.screen
        walk.explorer.navigation.go_to(Node(NodeKind.MAP, "events"))
        await walk.until(lambda: "its events are being read" in walk.screen)
        await walk.press("5")
        assert "Nothing is drawn yet. A attaches: then the runs are drawn, or what w chooses." in walk.screen
