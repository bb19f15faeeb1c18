"""SystemTable: rows of what the machine runs, live: ordered, narrowed, and never moved but when they are ordered."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from ...text.charset import is_ascii_terminal
from ...text.colors import tabbed
from ...text.fit import end_of, fitted, width_of
from ..lists.row_view import RowView, compile_pattern
from ..live.chart import marker
from .column import place_columns, wanted_widths, widened
from .rows import Rows, found_by
from .watched import MOST_WATCHED, Watched

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence

    from ....core.system.history import Seen
    from ...targets import Target
    from .column import Cell, Column, Places
    from .noun import Noun

__all__ = ["SystemTable"]

_SLICE: Final = 0.01
"""Seconds for which texts are got before the screen has its turn."""
_OF_ROWS: Final = frozenset({"search", "order", "watch", "mark", "copy_all"})
"""What there is nothing to be done with where there are no rows."""
_ROLES: Final[Mapping[str, str]] = {
    "link": "system-table--link",
    "warning": "system-table--warning",
    "muted": "row-view--muted",
}


class _Variant(NamedTuple):
    """All that a row shows."""

    sign: tuple[str, str]
    cells: tuple[Cell, ...]
    column: int | None
    """The chosen one, where the cursor is on the row."""


class SystemTable(RowView):
    """One row a thing, with totals above them that stay in sight.

    `•` marks what moved since the look before, `+` what has come, `✗` what has gone. Left and right choose a column,
    which orders the rows. What has come is added at the end: rows move only when they are ordered, and the cursor
    stays on its thing.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Open", id="system.open", tooltip="Open it as an object"),
        Binding("slash", "search", "Filter", key_display="/", id="system.filter", tooltip="Only rows with this text"),
        Binding("o", "order", "Order", id="system.order", tooltip="Order by this column; again: reverse"),
        Binding(
            "w",
            "watch",
            "Watch",
            id="system.watch",
            tooltip="Put this column's number into the chart, of the marked rows or of this one; again: out",
        ),
        Binding("space", "mark", "Mark", show=False, id="system.mark", tooltip="Mark the row: for totals, w and Y"),
        Binding("left,h", "side(-1)", "Column", show=False, id="system.left", tooltip="The column to the left"),
        Binding("right,l", "side(1)", "Column", show=False, id="system.right", tooltip="The column to the right"),
        Binding("Y", "copy_all", "Copy all", show=False, id="system.copy-all", tooltip="Copy all rows, or the marked"),
        Binding("escape", "leave", "Widen", show=False, id="system.widen", tooltip="Show all rows again, mark none"),
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "system-table--changed",
        "system-table--new",
        "system-table--gone",
        "system-table--link",
        "system-table--warning",
        "system-table--chosen",
        "system-table--marked",
        *(f"system-table--series-{number}" for number in range(1, MOST_WATCHED + 1)),
    }
    """
    | Class | Description |
    | :- | :- |
    | `system-table--changed` | The mark of what moved. |
    | `system-table--new` | The mark of what has come. |
    | `system-table--gone` | The mark of what has gone. |
    | `system-table--link` | What can be followed. |
    | `system-table--warning` | What is not as it should be. |
    | `system-table--chosen` | The title of the chosen column. |
    | `system-table--marked` | The mark of a row that the user marked. |
    | `system-table--series-1` … `-6` | The mark of a row of which a number is drawn: that of its line. |
    """

    DEFAULT_CSS = """
    SystemTable {
        height: 1fr;
        & > .system-table--changed { color: $changed; text-style: bold; }
        & > .system-table--new { color: $text-success; text-style: bold; }
        & > .system-table--gone { color: $text-error; text-style: bold; }
        & > .system-table--link { color: $link; }
        & > .system-table--warning { color: $text-warning; }
        & > .system-table--chosen { text-style: bold underline; }
        & > .system-table--marked { color: $set; text-style: bold; }
        & > .system-table--series-1 { color: $series-1; text-style: bold; }
        & > .system-table--series-2 { color: $series-2; text-style: bold; }
        & > .system-table--series-3 { color: $series-3; text-style: bold; }
        & > .system-table--series-4 { color: $series-4; text-style: bold; }
        & > .system-table--series-5 { color: $series-5; text-style: bold; }
        & > .system-table--series-6 { color: $series-6; text-style: bold; }
    }
    """

    column: reactive[int] = reactive(0)
    """The number of the chosen column."""

    class Rearranged(Message):
        """Which rows or columns are shown has changed."""

    class Watching(Message):
        """Other numbers are watched."""

    def __init__(self, noun: Noun[Any]) -> None:
        """Initialise a table of which nothing is known yet."""
        super().__init__(id=f"{noun.name}-table")
        self.noun = noun
        self.rows = Rows(noun)
        """What stands in it."""
        self.watched = Watched(noun.columns)
        """What is drawn over time."""
        self._asked_order = self._was_counted = False
        self._was_led = False
        """Whether somebody brought the cursor to a thing, which may be the first: it stays there from then on."""
        self._wanted: dict[str, int] = {}
        self._places: tuple[int, int, Places] | None = None
        self._shown: dict[int, _Variant] = {}
        """What the rows in sight showed at the last look."""
        self._totals: Mapping[str, str] = {}
        """What stands above each column."""
        self._is_ascii = is_ascii_terminal()
        self.set_reactive(SystemTable.column, noun.ordered_by)
        self.empty_text = "reading what runs here …"

    # What is shown

    @property
    def seen(self) -> Seen | None:
        """What is shown."""
        return self.rows.seen

    @property
    def narrowed_by(self) -> str:
        """What rows are narrowed by."""
        return self.rows.narrowed_by

    def show(self, seen: Seen) -> None:
        """Show what was seen; rows stay where they are, and the cursor on its thing."""
        before = self.seen
        is_first, counted_first = before is None, self._counts_first(seen)
        changed = before is None or seen.snapshot is not before.snapshot
        had_rows = bool(self.rows.things)
        is_other = self.rows.take(seen)
        self.watched.add(seen, self.rows.things)
        if is_other:
            self._want(wanted_widths(self.noun.columns, seen, list(self.rows.things.values()), self._wanted))
        if is_first or (counted_first and not self._asked_order):
            self.rows.sort()
            is_other = True
        self._say_why_empty()
        if bool(self.rows.things) != had_rows:
            self.refresh_bindings()
        if is_other or counted_first or (changed and self.narrowed_by):
            self._arrange(keep_place=self._was_led or not (is_first or (counted_first and self.cursor == 0)))
        else:
            self._add_up()
            self._refresh_changed()

    def _want(self, wanted: dict[str, int]) -> None:
        """Let columns be as wide as that."""
        if wanted != self._wanted:
            self._wanted = wanted
            self._widen()

    def _in_sight(self) -> range:
        """The numbers of the rows in sight."""
        top = self.scroll_offset.y
        return range(top, min(top + self.page_height, len(self.rows.keys)))

    def _refresh_changed(self) -> None:
        """Draw the rows in sight that show something else now: most programs of a large machine do nothing."""
        for index in self._look_over():
            self.refresh_line(index + self.header_height)

    def _look_over(self) -> list[int]:
        """Return the rows in sight that show something else than the last time.

        Columns get as wide as these want them: of thousands of rows only some were measured.
        """
        shown = {index: self.row_variant(index) for index in self._in_sight()}
        others = [index for index, variant in shown.items() if self._shown.get(index) != variant]
        self._want(widened(self.noun.columns, (shown[index].cells for index in others), self._wanted))
        self._shown = shown
        return others

    def begin(self, order: str, only: str) -> None:
        """Begin with other rows than usual.

        Args:
            order: The title of the column that they are ordered by; empty for the usual one.
            only: A pattern of names, as a shell has it; empty for all.
        """
        number = next((at for at, each in enumerate(self.noun.columns) if each.title == order), self.noun.ordered_by)
        self.rows.by = number, self.noun.columns[number].is_number
        self.set_reactive(SystemTable.column, number)
        self.rows.narrowed_by = found_by(only) if only else ""

    def _counts_first(self, seen: Seen) -> bool:
        """Whether there are rates for the first time: before, there was nothing to order by."""
        first = bool(seen.look.loads) and not self._was_counted
        self._was_counted |= first
        return first

    def _arrange(self, *, keep_place: bool) -> None:
        """Show the rows that match, in their order."""
        here = self.key if keep_place else None
        height = self.cursor - self.scroll_offset.y
        self.rows.select()
        at = self.rows.index.get(here) if here is not None else None
        if at is not None and at != self.cursor:
            self._update_virtual_size()
            with self.prevent(self.Highlighted):
                self.cursor = at
            self.scroll_to(y=max(0, at - height), animate=False, force=True)
        elif not keep_place:
            self.cursor = 0
            self.scroll_to(y=0, animate=False, force=True)
        self._add_up()
        self._look_over()
        self.refresh_rows()
        self.post_message(self.Rearranged())
        self.post_message(self.Highlighted(self, self.cursor))

    def _say_why_empty(self) -> None:
        """Say what an empty table says: that nothing matches, or that there is nothing."""
        hidden = self.narrowed_by and self.rows.things
        self.empty_text = f"no {self.noun.plural} have that: esc shows all" if hidden else self.noun.empty

    def _add_up(self) -> None:
        """Add up what is shown, once for however many times it is drawn."""
        seen, add_up = self.seen, self.noun.totals
        if seen is None or add_up is None:
            return
        rows = [self.rows.things[key] for key in self.rows.meant if not self.rows.is_gone(key)]
        totals = add_up(seen, rows)
        if self.rows.marked:
            totals = {**totals, "name": f"marked {len(rows):,}"}
        if totals != self._totals:
            self._totals = totals
            self.refresh(Region(0, 0, self.size.width, self.header_height))

    @property
    def key(self) -> Hashable | None:
        """The key of the thing under the cursor."""
        keys = self.rows.keys
        return keys[self.cursor] if self.cursor < len(keys) else None

    @property
    def thing(self) -> Any:
        """The thing under the cursor; None where there is none."""
        key = self.key
        return None if key is None else self.rows.things.get(key)

    def go_to(self, key: Hashable) -> bool:
        """Bring the cursor to a thing, which may be narrowed out of sight; return whether there is such."""
        if key in self.rows.things and key not in self.rows.index:
            self.narrow("")
        at = self.rows.index.get(key)
        if at is not None:
            self._was_led = True
            self.cursor = at
            self.scroll_to_cursor()
        return at is not None

    def spot(self) -> Hashable | None:
        """Return the thing under the cursor."""
        return self.key

    def return_to(self, spot: Hashable | None) -> None:
        """Bring the cursor back to it, where it is still there."""
        if spot is not None:
            self.go_to(spot)

    # Rows

    def row_count(self) -> int:
        """Return how many rows there are."""
        return len(self.rows.keys)

    def cells(self, index: int) -> list[Cell]:
        """Return what stands in all columns of a row, those without room among them."""
        seen, thing = self.seen, self.rows.things[self.rows.keys[index]]
        assert seen is not None
        return [column.cell(seen, thing) for column in self.noun.columns]

    def row_text(self, index: int) -> str:
        """Return the cells of a row, with a tab between them: what a spreadsheet takes."""
        return tabbed(*(cell.text for cell in self.cells(index)))

    def row_targets(self, index: int) -> Sequence[Target]:
        """Return what the cells of a row name."""
        return [cell.thing for cell in self.cells(index) if cell.thing is not None]

    def row_variant(self, index: int) -> _Variant:
        """Return all that a row shows: one that shows the same is not drawn again."""
        key = self.rows.keys[index]
        return _Variant(self._sign_of(key), tuple(self.cells(index)), self.column if index == self.cursor else None)

    def _sign_of(self, key: Hashable) -> tuple[str, str]:
        """Return what stands before a row, and the class of its ink: what became of it, that it is drawn, or marked."""
        if self.rows.is_gone(key):
            return "✗", "system-table--gone"
        if self.rows.has_come(key):
            return "+", "system-table--new"
        if (slot := self.watched.slot_of(key)) is not None:
            return marker(slot, ascii=self._is_ascii), f"system-table--series-{slot + 1}"
        return ("#" if self._is_ascii else "*", "system-table--marked") if key in self.rows.marked else (" ", "")

    @property
    def header_height(self) -> int:
        """The titles, and the totals."""
        return 1 + (self.noun.totals is not None)

    def places(self) -> Places:
        """Return which columns have room."""
        width = self.scrollable_content_region.width - 2
        if self._places is None or self._places[:2] != (width, self.column):
            columns = self.noun.columns
            wanted = [self._wanted.get(each.title, width_of(each.title) + 1) for each in columns]
            self._places = width, self.column, place_columns(columns, wanted, width, self.column)
        return self._places[2]

    def draw_header(self, line: int, width: int) -> Strip:
        """Draw the titles of the columns, or the totals."""
        if line:
            return self._draw_totals()
        segments = [Segment(" ")]
        down, up = ("v", "^") if self._is_ascii else ("▾", "▴")
        for place, (number, cells) in enumerate(self.places().shown):
            column = self.noun.columns[number]
            title = column.title
            if number == self.rows.by[0]:
                title += down if self.rows.by[1] == column.is_number else up
            title = fitted(title, cells).rstrip()
            room = " " * (cells - width_of(title))
            before, after = (room, "") if column.is_number else ("", room)
            if place:
                segments.append(Segment(" " * column.gap))
            chosen = self.ink("system-table--chosen") if number == self.column else None
            segments += [Segment(before), Segment(title, chosen), Segment(after)]
        return Strip(segments)

    def _draw_totals(self) -> Strip:
        if not self._totals:
            return Strip([])
        segments = [Segment(" ")]
        for place, (number, cells) in enumerate(self.places().shown):
            column = self.noun.columns[number]
            text = self._totals.get(column.title, "")
            text = fitted(text, max(cells, width_of(text)) if column.is_number else cells).rstrip()
            room = " " * (cells - width_of(text))
            gap = " " * column.gap if place else ""
            segments.append(Segment(gap + (room + text if column.is_number else text + room)))
        return Strip(segments).apply_style(Style(bold=False))

    def draw_row(self, index: int, width: int) -> Strip:
        """Draw a row."""
        key = self.rows.keys[index]
        is_gone = self.rows.is_gone(key)
        cells = self.cells(index)
        sign, ink = self._sign_of(key)
        segments = [Segment(sign, self.ink(ink) if ink else None)]
        target = -1
        numbers: dict[int, int] = {}
        for number, cell in enumerate(cells):
            if cell.thing is not None:
                target += 1
                numbers[number] = target
        for place, (number, room) in enumerate(self.places().shown):
            cell, column = cells[number], self.noun.columns[number]
            if place:
                moved = "*" if self._is_ascii else "•"
                segments.append(Segment(" " * (column.gap - 1)))
                segments.append(Segment(moved, self.ink("system-table--changed")) if cell.moved else Segment(" "))
            segments += self._draw_cell(cell, column, room, numbers.get(number), is_gone=is_gone)
        return Strip(segments)

    def _draw_cell(
        self, cell: Cell, column: Column[Any], room: int, target: int | None, *, is_gone: bool
    ) -> list[Segment]:
        text = cell.text
        if width_of(text) > room:
            if column.is_number:  # no digit is cut: the column gets wider
                self._wanted[column.title] = width_of(text)
                self.call_later(self._widen)
            elif cell.short:
                text = cell.short
        text = end_of(text, room) if column.keeps_end else fitted(text, room).rstrip()
        blank = Segment(" " * (room - width_of(text)))
        role = _ROLES.get("muted" if is_gone else cell.role)
        style = self.ink(role) if role else Style()
        if target is not None:
            style += Style(meta={"target": target})
        shown = Segment(text, style)
        return [blank, shown] if column.is_number else [shown, blank]

    def _widen(self) -> None:
        self._places = None
        self.refresh_rows()

    # Behaviour

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Let columns be as wide as the rows want them that come in sight, before these are drawn."""
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self._look_over()

    def on_resize(self) -> None:
        """Show the columns that have room now. Textual calls the base class's handler by itself."""
        self._places = None
        self.forget_strips()
        self.post_message(self.Rearranged())

    def validate_column(self, column: int) -> int:
        """Keep the column within those that there are."""
        return max(0, min(column, len(self.noun.columns) - 1))

    def watch_column(self) -> None:
        """Show the chosen column, for which others may have to make room."""
        self._places = None
        self.refresh_rows()
        self.refresh_bindings()
        self.post_message(self.Rearranged())

    def narrow(self, pattern: str) -> None:
        """Show only the rows that have what a user typed; all where that is nothing."""
        if pattern != self.narrowed_by:
            self.rows.narrowed_by = pattern
            self.pattern = compile_pattern(pattern) if pattern else None
            self._arrange(keep_place=True)
            self._say_why_empty()
            self.refresh_bindings()

    def search(self, pattern: object) -> bool:
        """Narrow the rows: what does not match is not shown."""
        self.narrow(str(pattern))
        return True

    @property
    def totals(self) -> tuple[int, int]:
        """How many rows are shown, and how many there are."""
        return len(self.rows.keys), len(self.rows.things)

    # Actions

    def action_search(self) -> None:
        """Ask what rows are narrowed by; what they are searched in is got meanwhile, a slice at a time."""
        super().action_search()
        self._read_ahead(iter(self.rows.all))

    def _read_ahead(self, keys: Iterator[Hashable]) -> None:
        stop = time.perf_counter() + _SLICE
        for key in keys:
            self.rows.text(key)
            if time.perf_counter() > stop:
                self.set_timer(0.001, lambda: self._read_ahead(keys))
                return

    def action_side(self, direction: int) -> None:
        """Choose the column to the left or right."""
        self.column += direction

    def action_order(self) -> None:
        """Order by the chosen column, the largest numbers first; once more the other way round."""
        number, reverse = self.rows.by
        column = self.noun.columns[self.column]
        self.rows.by = self.column, not reverse if number == self.column else column.is_number
        self._asked_order = True
        self.rows.sort()
        self._arrange(keep_place=False)  # who orders wants to see what comes first

    def action_leave(self) -> None:
        """Show all rows again; where they are shown, mark none."""
        if self.narrowed_by:
            self.narrow("")
        else:
            self.rows.marked.clear()
            self._add_up()
            self._refresh_changed()
            self.refresh_bindings()

    def action_mark(self) -> None:
        """Mark the row, or mark it no more, and go on to the next one."""
        key = self.key
        if key is None:
            return
        self.rows.marked ^= {key}
        self._add_up()
        self.refresh_line(self.cursor + self.header_height)
        self.refresh_bindings()
        self.cursor += 1

    def action_watch(self) -> None:
        """Put the chosen column's number of the marked rows, or of this one, into the chart, or take it out."""
        seen, key = self.seen, self.key
        if seen is None or key is None:
            return
        keys = self.rows.meant if self.rows.marked else [key]
        named = {each: self.noun.title(self.rows.things[each]) for each in keys}
        if not self.watched.toggle(named, self.column):
            self.notify(
                f"{MOST_WATCHED} numbers have room in the chart: w takes one out", severity="warning", timeout=4
            )
            return
        self.watched.add(seen, self.rows.things)
        self._refresh_changed()
        self.post_message(self.Watching())

    @property
    def has_titles(self) -> bool:
        """Whether there are columns."""
        return True

    def all_rows(self) -> Callable[[], Sequence[str]]:
        """Return what gives the titles and all rows that are shown, or those of them that are marked."""
        seen, columns, things = self.seen, self.noun.columns, self.rows.things
        if seen is None:
            return list
        meant = [thing for key in self.rows.meant if (thing := things.get(key)) is not None]
        return lambda: [
            tabbed(*(each.title for each in columns)),
            *(tabbed(*(each.cell(seen, thing).text for each in columns)) for thing in meant),
        ]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave escape to the screen where there is nothing to be widened."""
        if action == "leave":
            return bool(self.narrowed_by or self.rows.marked)
        if action in _OF_ROWS and not self.rows.things:
            return False
        if action == "watch":
            return self.noun.columns[self.column].drawn is not None
        return super().check_action(action, parameters)

    def why_not(self, action: str) -> str:
        """Return why an action does not apply."""
        if action in _OF_ROWS and not self.rows.things:
            return self.empty_text
        if action == "watch":
            return "this column has no number to draw: ← → choose one"
        return super().why_not(action)
