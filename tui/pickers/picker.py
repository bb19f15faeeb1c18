"""Picker: a list over the whole terminal, to choose from before there is an explorer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from textual.binding import Binding, BindingType

from ..base_app import BaseApp
from ..terminal.guardian import guardian
from ..widgets.key_bar import KeyBar
from ..widgets.lists.row_view import RowView
from ..widgets.lists.search_bar import SearchBar
from ..widgets.pane_title import PaneTitle
from ..widgets.plain import Static

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from ..state.config import Config

__all__ = ["ChoiceList", "Picker"]

_Result = TypeVar("_Result")


class ChoiceList(RowView):
    """A list to choose from, which says so in the footer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Open", id="rows.select", tooltip="Open the row"),
    ]

    DEFAULT_CSS = """
    ChoiceList { height: 1fr; }
    """


class Picker(BaseApp[_Result]):
    """A title, a list and the keys; a subclass returns what a row stands for, and None stands for quitting.

    Args:
        title: What there is to choose from.
        rows: The list.
        note: What is wrong with what was chosen last.
        config: What the user prefers.
    """

    ENABLE_COMMAND_PALETTE = False
    CSS = """
    #title { background: $footer-background; }
    #note { height: auto; color: $text-error; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,escape", "quit", "Quit", id="quit", tooltip="Quit"),
    ]

    def __init__(self, title: str, rows: RowView, *, note: str = "", config: Config | None = None) -> None:
        super().__init__(config)
        self._heading = title
        self._list = rows
        self._note = note

    def run(self, **options: Any) -> _Result | None:
        """Let the user choose; what is chosen takes as long as it takes."""
        chosen = super().run(**options)
        if chosen is not None:
            guardian().going_on()
        return chosen

    def compose(self) -> ComposeResult:
        """Compose the list."""
        yield PaneTitle(self._heading, id="title")
        if self._note:
            yield Static(f"✗ {self._note}", id="note")
        yield self._list
        yield SearchBar()
        yield KeyBar()

    def on_mount(self) -> None:
        """Begin in the list."""
        self._list.focus()

    def on_row_view_search_requested(self, event: RowView.SearchRequested) -> None:
        """Search in the list."""
        self.query_one(SearchBar).open(event.view)

    def on_row_view_selected(self, event: RowView.Selected) -> None:
        """Choose."""
        self.exit(self.value(event.index))

    def value(self, index: int) -> _Result:
        """Return what a row stands for."""
        raise NotImplementedError
