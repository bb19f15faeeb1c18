"""LogView: a log, the verifier's above all, with the cause of a refusal in sight."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual.reactive import reactive
from textual.strip import Strip

from ....core.verifier.lines import LineKind, cause, classify, is_verifier_log, parse_step
from ..code.code_view import CodeView

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ...targets import Target

__all__ = ["LineKind", "LogView", "cause", "classify", "is_verifier_log"]


_STATES = 30
"""Cells of an instruction, after which its state is shown."""


class LogView(CodeView):
    """A log that opens at its end. The verifier's is coloured and opens at the error; `✗` marks it.

    `leads` tells where its lines lead: the first target is the instruction's, a second one what that refers to.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"log-view--message", "log-view--cause", "log-view--muted"}
    """
    | Class | Description |
    | :- | :- |
    | `log-view--message` | What the verifier says. |
    | `log-view--cause` | Its last words: why it refused. |
    | `log-view--muted` | Register states, slot numbers, statistics. |
    """

    DEFAULT_CSS = """
    LogView {
        & > .log-view--message { color: $text-warning; }
        & > .log-view--cause { color: $text-error; text-style: bold; }
        & > .log-view--muted { color: $text-muted; }
    }
    """

    log_text: reactive[str] = reactive("", repaint=False)
    """The whole log."""

    def __init__(
        self,
        log_text: str = "",
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name
        classes: str | None = None,
        disabled: bool = False,
    ) -> None:
        """Initialise a log's view.

        Args:
            log_text: The log.
            name: The name of the widget.
            id: The ID of the widget in the DOM.
            classes: The CSS classes of the widget.
            disabled: Whether the widget is disabled.
        """
        super().__init__(name=name, id=id, classes=classes, disabled=disabled)
        self.empty_text = "the verifier had nothing to say"
        self.leads: Callable[[int], Sequence[Target]] = lambda _line: ()
        """Returns where the names in a line lead."""
        self._lines: list[str] = []
        self._cause = range(0)
        self._is_verifier = False
        self.log_text = log_text

    def watch_log_text(self, text: str) -> None:
        """Show another log, from its last lines."""
        self._lines = text.rstrip("\n").splitlines()
        self._cause = cause(self._lines)
        self._is_verifier = is_verifier_log(self._lines)
        if self.is_mounted:
            self._start_at_end()

    def on_mount(self) -> None:
        """Open at the error."""
        self.call_after_refresh(self._start_at_end)

    def _start_at_end(self) -> None:
        self.restart()
        self.scroll_to(y=self.row_count(), animate=False, force=True)
        self.cursor = self._cause.start if self._cause else self.row_count() - 1
        self.scroll_to_cursor()

    def row_count(self) -> int:
        """Return the lines of the log."""
        return len(self._lines)

    def row_text(self, index: int) -> str:
        """Return a line as the kernel wrote it."""
        return self._lines[index]

    def row_targets(self, index: int) -> Sequence[Target]:
        """Return where the names in a line lead."""
        return self.leads(index)

    def action_select(self) -> None:
        """Follow the chosen name; without one, open the line."""
        if not self.follow_link():
            super().action_select()

    def row_mark(self, index: int) -> tuple[str, str]:
        """Mark the cause; the cursor is seen on it, too."""
        mark, name = super().row_mark(index)
        return ("✗", name or "log-view--cause") if index in self._cause else (mark, name)

    def draw_row(self, index: int, width: int) -> Strip:
        """Draw a line by its kind."""
        line = self._lines[index].expandtabs(8)
        return Strip([Segment(" "), *self._segments(index, line)])

    def _segments(self, index: int, line: str) -> list[Segment]:
        if index in self._cause:
            return [Segment(line, self.ink("log-view--cause"))]
        match classify(line):
            case LineKind.SOURCE:
                return self._source(index, line)
            case LineKind.INSTRUCTION:
                return self._instruction(index, line)
            case LineKind.MESSAGE:
                return [Segment(line, self.ink("log-view--message") if self._is_verifier else None)]
            case _:
                return [Segment(line, self.ink("log-view--muted"))]

    def _source(self, index: int, line: str) -> list[Segment]:
        """Draw `; C @ file:line`, the C in its colours."""
        code, at, place = line.strip().removeprefix(";").rpartition(" @ ")
        code, place = (code, place) if at else (place, "")
        muted = self.ink("log-view--muted")
        leads = self.name_style(index, 0) if at and self.row_targets(index) else muted
        return [Segment("; ", muted), *self.c_source(code.strip()), Segment(at, muted), Segment(place, leads)]

    def _instruction(self, index: int, line: str) -> list[Segment]:
        step = parse_step(line)
        if step is None:
            return [Segment(line)]
        muted = self.ink("log-view--muted")
        told = f" → {step.jumped_to}" if step.jumped_to is not None else ""
        text = f"{step.text}{told}"
        state = f"{'':{max(1, _STATES - len(text))}}; {step.state}" if step.state else ""
        targets = self.row_targets(index)
        slot = Segment(f"{step.slot:>5}:", self.name_style(index, 0) if targets else muted)
        code = self.asm(step.text)
        if len(targets) > 1:
            # What is called, or loaded: a map's address in the log is a number.
            at = step.text.find("call ") + len("call ") if "call " in step.text else step.text.rfind("= ") + len("= ")
            code = [*self.asm(step.text[:at]), Segment(step.text[at:], self.name_style(index, 1))]
        return [slot, Segment(f" ({step.opcode:02x}) ", muted), *code, Segment(told, muted), Segment(state, muted)]
