"""SessionController: what can be done with a session, from the keys to the questions that are asked first."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from ...core.live import State
from .controller import Controller

if TYPE_CHECKING:
    from asyncio import Event
    from collections.abc import Callable, Sequence

    from ...core.runtime import Link
    from ...core.runtime.theirs import Theirs
    from ...core.spec import CollectionSpec
    from ..operations import AttachRequest, DebugRequest, Operations
    from ..widgets.run.bench import Bench
    from .controller import Stage
    from .others import OthersController

__all__ = ["SessionController"]


class SessionController(Controller):
    """Load, attach, detach, run, pause and quit. What comes of it arrives at the stage as a message.

    Args:
        spec: What is explored.
        operations: What does it.
        program: Returns the program that is meant when one is asked for; empty where there is none.
        others: What changes what others have loaded.
        debug: Debugs a run.
        attaching: Called when something is to be attached.
        swap: Puts the version that the file has become in the place of what is loaded.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "L",
            "load",
            "Load",
            id="load",
            tooltip="Load, verify; what is loaded: swap in the newer",
        ),
        Binding(
            "A",
            "attach",
            "Attach",
            id="attach",
            tooltip="Attach a program: sandbox, interface, hook",
        ),
        Binding("D", "detach", "Detach", id="detach", tooltip="Detach programs"),
        Binding("R", "run", "Run", id="run", tooltip="Run a program on a packet that you edit"),
        Binding("p", "pause", "Pause", id="pause", tooltip="Stop or resume reading the maps"),
        Binding(
            "right_curly_bracket",
            "interval(1)",
            "Slower",
            show=False,
            id="interval.longer",
            tooltip="A longer interval between two samples",
        ),
        Binding(
            "left_curly_bracket",
            "interval(-1)",
            "Faster",
            show=False,
            id="interval.shorter",
            tooltip="A shorter interval between two samples",
        ),
        Binding(
            "q",
            "quit",
            "Quit",
            id="quit",
            tooltip="Quit; asks if anything is attached or unsaved",
        ),
    ]

    def __init__(
        self,
        stage: Stage,
        *,
        spec: CollectionSpec,
        operations: Operations,
        program: Callable[[], str],
        others: OthersController,
        debug: Callable[[DebugRequest], None],
        attaching: Callable[[], None],
        swap: Callable[[], None],
    ) -> None:
        super().__init__(stage)
        self._spec = spec
        self._operations = operations
        self._program = program
        self._others = others
        self._debug = debug
        self._attaching = attaching
        self._swap = swap
        self._then: Callable[[], None] | None = None
        """What is done as soon as the load that it needs has succeeded."""
        self._bench: Bench | None = None
        """What the test run had when it was left."""
        self._asked: Event | None = None
        """What keys wait for: what comes of the load, or of the attachment."""

    def _loaded_first(self, then: Callable[[], None], what: str) -> bool:
        """Return whether it is loaded; if not, load it and say so: *then* comes when that has succeeded."""
        if self._operations.state is not State.SPEC:
            return True
        self._then = then
        self._asked = self.stage.hold_keys()
        self.stage.notify(f"it is not loaded yet: loads first, then {what}", timeout=4)
        self._operations.load()
        return False

    def load_ended(self, *, loaded: bool) -> None:
        """Go on with what waited for the load; not where it failed, or where no program came of it."""
        then, self._then = self._then, None
        if then is not None and loaded and self.check_action("attach"):
            then()
        self.came()

    def came(self) -> None:
        """Let keys go on: what was to come of the last one is there, or will not come."""
        if self._asked is not None:
            self._asked.set()
            self._asked = None

    def action_load(self) -> None:
        """Load; what is loaded is swapped for the version that its file has become."""
        if self._operations.state is State.SPEC:
            self._operations.load()
        else:
            self._swap()

    def action_attach(self) -> None:
        """Ask what to attach where; what is not loaded yet is loaded first."""
        if not self._loaded_first(self.action_attach, "asks where to attach"):
            return
        from ..dialogs.attach import AttachDialog

        loaded = self._operations.collection
        programs = [] if loaded is None else [program.spec for program in loaded.programs.values()]
        runtime, attached = self._operations.session.runtime, self._operations.attached_pairs()
        dialog = AttachDialog(self._spec, programs, self._program(), runtime, attached)
        self.stage.ask(dialog, self._attach)

    def _attach(self, request: AttachRequest | None) -> None:
        if request is not None:
            self._attaching()
            self._asked = self.stage.hold_keys()  # it leads to what moves
            self._operations.attach(request)

    def action_detach(self) -> None:
        """Detach; ask what, when there is a choice."""
        from ..dialogs.detach import DetachDialog

        theirs = self._operations.session.theirs
        if theirs is not None:
            self._detach_theirs(theirs)
            return
        links = self._operations.session.links
        if len(links) == 1:
            self._operations.detach(links)
            return
        self.stage.ask(DetachDialog(self._operations.attachments()), partial(self._detach, links))

    def _detach(self, links: Sequence[Link], chosen: tuple[int, ...] | None) -> None:
        if chosen:
            self._operations.detach([links[index] for index in chosen])

    def _detach_theirs(self, theirs: Theirs) -> None:
        """Ask which link of others is to be detached, when there is a choice, and whether it is."""
        from ..dialogs.choose import Choice, ChooseDialog

        def detach(number: int) -> None:
            def do() -> None:
                theirs.allow_changes()
                theirs.detach(number)

            self._others.change(partial(theirs.detaching, number), do, "Detach")

        def chosen(answer: tuple[str, str] | None) -> None:
            if answer is not None:
                detach(int(answer[1]))

        links = theirs.links
        if len(links) == 1:
            detach(links[0][0])
        else:
            choices = [Choice(str(number), f"link {number}", place) for number, place in links]
            self.stage.ask(ChooseDialog("Detach which link?", choices), chosen)

    def action_run(self) -> None:
        """Run a program on a packet; what is not loaded yet is loaded first."""
        if not self._loaded_first(self.action_run, "opens the test run"):
            return
        from ..dialogs.run import RunScreen
        from ..widgets.run.bench import Bench

        operations = self._operations
        loaded = operations.collection
        if loaded is not None:
            screen = RunScreen(
                loaded,
                self._program(),
                self._bench or Bench(),
                operations.status,
                lambda: operations.monitor.reader,
                debug=self._debug,
                ran=operations.monitor.ran,
            )
            self.stage.ask(screen, self._run_left)

    def _run_left(self, bench: Bench | None) -> None:
        self._bench = bench

    def take_over(self, before: SessionController) -> None:
        """Let the test run begin with what that of the version before had."""
        if before._bench is not None:
            self._bench = before._bench.without_runs()

    def action_quit(self) -> None:
        """Quit; while something is attached, or set and not saved, of any open object, it is asked first."""
        self.stage.leave()

    def action_pause(self) -> None:
        """Stop or resume reading the maps."""
        self._operations.toggle_pause()

    def action_interval(self, step: int) -> None:
        """Read the maps more or less often."""
        self._operations.step_interval(step)

    def why_not(self, action: str) -> str:
        """Return why an action does not apply."""
        operations = self._operations
        if operations.monitor.playhead is not None and action in ("load", "attach", "run", "detach"):
            return "this is a recording: it is looked at, and nothing of it runs"
        if operations.busy:
            return f"still {operations.busy}"
        if operations.session.theirs is not None:
            match action:
                case "load":
                    return "it is loaded already, by others"
                case "attach":
                    return "it is somebody else's: it is looked at, and not attached"
                case "run":
                    return "a test run changes maps, and these are somebody else's"
                case "detach" if self._others.permission.refusal:
                    return self._others.permission.refusal
                case "detach":
                    return operations.session.theirs.why_not_detachable
                case _:
                    return ""
        match action:
            case "load" if operations.state is not State.SPEC:
                return "it is loaded already"
            case "load":
                return "there is nothing to load in this object"
            case "attach" | "run" if operations.state is State.SPEC:
                return "this object has no program"
            case "attach" | "run":
                return "no program is loaded"
            case "detach":
                return "nothing is attached"
            case "pause" | "interval(1)" | "interval(-1)":
                return "nothing is read before the load: L"
            case _:
                return ""

    def check_action(self, action: str) -> bool:
        """Offer what applies now."""
        operations = self._operations
        theirs = operations.session.theirs
        if operations.monitor.playhead is not None and action in ("load", "attach", "run", "detach"):
            return False
        if theirs is not None and action in ("load", "attach", "run", "detach"):
            return action == "detach" and bool(theirs.links) and not self._others.permission.refusal
        match action:
            case "load":
                something = bool(self._spec.maps or self._spec.programs)
                is_new = operations.state is State.SPEC or bool(operations.older)
                return is_new and not operations.busy and something
            case "attach" | "run":
                loaded = operations.collection
                programs = self._spec.programs if loaded is None else loaded.programs
                return bool(programs) and not operations.busy
            case "detach":
                return operations.state is State.ATTACHED and not operations.busy
            case "pause" | "interval":
                return operations.monitor.running
            case _:
                return True
