"""SearchBar: the line in which a pattern is typed."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

__all__ = ["SearchBar"]


class SearchBar(Input):
    """Hidden until it is asked for; enter searches, escape gives up."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", "Cancel", id="search.cancel", tooltip="Close the search"),
    ]

    DEFAULT_CSS = """
    SearchBar {
        dock: bottom;
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
