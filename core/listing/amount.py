"""How much something is beside the most there is: as a bar of one cell, and as a step of a ramp of colours."""

from __future__ import annotations

from typing import Final

__all__ = ["LEVELS", "OF_BLOCK", "bar", "level"]

LEVELS: Final = 7
"""Steps of the ramp, from few to many."""
OF_BLOCK: Final = 2
"""Cells of the bar that ends the note of a block's box."""
_BARS: Final = " ▁▂▃▄▅▆▇█"
_ASCII_BARS: Final = " .:-=+*#@"


def bar(count: int, most: int, *, ascii_only: bool = False) -> str:
    """Return a bar for *count*, which is full for *most*; a blank for 0, and where nothing is more than once there."""
    bars = _ASCII_BARS if ascii_only else _BARS
    return bars[-(-count * (len(bars) - 1) // most)] if most > 1 else bars[0]


def level(count: int, most: int) -> int:
    """Return the step of *count*, from 1 to `LEVELS`, which *most* has."""
    return max(1, -(-count * LEVELS // max(1, most)))
