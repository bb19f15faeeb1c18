"""TypesController: types: of the object, of the kernel that relocations are resolved against, and of its programs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from ...core.errors import BpftuiError, UsageError
from ...core.live import State
from ..nodes import Node, NodeKind
from .controller import Controller

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...core.btf import CType
    from ...core.spec import CollectionSpec, ProgramSpec
    from ..dialogs.type_page import Comparison
    from ..operations import Operations
    from ..widgets.panes import Panes
    from ..widgets.spec.types_view import TypesView
    from .controller import Stage
    from .log import Log
    from .navigation import Navigation

__all__ = ["TypesController"]


class TypesController(Controller):
    """Opens types, resolves CO-RE relocations against a chosen BTF, and takes another type for a program.

    Args:
        spec: What is explored.
        operations: Whether it is loaded.
        panes: The code and the list of relocations.
        navigation: What is chosen.
        log: Where a type is noted.
        changed: Shows anew what a program's type changes.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "program_type", "Type", show=False, id="type", tooltip="Overview: say what the chosen program is"),
    ]

    def __init__(
        self,
        stage: Stage,
        *,
        spec: CollectionSpec,
        operations: Operations,
        panes: Panes,
        navigation: Navigation,
        log: Log,
        changed: Callable[[], None],
    ) -> None:
        super().__init__(stage)
        self._spec = spec
        self._operations = operations
        self._panes = panes
        self._navigation = navigation
        self._log = log
        self._changed = changed

    def open(self, event: TypesView.Opened) -> None:
        """Show a type whole."""
        self.show_page(event.ctype)

    def show_page(self, ctype: CType) -> None:
        """Show a type whole, over what is there."""
        from ..dialogs.type_page import TypePage

        self.stage.ask(TypePage(ctype, self._compare), lambda _: None)

    def _compare(self, ctype: CType) -> Comparison:
        """Return a struct beside that of the BTF that relocations are resolved against."""
        from ...core.btf.beside import beside, counterpart
        from ...core.btf.kernel import vmlinux
        from ...core.spec.core_uses import core_uses

        target = self._panes.lists.core.target
        where = "this kernel's" if target is None else f"that of {target.file}"
        types = vmlinux() if target is None else target
        other = counterpart(ctype, types)
        if other is None:
            name = ctype.c_text.partition(" {")[0]
            raise UsageError(f"{name} is not among the types of {types.file}: v shows it as C")
        return where, beside(ctype, other), core_uses(self._spec, ctype)

    def show(self, type_id: int) -> None:
        """Show a type of the object's whole, over the list of its types."""
        self._navigation.go_to(Node(NodeKind.TYPES))
        self._panes.lists.show_type(type_id)

    def ask_target(self) -> None:
        """Ask which BTF relocations are resolved against."""
        from ..dialogs.ask import AskDialog

        target = self._panes.lists.core.target
        notes = ("A file with BTF: of another kernel, of BTFHub, or an object. Empty: this kernel's.",)
        question = AskDialog("Resolve against", target.file or "" if target else "", notes=notes, confirm="Resolve")
        self.stage.ask(question, self._resolve_against)

    def _resolve_against(self, path: str | None) -> None:
        from ...core.btf.target import read_btf

        if path is None:
            return
        try:
            target = read_btf(path) if path else None
        except BpftuiError as error:
            self.stage.notify(error.message, title="BTF", severity="error", timeout=8)
        else:
            self._panes.lists.core.resolve_against(target)
            self._panes.code.target = target
            self._panes.code.resolve_with(None)  # the listing is asked anew

    def ask_program_type(self) -> None:
        """Ask what the chosen program is, or say why that cannot be."""
        if self.check_action("program_type"):
            self.action_program_type()
        else:
            self.stage.notify(self.why_not("program_type"), severity="warning", timeout=3)

    def action_program_type(self) -> None:
        """Ask what the chosen program is."""
        from ..dialogs.program_type import ProgramTypeDialog

        program = self._spec.programs[self._navigation.node.name]
        self.stage.ask(ProgramTypeDialog(program), partial(self._set_type, program))

    def _set_type(self, program: ProgramSpec, name: str | None) -> None:
        if name is None:
            return
        self._spec.set_type(program.name, name)
        self._log.show(f"{program.name} is taken for {name}")
        self._changed()

    def why_not(self, action: str) -> str:
        """Return why another type cannot be said."""
        if self._navigation.tab != "overview":
            return "what a program is can be said in the overview: 1"
        loaded = self._operations.state is not State.SPEC
        return "it is loaded: what a program is can be said before" if loaded else "choose a program first"

    def check_action(self, action: str) -> bool:
        """Offer another type only before the load: afterwards the kernel has taken the program as it was."""
        here = self._navigation
        return here.tab == "overview" and here.node.kind is NodeKind.PROGRAM and self._operations.state is State.SPEC
