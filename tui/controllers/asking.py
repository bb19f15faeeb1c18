"""AskingController: what is asked of a run, and what is changed in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from textual.binding import Binding, BindingType

from ...core.errors import BpftuiError
from .controller import Controller

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...core.debug import Recording, Session, Why
    from ...core.vm.engine.errors import Lack
    from ..widgets.lists.edit_line import EditLine
    from .controller import Stage
    from .debuggee import Debuggee

__all__ = ["AskingController"]

_VALUE: Final = "5, 0x11, an enumerator, an expression of C"

_WORDS: Final = "break prog.c:40 if r1 > 5, print/x ctx->data, until 17, why r0, goto 98, run 2"


class _Before(NamedTuple):
    """A recording as it was, and where one stood in it."""

    recording: Recording
    run: int
    position: int


class AskingController(Controller):
    """Why a value is what it is; expressions that are watched; values that are changed; gdb's words.

    Args:
        debuggee: The run.
        line: Where something is typed.
        expression: Returns what the cursor is on, as an expression; empty for none.
        answered: Is given why a value is what it is.
        told: Is given what came of a command.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("W", "why", "Why", id="debug.why", tooltip="Where this value comes from; at the end, the verdict"),
        Binding("w", "watch", "Watch", show=False, id="debug.watch", tooltip="Watch an expression; on one, no more"),
        Binding("e", "change", "Change", show=False, id="debug.change", tooltip="Change this value: a new run"),
        Binding("U", "unchange", "Undo", show=False, id="debug.undo", tooltip="Back to the run before the change"),
        Binding(
            "colon",
            "words",
            "gdb's words",
            show=False,
            key_display=":",
            id="debug.words",
            tooltip="A command in gdb's words: break, print, until, why, goto, …",
        ),
    ]

    def __init__(
        self,
        stage: Stage,
        *,
        debuggee: Debuggee,
        line: Callable[[], EditLine],
        expression: Callable[[], str],
        answered: Callable[[Why], None],
        told: Callable[[str, str], None],
    ) -> None:
        super().__init__(stage)
        self._debuggee = debuggee
        self._line = line
        self._expression = expression
        self._answered = answered
        self._told = told
        self._before: list[_Before] = []

    # Why

    def action_why(self) -> None:
        """Tell where the value under the cursor comes from; ask which one, where there is none."""
        expression = self._expression()
        if expression:
            self.ask_why(expression)
        else:
            self._line().open("why", "r0", "a register, a variable, map[key], pkt[23]", str, self.ask_why)

    def ask_why(self, expression: str) -> None:
        """Tell where a value comes from."""
        from ...core.debug import why

        if expression.strip():
            self._debuggee.do(f"finding out why {expression}", lambda session: why(session, expression), self._answered)

    # What is watched

    def action_watch(self) -> None:
        """Watch an expression, or the one under the cursor no more."""
        expression, watched = self._expression(), self._debuggee.expressions
        if expression in watched:
            self._debuggee.watch([each for each in watched if each != expression])
        else:
            self._line().open(
                "watch", expression, "an expression of C: packet.kind.protocol, ctx->data", str, self._watch
            )

    def _watch(self, text: str) -> None:
        text = text.strip()
        if text in self._debuggee.expressions:
            self.stage.notify(f"{text} is watched already", severity="warning", timeout=3)
        elif text:
            self._debuggee.watch([*self._debuggee.expressions, text])

    # What is changed

    def action_change(self) -> None:
        """Change the value under the cursor."""
        expression = self._expression()
        if not expression:
            self.stage.notify(
                "there is no value here to change: e is for State, Packet and Maps", severity="warning", timeout=3
            )
            return

        def current(session: Session) -> str:
            return session.evaluate(expression).text

        def ask(value: str) -> None:
            number = value.partition(" ")[0]
            self._line().open(expression, number, _VALUE, str, lambda text: self.change(expression, text))

        self._debuggee.do("looking", current, ask)

    def change(self, expression: str, text: str) -> None:
        """Change a value; what comes after is another run, and the one before can be gone back to."""

        def work(session: Session) -> _Before | BpftuiError:
            run, position = session.run, session.position
            try:
                return _Before(session.change(expression, text), run, position)
            except BpftuiError as error:
                return error

        def done(before: _Before | BpftuiError) -> None:
            if isinstance(before, BpftuiError):
                self._mend(expression, text, before)
                return
            self._before.append(before)
            self.stage.notify(f"{expression} = {text.strip()}: this is another run now, U goes back to the one before")

        self._debuggee.do(f"changing {expression}", work, done)

    def _mend(self, expression: str, text: str, error: BpftuiError) -> None:
        """Have a value typed again that was refused: it stands in the line, with what is wrong with it."""

        def attempt(now: str) -> None:
            if now == text:
                raise error

        self._line().open(expression, text, _VALUE, attempt, lambda now: self.change(expression, now), replace=False)

    def action_unchange(self) -> None:
        """Go back to the run as it was before the last change."""
        before = self._before.pop()
        self._debuggee.replace(before.recording, before.run, before.position)
        self.stage.notify("this is the run before the change again", timeout=3)

    # What the machine lacks

    def ask_for(self, lacks: Lack) -> None:
        """Ask what a helper or a kernel function is to return, or what memory holds, that the machine has not."""
        recording, sight = self._debuggee.recording, self._debuggee.sight
        if sight is None:
            return
        run, position = sight.stop.run, sight.position
        try:
            answering = recording.answering(lacks)
        except BpftuiError as error:
            self.stage.notify(error.message, severity="warning", timeout=8)
            return

        def attempt(text: str) -> object:
            # A file is read once it is meant, and not at each key.
            return None if text.strip().startswith("@") else answering(text)

        def answer(text: str) -> None:
            try:
                answered = recording.answered(lacks, text)
            except BpftuiError as error:
                self.stage.notify(error.message, severity="warning", timeout=8)
            else:
                self._debuggee.replace(answered, run, position)

        if lacks.function:
            hint = "a number, -ENOENT; of a pointer what is there: {…}, @FILE · esc leaves the run stopped here"
            self._line().open(f"{lacks.function}() returns", "0", hint, attempt, answer)
        else:
            hint = 'a number, hex:0102, "text", @FILE; none: nothing is mapped there · esc leaves the run stopped here'
            self._line().open(f"{lacks.text} are", "none", hint, attempt, answer)

    def _answer(self, text: str) -> bool:
        """Begin anew with an answer to what is lacking here; return whether anything is."""
        sight, recording = self._debuggee.sight, self._debuggee.recording
        if sight is None or sight.lacks is None:
            return False
        try:
            answered = recording.answered(sight.lacks, text)
        except BpftuiError as error:
            self.stage.notify(error.message, severity="warning", timeout=8)
        else:
            self._debuggee.replace(answered, sight.stop.run, sight.position)
        return True

    # gdb's words

    def action_words(self) -> None:
        """Take a command."""
        self._line().open(":", "", _WORDS, str, self.do)

    def do(self, text: str) -> None:
        """Do what a command says."""
        text = text.strip()
        if not text:
            return
        word, _, rest = text.partition(" ")
        if word == "why" and rest.strip():
            self.ask_why(rest.strip())
            return
        if word == "set" and "=" in rest:
            expression, _, value = rest.removeprefix("var ").partition("=")
            self.change(expression.strip(), value)
            return
        if word == "answer" and rest.strip() and self._answer(rest):
            return

        def work(session: Session) -> str:
            from ...core.debug.commands import Interpreter

            return Interpreter(session).execute(text).text

        self._debuggee.do(text, work, lambda answer: self._told(text, answer))

    def check_action(self, action: str) -> bool:
        """Offer to undo where something was changed."""
        return action != "unchange" or bool(self._before)

    def why_not(self, action: str) -> str:
        """Return why an action does not apply."""
        return "nothing was changed in this run: e changes a value" if action == "unchange" else ""
