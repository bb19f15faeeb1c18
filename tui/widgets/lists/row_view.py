"""RowView: a virtual list with a cursor and a search."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol, runtime_checkable

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.screen import ModalScreen

from ...text.colors import joined_lines
from ...text.format import counted
from ..key_offer import KeyOffer
from .matches import mark_matches
from .scan import Scan
from .virtual_list import VirtualList

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from textual import events
    from textual.strip import Strip

    from ...targets import Target

__all__ = ["RowView", "Spot", "compile_pattern"]

_SLICE = 0.01
"""Seconds that rows are looked through before the screen has its turn."""
_SIDE_STEP = 8
"""Cells that one horizontal step moves."""


def compile_pattern(text: str) -> re.Pattern[str]:
    """Return what a user typed as a pattern: a regular expression, or the text itself where that is none.

    Lower-case text ignores case, as in vim's smartcase.
    """
    flags = re.IGNORECASE if text == text.lower() else re.NOFLAG
    try:
        return re.compile(text, flags)
    except re.error:
        return re.compile(re.escape(text), flags)


class Rows(Protocol):
    """What is shown as rows of text, or could be."""

    @property
    def id(self) -> str | None:
        """The name of the widget."""
        ...

    @property
    def has_titles(self) -> bool:
        """Whether the first row has the titles of columns."""
        ...

    def all_rows(self) -> Callable[[], Sequence[str]]:
        """Return what gives them; it is called in a thread."""
        ...


@runtime_checkable
class Writing(Protocol):
    """A screen that writes what one of its panes shows to a file."""

    save_rows: Callable[[Rows], None]


@runtime_checkable
class Stepping(Protocol):
    """A screen on which the letters of the next and the previous match are steps."""

    action_next: Callable[[], None]
    action_next_back: Callable[[], None]


class Spot(NamedTuple):
    """Where one is in a list."""

    row: int
    """The cursor's."""
    top: int
    """The first one in sight."""


class RowView(VirtualList, can_focus=True):
    """A list with one cursor row, keys to move it, and a search.

    A subclass gives `row_text` besides what `VirtualList` asks for. `▌` marks the cursor's row.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "cursor_up", "Up", show=False, id="rows.up", tooltip="One row up"),
        Binding("down,j", "cursor_down", "Down", show=False, id="rows.down", tooltip="One row down"),
        Binding("left,h", "side(-1)", "Left", show=False, id="rows.left", tooltip="Scroll to the left"),
        Binding("right,l", "side(1)", "Right", show=False, id="rows.right", tooltip="Scroll to the right"),
        Binding("g,home", "first", "Top", show=False, id="rows.top", tooltip="Go to the first row"),
        Binding("G,end", "last", "Bottom", show=False, id="rows.bottom", tooltip="Go to the last row"),
        Binding("ctrl+u", "page(-0.5)", "Half up", show=False, id="rows.half-up", tooltip="Half a page back"),
        Binding("ctrl+d", "page(0.5)", "Half down", show=False, id="rows.half-down", tooltip="Half a page on"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="rows.page-up", tooltip="One page back"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="rows.page-down", tooltip="One page on"),
        Binding("slash", "search", "Search", key_display="/", id="rows.search", tooltip="Search for a text"),
        Binding("n", "search_again(1)", "Next", show=False, id="rows.next", tooltip="Next match"),
        Binding("N", "search_again(-1)", "Previous", show=False, id="rows.previous", tooltip="Previous match"),
        Binding("escape", "end_search", "End", show=False, id="rows.end-search", tooltip="Search for nothing any more"),
        Binding("y", "copy", "Copy", show=False, id="rows.copy", tooltip="Copy the row to the clipboard"),
        Binding("Y", "copy_all", "Copy all", show=False, id="rows.copy-all", tooltip="Copy all rows"),
        Binding("ctrl+s", "save", "Save", show=False, id="rows.save", tooltip="Write all rows to a file"),
        Binding("enter", "select", "Open", show=False, id="rows.select", tooltip="Open or follow the row"),
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "row-view--cursor",
        "row-view--match",
    }
    """
    | Class | Description |
    | :- | :- |
    | `row-view--cursor` | The cursor's line, from edge to edge. |
    | `row-view--match` | Text that the search pattern matches. |
    """

    DEFAULT_CSS = """
    RowView {
        & > .row-view--cursor {
            background: $cursor-row-blurred;
        }
        & > .row-view--match {
            color: $foreground;
            text-style: bold reverse;
        }
        &:focus > .row-view--cursor {
            background: $cursor-row;
        }
    }
    """

    cursor: reactive[int] = reactive(0, repaint=False)
    """The index of the cursor's row; 0 in an empty list."""
    pattern: reactive[re.Pattern[str] | None] = reactive[re.Pattern[str] | None](None)
    """What is searched for; its matches are marked in every row."""

    class RowMessage(Message):
        """What the messages of a RowView have in common.

        Args:
            view: The sender.
            index: The row.
        """

        def __init__(self, view: RowView, index: int) -> None:
            super().__init__()
            self.view = view
            self.index = index

        @property
        def control(self) -> RowView:
            """The sender, for `@on` with a selector."""
            return self.view

    class Highlighted(RowMessage):
        """The cursor came to a row."""

    class Selected(RowMessage):
        """A row was chosen with enter or a double click.

        Args:
            view: The sender.
            index: The row.
        """

        def __init__(self, view: RowView, index: int) -> None:
            super().__init__(view, index)
            self.value = view.row_value(index)
            """What the row stood for: another one may be in its place by now."""

    class Followed(RowMessage):
        """A name in a row was chosen: it leads to where what it names lives.

        Args:
            view: The sender.
            index: The row.
            target: Where it leads.
        """

        def __init__(self, view: RowView, index: int, target: Target) -> None:
            super().__init__(view, index)
            self.target = target

    class SearchRequested(RowMessage):
        """The user wants to search: ask for a pattern and call `search` with it."""

    # What a subclass gives

    def row_text(self, index: int) -> str:
        """Return a row as plain text: what is searched and copied."""
        raise NotImplementedError

    def row_value(self, index: int) -> Any:
        """Return what a row stands for, where rows come and go while one of them is chosen."""
        return None

    @property
    def has_titles(self) -> bool:
        """Whether the first of `all_rows` is one of titles."""
        return False

    def row_hint(self, index: int) -> str:
        """Return a sentence about a row, for a status line; empty when there is nothing to say."""
        return ""

    def row_targets(self, index: int) -> Sequence[Target]:
        """Return where the names in a row lead; what is drawn of the n-th has `{"target": n}` as its style's meta."""
        return ()

    def row_mark(self, index: int) -> tuple[str, str]:
        """Return a row's character in the mark column, and the component class of its line or ""."""
        return ("▌", "row-view--cursor") if index == self.cursor else (" ", "")

    def find(self, pattern: re.Pattern[str], start: int, step: int) -> int | None:
        """Return the first row from *start* on, by steps of 1 or -1, whose text matches, or None."""
        rows = range(start, self.row_count() if step > 0 else -1, step)
        return next((index for index in rows if pattern.search(self.row_text(index))), None)

    def all_rows(self) -> Callable[[], Sequence[str]]:
        """Return what gives all rows as plain text, with a line of titles where there are columns.

        It is called in a thread, for it takes a while where there are thousands.
        """
        return self._row_texts

    def _row_texts(self) -> list[str]:
        found: list[str] = []
        with suppress(IndexError):  # rows that are dropped meanwhile
            for index in range(self.row_count()):
                found.append(self.row_text(index))
        return found

    # What a subclass and a screen call

    def restart(self) -> None:
        """Draw other rows, from the first one."""
        self.cursor = 0
        super().restart()

    @cached_property
    def offer(self) -> KeyOffer:
        """What the key bar is told where other things can be done than before: here, or with these rows."""
        return KeyOffer(self)

    def search(self, pattern: str | re.Pattern[str]) -> bool:
        """Go to the first match from the cursor on, wrapping around; return whether there is one.

        Args:
            pattern: What to look for; text as in `compile_pattern`. An empty one ends the search.
        """
        if pattern == "":
            self.pattern = None
            return False
        self.pattern = compile_pattern(pattern) if isinstance(pattern, str) else pattern
        return self._go_to_match(self.cursor, 1)

    # While a pattern is typed

    _origin: Spot | None = None
    _scan: Scan | None = None
    _staying = False

    def seek_from_here(self) -> None:
        """Begin to search: the first match is the one from here on."""
        self._origin = Spot(self.cursor, self.scroll_offset.y)
        self._scan = None
        self._staying = False

    def seek(self, text: str) -> None:
        """Go to the first match of what was typed so far, as soon as it is found; back, where there is none."""
        self._scan = None
        if text:
            self.seek_pattern(compile_pattern(text))
        else:
            self.pattern = None
            self._to_origin()

    def seek_pattern(self, pattern: re.Pattern[str]) -> None:
        """Look for a pattern in all rows, a slice at a time."""
        self.pattern = pattern
        origin = self.cursor if self._origin is None else self._origin.row
        self._scan = scan = Scan(self.row_text, self.row_count(), pattern, origin)
        self._go_on(scan, scan.steps())

    def _go_on(self, scan: Scan, steps: Iterator[None]) -> None:
        if self._scan is not scan or scan.count != self.row_count():  # the rows are others by now
            return
        known = scan.first
        stop = time.perf_counter() + _SLICE
        for _ in steps:
            if time.perf_counter() > stop:
                self.set_timer(0.001, lambda: self._go_on(scan, steps))
                break
        if known is None and scan.first is not None:
            self.cursor = scan.first
            self.scroll_to_cursor()
        elif scan.is_done and scan.first is None:
            self._to_origin()
        if self._staying:
            self._stay()

    def seek_count(self) -> str:
        """Return which match the cursor is on, of how many."""
        scan = self._scan
        if scan is None:
            return ""
        if not scan.is_done:
            return f"≥ {len(scan):,}"
        return f"{scan.number(self.cursor) or '–'} of {len(scan):,}" if len(scan) else "0"

    def seek_end(self, *, stay: bool) -> None:
        """End the search: *stay* at what was found, and say so where there is nothing, or go back."""
        if stay:
            self._staying = True
            self._stay()
        else:
            self._scan = None
            self.pattern = None
            self._to_origin()

    def _stay(self) -> None:
        """Stay at the first match as soon as there is one, and say so where there is none."""
        scan = self._scan
        if scan is None or (scan.first is None and not scan.is_done):
            return
        self._staying = False
        if scan.first is None:
            self.notify(f"no match for {scan.pattern.pattern!r}", severity="warning", timeout=3)

    def _to_origin(self) -> None:
        if self._origin is not None:
            RowView.return_to(self, self._origin)  # a subclass has spots of its own

    # Behaviour

    def refresh_rows(self) -> None:
        """Draw anew: the rows have changed, come or gone."""
        super().refresh_rows()
        self.cursor = self.validate_cursor(self.cursor)
        self.offer.follow()

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self.scroll_to_cursor()

    def validate_cursor(self, cursor: int) -> int:
        """Keep the cursor within the rows."""
        return max(0, min(cursor, self.row_count() - 1))

    def watch_cursor(self, old: int, new: int) -> None:
        """Move the cursor's line and say so."""
        if not self.is_mounted:
            return
        for index in (old, new):
            self.refresh_line(index + self.header_height)
        self.scroll_to_cursor()
        self.offer.follow()
        self.post_message(self.Highlighted(self, new))

    def watch_pattern(self) -> None:
        """Mark the new matches."""
        self.forget_strips()

    def scroll_to_cursor(self) -> None:
        """Scroll as little as brings the cursor's row into sight; after a leap show what is around it.

        A list that has no room yet, as it is not shown, is not scrolled: that is done when it gets some.
        """
        if not self.scrollable_content_region.height:
            return
        page = self.page_height
        beyond = min(0, self.cursor - self.scroll_offset.y) or max(0, self.cursor - self.scroll_offset.y - page + 1)
        if not beyond:
            return
        top = self.scroll_offset.y + beyond if abs(beyond) < page // 2 else self.cursor - page // 3
        self.scroll_to(y=max(0, top), animate=False, force=True)

    def spot(self) -> object:
        """Return where one is: the row and what is above it."""
        return Spot(self.cursor, self.scroll_offset.y)

    def return_to(self, spot: Any) -> None:
        """Bring back what `spot` returned: the row and the scroll, as far as there is such a row."""
        self.cursor = spot.row
        self.scroll_top_to(spot.top)

    def scroll_top_to(self, top: int) -> None:
        """Let a row be the first in sight, of a view that may just be coming into sight itself."""
        cursor = self.cursor

        def scroll() -> None:
            if self.cursor == cursor:
                self.scroll_to(y=max(0, top), animate=False, force=True)
                self.scroll_to_cursor()

        scroll()
        self.call_after_refresh(scroll)

    def decorate(self, strip: Strip) -> Strip:
        """Mark what the search pattern matches."""
        if self.pattern is None:
            return strip
        return mark_matches(strip, self.pattern, self.get_component_rich_style("row-view--match"))

    # Actions

    def action_cursor_up(self) -> None:
        """Go up."""
        self.cursor -= 1

    def action_cursor_down(self) -> None:
        """Go down."""
        self.cursor += 1

    def action_page(self, pages: float) -> None:
        """Move cursor and page by a part of a page, down where it is positive."""
        rows = int(self.page_height * pages)
        self.scroll_to(y=self.scroll_offset.y + rows, animate=False, force=True)
        self.cursor += rows

    def action_first(self) -> None:
        """Go to the first row."""
        self.cursor = 0

    def action_last(self) -> None:
        """Go to the last row."""
        self.cursor = self.row_count() - 1

    def action_side(self, direction: int) -> None:
        """Scroll sideways."""
        self.scroll_to(x=self.scroll_offset.x + direction * _SIDE_STEP, animate=False, force=True)

    def action_search(self) -> None:
        """Ask the screen for a pattern."""
        self.post_message(self.SearchRequested(self, self.cursor))

    def action_search_again(self, step: int) -> None:
        """Go to the next or the previous match."""
        if self.pattern is not None:
            self._go_to_match(self.cursor + step, step)

    def action_copy(self) -> None:
        """Copy what is selected, else the cursor's row."""
        selected = self.screen.get_selected_text()
        if selected:
            self.typed_app.copy_to_clipboard(selected)
            self.notify("selection copied", timeout=2)
        elif self.row_count():
            self.typed_app.copy_to_clipboard(self.row_text(self.cursor))
            self.notify("row copied", timeout=2)
        else:
            self.notify("there is no row to copy", severity="warning", timeout=3)

    def action_end_search(self) -> None:
        """Mark no matches any more, and stay."""
        self.seek_from_here()
        self.seek("")

    def action_copy_all(self) -> None:
        """Copy all rows."""
        work = partial(self._copy_all, self.all_rows())
        # With a description, or Textual makes one of the work, and of all that it is given.
        self.run_worker(
            work, thread=True, exclusive=True, group="copy", exit_on_error=False, description="copy of all rows"
        )

    def _copy_all(self, rows: Callable[[], Sequence[str]]) -> None:
        found = rows()
        self.typed_app.call_from_thread(self._copied, joined_lines(*found), len(found) - self.has_titles)

    def _copied(self, text: str, count: int) -> None:
        self.typed_app.copy_to_clipboard(text)
        self.notify(f"{counted(count, 'row')} copied{', with titles' if self.has_titles else ''}", timeout=2)

    def action_save(self) -> None:
        """Ask the screen to write all rows to a file."""
        if isinstance(self.screen, Writing):
            self.screen.save_rows(self)

    def action_select(self) -> None:
        """Choose the cursor's row."""
        if self.row_count():
            self.post_message(self.Selected(self, self.cursor))

    def why_not(self, action: str) -> str:
        """Return why an action that `check_action` does not offer does not apply now; empty where that is plain."""
        if action == "select":
            return "there is no row here"
        return "nothing is searched for: /" if action.startswith("search_again(") else ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the next match only while there is a search, and to open a row only where there is one."""
        match action:
            case "search_again":
                return self.pattern is not None and not isinstance(self.screen, Stepping)
            case "end_search":  # a box is closed first
                return self.pattern is not None and not isinstance(self.screen, ModalScreen)
            case "select":
                return self.row_count() > 0
            case "save" | "copy_all":  # a dialog has keys of its own for that
                return self.row_count() > 0 and isinstance(self.screen, Writing)
            case _:
                return True

    def on_click(self, event: events.Click) -> None:
        """Bring the cursor to the row under the pointer, and follow a name there; a double click chooses the row."""
        offset = event.get_content_offset(self)
        if offset is None or offset.y < self.header_height:
            return
        index = offset.y - self.header_height + self.scroll_offset.y
        if index >= self.row_count():
            return
        self.cursor = index
        number: int = event.style.meta.get("target", -1)
        targets = self.row_targets(index)
        if 0 <= number < len(targets):
            self.post_message(self.Followed(self, index, targets[number]))
        elif event.chain == 2:
            self.action_select()

    def _go_to_match(self, start: int, step: int) -> bool:
        assert self.pattern is not None
        scan = self._scan
        known = scan is not None and scan.is_done and scan.count == self.row_count() and scan.pattern is self.pattern
        find = scan.nearest if scan is not None and known else partial(self.find, self.pattern)
        found = find(start, step)
        if found is None:
            found = find(0 if step > 0 else self.row_count() - 1, step)
        if found is None:
            self.notify(f"no match for {self.pattern.pattern!r}", severity="warning", timeout=3)
            return False
        self.cursor = found
        self.scroll_to_cursor()
        return True
