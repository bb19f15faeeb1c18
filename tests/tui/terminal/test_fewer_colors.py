"""Colours where the terminal has 256, 16, or none."""

from __future__ import annotations

import pytest
from rich.color import Color, ColorType
from rich.segment import Segment
from rich.style import Style
from textual.color import Color as Background

from bpftui.tui.terminal.fewer_colors import FewerColors, nearest


@pytest.mark.parametrize(
    ("rgb", "number"),
    [
        ((0, 0, 0), 16),
        ((255, 255, 255), 231),
        ((0x24, 0x2F, 0x38), 236),  # $panel: rich makes a navy blue of it
        ((0x1E, 0x1E, 0x1E), 234),
        ((0x01, 0x78, 0xD4), 32),
        ((0xFE, 0xA6, 0x2B), 214),
        ((8, 8, 8), 232),
        ((238, 238, 238), 255),
    ],
)
def test_the_nearest_colour(rgb: tuple[int, int, int], number: int) -> None:
    assert nearest(rgb) == number


def test_only_colours_are_replaced() -> None:
    style = Style(color="#242f38", bgcolor="red", bold=True, meta={"line": 1})
    plain = Segment("b", Style(italic=True))
    first, second, third = FewerColors("256", None).apply(
        [Segment("a", style), plain, Segment("c")], Background(0, 0, 0)
    )
    assert first.style is not None
    assert first.style.color == Color.from_ansi(236)
    assert first.style.bgcolor is not None
    assert first.style.bgcolor.type is ColorType.STANDARD
    assert first.style.bold
    assert first.style.meta == {"line": 1}
    assert (second, third) == (plain, Segment("c"))
