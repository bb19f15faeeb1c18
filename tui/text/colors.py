"""Lines in the terminal's own colours, written as escape sequences: rich takes 100 µs a line, this 1.

Nobody knows what ground a terminal has, so a role (`tui.roles`) is painted in its colour of 16 that is not bright,
which terminals choose so that it is read on theirs.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final

from ...core.asm import Token, tokenize
from ...core.visible import visible, visible_all
from ..roles import ANSI, DARK

if TYPE_CHECKING:
    from rich.text import Text

__all__ = [
    "CODES",
    "Painted",
    "assembled",
    "joined",
    "joined_lines",
    "paint",
    "paint_listing",
    "rich_style",
    "tabbed",
    "visible",
]

_RESET: Final = "\x1b[0m"
_ON_ANY_GROUND: Final = ("link", "good", "changed", "warning", "danger", "set", "keyword", "number", "register")
"""The roles that a line may be painted with."""
_COLORS: Final = {
    role: ANSI[color % len(ANSI)] for role in _ON_ANY_GROUND if (color := DARK.roles[role].color) is not None
}
"""What each of them is; the others are bold."""
_SHAPES: Final = ("bold", "dim", "italic", "underline")
CODES: Final = (
    {name: str(number) for number, name in enumerate(_SHAPES, 1)}
    | dict.fromkeys(_ON_ANY_GROUND, "1")
    | {role: str(30 + ANSI.index(color)) for role, color in _COLORS.items()}
)
"""What each style is as a number of an escape sequence: a role or a shape."""
_STYLES: Final = {
    Token.MNEMONIC: "keyword",
    Token.REGISTER: "register",
    Token.NUMBER: "number",
    Token.FUNCTION: "bold",
    Token.MAP: "bold link",
    Token.LABEL: "link",
    Token.COMMENT: "dim",
}
"""The roles of code; what is not here stays plain."""


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
    """Return `Text.assemble` of parts that are made visible, plain or with a style as `paint` has them."""
    from rich.text import Text

    return Text.assemble(
        *(visible(part) if isinstance(part, str) else (visible(part[0]), rich_style(part[1])) for part in parts)
    )


def rich_style(style: str) -> str:
    """Return what rich calls a style."""
    return " ".join(name if name in _SHAPES else _COLORS.get(name, "bold") for name in style.split())


def joined(*parts: str) -> Painted:
    """Return one line of parts: those that are not painted are made visible."""
    return Painted("".join([part if type(part) is Painted else visible(part) for part in parts]))


def joined_lines(*lines: str) -> Painted:
    """Return lines with line ends between them, each made as `joined` does it."""
    return Painted("\n".join(map(joined, lines) if Painted in map(type, lines) else visible_all(list(lines))))


def tabbed(*cells: str) -> Painted:
    """Return one line of cells with a tab between them, as spreadsheets take it, each made as `joined` does it."""
    return Painted("\t".join(map(joined, cells)))


def paint(text: str, style: str) -> Painted:
    """Return *text*, made visible, in a style such as `danger` or `bold underline`."""
    return Painted(f"\x1b[{';'.join(CODES[name] for name in style.split())}m{visible(text)}{_RESET}")


@functools.lru_cache(1 << 14)
def paint_listing(text: str) -> Painted:
    """Return an instruction's text with its parts coloured. Code repeats itself, so the last texts are kept."""
    return joined(
        *(paint(part, _STYLES[token]) if token in _STYLES else part for token, part in tokenize(visible(text)))
    )
