"""The themes: what can be read on what, and that widgets have no colours but roles."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from textual.theme import BUILTIN_THEMES

from bpftui.tui.base_app import BaseApp
from bpftui.tui.roles import DARK, LIGHT, PALETTES
from bpftui.tui.themes import role_defaults, theme

if TYPE_CHECKING:
    from bpftui.tui.roles import Palette

TUI = Path(__file__).parents[2] / "tui"
GROUNDS = ("ground", "panel", "bars", "cursor")

CONTRASTS = {
    "bpftui-dark": {
        "text": (14.0, 9.8),
        "dim": (7.0, 4.9),
        "faint": (4.8, 3.3),
        "link": (9.5, 6.6),
        "focus": (7.0, 4.9),
        "good": (10.7, 7.5),
        "warning": (9.5, 6.6),
        "danger": (7.6, 5.3),
        "changed": (12.5, 8.7),
        "set": (9.5, 6.6),
        "keyword": (10.8, 7.5),
        "number": (11.2, 7.8),
        "register": (10.0, 7.0),
    },
    "bpftui-light": {
        "text": (15.2, 12.0),
        "dim": (6.2, 4.9),
        "faint": (4.2, 3.3),
        "link": (7.1, 5.6),
        "focus": (5.7, 4.5),
        "good": (6.5, 5.1),
        "warning": (6.6, 5.2),
        "danger": (6.6, 5.2),
        "changed": (6.0, 4.7),
        "set": (7.1, 5.6),
        "keyword": (6.6, 5.2),
        "number": (6.2, 4.9),
        "register": (7.1, 5.6),
    },
}
"""Of each role on the ground, and the least on all four that text stands on."""
SERIES = {"bpftui-dark": (10.7, 6.0, 14.3, 5.4, 16.0, 5.0), "bpftui-light": (9.6, 9.6, 4.6, 16.2, 4.8, 5.0)}
"""Of the lines of a chart, which stand on the ground."""
FILLED = {"bpftui-dark": 6.4, "bpftui-light": 6.9}
"""White on what is attached."""


def luminance(rgb: str) -> float:
    """Return the relative luminance of WCAG 2.2."""
    parts = [int(rgb[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of WCAG 2.2."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_text_can_be_read_on_all_that_it_stands_on(palette: Palette) -> None:
    roles = palette.roles
    assert roles.keys() == DARK.roles.keys()
    for role, (on_ground, least) in CONTRASTS[palette.name].items():
        found = [contrast(roles[role].rgb, roles[ground].rgb) for ground in GROUNDS]
        assert round(found[0], 1) == on_ground, role
        assert round(min(found), 1) == least, role
        assert min(found) >= (3.0 if role == "faint" else 4.45), role
    for number, on_ground in enumerate(SERIES[palette.name], 1):
        assert round(contrast(roles[f"series-{number}"].rgb, roles["ground"].rgb), 1) == on_ground
    assert round(contrast(roles["danger-text"].rgb, roles["danger-fill"].rgb), 1) == FILLED[palette.name]


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_amounts_get_lighter_or_darker_with_each_step(palette: Palette) -> None:
    steps = [luminance(palette.roles[f"heat-{level}"].rgb) for level in range(1, 8)]
    assert steps == sorted(steps, reverse=not palette.is_dark)


def test_each_role_is_a_colour_of_its_own_where_there_are_fewer() -> None:
    assert LIGHT.roles["keyword"].rgb == LIGHT.roles["warning"].rgb == "#8f4700"
    assert LIGHT.distinct["warning"].rgb == "#8f4700"
    assert LIGHT.distinct["keyword"].rgb == "#8f4701"
    for palette in PALETTES.values():
        for role, shade in palette.distinct.items():
            same = [each for each in palette.distinct.values() if each.rgb == shade.rgb]
            assert {each[1:] for each in same} == {shade[1:]}, role


def test_textuals_themes_have_the_roles() -> None:
    own = theme(DARK).variables
    for name, found in BUILTIN_THEMES.items():
        app = BaseApp[None]()
        if not found.ansi:
            app.theme = name
            missing = own.keys() - app.get_css_variables().keys()
            assert not missing, name
        assert role_defaults(found).keys() >= {"link", "changed", "set", "danger-fill", "series-6", "heat-7"}
    assert role_defaults(theme(LIGHT)) == {}


COLOR = re.compile(
    r"#[0-9a-f]{6}\b|(?<=[: ])#[0-9a-f]{3}\b|\bansi_|\brgba?\(|\bhsla?\("
    r"|(?:color|background|border[a-z-]*|outline): [^;]*\b(?:red|green|blue|yellow|white|black|gr[ae]y)\b"
    r"""|["'](?:(?:bold|dim|italic|underline|on|bright_\w+) )*(?:red|green|yellow|blue|magenta|cyan|white|black)["']""",
    re.IGNORECASE,
)
"""A colour in a style sheet, or in a style."""
BLENDS = re.compile(r"\$(?!background 60%)[a-z0-9-]+ \d+%|\$[a-z]+-(?:muted|lighten-\d|darken-\d)\b(?<!\$text-muted)")
"""A colour that is made of another one; all but the veil under dialogs is a role that nobody named."""
ALLOWED = {"roles.py", "fewer_colors.py"}
DRAWING = {"dialogs", "pickers", "screens", "widgets"}


def test_widgets_have_no_colours_but_roles() -> None:
    files = [*TUI.rglob("*.py"), *TUI.rglob("*.tcss")]
    assert len(files) > 100
    known = {*BaseApp[None]().get_css_variables()}
    for path in files:
        if path.name in ALLOWED:
            continue
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            place = f"{path.relative_to(TUI)}:{number}: {line.strip()}"
            assert not COLOR.search(line), place
            assert not BLENDS.search(line) or path.name == "themes.py", place
            if path.suffix == ".tcss" or path.relative_to(TUI).parts[0] in DRAWING:
                assert set(re.findall(r"\$([a-z](?:[a-z0-9-]*[a-z0-9])?)(?![a-z0-9-]*\{)", line)) <= known, place


def test_a_role_is_drawn_in_its_very_colour() -> None:
    for palette in PALETTES.values():
        app = BaseApp[None]()
        app.theme = palette.name
        variables = app.get_css_variables()
        for role, name in (("focus", "primary"), ("ground", "surface"), ("text", "foreground"), ("good", "success")):
            assert variables[name] == palette.roles[role].rgb


def test_the_default_is_dark_and_ours() -> None:
    assert BaseApp[None]().theme == "bpftui-dark"
