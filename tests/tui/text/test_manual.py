"""The manual names keys that there are, as the user has them."""

from __future__ import annotations

from importlib.resources import files

from textual.binding import Binding

from bpftui.tui import manual
from bpftui.tui.dialogs.run import RunScreen
from bpftui.tui.screens.explorer import ExplorerScreen
from bpftui.tui.text.manual import KEY, pages
from bpftui.tui.widgets.lists.row_view import RowView
from bpftui.tui.widgets.live.map_table import MapTableView
from bpftui.tui.widgets.run.packet_pane import PacketPane
from bpftui.tui.widgets.spec.core_view import CoreView
from bpftui.tui.widgets.spec.variables_view import VariablesView


def test_ten_pages_with_the_keys_of_the_user() -> None:
    found = pages({"load": "f5"})
    assert [page.name for page in found] == [
        "collection", "maps", "variables", "core", "verifier", "attaching", "test-runs", "machine", "rights", "keys",
    ]  # fmt: skip
    assert found[0].title == "What an object holds"
    assert "| SPEC | the file is read, nothing else | `f5` loads |" in found[0].text
    assert "`,` and `.` go through the runs" in found[6].text
    assert all("{" not in page.text.replace('{"', "") for page in found)


def test_every_key_that_a_page_names_is_the_default_of_a_binding() -> None:
    bindings = {
        each.id: each.key
        for group in (ExplorerScreen, RunScreen, PacketPane, CoreView, VariablesView, RowView, MapTableView)
        for each in group.BINDINGS
        if isinstance(each, Binding)
    }
    named = [
        match
        for page in files(manual).iterdir()
        if page.name.endswith(".md")
        for match in KEY.findall(page.read_text())
    ]
    assert len(named) > 20
    assert [(name, key) for name, key in named if key not in bindings[name].split(",")] == []
