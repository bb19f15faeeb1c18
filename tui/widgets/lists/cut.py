"""What of a row that is longer than its room is in sight: no half of a number, which reads as another one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from rich.segment import Segment
from textual.strip import Strip

if TYPE_CHECKING:
    from rich.style import Style

__all__ = ["in_sight"]

_NUMBER: Final = re.compile(r"(?<![\w.,])(?:0x[0-9a-f]+|\d+(?:[.,]\d+)*)", re.ASCII)
_LONGEST: Final = 26
"""Cells of the longest number of 64 bits, with its separators; a longer one is cut."""


def in_sight(strip: Strip, left: int, room: int, ink: Style | None) -> Strip:
    """Return the cells of a row from *left* on, *room* of them at most, with a sign in *ink* where there are more."""
    cut_off = bool(left and strip.crop(0, left + 1).text.strip())
    overflows = strip.cell_length - left > room
    start, stop = left + cut_off, left + room - overflows
    text = strip.text if cut_off or overflows else ""
    if len(text) == strip.cell_length:  # else characters are not cells, and numbers are not looked for
        for found in _NUMBER.finditer(text) if text else ():
            begin, end = found.span()
            if end - begin > _LONGEST:
                continue
            if cut_off and begin < start < end:
                start = min(end, stop)
            if overflows and begin < stop < end:
                stop = max(begin, start)
    kept = [Segment(" " * (start - left - cut_off)), *strip.crop(start, stop)]
    return Strip([*([Segment("‹", ink)] if cut_off else []), *kept, *([Segment("›", ink)] if overflows else [])])
