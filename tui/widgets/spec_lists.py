"""SpecLists: the lists that stand in for the overview where a node is one: types, CO-RE relocations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..nodes import NodeKind
from .overview import Overview

if TYPE_CHECKING:
    from textual.widgets import TabPane

    from ...core.spec import CollectionSpec
    from ..nodes import Node
    from .lists.row_view import RowView
    from .spec.core_view import CoreView

__all__ = ["SpecLists"]


class SpecLists:
    """Made when they are first looked at, in the tab of the overview.

    Args:
        spec: What is explored.
        pane: The overview's tab.
    """

    def __init__(self, spec: CollectionSpec, pane: TabPane) -> None:
        self._spec = spec
        self._pane = pane
        self._views: dict[NodeKind, RowView] = {}

    @property
    def core(self) -> CoreView:
        """The list of CO-RE relocations."""
        from .spec.core_view import CoreView

        view = self._views.get(NodeKind.CORE)
        if view is None:
            view = self._views[NodeKind.CORE] = CoreView(self._spec, id="core-relocations")
            self._pane.mount(view)
        assert isinstance(view, CoreView)
        return view

    def show_type(self, type_id: int) -> None:
        """Open a type of the list of types, which must have been chosen."""
        from .spec.types_view import TypesView

        view = self._views.get(NodeKind.TYPES)
        if isinstance(view, TypesView):
            view.call_after_refresh(view.open_type, type_id)

    def choose(self, node: Node) -> None:
        """Show the list that *node* is; for every other node the overview."""
        if node.kind is NodeKind.TYPES and NodeKind.TYPES not in self._views and self._spec.types is not None:
            from .spec.types_view import TypesView

            view = self._views[NodeKind.TYPES] = TypesView(self._spec.types, id="types")
            self._pane.mount(view)
        elif node.kind is NodeKind.CORE:
            core = self.core
            core.call_after_refresh(core.show, node.program)
        for kind, view in self._views.items():
            view.display = kind is node.kind
        self._pane.query_one(Overview).display = node.kind not in self._views
