"""MapTableView: a map's entries, live: a table that is ordered, narrowed and edited where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from ....core.live.arrange import Ordering
from ....core.live.field import Form
from ....core.live.quantity import OfEntry
from ...text.charset import is_ascii_terminal
from ...text.colors import tabbed
from ...text.fit import fitted, width_of
from ..lists.row_view import RowView
from .chart import marker
from .map_columns import GAP, Column, MapColumns, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ....core.live.arrange import EntryTable
    from ....core.live.counters import Counter
    from ....core.live.field import Field
    from ....core.live.histogram import Histogram
    from ....core.runtime import Entry
    from ...held import HeldObject
    from ...targets import Target

__all__ = ["CHANGING", "MapTableView"]

_NO_WINDOW = Window((), 0, 0)
CHANGING = ("edit", "add", "delete")
"""What changes the map."""


class MapTableView(RowView):
    """The fields of keys and values and the rates of what counts, one row an entry; the titles stay in sight.

    `•` marks a value that the program changed since the table before and `+` a new entry. Left and right choose a
    column, which orders the rows and is edited or drawn over time. Rows move only when they are ordered.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "side(-1)", "Column", show=False, id="table.left", tooltip="Choose the column to the left"),
        Binding("right,l", "side(1)", "Column", show=False, id="table.right", tooltip="Choose the column to the right"),
        Binding("enter", "select", "Open", id="table.open", tooltip="Open the entry, or go to what it holds"),
        Binding("w", "watch", "Watch", id="table.watch", tooltip="Draw this number over time; on a key: of the map"),
        Binding("e", "edit", "Edit", id="table.edit", tooltip="Edit this value in the table"),
        Binding("o", "order", "Order", id="table.order", tooltip="Order by this column; again: reverse"),
        Binding(
            "slash",
            "search",
            "Filter",
            key_display="/",
            id="table.filter",
            tooltip="Rows that have …, or packets > 100",
        ),
        Binding("a", "add", "Add", show=False, id="table.add", tooltip="Add an entry"),
        Binding("delete", "delete", "Delete", show=False, id="table.delete", tooltip="Delete this entry"),
        Binding("U", "undo", "Undo", show=False, id="table.undo", tooltip="Take the last edit of an entry back"),
        Binding("ctrl+y", "redo", "Redo", show=False, id="table.redo", tooltip="Make it again"),
        Binding("x", "cycle_format", "Format", id="table.format", tooltip="Typed, hexadecimal, decimal"),
        Binding("Y", "copy_all", "Copy all", show=False, id="table.copy-all", tooltip="Copy all rows that are shown"),
        Binding("escape", "leave", "Widen", show=False, id="table.widen", tooltip="Show all rows again"),
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "map-table--changed",
        "map-table--set",
        "map-table--new",
        "map-table--chosen",
        "map-table--key",
        "map-table--held",
        "map-table--note",
        "map-table--series-1",
        "map-table--series-2",
        "map-table--series-3",
        "map-table--series-4",
        "map-table--series-5",
        "map-table--series-6",
    }
    """
    | Class | Description |
    | :- | :- |
    | `map-table--changed` | The mark of a value that the program changed. |
    | `map-table--set` | The mark of a value that the user set. |
    | `map-table--new` | The mark of a new entry. |
    | `map-table--chosen` | The title of the chosen column, and what the cursor's row has there. |
    | `map-table--key` | The keys. |
    | `map-table--held` | A program, a map or a stack that a field stands for: what can be followed. |
    | `map-table--note` | The sentence about entries that are not shown. |
    | `map-table--series-1` … `-6` | The shape before a number that is drawn, in the colour of its line. |
    """

    DEFAULT_CSS = """
    MapTableView {
        & > .map-table--changed { color: $changed; text-style: bold; }
        & > .map-table--set { color: $set; text-style: bold; }
        & > .map-table--new { color: $text-success; text-style: bold; }
        & > .map-table--chosen { text-style: bold underline; }
        & > .map-table--key { color: $foreground; }
        & > .map-table--held { color: $link; }
        & > .map-table--note { color: $text-warning; }
        & > .map-table--series-1 { color: $series-1; text-style: bold; }
        & > .map-table--series-2 { color: $series-2; text-style: bold; }
        & > .map-table--series-3 { color: $series-3; text-style: bold; }
        & > .map-table--series-4 { color: $series-4; text-style: bold; }
        & > .map-table--series-5 { color: $series-5; text-style: bold; }
        & > .map-table--series-6 { color: $series-6; text-style: bold; }
    }
    """

    table: reactive[EntryTable | None] = reactive["EntryTable | None"](None, always_update=True)
    """What is shown."""
    form: reactive[Form] = reactive(Form.TYPED)
    """How values are written."""
    column: reactive[int] = reactive(0)
    """The number of the chosen column."""

    class TableMessage(Message):
        """What the messages of a table have in common.

        Args:
            view: The sender.
        """

        def __init__(self, view: MapTableView) -> None:
            super().__init__()
            self.view = view

        @property
        def control(self) -> MapTableView:
            """The sender, for `@on` with a selector."""
            return self.view

    class QuantityChosen(TableMessage):
        """The user wants to see a number over time.

        Args:
            view: The sender.
            quantity: The number.
        """

        def __init__(self, view: MapTableView, quantity: OfEntry) -> None:
            super().__init__(view)
            self.quantity = quantity

    class QuantityAsked(TableMessage):
        """The user wants to be asked which number of the map they see over time, or of the CPUs of an entry.

        Args:
            view: The sender.
            entry: The entry.
        """

        def __init__(self, view: MapTableView, entry: Entry) -> None:
            super().__init__(view)
            self.entry = entry

    class OrderAsked(TableMessage):
        """The rows are to be ordered.

        Args:
            view: The sender.
            ordering: By what.
        """

        def __init__(self, view: MapTableView, ordering: Ordering) -> None:
            super().__init__(view)
            self.ordering = ordering

    class FormAsked(TableMessage):
        """Values are written in another form from now on."""

    class EditAsked(TableMessage):
        """The value in the chosen column of the cursor's row is to be edited."""

    class AddAsked(TableMessage):
        """An entry is to be added."""

    class DeleteAsked(TableMessage):
        """The cursor's entry is to be deleted."""

    class UndoAsked(TableMessage):
        """The last edit is to be taken back, or made again.

        Args:
            view: The sender.
            is_redo: Whether it is to be made again.
        """

        def __init__(self, view: MapTableView, *, is_redo: bool) -> None:
            super().__init__(view)
            self.is_redo = is_redo

    class EntryOpened(TableMessage):
        """The cursor's entry is to be seen as a whole."""

    class Narrowed(TableMessage):
        """Only some rows are to be shown.

        Args:
            view: The sender.
            pattern: What they have, as a user types it; empty for all rows.
        """

        def __init__(self, view: MapTableView, pattern: str) -> None:
            super().__init__(view)
            self.pattern = pattern

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        """Initialise a table without a map."""
        super().__init__(id=id)
        self.columns: MapColumns | None = None
        self.narrowed_by = ""
        """What rows are narrowed by."""
        self.fault = ""
        """Why what was typed narrows nothing yet, as a clause."""
        self.note = ""
        """A sentence below the titles: what is not shown."""
        self.edited: dict[tuple[bytes, Field], Any] = {}
        """What the user set: the rank of the value, by key and field."""
        self.drawn: Mapping[tuple[bytes, Counter], int] = {}
        """The slot of what is drawn over time, by key and counter."""
        self._is_ascii = is_ascii = is_ascii_terminal()
        self._down, self._up = ("v", "^") if is_ascii else ("▾", "▴")
        self._more, self._less = ("->", "<-") if is_ascii else ("→", "←")
        self.empty_text = "no entries yet"
        self.why_fixed: Callable[[str], str] = lambda _action: ""
        """Returns why the map does not take an action that changes it; empty where it does."""

        self.histogram: Histogram | None = None
        """Where the map has the slots of a histogram."""
        self.held: Callable[[Field, Entry], HeldObject | None] = lambda _field, _entry: None
        """Returns what a field of an entry stands for, which enter goes to."""
        self.is_array = False
        """Whether the map has all its entries always, in the order of an index."""

    # Rows

    def row_count(self) -> int:
        """Return the rows of the table."""
        return len(self.table.entries) if self.table is not None else 0

    def row(self, index: int) -> Entry:
        """Return the entry of a row, which must be there."""
        assert self.table is not None
        return self.table.entries[index]

    @property
    def chosen(self) -> Column | None:
        """The chosen column; None in a table without."""
        return self.columns.all[self.column] if self.columns is not None and self.columns.all else None

    def cells(self, index: int) -> list[str]:
        """Return what stands in all columns of a row, those without room among them."""
        assert self.columns is not None
        entry = self.row(index)
        return [self.columns.cell(column, entry) for column in self.columns.all]

    def row_text(self, index: int) -> str:
        """Return the cells of a row, with a tab between them: what a spreadsheet takes."""
        return tabbed(*self.cells(index))

    def row_hint(self, index: int) -> str:
        """Return the bytes of the entry's key."""
        return f"key {self.row(index).key.hex(' ')}"

    def row_variant(self, index: int) -> object:
        """Return the chosen column, which the cursor's row shows."""
        return self.column if index == self.cursor else None

    @property
    def header_height(self) -> int:
        """The titles, and a line about what is not shown where there is such."""
        return 2 if self.note else 1

    def _window(self, width: int) -> Window:
        return _NO_WINDOW if self.columns is None else self.columns.window(width - 1, self.column)

    def draw_header(self, line: int, width: int) -> Strip:
        """Draw the titles of the columns, or the note."""
        if line == 1:
            return Strip([Segment(f" {self.note}", self.ink("map-table--note"))])
        if self.columns is None or self.table is None:
            return Strip([])
        window = self._window(width)
        muted, chosen = self.ink("row-view--muted"), self.ink("map-table--chosen")
        segments = [Segment(" ")]
        mark = ""
        for place, number in enumerate(window.shown):
            column = self.columns.all[number]
            if place:
                segments.append(Segment(f"{mark:<{GAP}}"))
            cells = _cells_for(column, width, segments)
            title = fitted(column.title, cells).rstrip()
            room = " " * (cells - width_of(title))
            before, after = (room, "") if column.is_right else ("", room)
            # The mark of an order stands right behind the title: in the gap, or in the room of what is left-aligned.
            mark = self._mark_of(column)
            if mark and after:
                after, mark = f"{mark}{after[1:]}", ""
            title_segment = Segment(title, chosen if number == self.column else None)
            segments += [Segment(before), title_segment, Segment(after)]
        segments.append(Segment(mark))
        if window.left or window.right:
            hidden = [f"{self._less} {window.left}"] if window.left else []
            if window.right:
                hidden.append(f"+{window.right} {'column' if window.right == 1 else 'columns'} {self._more}")
            text = "  ".join(hidden)
            used = sum(segment.cell_length for segment in segments)
            segments.append(Segment(f"{text:>{max(0, width - used)}}", muted))
        return Strip(segments)

    def _mark_of(self, column: Column) -> str:
        ordering = self.table.ordering if self.table is not None else None
        if ordering is None or (ordering.field, ordering.by_rate) != column.place:
            return ""
        return self._down if ordering.reverse else self._up

    def draw_row(self, index: int, width: int) -> Strip:
        """Draw an entry."""
        if self.columns is None or self.table is None:
            return Strip([])
        entry = self.row(index)
        is_new = self.table.before(entry) is None
        links = self._links(index)
        segments = [Segment("+" if is_new else " ", self.ink("map-table--new"))]
        for place, number in enumerate(self._window(width).shown):
            column = self.columns.all[number]
            if place:
                mark, style = self._mark(column, entry)
                segments += [self._sign(column, entry), Segment(f"{mark:>{GAP - 1}}", style)]
            cell = self.columns.cell(column, entry)
            if column.is_right and len(cell) > column.width:
                self.columns.make_room(number, len(cell))  # no digit is cut
                self.call_next(self.refresh_rows)
            cell = f"{cell:>{column.width}}" if column.is_right else fitted(cell, _cells_for(column, width, segments))
            style = self._style_of(column)
            if column.field in links and not column.is_rate:
                style = self.ink("map-table--held") + Style(meta={"target": list(links).index(column.field)})
            if index == self.cursor and number == self.column:
                underlined = self.ink("map-table--chosen")
                style = underlined if style is None else style + underlined
            segments.append(Segment(cell, style))
        return Strip(segments)

    def _mark(self, column: Column, entry: Entry) -> tuple[str, Style | None]:
        """Return the mark before a cell: `*` for what the user set, `•` for what the program changed."""
        field = column.field
        if column.is_rate or field.of == "key" or self.table is None:
            return "", None
        if self.is_set(entry, field):
            return "*", self.ink("map-table--set")
        return ("•", self.ink("map-table--changed")) if self.table.changed(field, entry) else ("", None)

    def is_set(self, entry: Entry, field: Field) -> bool:
        """Whether a value is what the user set."""
        return (entry.key, field) in self.edited and self.edited[entry.key, field] == field.rank(entry)

    def _sign(self, column: Column, entry: Entry) -> Segment:
        """Return the shape of the line that a cell's number is drawn as; a space where it is not drawn."""
        counter = None if column.is_rate else column.field.counter
        slot = None if counter is None else self.drawn.get((entry.key, counter))
        if slot is None:
            return Segment(" ")
        return Segment(marker(slot, ascii=self._is_ascii), self.ink(f"map-table--series-{slot + 1}"))

    def _style_of(self, column: Column) -> Style | None:
        if column.field.of == "key":
            return self.ink("map-table--key")
        return self.ink("row-view--muted") if column.is_rate else None

    def cell_region(self, least: int = 0) -> Region | None:
        """Return where the chosen cell of the cursor's row is, within the widget; None where it is out of sight.

        Where that is less than *least* cells, it has whole cells on its right: half a number reads as another one.
        """
        if self.columns is None or not self.row_count():
            return None
        y = self.cursor - self.scroll_offset.y + self.header_height
        x = 2  # the marks of the cursor and of a new entry
        shown = self._window(self.scrollable_content_region.width - 1).shown
        if self.column not in shown or not self.header_height <= y < self.size.height:
            return None
        at = shown.index(self.column)
        x += sum(self.columns.all[number].width + GAP for number in shown[:at])
        width = 0
        for number in shown[at:]:
            width += self.columns.all[number].width + (GAP if width else 0)
            if width >= least:
                break
        return Region(x, y, width, 1)

    # Behaviour

    def show(self, table: EntryTable, columns: MapColumns, note: str = "") -> None:
        """Show a table with its columns; the cursor stays on its row, and on its key where rows come and go."""
        before = self.columns
        self.note = note
        self.columns = columns
        if before is None or before.fields is not columns.fields:
            self.set_reactive(MapTableView.column, columns.first_value)
            self.set_reactive(MapTableView.table, None)
        self.table = table

    def clear(self) -> None:
        """Show no map."""
        self.columns, self.note = None, ""
        self.table = None

    def validate_column(self, column: int) -> int:
        """Keep the column within those that there are."""
        return max(0, min(column, len(self.columns.all) - 1)) if self.columns is not None else 0

    def watch_table(self, old: EntryTable | None, new: EntryTable | None) -> None:
        """Draw it; keep the cursor where it was."""
        if not self.is_mounted:
            return
        if old is None or new is None or old.fields is not new.fields:
            self.restart()
            return
        if old.ordering == new.ordering:
            self._keep_cursor(old, new)
            self.refresh_rows()
        else:
            self.restart()  # who orders wants to see what comes first

    def watch_column(self) -> None:
        """Mark the chosen column."""
        self.refresh_rows()  # what can be done with it is offered then

    def _keep_cursor(self, old: EntryTable, new: EntryTable) -> None:
        """Follow the key under the cursor to its new row; the row stays at its height on the screen."""
        if self.cursor >= len(old.entries):
            return
        key = old.entries[self.cursor].key
        if self.cursor < len(new.entries) and new.entries[self.cursor].key == key:
            return
        found = next((index for index, entry in enumerate(new.entries) if entry.key == key), None)
        if found is None:
            return
        top = self.scroll_offset.y + found - self.cursor
        self._update_virtual_size()
        with self.prevent(self.Highlighted):
            self.scroll_to(y=max(0, top), animate=False, force=True)
            self.cursor = found

    @property
    def totals(self) -> tuple[int, int]:
        """How many entries match, and how many were looked through."""
        table = self.table
        if table is None:
            return 0, 0
        return len(table.entries) if table.matching is None else table.matching, table.read

    def narrow(self, pattern: str) -> None:
        """Show only the rows that have what a user typed; all where that is nothing."""
        if pattern != self.narrowed_by:
            self.narrowed_by = pattern
            self.post_message(self.Narrowed(self, pattern))
            self.refresh_bindings()

    def search(self, pattern: object) -> bool:
        """Narrow the rows: what does not match is not shown."""
        self.narrow(str(pattern))
        return True

    # Actions

    def action_side(self, direction: int) -> None:
        """Choose the column to the left or right."""
        self.column += direction

    def action_cycle_format(self) -> None:
        """Go on to the next way to write values."""
        forms = list(Form)
        self.form = forms[(forms.index(self.form) + 1) % len(forms)]
        self.notify(f"values: {self.form}", timeout=2)
        self.post_message(self.FormAsked(self))

    def action_order(self) -> None:
        """Order by the chosen column, the largest numbers first; once more the other way round."""
        column, table = self.chosen, self.table
        if column is None or table is None:
            return
        now = table.ordering
        is_same = now is not None and (now.field, now.by_rate) == column.place
        reverse = not now.reverse if is_same and now is not None else column.is_right and column.field.of == "value"
        self.post_message(self.OrderAsked(self, Ordering(column.field, by_rate=column.is_rate, reverse=reverse)))

    def _links(self, index: int) -> dict[Field, Target]:
        """Return where the fields of a row lead that stand for something."""
        if self.columns is None or not self.columns.leading:
            return {}
        entry = self.row(index)
        found = {each: self.held(each, entry) for each in self.columns.fields.all if each in self.columns.leading}
        return {field: held.target for field, held in found.items() if held is not None and held.target is not None}

    def row_targets(self, index: int) -> Sequence[Target]:
        """Return where the objects live that the fields of an entry stand for."""
        return tuple(self._links(index).values())

    def _target(self) -> Target | None:
        """Return where enter leads: where the chosen field does, or the value where it is but one."""
        links = self._links(self.cursor) if self.row_count() else {}
        if not links or self.columns is None or self.chosen is None:
            return None
        values = self.columns.fields.values
        return links.get(self.chosen.field, links.get(values[0]) if len(values) == 1 else None)

    def action_select(self) -> None:
        """Go to what the entry holds, or its chosen field stands for; else open it."""
        target = self._target()
        if target is not None:
            self.post_message(RowView.Followed(self, self.cursor, target))
        else:
            self.post_message(self.EntryOpened(self))

    def action_watch(self) -> None:
        """Ask for the graph of the chosen number; where the key is chosen, of one of the map's."""
        column = self.chosen
        if column is None or self.columns is None:
            return
        entry, counter = self.row(self.cursor), column.field.counter
        if counter is None:
            self.post_message(self.QuantityAsked(self, entry))
            return
        grows = any(each.is_rate and each.field == column.field for each in self.columns.all)
        self.post_message(self.QuantityChosen(self, OfEntry(counter, entry.key, grows=grows)))

    def action_edit(self) -> None:
        """Ask for another value."""
        self.post_message(self.EditAsked(self))

    def action_add(self) -> None:
        """Ask for a new entry."""
        self.post_message(self.AddAsked(self))

    def action_delete(self) -> None:
        """Ask for the end of the entry."""
        self.post_message(self.DeleteAsked(self))

    def action_undo(self) -> None:
        """Ask for what was before the last edit."""
        self.post_message(self.UndoAsked(self, is_redo=False))

    def action_redo(self) -> None:
        """Ask for the last edit again."""
        self.post_message(self.UndoAsked(self, is_redo=True))

    def action_leave(self) -> None:
        """Show all rows again."""
        self.narrow("")

    @property
    def has_titles(self) -> bool:
        """Whether there are columns."""
        return self.columns is not None

    def all_rows(self) -> Callable[[], Sequence[str]]:
        """Return what gives the titles and all rows that are shown."""
        columns, entries = self.columns, self.table.entries if self.table is not None else ()
        if columns is None:
            return list
        return lambda: [
            tabbed(*(column.title for column in columns.all)),
            *(tabbed(*(columns.cell(column, entry) for column in columns.all)) for entry in entries),
        ]

    def why_not(self, action: str) -> str:
        """Return why the chosen number, entry or map does not take an action."""
        column = self.chosen
        if action in CHANGING and (fixed := self.why_fixed(action)):
            return fixed
        match action:
            case "search" | "cycle_format" | "copy_all" | "order" if not self.row_count():
                return "there is no entry here yet"
            case "select" | "watch" | "edit" | "delete" if not self.row_count() or column is None:
                return "there is no entry here"
            case "watch" if column is not None:
                return f"{column.title} is no number that can be drawn over time"
            case "edit" if column is not None and column.field.of == "key":
                return "a key stays as it is: a adds an entry with another one"
            case "edit" if column is not None:
                return f"{column.title} is what the program makes of it: e in the column {column.field.label} sets that"
            case _:
                return super().why_not(action)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what can be done with the chosen number; leave escape to the screen where nothing is narrowed."""
        if action in CHANGING and self.why_fixed(action):
            return False
        column = self.chosen
        has_rows = self.row_count() > 0
        match action:
            case "leave":
                return bool(self.narrowed_by)
            case "search":
                return has_rows or bool(self.narrowed_by)
            case "order" | "cycle_format" | "copy_all":
                return has_rows
            case "watch":
                return (
                    has_rows and column is not None and (column.field.counter is not None or column.field.of == "key")
                )
            case "edit":
                return has_rows and column is not None and column.field.of == "value" and not column.is_rate
            case "delete":
                return has_rows
            case _:
                return super().check_action(action, parameters)


def _cells_for(column: Column, width: int, before: Sequence[Segment]) -> int:
    """Return the cells for a column behind some segments of a row: its own, or of a text what is left for it."""
    left = width - sum(each.cell_length for each in before)
    return column.width if column.is_right else max(1, min(column.width, left))
