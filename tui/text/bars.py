"""Bars that lie: how much something is beside the most there is, in a row of cells."""

from __future__ import annotations

from typing import Final

__all__ = ["lying_bar"]

_EIGHTHS: Final = " ▏▎▍▌▋▊▉"


def lying_bar(number: float, most: float, room: int, *, ascii_only: bool = False) -> str:
    """Return a bar of at most *room* cells for a *number* above zero, which *most* fills; it is seen, however short."""
    eighths = max(1, round(number / most * room * 8))
    if ascii_only:
        return "#" * max(1, eighths // 8)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()
