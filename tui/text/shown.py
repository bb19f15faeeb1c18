"""What screens are drawn of, Rich's Text and Textual's Content, made of what is visible.

Both libraries drop BEL, BS, VT, FF and CR from what they are given (`rich.control.STRIP_CONTROL_CODES`), long before
the gate to the terminal: two names that differ in nothing else would be one on the screen, and Content's styles would
begin too late by as many characters. A test keeps the modules that draw from making their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich import text as rich_text
from textual.content import Content

from ...core.visible import visible

if TYPE_CHECKING:
    from rich.style import Style

__all__ = ["Text", "assembled", "plain", "styled"]


class Text(rich_text.Text):
    """A line, of which a list draws a row."""

    def __init__(self, text: str = "", style: str | Style = "", **options: Any) -> None:
        """Initialise it with *text*; the rest is as with Rich."""
        super().__init__(visible(text), style, **options)

    def append(self, text: rich_text.Text | str, style: str | Style | None = None) -> Text:
        """Add a text; one that is no str has a style of its own."""
        super().append(visible(text) if isinstance(text, str) else text, style)
        return self

    @classmethod
    def assemble(cls, *parts: str | rich_text.Text | tuple[str, str | Style], **options: Any) -> Text:
        """Return a line of parts, plain or with a style."""
        line = cls(**options)
        for part in parts:
            line.append(*part) if isinstance(part, tuple) else line.append(part)
        return line


def plain(text: str) -> Content:
    """Return a text of one line or several."""
    return Content("\n".join(map(visible, text.split("\n"))))


def styled(text: str, style: str) -> Content:
    """Return a text of one line or several in a style."""
    return plain(text).stylize(style) if text and style else plain(text)


def assembled(*parts: str | Content | tuple[str, str]) -> Content:
    """Return parts behind each other, plain or with a style."""
    return Content("").join([part if isinstance(part, Content) else _made(part) for part in parts])


def _made(part: str | tuple[str, str]) -> Content:
    return plain(part) if isinstance(part, str) else styled(*part)
