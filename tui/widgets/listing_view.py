"""ListingView: a program's instructions, beside the C that they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from ...core.spec.listing import Listing, RowKind
from .code_view import CodeView

if TYPE_CHECKING:
    import re

    from ...core.spec import Reference
    from ...core.spec.listing import Row

__all__ = ["ListingView"]

_COMMENT_COLUMN = 44
"""Cells from the gutter to the trailing comments, where the instruction is not longer."""
_INDENT = 2
"""Cells by which an instruction is further right than the C above it."""


class ListingView(CodeView):
    """A listing with slot numbers, function headers, C source and assembly.

    A jump shows where it goes (`↓ 25`), and its target's row is marked while the cursor is on the jump. Enter follows
    a jump or a call, backspace returns; a reference to a map or a symbol is told to the screen.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Follow", id="listing.follow", tooltip="Go where the instruction goes"),
        Binding("backspace,ctrl+o", "back", "Back", id="listing.back", tooltip="Return from the last jump"),
        Binding("s", "toggle_source", "Source", id="listing.source", tooltip="C source lines on or off"),
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "listing-view--gutter",
        "listing-view--function",
        "listing-view--target",
        "listing-view--arrow",
        "listing-view--position",
    }
    """
    | Class | Description |
    | :- | :- |
    | `listing-view--gutter` | The slot numbers. |
    | `listing-view--function` | The header of a function, from edge to edge. |
    | `listing-view--target` | The row that the cursor's instruction goes to, from edge to edge. |
    | `listing-view--arrow` | The arrow and slot behind a jump. |
    | `listing-view--position` | File and line of the C source, and a function's length. |
    """

    DEFAULT_CSS = """
    ListingView {
        & > .listing-view--gutter { color: $text-muted; }
        & > .listing-view--function { color: $text-primary; background: $primary 18%; text-style: bold; }
        & > .listing-view--target { background: $accent 22%; }
        & > .listing-view--arrow { color: $text-accent; text-style: bold; }
        & > .listing-view--position { color: $text-muted; }
    }
    """

    listing: reactive[Listing | None] = reactive[Listing | None](None)
    """What is shown."""

    class Follow(Message):
        """The user wants to see what an instruction refers to: a map, a variable, a kernel function or symbol.

        Args:
            view: The sender.
            target: What the instruction under the cursor refers to.
        """

        def __init__(self, view: ListingView, target: Reference) -> None:
            super().__init__()
            self.view = view
            self.target = target

        @property
        def control(self) -> ListingView:
            """The sender, for `@on` with a selector."""
            return self.view

    def __init__(
        self,
        listing: Listing | None = None,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name
        classes: str | None = None,
        disabled: bool = False,
    ) -> None:
        """Initialise a listing's view.

        Args:
            listing: What to show, if it is known already.
            name: The name of the widget.
            id: The ID of the widget in the DOM.
            classes: The CSS classes of the widget.
            disabled: Whether the widget is disabled.
        """
        super().__init__(name=name, id=id, classes=classes, disabled=disabled)
        self.empty_text = "no instructions"
        self._history: list[int] = []
        self._target: int | None = None
        self._sizes: dict[int, int] = {}
        self.set_reactive(ListingView.listing, listing)
        self._measure()

    # Rows

    def row_count(self) -> int:
        """Return the rows of the listing: functions, C lines and instructions."""
        return len(self.listing) if self.listing is not None else 0

    def row(self, index: int) -> Row:
        """Return a row of the listing, which must be there."""
        assert self.listing is not None
        return self.listing.row(index)

    def row_text(self, index: int) -> str:
        """Return a row as plain text."""
        row = self.row(index)
        if row.kind is not RowKind.INSN:
            return row.text.strip()
        return f"{row.slot}: {row.text}" + (f"  ; {row.comment}" if row.comment else "")

    def row_hint(self, index: int) -> str:
        """Say where in the C source a row is, or the bytes of an instruction."""
        row = self.row(index)
        if row.kind is RowKind.SOURCE:
            return f"{row.file}:{row.line}:{row.column}" if row.file else ""
        return f"slot {row.slot}: {row.raw.hex(' ')}" if row.raw else ""

    def row_mark(self, index: int) -> tuple[str, str]:
        """Mark the target of the instruction under the cursor, and let function headers stand out."""
        mark, component = super().row_mark(index)
        if component:
            return mark, component
        if index == self._target:
            return "▸", "listing-view--target"
        return (" ", "listing-view--function") if self.row(index).kind is RowKind.FUNCTION else (" ", "")

    def find(self, pattern: re.Pattern[str], start: int, step: int) -> int | None:
        """Let the listing search: it knows its text without drawing it."""
        return self.listing.search(pattern, start, step) if self.listing is not None else None

    def draw_row(self, index: int, width: int) -> Strip:
        """Draw a header, a line of C, or an instruction."""
        row = self.row(index)
        assert self.listing is not None
        gutter = self.listing.slot_width
        match row.kind:
            case RowKind.FUNCTION:
                size = self._sizes.get(row.slot, 0)
                left = [Segment(f"{'':>{gutter}}  {row.text}", self.ink("listing-view--function"))]
                return self._with_right(left, f"{size} insns" if size else "", width)
            case RowKind.SOURCE:
                left = [Segment(" " * (gutter + 2)), *self.c_source(row.text.expandtabs(4).strip())]
                place = f"{row.file.rpartition('/')[2]}:{row.line}" if row.file else ""
                return self._with_right(left, place, width)
            case _:
                return self._draw_instruction(row, gutter)

    def _draw_instruction(self, row: Row, gutter: int) -> Strip:
        segments = [
            Segment(f"{row.slot:>{gutter}}  {'':{_INDENT}}", self.ink("listing-view--gutter")),
            *self.asm(row.text),
        ]
        if row.target is not None:
            arrow = "↓" if row.target > row.slot else "↑"
            segments.append(Segment(f"  {arrow} {row.target}", self.ink("listing-view--arrow")))
        if row.comment:
            used = Segment.get_line_length(segments) - gutter - 2
            room = max(2, _COMMENT_COLUMN - used)
            segments.append(Segment(f"{'':{room}}; {row.comment}", self.ink("code-view--comment")))
        return Strip(segments)

    def _with_right(self, left: list[Segment], right: str, width: int) -> Strip:
        """Return *left* with *right* at the right edge, where there is room for both."""
        space = width - Segment.get_line_length(left) - cell_len(right) - 1
        if not right or space < 2:
            return Strip(left)
        return Strip([*left, Segment(" " * space), Segment(right, self.ink("listing-view--position"))])

    # What a screen calls

    def go_to_slot(self, slot: int) -> None:
        """Bring the cursor to an instruction and remember where it was."""
        if self.listing is None:
            return
        self._history.append(self.cursor)
        self.cursor = self.listing.index_of_slot(slot)
        self.refresh_bindings()

    def toggle_source(self) -> None:
        """Show the C source, or hide it; the cursor stays on its instruction."""
        old = self.listing
        if old is None or not self.row_count():
            return
        slot = self.row(self.cursor).slot
        new = Listing(old.program, syntax=old.syntax, source=not old.source)
        self._history = [new.index_of_slot(old.row(index).slot) for index in self._history]
        with self.prevent(self.Highlighted):
            self._replace(new)
        self.cursor = new.index_of_slot(slot)

    # Behaviour

    def watch_listing(self) -> None:
        """Show another listing from its start."""
        self._history.clear()
        self._target = None
        self._measure()
        if self.is_mounted:
            self.restart()
            self._aim()

    def watch_cursor(self, old: int, new: int) -> None:
        """Mark the target of the instruction that the cursor came to."""
        self._aim()
        super().watch_cursor(old, new)

    def action_select(self) -> None:
        """Follow the instruction under the cursor."""
        if not self.row_count():
            return
        row = self.row(self.cursor)
        if row.target is not None:
            self.go_to_slot(row.target)
        elif row.reference is not None:
            self.post_message(self.Follow(self, row.reference))
        else:
            super().action_select()

    def action_back(self) -> None:
        """Return to where the last jump was followed from."""
        if self._history:
            self.cursor = self._history.pop()
            self.refresh_bindings()

    def action_toggle_source(self) -> None:
        """Show or hide the C source."""
        self.toggle_source()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the way back only where there is one."""
        return bool(self._history) if action == "back" else super().check_action(action, parameters)

    def _replace(self, listing: Listing) -> None:
        """Show the same program in another listing, without forgetting where the user was."""
        self.set_reactive(ListingView.listing, listing)
        self._measure()
        self._target = None
        self.refresh_rows()

    def _measure(self) -> None:
        functions = self.listing.functions if self.listing is not None else ()
        self._sizes = {function.start: function.size for function in functions}

    def _aim(self) -> None:
        """Find the row that the instruction under the cursor goes to."""
        old = self._target
        target = self.row(self.cursor).target if self.row_count() else None
        self._target = self.listing.index_of_slot(target) if self.listing and target is not None else None
        for index in {old, self._target} - {None}:
            assert index is not None
            self.refresh_line(index + self.header_height)
