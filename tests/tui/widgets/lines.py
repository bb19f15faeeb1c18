"""What a widget shows, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.widget import Widget


def lines(widget: Widget) -> list[str]:
    """Return the content of *widget*, line by line."""
    return [widget.render_line(y).text for y in range(widget.size.height)]
