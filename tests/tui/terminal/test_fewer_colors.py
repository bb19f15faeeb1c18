"""Colours where the terminal has 256, 16, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from rich.color import Color, ColorSystem, ColorType
from rich.segment import Segment
from rich.style import Style
from textual.color import Color as Background

from bpftui.tui.roles import DARK, LIGHT, PALETTES
from bpftui.tui.terminal.fewer_colors import FewerColors, nearest

if TYPE_CHECKING:
    from bpftui.tui.roles import Palette


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


ROLES = {
    "text": (254, "white", 235, "black"),
    "dim": (247, "white", 240, "bright_black"),
    "faint": (244, "bright_black", 243, "bright_black"),
    "link": (75, "bright_cyan", 25, "blue"),
    "focus": (39, "bright_blue", 26, "blue"),
    "good": (115, "bright_green", 22, "green"),
    "warning": (208, "yellow", 130, "yellow"),
    "danger": (210, "bright_red", 124, "red"),
    "changed": (221, "bold bright_yellow", 58, "bold black"),
    "set": (177, "bright_magenta", 91, "magenta"),
    "keyword": (216, "bold white", 88, "bold black"),
    "number": (151, "green", 23, "green"),
    "register": (153, "cyan", 24, "blue"),
    "series-1": (153, "bright_blue", 17, "blue"),
    "series-2": (172, "yellow", 88, "red"),
    "series-3": (158, "bright_cyan", 23, "cyan"),
    "series-4": (138, "magenta", 233, "black"),
    "series-5": (226, "bright_yellow", 130, "yellow"),
    "series-6": (99, "bright_magenta", 128, "magenta"),
}
"""Of 256 and of 16: in the dark theme, in the light one."""
GROUNDS = {"bpftui-dark": (233, "black"), "bpftui-light": (231, "bright_white")}


def codes(style: Style | str) -> str:
    """Return the escape sequence of a style."""
    return (Style.parse(style) if isinstance(style, str) else style).render("x", color_system=ColorSystem.EIGHT_BIT)


def drawn(system: str, palette: Palette, role: str, ground: str = "ground") -> str:
    """Return what text in the colour of a role becomes on its way to the terminal."""
    roles = palette.distinct
    style = Style(color=roles[role].rgb, bgcolor=roles[ground].rgb)
    (segment,) = FewerColors(system, palette).apply([Segment("x", style)], Background(0, 0, 0))
    assert segment.style is not None
    return codes(segment.style)


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
@pytest.mark.parametrize("role", ROLES)
def test_roles_where_there_are_fewer_colours(palette: Palette, role: str) -> None:
    number, ansi = ROLES[role][:2] if palette.is_dark else ROLES[role][2:]
    ground, plain = GROUNDS[palette.name]
    assert drawn("256", palette, role) == codes(f"color({number}) on color({ground})")
    assert drawn("standard", palette, role) == codes(f"{ansi} on {plain}")


@pytest.mark.parametrize(
    ("palette", "ground", "expected"),
    [
        (DARK, "cursor", "black on bright_blue"),
        (DARK, "focus", "black on bright_blue"),
        (DARK, "cursor-blurred", "black on bright_black"),
        (DARK, "danger-fill", "bright_white on red"),
        (LIGHT, "cursor", "bright_white on blue"),
        (LIGHT, "cursor-blurred", "black on white"),
        (LIGHT, "danger-fill", "bright_white on red"),
    ],
)
def test_rows_that_are_filled_where_there_are_16(palette: Palette, ground: str, expected: str) -> None:
    assert drawn("standard", palette, "link", ground) == codes(expected)


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_without_colours_what_counts_is_reversed_or_bold(palette: Palette) -> None:
    assert drawn("", palette, "link") == codes("default on default")
    assert drawn("", palette, "keyword") == codes("bold default on default")
    assert drawn("", palette, "link", "cursor") == codes("reverse default on default")
    assert drawn("", palette, "link", "cursor-blurred") == codes("default on default")
    assert drawn("", palette, "danger-text", "danger-fill") == codes("reverse default on default")


def test_what_is_blended_is_drawn_as_the_nearest_role() -> None:
    style = Style(color="#dae1e9", bgcolor="#11161d")
    (segment,) = FewerColors("standard", DARK).apply([Segment("x", style)], Background(0, 0, 0))
    assert segment.style is not None
    assert codes(segment.style) == codes("white on black")
