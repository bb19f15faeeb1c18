"""Dialog: the frame of every question that the explorer asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, TypeVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal

from ..widgets.plain import Button, Checkbox, Label, ScrollBox, Select
from .explained import ExplainedModal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual.app import ComposeResult
    from textual.widget import Widget

__all__ = ["Dialog", "field", "line"]

_Result = TypeVar("_Result")
_FIELDS: Final = (
    Binding("tab,shift+tab", "app.focus_next", tooltip="Next field or button, the one before"),
    Binding("enter", "", tooltip="What stands beside ⏎ in the last line: it depends on where the keyboard is"),
    Binding("space", "", tooltip="Tick a box; open a list of choices"),
    Binding("up,down", "", tooltip="Another line of a list"),
)
"""The keys of Textual's fields and buttons, which say nothing of themselves."""


class Dialog(ExplainedModal[_Result | None]):
    """A box with a title, a body, and buttons; escape closes it with None.

    A subclass gives `title_text`, `body` and `buttons`; a button without a handler of its own cancels. The last button
    is the decisive one: enter in a field does the same, unless `enter` says otherwise.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", id="dialog.cancel", tooltip="Close without changing anything"),
        Binding("left", "app.focus_previous", show=False, id="dialog.previous", tooltip="Previous field or button"),
        Binding("right", "app.focus_next", show=False, id="dialog.next", tooltip="Next field or button"),
    ]

    title_text: ClassVar[str] = ""

    def body(self) -> ComposeResult:
        """Compose what is between the title and the buttons."""
        raise NotImplementedError

    def buttons(self) -> list[Widget]:
        """Return the buttons, the harmless one first."""
        return [Button("Cancel", id="cancel")]

    def heading(self) -> str:
        """Return the title."""
        return self.title_text

    def key_groups(self) -> Mapping[str, Sequence[BindingType | str]]:
        """Return its keys, and those of fields and buttons."""
        groups = dict(super().key_groups())
        return {"": [*groups.pop(""), *_FIELDS], **groups}

    def enter(self, focused: Widget) -> tuple[str, bool]:
        """Return what enter does in a field or a list, as a word for the bar, and whether it does so now."""
        decisive = self.query(Button).last()
        return str(decisive.label), not decisive.disabled

    def enter_key(self) -> tuple[str, bool] | None:
        """Return what enter does where the keyboard is, and whether it does so now; None for nothing."""
        match self.focused:
            case None:
                return None
            case Button(label=label):
                return str(label), True
            case Checkbox():
                return "Tick", True
            case Select():
                return "Choose", True
            case _ as focused:
                return self.enter(focused)

    def compose(self) -> ComposeResult:
        """Compose the frame."""
        with ScrollBox(classes="dialog", can_focus=False) as box:
            box.border_title = self.heading()
            box.border_subtitle = "tab next · esc cancel"
            yield from self.body()
            with Horizontal(classes="dialog-buttons"):
                yield from self.buttons()
        yield from super().compose()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Close on Cancel."""
        if event.button.id == "cancel":
            event.stop()
            self.dismiss(None)

    def action_cancel(self) -> None:
        """Close without a result."""
        self.dismiss(None)


def field(name: str, text: str) -> Horizontal:
    """Return what is to be known before a question: its name, and what it is, on as many lines as it takes."""
    return Horizontal(Label(name), Label(text), classes="dialog-field")


def line(text: str, *, id: str | None = None, classes: str = "") -> Label:  # noqa: A002 - Textual's own name
    """Return a line of text."""
    return Label(text, id=id, classes=classes)
