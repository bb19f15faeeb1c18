"""MapTableView: a map's entries, live."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from ...text.charset import is_ascii_terminal
from ...text.fit import fitted
from ...text.format import grouped
from ...text.shown import Text
from ..lists.row_view import RowView
from .map_columns import CHART_MARK, MapColumns, ValueFormat

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ....core.live.counters import Counter
    from ....core.live.table import MapRow, MapTable

__all__ = ["MapTableView"]

_GAP = 2
_BOLD = Style(bold=True)
"""Cells between two columns; the second one is for the mark of a change."""


class MapTableView(RowView):
    """Key, counters and their rates, one row an entry; the header stays in sight.

    `•` marks a value that changed since the table before and `+` a new entry. Left and right choose a counter, which a
    small chart marks; enter asks for its graph. The cursor stays on its key while rows come and go.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "side(-1)", "Column", show=False, id="table.left", tooltip="Choose the counter to the left"),
        Binding(
            "right,l", "side(1)", "Column", show=False, id="table.right", tooltip="Choose the counter to the right"
        ),
        Binding("x", "cycle_format", "Format", id="table.format", tooltip="Typed, hexadecimal, decimal"),
        Binding(
            "enter",
            "select",
            "Graph",
            id="table.graph",
            tooltip=f"Draw this entry's counter, that under {CHART_MARK}, over time",
        ),
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "map-table--changed",
        "map-table--new",
        "map-table--chosen",
        "map-table--key",
        "map-table--note",
    }
    """
    | Class | Description |
    | :- | :- |
    | `map-table--changed` | The mark of a value that changed. |
    | `map-table--new` | The mark of a new entry. |
    | `map-table--chosen` | The title of the counter that enter draws. |
    | `map-table--key` | The keys. |
    | `map-table--note` | The sentence about entries that are not shown. |
    """

    DEFAULT_CSS = """
    MapTableView {
        & > .map-table--changed { color: $changed; text-style: bold; }
        & > .map-table--new { color: $text-success; text-style: bold; }
        & > .map-table--chosen { color: $link; text-style: bold underline; }
        & > .map-table--key { color: $foreground; }
        & > .map-table--note { color: $text-warning; }
    }
    """

    table: reactive[MapTable | None] = reactive["MapTable | None"](None, always_update=True)
    """What is shown; each new table of the same map is compared with the one before."""
    value_format: reactive[ValueFormat] = reactive(ValueFormat.TYPED)
    """How keys and integers are written."""
    column: reactive[int] = reactive(0)
    """The index of the counter that enter draws."""

    class CounterChosen(Message):
        """The user wants to see a counter over time.

        Args:
            view: The sender.
            counter: The counter.
            key: The entry's key.
            key_text: The key, as it is shown.
        """

        def __init__(self, view: MapTableView, counter: Counter, key: bytes, key_text: str) -> None:
            super().__init__()
            self.view = view
            self.counter = counter
            self.key = key
            self.key_text = key_text

        @property
        def control(self) -> MapTableView:
            """The sender, for `@on` with a selector."""
            return self.view

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        """Initialise a table without a map."""
        super().__init__(id=id)
        self._before: Mapping[bytes, MapRow] | None = None
        self._columns = MapColumns(None, self.value_format, 0)
        self._chart = "~" if is_ascii_terminal() else CHART_MARK
        self.empty_text = "no entries yet"

    # Rows

    def row_count(self) -> int:
        """Return the rows of the table."""
        return len(self.table.rows) if self.table is not None else 0

    def row(self, index: int) -> MapRow:
        """Return a row of the table, which must be there."""
        assert self.table is not None
        return self.table.rows[index]

    def row_text(self, index: int) -> str:
        """Return an entry as `key: value`."""
        row = self.row(index)
        return f"{row.key_text}: {row.value_text}"

    def row_hint(self, index: int) -> str:
        """Return the entry's bytes of the key."""
        return f"key {self.row(index).key.hex(' ')}"

    @property
    def header_height(self) -> int:
        """The titles, and a line about what is not shown where there is such."""
        return 2 if self._note() else 1

    def draw_header(self, line: int, width: int) -> Text:
        """Draw the titles of the columns, or the note."""
        if line == 1:
            return Text(self._note(), self.ink("map-table--note"))
        text = Text(set_cell_size("key", self._columns.key_width + 1) if self._columns.key_width else "")
        for column in self._columns.columns:
            chosen = column.counter == self.column and not column.is_rate
            title = f"{self._chart}{column.title}" if chosen else column.title
            title = f"{title:<{column.width}}" if column.counter < 0 else title
            text.append(" " * (_GAP + column.width - cell_len(title)))
            text.append(title, self.ink("map-table--chosen") if chosen else None)
        return text

    def draw_row(self, index: int, width: int) -> Strip:
        """Draw an entry."""
        row = self.row(index)
        before = self._before.get(row.key) if self._before is not None else row
        segments = [
            Segment("+" if before is None else " ", self.ink("map-table--new")),
            Segment(fitted(self._columns.key(row), self._columns.key_width), self.ink("map-table--key")),
        ]
        muted, mark = self.ink("row-view--muted"), self.ink("map-table--changed")
        for column in self._columns.columns:
            changed = before is not None and not column.is_rate and column.differs(before, row)
            style = muted if column.is_rate else _BOLD if changed else None
            cell = self._columns.cell(column, row)
            if column.counter < 0:
                cell = fitted(cell, column.width)
            segments.append(Segment(f"{'•' if changed else '':>{_GAP}}", mark))
            segments.append(Segment(f"{cell:>{column.width}}", style))
        return Strip(segments)

    # Behaviour

    def validate_column(self, column: int) -> int:
        """Keep the column within the counters."""
        counters = len(self.table.counters) if self.table is not None else 0
        return max(0, min(column, counters - 1))

    def watch_table(self, old: MapTable | None, new: MapTable | None) -> None:
        """Compare with the table before, and keep the cursor on its key."""
        if old is None or new is None or old.name != new.name:
            self._before = None
            self.column = 0
            self._columns = MapColumns(self.table, self.value_format, self.column)
            if self.is_mounted:
                self.restart()
            return
        self._before = {row.key: row for row in old.rows}
        self._columns = MapColumns(self.table, self.value_format, self.column)
        if self.is_mounted:
            self._keep_cursor(old, new)
            self.refresh_rows()

    def watch_value_format(self) -> None:
        """Write the numbers anew."""
        self._columns = MapColumns(self.table, self.value_format, self.column)
        self.refresh_rows()

    def watch_column(self) -> None:
        """Mark the chosen counter."""
        self._columns = MapColumns(self.table, self.value_format, self.column)
        self.refresh_rows()

    def action_side(self, direction: int) -> None:
        """Choose the counter to the left or right; scroll when there is none."""
        before = self.column
        self.column += direction
        if self.column == before:
            super().action_side(direction)

    def action_cycle_format(self) -> None:
        """Go on to the next way to write numbers."""
        formats = list(ValueFormat)
        self.value_format = formats[(formats.index(self.value_format) + 1) % len(formats)]
        self.notify(f"values: {self.value_format}", timeout=2)

    def action_select(self) -> None:
        """Ask for the graph of the chosen counter."""
        if self.table is None or not self.table.counters or not self.row_count():
            super().action_select()
            return
        row = self.row(self.cursor)
        self.post_message(self.CounterChosen(self, self.table.counters[self.column], row.key, row.key_text))

    def _keep_cursor(self, old: MapTable, new: MapTable) -> None:
        """Follow the key under the cursor to its new row; the row stays at its height on the screen."""
        if self.cursor >= len(old.rows):
            return
        key = old.rows[self.cursor].key
        if self.cursor < len(new.rows) and new.rows[self.cursor].key == key:
            return
        found = next((index for index, row in enumerate(new.rows) if row.key == key), None)
        if found is None:
            return
        top = self.scroll_offset.y + found - self.cursor
        self._update_virtual_size()
        with self.prevent(self.Highlighted):
            self.scroll_to(y=max(0, top), animate=False, force=True)
            self.cursor = found

    def _note(self) -> str:
        """Say which entries are not shown; nothing when all are."""
        if self.table is None or not self.table.rows:
            return ""
        shown, total = len(self.table.rows), self.table.total
        if self.table.partial:
            return f"partial: showing the first {grouped(shown)} entries, the map has more"
        return f"showing {grouped(shown)} of {grouped(total)} entries" if shown < total else ""
