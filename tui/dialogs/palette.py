"""Palette: a list that what is typed narrows, to choose a command, a place or a theme from."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType

from ..text.shown import Text
from ..widgets.lists.row_view import RowView
from ..widgets.plain import Box, Input
from .command import Command, ranked
from .modal import Modal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from textual import events
    from textual.app import ComposeResult

__all__ = ["Palette"]


class CommandRows(RowView, can_focus=False):
    """Commands with what stands behind them."""

    DEFAULT_CSS = """
    CommandRows { height: 1fr; }
    CommandRows > .row-view--cursor { background: $cursor-row; }
    CommandRows > .row-view--blurred { color: $primary; }  /* the field has the keyboard, and moves in this list */
    """

    def __init__(self, commands: Sequence[Command]) -> None:
        """Initialise the list of *commands*."""
        super().__init__()
        self.commands = commands
        self.empty_text = "nothing matches"

    def row_count(self) -> int:
        """Return how many there are."""
        return len(self.commands)

    def row_text(self, index: int) -> str:
        """Return a command as text."""
        return f"{self.commands[index].title}  {self.commands[index].detail}"

    def draw_row(self, index: int, width: int) -> Text:
        """Draw a command."""
        command = self.commands[index]
        text = Text(command.title, no_wrap=True)
        return text.append(f"  {command.detail}", self.ink("row-view--muted"))

    def on_click(self, event: events.Click) -> None:
        """Choose with one click: whoever comes here wants nothing else."""
        event.prevent_default()  # the base class's, which is called here, for the cursor must be there first
        super().on_click(event)
        self.action_select()


class Palette(Modal[Command | None]):
    """Dismisses with what was chosen.

    All that is there is known before anything is typed, so that enter means what was typed, however quickly.

    Args:
        commands: What there is.
        more: Further commands for what is typed, which come first.
        placeholder: What stands in the empty field.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Close", id="palette.close", tooltip="Close without doing anything"),
        Binding("up", "move('cursor_up')", show=False, id="palette.up"),
        Binding("down", "move('cursor_down')", show=False, id="palette.down"),
        Binding("pageup", "page(-1)", show=False, id="palette.page-up"),
        Binding("pagedown", "page(1)", show=False, id="palette.page-down"),
        Binding("ctrl+home,shift+home", "move('first')", show=False, id="palette.top"),
        Binding("ctrl+end,shift+end", "move('last')", show=False, id="palette.bottom"),
    ]

    def __init__(
        self, commands: Sequence[Command], more: Callable[[str], Iterable[Command]] | None = None, placeholder: str = ""
    ) -> None:
        super().__init__()
        self._commands = commands
        self._more = more
        self._placeholder = placeholder
        self._moved = False

    def compose(self) -> ComposeResult:
        """Compose the field and the list."""
        with Box(classes="dialog palette") as box:
            box.border_subtitle = "↑ ↓ enter · esc close"
            yield Input(placeholder=self._placeholder, id="palette-text", compact=True)
            yield CommandRows(self._commands)
        yield from super().compose()

    def on_mount(self) -> None:
        """Begin to type."""
        self.set_focus(self.query_one(Input))

    @property
    def _rows(self) -> CommandRows:
        return self.query_one(CommandRows)

    @on(Input.Changed)
    def narrow(self, event: Input.Changed) -> None:
        """Show what matches."""
        text = event.value.strip()
        more = [] if self._more is None else list(self._more(text))
        self._rows.commands = [*more, *ranked(self._commands, text)] if text else self._commands
        self._rows.restart()
        self._moved = False

    def action_move(self, how: str) -> None:
        """Move in the list."""
        getattr(self._rows, f"action_{how}")()
        self._moved = True

    def action_page(self, pages: int) -> None:
        """Move in the list by pages."""
        self._rows.action_page(pages)
        self._moved = True

    @on(Input.Submitted)
    def choose(self) -> None:
        """Take the row under the cursor; without a text, only one that was gone to."""
        # Keys that came before the palette was open are not in its text: enter alone must not load anything.
        if self._moved or self.query_one(Input).value.strip():
            self._rows.action_select()

    def on_row_view_selected(self, event: RowView.Selected) -> None:
        """Choose."""
        self.dismiss(self._rows.commands[event.index])
