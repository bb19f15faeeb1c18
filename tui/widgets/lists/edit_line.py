"""EditLine: the line in which a value is typed, and below it what it takes, or what is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message

from ....core.errors import BpftuiError
from ...text.shown import plain
from ..plain import Input, Label

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult
    from textual.widget import Widget

__all__ = ["EditLine"]


class _Field(Input):
    """The field, from which escape leads back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Set", id="edit.set", tooltip="Set the value"),
        Binding("escape", "give_up", "Cancel", id="edit.cancel", tooltip="Leave the value as it is"),
    ]

    def action_give_up(self) -> None:
        """Leave it as it is."""
        self.post_message(EditLine.GivenUp())

    def pasted(self, text: str) -> str:
        """Take several lines for something else than the value: whoever asked for it is told."""
        if len(text.splitlines()) < 2:
            return super().pasted(text)
        self.post_message(EditLine.Pasted(text))
        return ""


class EditLine(Vertical):
    """Hidden until it is asked for; enter sets the value, escape leaves it as it is.

    What was typed is tried at each key, and enter does nothing while it is refused. Like the search line it stands
    above the key bar.
    """

    DEFAULT_CSS = """
    EditLine {
        height: 2;
        background: $panel;
        display: none;
        &.-open { display: block; }
        & > Horizontal { height: 1; }
        & .edit-label { padding: 0 1; text-style: bold; }
        & Input { width: 1fr; height: 1; border: none; padding: 0; background: $boost; }
        & .edit-problem { width: 100%; padding: 0 1; color: $text-muted; &.-wrong { color: $text-error; } }
    }
    """

    class GivenUp(Message):
        """The value stays as it is."""

    class Pasted(Message):
        """Several lines were pasted, which no value has.

        Args:
            text: The lines.
        """

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self) -> None:
        """Initialise a line that is out of sight."""
        super().__init__()
        self._try: Callable[[str], object] = str
        self._set: Callable[[str], object] = str
        self._back: Widget | None = None

    def compose(self) -> ComposeResult:
        """Compose what is edited, the field, and what it takes or why it does not take what is typed."""
        with Horizontal():
            yield Label("", classes="edit-label")
            yield _Field(compact=True, select_on_focus=False)
        yield Label("", classes="edit-problem")

    @property
    def is_open(self) -> bool:
        """Whether something is being edited."""
        return self.has_class("-open")

    def open(
        self,
        label: str,
        value: str,
        hint: str,
        attempt: Callable[[str], object],
        set_: Callable[[str], object],
        *,
        replace: bool = True,
    ) -> None:
        """Edit a value; the focus comes back to where it is now.

        Args:
            label: What is edited.
            value: What stands in the field at first.
            hint: What it takes, until something is wrong.
            attempt: Raises BpftuiError for what it does not take.
            set_: Sets it, once enter was pressed.
            replace: Whether what is typed takes the place of all of it; else it is typed in front.
        """
        self._try, self._set, self._hint = attempt, set_, hint
        self._back = self.screen.focused
        field = self.query_one(Input)
        field.value = value
        self.query_one(".edit-label", Label).update(plain(label))
        self.add_class("-open")
        field.focus()
        if replace:
            field.select_all()
        else:
            field.cursor_position = 0
        self._say()

    _hint = ""

    def on_input_changed(self) -> None:
        """Try what was typed."""
        self._say()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Set what was typed, unless it is refused."""
        event.stop()
        if self._say():
            self.close()
            self._set(event.value)

    def on_edit_line_given_up(self, event: EditLine.GivenUp) -> None:
        """Close."""
        event.stop()
        self.close()

    def _say(self) -> bool:
        """Show what is wrong, if anything; return whether nothing is."""
        label = self.query_one(".edit-problem", Label)
        try:
            self._try(self.query_one(Input).value)
        except BpftuiError as error:
            label.update(plain(f"✗ {error.message}" + (f": {error.hint}" if error.hint else "")))
            label.add_class("-wrong")
            return False
        label.update(plain(self._hint))
        label.remove_class("-wrong")
        return True

    def close(self) -> None:
        """Leave the value as it is, and go back to where the focus was."""
        self.remove_class("-open")
        if self._back is not None and self._back.is_attached:
            self._back.focus()
