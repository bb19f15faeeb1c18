"""Strips: a minute of a number in a cell, as bars of eight heights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...text.charset import is_ascii_terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["strip"]

_BARS: Final = "▁▂▃▄▅▆▇█"
_ASCII: Final = ".:-=+*#@"


def strip(values: Sequence[float], peak: float, width: int) -> str:
    """Return numbers as bars against the highest of all strips, the last one at the right edge of *width* cells.

    A blank is 0, or was not looked at; the lowest bar is whatever is more.
    """
    bars = _ASCII if is_ascii_terminal() else _BARS
    if not peak:
        return ""
    return "".join(bars[min(7, int(value / peak * 8))] if value else " " for value in values).rjust(width)
