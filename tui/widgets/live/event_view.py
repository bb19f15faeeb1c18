"""EventView: what a ring buffer brings, line by line as it comes."""

from __future__ import annotations

import re
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive

from ....core.live.drawn import StreamState
from ...text.format import grouped
from ...text.shown import Text
from ..lists.row_view import RowView

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ....core.live.drawn import EventLine

__all__ = ["EventView"]

_MEMBER = re.compile(r"\b\w+=")
_CAPACITY = 10_000


class EventView(RowView):
    """Events as they come, the newest at the bottom, in bounded memory.

    It follows the newest event until the user goes up, and again once they are back at the bottom. The border's title
    says how many came and how many the ring buffer lost.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "cycle_format", "Format", id="events.format", tooltip="By their type, or their bytes"),
        Binding("enter", "select", "Open", id="events.open", tooltip="Open the event: all its fields, one a line"),
        Binding("e", "choose_type", "Type", id="events.type", tooltip="Say what the events are: choose a structure"),
        Binding("ctrl+r", "clear", "Clear", show=False, id="events.clear", tooltip="Forget the events so far"),
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = {"event-view--time", "event-view--member"}
    """
    | Class | Description |
    | :- | :- |
    | `event-view--time` | When an event came. |
    | `event-view--member` | The names of a structure's members. |
    """

    DEFAULT_CSS = """
    EventView {
        border: round $rule;
        border-title-color: $text-muted;
        border-subtitle-color: $text-warning;
        & > .event-view--time { color: $text-muted; }
        & > .event-view--member { color: $text-muted; }
        &:focus { border: round $primary; border-title-color: $primary; }
    }
    """

    state: reactive[StreamState] = reactive(StreamState())
    """How the stream is doing."""
    hexadecimal: reactive[bool] = reactive(False)
    """Whether events are shown as their bytes."""
    following: reactive[bool] = reactive(True, repaint=False)
    """Whether the newest event stays in sight."""

    class TypeAsked(Message):
        """The user wants to say what the events are."""

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
        capacity: int = _CAPACITY,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name
        classes: str | None = None,
        disabled: bool = False,
    ) -> None:
        """Initialise an empty view.

        Args:
            capacity: How many events are kept; older ones go.
            name: The name of the widget.
            id: The ID of the widget in the DOM.
            classes: The CSS classes of the widget.
            disabled: Whether the widget is disabled.
        """
        super().__init__(name=name, id=id, classes=classes, disabled=disabled)
        self._events: deque[EventLine] = deque(maxlen=capacity)
        self._count = 0
        self._forgotten = 0
        self._appending = False
        self.is_read = False
        """Whether the stream is being read: what its records are can be said from then on."""
        self.empty_text = "no events yet"

    @property
    def count(self) -> int:
        """How many events came since the view was cleared, kept or not."""
        return self._count

    def append(self, events: Iterable[EventLine]) -> None:
        """Add *events*, the newest last."""
        new = list(events)
        if not new:
            return
        capacity = self._events.maxlen or len(new)
        dropped = max(0, len(self._events) + len(new) - capacity)
        self._events.extend(new)
        self._count += len(new)
        self._appending = True
        try:
            if self.following:
                self.refresh_rows()
                self.cursor = self.row_count() - 1
                self.scroll_to_cursor()
            else:
                # What the user reads stays where it is while older rows go.
                offset = max(0, self.scroll_offset.y - dropped)
                self.cursor -= dropped
                self.refresh_rows()
                self.scroll_to(y=offset, animate=False, force=True)
        finally:
            self._appending = False
        self._update_title()

    def clear(self) -> None:
        """Forget the events."""
        self._events.clear()
        self._count = 0
        self._forgotten = 0
        self.following = True
        self.refresh_rows()
        self._update_title()

    def row_count(self) -> int:
        """Return how many events are kept."""
        return len(self._events)

    def row_text(self, index: int) -> str:
        """Return an event's text."""
        return self._text(self._events[index])

    def _text(self, event: EventLine) -> str:
        return event.raw.hex(" ") if self.hexadecimal else event.text

    def draw_row(self, index: int, width: int) -> Text:
        """Draw when it came and what it says."""
        event = self._events[index]
        words = self._text(event)
        text = Text.assemble((f"{event.time:>10.3f}s  ", self.ink("event-view--time")), words)
        for match in _MEMBER.finditer(words):
            start, stop = (edge + len(text.plain) - len(words) for edge in match.span())
            text.stylize(self.ink("event-view--member"), start, stop)
        return text

    def find(self, pattern: re.Pattern[str], start: int, step: int) -> int | None:
        """Search without asking the deque for each index."""
        events = list(islice(self._events, 0, None))
        rows = range(start, len(events) if step > 0 else -1, step)
        return next((index for index in rows if pattern.search(self._text(events[index]))), None)

    def on_mount(self) -> None:
        """Begin with a title."""
        self._update_title()

    def watch_state(self) -> None:
        """Say how many were lost."""
        self._update_title()

    def watch_hexadecimal(self) -> None:
        """Write the events anew."""
        self.refresh_rows()

    def watch_following(self) -> None:
        """Say that newer events are out of sight."""
        self._update_title()

    def watch_cursor(self, old: int, new: int) -> None:
        """Follow while the cursor is on the newest event."""
        super().watch_cursor(old, new)
        if not self._appending:
            self.following = new >= self.row_count() - 1

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Stop following when the user scrolls up, and follow again at the bottom."""
        super().watch_scroll_y(old_value, new_value)
        if not self._appending and new_value != old_value:
            self.following = new_value >= self.max_scroll_y

    def why_not(self, action: str) -> str:
        """Return why there is nothing to do with the events."""
        match action:
            case "choose_type":
                return "what the events are can be said as soon as they are read: L loads"
            case "cycle_format" | "clear":
                return self.empty_text
            case _:
                return super().why_not(action)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what can be done with the events that there are."""
        match action:
            case "choose_type":
                return self.is_read
            case "cycle_format" | "clear":
                return self.row_count() > 0
            case _:
                return super().check_action(action, parameters)

    def action_cycle_format(self) -> None:
        """Show events by their type, or as their bytes."""
        self.hexadecimal = not self.hexadecimal
        self.notify(f"events: {'bytes' if self.hexadecimal else 'typed'}", timeout=2)

    def action_select(self) -> None:
        """Open the event under the cursor."""
        if self.row_count():
            self.post_message(self.RecordOpened(self._events[self.cursor]))

    def action_choose_type(self) -> None:
        """Ask what the events are."""
        self.post_message(self.TypeAsked())

    def action_clear(self) -> None:
        """Forget the events."""
        self.clear()
        self._forgotten = self.state.count
        self._update_title()

    def _update_title(self) -> None:
        state = self.state
        count = max(self._count, state.count - self._forgotten)
        lost = f" · {grouped(state.lost)} lost" if state.lost else ""
        behind = f" · about {grouped(state.behind)} behind" if state.behind else ""
        full = f" · found full {grouped(state.full)} times" if state.full else ""
        taken = f" · {state.type_text}" if state.type_text else ""
        self.border_title = f"events {grouped(count)}{lost}{behind}{full}{taken}"
        self.border_subtitle = "" if self.following else "not following: G for the newest"
