"""PrintedView: what programs print, line by line as it comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from ....core.live.drawn import EventLine
from ...text.format import counted, grouped
from ...text.shown import Text
from .stream_view import StreamView

if TYPE_CHECKING:
    from ....core.runtime import Printed

__all__ = ["PrintedView"]


class PrintedView(StreamView):
    """Lines with when they came and which program printed them, below a title that counts them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "clear", "Clear", id="printed.clear", tooltip="Forget the lines so far"),
    ]

    is_pane: ClassVar[bool] = True

    def __init__(self) -> None:
        """Initialise an empty view."""
        super().__init__(id="printed-lines")
        self._lost = 0
        self.empty_text = "no lines yet"

    def add(self, time: float, printed: Printed) -> None:
        """Add what was printed by *time*, in seconds."""
        self._lost += printed.lost
        self.append(EventLine(time, line.text, line.program.encode()) for line in printed.lines)
        self.tell()

    @property
    def header_height(self) -> int:
        """The title."""
        return 1

    def draw_header(self, line: int, width: int) -> Text:
        """Draw how many lines there were."""
        lost = f" · {grouped(self._lost)} lost" if self._lost else ""
        more = "" if self.following else "   not following: G for the newest"
        return Text.assemble(f"{counted(self.count, 'line')} printed{lost}", (more, self.ink("row-view--muted")))

    def draw_row(self, index: int, width: int) -> Text:
        """Draw when it was printed, by which program, and the line."""
        line = self.line(index)
        when, who = f"{line.time:>10.3f}s  ", line.raw.decode()
        return Text.assemble((f"{when}{who}{'  ' if who else ''}", self.ink("stream-view--time")), line.text)

    def tell(self) -> None:
        """Draw the title anew."""
        self.refresh_line(0)

    def action_clear(self) -> None:
        """Forget the lines."""
        self._lost = 0
        self.clear()
