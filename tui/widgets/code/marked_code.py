"""MarkedCodePane: a program's code with marks: what changed, what ran, where the verifier's work goes, what is dead."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final, Literal, TypeAlias

from textual.binding import Binding, BindingType
from textual.message import Message

from ....core.diff import NOTHING_NEW
from ...jumps import CodePlace, remember_place
from ..place_tabs import PlaceTabs
from .code_pane import CodePane
from .columns_view import ROOMY, ColumnsView
from .flow_view import FlowFacts
from .kernel_answer import KernelAnswers, told_heat
from .run_counts import RunCounts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from textual.app import ComposeResult

    from ....core.live import Session
    from ....core.spec import CollectionSpec
    from ...changes import Changes
    from ..lists.row_view import RowView
    from .kernel_answer import Answer, Question
    from .listing_jumps import CodeSpot
    from .run_counts import Counted

__all__ = ["MarkedCodePane"]

Mode: TypeAlias = Literal["", "changes", "columns", "runs", "heat", "dead", "all"]

_QUESTIONS: Final[Mapping[Mode, tuple[Question, ...]]] = {
    "columns": ("image",),
    "heat": ("walk",),
    "dead": ("image",),
    "all": ("walk", "image"),
}
"""What the kernel is asked, by mode."""


class MarkedCodePane(CodePane):
    """The code of one program: as it was written, beside what the kernel made of it, or with marks: what is not as it
    was in the version before, how often each instruction ran, how often the verifier walked over it, what is dead, or
    all of these three at once.

    What ran is what a runtime counts, or tests have counted. For what the kernel says, the program is loaded once more,
    with the variables as they are set, and closed again.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m", "marks", "Marks", id="code.marks", tooltip="Marks: what changed, runs, verifier's walk, dead"),
        Binding("m", "no_marks", show=False),
        Binding("less_than_sign", "mark(-1)", show=False, id="code.mark.before", tooltip="The mark before"),
        Binding(
            "greater_than_sign",
            "mark(1)",
            show=False,
            id="code.mark.next",
            tooltip="Next mark: a change, never ran, hottest",
        ),
        Binding("escape", "give_up", "Stop", show=False, id="code.stop", tooltip="Ask the kernel no more"),
    ]
    COMMANDS: ClassVar[Sequence[tuple[str, str]]] = (
        *CodePane.COMMANDS,
        ("Beside it what the verifier and the JIT made of it", "columns"),
        ("What is not as it was in the version before", "changes"),
        ("How often each instruction ran, and what never did", "runs"),
        ("How often the verifier walked each instruction", "heat"),
        ("Mark what the verifier removed, and why", "dead"),
        ("Runs, the verifier's walk and dead code at once", "all_marks"),
    )

    DEFAULT_CSS = """
    MarkedCodePane > ColumnsView { height: 1fr; display: none; }
    """

    class Answered(Message):
        """The kernel has answered.

        Args:
            asked: What was known before.
            mode: What is to be shown.
            answer: What it said, or why it did not.
        """

        def __init__(self, asked: Answer, mode: Mode, answer: Answer | str) -> None:
            super().__init__()
            self.asked = asked
            self.mode: Mode = mode
            self.answer = answer

    class ChangesPassed(Message):
        """The user wants to see what changed beyond what there is of it in this program.

        Args:
            step: 1 for what is behind it, -1 for what is before.
        """

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    class RunsCounted(Message):
        """What ran is counted.

        Args:
            counted: What it came to, or why that is not known.
        """

        def __init__(self, counted: Counted | str) -> None:
            super().__init__()
            self.counted = counted

    def __init__(self, spec: CollectionSpec, session: Session, *, id: str | None = None) -> None:  # noqa: A002
        """Initialise the pane for the programs of *spec*; the runtime of *session* is asked what it makes of them."""
        super().__init__(spec, id=id)
        self._session = session
        self._runs = RunCounts(session)
        self._kernel = KernelAnswers(session)
        self.mode: Mode = ""
        """What is shown of what is known."""
        self._before_columns: Mode = ""
        """What was marked before the columns were shown."""
        self._zoomed: PlaceTabs | None = None
        """What was zoomed for the columns."""
        self._changes: Changes | None = None
        """What is not as it was in the version before; None where there was none, or that is of no interest."""
        self._counted: Counted | None = None
        self._is_counting = False
        self._rank = -1
        """Which of the hottest lines the cursor was brought to."""

    def compose(self) -> ComposeResult:
        """Compose title, listing, and the columns, which are out of sight."""
        yield from super().compose()
        yield ColumnsView()

    @property
    def columns(self) -> ColumnsView:
        """The three columns."""
        return self.query_one(ColumnsView)

    def remark(self) -> str:
        """Say what the marks come to, all in all; then what a listing says by itself."""
        if (seconds := self._kernel.seconds) is not None:
            return "asking the verifier …" + (f" {seconds:.0f} s (esc: stop)" if seconds >= 1 else "")
        return "  ".join(part for part in (*self._summaries(), super().remark()) if part)

    def _summaries(self) -> Iterable[str]:
        counted, answer = self._shown_runs, self._kernel.last
        if self.mode == "changes" and self._changes is not None:
            yield self._changes.told(self.program)
        if self._shows_runs:
            yield "counting …" if counted is None else counted.summary
        if answer is None or self._session.theirs is not None:
            return
        if answer.walk is not None and self.mode in ("heat", "all"):
            yield told_heat(answer.walk)
        # Beside what runs came to there is no room to say of what is dead more than each row does.
        if answer.image is not None and self.mode in ("columns", "dead"):
            yield answer.image.summary

    def flow_facts(self) -> FlowFacts:
        """Return what is shown beside the code: how often it ran, or its verifier's walk, and what is dead."""
        counted = self._shown_runs
        answer = self._kernel.known(self.program) if self.mode else None
        removed = frozenset[int]() if answer is None or answer.image is None else frozenset(answer.image.removed)
        if counted is not None:
            return FlowFacts(counted.coverage.counts, removed=removed or counted.coverage.removed)
        if answer is None or self.mode not in _QUESTIONS:
            return super().flow_facts()
        if self.mode in ("heat", "all") and answer.walk is not None:
            return FlowFacts(answer.walk.visits, "of the verifier's walk")
        return FlowFacts(removed=removed)

    # What comes and goes

    def watch_program(self, name: str) -> None:
        """Show another program with the same marks as far as they need nobody asked, else as it was written."""
        kept: Mode = self.mode if self.mode in ("runs", "changes") else ""
        self._leave()
        super().watch_program(name)
        if kept:
            self._enter(kept)

    def on_show(self) -> None:
        """Ask again when constants were changed meanwhile. Textual calls the base class's handler by itself."""
        if self.mode and (lacking := self._lacking(self.mode)):
            self._ask(self.mode, lacking)

    def go_to(self, place: CodePlace) -> None:
        """Show an instruction, in the columns too."""
        super().go_to(place)
        self._follow()

    def return_to(self, spot: CodeSpot | None) -> None:
        """Show an instruction again, in the columns too."""
        super().return_to(spot)
        self._follow()

    def show_function(self, program: str, function: str) -> None:
        """Show a function, in the columns too."""
        super().show_function(program, function)
        self._follow()

    def _follow(self) -> None:
        view = self.view
        if self.mode == "columns" and view.row_count():
            self.columns.show_slot(view.slot_at(view.cursor))

    def on_row_view_highlighted(self, event: RowView.Highlighted) -> None:
        """Let the listing follow the columns: leaving them leads to the same instruction."""
        columns = self.columns
        if event.view is columns and self.mode == "columns" and columns.row_count():
            self.view.jumps.follow(columns.slot_at(columns.cursor))

    # Actions

    def action_columns(self) -> None:
        """Show BPF, translated and native code beside each other, or the listing again."""
        self._toggle("columns")

    def action_changes(self) -> None:
        """Mark what is not as it was in the version before, or nothing any more."""
        self._toggle("changes")

    def action_runs(self) -> None:
        """Show how often each instruction ran, or no longer."""
        self._toggle("runs")

    def action_heat(self) -> None:
        """Show how often the verifier walked over each instruction, or no longer."""
        self._toggle("heat")

    def action_dead(self) -> None:
        """Mark what the verifier removed, or nothing any more."""
        self._toggle("dead")

    def action_all_marks(self) -> None:
        """Show all of that at once, or nothing any more."""
        self._toggle("all")

    def action_marks(self) -> None:
        """Show the next of the marks that there are: what changed, runs, the verifier's walk, what it removed, the last
        three at once, nothing.
        """
        modes = self._marks
        at = modes.index(self.mode) if self.mode in modes else -1
        self._toggle(modes[at + 1] if at + 1 < len(modes) else self.mode)

    @property
    def _marks(self) -> list[Mode]:
        """The marks that there can be."""
        changes: list[Mode] = [] if self._changes is None else ["changes"]
        runs: list[Mode] = [] if self._runs.why_not else ["runs"]
        verifier: list[Mode] = ["heat", "dead", "all"] if self._asks_kernel else []
        return [*changes, *runs, *verifier] if self.spec.programs else []

    @property
    def _asks_kernel(self) -> bool:
        return self._session.verifies and self._session.theirs is None

    def action_mark(self, step: int) -> None:
        """Go to the next mark, or the one before: by place what changed, never ran and is dead, of the verifier's walk
        from the hottest on.
        """
        view = self.view
        if not view.row_count():
            return
        here, counted, answer = view.slot_at(view.cursor), self._shown_runs, self._kernel.known(self.program)
        if self.mode == "changes":
            self._go_to_change(here, step)
        elif counted is not None:
            self._go_beyond(here, counted.coverage.gaps, step, "all of it ran, and every jump went both ways")
        elif self._shows_runs:
            self.notify("what ran is still being counted", timeout=3)
        elif answer is None:
            return
        elif self.mode == "dead" and answer.image is not None:
            removed = answer.image.removed
            starts = [slot for slot in sorted(removed) if slot - 1 not in removed]
            self._go_beyond(here, starts, step, "the verifier removed nothing")
        elif answer.walk is not None:
            visits = answer.walk.visits
            ranked = sorted(visits, key=lambda slot: (-visits[slot], slot))
            at = self._rank if 0 <= self._rank < len(ranked) and ranked[self._rank] == here else (-1 if step > 0 else 0)
            self._rank = (at + step) % len(ranked) if ranked else -1
            if ranked:
                self._show_mark(ranked[self._rank])

    def _go_to_change(self, here: int, step: int) -> None:
        """Go to the next change, or the one before; behind the last one of a program they go on in another."""
        marks = None if self._changes is None else self._changes.known_code(self.program)
        stops = () if marks is None else marks.stops
        beyond = [slot for slot in stops if (slot > here if step > 0 else slot < here)]
        if beyond:
            self._show_mark(beyond[0 if step > 0 else -1])
        else:
            self.post_message(self.ChangesPassed(step))

    def go_to_change_of(self, program: str, step: int) -> None:
        """Show the first change of a program, or with a *step* of -1 the last one; where its code has none, its begin.

        That is known after a while, in which one may go on to another program.
        """
        changes = self._changes

        def show() -> None:
            marks = None if changes is None else changes.known_code(program)
            if self.program == program and self._changes is changes:
                self.go_to(CodePlace(program, marks.stops[0 if step > 0 else -1] if marks and marks.stops else 0))

        self.program = program
        self._with_marks(show)

    def _go_beyond(self, here: int, marks: Sequence[int], step: int, without: str) -> None:
        """Go to the first of some marks, ascending, that is beyond a slot, and around the end; or say *without*."""
        beyond = [slot for slot in marks if (slot > here if step > 0 else slot < here)]
        if found := beyond or marks:
            self._show_mark(found[0 if step > 0 else -1])
        else:
            self.notify(without, timeout=3)

    def _show_mark(self, slot: int) -> None:
        remember_place(self)
        self.view.jumps.show(slot)

    def action_give_up(self) -> None:
        """Ask the kernel no more."""
        self._leave()

    def show_next_view(self) -> None:
        """Show what the kernel made of the program, where it says so; else the control flow."""
        self._before_columns = self.mode
        if self._session.verifies and self.program and not self._kernel.refuses(self.program):
            self._toggle("columns")
        else:
            self.show_flow()

    def on_columns_view_left(self) -> None:
        """Show the control flow, after the columns, with the marks that the listing had before them."""
        self._leave()
        if self._before_columns:
            self._enter(self._before_columns)
        self.show_flow()
        self.flow.focus()

    def action_no_marks(self) -> None:
        """Say why there is nothing to show."""
        if self._session.theirs is not None:
            text = "how the verifier walked and what it removed was told to whoever loaded this"
        elif not self.spec.programs:
            text = "this object has no programs"
        else:
            text = self._runs.why_not
        self.notify(text, severity="warning")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what the runtime can answer."""
        match action:
            case "marks":
                return bool(self._marks)
            case "no_marks":
                return not self._marks
            case "changes" | "runs" | "heat" | "dead":
                return action in self._marks
            case "all_marks":
                return "all" in self._marks
            case "columns":
                return self._session.verifies and bool(self.spec.programs)
            case "mark":
                return self.mode not in ("", "columns")
            case "give_up":
                return self._kernel.seconds is not None
            case _:
                return super().check_action(action, parameters)

    # What the kernel says

    def _lacking(self, mode: Mode) -> tuple[Question, ...]:
        """Return what the kernel is to be asked before a mode can be shown."""
        return self._kernel.lacking(self.program, _QUESTIONS.get(mode, ()))

    def _toggle(self, mode: Mode) -> None:
        if not self.program or self.view.listing is None:
            return
        if self._kernel.seconds is not None:
            self._leave()
        elif self.mode == mode:
            self._leave()
            (self.flow if self.flow.display else self.view).focus()
        elif lacking := self._lacking(mode):
            self._ask(mode, lacking)
        else:
            self._enter(mode)

    def _ask(self, mode: Mode, questions: tuple[Question, ...]) -> None:
        asked, ask = self._kernel.begin(self.program, questions)
        self._show_title()

        def tell() -> None:
            if (answer := ask()) is not None:
                self.post_message(self.Answered(asked, mode, answer))

        self.run_worker(tell, thread=True, exclusive=True, exit_on_error=False, group="image")

    def on_mount(self) -> None:
        """Tell from time to time for how long the kernel has been asked, and what has run since."""
        self.set_interval(1.0, self._tick)

    def _tick(self) -> None:
        if self._kernel.seconds is not None:
            self._show_title()
        elif self._shows_runs and self.is_on_screen:
            self._count()

    def on_unmount(self) -> None:
        """Leave no thread behind that the end of the process would wait for."""
        self._kernel.give_up()

    def on_marked_code_pane_answered(self, event: Answered) -> None:
        """Show the answer, unless another program is shown by now."""
        if event.asked.program != self.program:
            return
        self._kernel.take(event.asked, event.answer)
        if isinstance(event.answer, str):
            self._leave()
            self.notify(event.answer, title="The kernel's code", severity="error", timeout=8)
            return
        self._enter(event.mode)

    # What changed

    def show_changes(self, changes: Changes | None) -> None:
        """Mark what is not as it was in the version before; None for nothing."""
        self._changes = changes
        if changes is not None:
            self._enter("changes")
        elif self.mode == "changes":
            self._leave()

    def _with_marks(self, then: Callable[[], None]) -> None:
        """Do something as soon as it is known what changed in the program that is shown: it is found in a thread."""
        changes, program = self._changes, self.program
        if changes is None or changes.known_code(program) is not None or not changes.has_code(program):
            then()
            return

        def find() -> None:
            changes.code(program)
            self.view.typed_app.call_from_thread(then)

        self.run_worker(find, thread=True, exit_on_error=False, group="changes", description="changes")

    def _mark_changes(self) -> None:
        changes = self._changes
        if changes is not None and self.mode == "changes":
            self.view.mark_changes(changes.known_code(self.program) or NOTHING_NEW)
            self._show_title()

    # What ran

    @property
    def _shows_runs(self) -> bool:
        """Whether what ran is to stand beside the code."""
        return self.mode == "runs" or (self.mode == "all" and not self._runs.why_not)

    @property
    def _shown_runs(self) -> Counted | None:
        """What stands there; None for nothing, or nothing yet."""
        counted = self._counted if self._shows_runs else None
        return counted if counted is not None and counted.program == self.program else None

    def _count(self) -> None:
        """Read what ran, in a thread, where one does not do so already."""
        if not self._is_counting:
            self._is_counting = True
            count = partial(self._runs.count, self.program, self._counted)
            self.run_worker(
                lambda: self.post_message(self.RunsCounted(count())), thread=True, exit_on_error=False, group="runs"
            )

    def on_marked_code_pane_runs_counted(self, event: RunsCounted) -> None:
        """Show what ran, unless that is of no interest any more."""
        self._is_counting = False
        counted = event.counted
        if not self._shows_runs:
            return
        if isinstance(counted, str):
            self._leave()
            self.notify(counted, severity="warning", timeout=8)
        elif counted.program != self.program:
            self._count()
        elif counted is not self._counted:
            self._counted = counted
            self._mark_runs(counted)

    def _mark_runs(self, counted: Counted) -> None:
        self.view.mark_runs(counted.coverage)
        answer = self._kernel.known(self.program) if self.mode == "all" else None
        self.view.mark_removed(counted.removed if answer is None or answer.image is None else answer.image.removed)
        if self.flow.display:
            self.show_flow()
        self._show_title()

    # What stands beside the code

    def _enter(self, mode: Mode) -> None:
        had_focus = self.view.has_focus or self.columns.has_focus or self.flow.has_focus
        lacking, answer = self._lacking(mode), self._kernel.known(self.program)
        self._leave()
        if lacking:
            return  # the constants were set while the kernel was asked
        self.mode = mode
        shown = self.view
        if mode == "changes":
            self._with_marks(self._mark_changes)
        if self._shows_runs:
            self._count()
        if answer is not None and mode in ("heat", "all"):
            self.view.mark_heat(answer.walk)
        if answer is not None and answer.image is not None and mode in ("dead", "all"):
            self.view.mark_removed(answer.image.removed)
        if answer is not None and answer.image is not None and mode == "columns":
            self.leave_flow()
            shown = self.columns
            shown.display, self.view.display = True, False
            self._make_room(had_focus)
            shown.show(answer.image.table)
            # Where it scrolls to depends on its size, which it has not got yet.
            self.call_after_refresh(shown.show_slot, self.view.slot_at(self.view.cursor))
        if self.flow.display:
            self.show_flow()
        elif had_focus:
            shown.focus()
        if (counted := self._shown_runs) is not None:
            self._mark_runs(counted)
        self._show_title()

    def _make_room(self, had_focus: bool) -> None:
        """Let the columns have the place of all, where there is no room beside others; not under the user's hands."""
        tabs = next(each for each in self.ancestors if isinstance(each, PlaceTabs))
        if had_focus and not tabs.is_zoomed and self.size.width < ROOMY:
            tabs.zoom()
            self._zoomed = tabs

    def _leave(self) -> None:
        """Show the listing as it was written; what the kernel is being asked is of no interest any more."""
        self._kernel.give_up()
        self.mode = ""
        if self._zoomed is not None:
            self._zoomed.unzoom()
            self._zoomed = None
        self.view.mark_changes(None)
        self.view.mark_runs(None)
        self.view.mark_removed({})
        self.view.mark_heat(None)
        self.columns.display, self.view.display = False, not self.flow.display
        if self.flow.display:
            self.show_flow()
        self._show_title()
