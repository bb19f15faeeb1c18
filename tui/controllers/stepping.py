"""SteppingController: the run is gone through, forwards and backwards, by gdb's letters and by VS Code's keys."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType

from .controller import Controller

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...core.debug import Session
    from .controller import Stage
    from .debuggee import Debuggee

__all__ = ["SteppingController"]

_OVER: Final = "the run is over: N goes back, ctrl+r to its start"
_BEGINNING: Final = "this is the beginning of the run"
_ONWARDS: Final = ("next", "step", "finish", "instruction", "until")
"""What leads on within a run."""


class SteppingController(Controller):
    """Each key with a small letter goes forwards, with the capital the same way backwards.

    Args:
        debuggee: The run.
        place: Returns the place that the cursor of the code is on, as `Breakpoints.find` takes it; empty for none.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n,f10", "next", "Next", id="debug.next", tooltip="To the next C line, not into functions"),
        Binding("s,f11", "step", "Step", id="debug.step", tooltip="To the next C line, also in a function it calls"),
        Binding("f,shift+f11", "finish", "Finish", id="debug.finish", tooltip="On until this function returns"),
        Binding("c,f5", "resume", "Continue", id="debug.continue", tooltip="On to the next stop; without one, the end"),
        Binding("N,shift+f10", "next_back", "Back", id="debug.next-back", tooltip="To the C line before, not into"),
        Binding(
            "S,alt+f11", "step_back", "Step back", show=False, id="debug.step-back", tooltip="To the C line before"
        ),
        Binding("F", "finish_back", "To the call", show=False, id="debug.finish-back", tooltip="Back to the call"),
        Binding(
            "C,alt+f5",
            "resume_back",
            "Continue back",
            show=False,
            id="debug.continue-back",
            tooltip="Back to the last stop; without one, the beginning",
        ),
        Binding("t,ctrl+f10", "until", "Till", show=False, id="debug.until", tooltip="On to the line of the cursor"),
        Binding("T", "until_back", "Back till", show=False, id="debug.until-back", tooltip="Back to the cursor's line"),
        Binding("comma", "instruction_back", "Before", show=False, id="debug.earlier", tooltip="One instruction back"),
        Binding("full_stop", "instruction", "After", show=False, id="debug.later", tooltip="One instruction further"),
        Binding(
            "less_than_sign",
            "mark(-1)",
            "Stop before",
            show=False,
            key_display="<",
            id="debug.stop-before",
            tooltip="The stop before, in this run; else its beginning",
        ),
        Binding(
            "greater_than_sign",
            "mark(1)",
            "Next stop",
            show=False,
            key_display=">",
            id="debug.stop-next",
            tooltip="The next stop of this run; else its end",
        ),
        Binding(
            "left_parenthesis",
            "run(-1)",
            "Run before",
            show=False,
            key_display="(",
            id="debug.run-before",
            tooltip="The run before: the packet before of a capture",
        ),
        Binding(
            "right_parenthesis",
            "run(1)",
            "Next run",
            show=False,
            key_display=")",
            id="debug.run-next",
            tooltip="The next run: the next packet of a capture",
        ),
        Binding("ctrl+r", "restart", "Start", show=False, id="debug.restart", tooltip="Back to the run's beginning"),
    ]

    def __init__(self, stage: Stage, *, debuggee: Debuggee, place: Callable[[], str]) -> None:
        super().__init__(stage)
        self._debuggee = debuggee
        self._place = place

    @property
    def idle(self) -> tuple[str, ...]:
        """The actions that lead nowhere where the run stands, at its end or where an error stopped it; they say so."""
        sight = self._debuggee.sight
        if sight is None or not (sight.at_end or sight.error is not None):
            return ()
        return (*_ONWARDS, "resume") if sight.stop.run + 1 == sight.runs else _ONWARDS

    def _go(self, what: str, move: Callable[[Session], object], *, back: bool = False) -> None:
        """Make a move; say why there is none at an end of the run."""

        def work(session: Session) -> str:
            before = session.run, session.position
            move(session)
            is_there = (session.run, session.position) == before
            why = _BEGINNING if back else session.error or (_OVER if session.at_end else "")
            return why if is_there else ""

        self._debuggee.do(what, work, self._say)

    def _say(self, why: str) -> None:
        if why:
            self.stage.notify(why, severity="warning", timeout=3)

    def action_next(self) -> None:
        """Go to the next line in this function."""
        self._go("stepping", lambda session: session.next())

    def action_step(self) -> None:
        """Go to the next line, wherever it is."""
        self._go("stepping", lambda session: session.step())

    def action_finish(self) -> None:
        """Go on until this function has returned."""
        self._go("going on", lambda session: session.finish())

    def action_resume(self) -> None:
        """Go on to the next breakpoint, or to the end."""
        self._go("going on", lambda session: session.resume())

    def action_next_back(self) -> None:
        """Go to the line before in this function."""
        self._go("going back", lambda session: session.back.next(), back=True)

    def action_step_back(self) -> None:
        """Go to the line before, wherever it is."""
        self._go("going back", lambda session: session.back.step(), back=True)

    def action_finish_back(self) -> None:
        """Go back to the call of this function."""
        self._go("going back", lambda session: session.back.finish(), back=True)

    def action_resume_back(self) -> None:
        """Go back to the last breakpoint, or to the beginning."""
        self._go("going back", lambda session: session.back.resume(), back=True)

    def action_instruction(self) -> None:
        """Go one instruction further."""
        self._go("stepping", lambda session: session.step_instruction())

    def action_instruction_back(self) -> None:
        """Go one instruction back."""
        self._go("going back", lambda session: session.back.step_instruction(), back=True)

    def action_restart(self) -> None:
        """Go back to the beginning of this run."""
        self._go("going back", lambda session: session.goto(0), back=True)

    def action_until(self) -> None:
        """Go on to where the cursor is."""
        self._until(back=False)

    def action_until_back(self) -> None:
        """Go back to where the cursor is."""
        self._until(back=True)

    def _until(self, *, back: bool) -> None:
        place = self._place()
        if not place:
            self.stage.notify("the cursor is on no instruction of this program", severity="warning", timeout=3)
            return

        def work(session: Session) -> str:
            position = session.position
            (session.back.until if back else session.until)(place)
            if session.position in (0, session.length) and not _is_at(session, place):
                session.goto(position)
                return f"the run does not come to {place} {'before' if back else 'any more'}"
            return ""

        self._debuggee.do("going back" if back else "going on", work, self._say)

    def action_mark(self, by: int) -> None:
        """Go to the next breakpoint that this run comes to, or to the one before."""
        sight = self._debuggee.sight
        if sight is None:
            return
        if by > 0:
            to = next((each for each in sight.marks if each > sight.position), sight.length)
        else:
            to = next((each for each in reversed(sight.marks) if each < sight.position), 0)
        self._go("going there", partial(_goto, to), back=by < 0)

    def action_run(self, by: int) -> None:
        """Go to the beginning of the run before or behind this one."""
        sight = self._debuggee.sight
        if sight is None:
            return
        to = sight.stop.run + by
        if 0 <= to < sight.runs:
            self.enter(to)
        else:
            only = "this is the only run: bpftui debug --pcap has one for each packet"
            edge = "this is the first run" if by < 0 else "this is the last run"
            self.stage.notify(only if sight.runs == 1 else edge, severity="warning", timeout=4)

    def enter(self, run: int) -> None:
        """Go to the beginning of a run, from 0 on; those before it are run first."""
        self._debuggee.do(f"going to run {run + 1:,}", lambda session: session.enter(run))

    def go_to(self, position: int) -> None:
        """Go to a step of the run."""

        def work(session: Session) -> bool:
            before = session.position
            _goto(position, session)
            return session.position == before

        def say(is_there: bool) -> None:
            if is_there:
                self.stage.notify("this is where the run stands", timeout=3)

        self._debuggee.do("going there", work, say)


def _goto(position: int, session: Session) -> None:
    session.goto(min(position, session.length))


def _is_at(session: Session, place: str) -> bool:
    here = session.activations
    return bool(here) and here[-1].machine.place(here[-1].slot) in session.breakpoints.find(place).places
