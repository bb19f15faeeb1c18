"""Which characters the terminal and standard output can show."""

from __future__ import annotations

import locale
import sys

__all__ = ["is_ascii_terminal", "is_writable"]


def is_ascii_terminal() -> bool:
    """Whether the locale's encoding has no braille, no lines and no arrows."""
    return "utf" not in locale.getpreferredencoding(do_setlocale=False).lower()


def is_writable(text: str) -> bool:
    """Whether standard output's encoding has these characters."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True
