"""EventView: what a ring buffer brings: a row an event, a column a field."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Final

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from ....core.errors import UsageError
from ....core.live.condition import condition
from ....core.live.drawn import StreamState
from ....core.live.field import Form
from ....core.runtime import Entry
from ...text.charset import is_ascii_terminal
from ...text.colors import tabbed
from ...text.fit import fitted, width_of
from ...text.format import grouped, rate
from ..lists.row_view import compile_pattern
from .map_columns import GAP
from .record_columns import RecordColumns
from .stream_view import CAPACITY, StreamView

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ....core.live.drawn import EventLine
    from ....core.live.field import Field
    from .map_columns import Window

__all__ = ["EventView"]

_TIME: Final = 10
"""Cells of when an event came."""
_SEPARATORS: Final = re.compile(r"(?<=\d),(?=\d{3})")
_FORMS: Final = (*Form, None)
"""How events are written, one after the other; None: as their bytes."""


class EventView(StreamView):
    """Events with when they came and a column for each field; those that are not of the type stand as their bytes.

    Left and right choose a column, which stays in sight; whole columns have no room, and are counted.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "side(-1)", "Column", show=False, id="events.left", tooltip="Choose the column to the left"),
        Binding(
            "right,l", "side(1)", "Column", show=False, id="events.right", tooltip="Choose the column to the right"
        ),
        Binding("enter", "select", "Open", id="events.open", tooltip="Open the event: all its fields, one a line"),
        Binding("w", "watch", "Watch", id="events.watch", tooltip="Draw how many come, or a number in them, over time"),
        Binding("e", "choose_type", "Type", id="events.type", tooltip="Say what the events are: choose a structure"),
        Binding("x", "cycle_format", "Format", id="events.format", tooltip="Typed, hexadecimal, decimal, bytes"),
        Binding(
            "slash",
            "search",
            "Filter",
            key_display="/",
            id="events.filter",
            tooltip="Only events with …, or len > 100",
        ),
        Binding("v", "count", "Counts", id="events.counts", tooltip="How often each value of the chosen column comes"),
        Binding("ctrl+r", "clear", "Clear", show=False, id="events.clear", tooltip="Forget the events so far"),
        Binding("escape", "leave", "Widen", show=False, id="events.widen", tooltip="Show all events again"),
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = {"event-view--chosen", "event-view--note"}
    """
    | Class | Description |
    | :- | :- |
    | `event-view--chosen` | The title of the chosen column, and what the cursor's row has there. |
    | `event-view--note` | The sentence about events that are not shown. |
    """

    DEFAULT_CSS = """
    EventView {
        & > .event-view--chosen { text-style: bold underline; }
        & > .event-view--note { color: $text-warning; }
    }
    """

    state: reactive[StreamState] = reactive(StreamState())
    """How the stream is doing."""
    form: reactive[Form | None] = reactive[Form | None](Form.TYPED)
    """How events are written; None: as their bytes."""
    column: reactive[int] = reactive(0)
    """The number of the chosen column."""
    per_second: reactive[float | None] = reactive[float | None](None)
    """How many events come; None where that is not known."""
    earlier: int = 0
    """How many events came before the view was filled, that are kept no more."""
    said: reactive[str] = reactive("", repaint=False)
    """How many came, were lost, and are not drawn: what the title of the pane says."""

    class WatchAsked(Message):
        """The user wants to see something of the stream over time."""

    class TypeAsked(Message):
        """The user wants to say what the events are."""

    class CountsAsked(Message):
        """The user wants to see how often each value of the chosen column comes, or no more."""

    class RecordOpened(Message):
        """An event is to be seen as a whole.

        Args:
            event: The event.
        """

        def __init__(self, event: EventLine) -> None:
            super().__init__()
            self.event = event

    def __init__(
        self,
        *,
        capacity: int = CAPACITY,
        id: str | None = None,  # noqa: A002 - Textual's own name
    ) -> None:
        """Initialise an empty view that keeps *capacity* events; older ones go."""
        super().__init__(capacity=capacity, id=id)
        self._columns: RecordColumns | None = None
        self._forgotten = 0
        self._forgotten_lost = 0
        self.narrowed_by = ""
        """What events are narrowed by."""
        self.fault = ""
        """Why what was typed narrows nothing yet, as a clause."""
        self._is_condition = False
        self.is_read = False
        """Whether the stream is being read: what its records are can be said from then on."""
        is_ascii = is_ascii_terminal()
        self._more, self._less = ("->", "<-") if is_ascii else ("→", "←")
        self.empty_text = "no events yet"

    # Rows

    def line_text(self, line: EventLine) -> str:
        """Return an event on one line."""
        return line.raw.hex(" ") if self.form is None else line.text

    def row_text(self, index: int) -> str:
        """Return when an event came and its fields, with a tab between them: what a spreadsheet takes."""
        line = self.line(index)
        columns = self._columns
        if columns is None or not columns.has(line.raw):
            return self.line_text(line)
        return tabbed(f"{line.time:.3f}", *columns.cells(line.raw))

    @property
    def has_titles(self) -> bool:
        """Whether events stand in columns."""
        return self._columns is not None

    def all_rows(self) -> Callable[[], Sequence[str]]:
        """Return what gives the events that are shown, in columns where they have fields."""
        lines, columns = self.shown(), self._columns
        if columns is None:
            return lambda: [self.line_text(line) for line in lines]
        return lambda: [
            tabbed("seen", *columns.titles),
            *(
                tabbed(f"{line.time:.3f}", *columns.cells(line.raw)) if columns.has(line.raw) else self.line_text(line)
                for line in lines
            ),
        ]

    @property
    def header_height(self) -> int:
        """The titles, and a line about what is not shown where there is such; none where lines have no columns."""
        return (self._columns is not None) + bool(self.narrowed_by)

    def draw_header(self, line: int, width: int) -> Strip:
        """Draw the titles of the columns, or the note."""
        columns = self._columns
        if columns is None or line == 1:
            what = f"with {self.narrowed_by}" if self._is_condition else f"have {self.narrowed_by!r}"
            found = self.fault or f"{grouped(self.row_count())} of {grouped(self.kept)} kept {what}"
            return Strip([Segment(f" {found} · esc shows all", self.ink("event-view--note"))])
        seen, window = self._laid_out(columns, width)
        segments = [Segment(f"{'seen':>{_TIME}} ")] if seen else []
        for number in window.shown:
            cells = columns.width(number)
            title = fitted(columns.titles[number], cells).rstrip()
            room = " " * (cells - width_of(title))
            before, after = (room, "") if columns.is_right(number) else ("", room)
            chosen = self.ink("event-view--chosen") if number == self.column else None
            segments += [Segment(" " * GAP + before), Segment(title, chosen), Segment(after)]
        hidden = [f"{self._less} {window.left}"] if window.left else []
        if window.right:
            hidden.append(f"+{window.right} {'column' if window.right == 1 else 'columns'} {self._more}")
        used = sum(segment.cell_length for segment in segments)
        segments.append(Segment(f"{'  '.join(hidden):>{max(0, width - used)}}", self.ink("row-view--muted")))
        return Strip(segments)

    def row_variant(self, index: int) -> object:
        """Return the chosen column, which the cursor's row shows."""
        return self.column if index == self.cursor else None

    def draw_row(self, index: int, width: int) -> Strip:
        """Draw when it came and its fields; what is no such record as it is."""
        line, columns = self.line(index), self._columns
        when = Segment(f"{line.time:>{_TIME - 1}.3f}s ", self.ink("stream-view--time"))
        if columns is None or not columns.has(line.raw):
            return Strip([when, Segment(f" {self.line_text(line)}")])
        if columns.make_room((line.raw,)):
            self.call_next(self.refresh_rows)
        cells = columns.cells(line.raw)
        seen, window = self._laid_out(columns, width)
        segments = [when] if seen else []
        for number in window.shown:
            room, cell = columns.width(number), cells[number]
            cell = f"{cell:>{room}}" if columns.is_right(number) else fitted(cell, room)
            is_chosen = index == self.cursor and number == self.column
            segments += [Segment(" " * GAP), Segment(cell, self.ink("event-view--chosen") if is_chosen else None)]
        return Strip(segments)

    def _laid_out(self, columns: RecordColumns, width: int) -> tuple[bool, Window]:
        """Return whether there is room for when events were seen, and which columns have some.

        Where not all have, and events tell themselves when they were, that says it.
        """
        window = columns.window(width - _TIME - 1 - GAP, self.column)
        if columns.tells_when and (window.left or window.right):
            return False, columns.window(width - GAP, self.column)
        return True, window

    @property
    def chosen(self) -> Field | None:
        """What stands in the chosen column; None where there are no columns."""
        return None if self._columns is None else self._columns.fields[self.column]

    def records(self) -> list[bytes]:
        """Return the events that are shown and are records of the type."""
        columns = self._columns
        return [] if columns is None else [line.raw for line in self.shown() if columns.has(line.raw)]

    # What is told

    def watch_state(self, old: StreamState, new: StreamState) -> None:
        """Say how many were lost; have the columns of the type."""
        if old.type != new.type:
            self._set_columns()
            if self.narrowed_by:
                self.show_only(self._matching(self.narrowed_by))
        self.tell()

    def watch_per_second(self) -> None:
        """Say how many come."""
        self.tell()

    def watch_form(self) -> None:
        """Write the events anew."""
        self._set_columns()

    def watch_column(self) -> None:
        """Mark the chosen column."""
        self.refresh_rows()

    def validate_column(self, column: int) -> int:
        """Keep the column within those that there are."""
        return max(0, min(column, len(self._columns.titles) - 1)) if self._columns is not None else 0

    def _set_columns(self) -> None:
        """Have a column for each field, where events have fields: those of a size that varies have none."""
        ctype = self.state.type
        if ctype is None or self.form is None or ctype.is_flexible:
            self._columns = None
        else:
            self._columns = RecordColumns(ctype, self.form)
            self._columns.make_room(self.line(index).raw for index in range(self.row_count()))
        self.column = self.validate_column(self.column)
        self.refresh_rows()

    def tell(self) -> None:
        """Say how many events there are."""
        state = self.state
        count = max(self._count + self.earlier, state.count - self._forgotten)
        lost = max(0, state.lost - self._forgotten_lost)
        parts = [f"{grouped(count)} seen"]
        if self.per_second is not None:
            parts.append(f"{rate(self.per_second)}/s")
        if lost:
            parts.append(f"{grouped(lost)} lost")
        if not self.following:  # before what a narrow pane cuts off
            parts.append("not following: G for the newest")
        if state.behind:
            parts.append(f"about {grouped(state.behind)} behind")
        if state.full:
            parts.append(f"found full {grouped(state.full)} times")
        undrawn = count - self._count - self.earlier
        if undrawn > 0:
            parts.append(f"{100 * undrawn / count:.3g} % not drawn")
        self.said = " · ".join(parts)

    # Behaviour

    @property
    def totals(self) -> tuple[int, int]:
        """How many events are shown, and how many are kept."""
        return self.row_count(), self.kept

    def narrow(self, pattern: str) -> None:
        """Show only the events that have what a user typed; all where that is nothing."""
        if pattern == self.narrowed_by:
            return
        self.narrowed_by = pattern
        self.empty_text = f"no event has {pattern!r}: esc shows all" if pattern and self.kept else "no events yet"
        self.show_only(self._matching(pattern))
        self.refresh_bindings()

    def narrow_more(self, asked: str) -> None:
        """Show only those of the events that are shown which are as a condition says."""
        self.narrow(f"({self.narrowed_by}) && {asked}" if self.narrowed_by and self._is_condition else asked)

    def _matching(self, pattern: str) -> Callable[[EventLine], object] | None:
        """Return what tells the events that have what a user typed, or are as it says; None for all."""
        self.fault, self._is_condition = "", False
        if not pattern:
            return None
        columns = self._columns
        try:
            only = None if columns is None else condition(pattern, columns.fields)
        except UsageError as error:
            self.fault = error.message
            return None
        if columns is None or only is None:
            # Numbers stand with separators, but not in the text that is looked through.
            found = compile_pattern(_SEPARATORS.sub("", pattern))
            return lambda line: found.search(self.line_text(line))
        self._is_condition, self.empty_text = True, f"no event with {pattern}: esc shows all"
        return lambda line: columns.has(line.raw) and only.matches(Entry(b"", (line.raw,)))

    def search(self, pattern: object) -> bool:
        """Narrow the rows: what does not match is not shown."""
        self.narrow(str(pattern))
        return True

    def clear(self) -> None:
        """Forget the events."""
        super().clear()
        self._forgotten = self._forgotten_lost = self.earlier = 0

    def why_not(self, action: str) -> str:
        """Return why there is nothing to do with the events."""
        match action:
            case "watch":
                return "nothing moves yet: L loads it"
            case "choose_type":
                return "what the events are can be said as soon as they are read: L loads"
            case "cycle_format" | "clear" | "search":
                return self.empty_text
            case "count":
                return "events without columns have no values to count: x writes them typed"
            case _:
                return super().why_not(action)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what can be done with the events that there are; leave escape to the screen where all are shown."""
        match action:
            case "choose_type" | "watch":
                return self.is_read
            case "cycle_format" | "clear":
                return self.kept > 0
            case "count":
                return self._columns is not None
            case "search":
                return self.kept > 0 or bool(self.narrowed_by)
            case "leave":
                return bool(self.narrowed_by)
            case _:
                return super().check_action(action, parameters)

    def action_side(self, direction: int) -> None:
        """Choose the column to the left or right; where there are none, scroll."""
        if self._columns is None:
            super().action_side(direction)
        else:
            self.column += direction

    def action_cycle_format(self) -> None:
        """Go on to the next way to write events."""
        ctype = self.state.type
        forms = _FORMS if ctype is not None and not ctype.is_flexible else (Form.TYPED, None)
        self.form = forms[(forms.index(self.form) + 1) % len(forms)]
        self.notify(f"events: {'bytes' if self.form is None else self.form}", timeout=2)

    def action_select(self) -> None:
        """Open the event under the cursor."""
        if self.row_count():
            self.post_message(self.RecordOpened(self.line(self.cursor)))

    def action_count(self) -> None:
        """Show or hide how often the values of the chosen column come."""
        self.post_message(self.CountsAsked())

    def action_watch(self) -> None:
        """Ask what is drawn."""
        self.post_message(self.WatchAsked())

    def action_choose_type(self) -> None:
        """Ask what the events are."""
        self.post_message(self.TypeAsked())

    def action_clear(self) -> None:
        """Forget the events, and count from now on."""
        self.clear()
        self._forgotten, self._forgotten_lost = self.state.count, self.state.lost
        self.tell()

    def action_leave(self) -> None:
        """Show all events again."""
        self.narrow("")
