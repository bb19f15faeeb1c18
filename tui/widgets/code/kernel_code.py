"""KernelCodePane: a program's code, and on demand what the kernel makes of it, or where its verifier's work goes."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

from textual.binding import Binding, BindingType
from textual.message import Message

from ....core.errors import BpftuiError
from ....core.interrupt import Interrupt
from ...jumps import remember_place
from ..place_tabs import PlaceTabs
from .code_pane import CodePane
from .columns_view import ROOMY, ColumnsView, column_table
from .flow_view import FlowFacts

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from textual.app import ComposeResult

    from ....core.live import Session
    from ....core.runtime.inspected import Inspector
    from ....core.spec import CollectionSpec
    from ....core.verifier import Heat
    from ...jumps import CodePlace
    from ..lists.row_view import RowView
    from .columns_view import ColumnTable
    from .listing_jumps import CodeSpot

__all__ = ["KernelCodePane", "Made", "made"]

Mode = Literal["", "columns", "dead", "heat"]


class Made(NamedTuple):
    """What the kernel made of a program, ready to be drawn."""

    table: ColumnTable
    removed: Mapping[int, str]
    """The slots of the instructions that the verifier removed, with what to say of each."""
    total: int
    """Instructions before."""

    @property
    def summary(self) -> str:
        """Before and after, as a title says it."""
        gone = len(self.removed)
        if not gone:
            return f"none of {self.total} instructions removed"
        return f"{gone} of {self.total} instructions removed, {self.total - gone} left"


class KernelCodePane(CodePane):
    """The code of one program: as it was written, beside what the kernel made of it, with its dead code marked, or with
    how often the verifier walked over each instruction.

    For that the program is loaded once more, with the variables as they are set, and closed again.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m", "marks", "Marks", id="code.marks", tooltip="Marks: the verifier's walk, dead code, none"),
        Binding("m", "no_kernel", show=False),
        Binding("less_than_sign", "mark(-1)", show=False, id="code.mark.before", tooltip="The mark before"),
        Binding("greater_than_sign", "mark(1)", show=False, id="code.mark.next", tooltip="Next mark: hottest, dead"),
        Binding("escape", "give_up", "Stop", show=False, id="code.stop", tooltip="Ask the kernel no more"),
    ]
    COMMANDS: ClassVar[Sequence[tuple[str, str]]] = (
        *CodePane.COMMANDS,
        ("Beside it what the verifier and the JIT made of it", "columns"),
        ("Mark what the verifier removed, and why", "dead"),
        ("How often the verifier walked each instruction", "heat"),
    )

    DEFAULT_CSS = """
    KernelCodePane > ColumnsView { height: 1fr; display: none; }
    """

    class Answered(Message):
        """The kernel has answered.

        Args:
            program: The program.
            state: What it was asked for: the constants and the type.
            mode: What is to be shown.
            answer: What it made of it, how it walked through it, or why it did not.
        """

        def __init__(self, program: str, state: Hashable, mode: Mode, answer: Made | Heat | str) -> None:
            super().__init__()
            self.program = program
            self.state = state
            self.mode: Mode = mode
            self.answer = answer

    def __init__(self, spec: CollectionSpec, session: Session, *, id: str | None = None) -> None:  # noqa: A002
        """Initialise the pane for the programs of *spec*; the runtime of *session* is asked what it makes of them."""
        super().__init__(spec, id=id)
        self._session = session
        self.mode: Mode = ""
        """What is shown of the kernel's answer."""
        self._zoomed: PlaceTabs | None = None
        """What was zoomed for the columns."""
        self._made: tuple[str, Hashable, Made] | None = None
        self._heat: tuple[str, Hashable, Heat] | None = None
        self._asking: Interrupt | None = None
        self._asked_at = 0.0
        self._refused: tuple[str, Hashable] | None = None
        """Of what the kernel does not say what it makes of it."""
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
        """Say how many instructions were removed, or where most of the walk was; then what a listing says by itself."""
        if self._asking is not None:
            seconds = time.monotonic() - self._asked_at
            return "asking the verifier …" + (f" {seconds:.0f} s (esc: stop)" if seconds >= 1 else "")
        if self.mode == "heat" and self._heat is not None:
            return _heat_summary(self._heat[2])
        told = self.mode and self._made is not None and self._session.theirs is None
        made = self._made[2].summary if told and self._made is not None else ""
        return "  ".join(part for part in (made, super().remark()) if part)

    def flow_facts(self) -> FlowFacts:
        """Return what the kernel has said, as far as it is shown: its verifier's walk, and what it removed."""
        known = self._known(self.mode) if self.mode else None
        if known is None:
            return super().flow_facts()
        if isinstance(known, Made):
            return FlowFacts(removed=frozenset(known.removed))
        return FlowFacts(known.visits, "the verifier's walk")

    # What comes and goes

    def watch_program(self, name: str) -> None:
        """Show another program as it was written."""
        self._leave()
        super().watch_program(name)

    def on_show(self) -> None:
        """Ask again when constants were changed meanwhile. Textual calls the base class's handler by itself."""
        if self.mode and self._known(self.mode) is None:
            self._ask(self.mode)

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
            self.view.jumps.show(columns.slot_at(columns.cursor))

    # Actions

    def action_columns(self) -> None:
        """Show BPF, translated and native code beside each other, or the listing again."""
        self._toggle("columns")

    def action_dead(self) -> None:
        """Mark what the verifier removed, or nothing any more."""
        self._toggle("dead")

    def action_heat(self) -> None:
        """Show how often the verifier walked over each instruction, or no longer."""
        self._toggle("heat")

    def action_marks(self) -> None:
        """Mark the next thing in the code: how often the verifier walked over it, what it removed, nothing."""
        self._toggle("heat" if self.mode in ("", "columns") else "dead")

    def action_mark(self, step: int) -> None:
        """Go to the next mark, or the one before: of the verifier's walk from the hottest on, of dead code by place."""
        view, known = self.view, self._known(self.mode) if self.mode else None
        if known is None or not view.row_count():
            return
        here = view.slot_at(view.cursor)
        if isinstance(known, Made):
            starts = [slot for slot in sorted(known.removed) if slot - 1 not in known.removed]
            beyond = [slot for slot in starts if (slot > here if step > 0 else slot < here)]
            found = (beyond or starts)[0 if step > 0 else -1] if starts else None
        else:
            ranked = sorted(known.visits, key=lambda slot: (-known.visits[slot], slot))
            at = self._rank if 0 <= self._rank < len(ranked) and ranked[self._rank] == here else (-1 if step > 0 else 0)
            self._rank = (at + step) % len(ranked) if ranked else -1
            found = ranked[self._rank] if ranked else None
        if found is not None:
            remember_place(self)
            view.jumps.show(found)

    def action_give_up(self) -> None:
        """Ask the kernel no more."""
        self._leave()

    def show_next_view(self) -> None:
        """Show what the kernel made of the program, where it says so; else the control flow."""
        if self._session.verifies and self.program and self._refused != (self.program, self._state()):
            self._toggle("columns")
        else:
            self.show_flow()

    def on_columns_view_left(self) -> None:
        """Show the control flow, after the columns."""
        self._leave()
        self.show_flow()
        self.flow.focus()

    def action_no_kernel(self) -> None:
        """Say why there is nothing to show."""
        if self._session.theirs is not None:
            text = "how the verifier walked and what it removed was told to whoever loaded this"
            self.notify(text, severity="warning")
            return
        what = f"only the kernel verifies and translates programs; this is the {self._session.runtime.name} runtime"
        self.notify(what, severity="warning")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what the runtime can answer."""
        if action in ("dead", "heat", "marks") and self._session.theirs is not None:
            return False
        if action in ("columns", "dead", "heat", "marks"):
            return self._session.verifies and bool(self.spec.programs)
        if action == "mark":
            return self.mode in ("dead", "heat")
        if action == "give_up":
            return self._asking is not None
        if action == "no_kernel":
            return not self._session.verifies or self._session.theirs is not None
        return super().check_action(action, parameters)

    def _known(self, mode: Mode) -> Made | Heat | None:
        """Return the answer that a mode shows; None where it was not asked for since the constants were set."""
        known = self._heat if mode == "heat" else self._made
        return known[2] if known is not None and known[:2] == (self.program, self._state()) else None

    def _toggle(self, mode: Mode) -> None:
        if not self.program or self.view.listing is None:
            return
        if self._asking is not None:
            self._leave()
        elif self.mode == mode:
            self._leave()
            (self.flow if self.flow.display else self.view).focus()
        elif self._known(mode) is not None:
            self._enter(mode)
        else:
            self._ask(mode)

    def _state(self) -> Hashable:
        """Return what the kernel's answer depends on."""
        fixed = tuple(bytes(found.data or b"") for found in self.spec.maps.values() if found.read_only)
        return self.spec.programs[self.program].type, fixed

    def _ask(self, mode: Mode) -> None:
        self._give_up()
        inspector = self._session.runtime.inspect()
        self._asking = Interrupt()
        self._asked_at = time.monotonic()
        self._show_title()
        work = partial(self._make, self._asking, inspector, self.program, self._state(), mode)
        self.run_worker(work, thread=True, exclusive=True, exit_on_error=False, group="image")

    def _give_up(self) -> None:
        """Have the kernel stop where it is being asked: it may be at it for half a minute."""
        if self._asking is not None:
            self._asking.set()
            self._asking = None

    def on_mount(self) -> None:
        """Tell from time to time for how long the kernel has been asked."""
        self.set_interval(1.0, self._count)

    def _count(self) -> None:
        if self._asking is not None:
            self._show_title()

    def on_unmount(self) -> None:
        """Leave no thread behind that the end of the process would wait for."""
        self._give_up()

    def _make(self, asking: Interrupt, inspector: Inspector, program: str, state: Hashable, mode: Mode) -> None:
        """Ask the kernel, in a thread."""
        try:
            with asking:
                answer: Made | Heat | str = (
                    inspector.walk(self.spec, program) if mode == "heat" else made(self.spec, program, inspector)
                )
        except BpftuiError as error:
            answer = f"{error.message}\n{error.hint}" if error.hint else error.message
        except Exception as error:
            answer = f"cannot ask the kernel for {program}: {type(error).__name__}: {error}"
        if not asking.is_set():
            self.post_message(self.Answered(program, state, mode, answer))

    def on_kernel_code_pane_answered(self, event: Answered) -> None:
        """Show the answer, unless another program is shown by now."""
        self._asking = None
        if event.program != self.program:
            return
        if isinstance(event.answer, str):
            self._refused = event.program, event.state
            self._leave()
            self.notify(event.answer, title="The kernel's code", severity="error", timeout=8)
            return
        if isinstance(event.answer, Made):
            self._made = event.program, event.state, event.answer
        else:
            self._heat = event.program, event.state, event.answer
        self._enter(event.mode)

    def _enter(self, mode: Mode) -> None:
        had_focus = self.view.has_focus or self.columns.has_focus or self.flow.has_focus
        answer = self._known(mode)
        self._leave()
        if answer is None:
            return  # the constants were set while the kernel was asked
        self.mode = mode
        shown = self.view
        if not isinstance(answer, Made):
            self.view.mark_heat(answer)
        elif mode == "dead":
            self.view.mark_removed(answer.removed)
        else:
            self.leave_flow()
            shown = self.columns
            shown.display, self.view.display = True, False
            self._make_room(had_focus)
            shown.show(answer.table)
            # Where it scrolls to depends on its size, which it has not got yet.
            self.call_after_refresh(shown.show_slot, self.view.slot_at(self.view.cursor))
        if self.flow.display:
            self.show_flow()
        elif had_focus:
            shown.focus()
        self._show_title()

    def _make_room(self, had_focus: bool) -> None:
        """Let the columns have the place of all, where there is no room beside others; not under the user's hands."""
        tabs = next(each for each in self.ancestors if isinstance(each, PlaceTabs))
        if had_focus and not tabs.is_zoomed and self.size.width < ROOMY:
            tabs.zoom()
            self._zoomed = tabs

    def _leave(self) -> None:
        """Show the listing as it was written; what the kernel is being asked is of no interest any more."""
        self._give_up()
        self.mode = ""
        if self._zoomed is not None:
            self._zoomed.unzoom()
            self._zoomed = None
        self.view.mark_removed({})
        self.view.mark_heat(None)
        self.columns.display, self.view.display = False, not self.flow.display
        if self.flow.display:
            self.show_flow()
        self._show_title()


def _heat_summary(heat: Heat) -> str:
    """Return how long the walk was, and where most of it."""
    text, hottest = f"{heat.walked} walked", heat.hottest
    if hottest is None:
        return text
    place = hottest.source.place if hottest.source is not None and hottest.source.place else f"insn {hottest.slots[0]}"
    return f"{text}, {hottest.share:.0%} at {place}".replace("%", " %")


def made(spec: CollectionSpec, name: str, inspector: Inspector) -> Made:
    """Ask the kernel what it makes of a program with the variables as they are set now.

    Raises:
        BpftuiError: It does not load it, or does not say; see `Inspector.image`.
    """
    from ....core.analysis.dead_code import decisions
    from ....core.listing.listing import Listing, RowKind

    program = spec.program(name)
    image = inspector.image(spec, name)
    listing = Listing(program, spec)
    rows = inspector.columns(listing, image, translated=not program.translated)
    removed = dict.fromkeys(image.removed, "dead")
    for found in decisions(program, spec, image.removed, image.decided):
        reason = " and ".join(found.constants)
        removed |= dict.fromkeys(found.removed, f"dead: {reason}" if reason else f"dead: by the jump at {found.slot}")
    total = sum(1 for item in rows if item.row is not None and item.row.kind is RowKind.INSN)
    return Made(column_table(rows, image, is_loaded=program.translated), removed, total)
