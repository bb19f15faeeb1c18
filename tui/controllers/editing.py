"""EditingController: the C that something comes from, in the user's own editor."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from ...core.errors import BpftuiError
from ...core.spec.source import SourceTexts
from ..jumps import CodePlace
from ..nodes import NodeKind
from .controller import Controller

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...core.spec import CollectionSpec, LineInfo
    from ..targets import Target
    from ..widgets.code.marked_code import MarkedCodePane
    from .controller import Stage
    from .navigation import Navigation

__all__ = ["EditingController"]


class EditingController(Controller):
    """Opens a line of C.

    Args:
        spec: What is explored.
        pane: The code.
        navigation: Where one is.
        pointed: Returns where the name leads that the cursor is on, outside of the code; None where it is on none.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+e", "edit_source", "Edit C", show=False, id="source.edit", tooltip="Edit the C line in $EDITOR"),
    ]

    def __init__(
        self,
        stage: Stage,
        *,
        spec: CollectionSpec,
        pane: MarkedCodePane,
        navigation: Navigation,
        pointed: Callable[[], Target | None],
    ) -> None:
        super().__init__(stage)
        self._spec = spec
        self._pane = pane
        self._navigation = navigation
        self._pointed = pointed

    def action_edit_source(self) -> None:
        """Hand the terminal to the user's editor, at the line that the cursor is on."""
        from ..terminal.editor import editor_command

        line = self._line()
        if line is None or not line.file or line.line < 1:
            self.stage.notify("no line of C is known of this: the object has none", severity="warning", timeout=4)
            return
        path = SourceTexts(self._spec.file, [os.getcwd()]).find(line.file)
        if path is None:
            where = "not below the object's directory, nor below the one that bpftui was started in"
            self.stage.notify(f"{line.file} is not here: {where}", severity="warning", timeout=8)
            return
        try:
            command = editor_command(path, line.line)
        except BpftuiError as error:
            self.stage.notify(f"{error.message}; {error.hint}", severity="error", timeout=8)
            return
        self.stage.lend_terminal(command, self._edited)

    def _edited(self, problem: str) -> None:
        if problem:
            self.stage.notify(problem, severity="error", timeout=8)

    def _line(self) -> LineInfo | None:
        """Return the line that is meant: the cursor's in the code, else that of what is named or chosen."""
        view, node = self._pane.view, self._navigation.node
        programs = self._spec.programs
        try:
            if self._navigation.tab == "code" and view.listing is not None and view.row_count():
                return view.listing.program.linked.line_at(view.slot_at(view.cursor))
            target = self._pointed()
            if isinstance(target, CodePlace):
                return programs[target.program].linked.line_at(target.slot)
            if node.kind is NodeKind.FUNCTION:
                functions = programs[node.program].functions
                start = next((each.start for each in functions if each.name == node.name), 0)
                return programs[node.program].linked.line_at(start)
            return programs[node.name].linked.line_at(0) if node.kind is NodeKind.PROGRAM else None
        except BpftuiError:
            return None

    def why_not(self, action: str) -> str:
        """Return why there is nothing to edit."""
        return "choose a program, a function or a line of its code first"

    def check_action(self, action: str) -> bool:
        """Offer it where a line of C can be meant."""
        kinds = (NodeKind.PROGRAM, NodeKind.FUNCTION)
        here = self._navigation
        return here.tab == "code" or here.node.kind in kinds or isinstance(self._pointed(), CodePlace)
