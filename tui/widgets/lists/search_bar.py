"""SearchBar: the line in which a pattern is typed, and what a screen does with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

from textual.binding import Binding, BindingType
from textual.message import Message

from ..plain import Input

if TYPE_CHECKING:
    from textual.dom import DOMNode as _Host

    from .row_view import RowView
else:
    # At run time it is no node: Textual inherits styles from the first base that is one, which has to be the screen.
    _Host = object

__all__ = ["SearchBar", "SearchHost", "Searchable"]


class SearchBar(Input):
    """Hidden until it is asked for; enter searches, escape gives up.

    It takes a line of its own where it is composed: above the key bar, which is docked and would cover a second one.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", "Cancel", id="search.cancel", tooltip="Close the search"),
    ]

    DEFAULT_CSS = """
    SearchBar {
        height: 1;
        border: none;
        padding: 0 1;
        background: $panel;
        display: none;
        &.-open { display: block; }
        &:focus { border: none; }
    }
    """

    class Closed(Message):
        """The search is over.

        Args:
            pattern: What to search for; empty when the user gave up.
        """

        def __init__(self, pattern: str) -> None:
            super().__init__()
            self.pattern = pattern

    def __init__(self) -> None:
        """Initialise a bar that is out of sight."""
        super().__init__(placeholder="search: enter finds, n and N go on, esc gives up")

    def open(self) -> None:
        """Show it, empty, with the focus."""
        self.value = ""
        self.add_class("-open")
        self.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Search."""
        event.stop()
        self._close(event.value)

    def action_give_up(self) -> None:
        """Close without searching."""
        self._close("")

    def _close(self, pattern: str) -> None:
        self.remove_class("-open")
        self.post_message(self.Closed(pattern))


class Searchable(Protocol):
    """What can be searched: a list, or the tree."""

    def focus(self) -> object:
        """Give it the keys."""

    def search(self, pattern: str, /) -> bool:
        """Go to the next match and return True, or tell the user that there is none."""
        ...


class SearchHost(_Host):
    """A screen or an app with one search bar, for whatever in it asks for a search."""

    _searched: Searchable | None = None

    def open_search(self, target: Searchable) -> None:
        """Ask for what to look for in *target*."""
        self._searched = target
        self.query_one(SearchBar).open()

    def on_row_view_search_requested(self, event: RowView.SearchRequested) -> None:
        """Search in a list."""
        self.open_search(event.view)

    def on_search_bar_closed(self, event: SearchBar.Closed) -> None:
        """Search where the search was asked for, and go back there."""
        if self._searched is not None:
            self._searched.focus()
            if event.pattern:
                self._searched.search(event.pattern)
