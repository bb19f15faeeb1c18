"""ChangeMarksController: what is not as it was in the version before is marked wherever it stands, and gone through."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from ..nodes import Node, NodeKind
from .controller import Controller

if TYPE_CHECKING:
    from ..changes import Changes
    from ..widgets.panes import Panes
    from ..widgets.spec.spec_tree import SpecTree
    from .controller import Stage
    from .navigation import Navigation

__all__ = ["ChangeMarksController"]


class ChangeMarksController(Controller):
    """Marks what changed when the file was read again, in the tree, the code and the tables.

    Args:
        tree: Where what changed is marked by its name.
        panes: Where it is marked as it stands.
        navigation: Where one is.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m", "change_marks", "Marks", show=False, id="changes.marks", tooltip="Marks of what changed, or none"),
        Binding("less_than_sign", "change(-1)", show=False, id="changes.before", tooltip="What changed before this"),
        Binding("greater_than_sign", "change(1)", show=False, id="changes.next", tooltip="What changed next"),
    ]

    def __init__(self, stage: Stage, *, tree: SpecTree, panes: Panes, navigation: Navigation) -> None:
        super().__init__(stage)
        self._tree = tree
        self._panes = panes
        self._navigation = navigation
        self.changes: Changes | None = None
        """What is not as it was in the version before; None where there was none."""
        self.are_marked = False
        """Whether it is marked."""

    @property
    def marked(self) -> Changes | None:
        """What is marked; None for nothing."""
        return self.changes if self.are_marked else None

    def show(self, changes: Changes) -> None:
        """Mark what has changed."""
        self.changes = changes
        self._mark(marked=True)

    def action_change_marks(self) -> None:
        """Mark what has changed, or no more."""
        self._mark(marked=not self.are_marked)

    def _mark(self, *, marked: bool) -> None:
        self.are_marked = marked
        changes = self.changes if marked else None
        self._tree.mark_changes({} if changes is None else changes.nodes)
        self._panes.code.show_changes(changes)
        self._panes.variables.mark_changes({} if changes is None else changes.variables)
        self.stage.refresh_bindings()

    def action_change(self, step: int) -> None:
        """Go to what has changed behind what is chosen, or before it; around the end."""
        assert self.changes is not None
        nodes = list(filter(self.changes.nodes.__contains__, self._tree.nodes))
        if not nodes:
            self.stage.notify(", ".join(f"{each} is gone" for each in self.changes.gone) or "nothing that is listed")
            return
        order = {node: number for number, node in enumerate(self._tree.nodes)}
        here = order.get(self._navigation.node, -1)
        beyond = [node for node in nodes if (order[node] > here if step > 0 else order[node] < here)]
        found = (beyond or nodes)[0 if step > 0 else -1]
        self._navigation.remember()
        self._navigation.step_to(found)

    def change_beyond(self, step: int) -> None:
        """Go to the first change in the code of the next program that has some, or the last of the one before."""
        if self.changes is None:
            return
        names = [name for name in self._panes.code.spec.programs if self.changes.has_code(name)]
        if not names:
            self.stage.notify("no program changed: > in the tree leads to what did", timeout=3)
            return
        here = self._panes.code.program
        every = list(self._panes.code.spec.programs)
        at = every.index(here) if here in every else 0
        beyond = [name for name in names if (every.index(name) > at if step > 0 else every.index(name) < at)]
        found = (beyond or names)[0 if step > 0 else -1]
        self._navigation.remember()
        self._panes.code.go_to_change_of(found, step)
        self._navigation.reveal(Node(NodeKind.PROGRAM, found), "code")

    def check_action(self, action: str) -> bool:
        """Offer the way through what changed while it is marked."""
        return self.changes is not None and (action != "change" or self.are_marked)

    def why_not(self, action: str) -> str:
        """Return why an action does not apply."""
        if self.changes is None:
            return "the file has not changed since it was opened: there is nothing to mark"
        return "what changed is not marked: m marks it"
