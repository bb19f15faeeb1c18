"""ConfirmDialog: one question with a harmless and a decisive answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from ..widgets.plain import Button
from .dialog import Dialog, line

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.widget import Widget

__all__ = ["ConfirmDialog"]


class ConfirmDialog(Dialog[bool]):
    """A question; dismisses with True only when the decisive button is pressed.

    Args:
        title: What it is about.
        question: What happens on yes.
        confirm: The label of the decisive button, which is red.
    """

    def __init__(self, title: str, question: str, *, confirm: str) -> None:
        super().__init__()
        self._title = title
        self._question = question
        self._confirm = confirm

    def heading(self) -> str:
        """Return the title."""
        return self._title

    def body(self) -> ComposeResult:
        """Compose the question."""
        yield line(self._question, classes="dialog-text")

    def buttons(self) -> list[Widget]:
        """Return Cancel and the decisive button."""
        return [Button("Cancel", id="cancel"), Button(self._confirm, id="confirm", variant="error")]

    def on_mount(self) -> None:
        """Focus the answer that is safe to give by accident."""
        self.set_focus(self.query_one("#cancel"))

    @on(Button.Pressed, "#confirm")
    def confirm(self) -> None:
        """Answer yes."""
        self.dismiss(True)
