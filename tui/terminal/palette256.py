"""Colours on a terminal that has 256 of them: each is shown as the nearest.

That is what a terminal gets under sudo and over ssh, which forget COLORTERM. rich looks for the nearest hue and
lightness, and makes a navy blue of the dark bluish greys that themes are made of.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final

from rich.color import Color, ColorType
from rich.segment import Segment
from rich.style import Style
from textual.filter import LineFilter

if TYPE_CHECKING:
    from textual.color import Color as Background

__all__ = ["Nearest256"]

_LEVELS: Final = (0, 95, 135, 175, 215, 255)
"""Of red, green and blue in the cube of 216 colours, which begins at 16 (xterm's 256colres.h)."""
_CUBE, _GREYS, _GREY_STEPS = 16, 232, 24
"""Where the cube and the greys begin, and how many greys there are: 8, 18, … 238."""

_Rgb = tuple[int, int, int]


class Nearest256(LineFilter):
    """Turns 24-bit colours into the nearest of the 256."""

    def apply(self, segments: list[Segment], background: Background) -> list[Segment]:
        """Return *segments* in colours that the terminal has."""
        return [Segment(text, style and _nearest_style(style), control) for text, style, control in segments]


@functools.lru_cache(4096)
def _nearest_style(style: Style) -> Style:
    """Return *style* with its colours replaced."""
    color, behind = style.color, style.bgcolor
    if not any(each is not None and each.type is ColorType.TRUECOLOR for each in (color, behind)):
        return style
    return style + Style.from_color(_nearest(color), _nearest(behind))


def _nearest(color: Color | None) -> Color | None:
    if color is None or color.triplet is None or color.type is not ColorType.TRUECOLOR:
        return color
    return Color.from_ansi(nearest(color.triplet))


@functools.lru_cache(4096)
def nearest(rgb: _Rgb) -> int:
    """Return the number of the colour that is nearest to red, green and blue from 0 to 255."""
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
