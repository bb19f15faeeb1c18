"""SearchBar: the line in which a pattern is typed, for whatever asks for a search."""

from __future__ import annotations

from typing import ClassVar, Protocol, runtime_checkable

from textual.binding import Binding, BindingType

from ..plain import Input

__all__ = ["SearchBar", "Searchable"]


class Searchable(Protocol):
    """What can be searched: a list, or the tree."""

    def focus(self) -> object:
        """Give it the keys."""

    def search(self, pattern: str, /) -> bool:
        """Go to the next match and return True, or tell the user that there is none."""
        ...


@runtime_checkable
class Narrowable(Protocol):
    """What shows only what matches, while it is typed."""

    narrowed_by: str
    """What it shows only now; empty for everything."""

    def narrow(self, pattern: str, /) -> None:
        """Show only what matches; everything where *pattern* is empty."""
        ...


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
        background: $footer-background;
        display: none;
        &.-open { display: block; }
        &:focus { border: none; }
    }
    """

    def __init__(self) -> None:
        """Initialise a bar that is out of sight."""
        super().__init__()
        self._target: Searchable | None = None

    def open(self, target: Searchable) -> None:
        """Ask for what to look for in *target*: show the line, empty, with the focus."""
        self._target = target
        self.placeholder = (
            "only rows with: enter keeps them, esc shows all"
            if isinstance(target, Narrowable)
            else "search: enter finds, n and N go on, esc gives up"
        )
        self.value = target.narrowed_by if isinstance(target, Narrowable) else ""
        self.add_class("-open")
        self.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Narrow while it is typed."""
        event.stop()
        if self.has_class("-open") and isinstance(self._target, Narrowable):
            self._target.narrow(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Search."""
        event.stop()
        self._close(event.value)

    def action_give_up(self) -> None:
        """Close without searching."""
        self._close("")

    def _close(self, pattern: str) -> None:
        """Search where the search was asked for, and go back there."""
        self.remove_class("-open")
        if self._target is not None:
            self._target.focus()
            if isinstance(self._target, Narrowable):
                self._target.narrow(pattern)
            elif pattern:
                self._target.search(pattern)
