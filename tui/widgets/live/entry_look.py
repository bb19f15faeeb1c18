"""EntryLook: what another look at the entries of a map has in common with the table, which does all that is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from ..lists.row_view import RowView
from .map_table import CHANGING

if TYPE_CHECKING:
    from ....core.live.arrange import EntryTable
    from ....core.live.field import Field
    from ....core.runtime import Entry
    from .map_columns import MapColumns
    from .map_table import MapTableView

__all__ = ["EntryLook"]


class EntryLook(RowView):
    """Rows made of the table's: in its order, and only what it is narrowed to.

    A subclass gives `make`, and `place` where rows are of entries.

    Args:
        of: The table.
        id: Textual's own.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Open", id="look.open", tooltip="Open the entry, or go to what it holds"),
        Binding("w", "watch", "Watch", show=False, id="look.watch", tooltip="Draw this number over time"),
        Binding("e", "edit", "Edit", show=False, id="look.edit", tooltip="Edit this value in the table"),
        Binding("a", "add", "Add", show=False, id="look.add", tooltip="Add an entry"),
        Binding("delete", "delete", "Delete", show=False, id="look.delete", tooltip="Delete this entry"),
        Binding("U", "undo", "Undo", show=False, id="look.undo", tooltip="Take the last edit of an entry back"),
        Binding("ctrl+y", "redo", "Redo", show=False, id="look.redo", tooltip="Make it again"),
        Binding(
            "slash", "search", "Filter", key_display="/", id="look.filter", tooltip="Rows that have …, or packets > 100"
        ),
        Binding("x", "cycle_format", "Format", show=False, id="look.format", tooltip="Typed, hexadecimal, decimal"),
        Binding("escape", "leave", "Widen", show=False, id="look.widen", tooltip="Show all rows again"),
    ]

    def __init__(self, of: MapTableView, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self.of = of

    def make(self, table: EntryTable, columns: MapColumns) -> None:
        """Make the rows."""
        raise NotImplementedError

    def place(self, index: int) -> tuple[Entry, Field | None] | None:
        """Return the entry that a row is of, and the field where it is of one; None for a row of several entries."""
        raise NotImplementedError

    def follow(self) -> None:
        """Show what the table has by now."""
        self.empty_text = self.of.empty_text
        if self.of.table is not None and self.of.columns is not None:
            self.make(self.of.table, self.of.columns)
        else:
            self.forget()
        self.refresh_rows()

    def forget(self) -> None:
        """Have no rows."""
        raise NotImplementedError

    # What is done with entries, the table does.

    @property
    def narrowed_by(self) -> str:
        """What entries are narrowed by."""
        return self.of.narrowed_by

    @property
    def fault(self) -> str:
        """Why what was typed narrows nothing yet."""
        return self.of.fault

    @property
    def totals(self) -> tuple[int, int]:
        """How many entries match, and how many were looked through."""
        return self.of.totals

    def narrow(self, pattern: str) -> None:
        """Show only the entries that have what a user typed; all where that is nothing."""
        self.of.narrow(pattern)
        self.refresh_bindings()

    def search(self, pattern: object) -> bool:
        """Narrow the rows: what does not match is not shown."""
        self.narrow(str(pattern))
        return True

    def _choose(self) -> bool:
        """Choose in the table what the cursor is on; return whether that is an entry."""
        found = self.place(self.cursor) if self.row_count() else None
        table, columns = self.of.table, self.of.columns
        if found is None or table is None or columns is None:
            return False
        entry, field = found
        index = next((index for index, each in enumerate(table.entries) if each.key == entry.key), None)
        if index is None:
            return False
        self.of.cursor = index
        if field is not None:
            self.of.column = next(number for number, each in enumerate(columns.all) if each.field == field)
        return True

    def action_select(self) -> None:
        """Open the entry."""
        if self._choose():
            self.of.action_select()

    def action_watch(self) -> None:
        """Ask for the graph of a number."""
        if self._choose():
            self.of.action_watch()

    def action_edit(self) -> None:
        """Ask for another value."""
        if self._choose():
            self.of.action_edit()

    def action_add(self) -> None:
        """Ask for a new entry."""
        self.of.action_add()

    def action_delete(self) -> None:
        """Ask for the end of the entry."""
        if self._choose():
            self.of.action_delete()

    def action_undo(self) -> None:
        """Ask for what was before the last edit."""
        self.of.action_undo()

    def action_redo(self) -> None:
        """Ask for the last edit again."""
        self.of.action_redo()

    def action_cycle_format(self) -> None:
        """Go on to the next way to write values."""
        self.of.action_cycle_format()

    def action_leave(self) -> None:
        """Show all entries again."""
        self.narrow("")

    def why_not(self, action: str) -> str:
        """Return why the row does not take an action."""
        if action in CHANGING and (fixed := self.of.why_fixed(action)):
            return fixed
        match action:
            case "edit" | "delete":
                return "this row is of several entries" if self.row_count() else "there is no entry here"
            case "watch":
                return "this row is no number that can be drawn over time"
            case "search" | "cycle_format":
                return "there is no entry here yet"
            case _:
                return super().why_not(action)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what can be done with the row; leave escape to the screen where nothing is narrowed."""
        if action in CHANGING and self.of.why_fixed(action):
            return False
        has_rows = self.row_count() > 0
        match action:
            case "leave":
                return bool(self.narrowed_by)
            case "search":
                return has_rows or bool(self.narrowed_by)
            case "cycle_format":
                return has_rows
            case "select" | "edit" | "delete":
                return has_rows and self.place(self.cursor) is not None
            case "watch":
                found = self.place(self.cursor) if has_rows else None
                return found is not None and found[1] is not None and found[1].counter is not None
            case _:
                return super().check_action(action, parameters)
