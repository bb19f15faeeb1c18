"""The fields of an entry, a line each, and where their values and types lead."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bpftui.core.live.fields import fields_of
from bpftui.core.runtime import Entry
from bpftui.core.spec import CollectionSpec
from bpftui.tui.base_app import BaseApp
from bpftui.tui.targets import TypeTarget
from bpftui.tui.widgets.live.field_list import FieldList
from tests.tui.widgets.lines import lines

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from bpftui.tui.targets import Target
    from bpftui.tui.widgets.lists.row_view import RowView

OBJECT = Path(__file__).parents[4] / "bpf/traffic.o"


class FieldsApp(BaseApp[None]):
    def __init__(self, view: FieldList) -> None:
        super().__init__()
        self.view = view
        self.followed: list[tuple[int, Target]] = []

    def compose(self) -> ComposeResult:
        yield self.view

    def on_row_view_followed(self, event: RowView.Followed) -> None:
        self.followed.append((event.index, event.target))


async def test_fields_and_where_they_lead() -> None:
    source = CollectionSpec.from_file(OBJECT).maps["sources"]
    entry = Entry(bytes(source.key_size), (bytes([5]) + bytes(source.value_size - 1),))
    app = FieldsApp(FieldList(fields_of(source), entry))
    async with app.run_test(size=(100, 12)) as pilot:
        await pilot.pause()
        app.view.focus()
        assert [" ".join(line.split()).strip("▌ ") for line in lines(app.view)[2:5]] == [
            "value.packets 5 +0x0 05 00 00 00 00 00 00 00 __u64",
            "value.bytes 0 +0x8 00 00 00 00 00 00 00 00 __u64",
            "value.last_seen 0 +0x10 00 00 00 00 00 00 00 00 __u64",
        ]
        assert lines(app.view)[0].split()[:4] == ["field", "value", "offset", "bytes"]
        for _ in range(app.view.row_count()):
            app.view.action_select()
            app.view.action_cursor_down()
        await pilot.pause()
    assert [(index, target.ctype.c_text) for index, target in app.followed if isinstance(target, TypeTarget)] == [
        (0, "struct address"),
        (1, "__u64"),
        (2, "__u64"),
        (3, "__u64"),
    ]
