"""What a search pattern matches in a row, marked; it knows no screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.strip import Strip

if TYPE_CHECKING:
    import re

    from rich.style import Style

__all__ = ["mark_matches"]


def mark_matches(strip: Strip, pattern: re.Pattern[str], style: Style) -> Strip:
    """Return a row with all that *pattern* matches in *style*; what is empty matches nothing."""
    parts: list[Strip] = []
    done = 0
    for match in pattern.finditer(strip.text):
        if not match.group():
            continue
        start, stop = (strip.index_to_cell_position(edge) for edge in match.span())
        parts += [strip.crop(done, start), Strip([Segment(match.group(), style)])]
        done = stop
    return Strip.join([*parts, strip.crop(done)]) if parts else strip
