"""Colours on a terminal that has fewer of them: 256, 16, or none.

256 is what a terminal gets under sudo and over ssh, which forget COLORTERM; 16 is what the Linux console has, and
whatever calls itself `xterm`. What is in the colour of a role gets the role's own (`tui.roles`); all else (Textual's
own themes, what is blended of two colours) the nearest. rich looks for the nearest hue and lightness, and makes a navy
blue of the dark bluish greys that themes are made of.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final

from rich.color import Color, ColorType
from rich.segment import Segment
from rich.style import Style
from textual.filter import LineFilter

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.color import Color as Background

    from ..roles import Palette, Shade

__all__ = ["FewerColors", "UnderlinedLinks", "nearest"]

_LEVELS: Final = (0, 95, 135, 175, 215, 255)
"""Of red, green and blue in the cube of 216 colours, which begins at 16 (xterm's 256colres.h)."""
_CUBE, _GREYS, _GREY_STEPS = 16, 232, 24
"""Where the cube and the greys begin, and how many greys there are: 8, 18, … 238."""
_BLACK, _WHITE = 0, 15
_PALE: Final = frozenset({2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})
"""Of the 16, those on which black is read better than white, as xterm has them."""

_UNDERLINE: Final = Style(underline=True)

_Rgb = tuple[int, int, int]


class FewerColors(LineFilter):
    """Turns 24-bit colours into what the terminal has.

    Args:
        system: `256`, `standard` for 16, or an empty text for none: bold and reversed text are left then.
        palette: The theme that is drawn with; None for one of Textual's, whose 16 colours are rich's affair.
    """

    def __init__(self, system: str, palette: Palette | None) -> None:
        super().__init__()
        shades = {} if palette is None else {_rgb(shade.rgb): shade for shade in palette.distinct.values()}
        ground = None if palette is None else palette.roles["ground"].color
        turn: Callable[[Style], Style]
        if system == "256":
            turn = functools.partial(_to_256, shades)
        elif not system:
            turn = functools.partial(_to_none, shades)
        else:
            turn = functools.partial(_to_16, shades, ground)
        self._turn = functools.lru_cache(4096)(turn)

    def apply(self, segments: list[Segment], background: Background) -> list[Segment]:
        """Return *segments* in colours that the terminal has."""
        return [Segment(text, style and self._turn(style), control) for text, style, control in segments]


class UnderlinedLinks(LineFilter):
    """Underlines what leads somewhere, for where no colours are wanted: nothing else tells it from other text.

    It comes before what takes the colours away.

    Args:
        palette: The theme that is drawn with, each role in a colour of its own.
    """

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self._link = Color.parse(palette.distinct["link"].rgb).triplet

    def apply(self, segments: list[Segment], background: Background) -> list[Segment]:
        """Return *segments*, those in the colour of links underlined."""
        return [
            Segment(text, style + _UNDERLINE, control)
            if style is not None and style.color is not None and style.color.triplet == self._link and text.strip()
            else Segment(text, style, control)
            for text, style, control in segments
        ]


def _to_256(shades: dict[_Rgb, Shade], style: Style) -> Style:
    def number(color: Color | None) -> Color | None:
        if color is None or color.triplet is None or color.type is not ColorType.TRUECOLOR:
            return color
        shade = shades.get(color.triplet)
        return Color.from_ansi(nearest(color.triplet) if shade is None else shade.number)

    color, behind = number(style.color), number(style.bgcolor)
    return style if color is style.color and behind is style.bgcolor else style + Style.from_color(color, behind)


def _to_16(shades: dict[_Rgb, Shade], ground: int | None, style: Style) -> Style:
    if not shades:
        return style
    shade, behind = _shade(shades, style.color), _shade(shades, style.bgcolor)
    fill = None if behind is None else behind.color
    color = None if shade is None else shade.color
    if fill is not None and fill != ground:
        # Of the colours of roles, few can be read on a fill; what a role means has its sign as well.
        color = ground if behind is not None and behind.is_reverse else _BLACK if fill in _PALE else _WHITE
    elif color is None and shade is not None:
        color = _WHITE - 8 if ground == _BLACK else _BLACK
    turned = Style(
        color=None if color is None else Color.from_ansi(color),
        bgcolor=None if fill is None else Color.from_ansi(fill),
        bold=True if shade is not None and shade.is_bold else None,
    )
    return style + turned


def _to_none(shades: dict[_Rgb, Shade], style: Style) -> Style:
    shade, behind = _shade(shades, style.color), _shade(shades, style.bgcolor)
    # What fills a row where the keyboard is, and what is attached.
    filled = behind is not None and (behind.is_reverse or behind.ansi == "red")
    turned = Style(
        color=Color.default(),
        bgcolor=Color.default(),
        bold=True if shade is not None and shade.is_bold else None,
        reverse=True if filled else None,
    )
    return style + turned


def _shade(shades: dict[_Rgb, Shade], color: Color | None) -> Shade | None:
    """Return the shade of a role's colour, or the one that is nearest to another colour."""
    if color is None or color.triplet is None or not shades:
        return None
    found = shades.get(color.triplet)
    if found is None:
        rgb = color.triplet
        found = min(shades.items(), key=lambda item: _distance(rgb, item[0]))[1]
    return found


def _rgb(text: str) -> _Rgb:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


@functools.lru_cache(4096)
def nearest(rgb: _Rgb) -> int:
    """Return the number of the colour of 256 that is nearest to red, green and blue from 0 to 255."""
    steps = [min(range(6), key=lambda step: abs(_LEVELS[step] - part)) for part in rgb]
    in_cube = _LEVELS[steps[0]], _LEVELS[steps[1]], _LEVELS[steps[2]]
    step = max(0, min(_GREY_STEPS - 1, round((sum(rgb) / 3 - 8) / 10)))
    grey = 8 + 10 * step
    if _distance(rgb, (grey, grey, grey)) < _distance(rgb, in_cube):
        return _GREYS + step
    return _CUBE + 36 * steps[0] + 6 * steps[1] + steps[2]


def _distance(one: _Rgb, other: _Rgb) -> float:
    """Return how different two colours look: squared, with the weights that eyes give to red, green and blue."""
    red = (one[0] + other[0]) / 2
    parts = [(a - b) ** 2 for a, b in zip(one, other, strict=True)]
    return (2 + red / 256) * parts[0] + 4 * parts[1] + (2 + (255 - red) / 256) * parts[2]
