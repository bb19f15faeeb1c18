"""What is selected with the mouse, of widgets that draw their lines themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.strip import Strip

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.selection import Selection
    from textual.widget import Widget

__all__ = ["selected_text", "with_selection"]


def with_selection(widget: Widget, strip: Strip, left: int, line: int) -> Strip:
    """Return a line with what of it is selected.

    Args:
        widget: Whose line it is.
        strip: The line as it is drawn, from its cell *left* on.
        left: How many cells of the line are out of sight on the left.
        line: Its number, from the top of what can be scrolled.
    """
    selection = widget.text_selection
    span = None if selection is None else selection.get_span(line)
    if span is None:
        return strip
    start, stop = max(0, span[0] - left), strip.cell_length if span[1] < 0 else max(0, span[1] - left)
    start, stop = min(start, strip.cell_length), min(stop, strip.cell_length)
    # Each cut by itself: `divide` returns fewer parts where two cuts are the end of the line.
    before, chosen, after = strip.crop(0, start), strip.crop(start, stop), strip.crop(stop)
    over = widget.screen.get_component_rich_style("screen--selection")
    return Strip.join([before, Strip(Segment.apply_style(chosen, post_style=over)), after])


def selected_text(selection: Selection, count: int, line: Callable[[int], Strip]) -> str:
    """Return what is selected of some lines, each without the blanks at its end.

    Args:
        selection: What was selected.
        count: How many lines there are.
        line: Returns one as it is drawn, from its first cell on.
    """
    start, end = selection
    first = 0 if start is None else max(0, start.y)
    last = count - 1 if end is None else min(end.y, count - 1)
    lines: list[str] = []
    for number in range(first, last + 1):
        left, right = selection.get_span(number) or (0, 0)
        lines.append(line(number).crop(max(0, left), None if right < 0 else max(0, right)).text.rstrip())
    return "\n".join(lines)
