"""CodeView: what the listing and the verifier's log share, the colours of C and of assembly."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ..lists.linked_view import LinkedView
from .code_colors import CODE_CLASSES, asm, c_source

if TYPE_CHECKING:
    from rich.segment import Segment

__all__ = ["CodeView"]


class CodeView(LinkedView):
    """A LinkedView of code. It draws no row itself."""

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
        & > .code-view--mnemonic { color: $keyword; text-style: bold; }
        & > .code-view--register { color: $register; }
        & > .code-view--number { color: $number; }
        & > .code-view--memory { color: $text-muted; }
        & > .code-view--operator { color: $foreground; }
        & > .code-view--function { color: $foreground; text-style: bold; }
        & > .code-view--map { color: $link; text-style: bold; }
        & > .code-view--label { color: $link; }
        & > .code-view--comment { color: $text-muted; }
        & > .code-view--text { color: $foreground; }
        & > .code-view--source { color: $text-muted; text-style: italic; }
        & > .code-view--c-keyword { color: $keyword; text-style: italic; }
        & > .code-view--c-type { color: $keyword; text-style: italic; }
        & > .code-view--c-tag { color: $foreground; text-style: italic; }
        & > .code-view--c-function { color: $foreground; text-style: italic; }
        & > .code-view--c-number { color: $number; text-style: italic; }
        & > .code-view--c-string { color: $number; text-style: italic; }
        & > .code-view--c-comment { color: $text-muted; text-style: italic; }
    }
    """

    def asm(self, text: str) -> list[Segment]:
        """Return one line of listing text in colours."""
        return asm(text, self.ink)

    def c_source(self, text: str) -> list[Segment]:
        """Return one line of C in colours, in italics."""
        return c_source(text, self.ink)
