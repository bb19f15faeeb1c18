"""EntriesView: the entries of one map: in rows, which are ordered, narrowed and edited; as a tree; as bars."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message

from ....core.analysis.counting import Counting
from ....core.errors import BpftuiError, UsageError
from ....core.live.condition import Condition, condition
from ....core.live.histogram import histogram_of
from ....core.live.rows import Rows
from ...operations import EditRequest
from ...text.format import age, grouped
from ...text.shown import plain
from ..lists.row_view import RowView, compile_pattern
from ..plain import Input, Static
from .cell_editor import LEAST, CellEditor
from .edited_cell import EditedCell
from .entry_look import EntryLook
from .map_columns import MapColumns
from .map_histogram import MapHistogramView
from .map_table import MapTableView
from .map_tree import MapTreeView

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Mapping

    from textual.app import ComposeResult

    from ....core.live import Sample
    from ....core.live.arrange import EntryTable, Ordering
    from ....core.live.counters import Valued
    from ....core.live.field import Field
    from ....core.live.stacks import Stacks
    from ....core.maps.journal import Edit
    from ....core.runtime import Entry, Map
    from ....core.spec import CollectionSpec, MapSpec
    from ...held import HeldObject, HeldObjects

__all__ = ["EntriesView"]

_AT_ONCE: Final = 500
"""Entries that are put in order right away, within some milliseconds; more are left to a thread."""
_REPORTED: Final = 0.2
"""Seconds between two reports of how far a look through a large map is."""


@dataclass(frozen=True, slots=True)
class _Arrangement:
    """How a map is looked at."""

    ordering: Ordering | None = None
    pattern: str = ""


class EntriesView(Vertical):
    """The rows of a map, other looks at them, the editor over one of them, and a line that says what it takes.

    Args:
        spec: Has the maps.
        drawn: Is called whenever there are other rows.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "next_view", "View", id="map.view", tooltip="As a table, as a tree, as a histogram"),
    ]

    DEFAULT_CSS = """
    EntriesView {
        height: 1fr;
        & > #entries-body { height: 1fr; layers: default edit; }
        & RowView { height: 1fr; }
        & > #entries-line { height: auto; max-height: 3; background: $footer-background; padding: 0 1; display: none; }
        & > #entries-line.-open { display: block; }
        & > #entries-line.-wrong { color: $text-error; }
    }
    """

    class EditWanted(Message):
        """A map is to be changed.

        Args:
            view: The sender.
            request: How.
        """

        def __init__(self, view: EntriesView, request: EditRequest) -> None:
            super().__init__()
            self.view = view
            self.request = request

    class EntryAsked(Message):
        """A new entry is to be added, whose key and value nobody has typed yet.

        Args:
            view: The sender.
            map: The map.
            rows: Its fields.
        """

        def __init__(self, view: EntriesView, map: Map, rows: Rows) -> None:  # noqa: A002
            super().__init__()
            self.view = view
            self.map = map
            self.rows = rows

    class EntryOpened(Message):
        """An entry is to be seen as a whole.

        Args:
            view: The sender.
            table: The table that it is in.
            entry: The entry.
        """

        def __init__(self, view: EntriesView, table: EntryTable, entry: Entry) -> None:
            super().__init__()
            self.view = view
            self.table = table
            self.entry = entry

    class _Arranged(Message, bubble=False):
        def __init__(self, rows: Rows, table: EntryTable, columns: MapColumns) -> None:
            super().__init__()
            self.rows = rows
            self.table = table
            self.columns = columns

    class _Failed(Message, bubble=False):
        def __init__(self, error: Exception) -> None:
            super().__init__()
            self.error = error

    class _Looking(Message, bubble=False):
        def __init__(self, count: int) -> None:
            super().__init__()
            self.count = count

    def __init__(self, spec: CollectionSpec, drawn: Callable[[EntryTable], None], *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.spec = spec
        self.map_name = ""
        self.asks: Callable[[str], bool] = lambda _name: False
        """Whether a change of a map is asked for first, for it is not the sandbox's alone."""
        self.held: HeldObjects | None = None
        """Knows what fields of entries stand for."""
        self._drawn = drawn
        self._live: Mapping[str, Map] = {}
        self._rows: dict[str, Rows] = {}
        self._arrangements: dict[str, _Arrangement] = {}
        self._current: Sample | None = None
        self._previous: Sample | None = None
        self._working = ""
        """The map whose rows a thread puts in order."""
        self._pending: bool | None = None
        """Whether rows are to be put in order once more when it has ended, and if so, whether anew."""
        self._is_by_itself = False
        """Whether bars are looked at because the map is a histogram, not because somebody wants them."""
        self._looking = False
        """Whether it looks through all entries of a large map."""
        self._report_at = 0.0
        self._edited: EditedCell | None = None
        self._wanted: bytes | None = None
        """The key of the entry that the cursor is to be brought to."""

    def compose(self) -> ComposeResult:
        """Compose the rows, the editor over them, and its line."""
        with Vertical(id="entries-body"):
            table = MapTableView(id="map-table")
            table.why_fixed = self._why_fixed
            table.held = self._held
            yield table
            for look in (MapTreeView(table, id="map-tree"), MapHistogramView(table, id="map-histogram")):
                look.display = False
                yield look
            yield CellEditor(id="entries-cell")
        yield Static(id="entries-line")

    @property
    def table(self) -> MapTableView:
        """The rows."""
        return self.query_one(MapTableView)

    @property
    def look(self) -> RowView:
        """What shows the entries now: the table, or another look at it."""
        looks = self.query("#entries-body > RowView").results(RowView)
        return next((each for each in looks if each.display), self.table)  # nothing is displayed that is being left

    def action_next_view(self) -> None:
        """Look at the entries in the next way."""
        views = list(self.query("#entries-body > RowView").results(RowView))
        self._is_by_itself = False
        self._show_view(views[(views.index(self.look) + 1) % len(views)])

    def why_not(self, action: str) -> str:
        """Return why there is no other view."""
        return "there is no entry here yet" if action == "next_view" else ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer another view of entries that there are, and the way back to the table."""
        if action == "next_view":
            return self.table.row_count() > 0 or self.look is not self.table
        return super().check_action(action, parameters)

    def _show_view(self, after: RowView) -> None:
        before = self.look
        if before is after:
            return
        had_focus = before.has_focus
        self._leave_editor()
        before.display, after.display = False, True
        self._follow()
        if had_focus:
            after.focus()

    def _follow(self) -> None:
        """Let another look show what the table has."""
        if isinstance(look := self.look, EntryLook):
            look.follow()

    @property
    def live(self) -> Mapping[str, Map]:
        """The maps as they exist; empty before the load."""
        return self._live

    @live.setter
    def live(self, maps: Mapping[str, Map]) -> None:
        self._live = maps
        self._rows.clear()
        self._current = self._previous = None
        self.table.edited.clear()
        self.table.offer.follow()

    def choose(self, name: str) -> None:
        """Show another map, which has no rows yet."""
        self.map_name = name
        self._leave_editor()
        self.table.clear()
        self.table.narrowed_by = self._arrangement.pattern
        found = self.spec.maps.get(name)
        self.table.is_array = found is not None and found.type.is_indexed
        self._look_by_itself(found)
        self._follow()

    def _look_by_itself(self, found: MapSpec | None) -> None:
        """Look at the slots of a histogram as such, and at what comes after it as a table again."""
        self.table.histogram = None if found is None else histogram_of(found)
        bars = self.query_one(MapHistogramView)
        if self.table.histogram is not None:
            self._is_by_itself |= self.look is not bars
            self._show_view(bars)
        elif self._is_by_itself and self.look is bars:
            self._is_by_itself = False
            self._show_view(self.table)

    def show(self, current: Sample, previous: Sample | None) -> None:
        """Show the rows of *current*, with rates since *previous*."""
        self._current, self._previous = current, previous
        self._arrange()

    def reveal(self, key: bytes) -> None:
        """Bring the cursor to an entry, as soon as it is among the rows; once."""
        self._wanted = key
        self._bring_wanted()

    def _bring_wanted(self) -> None:
        table = self.table.table
        if self._wanted is None or table is None or table.fields.name != self.map_name:
            return
        found = next((index for index, entry in enumerate(table.entries) if entry.key == self._wanted), None)
        self._wanted = None
        if found is not None:
            self.table.cursor = found
            self._show_view(self.table)

    def say(self, text: str) -> None:
        """Show no rows, but a sentence in their place."""
        self.table.clear()
        self.table.empty_text = text
        self._follow()

    def _held(self, field: Field, entry: Entry) -> HeldObject | None:
        return None if self.held is None else self.held.of(self.spec.maps[self.map_name], field, entry)

    def held_in(self, entry: Entry) -> Mapping[Field, HeldObject]:
        """Return what the fields of an entry stand for, those that stand for something."""
        table = self.table.table
        fields = (
            () if self.held is None or table is None else self.held.fields(self.spec.maps[self.map_name], table.fields)
        )
        found = {field: self._held(field, entry) for field in fields}
        return {field: held for field, held in found.items() if held is not None}

    @property
    def _stacks(self) -> Stacks | None:
        return None if self.held is None else self.held.stacks

    @property
    def _arrangement(self) -> _Arrangement:
        return self._arrangements.get(self.map_name, _Arrangement())

    def _rows_of(self, name: str) -> Rows:
        if name not in self._rows:
            counting = self.spec.derived(Counting)
            self._rows[name] = Rows(self.spec.maps[name], counting, self._live.get(name), self._report, self._stacks)
        return self._rows[name]

    def _report(self, count: int) -> None:
        """Tell how far a look through a large map is; in its thread."""
        if time.monotonic() >= self._report_at:
            self._report_at = time.monotonic() + _REPORTED
            self.post_message(self._Looking(count))

    def _arrange(self, *, again: bool = False) -> None:
        """Put the entries into rows: at once where they are few, else in a thread, one after the other."""
        sample, name = self._current, self.map_name
        if sample is None or name not in sample.maps:
            return
        if self._working:
            self._pending = again or bool(self._pending)
            return
        rows, snapshot = self._rows_of(name), sample.maps[name]
        stacks = self._stacks
        if stacks is not None:
            stacks.note(sample)
        # Names of functions are read from files.
        is_slow = stacks is not None and stacks.concerns(name)
        work = partial(self._take, rows, sample, self._previous, self._arrangement, self.table, self.held, again=again)
        if rows.is_known and len(snapshot.entries) <= _AT_ONCE and not (snapshot.partial or is_slow):
            self._draw(rows, *work())
        else:
            self._working = name
            work_on = partial(self._work, rows, work)
            # With a description, or Textual makes one of the work: of every entry that it is given.
            self.run_worker(work_on, thread=True, group="rows", exit_on_error=False, description=f"rows of {name}")

    @staticmethod
    def _take(
        rows: Rows,
        current: Sample,
        previous: Sample | None,
        asked: _Arrangement,
        view: MapTableView,
        held: HeldObjects | None,
        *,
        again: bool,
    ) -> tuple[EntryTable, MapColumns]:
        """Make the table, and measure its columns."""
        spec = rows.source
        if held is not None and held.stacks is not None:
            held.stacks.prepare(spec.name, current.maps[spec.name].entries)
        only = _only(asked.pattern, rows)
        pattern = None if isinstance(only, str) else only  # half of a condition narrows nothing
        table = rows.take(current, previous, ordering=asked.ordering, pattern=pattern, form=view.form, again=again)
        fields = () if held is None else held.fields(spec, rows.fields)
        called = {field: partial(_called, held, spec, field) for field in fields}
        return table, MapColumns(table, view.form, view.columns, called)

    def _work(self, rows: Rows, work: Callable[[], tuple[EntryTable, MapColumns]]) -> None:
        try:
            self.post_message(self._Arranged(rows, *work()))
        except Exception as error:
            self.post_message(self._Failed(error))

    def on_entries_view__arranged(self, message: _Arranged) -> None:
        """Show the rows that a thread has put in order, unless another map is shown by now."""
        self._worked()
        if message.rows is self._rows.get(self.map_name):
            self._draw(message.rows, message.table, message.columns)
        self._go_on()

    def on_entries_view__failed(self, message: _Failed) -> None:
        """Say why there are no rows: the map is gone, or the kernel said no."""
        self._worked()
        error = message.error
        self.say(error.message if isinstance(error, BpftuiError) else f"{type(error).__name__}: {error}")
        self._pending = None

    def _worked(self) -> None:
        self._working = ""
        if self._looking:
            self._looking = False
            self._tell("")

    def _go_on(self) -> None:
        """Do what was asked for meanwhile."""
        again, self._pending = self._pending, None
        if again is not None:
            self._arrange(again=again)

    def on_entries_view__looking(self, message: _Looking) -> None:
        """Say how far a look through a large map is."""
        if self._working and self._current is not None and self._working in self._current.maps:
            self._looking = True
            total = self._current.maps[self._working].count
            self._tell(f"looking through {grouped(message.count)} of {grouped(total)} entries · esc gives up")

    def _draw(self, rows: Rows, table: EntryTable, columns: MapColumns) -> None:
        view = self.table
        narrowed = self._arrangement.pattern
        view.empty_text = f"no row has {narrowed!r}: esc shows all" if narrowed and table.read else "no entries yet"
        only = _only(narrowed, rows)
        view.fault = only if isinstance(only, str) else ""
        if isinstance(only, Condition):
            view.empty_text = f"no row with {narrowed}: esc shows all"
        view.show(table, columns, self._note(table, rows, is_condition=isinstance(only, Condition)))
        self._follow()
        self._bring_wanted()
        self._drawn(table)
        self._place_editor()

    def _note(self, table: EntryTable, rows: Rows, *, is_condition: bool) -> str:
        """Return what is to be said about the rows that are not there; nothing where all are."""
        asked = self._arrangement
        total = f"{'' if table.is_counted else '≥ '}{grouped(table.total)}"
        looked = "" if table.age is None or table.age < 1 else f", {age(table.age)} ago"
        if self.table.fault:
            return f"{self.table.fault} · esc shows all"
        if asked.pattern:
            matching, read = table.matching or 0, grouped(table.read)
            of = read if table.age is not None or not table.is_partial else f"the first {read}"
            shown = f", the first {grouped(len(table.entries))} shown" if len(table.entries) < matching else ""
            have = f"{'has' if matching == 1 else 'have'} {asked.pattern!r}"
            what = f"with {asked.pattern}" if is_condition else have
            return f"{grouped(matching)} of {of} {what}{looked}{shown} · esc shows all"
        if table.age is not None and table.ordering is not None:
            by = table.ordering.field.label + ("/s" if table.ordering.by_rate else "")
            return f"the first {grouped(len(table.entries))} of {total} by {by}{looked or ', just now'}"
        if table.is_partial and table.ordering is not None and table.ordering.by_rate:
            first = f"the first {grouped(table.read)} of {total}"
            return f"{first}: {rows.unranked}" if rows.unranked else f"{first}; all by their rate at the next reading"
        if table.is_partial:
            return f"partial: the first {grouped(table.read)} of {total}; / and o look through all"
        return ""

    # Order, narrowing, form

    @on(MapTableView.OrderAsked)
    def order(self, event: MapTableView.OrderAsked) -> None:
        """Order the rows."""
        self._arrangements[self.map_name] = replace(self._arrangement, ordering=event.ordering)
        self._arrange(again=True)

    @on(MapTableView.Narrowed)
    def narrow(self, event: MapTableView.Narrowed) -> None:
        """Show only the rows that have something; while it is typed, the last of it counts."""
        self._arrangements[self.map_name] = replace(self._arrangement, pattern=event.pattern)
        if self._looking:
            self._rows_of(self._working).give_up()
        self._arrange()

    @on(MapTableView.FormAsked)
    def write_anew(self) -> None:
        """Write the values in another form."""
        self._arrange()

    def give_up(self) -> bool:
        """End a look through a large map; return whether there was one."""
        if not self._looking:
            return False
        self._rows_of(self._working).give_up()
        self._arrangements[self._working] = _Arrangement()
        self.table.narrowed_by = ""
        return True

    # Editing

    def _why_fixed(self, action: str) -> str:
        """Return why the map does not take an edit, an addition or a deletion, as a sentence; empty where it does."""
        live = self._live.get(self.map_name)
        if live is None:
            return "its entries are there after the load: L"
        if live.fixed:
            return f"{self.map_name} cannot be changed: {live.fixed}"
        if not live.type.is_array:
            return ""
        match action:
            case "add":
                return f"{self.map_name} is an array: its {grouped(live.max_entries)} entries are there always"
            case "delete":
                return f"{self.map_name} is an array: its entries can be set to 0, but not deleted"
            case _:
                return ""

    @on(MapTableView.EditAsked)
    def edit(self) -> None:
        """Put the editor over the chosen cell."""
        view = self.table
        column = view.chosen
        if column is None or not view.row_count():
            return
        entry = view.row(view.cursor)
        self._show_view(view)
        self._edited = edited = EditedCell(column.field, entry, view.form)
        self.query_one(CellEditor).open(edited.text, edited.choices)
        self._place_editor()
        self.call_after_refresh(self._place_editor)  # the table may just be coming into sight

    def _place_editor(self) -> None:
        """Keep the editor over its cell."""
        editor, view = self.query_one(CellEditor), self.table
        cell = view.cell_region(LEAST)
        if editor.is_open and cell is not None:
            editor.place(cell, view.size.width)

    def on_resize(self) -> None:
        """Keep the editor over its cell."""
        self.call_after_refresh(self._place_editor)

    @on(Input.Changed, "#entries-cell")
    def check(self, event: Input.Changed) -> None:
        """Say what is taken, and what is wrong with what was typed."""
        event.stop()
        edited = self._edited
        if edited is None:
            return
        problem = edited.problem(event.value)
        event.input.set_class(bool(problem), "-wrong")
        asks = "asks, then writes · " if self.asks(self.map_name) else ""
        text = f"✗ {problem}" if problem else f"{edited.hint} · {asks}⏎ sets · esc leaves"
        self._tell(text, wrong=bool(problem))

    @on(Input.Submitted, "#entries-cell")
    def set_value(self, event: Input.Submitted) -> None:
        """Set what was typed, where it fits."""
        event.stop()
        edited = self._edited
        if edited is None or edited.problem(event.value):
            return
        field, entry, values = edited.field, edited.entry, edited.values(event.value)
        name = self.map_name
        self._leave_editor()
        if values == entry.values:
            return
        text = f"{name}[{self._key_text(entry)}]{field.path} = {event.value}"
        self.post_message(self.EditWanted(self, EditRequest("set", name, entry.key, values, field.windows, text)))

    @on(CellEditor.Left)
    def leave(self) -> None:
        """Leave the value as it is."""
        self._leave_editor()

    def _leave_editor(self) -> None:
        editor = self.query_one(CellEditor)
        if not editor.is_open:
            return
        had_focus = editor.has_focus
        editor.close()
        self._edited = None
        self._tell("")
        if had_focus:
            self.look.focus()

    def _tell(self, text: str, *, wrong: bool = False) -> None:
        line = self.query_one("#entries-line", Static)
        line.update(plain(text))
        line.set_class(bool(text), "-open")
        line.set_class(wrong, "-wrong")

    def _key_text(self, entry: Entry) -> str:
        return self._rows_of(self.map_name).fields.key_text(entry)

    @on(MapTableView.AddAsked)
    def add(self) -> None:
        """Ask for a new entry."""
        live = self._live[self.map_name]
        self.post_message(self.EntryAsked(self, live, self._rows_of(self.map_name)))

    @on(MapTableView.DeleteAsked)
    def delete(self) -> None:
        """Delete the cursor's entry."""
        entry = self.table.row(self.table.cursor)
        text = f"delete {self.map_name}[{self._key_text(entry)}]"
        self.post_message(self.EditWanted(self, EditRequest("delete", self.map_name, entry.key, text=text)))

    @on(MapTableView.UndoAsked)
    def undo(self, event: MapTableView.UndoAsked) -> None:
        """Take the last edit back, or make it again."""
        self.post_message(self.EditWanted(self, EditRequest("redo" if event.is_redo else "undo", self.map_name)))

    @on(MapTableView.EntryOpened)
    def open_entry(self) -> None:
        """Show an entry as a whole."""
        view = self.table
        if view.table is not None:
            self.post_message(self.EntryOpened(self, view.table, view.row(view.cursor)))

    def changed(self, edit: Edit, now: Entry | None) -> None:
        """Show what an edit made of an entry, without waiting for the next sample."""
        name = edit.map.name
        view, sample = self.table, self._current
        for field in self._rows_of(name).fields.values:
            view.edited.pop((edit.key, field), None)
            if now is not None and not set(edit.windows).isdisjoint(field.windows):
                view.edited[edit.key, field] = field.rank(now)
        if sample is None or name not in sample.maps:
            return
        snapshot = sample.maps[name]
        entries = {entry.key: entry for entry in snapshot.entries}
        if now is None:
            entries.pop(edit.key, None)
        else:
            entries[edit.key] = now
        found = replace(snapshot, entries=tuple(entries.values()))
        self._current = replace(sample, maps={**sample.maps, name: found})
        if name == self.map_name:
            self._arrange()


def _called(held: HeldObjects | None, spec: Valued, field: Field, entry: Entry) -> str:
    """Return what that is called which a field of an entry stands for; empty where nobody knows."""
    found = None if held is None else held.of(spec, field, entry)
    return "" if found is None else found.name


def _only(typed: str, rows: Rows) -> re.Pattern[str] | Condition | str | None:
    """Return what narrows the rows: a condition, or else a pattern; None for all of them.

    Of what means nothing yet, why, as a clause.
    """
    if not typed:
        return None
    try:
        return condition(typed, rows.fields.all) or compile_pattern(typed)
    except UsageError as error:
        return error.message
