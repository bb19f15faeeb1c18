"""Modal: what every screen that lies over the explorer has in common: it has its own keys, and ends once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen

from ..compositor import Compositor
from ..widgets.key_bar import KeyBar
from ..widgets.message_line import MessageLine

if TYPE_CHECKING:
    from textual import events
    from textual.app import App, ComposeResult

__all__ = ["Modal"]

_Result = TypeVar("_Result")


class Modal(ModalScreen[_Result]):
    """A screen over another one, dismissed once, however many keys, clicks and messages come to tell it so.

    Its keys are the only ones that work while it is there, so that its bar lies over that of the screen below, and its
    message line over that screen's. What went wrong meanwhile and is not answered here is said there when it closes. A
    subclass composes what it shows, and this.
    """

    DEFAULT_CSS = """
    Modal {
        layers: default keys;  /* so that what is centred stays where it is */
        & > KeyBar { layer: keys; }
        & > MessageLine { layer: keys; dock: bottom; margin-bottom: 1; }
    }
    """

    _dismissed = False

    def __init__(self) -> None:
        super().__init__()
        self._compositor = Compositor()

    def compose(self) -> ComposeResult:
        """Compose what is said, and the keys."""
        yield MessageLine(leads=False)
        yield KeyBar()

    @property
    def app(self) -> App[Any]:
        """The app, which leaves the type of its result open."""
        return super().app  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]

    def dismiss(self, result: _Result | None = None) -> AwaitComplete:
        """Close, with a *result*; the first is the one that counts.

        Textual's own takes whatever screen is in front off the stack, the explorer's too.
        """
        if self._dismissed or not self.is_current:
            return AwaitComplete.nothing()
        self._dismissed = True
        for below in self.app.screen_stack[-2].query(MessageLine):
            below.take_over(self.message_line)
        return super().dismiss(result)

    @property
    def message_line(self) -> MessageLine:
        """Where it is said what went wrong."""
        return self.query_one(MessageLine)

    def on_key(self, event: events.Key) -> None:
        """Let escape answer what went wrong before it means anything else: it is said to."""
        if event.key == "escape" and self.message_line.failure is not None:
            event.stop()
            self.message_line.action_answer()
