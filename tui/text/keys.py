"""Keys as they are written."""

from __future__ import annotations

from typing import Final

__all__ = ["key_names"]

_NAMES: Final = {
    "slash": "/",
    "question_mark": "?",
    "colon": ":",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "left_parenthesis": "(",
    "right_parenthesis": ")",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "plus": "+",
    "equals_sign": "=",
    "minus": "-",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "escape": "esc",
    "comma": ",",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "full_stop": ".",
}


def key_names(keys: str) -> str:
    """Return the keys of a binding as they are written: `↑ k`."""
    return " ".join(_NAMES.get(key, key) for key in keys.split(","))
