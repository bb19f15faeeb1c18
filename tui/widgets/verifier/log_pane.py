"""LogPane: the session's messages, and above them why the verifier said no, its log, and what it knew."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message

from ....core.errors import VerifierError
from ...jumps import CodePlace
from ...text.shown import assembled
from ..code.listing_view import ListingView
from ..key_offer import KeyOffer
from ..lists.message_view import MessageView
from ..lists.row_view import RowView  # noqa: TC001 - Textual asks for the annotation at run time
from ..plain import Static
from .log_view import LineKind, LogView, classify
from .state_view import StateView
from .verdict_view import VerdictView

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from textual.app import ComposeResult

    from ....core.errors import BpftuiError
    from ....core.runtime import Runtime
    from ....core.spec import CollectionSpec
    from ....core.verifier import Change, Explanation, VerifierLog
    from ...targets import Target

__all__ = ["LogPane"]

_VERDICT = 8
"""Lines that the verdict may take in the lowest pane."""
_LEADING = frozenset({LineKind.SOURCE, LineKind.INSTRUCTION})
"""The lines of a log that are about an instruction."""
_EMPTY = "No program was refused. L loads the object: where the verifier then says no, its log stands here, explained."
_EMPTY_OF_THEIRS = "Whoever loaded this had the verifier's log, and the kernel keeps none."
"""What stands there where others have loaded it."""
_EMPTY_OF_RECORDING = "A recording has what ran, and no log of the verifier's: bpftui check FILE asks for one anew."
"""What stands there in a recording."""
_WIDE = 110
"""Cells from which the program's listing stands beside the log by itself."""


class LogPane(Vertical):
    """The log of the last load that failed takes most of the room; without one the messages have all of it.

    The cursor of the log moves that of the listing beside it, and the other way round; below them stands what the
    verifier knew there.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("W", "origin", "Why", id="log.origin", tooltip="Where the register got its value; again: further"),
        Binding("full_stop", "visit(1)", "Visits", id="log.next-visit", tooltip="Next visit of this instruction"),
        Binding("comma", "visit(-1)", "Before", show=False, id="log.previous-visit", tooltip="Previous visit"),
        Binding("v", "toggle_listing", "Listing", id="log.listing", tooltip="The program's listing beside the log"),
        Binding("greater_than_sign", "hottest(1)", show=False, id="log.hottest", tooltip="To the hottest; again: next"),
        Binding("less_than_sign", "hottest(-1)", show=False, id="log.hotter", tooltip="To the hotter one before"),
    ]
    COMMANDS: ClassVar[Sequence[tuple[str, str]]] = (
        ("To why the program was refused", "to_cause"),
        ("The log of the next refused program", "next_program"),
    )
    """What can be done without a key of its own: what it is called, and the action."""

    DEFAULT_CSS = """
    LogPane {
        & #log-body { height: 2fr; }
        & #log-body ListingView { width: 1fr; display: none; border-left: solid $rule; }
        & #log-body LogView { width: 1fr; }
        &.-listing #log-body ListingView { display: block; }
        & StateView { height: 1fr; min-height: 4; max-height: 14; }
        &.-low VerdictView { max-height: 60%; }
        & MessageView { height: 1fr; }
        & .verifier { display: none; }
        & #log-running { display: none; color: $text-warning; height: auto; padding: 0 1; }
        &.-running #log-running { display: block; }
        & #log-empty { color: $text-muted; height: auto; padding: 0 1; }
        &.-refused #log-empty { display: none; }
        &.-refused .verifier { display: block; }
        &.-refused MessageView { height: 4; }
        &.-refused.-low MessageView { display: none; }
    }
    """

    class Opened(Message):
        """An instruction of the log was chosen: it is to be shown in the program's code.

        Args:
            program: The program's name.
            slot: The instruction.
        """

        def __init__(self, program: str, slot: int) -> None:
            super().__init__()
            self.program = program
            self.slot = slot

    def __init__(
        self,
        spec: CollectionSpec,
        runtime: Callable[[], Runtime],
        *,
        theirs: bool = False,
        past: bool = False,
        id: str | None = None,  # noqa: A002 - Textual's own name
    ) -> None:
        """Initialise the pane for the programs of *spec*, which others may have loaded, or which were recorded.

        The *runtime* says why one was refused, from its log.
        """
        super().__init__(id=id)
        self._empty_text = _EMPTY_OF_THEIRS if theirs else _EMPTY_OF_RECORDING if past else _EMPTY
        self.spec = self._explored = spec
        self._runtime = runtime
        self._refusals: dict[str, BpftuiError] = {}
        self._version = ""
        self._program = ""
        self._log: VerifierLog | None = None
        self._explanation: Explanation | None = None
        self._trail: list[Change] = []
        self._rank = -1
        self._offer = KeyOffer(self)

    def compose(self) -> ComposeResult:
        """Compose the explanation, the log, the state and the messages."""
        yield Static(self._empty_text, id="log-empty")
        yield Static("", id="log-running")
        yield VerdictView(classes="verifier")
        with Horizontal(id="log-body", classes="verifier"):
            yield LogView()
            yield ListingView()
        yield StateView(classes="verifier")
        yield MessageView()

    def on_mount(self) -> None:
        """Follow the focus: the verdict is the title of the log and of the code beside it."""
        self.query_one(LogView).leads = self._targets
        self.watch(self.screen, "focused", self._follow_focus)

    def _follow_focus(self) -> None:
        self.query_one(VerdictView).set_class(self.query_one("#log-body").has_focus_within, "-focus")

    def say(self, text: str) -> None:
        """Say what there is to know where no program was refused."""
        self.query_one("#log-empty", Static).update(text)

    def add(self, text: str, when: float | None = None) -> None:
        """Add a message: of now, or of a moment in seconds since 1970."""
        self.query_one(MessageView).add(text, when)

    def show_running(self, text: str) -> None:
        """Say what runs, of a version before the one that was refused; empty for nothing."""
        self.set_class(bool(text), "-running")
        if text:
            self.query_one("#log-running", Static).update(text)

    def take_over(self, other: LogPane) -> None:
        """Begin with the messages of another version's."""
        self.query_one(MessageView).follow(other.query_one(MessageView))

    def show_refusals(
        self, errors: Mapping[str, BpftuiError], spec: CollectionSpec | None = None, version: str = ""
    ) -> None:
        """Show why programs were refused, the first that the verifier refused at once; without any, nothing of it.

        Args:
            errors: One for each program, by name; those that are not the verifier's have no log.
            spec: The version that they are of, where it is another one than is explored.
            version: What that is called: `the version of 12:01:33`; it may be mended by now.
        """
        self._version = version
        self.spec = self._explored if spec is None else spec
        self._refusals = dict(errors)
        self.set_class(bool(errors), "-refused")
        if errors:
            verifiers = (name for name, error in errors.items() if isinstance(error, VerifierError))
            self._open(next(verifiers, next(iter(errors))))

    def choose(self, program: str) -> None:
        """Show the log of a program, if it was refused."""
        if program in self._refusals and program != self._program:
            self._open(program)

    def _open(self, program: str) -> None:
        """Show a program's log, with the cursor on the cause, and explain it; a long one is read in a thread."""
        error = self._refusals[program]
        self._program = program
        self._log = None
        self._explanation = None
        self._trail = []
        text = error.log if isinstance(error, VerifierError) else ""
        said = error.message if text or not error.hint else f"{error.message}\n{error.hint}"
        verdict = self.query_one(VerdictView)
        verdict.explanation = None
        verdict.update(assembled((f"✗ {self._title}  ", "bold $text-error"), said))
        self._fit()
        self.query_one(LogView).log_text = text
        self.run_worker(partial(self._read, program, text), thread=True, exit_on_error=False, exclusive=True)

    @property
    def _title(self) -> str:
        """The program's name, which of how many it is, and of which version, where that is not what is explored."""
        names = list(self._refusals)
        of = f" of {self._version}" if self._version else ""
        several = f" ({names.index(self._program) + 1} of {len(names)}; others: in the tree)" if len(names) > 1 else ""
        return self._program + of + several

    def _read(self, program: str, text: str) -> None:
        """Read a log, in a thread."""
        from ....core.verifier import VerifierLog

        spec = self.spec.programs.get(program)
        log = VerifierLog(text, spec)
        found = self._runtime().explain(log, spec)
        assert len(log.steps) >= 0  # the index is made here, not at the first key
        self.app.call_from_thread(self._show, program, log, found)  # pyright: ignore[reportUnknownMemberType]

    def _show(self, program: str, log: VerifierLog, explanation: Explanation | None) -> None:
        if program != self._program or program not in self._refusals:
            return  # another one was asked for meanwhile
        self._log = log
        self._explanation = explanation
        verdict = self.query_one(VerdictView)
        verdict.program = self._title
        verdict.explanation = explanation
        listing = self.query_one(ListingView)
        if log.program is not None:
            from ....core.listing.listing import Listing

            listing.listing = Listing(log.program)
        register = None if explanation is None else explanation.register
        self._follow_log(None if register is None else f"R{register}")
        self.query_one(LogView).refresh_rows()  # names lead somewhere from now on
        self.refresh_bindings()

    def on_resize(self) -> None:
        """Show the listing where there is room for it."""
        self._fit()

    def _fit(self) -> None:
        self.set_class(self.size.height < 24, "-low")
        self.query_one(VerdictView).room = max(_VERDICT, self.size.height * 2 // 5)
        if self.size.width:
            self.set_class(self.size.width >= _WIDE or self.has_class("-wanted"), "-listing")

    # The cursors

    @property
    def step_line(self) -> int | None:
        """The line of the step that the log's cursor is on or behind; None without one."""
        if self._log is None:
            return None
        return self._log.step_line(self.query_one(LogView).cursor)

    def on_row_view_highlighted(self, event: RowView.Highlighted) -> None:
        """Let the other views follow the one that has the focus."""
        if isinstance(event.view, LogView):
            self._follow_log()
            self._offer.follow()
        elif isinstance(event.view, ListingView) and event.view.has_focus:
            self._follow_listing(event.view)

    def on_row_view_selected(self, event: RowView.Selected) -> None:
        """Go from the log to the code, and from a register to where it came from."""
        event.stop()
        if isinstance(event.view, StateView):
            self.action_origin()
        elif isinstance(event.view, LogView) and self._log is not None and self._log.program is not None:
            slot = self._log.slot(event.index)
            if slot is not None:
                self.post_message(self.Opened(self._log.program.name, slot))

    def _targets(self, index: int) -> Sequence[Target]:
        """Return where a line of the log leads: to its instruction, and to what that refers to."""
        log, listing = self._log, self.query_one(ListingView).listing
        if log is None or log.program is None or listing is None:
            return ()
        slot = log.slot(index)
        if slot is None or classify(self.query_one(LogView).row_text(index)) not in _LEADING:
            return ()
        from ...uses import row_target

        target = row_target(self.spec, log.program, listing.row(listing.index_of_slot(slot)))
        place = CodePlace(log.program.name, slot)
        return (place,) if target is None or isinstance(target, CodePlace) else (place, target)

    def _follow_log(self, place: str | None = None) -> None:
        log, line = self._log, self.step_line
        if log is None:
            return
        self.query_one(StateView).show(log, line, place)
        listing = self.query_one(ListingView)
        step = None if line is None else log.step(line)
        if step is not None and listing.listing is not None and not listing.has_focus:
            listing.jumps.show(step.slot)

    def _follow_listing(self, view: ListingView) -> None:
        """Bring the log to the nearest visit of the instruction under the listing's cursor."""
        here = view.jumps.here
        if self._log is None or here is None:
            return
        visits = self._log.visits(here.slot)
        log = self.query_one(LogView)
        if visits:
            log.cursor = min(visits, key=lambda line: abs(line - log.cursor))

    # Actions

    def action_visit(self, step: int) -> None:
        """Go to the next or the previous visit of the instruction."""
        line, visits = self.step_line, self._visits()
        if line is not None and visits:
            self.query_one(LogView).cursor = visits[(visits.index(line) + step) % len(visits)]

    def _visits(self) -> Sequence[int]:
        """Return the lines at which the verifier came to the instruction under the log's cursor."""
        log, line = self._log, self.step_line
        slot = None if log is None or line is None else log.slot(line)
        return [] if log is None or slot is None else log.visits(slot)

    def action_next_program(self) -> None:
        """Show the log of the next program that was refused."""
        names = list(self._refusals)
        self._open(names[(names.index(self._program) + 1) % len(names)])

    def action_origin(self) -> None:
        """Go back to the step that made the value under the state's cursor; a second time further back."""
        from ....core.verifier import history, origin

        log, line = self._log, self.step_line
        if log is None or line is None:
            return
        if self._trail and self._trail[0].line == line:
            self._trail = self._trail[1:]
        else:
            place = self._place(line)
            self._trail = history(log, line, place) if place is not None else []
            found = origin(log, line, place) if place is not None else None
            if found is not None and place is not None:
                self.notify(f"{place.replace('R', 'r')} came from {found.sentence()}", timeout=6)
        if not self._trail:
            self.notify("the log shows no earlier origin", timeout=3)
            return
        self.query_one(LogView).cursor = self._trail[0].line

    def _place(self, line: int) -> str | None:
        """Return the register that is meant: the state's, where that has the focus, else the explanation's."""
        state = self.query_one(StateView)
        found = self._explanation
        if not state.has_focus and found is not None and found.register is not None and found.line == line:
            return f"R{found.register}"
        return state.place

    def action_toggle_listing(self) -> None:
        """Show or hide the program's listing."""
        self.toggle_class("-wanted", "-listing")
        self.set_class(self.has_class("-listing"), "-wanted")

    def action_hottest(self, step: int) -> None:
        """Go to the instruction that the verifier walked over most often; again: to the next one, or back.

        The listing tells from then on how often it walked over each.
        """
        from ....core.verifier import Heat

        log, line = self._log, self.step_line
        if log is None or line is None:
            return
        self.query_one(ListingView).mark_heat(Heat(log))
        ranked = sorted(log.heat, key=lambda slot: (-log.heat[slot], slot))
        slot = log.slot(line)
        here = 0 <= self._rank + step < len(ranked) and slot == ranked[self._rank]
        self._rank = self._rank + step if here else 0
        chosen = ranked[self._rank]
        self.notify(
            f"{self._rank + 1}. of {len(ranked)}: instruction {chosen}, walked over {log.heat[chosen]:,} times",
            timeout=4,
        )
        self.query_one(LogView).cursor = log.visits(chosen)[-1]

    def action_to_cause(self) -> None:
        """Go to the verifier's last words."""
        if self._log is not None and self._log.cause:
            self.query_one(LogView).cursor = self._log.cause.start

    def why_not(self, action: str) -> str:
        """Return why an action does not apply."""
        if action == "next_program":
            return "no other program was refused"
        if action.startswith("visit(") and self._log is not None:
            return "this instruction was visited once"
        return "the log is being read" if self.has_class("-refused") else "the verifier has refused no program"

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what a log is needed for only where there is one."""
        if action == "visit":
            return self.has_class("-refused") and len(self._visits()) > 1
        if action in ("origin", "toggle_listing", "to_cause", "hottest"):
            return self._log is not None and self.has_class("-refused")
        if action == "next_program":
            return len(self._refusals) > 1
        return super().check_action(action, parameters)
