"""SessionScreen: what can be done with a session, from the keys to the questions that are asked first."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

from textual.binding import Binding, BindingType
from textual.screen import Screen

from ...core.live import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.app import App

    from ...core.runtime import Link
    from ...core.spec import CollectionSpec
    from ..operations import AttachRequest, Operations

__all__ = ["SessionScreen"]


@runtime_checkable
class SaysWhyNot(Protocol):
    """A widget or screen that knows why some of its keys do nothing."""

    def why_not(self, action: str) -> str:
        """Return why an action that `check_action` does not offer does not apply now; empty where that is plain."""
        ...


class SessionScreen(Screen[None]):
    """Load, attach, detach, run, pause and quit; a subclass shows what comes of it.

    Args:
        spec: What is explored.
        operations: What does it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("L", "load", "Load", id="load", tooltip="Load the collection: create its maps, verify its programs"),
        Binding(
            "A",
            "attach",
            "Attach",
            id="attach",
            tooltip="Attach a program to the sandbox, an interface, a hook",
        ),
        Binding("D", "detach", "Detach", id="detach", tooltip="Detach programs"),
        Binding("R", "run", "Run", id="run", tooltip="Run a program on a packet"),
        Binding("p", "pause", "Pause", id="pause", tooltip="Stop or resume reading the maps"),
        Binding(
            "plus,equals_sign",
            "interval(1)",
            "Slower",
            show=False,
            id="interval.longer",
            tooltip="A longer interval between two samples",
        ),
        Binding(
            "minus",
            "interval(-1)",
            "Faster",
            show=False,
            id="interval.shorter",
            tooltip="A shorter interval between two samples",
        ),
        Binding("q", "quit", "Quit", id="quit", tooltip="Quit; asks first while something is attached"),
    ]

    def __init__(self, spec: CollectionSpec, operations: Operations) -> None:
        super().__init__()
        self.spec = spec
        self.operations = operations

    @property
    def app(self) -> App[Any]:
        """The app, which leaves the type of its result open."""
        return super().app  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]

    def program_name(self) -> str:
        """Return the program that is meant when one is asked for."""
        return next(iter(self.spec.programs), "")

    def action_load(self) -> None:
        """Load."""
        self.operations.load()

    def action_attach(self) -> None:
        """Ask what to attach where."""
        from ..dialogs.attach import AttachDialog

        loaded = self.operations.collection
        programs = [] if loaded is None else [program.spec for program in loaded.programs.values()]
        dialog = AttachDialog(self.spec, programs, self.program_name(), self.operations.session.runtime)
        self.app.push_screen(dialog, self._attach_chosen)

    def _attach_chosen(self, request: AttachRequest | None) -> None:
        if request is not None:
            self.operations.attach(request)

    def action_detach(self) -> None:
        """Detach; ask what, when there is a choice."""
        from ..dialogs.detach import DetachDialog

        links = self.operations.session.links
        if len(links) == 1:
            self.operations.detach(links)
            return
        self.app.push_screen(DetachDialog(self.operations.attachments()), partial(self._detach_chosen, links))

    def _detach_chosen(self, links: Sequence[Link], chosen: tuple[int, ...] | None) -> None:
        if chosen:
            self.operations.detach([links[index] for index in chosen])

    def action_run(self) -> None:
        """Run a program on a packet."""
        from ..dialogs.run import RunDialog

        loaded = self.operations.collection
        if loaded is not None:
            self.app.push_screen(RunDialog(list(loaded.programs.values()), self.program_name()))

    def action_quit(self) -> None:
        """Quit; while something is attached, ask first."""
        links = self.operations.session.links
        if not links:
            self.app.exit()
            return
        from ..dialogs.confirm import ConfirmDialog

        listed = "\n".join(f"  {text}" for text in self.operations.attachments())
        question = f"These are attached, and will be detached:\n{listed}"
        self.app.push_screen(ConfirmDialog("Quit", question, confirm="Detach and quit"), self._quit)

    def _quit(self, sure: bool | None) -> None:
        if sure:
            self.app.exit()

    def action_pause(self) -> None:
        """Stop or resume reading the maps."""
        self.operations.toggle_pause()

    def action_interval(self, step: int) -> None:
        """Read the maps more or less often."""
        self.operations.step_interval(step)

    def on_key(self, event: events.Key) -> None:
        """Say why a key that has a meaning does nothing now, or nothing here."""
        if event.key in self.active_bindings:
            return
        nodes = [self] if self.focused is None else self.focused.ancestors_with_self
        bound = [
            (node, binding.action)
            for node in nodes
            for binding in node._bindings.key_to_bindings.get(event.key, ())  # pyright: ignore[reportPrivateUsage]
        ]
        reasons = (node.why_not(action) for node, action in bound if isinstance(node, SaysWhyNot))
        if reason := next(filter(None, reasons), "") if bound else self.elsewhere(event.key):
            event.stop()
            self.notify(reason, severity="warning", timeout=3)

    def elsewhere(self, key: str) -> str:
        """Return where a key has a meaning that has none here; empty where it has none at all."""
        return ""

    def why_not(self, action: str) -> str:
        """Return why an action that `check_action` does not offer does not apply now; empty where that is plain."""
        operations = self.operations
        if operations.busy:
            return f"still {operations.status().busy}"
        match action:
            case "load" if operations.state is not State.SPEC:
                return "it is loaded already"
            case "load":
                return "there is nothing to load in this object"
            case "attach" | "run" if operations.state is State.SPEC:
                return "load it first: L"
            case "attach" | "run":
                return "no program is loaded"
            case "detach":
                return "nothing is attached"
            case "pause" | "interval(1)" | "interval(-1)":
                return "nothing is read before the load: L"
            case _:
                return ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what applies now."""
        operations = self.operations
        match action:
            case "load":
                return (
                    operations.state is State.SPEC
                    and not operations.busy
                    and bool(self.spec.maps or self.spec.programs)
                )
            case "attach" | "run":
                loaded = operations.collection
                return loaded is not None and bool(loaded.programs) and not operations.busy
            case "detach":
                return operations.state is State.ATTACHED and not operations.busy
            case "pause" | "interval":
                return operations.monitor.running
            case _:
                return super().check_action(action, parameters)
