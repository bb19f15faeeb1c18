"""PrintedView: what programs print, line by line as it comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from ....core.live.drawn import EventLine
from ...text.format import counted, grouped
from ...text.shown import Text
from ..lists.row_view import RowView
from .event_view import EventView

if TYPE_CHECKING:
    from ....core.runtime import Printed

__all__ = ["PrintedView"]


class PrintedView(EventView, inherit_bindings=False):
    """Lines with when they came and which program printed them, the newest at the bottom, in bounded memory."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *RowView.BINDINGS,
        Binding("c", "clear", "Clear", id="printed.clear", tooltip="Forget the lines so far"),
    ]

    def __init__(self) -> None:
        """Initialise an empty view."""
        super().__init__(id="printed-lines")
        self._lost = 0
        self.empty_text = "no lines yet"

    def add(self, time: float, printed: Printed) -> None:
        """Add what was printed by *time*, in seconds."""
        self._lost += printed.lost
        self.append(EventLine(time, line.text, line.program.encode()) for line in printed.lines)
        self._update_title()

    def draw_row(self, index: int, width: int) -> Text:
        """Draw when it was printed, by which program, and the line."""
        event = self._events[index]
        when, who = f"{event.time:>10.3f}s  ", event.raw.decode()
        return Text.assemble((f"{when}{who}{'  ' if who else ''}", self.ink("event-view--time")), event.text)

    def _update_title(self) -> None:
        lost = f" · {grouped(self._lost)} lost" if self._lost else ""
        self.border_title = f"{counted(self.count, 'line')} printed{lost}"
        self.border_subtitle = "" if self.following else "not following: G for the newest"

    def action_clear(self) -> None:
        """Forget the lines."""
        self._lost = 0
        super().action_clear()
