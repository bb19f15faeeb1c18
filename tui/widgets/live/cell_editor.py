"""CellEditor: the field in which a value is typed, where it stands in its table."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.message import Message

from ..plain import Input

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.geometry import Region

__all__ = ["LEAST", "CellEditor"]

LEAST: Final = 16
"""Cells: narrower columns are no room to type in."""


class CellEditor(Input):
    """Out of sight until it is put over a cell; enter sets what was typed, escape leaves the value as it is.

    Where a value is one of a few names, up and down go through them.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Set", id="cell.set", tooltip="Set the value"),
        Binding("escape", "leave", "Leave", id="cell.leave", tooltip="Leave the value as it is"),
        Binding("up", "choose(-1)", show=False, id="cell.previous", tooltip="The name before"),
        Binding("down", "choose(1)", show=False, id="cell.next", tooltip="The next name"),
    ]

    DEFAULT_CSS = """
    CellEditor {
        layer: edit;
        display: none;
        height: 1;
        border: none;
        padding: 0;
        background: $panel;
        &.-open { display: block; }
        &:focus { border: none; background: $boost; }
        &.-wrong { color: $text-error; }
    }
    """

    class Left(Message):
        """The value stays as it is."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        """Initialise an editor that is out of sight."""
        super().__init__(id=id, select_on_focus=True)
        self._choices: Sequence[str] = ()

    @property
    def is_open(self) -> bool:
        """Whether something is edited."""
        return self.has_class("-open")

    def open(self, text: str, choices: Sequence[str] = ()) -> None:
        """Begin with a text, which the first key replaces; *choices* are the names that up and down go through."""
        self._choices = choices
        self.value = text
        self.add_class("-open")
        self.focus()

    def place(self, cell: Region, room: int) -> None:
        """Lie over a cell of a table that is *room* cells wide."""
        width = min(max(cell.width, LEAST), room)
        self.styles.offset = (max(0, min(cell.x, room - width)), cell.y)  # rather over what is on its right
        self.styles.width = width

    def close(self) -> None:
        """Get out of sight."""
        self.remove_class("-open")

    def action_leave(self) -> None:
        """Leave the value as it is."""
        self.post_message(self.Left())

    def action_choose(self, step: int) -> None:
        """Take the name before or after."""
        if self._choices:
            now = self._choices.index(self.value) if self.value in self._choices else -step
            self.value = self._choices[(now + step) % len(self._choices)]
            self.cursor_position = len(self.value)
