"""VerdictView: why the verifier refused a program, in plain words, above its log."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final, NamedTuple

from textual.reactive import reactive

from ...text.fit import fitted
from ...text.shown import assembled, plain
from ..plain import Static

if TYPE_CHECKING:
    from textual.content import Content

    from ....core.verifier import Explanation

__all__ = ["VerdictView"]


class _Form(NamedTuple):
    """How much is said."""

    details: int
    """Where the value came from, at most so many."""
    mends: int
    labels: tuple[str, str, str, str]
    """Of the C line, the instruction, the details and the mends."""
    short: bool = False
    """Whether the C line and the instruction have a line of the screen each, and the details and mends two."""


_LONG: Final = ("C", "instruction", "because", "what helps")
_SHORT: Final = ("C", "insn", "why", "mend")
_FORMS: Final = (_Form(99, 99, _LONG), _Form(2, 1, _LONG), _Form(2, 1, _SHORT, True), _Form(1, 1, _SHORT, True))


class VerdictView(Static):
    """The C line, the register, where it came from, and the mend: as much of it as fits into `room`."""

    DEFAULT_CSS = """
    VerdictView {
        height: auto;
        background: $panel;
        padding-right: 1;
        border-left: blank;
        &.-focus { border-left: outer $primary; }
    }
    """

    explanation: reactive[Explanation | None] = reactive["Explanation | None"](None, layout=True)
    """What is shown."""
    program: reactive[str] = reactive("", layout=True)
    """The program that was refused."""
    room: reactive[int] = reactive(16, layout=True)
    """Lines that it may take; the shortest form is shown whole in any case."""

    def watch_explanation(self) -> None:
        """Show another explanation."""
        self._draw()

    def watch_room(self) -> None:
        """Say more or less."""
        self._draw()

    def on_resize(self) -> None:
        """Wrap the lines anew."""
        self._draw()

    def _draw(self) -> None:
        if self.explanation is None:
            return
        width = max(40, self.size.width or 80)
        texts = (_text(self.program, self.explanation, form, width) for form in _FORMS)
        shortest = plain("")
        for shortest in texts:
            if len(shortest.wrap(width)) <= self.room:
                break
        self.update(shortest)


def _text(program: str, shown: Explanation, form: _Form, width: int) -> Content:
    """Return the verdict in a form, wrapped to *width* cells."""
    parts: list[str | tuple[str, str]] = [(f"✗ {program}  ", "bold $text-error"), (shown.sentence, "bold")]
    indent = max(map(len, form.labels)) + 4
    c, instruction, because, helps = form.labels

    def add(label: str, text: str, lines: int) -> None:
        if form.short and lines == 1:
            wrapped = [fitted(text, width - indent).rstrip()]
        else:
            wrapped = textwrap.wrap(
                text, width - indent, break_on_hyphens=False, subsequent_indent="  " * (text[0] == "•")
            )
            if form.short and len(wrapped) > lines:
                wrapped = [*wrapped[: lines - 1], fitted(" ".join(wrapped[lines - 1 :]), width - indent).rstrip()]
        for number, line in enumerate(wrapped):
            parts.extend([(f"\n  {label if number == 0 else '':<{indent - 2}}", "$text-muted"), line])

    if shown.source is not None and shown.source.text:
        add(c, shown.source.text, 1)
    if shown.instruction:
        add(instruction, f"{shown.slot}: {shown.instruction}", 1)
    for number, detail in enumerate(shown.details[: form.details]):
        add("" if number else because, detail, 2)
    for number, mend in enumerate(shown.mends[: form.mends]):
        add("" if number else helps, f"• {mend}", 3)
    return assembled(*parts)
