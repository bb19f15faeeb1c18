"""CodeView: what the listing and the verifier's log share, the colours of C and of assembly."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, ClassVar, Final

from pygments.token import Token as PygmentsToken
from rich.segment import Segment

from ....core.asm.tokens import Token, tokenize
from ..lists.row_view import RowView

if TYPE_CHECKING:
    from pygments.lexer import Lexer

__all__ = ["CodeView"]

_C: Final = {
    PygmentsToken.Keyword: "keyword",
    PygmentsToken.Keyword.Type: "type",
    PygmentsToken.Name.Class: "tag",
    PygmentsToken.Name.Function: "function",
    PygmentsToken.Name.Builtin: "type",
    PygmentsToken.Literal.Number: "number",
    PygmentsToken.Literal.String: "string",
    PygmentsToken.Comment: "comment",
}
"""What a token of C is drawn as, by its type or the nearest one above it; the rest is drawn as plain C."""


class CodeView(RowView):
    """A RowView of code. It draws no row itself."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(f"code-view--{token}" for token in Token),
        "code-view--source",
        *(f"code-view--c-{name}" for name in _C.values()),
    }
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
        return [Segment(part, self.ink(f"code-view--{token}")) for token, part in _asm_tokens(text)]

    def c_source(self, text: str) -> list[Segment]:
        """Return one line of C in colours, in italics."""
        return [Segment(part, self.ink(name)) for name, part in _c_tokens(text)]


_asm_tokens: Final = lru_cache(8192)(tokenize)


@cache
def _lexer() -> Lexer:
    from pygments.lexers.c_cpp import CLexer

    return CLexer(ensurenl=False, stripnl=False)


@lru_cache(8192)
def _c_tokens(text: str) -> list[tuple[str, str]]:
    """Return the component class and the text of each part of a line of C; joined, they are *text* again."""
    parts: list[tuple[str, str]] = []
    # Without its end, a line that ends in a comment has none.
    for _, kind, part in _lexer().get_tokens_unprocessed(f"{text}\n"):
        while kind is not None and kind not in _C:
            kind = kind.parent
        name = "code-view--source" if kind is None else f"code-view--c-{_C[kind]}"
        part = part.rstrip("\n")
        if parts and parts[-1][0] == name:
            parts[-1] = name, parts[-1][1] + part
        elif part:
            parts.append((name, part))
    return parts
