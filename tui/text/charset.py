"""What the terminal can show."""

from __future__ import annotations

import locale

__all__ = ["is_ascii_terminal"]


def is_ascii_terminal() -> bool:
    """Whether the locale's encoding has no braille, no lines and no arrows."""
    return "utf" not in locale.getpreferredencoding(do_setlocale=False).lower()
