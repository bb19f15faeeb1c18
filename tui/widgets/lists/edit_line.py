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
        Binding("escape", "give_up", "Cancel", id="edit.cancel", tooltip="Leave the value as it is"),
        Binding("enter", "submit", "Set", id="edit.set", tooltip="Set the value"),
    ]

    def action_give_up(self) -> None:
        """Leave it as it is."""
        self.post_message(EditLine.GivenUp())


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
            yield _Field(compact=True)
        yield Label("", classes="edit-problem")

    @property
    def is_open(self) -> bool:
        """Whether something is being edited."""
        return self.has_class("-open")

    def open(
        self, label: str, value: str, hint: str, attempt: Callable[[str], object], set_: Callable[[str], object]
    ) -> None:
        """Edit a value; the focus comes back to where it is now.

        Args:
            label: What is edited.
            value: What stands in the field at first, all of it selected.
            hint: What it takes, until something is wrong.
            attempt: Raises BpftuiError for what it does not take.
            set_: Sets it, once enter was pressed.
        """
        self._try, self._set, self._hint = attempt, set_, hint
        self._back = self.screen.focused
        field = self.query_one(Input)
        field.value = value
        self.query_one(".edit-label", Label).update(plain(label))
        self.add_class("-open")
        field.focus()
        field.select_all()
        self._say()

    _hint = ""

    def on_input_changed(self) -> None:
        """Try what was typed."""
        self._say()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Set what was typed, unless it is refused."""
        event.stop()
        if self._say():
            self._close()
            self._set(event.value)

    def on_edit_line_given_up(self, event: EditLine.GivenUp) -> None:
        """Close."""
        event.stop()
        self._close()

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

    def _close(self) -> None:
        self.remove_class("-open")
        if self._back is not None and self._back.is_attached:
            self._back.focus()
