"""LineGate: what stands between every widget and the terminal: nothing passes but visible text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from rich.segment import Segment
from textual.filter import LineFilter

from ...core.visible import cells, visible

if TYPE_CHECKING:
    from rich.style import Style
    from textual.color import Color

__all__ = ["LineGate"]

_BLANKS: Final = re.compile(" {2,}")


class LineGate(LineFilter):
    """Makes lines of widgets visible, whatever they were drawn from; they stay as wide as they are.

    Textual hands each line to the filters after it was drawn and before it is written, those of titles, notifications,
    tooltips and screenshots too. What an escaped character takes more in width comes out of the blanks that follow it,
    so that columns stay where they are, and is cut off at the end where there are none.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments of a line, visible."""
        if all(visible(text) is text and not _links(style) for text, style, control in segments if not control):
            return segments
        width = Segment.get_line_length(segments)
        excess = 0

        def shorten(blanks: re.Match[str]) -> str:
            nonlocal excess
            taken = min(excess, len(blanks[0]) - 1)
            excess -= taken
            return blanks[0][taken:]

        line: list[Segment] = []
        for text, style, control in segments:
            if control:
                continue
            shown = visible(text)
            excess += cells(shown) - Segment(text).cell_length
            if excess > 0:
                shown = _BLANKS.sub(shorten, shown)
            line.append(Segment(shown, style and style.update_link(None) if _links(style) else style))
        return Segment.adjust_line_length(line, width, line[-1].style if line else None)


def _links(style: Style | None) -> bool:
    """Whether a style is a link, whose address would be written as it is (OSC 8)."""
    return style is not None and style.link is not None
