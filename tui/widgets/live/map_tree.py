"""MapTreeView: a map's entries, folded: by the fields of their keys, down to what each CPU has."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.strip import Strip

from ...text.charset import is_ascii_terminal
from ...text.colors import tabbed
from ...text.fit import width_of
from ...text.format import grouped, rate
from .entry_look import EntryLook

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.style import Style

    from ....core.live.arrange import EntryTable
    from ....core.live.field import Field, Form
    from ....core.runtime import Entry
    from .map_columns import MapColumns
    from .map_table import MapTableView

__all__ = ["MapTreeView"]

_INDENT: Final = 2
_REMEMBERED: Final = 50_000
"""Texts of keys that are remembered: all are asked for at every sample."""


class _Row(NamedTuple):
    """What stands in a row; its words are made when it is drawn."""

    path: tuple[object, ...]
    """What tells it from others, whatever comes and goes: the texts of the key's fields, the key, a field, a CPU."""
    label: str
    entries: Sequence[Entry]
    """That it is of: one, but for a group."""
    is_open: bool | None
    """None where there is nothing to unfold."""
    depth: int
    field: Field | None = None
    cpu: int | None = None


class MapTreeView(EntryLook):
    """The entries of a map as a tree.

    Keys of several fields are folded field by field, with the sums of what counts; an entry unfolds to its fields, and
    a field of a per-CPU map to what each CPU has. The marks are those of the table.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "fold", "Fold", id="map-tree.fold", tooltip="Fold or unfold"),
        Binding("plus", "fold_all(False)", show=False, id="map-tree.unfold-all", tooltip="Unfold everything"),
        Binding("minus", "fold_all(True)", show=False, id="map-tree.fold-all", tooltip="Fold everything"),
        Binding("left,h", "close", show=False, id="map-tree.left", tooltip="Fold, or go to what it is in"),
        Binding("right,l", "open", show=False, id="map-tree.right", tooltip="Unfold, or go into it"),
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = {"map-tree--changed", "map-tree--set", "map-tree--new"}
    """
    | Class | Description |
    | :- | :- |
    | `map-tree--changed` | The mark of a value that the program changed. |
    | `map-tree--set` | The mark of a value that the user set. |
    | `map-tree--new` | The mark of a new entry. |
    """

    DEFAULT_CSS = """
    MapTreeView {
        & > .map-tree--changed { color: $changed; text-style: bold; }
        & > .map-tree--set { color: $set; text-style: bold; }
        & > .map-tree--new { color: $text-success; text-style: bold; }
    }
    """

    def __init__(self, of: MapTableView, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(of, id=id)
        self._rows: list[_Row] = []
        self._table: EntryTable | None = None
        self._flipped: set[tuple[object, ...]] = set()
        """The rows that are not as rows are by themselves: groups open, entries and fields folded."""
        self._form: Form | None = None
        self._all: bool | None = None
        """Whether all rows are open by themselves; None as above."""
        self._texts: dict[tuple[int, bytes], str] = {}
        self._wide = 0
        self._signs = ("+", "-") if is_ascii_terminal() else ("▸", "▾")

    # Rows

    def make(self, table: EntryTable, columns: MapColumns) -> None:
        """Make the rows; the cursor stays on its own."""
        before = self._table
        if before is None or before.fields is not table.fields:
            self.forget()
            self.restart()
        path = self._rows[self.cursor].path if self.cursor < len(self._rows) else None
        if self._form is not columns.form or len(self._texts) > _REMEMBERED:
            self._texts.clear()
        self._form, self._table = columns.form, table
        self._rows = list(self._grouped(table.entries, (), 0))
        self._wide = max((row.depth * _INDENT + width_of(row.label) for row in self._rows), default=0)
        if path is not None and not (self.cursor < len(self._rows) and self._rows[self.cursor].path == path):
            self._go_to(path)

    def forget(self) -> None:
        """Have no rows."""
        self._rows, self._table = [], None
        self._flipped.clear()
        self._texts.clear()
        self._all = None

    def _grouped(self, entries: Sequence[Entry], path: tuple[object, ...], level: int) -> Iterator[_Row]:
        """Yield the rows of entries whose keys are the same up to the field *level*."""
        assert self._table is not None
        keys = self._table.fields.keys
        if level >= len(keys) - 1:
            for entry in entries:
                yield from self._unfolded(entry, path, level)
            return
        groups: dict[str, list[Entry]] = {}
        for entry in entries:
            groups.setdefault(self._key_text(level, entry), []).append(entry)
        for text, found in groups.items():
            if len(found) == 1:
                yield from self._unfolded(found[0], path, level)
                continue
            own = (*path, text)
            is_open = self._is_open(own, by_itself=True)
            yield _Row(own, text, found, is_open, level)
            if is_open:
                yield from self._grouped(found, own, level + 1)

    def _unfolded(self, entry: Entry, path: tuple[object, ...], level: int) -> Iterator[_Row]:
        """Yield the rows of an entry, whose key is told from the field *level* on."""
        assert self._table is not None
        fields, depth = self._table.fields, len(path)
        own = (entry.key,)
        is_open = self._is_open(own, by_itself=False)
        label = "  ".join(self._key_text(number, entry) for number in range(level, len(fields.keys)))
        if entry.key in self._table.alike:
            label += f" ({entry.key.hex(' ')})"
        yield _Row(own, label, (entry,), is_open if fields.values else None, depth)
        if not is_open:
            return
        for field in fields.values:
            place = (entry.key, field.path)
            is_per_cpu = len(entry.values) > 1
            shows_cpus = is_per_cpu and self._is_open(place, by_itself=False)
            yield _Row(place, field.label, (entry,), shows_cpus if is_per_cpu else None, depth + 1, field)
            for cpu in range(len(entry.values)) if shows_cpus else ():
                yield _Row((*place, cpu), f"CPU {cpu}", (entry,), None, depth + 2, field, cpu)

    def _key_text(self, number: int, entry: Entry) -> str:
        assert self._table is not None
        text = self._texts.get((number, entry.key))
        if text is None:
            text = self._texts[number, entry.key] = self._table.fields.keys[number].text(entry, self.of.form)
        return text

    def _is_open(self, path: tuple[object, ...], *, by_itself: bool) -> bool:
        return (by_itself if self._all is None else self._all) != (path in self._flipped)

    def row_count(self) -> int:
        """Return the rows that are not folded away."""
        return len(self._rows)

    def row_text(self, index: int) -> str:
        """Return label, value and what is said besides, with a tab between them."""
        row = self._rows[index]
        return tabbed("  " * row.depth + row.label, *self._words(row))

    def place(self, index: int) -> tuple[Entry, Field | None] | None:
        """Return the entry that a row is of, and its field; None for a group."""
        row = self._rows[index]
        return (row.entries[0], row.field) if row.field is not None or self._is_entry(row) else None

    @staticmethod
    def _is_entry(row: _Row) -> bool:
        return row.path == (row.entries[0].key,)

    def _words(self, row: _Row) -> tuple[str, str]:
        """Return what stands behind the label: a value, or sums; and a rate, or how many entries there are."""
        assert self._table is not None
        table, form = self._table, self.of.form
        entry, field = row.entries[0], row.field
        if row.cpu is not None and field is not None:
            return field.text_of(entry.values[row.cpu], form), ""
        if field is not None:
            speed = table.rate(field, entry) if field.counts else None
            return field.text(entry, form), "" if speed is None else f"{rate(speed)}/s"
        values = table.fields.values
        if self._is_entry(row):
            return "  ".join(f"{each.label} {each.text(entry, form)}" for each in values), ""
        sums = [
            f"{each.label} {grouped(sum(each.counter.total(one) for one in row.entries))}"
            for each in values
            if each.counter is not None and each.counts
        ]
        return "  ".join(sums), f"{grouped(len(row.entries))} entries"

    # Drawing

    @property
    def header_height(self) -> int:
        """A line about what is not shown, where there is such."""
        return 1 if self.of.note else 0

    def draw_header(self, line: int, width: int) -> Strip:
        """Draw the note."""
        return Strip([Segment(f" {self.of.note}", self.ink("row-view--muted"))])

    def draw_row(self, index: int, width: int) -> Strip:
        """Draw a row."""
        row = self._rows[index]
        mark, style = self._mark(row)
        sign = " " if row.is_open is None else self._signs[row.is_open]
        indent = " " * (1 + row.depth * _INDENT)
        room = " " * (self._wide - row.depth * _INDENT - width_of(row.label))
        muted = self.ink("row-view--muted")
        text, besides = self._words(row)
        return Strip(
            [
                Segment(f"{indent}{sign} {row.label}{room}  "),
                Segment(f"{mark:1} ", style),
                Segment(text, None if row.field is not None else muted),
                Segment(f"  {besides}" if besides else "", muted),
            ]
        )

    def _mark(self, row: _Row) -> tuple[str, Style | None]:
        """Return the mark of a row: of an entry or a group that of any of its fields."""
        assert self._table is not None
        table, of = self._table, self.of
        fields = [row.field] if row.field is not None else table.fields.values
        places = [(entry, field) for entry in row.entries for field in fields]
        if row.field is None and any(table.before(entry) is None for entry in row.entries):
            return "+", self.ink("map-tree--new")
        if any(of.is_set(entry, field) for entry, field in places):
            return "*", self.ink("map-tree--set")
        if any(self._has_changed(entry, field, row.cpu) for entry, field in places):
            return "•", self.ink("map-tree--changed")
        return "", None

    def _has_changed(self, entry: Entry, field: Field, cpu: int | None) -> bool:
        """Whether the program changed a field since the reading before, or what one CPU has of it."""
        assert self._table is not None
        before = self._table.before(entry)
        if cpu is None or before is None:
            return self._table.changed(field, entry)
        one, other = (field.rank(each._replace(values=each.values[cpu : cpu + 1])) for each in (before, entry))
        return one != other

    # Folding

    def _go_to(self, path: tuple[object, ...]) -> None:
        """Bring the cursor to a row, which stays at its height on the screen."""
        found = next((index for index, row in enumerate(self._rows) if row.path == path), None)
        if found is None:
            return
        top = self.scroll_offset.y + found - self.cursor
        self._update_virtual_size()
        with self.prevent(self.Highlighted):
            self.scroll_to(y=max(0, top), animate=False, force=True)
            self.cursor = found

    def _set_open(self, row: _Row, *, is_open: bool) -> None:
        if row.is_open is not None and row.is_open is not is_open:
            self._flipped ^= {row.path}
            self.follow()

    def action_fold(self) -> None:
        """Fold or unfold the cursor's row; of one without parts, what it is in."""
        row = self._rows[self.cursor]
        if row.is_open is None:
            self.action_close()
        else:
            self._set_open(row, is_open=not row.is_open)

    def action_close(self) -> None:
        """Fold the cursor's row; where it is folded, go to the one that it is in."""
        row = self._rows[self.cursor]
        if row.is_open:
            self._set_open(row, is_open=False)
            return
        above = reversed(range(self.cursor))
        self.cursor = next((index for index in above if self._rows[index].depth < row.depth), self.cursor)

    def action_open(self) -> None:
        """Unfold the cursor's row; where it is unfolded, go to the first below it."""
        row = self._rows[self.cursor]
        if row.is_open:
            self.cursor += 1
        else:
            self._set_open(row, is_open=True)

    def action_fold_all(self, closed: bool) -> None:
        """Fold or unfold all rows; the cursor stays on its own, or goes to the one that it is in then."""
        if closed and self._rows:
            self.cursor = next(index for index in range(self.cursor, -1, -1) if self._rows[index].depth == 0)
        self._all = not closed
        self._flipped.clear()
        self.follow()

    def action_select(self) -> None:
        """Open the entry; fold or unfold a group."""
        if self.place(self.cursor) is None:
            self.action_fold()
        else:
            super().action_select()

    def why_not(self, action: str) -> str:
        """Return why nothing can be folded."""
        return "there is no entry here yet" if "fold" in action else super().why_not(action)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to fold where there are rows."""
        if action in ("fold", "fold_all", "close", "open", "select"):
            return self.row_count() > 0
        return super().check_action(action, parameters)
