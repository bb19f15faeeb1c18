"""ConfirmDialog: one question with a harmless and a decisive answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType

from ..widgets.plain import Button, Input
from .dialog import Dialog, line

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.widget import Widget

__all__ = ["ConfirmDialog"]


class ConfirmDialog(Dialog[bool]):
    """A question; dismisses with True only when the decisive button is pressed, or y: enter and escape leave it.

    Args:
        title: What it is about.
        question: What happens on yes.
        confirm: The label of the decisive button, which is red.
        cancel: That of the harmless one, which has the keyboard.
        name: Has to be typed before the decisive button does anything; empty for nothing.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "yes", "Yes", id="confirm.yes", tooltip="Answer yes"),
    ]

    ABOUT: ClassVar[str] = (
        "A question before something that cannot be taken back, or that others notice. The harmless answer "
        "has the keyboard: enter and escape change nothing."
    )

    def __init__(self, title: str, question: str, *, confirm: str, cancel: str = "Cancel", name: str = "") -> None:
        super().__init__()
        self._cancel = cancel
        self._typed = name
        self._title = title
        self._question = question
        self._confirm = confirm

    def heading(self) -> str:
        """Return the title."""
        return self._title

    def body(self) -> ComposeResult:
        """Compose the question."""
        yield line(self._question, classes="dialog-text")
        if self._typed:
            yield line(f"Type {self._typed} to do it:", classes="dialog-note")
            yield Input(id="name")

    def buttons(self) -> list[Widget]:
        """Return Cancel and the decisive button."""
        decisive = Button(self._confirm, id="confirm", variant="error")
        decisive.disabled = bool(self._typed)
        return [Button(self._cancel, id="cancel"), decisive]

    def enter(self, focused: Widget) -> tuple[str, bool]:
        """Return what enter does in the field: once the name stands there, it goes on to the button."""
        return "Next", not self.query_one("#confirm", Button).disabled

    def on_mount(self) -> None:
        """Focus the answer that is safe to give by accident."""
        self.set_focus(self.query_one("#cancel"))

    @on(Input.Changed, "#name")
    def check(self, event: Input.Changed) -> None:
        """Let the decisive button work once the name stands there."""
        self.query_one("#confirm", Button).disabled = event.value != self._typed

    @on(Input.Submitted, "#name")
    def go_on(self) -> None:
        """Go on to the decisive button."""
        if not (decisive := self.query_one("#confirm", Button)).disabled:
            self.set_focus(decisive)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer a yes by one key where no name is to be typed."""
        return not self._typed if action == "yes" else super().check_action(action, parameters)

    def action_yes(self) -> None:
        """Answer yes."""
        self.dismiss(True)

    @on(Button.Pressed, "#confirm")
    def confirm(self) -> None:
        """Answer yes."""
        self.dismiss(True)
