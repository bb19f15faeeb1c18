"""Page: the text of an overview, line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from ...core.visible import visible_lines
from .shown import assembled, plain, styled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...core.errors import BpftuiError
    from ...core.runtime import Obstacle

__all__ = ["Page"]

_MAX_OBSTACLES = 8
_LABEL = 14
_MUTED = "$text-muted"


class Page:
    """Collects the lines of an overview: a title, fields, headings, items, answers and C.

    Each text is one line, whatever is in it, but for C.

    Args:
        title: What it is about.
        kind: What kind of thing that is.
    """

    def __init__(self, title: str, kind: str) -> None:
        self._lines = [
            assembled((title, "bold"), (f"  {kind}", _MUTED)),
            plain(""),
        ]

    def field(self, label: str, value: object, note: str = "") -> None:
        """Add a label and a value."""
        parts: list[str | tuple[str, str]] = [(f"{label:<{_LABEL}}", _MUTED), str(value)]
        if note:
            parts.append((f"  {note}", _MUTED))
        self._lines.append(assembled(*parts))

    def heading(self, text: str) -> None:
        """Add a heading."""
        self._lines.extend([plain(""), styled(text, "bold")])

    def item(self, name: str, detail: str = "") -> None:
        """Add a name with what it is."""
        self._lines.append(assembled(f"  {name}", (f"  {detail}", _MUTED)))

    def answer(self, text: str, *, good: bool, optional: bool = False, indent: int = 0) -> None:
        """Add what was found out, marked as good, bad, or bad and no matter."""
        style = "$text-success" if good else "$text-warning" if optional else "$text-error"
        mark = "✓" if good else "–" if optional else "✗"
        self._lines.append(assembled(" " * indent, (f"{mark} {text}", style)))

    def obstacles(self, obstacles: Sequence[Obstacle]) -> None:
        """Say why something cannot be loaded; each hint once."""
        if obstacles:
            self.answer("cannot be loaded here:", good=False)
        hints: dict[str, None] = {}
        for obstacle in obstacles[:_MAX_OBSTACLES]:
            place = f"{obstacle.place}: " if obstacle.place else ""
            self._lines.append(assembled("    ", (place, _MUTED), (obstacle.reason, "$text-error")))
            hints.setdefault(obstacle.hint)
        if len(obstacles) > _MAX_OBSTACLES:
            self.note(f"    and {len(obstacles) - _MAX_OBSTACLES} more")
        for hint in filter(None, hints):
            self.note(f"  → {hint}")
        if obstacles:
            self.note("")

    def refusal(self, error: BpftuiError) -> None:
        """Say why a program was not loaded when that was tried."""
        self.answer("was not loaded:", good=False)
        reason = error.message
        if reason.startswith("cannot load program "):
            reason = reason.partition(": ")[2]
        self._lines.append(assembled("    ", (reason, "$text-error")))
        if error.hint:
            self.note(f"  → {error.hint}")
        self.note("")

    def problem(self, text: str) -> None:
        """Add what is wrong."""
        self._lines.append(styled(f"✗ {text}", "$text-error"))

    def note(self, text: str) -> None:
        """Add a remark."""
        self._lines.append(styled(text, _MUTED))

    def code(self, text: str) -> None:
        """Add C."""
        from textual.highlight import highlight

        self._lines.extend(highlight("\n".join(visible_lines(text, tab=4)), language="c").split("\n"))

    def content(self) -> Content:
        """Return all of it."""
        return Content("\n").join(self._lines)
