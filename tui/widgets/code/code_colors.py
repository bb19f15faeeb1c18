"""The colours of assembly and of C, in which no widget is needed."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from pygments.token import Token as PygmentsToken
from rich.segment import Segment

from ....core.asm.tokens import Token, tokenize

if TYPE_CHECKING:
    from collections.abc import Callable

    from pygments.lexer import Lexer
    from rich.style import Style

__all__ = ["CODE_CLASSES", "asm", "c_source", "warm_up"]

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

_NAMES: Final = (Token.FUNCTION, Token.MAP, Token.LABEL)
"""What of an instruction is the name of something."""

CODE_CLASSES: Final = frozenset(
    {
        *(f"code-view--{token}" for token in Token),
        "code-view--source",
        *(f"code-view--c-{name}" for name in _C.values()),
    }
)
"""The component classes of what code is made of."""


def asm(text: str, ink: Callable[[str], Style], link: Style | None = None) -> list[Segment]:
    """Return one line of listing text in colours, which *ink* gives by component class.

    Where the line leads somewhere, its name has the style *link* too.
    """
    if link is None:
        return [Segment(part, ink(f"code-view--{token}")) for token, part in _asm_tokens(text)]
    found: list[Segment] = []
    for token, part in _asm_tokens(text):
        style = ink(f"code-view--{Token.MAP if token is Token.FUNCTION else token}")
        found.append(Segment(part, style + link if token in _NAMES else style))
    return found


def c_source(text: str, ink: Callable[[str], Style]) -> list[Segment]:
    """Return one line of C in colours."""
    return [Segment(part, ink(name)) for name, part in _c_tokens(text)]


_asm_tokens: Final = lru_cache(8192)(tokenize)


@cache
def _lexer() -> Lexer:
    from pygments.lexers.c_cpp import CLexer

    return CLexer(ensurenl=False, stripnl=False)


def warm_up() -> None:
    """Compile what colours C, which takes some tenths of a second: the first line of it need not wait then."""
    _c_tokens("")


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
