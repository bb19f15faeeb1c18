"""SpecScreen: what there is to look up in a spec besides code and values, and what can be said about its programs."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from ...core.errors import BpftuiError, VerifierError
from ...core.live import State
from ...core.runtime import Forecast
from ..nodes import Node, NodeKind
from ..widgets.spec.spec_tree import SpecTree
from .search import SearchScreen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...core.kernel.host.externs import ExternAnswer
    from ...core.spec import ProgramSpec
    from ..widgets.panes import Panes
    from ..widgets.spec.core_view import CoreView
    from ..widgets.spec.types_view import TypesView

__all__ = ["SpecScreen"]


class SpecScreen(SearchScreen):
    """Opens types, resolves CO-RE relocations against a chosen BTF, and takes another type for a program."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "program_type", "Type", show=False, id="type", tooltip="Say what the chosen program is"),
    ]

    node: Node
    panes: Panes
    answers: Mapping[str, ExternAnswer] | None = None
    """What the externs are on this machine; None until someone has looked."""

    forecast: Forecast | None = None
    """What is known to keep parts of the object from being loaded here; None until that is known."""
    problems: Mapping[str, BpftuiError] = MappingProxyType({})
    """Why programs were not loaded, by their names, until the spec changes."""
    _looks: int = 0
    """How often that was asked for."""

    def shows(self, node: Node) -> None:
        """Show anew what was known of *node*: it has changed."""
        raise NotImplementedError

    def look_up_externs(self) -> None:
        """Find out what the externs are here, in a thread and once, and show it."""
        if self.answers is None:
            self.run_worker(self._look_up_externs, thread=True, exclusive=True, exit_on_error=False, group="externs")

    def _look_up_externs(self) -> None:
        from ...core.kernel.host.externs import look_up_externs

        self.app.call_from_thread(self._looked_up, look_up_externs(self.spec))

    def _looked_up(self, answers: dict[str, ExternAnswer]) -> None:
        self.answers = answers
        self.shows(self.node)

    def look_ahead(self) -> None:
        """Find out what can be loaded here, in a thread, and mark what cannot; again whenever the spec has changed."""
        if self.operations.state is State.SPEC:
            self.problems = {}
            self._looks += 1
            work = partial(self._look_ahead, self._looks)
            self.run_worker(work, thread=True, exit_on_error=False, group="forecast")

    def _look_ahead(self, number: int) -> None:
        found = self.operations.session.runtime.forecast(self.spec)
        self.app.call_from_thread(self._looked_ahead, number, found)

    def _looked_ahead(self, number: int, found: Forecast) -> None:
        if number != self._looks or self.operations.state is not State.SPEC:
            return  # by now it is another spec, or the load has told
        self.forecast = found
        self._mark_refused()

    def not_loaded(self, problems: Mapping[str, BpftuiError]) -> None:
        """Remember why programs were not loaded, by their names, and mark them."""
        self.problems = problems
        self._mark_refused()

    def load_failed(self, error: BpftuiError) -> None:
        """Remember why the load failed: it says so of each program, of one, or it was for something that all need."""
        if isinstance(error, VerifierError):
            self.not_loaded(error.problems or {error.program: error})
        else:
            self.not_loaded(error.problems or dict.fromkeys(self.spec.programs, error))

    def _mark_refused(self) -> None:
        """Mark in the tree what was, or would be, refused."""
        loaded = self.operations.state is not State.SPEC
        known = self.forecast if self.forecast is not None and not loaded else Forecast({}, {})
        nodes = [Node(NodeKind.PROGRAM, name) for name in {**known.programs, **self.problems}]
        nodes += [Node(NodeKind.SECTION if self.spec.maps[name].is_data else NodeKind.MAP, name) for name in known.maps]
        self.query_one(SpecTree).mark_refused(nodes)
        self.shows(self.node)

    def on_types_view_opened(self, event: TypesView.Opened) -> None:
        """Show a type whole."""
        from ..dialogs.type_page import TypePage

        self.app.push_screen(TypePage(event.ctype))

    def on_core_view_target_requested(self, event: CoreView.TargetRequested) -> None:
        """Ask which BTF relocations are resolved against."""
        from ..dialogs.ask import AskDialog

        target = self.panes.lists.core.target
        notes = ("A file with BTF: of another kernel, of BTFHub, or an object. Empty: this kernel's.",)
        question = AskDialog("Resolve against", target.file or "" if target else "", notes=notes, confirm="Resolve")
        self.app.push_screen(question, self._resolve_against)

    def _resolve_against(self, path: str | None) -> None:
        from ...core.btf.target import read_btf

        if path is None:
            return
        try:
            target = read_btf(path) if path else None
        except BpftuiError as error:
            self.notify(error.message, title="BTF", severity="error", timeout=8)
        else:
            self.panes.lists.core.resolve_against(target)
            self.panes.code.target = target
            self.panes.code.resolve_with(None)  # the listing is asked anew

    def action_program_type(self) -> None:
        """Ask what the chosen program is."""
        from ..dialogs.program_type import ProgramTypeDialog

        program = self.spec.programs[self.node.name]
        self.app.push_screen(ProgramTypeDialog(program), partial(self._set_type, program))

    def _set_type(self, program: ProgramSpec, name: str | None) -> None:
        if name is None:
            return
        self.spec.set_type(program.name, name)
        self.panes.log.add(f"{program.name} is taken for {name}")
        self.query_one(SpecTree).refresh_labels()
        self.shows(self.node)
        self.look_ahead()

    def why_not(self, action: str) -> str:
        """Return why an action does not apply."""
        if action != "program_type":
            return super().why_not(action)
        loaded = self.operations.state is not State.SPEC
        return "it is loaded: what a program is can be said before" if loaded else "choose a program first"

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer another type only before the load: afterwards the kernel has taken the program as it was."""
        if action == "program_type":
            return self.node.kind is NodeKind.PROGRAM and self.operations.state is State.SPEC
        return super().check_action(action, parameters)
