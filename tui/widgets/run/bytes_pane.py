"""BytesPane: a packet's bytes, with those of the field that is edited marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from ...text.shown import Text
from ..lists.row_view import RowView

if TYPE_CHECKING:
    from textual import events

__all__ = ["BytesPane"]


class BytesPane(RowView):
    """Rows of 8 or 16 bytes, as many as there is room for; enter edits the bytes of a row."""

    is_pane: ClassVar[bool] = True

    COMPONENT_CLASSES: ClassVar[set[str]] = {"bytes-pane--here"}
    """
    | Class | Description |
    | :- | :- |
    | `bytes-pane--here` | The bytes of the field under the cursor of the packet's list. |
    """

    DEFAULT_CSS = """
    BytesPane > .bytes-pane--here { background: $cursor-row; color: $foreground; text-style: bold underline; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "select", "Edit", id="bytes.edit", tooltip="Edit the bytes of the row"),
    ]

    class EditRequested(Message):
        """Bytes are to be edited.

        Args:
            where: Which.
        """

        def __init__(self, where: range) -> None:
            super().__init__()
            self.where = where

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's own name
        """Initialise it with no bytes."""
        super().__init__(id=id)
        self._data = b""
        self._here = range(0)
        self._width = 8
        self.empty_text = "no bytes: paste a dump"

    def show(self, data: bytes, here: range) -> None:
        """Draw a packet, with the bytes marked that lie *here*."""
        moved = here != self._here
        self._data, self._here = data, here
        self.refresh_rows()
        if moved and here and not self.has_focus:
            self.cursor = here.start // self._width

    def on_resize(self, event: events.Resize | None = None) -> None:
        """Draw as many bytes a row as there is room for."""
        width = 16 if self.size.width >= 4 + 2 + 3 * 16 + 2 else 8
        if width != self._width:
            self._width = width
            self.refresh_rows()

    def row_count(self) -> int:
        """Return how many rows there are."""
        return -(-len(self._data) // self._width)

    def row_bytes(self, index: int) -> range:
        """Return which bytes a row has."""
        return range(index * self._width, min((index + 1) * self._width, len(self._data)))

    def row_text(self, index: int) -> str:
        """Return a row as plain text."""
        return self.draw_row(index, 0).plain

    def row_variant(self, index: int) -> object:
        """A row is drawn anew when other bytes are marked."""
        return self._here

    def draw_row(self, index: int, width: int) -> Text:
        """Draw the offset and the bytes."""
        text = Text(f"{index * self._width:04x} ", self.ink("row-view--muted"))
        here = self.ink("bytes-pane--here")
        for at in self.row_bytes(index):
            text.append(" ", here if at in self._here and at - 1 in self._here and at % self._width else "default")
            text.append(f"{self._data[at]:02x}", here if at in self._here else "default")
        return text

    @property
    def header_height(self) -> int:
        """A title."""
        return 1

    def draw_header(self, line: int, width: int) -> Text:
        """Draw the title, and which bytes are marked."""
        where = f"  {self._here.start} … {self._here.stop - 1}" if self._here else ""
        return Text(f"Bytes{where}")

    def action_select(self) -> None:
        """Edit the bytes of the row."""
        if self.row_count():
            self.post_message(self.EditRequested(self.row_bytes(self.cursor)))
