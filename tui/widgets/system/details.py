"""FactsView: what is known of the thing that the cursor is on, and all that it is related to, each a key away."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from rich.style import Style
from textual.binding import Binding, BindingType

from ...text.colors import tabbed
from ...text.fit import fitted, width_of, wrapped
from ...text.shown import Text
from ..lists.row_view import RowView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...targets import Target, Thing
    from .noun import Fact

__all__ = ["FactsView"]

_LABEL: Final = 11
"""Cells of labels at least: `translated`."""
_LONGEST_LABEL: Final = 18
"""Cells of labels at most; the kernel's own names are longer than the others: `target_btf_id`."""
_LEAST: Final = 16
"""Cells that a line has at least, however narrow the view is."""


class FactsView(RowView):
    """A line for each fact and each relation, or several where one has no room; enter goes where one leads.

    The lines of one fact are one row to those who go through them: all are marked, and up and down go to the next one.
    Only what is longer than the view is gone through line by line.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Follow", id="facts.follow", tooltip="Go to what this line names"),
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = {"facts-view--link", "facts-view--warning"}
    """
    | Class | Description |
    | :- | :- |
    | `facts-view--link` | What can be followed. |
    | `facts-view--warning` | What is not as it should be. |
    """
    DEFAULT_CSS = """
    FactsView {
        height: 1fr;
        & > .facts-view--link { color: $link; }
        & > .facts-view--warning { color: $text-warning; }
    }
    """
    is_pane = True

    def __init__(self) -> None:
        """Initialise a view of nothing."""
        super().__init__()
        self.title = ""
        self.about: Thing | None = None
        """What it is about."""
        self.facts: Sequence[Fact] = ()
        self._parts: list[tuple[int, str]] = []
        """Of each line on the screen its fact, and what stands there of that: no name and no number is cut."""
        self._cells = 0
        self._label = _LABEL
        """Cells of the labels that are shown."""
        self._is_led = False
        """Whether the cursor is to be brought to the first line that leads somewhere."""
        self.empty_text = "nothing is chosen"

    def show(self, about: Thing | None, title: str, facts: Sequence[Fact]) -> None:
        """Show what is known of something; of the same thing again, the cursor stays."""
        same = about == self.about
        if same and title == self.title and facts == self.facts:
            return
        self.about, self.title, self.facts = about, title, facts
        self._lay_out()
        if not same:
            self.restart()
            self._is_led = True
            self._begin()

    def _begin(self) -> None:
        """Bring the cursor to what leads somewhere, of a thing that has just been chosen."""
        if self._is_led and self._parts:
            self._is_led = False
            self.cursor = self._next(0, 1)

    def _lay_out(self) -> None:
        """Break what has no room in a line between words; the cursor stays on its fact.

        A view that is not shown has no lines yet: nothing is known of its width.
        """
        if not self._cells:
            return
        lines = self._lines(self.cursor)
        before, within = (self._parts[lines.start][0], self.cursor - lines.start) if lines else (0, 0)
        longest = max((width_of(fact.label) + 1 for fact in self.facts), default=0)
        self._label = min(max(longest, _LABEL), _LONGEST_LABEL)
        room = max(self._cells - self._label, _LEAST)
        self._parts = [
            (number, part)
            for number, fact in enumerate(self.facts)
            for part in wrapped(fact.text, room, whole=True) or [""]
        ]
        self.refresh_rows()
        lines = self._lines(next((index for index, (number, _) in enumerate(self._parts) if number == before), 0))
        self.cursor = min(lines.start + within, lines.stop - 1) if lines else 0

    def on_resize(self) -> None:
        """Break the lines anew. Textual calls the base class's handler by itself."""
        self._follow_width()

    def watch_show_vertical_scrollbar(self, show: bool) -> None:
        """Break the lines anew: a scrollbar has come or gone, of which no resizing tells."""
        super().watch_show_vertical_scrollbar(show)
        self._follow_width()

    def _follow_width(self) -> None:
        cells = self.scrollable_content_region.width - 1
        if cells > 0 and cells != self._cells:
            self._cells = cells
            self._lay_out()
            self._begin()

    def _fact(self, index: int) -> Fact:
        return self.facts[self._parts[index][0]]

    def _begins(self, index: int) -> bool:
        """Whether a line is the first of its fact."""
        return not index or self._parts[index - 1][0] != self._parts[index][0]

    def _lines(self, index: int) -> range:
        """Return the lines of the fact that a line is of."""
        if index >= len(self._parts):
            return range(0)
        first = last = index
        while not self._begins(first):
            first -= 1
        while last + 1 < len(self._parts) and not self._begins(last + 1):
            last += 1
        return range(first, last + 1)

    def _next(self, start: int, step: int) -> int:
        """Return the next line from *start* on that leads somewhere; where there is none, *start*."""
        rows = range(start, self.row_count() if step > 0 else -1, step)
        return next((index for index in rows if self._fact(index).thing is not None), start)

    @property
    def header_height(self) -> int:
        """The title."""
        return 1

    def draw_header(self, line: int, width: int) -> Text:
        """Draw the title."""
        return Text(fitted(self.title, width).rstrip(), no_wrap=True)

    def row_count(self) -> int:
        """Return how many lines there are."""
        return len(self._parts)

    def row_text(self, index: int) -> str:
        """Return a line as text: the first of a fact has all of it."""
        fact = self._fact(index)
        return tabbed(fact.label, fact.text) if self._begins(index) else self._parts[index][1]

    def row_targets(self, index: int) -> Sequence[Target]:
        """Return where a line leads."""
        thing = self._fact(index).thing
        return () if thing is None else (thing,)

    def draw_row(self, index: int, width: int) -> Text:
        """Draw a line."""
        fact, shown = self._fact(index), self._parts[index][1]
        label = fact.label if self._begins(index) else ""
        text = Text(fitted(label, self._label), self.ink("row-view--muted"), no_wrap=True)
        if fact.thing is not None:
            return text.append(shown, self.ink("facts-view--link") + Style(meta={"target": 0}))
        role = {"warning": "facts-view--warning", "muted": "row-view--muted"}.get(fact.role)
        return text.append(shown, self.ink(role) if role else self._own_ink)

    @property
    def _own_ink(self) -> Style:
        return Style(color=self._own_style.color)

    def row_mark(self, index: int) -> tuple[str, str]:
        """Return the cursor's mark, on all lines of its fact."""
        return ("▌", "row-view--cursor") if index in self._lines(self.cursor) else (" ", "")

    def watch_cursor(self, old: int, new: int) -> None:
        """Mark all lines of the fact that the cursor came to."""
        super().watch_cursor(old, new)
        if self.is_mounted:
            for index in (*self._lines(old), *self._lines(new)):
                self.refresh_line(index + self.header_height)

    def scroll_to_cursor(self) -> None:
        """Bring the fact of the cursor in sight, the whole of it where it has room."""
        super().scroll_to_cursor()
        lines, page = self._lines(self.cursor), self.page_height
        if not self.scrollable_content_region.height or len(lines) > page:
            return
        top = min(max(self.scroll_offset.y, lines.stop - page), lines.start)
        if top != self.scroll_offset.y:
            self.scroll_to(y=top, animate=False, force=True)

    def action_cursor_up(self) -> None:
        """Go to the fact above; within one that is longer than the view, up a line."""
        lines = self._lines(self.cursor)
        if self.cursor > lines.start and len(lines) > self.page_height:
            self.cursor -= 1
        elif lines and lines.start:
            above = self._lines(lines.start - 1)
            self.cursor = above.start if len(above) <= self.page_height else above.stop - 1

    def action_cursor_down(self) -> None:
        """Go to the fact below; within one that is longer than the view, down a line."""
        lines = self._lines(self.cursor)
        if len(lines) > self.page_height:
            self.cursor += 1
        elif lines.stop < len(self._parts):
            self.cursor = lines.stop

    def action_select(self) -> None:
        """Go where the line leads."""
        targets = self.row_targets(self.cursor) if self._parts else ()
        if targets:
            self.post_message(self.Followed(self, self.cursor, targets[0]))
        else:
            self.notify("this line leads nowhere", timeout=2)
