"""Listings in the terminal's own colours, written as escape sequences: rich takes 100 µs a line, this 1."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Final

from ...core.asm import Token, tokenize

if TYPE_CHECKING:
    from rich.text import Text

__all__ = ["CODES", "assembled", "paint", "paint_listing", "visible"]

_CONTROL: Final = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""What a terminal obeys, and what turns the direction of text."""
_RESET: Final = "\x1b[0m"
CODES: Final = {"bold": "1", "dim": "2", "italic": "3", "underline": "4"} | {
    name: str(code) for code, name in enumerate(("red", "green", "yellow", "blue", "magenta", "cyan"), 31)
}
"""What each style is as a number of an escape sequence."""
_STYLES: Final = {
    Token.MNEMONIC: "bold",
    Token.REGISTER: "cyan",
    Token.NUMBER: "magenta",
    Token.FUNCTION: "green",
    Token.MAP: "yellow",
    Token.LABEL: "blue",
    Token.COMMENT: "dim",
}
"""Colours of the terminal's own palette, so that they fit its background; what is not here stays plain."""


def visible(text: str) -> str:
    """Return what an object names or quotes, with control characters as `\\x1b`: a terminal must not obey them."""
    return text if text.isprintable() else _CONTROL.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def assembled(*parts: str | tuple[str, str]) -> Text:
    """Return `Text.assemble` of parts that are made visible, plain or with a style."""
    from rich.text import Text

    return Text.assemble(*(visible(part) if isinstance(part, str) else (visible(part[0]), part[1]) for part in parts))


def paint(text: str, style: str) -> str:
    """Return *text* in a style such as `dim` or `bold underline`."""
    return f"\x1b[{';'.join(CODES[name] for name in style.split())}m{text}{_RESET}"


@functools.lru_cache(1 << 14)
def paint_listing(text: str) -> str:
    """Return an instruction's text with its parts coloured. Code repeats itself, so the last texts are kept."""
    return "".join(paint(part, _STYLES[token]) if token in _STYLES else part for token, part in tokenize(text))
