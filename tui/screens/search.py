"""SearchScreen: one search bar for whatever has the focus: the tree, or a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType

from ..widgets.search_bar import SearchBar
from ..widgets.spec_tree import SpecTree
from .session_screen import SessionScreen

if TYPE_CHECKING:
    from ...core.spec import CollectionSpec
    from ..operations import Operations
    from ..widgets.row_view import RowView

__all__ = ["SearchScreen"]


class SearchScreen(SessionScreen):
    """Searches where it was asked to; a subclass composes the search bar and the tree."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "Search", key_display="/", id="search", tooltip="Search"),
    ]

    def __init__(self, spec: CollectionSpec, operations: Operations) -> None:
        super().__init__(spec, operations)
        self._searched: RowView | SpecTree | None = None

    def on_row_view_search_requested(self, event: RowView.SearchRequested) -> None:
        """Search in a list."""
        self._searched = event.view
        self.query_one(SearchBar).open()

    @on(SearchBar.Closed)
    def search(self, event: SearchBar.Closed) -> None:
        """Search where the search was asked for, and go back there."""
        target = self._searched or self.query_one(SpecTree)
        target.focus()
        if not event.pattern:
            return
        if not isinstance(target, SpecTree):
            target.search(event.pattern)
        elif not target.search(event.pattern):
            self.notify(f"no match for {event.pattern!r}", severity="warning", timeout=3)

    def action_search(self) -> None:
        """Search in the tree."""
        self._searched = self.query_one(SpecTree)
        self.query_one(SearchBar).open()
