"""HelpController: what the keys of the explorer mean, here and elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType

from .controller import Controller

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .controller import Stage

__all__ = ["HelpController"]

_PAGES: Final = {
    "overview": "collection",
    "code": "collection",
    "variables": "variables",
    "maps": "maps",
    "graph": "maps",
    "log": "verifier",
}
"""Which page of the manual is about a tab."""


class HelpController(Controller):
    """Knows every key with its meaning.

    Args:
        everywhere: The keys of the screen.
        keymap: Returns the keys that the user prefers, by the id of a binding.
        place: Returns the tab that is shown.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "Keys", key_display="?", id="help", tooltip="All keys"),
    ]

    def __init__(
        self,
        stage: Stage,
        *,
        everywhere: Sequence[BindingType],
        keymap: Callable[[], Mapping[str, str]],
        place: Callable[[], str],
    ) -> None:
        super().__init__(stage)
        self._everywhere = everywhere
        self._keymap = keymap
        self._place = place

    def action_help(self) -> None:
        """Show all keys."""
        from ..dialogs.help import HelpScreen

        page = _PAGES.get(self._place(), "")
        self.stage.ask(HelpScreen(self.groups(), self._keymap(), page=page), lambda _: None)

    def groups(self) -> dict[str, Sequence[BindingType]]:
        """Return all keys, by where they have a meaning."""
        from ..widgets.code.code_pane import CodePane
        from ..widgets.code.columns_view import ColumnsView
        from ..widgets.code.flow_view import FlowView
        from ..widgets.code.kernel_code import KernelCodePane
        from ..widgets.code.listing_view import ListingView
        from ..widgets.lists.row_view import RowView
        from ..widgets.live.cell_editor import CellEditor
        from ..widgets.live.event_view import EventView
        from ..widgets.live.map_table import MapTableView
        from ..widgets.spec.core_view import CoreView
        from ..widgets.spec.spec_tree import SpecTree
        from ..widgets.spec.types_view import TypesView
        from ..widgets.spec.variables_view import VariablesView
        from ..widgets.verifier.log_pane import LogPane

        return {
            "Everywhere": self._everywhere,
            "Tree": SpecTree.BINDINGS,
            "Lists (code, variables, maps, log)": RowView.BINDINGS,
            "Code": [*ListingView.BINDINGS, *CodePane.BINDINGS, *KernelCodePane.BINDINGS],
            "Columns beside the code": ColumnsView.BINDINGS,
            "Control flow as a picture": FlowView.BINDINGS,
            "Variables": VariablesView.BINDINGS,
            "Maps": MapTableView.BINDINGS,
            "Maps, while a value is typed": CellEditor.BINDINGS,
            "Events": EventView.BINDINGS,
            "Log of the verifier": LogPane.BINDINGS,
            "Types": TypesView.BINDINGS,
            "CO-RE relocations": CoreView.BINDINGS,
        }

    def elsewhere(self, key: str) -> str:
        """Return in which panes a letter has a meaning; empty where it has none."""
        keymap = self._keymap()
        titles = [
            title
            for title, bindings in self.groups().items()
            if any(
                isinstance(each, Binding) and each.tooltip and key in keymap.get(each.id or "", each.key).split(",")
                for each in bindings
            )
        ]
        return f"{key} has no meaning here, but in: {', '.join(titles)}" if titles and len(key) == 1 else ""
