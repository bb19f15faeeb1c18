"""MessageView: what happened in this session, line by line."""

from __future__ import annotations

import time
from typing import ClassVar

from ...text.shown import Text
from .row_view import RowView

__all__ = ["MessageView"]

_CAPACITY = 1000


class MessageView(RowView):
    """Messages with the time of day, the newest at the bottom."""

    is_pane: ClassVar[bool] = True

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        """Initialise an empty view."""
        super().__init__(id=id)
        self.empty_text = "nothing has happened yet"
        self._lines: list[tuple[str, str]] = []

    def add(self, text: str, when: float | None = None) -> None:
        """Add a message, which can have several lines: of now, or of a moment in seconds since 1970."""
        first, *more = text.splitlines() or [""]
        self._lines.append((time.strftime("%H:%M:%S", time.localtime(when)), first))
        self._lines.extend(("", line) for line in more)
        del self._lines[:-_CAPACITY]
        self.refresh_rows()
        self.cursor = len(self._lines) - 1

    def follow(self, other: MessageView) -> None:
        """Have the messages of another view before one's own."""
        self._lines[:0] = other._lines
        del self._lines[:-_CAPACITY]
        self.refresh_rows()
        self.cursor = len(self._lines) - 1

    def row_count(self) -> int:
        """Return how many lines there are."""
        return len(self._lines)

    @property
    def header_height(self) -> int:
        """A title."""
        return 1

    def draw_header(self, line: int, width: int) -> Text:
        """Draw the title."""
        return Text("Messages of this session", "bold")

    def draw_row(self, index: int, width: int) -> Text:
        """Draw a line."""
        when, text = self._lines[index]
        return Text.assemble((f"{when:<8}  ", self.ink("row-view--muted")), text)

    def row_text(self, index: int) -> str:
        """Return a line."""
        return self._lines[index][1]
