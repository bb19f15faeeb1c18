"""DebuggerScreen: the place of a run: stopped anywhere, stepped, turned back, and asked why."""

from __future__ import annotations

import contextlib
import os
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final, cast

from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical

from ...core.asm.arithmetic import signed
from ...core.context.fields import return_codes
from ...core.errors import BpftuiError, GivenUpError
from ...core.interrupt import Interrupt
from ...core.listing.listing import RowKind
from ..controllers.asking import AskingController
from ..controllers.controller import ControlledScreen
from ..controllers.debuggee import Debuggee
from ..controllers.stepping import SteppingController
from ..controllers.stops import StopsController
from ..jumps import CodePlace
from ..nodes import Node, NodeKind
from ..status import Crumb
from ..text.fit import fitted, width_of
from ..widgets.code.code_pane import CodePane
from ..widgets.code.decorations.trail import Trail
from ..widgets.debug.changes_view import ChangesView
from ..widgets.debug.output_view import Called, OutputView, RunRow
from ..widgets.debug.packet_view import DebugPacketView
from ..widgets.debug.run_line import TABS, RunLine, Way
from ..widgets.debug.state_view import About, DebugStateView, TurnRow
from ..widgets.debug.why_view import WhyView
from ..widgets.key_bar import KeyBar
from ..widgets.lists.edit_line import EditLine
from ..widgets.lists.row_view import RowView
from ..widgets.lists.search_bar import SearchBar
from ..widgets.message_line import MessageLine
from ..widgets.place_tabs import BROAD
from ..widgets.status_line import StatusLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.app import ComposeResult
    from textual.widget import Widget

    from ...core.debug import Recording, Session, Why
    from ...core.debug.sight import Sight
    from ...core.debug.symbols import Location
    from ...core.debug.verified import VerifierLogs
    from ...core.spec import CollectionSpec
    from ..base_app import BaseApp
    from ..status import Status
    from ..widgets.code.listing_view import ListingView
    from ..widgets.debug.lines_view import LinesView
    from ..widgets.lists.row_view import Rows

__all__ = ["DebuggerScreen"]

_WIDE: Final = 100
"""Columns from which on code and state stand beside each other."""
_LEAST_CRUMB: Final = 8
_ABOUT: Final = {
    "code": "The program, and the run's way through it: × how often it is there in all, – never, ▶ what comes next, "
    "● a stop. What the run has not come to yet is dim.",
    "state": "Registers, what is watched, calls, what stops the run, the stack; of several programs on one packet what "
    "each returns, and enter goes to where it begins. • is what the step before has changed. "
    "A pointer is where it leads to, and beside it what lies there; then what the kernel's verifier knew, where it was "
    "asked: ✓ it is so, ≠ it need not be (pruned, imprecise), ✗ it should be.",
    "packet": "The packet as it is here, by layers and as bytes: what the program has read is underlined, what it has "
    "written stands out.",
    "maps": "What this run has changed in maps and variables: before, and now. v shows all that they hold, with • at "
    "what the run has changed.",
    "why": "The steps that made a value, and below each what it came from. `because` is the jump that decided so; ◂ is "
    "where it began: the packet, the context, a map, a constant. Enter goes to the step.",
    "output": "What was printed, and what the program called, with arguments and results. Enter goes to the call.",
}


class DebuggerScreen(ControlledScreen):
    """Runs of one program on the built-in machine. Nothing is attached; a kernel loads it only for its verifier.

    Args:
        spec: The object.
        recording: What comes from outside.
        breaks: Where it is to stop besides: `prog.c:40`, `17 if r1 > 5`.
        logs: Those of the kernel's verifier, for what it knew; None where there are none.
        until: Where it begins: where a run first comes to this, as a breakpoint is said; empty for the beginning.
        why: An expression: it begins at the end of the run, with where its value comes from; empty for the beginning.
        returned: What the run returned that is asked about, unsigned, where this one may come to something else.
        remark: What is said first: with what the run begins.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *SteppingController.BINDINGS,
        *StopsController.BINDINGS,
        *AskingController.BINDINGS,
        *(
            Binding(
                str(number),
                f"show_tab('{tab}')",
                tab.capitalize(),
                show=False,
                id=f"debug.tab-{tab}",
                tooltip=f"Show {tab.capitalize()}",
            )
            for number, tab in enumerate(TABS, 1)
        ),
        Binding("tab", "focus_pane(1)", show=False, id="debug.pane-next", tooltip="Next pane"),
        Binding("shift+tab", "focus_pane(-1)", show=False, id="debug.pane-before", tooltip="Pane before"),
        Binding("z", "zoom", "Zoom", show=False, id="debug.zoom", tooltip="This pane alone, or all again"),
        Binding("ctrl+s", "save", "Save as test", id="debug.save", tooltip="Save the run as a test for pytest"),
        Binding("question_mark", "help", "Help", key_display="?", id="help", tooltip="This pane, then all keys"),
        Binding("f1", "help", show=False, id="help.f1", tooltip="The same, also where ? would be typed"),
        Binding(
            "escape",
            "back",
            "Up",
            show=False,
            id="debug.back",
            tooltip="Give up what is being done; leave the zoom; back to the object",
        ),
        Binding("backspace,alt+left", "leave", "Back", show=False, id="debug.leave", tooltip="Back to the object"),
        Binding("q", "quit", "Quit", show=False, id="quit", tooltip="Quit; asks if anything is attached or unsaved"),
    ]

    first_keys: ClassVar[tuple[str, ...]] = (
        "next",
        "step",
        "finish",
        "resume",
        "next_back",
        "stop_here",
        "why",
        "save",
    )
    """What the bar shows first, but for `idle_keys`."""

    DEFAULT_CSS = """
    DebuggerScreen {
        & > #debug-body { height: 1fr; }
        & #debug-code { width: 1fr; height: 1fr; }
        & #debug-side { width: 1fr; height: 1fr; border-left: vkey $rule; layout: vertical; }
        & #debug-state-column, & #debug-more-column { width: 1fr; height: 1fr; }
        & #debug-more-column { border-top: hkey $rule; }
        & #debug-maps { border-top: hkey $rule; }
        &.-alone {
            & #debug-side { border-left: none; }
            & #debug-more-column { border-top: none; }
            & #debug-maps { border-top: none; }
        }
        &.-three {
            & #debug-side { width: 58%; layout: horizontal; }
            & #debug-more-column { border-top: none; border-left: vkey $rule; }
            & #debug-packet, & #debug-output { border-top: hkey $rule; }
        }
    }
    """

    def __init__(
        self,
        spec: CollectionSpec,
        recording: Recording,
        breaks: Sequence[str] = (),
        logs: VerifierLogs | None = None,
        *,
        until: str = "",
        why: str = "",
        returned: int | None = None,
        remark: str = "",
    ) -> None:
        super().__init__()
        self._remark = remark
        self._until = until
        self._asks = why
        self._returned = returned
        self.spec = spec
        self._breaks = breaks
        self._logs = logs
        self._knows = False
        """Whether the logs were asked for, which is done once."""
        self._left = Interrupt()
        """Set when nobody waits for them any more."""
        self.debuggee = Debuggee(self, recording, show=self.show, prepare=self._prepare)
        self.code = CodePane(spec, id="debug-code", is_writable=False)  # ctrl+s saves the run
        self.state = DebugStateView(id="debug-state")
        self.packet = DebugPacketView(id="debug-packet")
        self.changes = ChangesView(id="debug-maps")
        self.why = WhyView(id="debug-why")
        self.output = OutputView(id="debug-output")
        self._panes: dict[str, Widget] = {
            "code": self.code,
            "state": self.state,
            "packet": self.packet,
            "maps": self.changes,
            "why": self.why,
            "output": self.output,
        }
        self._place: tuple[Location, int] | None = None
        """Where the code was shown last: it stays where the user has moved it as long as the run stands still."""
        self._asked: tuple[Recording, int] | None = None
        """The run for which was asked what the machine lacks: it is asked once."""
        self._zoomed = False
        self._lower = "packet"
        """Which of the lower panes stands beside the code where there is room for one."""
        self.stepping = SteppingController(self, debuggee=self.debuggee, place=self.place)
        self.stops = StopsController(
            self, debuggee=self.debuggee, place=self.stop_place, held=self.held, file=os.path.abspath(spec.file)
        )
        self.asking = AskingController(
            self,
            debuggee=self.debuggee,
            line=lambda: self.query_one(EditLine),
            expression=self.expression,
            answered=self._answered,
            told=self._told,
        )
        self.control(self.stepping, self.stops, self.asking)

    def compose(self) -> ComposeResult:
        """Compose the screen."""
        yield StatusLine()
        yield RunLine()
        with Horizontal(id="debug-body"):
            yield self.code
            with Vertical(id="debug-side"):
                with Vertical(id="debug-state-column"):
                    yield self.state
                    yield self.changes
                with Vertical(id="debug-more-column"):
                    yield self.why
                    yield self.packet
                    yield self.output
        yield SearchBar()
        yield EditLine()
        yield MessageLine()
        yield KeyBar()

    def on_mount(self) -> None:
        """Begin at the first instruction."""
        self.code.program = self.debuggee.recording.program
        self._arrange()
        self.call_after_refresh(self.code.view.focus)
        self._show_top()
        self.debuggee.expressions = list(self.stops.read())
        self.stops.add(self._breaks)
        self.debuggee.begin()
        if self._remark:
            self.notify(self._remark, timeout=8)
        if self._until:
            self.debuggee.do(f"going on to {self._until}", self._go_until, self._met)
        if self._asks:
            self.debuggee.do("going to the end", lambda session: session.goto(session.length), self._compare)
            self.asking.ask_why(self._asks)
        if (logs := self._logs) is not None:
            self.find_out(lambda: self._ask(logs), self._known)

    def _go_until(self, session: Session) -> bool:
        return session.resume_to(session.break_as_said(self._until))

    def _met(self, is_met: bool) -> None:
        if not is_met:
            self.notify(f"no run comes to {self._until}", severity="warning", timeout=8)

    def _compare(self, _: object) -> None:
        """Say so where the run has not come to what that one returned which is asked about."""
        sight = self.debuggee.sight
        if sight is None or self._returned is None:
            return
        number = signed(self._returned, 32)
        returned = return_codes(self.spec.programs[self.debuggee.recording.program]).get(number) or str(number)
        if sight.ends == returned:
            return
        is_same = bool(self.debuggee.recording.contents)
        why = "clocks and random numbers are others" if is_same else "it begins with the object's maps and variables"
        comes = f"ends {sight.ends}" if sight.ends else "is stopped"
        self.notify(
            f"the run returned {returned}, and this one {comes}: {why}",
            severity="warning",
            timeout=15,
        )

    def _ask(self, logs: VerifierLogs) -> bool:
        """Ask the verifier what it knew, in a thread, beside what is done with the run; return whether it answered."""
        with self._left, contextlib.suppress(GivenUpError):
            if not self._left.is_set():
                logs.of(self.debuggee.recording.program)
                return True
        return False

    def _known(self, knows: bool) -> None:
        self._knows = knows
        if knows and (logs := self._logs) is not None:
            self.debuggee.do("looking at what the verifier knew", lambda session: session.know(logs))

    def on_unmount(self) -> None:
        """Let go of the run, and keep its stops."""
        cast("BaseApp[object]", self.app).let_go()
        self._left.set()
        self.debuggee.close()
        self.stops.close()

    def _prepare(self, session: Session) -> None:
        self.stops.prepare(session)
        if self._logs is not None and self._knows:
            session.know(self._logs)

    # What is shown

    def show_status(self, status: Status) -> None:
        """Take no notice: what is attached is said where the object is."""

    @property
    def idle_keys(self) -> tuple[str, ...]:
        """What the bar leaves out: where the run is over nothing in it leads on."""
        return self.stepping.idle

    @property
    def panes(self) -> Sequence[LinesView]:
        """All but the code."""
        return (self.state, self.packet, self.changes, self.why, self.output)

    def show(self, sight: Sight) -> None:
        """Show where the run stands."""
        self._show_top()
        self.query_one(RunLine).way = Way(sight.position, sight.length, sight.marks, sight.has_more_marks)
        for pane in self.panes:
            pane.show(sight)
        self._show_code(sight)
        self.stops.follow(sight, self.debuggee.expressions)
        if not sight.lacks:
            self._asked = None  # whoever comes there again is asked again
        elif self._asked != (self.debuggee.recording, sight.stop.run):
            self._asked = self.debuggee.recording, sight.stop.run
            self.asking.ask_for(sight.lacks)
        self.refresh_bindings()

    def _answered(self, found: Why) -> None:
        """Show why a value is what it is, with the keyboard there."""
        self.why.answer(found)
        self.action_show_tab("why")

    def _told(self, asked: str, answer: str) -> None:
        """Show what came of a command: of several lines where the program's output is."""
        self.output.tell(asked, answer)
        if "\n" in answer:
            self.action_show_tab("output")
        elif answer:
            self.notify(answer, timeout=8)

    def _show_code(self, sight: Sight) -> None:
        location = sight.location
        slot = None if location is None else location.slot
        trail = Trail(slot, sight.position, sight.counts, sight.first, sight.stops, sight.will_jump)
        self.code.view.mark_trail(trail)
        if (place := location or sight.last) is not None and self._place != (place, sight.position):
            self._place = place, sight.position
            self.code.go_to(CodePlace(place.program, place.slot))

    def _show_top(self) -> None:
        line, sight, recording = self.query_one(StatusLine), self.debuggee.sight, self.debuggee.recording
        run = 1 if sight is None else sight.stop.run + 1
        names = [self.spec.title, recording.program]
        facts = ["vm"]
        if sight is not None:
            facts = ["vm", *([sight.origin] if sight.origin else []), sight.verdict]
            facts.append(f"step {sight.position:,} of {sight.length:,}")
            # Where not all has room, names are cut: no number is.
            room = self.app.size.width - width_of(" · ".join(facts[-2:])) - len(f" home ›  ›  › run {run}    ")
            while sum(map(width_of, names)) > room and any(width_of(each) > _LEAST_CRUMB for each in names):
                longest = max(range(len(names)), key=lambda index: width_of(names[index]))
                names[longest] = fitted(names[longest], width_of(names[longest]) - 1)
        line.crumbs = (
            Crumb("home"),
            Crumb(names[0], Node(NodeKind.COLLECTION, self.spec.file)),
            Crumb(names[1], Node(NodeKind.PROGRAM, recording.program)),
            Crumb(f"run {run}"),
        )
        line.facts = tuple(facts)

    # Panes

    @property
    def tab(self) -> str:
        """The pane that has the keyboard, or had it last."""
        return self.query_one(RunLine).active

    @property
    def pane(self) -> Widget:
        """The same as a widget."""
        return self._panes[self.tab]

    def _arrange(self) -> None:
        """Show as many panes as there is room for."""
        width, tab = self.app.size.width, self.tab
        is_alone = self._zoomed or width < _WIDE
        is_three = not is_alone and width >= BROAD
        if tab not in ("code", "state"):
            self._lower = tab
        self.set_class(is_alone, "-alone")
        self.set_class(is_three, "-three")
        for name, pane in self._panes.items():
            pane.display = is_three or (name == tab if is_alone else name in ("code", "state", self._lower))
        side, state, more = (self.query_one(f"#debug-{name}") for name in ("side", "state-column", "more-column"))
        state.display = self.state.display or self.changes.display
        more.display = any(pane.display for pane in (self.why, self.packet, self.output))
        side.display = state.display or more.display

    def on_resize(self, event: events.Resize) -> None:
        """Show as many panes as there is room for by now."""
        self._arrange()
        self._show_top()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Let the tab follow the keyboard."""
        tab = next((name for name, pane in self._panes.items() if pane in event.widget.ancestors_with_self), "")
        if tab and tab != self.tab:
            self.query_one(RunLine).active = tab
            self._arrange()

    def action_show_tab(self, tab: str) -> None:
        """Show a pane, and give it the keyboard."""
        self.query_one(RunLine).active = tab
        self._arrange()
        (self.code.view if tab == "code" else self._panes[tab]).focus()

    def action_focus_pane(self, by: int) -> None:
        """Give the keyboard to the next pane: of those that are seen, where there are several."""
        shown: list[str] = [name for name in TABS if self._panes[name].display]
        names: list[str] = shown if len(shown) > 1 else [*TABS]
        self.action_show_tab(names[(names.index(self.tab) + by) % len(names)])

    def action_zoom(self) -> None:
        """Show this pane alone, or all again."""
        self._zoomed = not self._zoomed
        self._arrange()

    def on_run_line_tab_chosen(self, event: RunLine.TabChosen) -> None:
        """Show a pane."""
        self.action_show_tab(event.tab)

    def on_run_line_step_chosen(self, event: RunLine.StepChosen) -> None:
        """Go to a step."""
        self.stepping.go_to(event.position)

    # What the cursor is on

    def place(self) -> str:
        """Return the instruction or the C line under the cursor of the code, as breakpoints are said."""
        view = self.code.view
        listing = view.listing
        if listing is None or not view.row_count():
            return ""
        row = view.row(view.cursor)
        if row.kind is RowKind.SOURCE and row.file:
            return f"{row.file.rpartition('/')[2]}:{row.line}"
        name = listing.program.name
        return str(row.slot) if name == self.debuggee.recording.program else f"{name}:{row.slot}"

    def stop_place(self) -> str:
        """Return where a stop is set for what the cursor is on, as `Breakpoints.find` takes it, or `watch …`."""
        if self.pane is self.code:
            return self.place()
        if self.pane is self.output:
            return about.name if isinstance(about := self.output.about, Called) else ""
        expression = self.expression()
        about = self.changes.about
        if self.pane is self.changes and isinstance(about, About) and about.kind == "map":
            return f"map {expression[: expression.rfind(']') + 1]}"
        state = self.state.about
        is_register = self.pane is self.state and isinstance(state, About) and state.kind == "register"
        return f"watch {expression}" if expression and not is_register else ""

    def held(self) -> int:
        """Return the number of the stop that the cursor is on; 0 for none."""
        about = self.state.about
        is_stop = self.pane is self.state and isinstance(about, About) and about.kind == "break"
        return int(about.what) if is_stop and isinstance(about, About) else 0

    def expression(self) -> str:
        """Return what the cursor is on, as an expression; empty where it is on none."""
        pane, sight = self.pane, self.debuggee.sight
        if pane is self.packet:
            return "" if self.packet.byte is None else f"pkt[{self.packet.byte}]"
        about = cast("LinesView", pane).about if pane is not self.code else None
        if isinstance(about, About):
            return about.expression
        return "r0" if sight is not None and sight.at_end else ""

    # What widgets ask for

    def on_row_view_search_requested(self, event: RowView.SearchRequested) -> None:
        """Search in a pane."""
        self.query_one(SearchBar).open(event.view)

    def on_changes_view_view_requested(self) -> None:
        """Show all that maps hold, or only what has changed."""
        self.debuggee.look_at_maps(whole=not self.debuggee.wants_holdings)

    def on_row_view_selected(self, event: RowView.Selected) -> None:
        """Go to the step that a row is of."""
        if event.view is self.why and self.why.step is not None:
            self._follow(self.why.step)
        elif event.view is self.state and isinstance(about := self.state.about, TurnRow) and about.begin is not None:
            self._follow(about.begin)
        elif event.view is self.output and isinstance(about := self.output.about, Called):
            self._follow(about.step)
        elif event.view is self.output and isinstance(about := self.output.about, RunRow):
            self.stepping.enter(about.run)

    def _follow(self, step: int) -> None:
        """Go to a step that a pane tells of, and to the code where that is not seen beside it."""
        self.stepping.go_to(step)
        if not self.code.display:
            self.action_show_tab("code")

    def on_listing_view_follow(self, event: ListingView.Follow) -> None:
        """Say where a name leads: it lives in the object."""
        self.notify(f"{event.target.name} is shown where the object is: esc leads there", timeout=4)

    def on_listing_view_write_requested(self) -> None:
        """Save the run: a listing is written where the object is."""
        self.action_save()

    def save_rows(self, view: Rows) -> None:
        """Save the run, which is what every pane of it shows."""
        self.action_save()

    def on_status_line_chosen(self, event: StatusLine.Chosen) -> None:
        """Go to a step of the way to where one is; once, however often it is chosen."""
        if not self.is_current:
            return
        if event.crumb.name == "home":
            self.go_home()
        elif event.crumb.node is not None:
            below = self.app.screen_stack[-2]
            self.action_leave()
            below.post_message(StatusLine.Chosen(event.crumb))

    # Keys

    def action_save(self) -> None:
        """Ask for a file, and write the recording as a test for pytest."""
        from ..dialogs.ask import AskDialog

        name = f"test_{self.debuggee.recording.program}.py"
        notes = ("pytest runs it: packets, context, variables and maps, and what the program does with them.",)
        self.ask(AskDialog("Save as test", name, notes=notes, confirm="Save"), self._save)

    def _save(self, path: str | None) -> None:
        recording = self.debuggee.recording

        def save() -> tuple[str, bool]:
            from ...core.testing.saved import recorded, write_test

            assert path
            try:
                text, remark = recorded(recording, path)
                write_test(path, text)
            except BpftuiError as error:
                return error.message, False
            return f"saved as a test: {path}" + (f"; {remark}" if remark else ""), True

        if path:
            self.find_out(save, lambda said: self.notify(said[0], severity="information" if said[1] else "error"))

    def action_back(self) -> None:
        """Give up what is being done, else take what was said as read, else leave the zoom, else the debugger."""
        if self.answer():
            return
        if self.message_line.warning:
            self.message_line.forget()
            return
        if self._zoomed:
            self.action_zoom()
        else:
            self.action_leave()

    def action_leave(self) -> None:
        """Go back to the object."""
        if self.is_current:
            self.dismiss()

    def action_quit(self) -> None:
        """Quit, unless something is attached."""
        self.leave()

    def action_help(self) -> None:
        """Show what the pane is, and its keys; then all the others."""
        from ..dialogs.help import HelpScreen, do_as_key, keys_here

        groups: dict[str, Sequence[BindingType | str]] = {"": keys_here(self.focused), **self.key_groups()}
        place = f"Debugger › {self.tab.capitalize()}"
        help_ = HelpScreen(groups, self.keymap, page="machine", place=place, about=_ABOUT[self.tab])
        self.ask(help_, partial(do_as_key, self, self.focused))

    def key_groups(self) -> dict[str, Sequence[BindingType]]:
        """Return the keys of the debugger, by what they are about."""
        return {
            "Stepping": SteppingController.BINDINGS,
            "Stops": StopsController.BINDINGS,
            "Values": AskingController.BINDINGS,
            "Debugger": [
                each
                for each in self.BINDINGS
                if not any(each in kind.BINDINGS for kind in (SteppingController, StopsController, AskingController))
            ],
            "Moving": RowView.BINDINGS,
        }
