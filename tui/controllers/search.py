"""SearchController: one search line for whatever has the focus: the tree, or a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from .controller import Controller

if TYPE_CHECKING:
    from ..widgets.lists.search_bar import Searchable, SearchBar
    from .controller import Stage

__all__ = ["SearchController"]


class SearchController(Controller):
    """Searches where it was asked to, which is the tree where no list asked.

    Args:
        bar: Where the pattern is typed.
        tree: What is searched when nothing else has the focus.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "Search", key_display="/", id="search", tooltip="Search"),
    ]

    def __init__(self, stage: Stage, *, bar: SearchBar, tree: Searchable) -> None:
        super().__init__(stage)
        self._bar = bar
        self._tree = tree

    def action_search(self) -> None:
        """Search in the tree."""
        self._bar.open(self._tree)
