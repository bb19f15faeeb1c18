"""Compositor: Textual's, which asks widgets only for the lines of theirs that are written.

Textual asks each widget that touches what encloses all that changed, which is the whole screen as soon as a line at its
top and one at its bottom did, for all of its lines, and the containers behind it for as many. Here a widget is asked
for the lines in which something changed, and none is asked for what lies behind another one.
"""

# pyright: reportPrivateUsage=false

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, cast

from textual import strip as textual_strip
from textual._compositor import ChopsUpdate
from textual._compositor import Compositor as TextualCompositor
from textual._styles_cache import StylesCache
from textual.geometry import Region
from textual.strip import Strip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from textual.app import App
    from textual.color import Color
    from textual.screen import Screen
    from textual.style import Style

__all__ = ["Compositor", "drawn", "handed_up"]

_MOST_KEPT: Final = 16
"""Things of each kind that a line keeps of what was made of it."""
_Span = tuple[int, int, int]
"""A line, and the columns from one on and up to another one."""

_inner_outer = cast(
    "Callable[[StylesCache, Color, Color], tuple[Style, Style]]", StylesCache.get_inner_outer.__wrapped__
)


@lru_cache(1024)
def _styles_of_border(base_background: Color, background: Color) -> tuple[Style, Style]:
    return _inner_outer(StylesCache(), base_background, background)


# Textual remembers these two styles by widget as well, and with them the lines that each of the last 1,024 has drawn:
# 0.3 MB for each screen that was closed.
StylesCache.get_inner_outer = staticmethod(_styles_of_border)  # pyright: ignore[reportAttributeAccessIssue]


class _Kept(dict[Any, Any]):
    """What a line keeps of what was made of it: its parts, and what it is in other colours."""

    __slots__ = ()

    def __setitem__(self, key: object, value: object) -> None:
        if len(self) >= _MOST_KEPT:
            del self[next(iter(self))]
        super().__setitem__(key, value)


def _kept(_most: int) -> _Kept:
    return _Kept()


# Textual's own counts how often it was of use: to make the seven of a line takes longer than the line.
textual_strip.FIFOCache = _kept  # pyright: ignore[reportPrivateImportUsage, reportAttributeAccessIssue]


class Compositor(TextualCompositor):
    """Puts together what the widgets of a screen draw."""

    def render_partial_update(self) -> ChopsUpdate | None:
        """Return what changed, drawn anew; None where nothing did."""
        screen = self.size.region
        changed = [found for region in self._dirty_regions if (found := region.intersection(screen))]
        self._dirty_regions.clear()
        if not changed:
            return None
        spans = list(self._regions_to_spans(changed))
        return ChopsUpdate(self._drawn(spans), spans, [cuts[1:] for cuts in self.cuts])

    def _render_chops(self, crop: Region, is_rendered_line: Callable[[int], bool]) -> Sequence[Mapping[int, Strip]]:
        spans = ((y, crop.x, crop.right) for y in crop.line_range if y < len(self.cuts) and is_rendered_line(y))
        return self._drawn(spans)  # pyright: ignore[reportReturnType]

    def _drawn(self, spans: Iterable[_Span]) -> list[dict[int, Strip | None]]:
        """Return for each line of the screen what begins at each of its cuts; None for what no span touches."""
        cuts = self.cuts
        chops: list[dict[int, Strip | None]] = [dict.fromkeys(line[:-1]) for line in cuts]
        bare: dict[int, set[int]] = {}  # the cuts of lines for which nothing is drawn yet
        for y, left, right in spans:
            bare.setdefault(y, set()).update(cut for cut, end in pairwise(cuts[y]) if cut < right and end > left)
        for widget, (region, clip) in self.visible_widgets.items():  # from the front to the back
            seen = region.intersection(clip)
            left, right = seen.column_span
            lines = [y for y in seen.line_range if y in bare and any(left <= cut < right for cut in bare[y])]
            for first, past in _runs(lines):
                within = Region(seen.x - region.x, first - region.y, seen.width, past - first)
                for y, strip in zip(range(first, past), widget.render_lines(within), strict=False):
                    own = [cut for cut in cuts[y] if left <= cut <= right]
                    line, missing = chops[y], bare[y]
                    for cut, part in zip(own, strip.divide([cut - left for cut in own[1:]]), strict=False):
                        if cut in missing:
                            line[cut] = part
                            missing.discard(cut)
                    if not missing:
                        del bare[y]
            if not bare:
                break
        for y, missing in bare.items():  # a screen may be laid out for another size of the terminal still
            for cut, end in pairwise(cuts[y]):
                if cut in missing:
                    chops[y][cut] = Strip.blank(end - cut)
        return chops


def drawn(screen: Screen[Any], lines: range) -> list[Strip]:
    """Return lines of a screen as they are drawn; blank where it has none."""
    compositor, width = screen._compositor, screen.size.width
    chops = compositor._render_chops(Region(0, lines.start, width, len(lines)), lines.__contains__)
    return [Strip.join(chops[y].values()) if y < len(chops) else Strip.blank(width) for y in lines]


def handed_up(screen: Screen[Any]) -> bool:
    """Have the screen in front drawn where one changed that is seen below it; return whether it is below one.

    Textual has the one below drawn once more for it, and the one in front as well.
    """
    app = cast("App[Any]", screen.app)  # pyright: ignore[reportUnknownMemberType]
    if screen is app.screen or screen not in cast("list[Screen[Any]]", app._background_screens):  # pyright: ignore[reportUnknownMemberType]
        return False
    changed, screen._compositor._dirty_regions = screen._compositor._dirty_regions, set()
    screen._dirty_widgets.clear()
    if changed:
        app.screen.refresh(*changed)
    return True


def _runs(lines: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield where lines that follow each other begin, and where they are past."""
    first = 0
    for number in range(1, len(lines) + 1):
        if number == len(lines) or lines[number] != lines[number - 1] + 1:
            yield lines[first], lines[number - 1] + 1
            first = number
