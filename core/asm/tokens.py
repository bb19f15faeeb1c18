"""The parts of a line of listing text, for highlighting."""

from __future__ import annotations

import enum
import re
from typing import Final

__all__ = ["Token", "tokenize"]


class Token(enum.StrEnum):
    """What a part of a line is; the value is a name for styles."""

    MNEMONIC = "mnemonic"
    """A word that says what is done: `if`, `goto`, `call`, `exit`, `lock`, `be16`, `load_acquire`."""
    REGISTER = "register"
    NUMBER = "number"
    MEMORY = "memory"
    """The type of an access or a cast: `*(u64 *)`, `(s8)`; packet data: `skb`."""
    OPERATOR = "operator"
    FUNCTION = "function"
    """A helper, kernel function or subprogram."""
    MAP = "map"
    """A map, or a variable in one."""
    LABEL = "label"
    """Where a jump goes."""
    COMMENT = "comment"
    TEXT = "text"
    """Everything else: spaces, brackets, commas."""


_PATTERNS: Final[tuple[tuple[Token, str], ...]] = (
    (Token.COMMENT, r";.*|<un(?:known|decoded)>"),
    (Token.LABEL, r"<[^<>\s]+>|(?<=goto )\S+|(?<=gotol )\S+|\bpc[+-]\d+"),
    (Token.MAP, r"(?:\bmap|(?<![\w.])\.[\w.]+)(?:\[[^\]]*\])+(?:\+\d+)?"),
    (Token.FUNCTION, r"(?<=call )[A-Za-z_][^\s#]*|\bsubprog\[[^\]]*\]"),
    (Token.REGISTER, r"\b[rw](?:1[0-5]|[0-9])\b"),
    (Token.MEMORY, r"\*?\([us](?:8|16|32|64)(?: \*)?\)|\*?\(void __percpu \*\)|\bskb\b"),
    (
        Token.MNEMONIC,
        r"\b(?:if|lock|may_goto|goto[lx]?|callx?|exit|ll|nospec|ld_pseudo|addr_space_cast|load_acquire|store_release"
        r"|(?:be|le|bswap)(?:16|32|64)|atomic(?:64)?_\w+|(?:cmp)?xchg(?:_64|32_32))\b"
        r"|^[a-z]+\d*(?= |$)(?! s?[-+*/%&|^<>!=]*= )",
    ),
    (Token.OPERATOR, r"(?<= )s?(?:<<=|>>=|[<>]=?|[/%]=)(?= )|[-+*&|^=!]=?(?= )|(?<== )[-&](?=[rw(])"),
    (Token.NUMBER, r"#?[-+]?\b(?:0x[0-9a-f]+|\d+)\b"),
    (Token.TEXT, r"[\w.$]+|\s+|."),
)
_PATTERN: Final = re.compile("|".join(f"(?P<{token}>{pattern})" for token, pattern in _PATTERNS), re.DOTALL)


def tokenize(text: str) -> list[tuple[Token, str]]:
    """Split one line of listing text, in any syntax, into its parts; joined, they are *text* again."""
    parts: list[tuple[Token, str]] = []
    for match in _PATTERN.finditer(text):
        token = Token(match.lastgroup or Token.TEXT)
        if parts and parts[-1][0] is token is Token.TEXT:
            parts[-1] = (token, parts[-1][1] + match.group())
        else:
            parts.append((token, match.group()))
    return parts
