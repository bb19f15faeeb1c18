"""ColumnsView: a program's instructions, and beside each what the verifier and the JIT made of it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from rich.cells import set_cell_size
from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from ....core.listing.listing import RowKind
from ..lists.cut import in_sight
from .code_view import CodeView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ....core.runtime.inspected import ColumnRow, Image

__all__ = ["ROOMY", "ColumnTable", "ColumnsView", "column_table"]

ROOMY: Final = 100
"""Cells from which on all three stand beside each other."""
_BPF, _TRANSLATED, _NATIVE = range(3)
_NONE: Final = ("", "", "")
_OTHER: Final = {_TRANSLATED: _NATIVE, _NATIVE: _TRANSLATED}
_NUMBER: Final = 6
"""Cells of a slot or of an offset, with the space behind it."""
_GAP: Final = 3
"""Cells between two columns: a line with a space on each side."""
_SHIFT: Final = 8
"""Cells that one step to the side moves the text within the columns."""


class _Cell(NamedTuple):
    number: str
    text: str
    style: str = ""


_EMPTY: Final = _Cell("", "")


class ColumnTable(NamedTuple):
    """What a ColumnsView shows; made in a thread, for it looks at each row once."""

    rows: Sequence[ColumnRow]
    starts: Sequence[int]
    """The rows at which the lines of one instruction, C line or function begin."""
    slots: Sequence[int]
    """The slot of each of those."""
    bases: Sequence[int]
    """The addresses at which functions begin in native code, in order."""
    widths: tuple[int, int, int]
    """Cells of the texts of each column, without their numbers: of all but the longest twentieth, which may be cut."""
    longest: int
    """Cells of the longest text."""
    names: Sequence[str] = ("BPF", "translated", "native")
    """What the columns are called; without a name, one is not there: of what is loaded nobody has the BPF code."""


def column_table(rows: Sequence[ColumnRow], image: Image, *, is_loaded: bool = False) -> ColumnTable:
    """Return what a ColumnsView needs to know of the rows of `columns`, of the same *image*.

    Of what *is_loaded* already the rows are of the translated code.
    """
    starts = [index for index, item in enumerate(rows) if item.row is not None]
    slots = [item.row.slot for item in rows if item.row is not None]
    lengths = (
        sorted(len(item.row.text) for item in rows if item.row is not None and item.row.kind is RowKind.INSN),
        sorted(len(item.translated[1]) for item in rows if item.translated),
        sorted(len(item.native[1]) for item in rows if item.native),
    )
    first, second, third = (each[len(each) * 19 // 20] if each else 0 for each in lengths)
    longest = max((each[-1] for each in lengths if each), default=0)
    bases = sorted(function.address for function in image.native)
    found = ColumnTable(rows, starts, slots, bases, (first, second, third), longest)
    return found._replace(names=("translated", "", "native")) if is_loaded else found


class ColumnsView(CodeView):
    """BPF, translated and native code beside each other; all lines of the chosen instruction are marked.

    On a narrow terminal there are two columns, and a key changes which the second is. What is longer than its column
    is cut; left and right move the text within all of them.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "next_view", "View", id="columns.next", tooltip="Next view: the other column, then the flow"),
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "columns-view--chosen",
        "columns-view--function",
        "columns-view--removed",
    }
    """
    | Class | Description |
    | :- | :- |
    | `columns-view--chosen` | The lines of the chosen instruction below its first. |
    | `columns-view--function` | The header of a function, from edge to edge. |
    | `columns-view--removed` | An instruction that the verifier removed. |
    """

    DEFAULT_CSS = """
    ColumnsView {
        & > .columns-view--chosen { background: $cursor-row-blurred; }
        & > .columns-view--function { color: $foreground; background: $panel; text-style: bold; }
        & > .columns-view--removed { color: $text-muted; text-style: strike; }
    }
    """

    table: ColumnTable | None = None
    second: int = _TRANSLATED
    """The second column where there is room for two."""
    _shift: int = 0

    # What a pane calls

    def show(self, table: ColumnTable) -> None:
        """Show what became of a program, from its start."""
        self.table = table
        self._shift = 0
        with self.prevent(self.Highlighted):
            self.restart()

    def show_slot(self, slot: int) -> None:
        """Bring the cursor to an instruction."""
        table = self.table
        if table is not None and table.slots:
            self.cursor = self._row_of(slot)
            self.scroll_to_cursor()

    def slot_at(self, index: int) -> int:
        """Return the slot of the instruction that a row belongs to."""
        assert self.table is not None
        return self.table.slots[bisect_right(self.table.starts, index) - 1]

    # Rows

    def row_count(self) -> int:
        """Return the lines: as many for each instruction as the longest column needs."""
        return 0 if self.table is None else len(self.table.rows)

    def row_text(self, index: int) -> str:
        """Return a row as plain text, with all three columns."""
        assert self.table is not None
        row = self.table.rows[index].row
        if row is not None and row.kind is not RowKind.INSN:
            return row.text.strip()
        cells = self._cells(index)
        return " | ".join(f"{cell.number} {cell.text}".strip() for cell in cells).rstrip(" |")

    def row_mark(self, index: int) -> tuple[str, str]:
        """Mark all lines of the chosen instruction."""
        mark, component = super().row_mark(index)
        assert self.table is not None
        if component:
            return mark, component
        starts = self.table.starts
        at = bisect_right(starts, self.cursor) - 1
        if at >= 0 and bisect_right(starts, index) - 1 == at:
            return "▏", "columns-view--chosen"
        row = self.table.rows[index].row
        return " ", "columns-view--function" if row is not None and row.kind is RowKind.FUNCTION else ""

    def row_variant(self, index: int) -> object:
        """Draw anew when there are other columns, or other parts of them."""
        return self.shown, self._shift

    def watch_cursor(self, old: int, new: int) -> None:
        """Mark the lines of another instruction."""
        super().watch_cursor(old, new)
        self.refresh()

    @property
    def shown(self) -> tuple[int, ...]:
        """The columns that there is room for."""
        if self.table is not None and not all(self.table.names):
            return tuple(column for column, name in enumerate(self.table.names) if name)
        return (_BPF, _TRANSLATED, _NATIVE) if self.size.width >= ROOMY else (_BPF, self.second)

    # Drawing

    @property
    def header_height(self) -> int:
        """The columns' names."""
        return 1

    def draw_header(self, line: int, width: int) -> Strip:
        """Draw the columns' names."""
        titles: Sequence[str] = _NONE if self.table is None else self.table.names
        names = [_Cell("", name) for name in titles]
        if len(self.shown) == 2 and all(titles):
            names[self.second] = _Cell("", f"{titles[self.second]} (v: {titles[_OTHER[self.second]]})")
        if self.table is not None and not self.table.bases:
            names[_NATIVE] = _Cell("", "native: none, the JIT is off or hidden")
        return self._beside(names, width, shift=0)

    def draw_row(self, index: int, width: int) -> Strip:
        """Draw a header, a line of C, or a line of what an instruction became."""
        assert self.table is not None
        row = self.table.rows[index].row
        if row is not None and row.kind is RowKind.FUNCTION:
            return Strip([Segment(f"{'':{_NUMBER}}{row.text}", self.ink("columns-view--function"))])
        if row is not None and row.kind is RowKind.SOURCE:
            return Strip([Segment(" " * _NUMBER), *self.c_source(row.text.expandtabs(4).strip())])
        return self._beside(self._cells(index), width, shift=self._shift)

    def _cells(self, index: int) -> list[_Cell]:
        """Return what the three columns say in a row."""
        assert self.table is not None
        item = self.table.rows[index]
        style = "columns-view--removed" if item.is_removed else "asm"
        bpf = _EMPTY if item.row is None else _Cell(str(item.row.slot), item.row.text, style)
        translated = native = _EMPTY
        if item.translated is not None:
            translated = _Cell(str(item.translated[0]), item.translated[1], "asm")
        elif item.is_removed and item.row is not None:
            translated = _Cell("", "removed", "row-view--muted")
        if item.native is not None:
            address, text = item.native
            base = self.table.bases[bisect_right(self.table.bases, address) - 1]
            native = _Cell(f"+{address - base:x}", text)
        return [bpf, translated, native]

    def _beside(self, cells: Sequence[_Cell], width: int, *, shift: int) -> Strip:
        """Return the columns that there is room for, cut to their widths."""
        shown = self.shown
        segments: list[Segment] = []
        for column, room in zip(shown, self._widths(shown, width), strict=True):
            cell = cells[column]
            if segments:
                segments.append(Segment(" │ ", self.ink("row-view--muted")))
            segments.append(Segment(f"{cell.number:>{_NUMBER - 1}} ", self.ink("row-view--muted")))
            segments += self._text(cell, shift, room - _NUMBER)
        return Strip(segments)

    def _text(self, cell: _Cell, shift: int, room: int) -> list[Segment]:
        """Return the part of a text that is in sight, *room* cells wide."""
        if cell.style == "asm":
            parts = self.asm(cell.text)
        else:
            parts = [Segment(cell.text, self.ink(cell.style) if cell.style else None)]
        strip = Strip(parts)
        strip = strip.crop(min(shift, strip.cell_length), strip.cell_length)
        if strip.cell_length > room:
            return [*in_sight(strip, 0, max(1, room), self.ink("row-view--muted")).adjust_cell_length(max(1, room))]
        return [*strip, Segment(set_cell_size("", room - strip.cell_length))]

    def _widths(self, shown: Sequence[int], width: int) -> list[int]:
        """Share *width* cells: who needs less than an equal part leaves the rest to the others."""
        assert self.table is not None
        left = width - _GAP * (len(shown) - 1)
        needed = {column: max(self.table.widths[column], len(self.table.names[column])) + _NUMBER for column in shown}
        widths: dict[int, int] = {}
        for position, column in enumerate(sorted(shown, key=needed.__getitem__)):
            widths[column] = max(_NUMBER + 1, min(needed[column], left // (len(shown) - position)))
            left -= widths[column]
        widths[shown[-1]] += max(0, left)
        return [widths[column] for column in shown]

    # Actions

    def action_select(self) -> None:
        """Follow a jump or a call."""
        if self.table is not None and self.row_count():
            row = self.table.rows[self.table.starts[bisect_right(self.table.starts, self.cursor) - 1]].row
            if row is not None and row.target is not None:
                self.cursor = self._row_of(row.target)

    def _row_of(self, slot: int) -> int:
        assert self.table is not None
        at = bisect_left(self.table.slots, slot)
        while at + 1 < len(self.table.slots) and self.table.slots[at + 1] == slot:
            at += 1  # past the header and the C line that belong to the same slot
        return self.table.starts[min(at, len(self.table.starts) - 1)]

    def action_side(self, direction: int) -> None:
        """Move the text within the columns."""
        longest = 0 if self.table is None else self.table.longest
        self._shift = max(0, min(longest - _SHIFT, self._shift + direction * _SHIFT))
        self.refresh()

    class Left(Message):
        """The user wants to see the program in another way."""

    def action_next_view(self) -> None:
        """Show the other second column, where there is room for two only; then what comes after the columns."""
        if self.shown == (_BPF, _TRANSLATED):
            self.second = _OTHER[self.second]
            self.refresh()
        else:
            self.second = _TRANSLATED
            self.post_message(self.Left())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the other column where it is not there already."""
        return len(self.shown) == 2 if action == "switch" else super().check_action(action, parameters)
