"""AskDialog: one line of text, a file name above all."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on, work

from ...core.errors import BpftuiError
from ..status import told
from ..widgets.plain import Button, Input, Label
from .dialog import Dialog, line

if TYPE_CHECKING:
    from collections.abc import Callable

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
        check: Looks at an answer, in a thread; BpftuiError says what is wrong with it, and it is asked on.
    """

    ABOUT: ClassVar[str] = "A line of text is asked for: enter takes it, escape leaves all as it is."

    def __init__(
        self,
        title: str,
        value: str = "",
        *,
        notes: tuple[str, ...] = (),
        confirm: str = "OK",
        check: Callable[[str], object] | None = None,
    ) -> None:
        super().__init__()
        self._check = check
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
        if self._check is not None:
            yield line("", id="problem")
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
        """Answer, if nothing is wrong with it."""
        answer = self.query_one(Input).value.strip()
        if self._check is None or not answer:
            self.dismiss(answer)
        else:
            self._look_at(answer, self._check)

    @work(thread=True, exit_on_error=False, exclusive=True, group="check")
    def _look_at(self, answer: str, check: Callable[[str], object]) -> None:
        try:
            check(answer)
        except BpftuiError as error:
            self._tell(self.query_one("#problem", Label).update, told(error))
        else:
            self._tell(self.dismiss, answer)

    def _tell(self, call: Callable[[str], object], text: str) -> None:
        if self.is_attached:  # it may have been cancelled meanwhile
            self.app.call_from_thread(call, text)
