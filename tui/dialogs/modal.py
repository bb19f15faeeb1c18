"""Modal: what every screen that lies over the explorer has in common: it has its own keys, and ends once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen

from ..compositor import Compositor
from ..widgets.key_bar import KeyBar

if TYPE_CHECKING:
    from textual.app import App, ComposeResult

__all__ = ["Modal"]

_Result = TypeVar("_Result")


class Modal(ModalScreen[_Result]):
    """A screen over another one, dismissed once, however many keys, clicks and messages come to tell it so.

    Its keys are the only ones that work while it is there, so that its bar lies over that of the screen below. A
    subclass composes what it shows, and this.
    """

    DEFAULT_CSS = """
    Modal {
        layers: default keys;  /* so that what is centred stays where it is */
        & > KeyBar { layer: keys; }
    }
    """

    _dismissed = False

    def __init__(self) -> None:
        super().__init__()
        self._compositor = Compositor()

    def compose(self) -> ComposeResult:
        """Compose the keys."""
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
        return super().dismiss(result)
