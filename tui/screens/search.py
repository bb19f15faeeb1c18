"""SearchScreen: one search bar for whatever has the focus: the tree, or a list."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from ..widgets.lists.search_bar import SearchHost
from ..widgets.spec.spec_tree import SpecTree
from .session_screen import SessionScreen

__all__ = ["SearchScreen"]


class SearchScreen(SearchHost, SessionScreen):
    """Searches where it was asked to, which is the tree where no list asked; a subclass composes bar and tree."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "Search", key_display="/", id="search", tooltip="Search"),
    ]

    def action_search(self) -> None:
        """Search in the tree."""
        self.open_search(self.query_one(SpecTree))
