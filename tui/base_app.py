"""BaseApp: what the explorer and the lists before it have in common: the user's theme, and the terminal's colours."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, TypeVar

from textual.app import App

from ..core.errors import UnknownNameError
from ..core.visible import visible, visible_lines
from .config import Config
from .line_gate import LineGate
from .palette256 import Nearest256

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

    from textual.filter import LineFilter

__all__ = ["BaseApp"]

_Result = TypeVar("_Result")


class BaseApp(App[_Result]):
    """An app as the user has configured it.

    Args:
        config: What the user prefers.

    Raises:
        UnknownNameError: There is no such theme.
    """

    TITLE = "bpftui"

    def __init__(self, config: Config | None = None) -> None:
        super().__init__()
        self.config = config or Config()
        theme = self.config.theme
        if theme is not None:
            if theme not in self.available_themes:
                raise UnknownNameError("theme", theme, self.available_themes)
            self.theme = theme
        self._filters = [LineGate(), *([Nearest256()] if self.console.color_system == "256" else [])]

    def on_mount(self) -> None:
        """Do not go on where the terminal is gone.

        Whoever loses it gets SIGHUP and SIGCONT, and for the latter Textual's driver (8.2) would start a second writer,
        which dies of the first byte; leaving would then wait for its full queue for ever.
        """
        go_on = signal.getsignal(signal.SIGCONT)
        if callable(go_on):

            def resume(number: int, frame: FrameType | None) -> None:
                if os.isatty(0):
                    go_on(number, frame)

            signal.signal(signal.SIGCONT, resume)

    def action_command_palette(self) -> None:
        """Show the command palette."""
        from .screens.palette import Palette

        if self.use_command_palette and not Palette.is_open(self):  # pyright: ignore[reportArgumentType]
            self.push_screen(Palette(id="--command-palette"))

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return what changes lines on their way to the terminal: to visible text, in colours that it has."""
        return [*super().get_line_filters(), *self._filters]

    def export_screenshot(self, *, title: str | None = None, simplify: bool = False) -> str:
        """Return the screen as an SVG."""
        return super().export_screenshot(title=visible(title or self.title), simplify=simplify)

    def copy_to_clipboard(self, text: str) -> None:
        """Copy a text as it is shown: what is pasted into a shell is nothing that could not be seen."""
        super().copy_to_clipboard("\n".join(visible_lines(text)))
