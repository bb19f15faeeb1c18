"""The themes `bpftui-dark` and `bpftui-light`, and the roles of colours in Textual's own.

Widgets and style sheets name roles, by these variables of Textual's:

| role | variable | means |
| :- | :- | :- |
| text, dim, faint | `$foreground`, `$text-muted`, `$text-disabled` (as a border `$rule`) | text; asides; guides |
| link | `$link` | can be followed |
| focus | `$primary`, `$border` | has the keyboard |
| good, warning, danger | `$text-success`, `$text-warning`, `$text-error` | judge |
| changed, set | `$changed`, `$set` | the program wrote it; the user set it |
| keyword, number, register | `$keyword`, `$number`, `$register` | code |
| series, heat | `$series-1` … `-6`, `$heat-1` … `-7` | lines of a chart; amounts, from few to many |
| ground, panel, bars | `$background` and `$surface`, `$panel`, `$footer-background` | lie behind |
| cursor | `$cursor-row`, `$cursor-row-blurred` | the cursor's row, where the keyboard is and elsewhere |
| danger-fill | `$danger-fill`, `$danger-text` | attached by the user, or the button that does it |

`$success`, `$warning` and `$error` have the same colours as `$text-success` and so on, which in Textual's own themes
are the ones that text can be read in. `$text` stays Textual's: it follows the fill below it, buttons need that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.color import Color
from textual.theme import Theme

from .roles import PALETTES

if TYPE_CHECKING:
    from .roles import Palette

__all__ = ["role_defaults", "theme"]

_STEPS = 7
"""Of the heat ramp."""


def theme(palette: Palette, *, distinct: bool = False) -> Theme:
    """Return Textual's theme of a palette.

    Args:
        palette: The colours.
        distinct: Whether no two roles may have the same colour, see `Palette.distinct`.
    """
    color = {role: shade.rgb for role, shade in (palette.distinct if distinct else palette.roles).items()}
    variables = {
        "text-muted": color["dim"],
        "text-disabled": color["faint"],
        "text-primary": color["focus"],
        "text-secondary": color["link"],
        "text-accent": color["link"],
        "text-success": color["good"],
        "text-warning": color["warning"],
        "text-error": color["danger"],
        "danger-fill": color["danger-fill"],
        "danger-text": color["danger-text"],
        "cursor-row": color["cursor"],
        "cursor-row-blurred": color["cursor-blurred"],
        "rule": color["faint"],
        "border": color["focus"],
        "border-blurred": color["faint"],
        "block-cursor-background": color["cursor"],
        "block-cursor-foreground": color["text"],
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": color["cursor-blurred"],
        "block-cursor-blurred-foreground": color["text"],
        "block-hover-background": color["bars"],
        "button-color-foreground": color["ground"] if palette.is_dark else color["danger-text"],
        "footer-background": color["bars"],
        "footer-foreground": color["text"],
        "footer-key-foreground": color["focus"],
        "footer-description-foreground": color["dim"],
        "input-cursor-background": color["text"],
        "input-cursor-foreground": color["ground"],
        "input-selection-background": color["cursor"],
        "input-selection-foreground": color["text"],
        "screen-selection-background": color["cursor"],
        "screen-selection-foreground": color["text"],
        "scrollbar": color["faint"],
        "scrollbar-background": color["panel"],
        "scrollbar-hover": color["dim"],
        "scrollbar-active": color["focus"],
        "surface-active": color["panel"],
        "link-color": color["link"],
        "link-color-hover": color["link"],
        "link-background-hover": color["cursor"],
        **{name: color[name] for name in ("link", "changed", "set", "keyword", "number", "register")},
        **{name: color[name] for name in color if name.startswith(("series-", "heat-"))},
    }
    fields: dict[str, Any] = {
        "primary": color["focus"],
        "secondary": color["link"],
        "accent": color["link"],
        "foreground": color["text"],
        "background": color["ground"],
        "surface": color["ground"],
        "panel": color["panel"],
        "boost": color["bars"],
        "success": color["good"],
        "warning": color["warning"],
        "error": color["danger"],
    }
    # As variables too: what Textual computes of a field is another colour by one, which no role has.
    return Theme(name=palette.name, dark=palette.is_dark, **fields, variables={**fields, **variables})


def role_defaults(chosen: Theme) -> dict[str, str]:
    """Return the roles that Textual has no variables for, in the colours of a theme of its own; none for ours."""
    if chosen.name in PALETTES:
        return {}
    found = {**chosen.to_color_system().generate(), **chosen.variables}
    ramp: list[str] = [found["primary"]] * _STEPS
    if not chosen.ansi:
        few, many = Color.parse(found["panel"]), Color.parse(found["warning"])
        ramp = [few.blend(many, step / _STEPS, alpha=1).hex for step in range(1, _STEPS + 1)]
    series = ("accent", "primary", "success", "error", "warning", "secondary")
    return {
        "link": found["text-primary"],
        "changed": found["text-warning"],
        "set": found["text-accent"],
        "keyword": found["text-accent"],
        "number": found["text-success"],
        "register": found["text-primary"],
        "danger-fill": found["error"],
        "danger-text": found["text"],
        "rule": f"{found['foreground']} 30%",
        "cursor-row": f"{found['primary']} 35%",
        "cursor-row-blurred": f"{found['foreground']} 10%",
        **{f"series-{number}": found[f"text-{name}"] for number, name in enumerate(series, 1)},
        **{f"heat-{number}": color for number, color in enumerate(ramp, 1)},
    }
