"""VerdictView: why the verifier refused a program, in plain words, above its log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

if TYPE_CHECKING:
    from ...core.verifier import Explanation

__all__ = ["VerdictView"]

_LOW: Final = 30
"""Lines of a terminal with fewer of which only the most important is shown."""
_LABEL: Final = 15
"""Cells of the labels in `explanation_lines`."""


class VerdictView(Static):
    """The C line, the register, where it came from, and the mend: as much of it as fits without scrolling."""

    DEFAULT_CSS = """
    VerdictView { height: auto; max-height: 16; background: $panel; padding: 0 1; }
    """

    explanation: reactive[Explanation | None] = reactive["Explanation | None"](None, layout=True)
    """What is shown."""
    program: reactive[str] = reactive("", layout=True)
    """The program that was refused."""

    def watch_explanation(self) -> None:
        """Show another explanation."""
        self._draw()

    def on_resize(self) -> None:
        """Wrap the lines anew."""
        self._draw()

    def _draw(self) -> None:
        if self.explanation is None:
            return
        from ...core.verifier import explanation_lines

        shown = self.explanation
        if self.screen.size.height < _LOW:
            shown = shown._replace(details=shown.details[:2], mends=shown.mends[:1])
        lines = explanation_lines(shown, width=max(40, self.size.width - 3 if self.size.width else 80))
        # The verifier's own words are in the log below.
        body = lines[lines.index("") + 1 : _index(lines, "the verifier")]
        parts: list[tuple[str, str]] = [(f"✗ {self.program}  ", "bold $text-error"), (shown.sentence + "\n", "bold")]
        for line in body:
            parts += [(line[:_LABEL], "$foreground 60%"), (line[_LABEL:] + "\n", "")]
        self.update(Content.assemble(*parts).rstrip())


def _index(lines: list[str], label: str) -> int:
    """Return the line that begins with a label, or the end."""
    return next((number for number, line in enumerate(lines) if line.startswith(f"  {label}")), len(lines))
