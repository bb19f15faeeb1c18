"""CodeView: what the listing and the verifier's log share, the colours of C and of assembly."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

from pygments.token import Token as PygmentsToken
from rich.segment import Segment
from textual.highlight import HighlightTheme, TokenType, highlight

from ...core.asm.tokens import Token, tokenize
from .row_view import RowView
from .virtual_list import foreground

if TYPE_CHECKING:
    from rich.style import Style
    from textual.content import Content

__all__ = ["CodeView"]


class _Theme(HighlightTheme):
    """C between assembly: calmer than a C file by itself, as it is the commentary here."""

    STYLES: ClassVar[dict[TokenType, str]] = {  # pyright: ignore[reportIncompatibleVariableOverride] - not declared ClassVar there
        **HighlightTheme.STYLES,
        PygmentsToken.Name: "$foreground",
        PygmentsToken.Name.Function: "$text-primary",
        PygmentsToken.Name.Label: "$foreground",
        PygmentsToken.Operator: "$foreground",
        PygmentsToken.Keyword.Type: "$text-accent",
        PygmentsToken.Error: "$foreground",
    }


@lru_cache(4096)
def _highlight_c(text: str) -> Content:
    return highlight(text, language="c", theme=_Theme)


class CodeView(RowView):
    """A RowView of code. It draws no row itself."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"code-view--{token}" for token in Token} | {"code-view--source"}
    """
    | Class | Description |
    | :- | :- |
    | `code-view--mnemonic`, `--register`, `--number`, … | One for each `bpftui.core.asm.tokens.Token`. |
    | `code-view--source` | A line of C; its tokens are coloured by Pygments, in theme colours. |
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
    }
    """

    def asm(self, text: str) -> list[Segment]:
        """Return one line of listing text in colours."""
        return [Segment(part, self.ink(f"code-view--{token}")) for token, part in tokenize(text)]

    def c_source(self, text: str) -> list[Segment]:
        """Return one line of C in colours, in italics."""
        base = self.ink("code-view--source")
        segments = _highlight_c(text).render_segments(self.visual_style)
        return [Segment(part, _over(base, style)) for part, style, _ in segments]


@lru_cache(512)
def _over(base: Style, style: Style | None) -> Style:
    return base + foreground(style) if style else base
