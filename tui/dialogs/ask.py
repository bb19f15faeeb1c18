"""AskDialog: one line of text, a file name above all."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on

from ..widgets.plain import Button, Input
from .dialog import Dialog, line

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.widget import Widget

__all__ = ["AskDialog"]


class AskDialog(Dialog[str]):
    """Ask for a line of text; dismisses with it, which may be empty, or with None.

    Args:
        title: What is asked for.
        value: What stands in the field at first.
        notes: What there is to know, a line each.
        confirm: The text of the button.
    """

    ABOUT: ClassVar[str] = "A line of text is asked for: enter takes it, escape leaves all as it is."

    def __init__(self, title: str, value: str = "", *, notes: tuple[str, ...] = (), confirm: str = "OK") -> None:
        super().__init__()
        self._title = title
        self._value = value
        self._notes = notes
        self._confirm = confirm

    def heading(self) -> str:
        """Return the title."""
        return self._title

    def body(self) -> ComposeResult:
        """Compose the field and the notes."""
        yield Input(self._value, id="answer")
        for note in self._notes:
            yield line(note, classes="dialog-note")

    def buttons(self) -> list[Widget]:
        """Return Cancel and the other one."""
        return [Button("Cancel", id="cancel"), Button(self._confirm, id="confirm", variant="primary")]

    def on_mount(self) -> None:
        """Begin to type."""
        self.set_focus(self.query_one(Input))

    @on(Input.Submitted)
    @on(Button.Pressed, "#confirm")
    def submit(self) -> None:
        """Answer."""
        self.dismiss(self.query_one(Input).value.strip())
