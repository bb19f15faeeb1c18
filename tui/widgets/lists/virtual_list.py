"""VirtualList: the drawing of a list of any length, of which only the rows on the screen exist."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.cache import LRUCache
from textual.geometry import Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from ....core.visible import visible
from ...line_cache import LineCache
from ...text.fit import wrapped
from ...text.shown import Text
from ..plain import PlainTitles
from ..selecting import with_selection
from .cut import in_sight
from .steady_scroll import SteadyScroll

if TYPE_CHECKING:
    from textual.app import App
    from textual.geometry import Region
    from textual.selection import Selection

__all__ = ["VirtualList", "foreground"]

_WIDTH_GRAIN = 32
"""The virtual width grows in steps of so many cells: each growth costs a layout."""
_CACHED_ROWS = 1024
_SELECTED = 100_000
"""Rows of which the selected text is given: it goes to the clipboard."""


@lru_cache(256)
def foreground(style: Style) -> Style:
    """Return *style* without its background, so that it can be laid over a cursor line."""
    return Style(
        color=style.color,
        bold=style.bold,
        dim=style.dim,
        italic=style.italic,
        underline=style.underline,
        reverse=style.reverse,
        strike=style.strike,
    )


class VirtualList(PlainTitles, SteadyScroll, ScrollView, inherit_bindings=False):
    """Rows that are drawn when they come into sight: 1,000,000 of them cost as much as forty.

    A subclass gives `row_count` and `draw_row`, and calls `refresh_rows` when what they return has changed. The first
    column is a mark, which says what a row's colour says, for those who see no colours.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "row-view--muted",
        "row-view--header",
        "row-view--focus",
        "row-view--blurred",
    }
    """
    | Class | Description |
    | :- | :- |
    | `row-view--muted` | What is there but not the point: gutters, comments, the sentence of an empty list. |
    | `row-view--header` | The fixed lines above the rows. |
    | `row-view--focus`, `--blurred` | `▌`, where the keyboard is and elsewhere. |
    """

    DEFAULT_CSS = """
    VirtualList {
        background: $surface;
        color: $foreground;
        scrollbar-size: 0 1;
        & > .row-view--muted {
            color: $text-muted;
        }
        & > .row-view--header {
            background: $panel;
            color: $foreground;
            text-style: bold;
        }
        & > .row-view--focus {
            color: $primary;
        }
        & > .row-view--blurred {
            color: $text-disabled;
        }
    }
    """

    is_pane: ClassVar[bool] = False
    """Whether its first fixed line is the title of a pane."""

    empty_text: reactive[str] = reactive("nothing to show")
    """The sentence that an empty list shows."""

    def __init__(
        self,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name
        classes: str | None = None,
        disabled: bool = False,
    ) -> None:
        """Initialise a list.

        Args:
            name: The name of the widget.
            id: The ID of the widget in the DOM.
            classes: The CSS classes of the widget.
            disabled: Whether the widget is disabled.
        """
        super().__init__(name=name, id=id, classes=classes, disabled=disabled)
        self._styles_cache = LineCache()
        self._strips: LRUCache[tuple[int, int, int, str, str, bool | None, object], Strip] = LRUCache(_CACHED_ROWS)
        self._inks: dict[tuple[str, ...], Style] = {}
        self._plain: Style | None = None
        self._before: tuple[dict[tuple[str, ...], Style], Style | None] | None = None
        """What rows were drawn with before the styles were told to have changed; None where nothing was told."""
        self._drawn_width: int | None = None
        """The cells of a row, while lines are drawn."""
        self._widest = 0

    # What a subclass gives

    def row_count(self) -> int:
        """Return how many rows there are."""
        raise NotImplementedError

    def draw_row(self, index: int, width: int) -> Text | Strip:
        """Return a row for *width* cells; what is longer can be scrolled to. Kept until `refresh_rows`."""
        raise NotImplementedError

    def row_mark(self, index: int) -> tuple[str, str]:
        """Return a row's character in the mark column, and the component class of its line or ""."""
        return " ", ""

    def row_variant(self, index: int) -> object:
        """Return what else a row's drawing depends on; it is drawn anew for each different answer."""
        return None

    def decorate(self, strip: Strip) -> Strip:
        """Return a drawn row with what lies over all rows: marks of a search."""
        return strip

    @property
    def header_height(self) -> int:
        """Lines above the rows that do not scroll with them."""
        return 0

    def draw_header(self, line: int, width: int) -> Text | Strip:
        """Return one of the `header_height` fixed lines."""
        return Strip.blank(width)

    # What a subclass calls

    def refresh_rows(self) -> None:
        """Draw anew: the rows have changed, come or gone."""
        self.forget_strips()
        self._update_virtual_size()
        self.refresh()

    def forget_strips(self) -> None:
        """Draw the rows again when they are next in sight."""
        self._strips.clear()

    def restart(self) -> None:
        """Draw other rows, from the first one."""
        self._widest = 0
        self.scroll_to(x=0, y=0, animate=False, force=True)
        self.refresh_rows()

    def ink(self, *names: str) -> Style:
        """Return the foreground and text style of a component class, to draw text with."""
        style = self._inks.get(names)
        if style is None:
            style = self._inks[names] = foreground(self.get_component_rich_style(*names))
        return style

    @property
    def _own_style(self) -> Style:
        """The list's own style, which costs as much as a row to find."""
        if self._plain is None:
            self._plain = self.rich_style
        return self._plain

    # Behaviour

    def on_mount(self) -> None:
        """Learn how many rows there are. Textual calls the base class's handler by itself."""
        self.refresh_rows()

    def watch_show_vertical_scrollbar(self, show: bool) -> None:
        """Tell a scrollbar that has just appeared where the list is."""
        if show:
            self.vertical_scrollbar.position = self.scroll_y

    def notify_style_update(self) -> None:
        """Forget what was drawn in other colours, as soon as it is known that they are others.

        Styles are told to have changed whenever the focus comes or goes, which changes those of the cursor's row.
        """
        super().notify_style_update()
        if self._before is None:
            self._before = self._inks, self._plain
        self._inks, self._plain = {}, None

    def _compare_styles(self) -> None:
        """Forget the rows where what they were drawn with has changed: only now all of a new style is known."""
        if self._before is None:
            return
        (inks, plain), self._before = self._before, None
        if plain is None or plain != self._own_style or any(self.ink(*names) != inks[names] for names in inks):
            self.forget_strips()

    @property
    def typed_app(self) -> App[object]:
        """The app, of a type that the type checker knows whole."""
        return self.app  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - textual leaves it open

    @property
    def page_height(self) -> int:
        """How many rows are in sight."""
        return max(1, self.scrollable_content_region.height - self.header_height)

    def _update_virtual_size(self) -> None:
        size = Size(self._widest, self.row_count() + self.header_height)
        if size != self.virtual_size:
            self.virtual_size = size

    def _note_width(self, cells: int) -> None:
        """Let the list scroll as far to the right as its widest row that was drawn."""
        if cells > self._widest:
            self._widest = -(-cells // _WIDTH_GRAIN) * _WIDTH_GRAIN
            if cells > self.scrollable_content_region.width:
                self.call_next(self._update_virtual_size)

    # Drawing

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw lines of the screen, all of one width, which takes as long to find as a row that was drawn before."""
        self._drawn_width = self.scrollable_content_region.width
        self._compare_styles()
        try:
            return super().render_lines(crop)
        finally:
            self._drawn_width = None

    def render_line(self, y: int) -> Strip:
        """Draw a line of the screen, with what of it is selected; rows know their places, for the mouse."""
        strip = self._render_line(y)
        index = y - self.header_height + self.scroll_offset.y
        if y < self.header_height or index >= self.row_count():
            return strip
        left = self.scroll_offset.x
        return with_selection(self, strip, left, index).apply_offsets(left, index)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Return what is selected of the rows, as they are drawn, without their marks."""
        start, end = selection
        first = 0 if start is None else max(0, start.y)
        last = self.row_count() - 1 if end is None else min(end.y, self.row_count() - 1)
        lines: list[str] = []
        for index in range(first, min(last + 1, first + _SELECTED)):
            left, right = selection.get_span(index) or (0, 0)
            strip = self._to_strip(self.draw_row(index, self.scrollable_content_region.width - 1))
            lines.append(strip.crop(max(0, left - 1), None if right < 0 else max(0, right - 1)).text.rstrip())
        return "\n".join(lines), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Draw what is selected now."""
        self.refresh()

    def _render_line(self, y: int) -> Strip:
        self._compare_styles()
        width = self._drawn_width
        if width is None:
            width = self.scrollable_content_region.width
        if y < self.header_height:
            strip = self._to_strip(self.draw_header(y, width - 1))
            style = self.get_component_rich_style("row-view--header")
            return self._place(strip, *self._title_mark(y), width).apply_style(style)
        index = y - self.header_height + self.scroll_offset.y
        if index >= self.row_count():
            return self._draw_empty(y, width)
        mark, component = self.row_mark(index)
        focused = self.has_focus if component or mark == "▌" else None  # which changes their style
        key = (index, width, self.scroll_offset.x, mark, component, focused, self.row_variant(index))
        strip = self._strips.get(key)
        if strip is None:
            strip = self._to_strip(self.draw_row(index, width - 1))
            self._note_width(strip.cell_length + 1)
            strip = self.decorate(strip)
            style = self.get_component_rich_style(component) if component else self._own_style
            strip = self._strips[key] = self._place(strip, mark, self._mark_ink(mark), width).apply_style(style)
        return strip

    def _to_strip(self, row: Text | Strip) -> Strip:
        if isinstance(row, Strip):
            # What is made visible later would be longer than what was measured here, and cut without a mark.
            if all(text.isprintable() for text, _, _ in row):
                return row
            return Strip([Segment(visible(text), style) for text, style, _ in row])
        console = self.typed_app.console
        # A Text without spans renders without its own style.
        return Strip(row.render(console)).apply_style(console.get_style(row.style))

    def _title_mark(self, line: int) -> tuple[str, Style | None]:
        """Return what stands before a fixed line: before the title of the pane that has the focus, its mark."""
        if line or not self.is_pane or not self.has_focus:
            return " ", None
        return "▌", self._mark_ink("▌")

    def _mark_ink(self, mark: str) -> Style | None:
        return self.ink("row-view--focus" if self.has_focus else "row-view--blurred") if mark == "▌" else None

    def _place(self, strip: Strip, mark: str, ink: Style | None, width: int) -> Strip:
        """Return the part of *strip* that is in sight behind its mark, exactly *width* cells wide."""
        left = self.scroll_offset.x
        room = width - len(mark)
        muted = self.ink("row-view--muted")
        if left or strip.cell_length > room:
            strip = in_sight(strip, left, room, muted)
        filler = [Segment(" " * (room - strip.cell_length))] if strip.cell_length < room else []
        return Strip([Segment(mark, ink), *strip, *filler], width)

    def _draw_empty(self, y: int, width: int) -> Strip:
        """Draw a line below the last row: nothing, or in an empty list its sentence, in the middle."""
        line = y - self.header_height - self.page_height // 3
        lines = [] if self.row_count() else wrapped(self.empty_text, width)
        if not 0 <= line < len(lines):
            return Strip.blank(width, self._own_style)
        text = Text(lines[line], self.ink("row-view--muted"))
        text.align("center", width)
        return self._to_strip(text).apply_style(self._own_style)
