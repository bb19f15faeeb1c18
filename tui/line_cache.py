"""LineCache: Textual's cache of a widget's lines, which makes a line once of what a widget draws there.

Textual puts each line together anew, of the widget's own, its border and its padding, whenever a widget is drawn. What
was worked out of the line before, its colours as they are written and its parts between other widgets, is kept with
the line, and is lost by that: a list that scrolls by a row, or has a dialog over it, took as long as at first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from textual._styles_cache import StylesCache
from textual.cache import LRUCache

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from textual.geometry import Region
    from textual.strip import Strip
    from textual.widget import Widget

__all__ = ["LineCache"]

_MOST: Final = 512
"""Lines that are kept: some pages."""


class LineCache(StylesCache):
    """For a widget that returns the same line again where it draws the same, which those with many rows do."""

    def __init__(self) -> None:
        super().__init__()
        self._look: Hashable = None
        """What a widget's style adds to its lines; None where that is not the same for all of them."""
        self._made: LRUCache[int, tuple[Strip, Strip]] = LRUCache(_MOST)
        """The widget's own line, and what was made of it, by the identity of the former."""

    def render_widget(self, widget: Widget, crop: Region) -> list[Strip]:
        """Return lines of a widget, with what its style adds."""
        styles = widget.styles
        look: Hashable = None
        if not styles.has_rule("hatch") and not any(edge for edge, _ in styles.outline):
            parts = (styles.border, styles.padding, styles.tint, styles.text_opacity, widget.opacity)
            look = (widget.region.size, widget.background_colors, *parts)
        if look != self._look:
            self._look = look
            self._made.clear()
        return super().render_widget(widget, crop)

    def render_line(  # pyright: ignore[reportIncompatibleMethodOverride] - Textual's `render` calls it by places
        self, styles: Any, y: int, size: Any, content_size: Any, *others: Any
    ) -> Strip:
        """Return a line of a widget."""
        content_y = y - styles.gutter.top
        if self._look is None or not 0 <= content_y < content_size.height:
            return super().render_line(styles, y, size, content_size, *others)
        padding, base_background, background, render_content_line, *rest = others
        line = render_content_line(content_y)
        known = self._made.get(id(line))
        if known is not None:  # it keeps the line, whose identity no other one can have meanwhile
            return known[1]
        own: Callable[[int], Strip] = lambda _: line  # noqa: E731
        made = super().render_line(styles, y, size, content_size, padding, base_background, background, own, *rest)
        self._made[id(line)] = line, made
        return made
