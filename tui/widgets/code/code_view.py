"""CodeView: what the listing and the verifier's log share, the colours of C and of assembly."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ..lists.row_view import RowView
from .code_colors import CODE_CLASSES, asm, c_source

if TYPE_CHECKING:
    from rich.segment import Segment

__all__ = ["CodeView"]


class CodeView(RowView):
    """A RowView of code. It draws no row itself."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(CODE_CLASSES)
    """
    | Class | Description |
    | :- | :- |
    | `code-view--mnemonic`, `--register`, `--number`, … | One for each `bpftui.core.asm.tokens.Token`. |
    | `code-view--source` | A line of C. |
    | `code-view--c-keyword`, `--c-type`, … | Its tokens, as Pygments tells them. |
    """

    DEFAULT_CSS = """
    CodeView {
        & > .code-view--mnemonic { color: $text-accent; text-style: bold; }
        & > .code-view--register { color: $text-primary; }
        & > .code-view--number { color: $text-success; }
        & > .code-view--memory { color: $foreground 75%; }
        & > .code-view--operator { color: $foreground; }
        & > .code-view--function { color: $foreground; text-style: bold; }
        & > .code-view--map { color: $text-success; text-style: bold; }
        & > .code-view--label { color: $text-accent; }
        & > .code-view--comment { color: $text-muted; }
        & > .code-view--text { color: $foreground; }
        & > .code-view--source { color: $foreground 85%; text-style: italic; }
        & > .code-view--c-keyword { color: $text-accent; text-style: italic; }
        & > .code-view--c-type { color: $text-accent; text-style: italic; }
        & > .code-view--c-tag { color: $text-warning; text-style: italic; }
        & > .code-view--c-function { color: $text-primary; text-style: italic; }
        & > .code-view--c-number { color: $text-warning; text-style: italic; }
        & > .code-view--c-string { color: $text-success; text-style: italic; }
        & > .code-view--c-comment { color: $text-muted; text-style: italic; }
    }
    """

    def asm(self, text: str) -> list[Segment]:
        """Return one line of listing text in colours."""
        return asm(text, self.ink)

    def c_source(self, text: str) -> list[Segment]:
        """Return one line of C in colours, in italics."""
        return c_source(text, self.ink)
