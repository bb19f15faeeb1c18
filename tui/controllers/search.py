"""SearchController: one search line for whatever has the focus: the tree, or a list; and for the code of all."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from .controller import Controller

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..widgets.code.code_pane import CodePane
    from ..widgets.lists.search_bar import Searchable, SearchBar
    from .controller import Stage
    from .navigation import Navigation

__all__ = ["SearchController"]


class SearchController(Controller):
    """Searches where it was asked to, which is the tree where no list asked; in the whole object, where that is wanted.

    Args:
        bar: Where the pattern is typed.
        tree: What is searched when nothing else has the focus.
        code: What is searched where it is to be the whole object.
        navigation: Where one is, to come back to.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "Search", key_display="/", id="search", tooltip="Search"),
    ]

    def __init__(
        self, stage: Stage, *, bar: SearchBar, tree: Searchable, code: CodePane, navigation: Navigation
    ) -> None:
        super().__init__(stage)
        self._bar = bar
        self._tree = tree
        self._code = code
        self._navigation = navigation

    @property
    def is_open(self) -> bool:
        """Whether something is being searched for."""
        return self._bar.is_open

    def action_search(self) -> None:
        """Search in the tree."""
        self.open(self._tree)

    def open(self, target: Searchable) -> None:
        """Search in a list, or the tree; `tab` goes on to the code of all programs."""
        navigation, place = self._navigation, self._navigation.here()

        def in_code() -> Searchable:
            return _InCode(self._code, navigation, lambda: navigation.return_to(place))

        self._bar.open(target, in_code if self._code.spec.programs else None, lambda: navigation.remember(place))


class _InCode:
    """The code, which is searched from somewhere else: giving up leads back there.

    Args:
        code: The code.
        navigation: Shows its tab.
        back: Goes back to where the search began.
    """

    def __init__(self, code: CodePane, navigation: Navigation, back: Callable[[], None]) -> None:
        self._view = code.view
        self._back = back
        navigation.action_show_tab("code")

    def focus(self) -> object:
        """Give the code the keys."""
        return self._view.focus()

    def seek_from_here(self) -> None:
        """Begin to search."""
        self._view.seek_from_here()

    def seek(self, text: str, /) -> None:
        """Go to the first match."""
        self._view.seek(text)

    def seek_end(self, *, stay: bool) -> None:
        """Stay, or go back to where the search began."""
        self._view.seek_end(stay=stay)
        if not stay:
            self._back()

    def seek_count(self) -> str:
        """Return which match one is at, and how many there are in all."""
        return self._view.seek_count()

    def widen(self) -> None:
        """Search in the whole object, or in this program only."""
        self._view.widen()

    def wider_count(self) -> str:
        """Return where else can be searched, and how much is found there."""
        return self._view.wider_count()
