"""LogView: a log, the verifier's above all, with the cause of a refusal in sight."""

from __future__ import annotations

import enum
import re
from typing import ClassVar

from rich.segment import Segment
from textual.reactive import reactive
from textual.strip import Strip

from .code_view import CodeView

__all__ = ["LineKind", "LogView", "cause", "classify", "is_verifier_log"]

_TAIL = 100
"""Lines at the end of a log that tell whether it is a verifier's."""


class LineKind(enum.Enum):
    """What a line of a verifier's log is (`print_verifier_state` and `verbose` in kernel/bpf/verifier.c)."""

    SOURCE = "source"
    """A line of C: `; if (data + 14 > end) @ prog.c:12`."""
    INSTRUCTION = "instruction"
    """`7: (61) r1 = *(u32 *)(r1 +0)    ; R1_w=scalar()`."""
    STATE = "state"
    """Registers and how the verifier walks: `R0=map_value()`, `from 5 to 7:`, `regs=1 stack=0 before 5:`."""
    SUMMARY = "summary"
    """`processed 12 insns …`, `verification time 80 usec`."""
    MESSAGE = "message"
    """Everything else: what the verifier has to say. Its last words are why it refused."""


_KINDS = (
    (LineKind.SOURCE, re.compile(r"\s*;")),
    (LineKind.INSTRUCTION, re.compile(r"\d+: \([0-9a-f]{2}\)")),
    (
        LineKind.STATE,
        re.compile(
            r"\s*(?:\d+: )?(?:frame\d+: )?(?:[RrWw]\d+(?:_\w+)?=|fp-?\d+)"
            r"|from \d+ to \d+|\d+: safe|(?:caller|callee|returning from callee|to caller at \d+):?"
            r"|mark_precise|last_idx|regs=|parent |frame\d+:|propagating|(?:old|cur) state:|func#\d+ @"
            r"|Validating .* func#|Func#\d+ .* is safe|back-edge|\s*reg type unsupported"
        ),
    ),
    (LineKind.SUMMARY, re.compile(r"processed \d+ insns|verification time|stack depth|max_states|insns processed")),
)
_INSTRUCTION = re.compile(r"(\d+): (\([0-9a-f]{2}\)) ([^;]*)(;.*)?")


def classify(line: str) -> LineKind:
    """Return what a line of the log is."""
    return next((kind for kind, pattern in _KINDS if pattern.match(line)), LineKind.MESSAGE)


def is_verifier_log(lines: list[str]) -> bool:
    """Whether the lines end as a verifier's log does: with instructions or statistics."""
    return any(classify(line) in (LineKind.INSTRUCTION, LineKind.SUMMARY) for line in lines[-_TAIL:])


def cause(lines: list[str]) -> range:
    """Return the lines that say why the verifier refused; none when this is no log of a refusal.

    They are the last ones before the statistics, where those are messages.
    """
    if not is_verifier_log(lines):
        return range(0)
    stop = len(lines)
    while stop and (not lines[stop - 1].strip() or classify(lines[stop - 1]) is LineKind.SUMMARY):
        stop -= 1
    start = stop
    while start and classify(lines[start - 1]) is LineKind.MESSAGE:
        start -= 1
    return range(start, stop)


class LogView(CodeView):
    """A log that opens at its end. The verifier's is coloured and opens at the error; `✗` marks it."""

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
        & > .log-view--cause { background: $error 25%; color: $text; text-style: bold; }
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

    def row_mark(self, index: int) -> tuple[str, str]:
        """Mark the cause."""
        return ("✗", "log-view--cause") if index in self._cause else super().row_mark(index)

    def draw_row(self, index: int, width: int) -> Strip:
        """Draw a line by its kind."""
        line = self._lines[index].expandtabs(8)
        return Strip([Segment(" "), *self._segments(index, line)])

    def _segments(self, index: int, line: str) -> list[Segment]:
        if index in self._cause:
            return [Segment(line, self.ink("log-view--cause"))]
        match classify(line):
            case LineKind.SOURCE:
                return self._source(line)
            case LineKind.INSTRUCTION:
                return self._instruction(line)
            case LineKind.MESSAGE:
                return [Segment(line, self.ink("log-view--message") if self._is_verifier else None)]
            case _:
                return [Segment(line, self.ink("log-view--muted"))]

    def _source(self, line: str) -> list[Segment]:
        """Draw `; C @ file:line`, the C in its colours."""
        code, at, place = line.strip().removeprefix(";").rpartition(" @ ")
        code, place = (code, at + place) if at else (place, "")
        muted = self.ink("log-view--muted")
        return [Segment("; ", muted), *self.c_source(code.strip()), Segment(place, muted)]

    def _instruction(self, line: str) -> list[Segment]:
        match = _INSTRUCTION.match(line)
        assert match is not None
        slot, opcode, text, state = match.groups(default="")
        muted = self.ink("log-view--muted")
        return [Segment(f"{slot:>5}: {opcode} ", muted), *self.asm(text), Segment(state, muted)]
