"""Listings in the terminal's own colours, written as escape sequences: rich takes 100 µs a line, this 1."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final

from ...core.asm import Token, tokenize
from ...core.visible import visible

if TYPE_CHECKING:
    from rich.text import Text

__all__ = ["CODES", "Painted", "assembled", "joined", "joined_lines", "paint", "paint_listing", "visible"]

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


class Painted(str):
    """Text that may go to a terminal as it is: what is foreign in it is visible, its escape sequences are `paint`'s.

    Only this module and `output` make one, of what they made visible. Whatever is built of one by other means (an
    f-string, `+`) is plain `str` again, whose escape sequences are shown and not obeyed.
    """

    __slots__ = ()

    def __str__(self) -> str:
        """Return it as what it is, so that `print` keeps it."""
        return self


def assembled(*parts: str | tuple[str, str]) -> Text:
    """Return `Text.assemble` of parts that are made visible, plain or with a style."""
    from rich.text import Text

    return Text.assemble(*(visible(part) if isinstance(part, str) else (visible(part[0]), part[1]) for part in parts))


def joined(*parts: str) -> Painted:
    """Return one line of parts: those that are not painted are made visible."""
    return Painted("".join([part if type(part) is Painted else visible(part) for part in parts]))


def joined_lines(*lines: str) -> Painted:
    """Return lines with line ends between them, each made as `joined` does it."""
    return Painted("\n".join(map(joined, lines)))


def paint(text: str, style: str) -> Painted:
    """Return *text*, made visible, in a style such as `dim` or `bold underline`."""
    return Painted(f"\x1b[{';'.join(CODES[name] for name in style.split())}m{visible(text)}{_RESET}")


@functools.lru_cache(1 << 14)
def paint_listing(text: str) -> Painted:
    """Return an instruction's text with its parts coloured. Code repeats itself, so the last texts are kept."""
    return joined(
        *(paint(part, _STYLES[token]) if token in _STYLES else part for token, part in tokenize(visible(text)))
    )
