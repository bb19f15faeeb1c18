"""The roles of colours: what each colour of the screen and of the command line means, in both themes.

One role means one thing, and no widget, style sheet or command has a colour of its own. Each role has a colour for
terminals of 24 bits, for those of 256 colours and for those of 16; `tui.themes` makes Textual's themes of them,
`tui.terminal.fewer_colors` turns them into what a terminal has, and `tui.text.colors` paints lines with them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ANSI", "DARK", "LIGHT", "PALETTES", "Palette", "Shade"]

ANSI: Final = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
"""The eight colours that every terminal has, by number; eight bright ones follow (ECMA-48, and aixterm's 90 to 107)."""


class Shade(NamedTuple):
    """What a role looks like in one theme."""

    rgb: str
    """With 24 bits, as `#rrggbb`."""
    number: int
    """With 256 colours: xterm's number."""
    ansi: str
    """With 16: a name of `ANSI`, perhaps bright, and what tells the role apart besides: `bright blue, reverse`."""

    @property
    def color(self) -> int | None:
        """The number of the one of 16; None for the one that text has anyway."""
        name = self.ansi.partition(",")[0]
        if name.removeprefix("bright ") not in ANSI:
            return None
        return ANSI.index(name.removeprefix("bright ")) + 8 * name.startswith("bright ")

    @property
    def is_bold(self) -> bool:
        """Whether it is bold where there are 16 colours."""
        return self.ansi.endswith("bold")

    @property
    def is_reverse(self) -> bool:
        """Whether it is reversed where it fills a row, and there are 16 colours."""
        return self.ansi.endswith("reverse")


class Palette(NamedTuple):
    """The roles of a theme."""

    name: str
    is_dark: bool
    roles: Mapping[str, Shade]

    @property
    def distinct(self) -> Mapping[str, Shade]:
        """The same with a colour for each role, for where a colour is what tells which role it was.

        Two roles may have one colour of 24 bits and two of 256; the second then differs by what no eye sees.
        """
        found: dict[str, Shade] = {}
        taken: dict[str, Shade] = {}
        for role, shade in self.roles.items():
            rgb = shade.rgb
            while rgb in taken and taken[rgb][1:] != shade[1:]:
                rgb = f"#{int(rgb[1:], 16) + 1:06x}"
            taken[rgb] = shade
            found[role] = shade._replace(rgb=rgb)
        return found


DARK: Final = Palette(
    "bpftui-dark",
    True,
    {
        # what lies behind
        "ground": Shade("#10151c", 233, "black"),
        "panel": Shade("#161d27", 234, "black"),
        "bars": Shade("#1f2937", 236, "black"),
        "cursor": Shade("#163450", 24, "bright blue, reverse"),
        "cursor-blurred": Shade("#232f3d", 236, "bright black"),
        "danger-fill": Shade("#b3283f", 124, "red"),
        "danger-text": Shade("#ffffff", 231, "bright white"),
        # text and lines
        "text": Shade("#dbe2ea", 254, "white"),
        "dim": Shade("#93a1b2", 247, "white"),
        "faint": Shade("#748399", 244, "bright black"),
        # what something is
        "link": Shade("#7cc0ff", 75, "bright cyan"),
        "focus": Shade("#4da3ff", 39, "bright blue, reverse"),
        "good": Shade("#7fd8a0", 115, "bright green"),
        "warning": Shade("#ffa657", 208, "yellow"),
        "danger": Shade("#ff808b", 210, "bright red"),
        "changed": Shade("#f2d45c", 221, "bright yellow, bold"),
        "set": Shade("#d9a6ff", 177, "bright magenta"),
        # code
        "keyword": Shade("#ffb87a", 216, "bold"),
        "number": Shade("#9fd8a8", 151, "green"),
        "register": Shade("#8cc4ff", 153, "cyan"),
        # charts: lines, and amounts from few to many
        "series-1": Shade("#7ccfff", 153, "bright blue"),
        "series-2": Shade("#d97c0e", 172, "yellow"),
        "series-3": Shade("#88f8d4", 158, "bright cyan"),
        "series-4": Shade("#b87a8c", 138, "magenta"),
        "series-5": Shade("#f9f63e", 226, "bright yellow"),
        "series-6": Shade("#8470ff", 99, "bright magenta"),
        "heat-1": Shade("#1b2a49", 17, "blue"),
        "heat-2": Shade("#2d4373", 18, "blue"),
        "heat-3": Shade("#4f5a84", 60, "magenta"),
        "heat-4": Shade("#7d7488", 102, "magenta"),
        "heat-5": Shade("#ab9180", 137, "yellow"),
        "heat-6": Shade("#d9b466", 179, "yellow"),
        "heat-7": Shade("#ffe14d", 220, "bright yellow"),
    },
)
"""For terminals of any ground: it brings its own, which is dark. The default."""

LIGHT: Final = Palette(
    "bpftui-light",
    False,
    {
        "ground": Shade("#fbfaf7", 231, "bright white"),
        "panel": Shade("#f1efe9", 255, "bright white"),
        "bars": Shade("#e3e0d6", 254, "bright white"),
        "cursor": Shade("#cfe3f7", 153, "blue, reverse"),
        "cursor-blurred": Shade("#e4e6e6", 254, "white"),
        "danger-fill": Shade("#b3152f", 124, "red"),
        "danger-text": Shade("#ffffff", 231, "bright white"),
        "text": Shade("#1d232b", 235, "black"),
        "dim": Shade("#545f6c", 240, "bright black"),
        "faint": Shade("#6f7985", 243, "bright black"),
        "link": Shade("#0a54a8", 25, "blue"),
        "focus": Shade("#0860c9", 26, "blue, reverse"),
        "good": Shade("#14692f", 22, "green"),
        "warning": Shade("#8f4700", 130, "yellow"),
        "danger": Shade("#b3152f", 124, "red"),
        "changed": Shade("#7a5c00", 58, "bold"),
        "set": Shade("#7a2bb5", 91, "magenta"),
        "keyword": Shade("#8f4700", 88, "bold"),
        "number": Shade("#1b6b43", 23, "green"),
        "register": Shade("#0a54a8", 24, "blue"),
        "series-1": Shade("#00408a", 17, "blue"),
        "series-2": Shade("#663600", 88, "red"),
        "series-3": Shade("#0f8075", 23, "cyan"),
        "series-4": Shade("#3d0522", 233, "black"),
        "series-5": Shade("#7f7000", 130, "yellow"),
        "series-6": Shade("#9a27fa", 128, "magenta"),
        "heat-1": Shade("#e4ecf6", 255, "white"),
        "heat-2": Shade("#bcd3ea", 153, "bright cyan"),
        "heat-3": Shade("#8fb3d9", 110, "cyan"),
        "heat-4": Shade("#6d8fc4", 68, "cyan"),
        "heat-5": Shade("#5b63a8", 61, "blue"),
        "heat-6": Shade("#4f3a80", 54, "blue"),
        "heat-7": Shade("#3a1450", 17, "black"),
    },
)
"""The same on a light ground."""

PALETTES: Final = {palette.name: palette for palette in (DARK, LIGHT)}
"""By the name of their theme, the default first."""
