"""Whether the explorer is drawn in a browser: `bpftui serve` starts it with pipes in the place of a terminal."""

from __future__ import annotations

import os
from typing import Final

__all__ = ["VARIABLE", "is_served", "served_environment"]

VARIABLE: Final = "TEXTUAL_DRIVER"
"""Where Textual is told what draws."""
_DRIVER: Final = "bpftui.tui.browser_driver:BrowserDriver"


def is_served() -> bool:
    """Whether this process was started to be drawn in a browser."""
    return os.environ.get(VARIABLE) == _DRIVER


def served_environment(columns: int, rows: int) -> dict[str, str]:
    """Return the environment of an explorer in a browser: this process's, and a terminal of some size and 24 bits."""
    return {
        **os.environ,
        VARIABLE: _DRIVER,
        "TEXTUAL_COLOR_SYSTEM": "truecolor",
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "COLUMNS": str(columns),
        "ROWS": str(rows),
    }
