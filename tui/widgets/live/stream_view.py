"""StreamView: lines as they come, the newest at the bottom, in bounded memory."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, ClassVar, Final

from textual.reactive import reactive

from ..lists.row_view import RowView

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable, Sequence

    from ....core.live.drawn import EventLine

__all__ = ["CAPACITY", "StreamView"]

CAPACITY: Final = 10_000
"""Lines that are kept."""


class StreamView(RowView):
    """Lines as they come.

    It follows the newest one until the user goes up, and again once they are back at the bottom. A subclass gives
    `line_text` besides what `RowView` asks for, and says in `tell` what the title says.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"stream-view--time"}
    """
    | Class | Description |
    | :- | :- |
    | `stream-view--time` | When a line came. |
    """

    DEFAULT_CSS = """
    StreamView {
        & > .stream-view--time { color: $text-muted; }
    }
    """

    following: reactive[bool] = reactive(True, repaint=False)
    """Whether the newest line stays in sight."""

    def __init__(
        self,
        *,
        capacity: int = CAPACITY,
        id: str | None = None,  # noqa: A002 - Textual's own name
    ) -> None:
        """Initialise an empty view that keeps *capacity* lines; older ones go."""
        super().__init__(id=id)
        self._lines: deque[EventLine] = deque(maxlen=capacity)
        self._count = 0
        self._found: deque[int] = deque()
        """The numbers of the kept lines that match, where rows are narrowed."""
        self._matches: Callable[[EventLine], object] | None = None
        self._appending = False

    # What a subclass gives

    def line_text(self, line: EventLine) -> str:
        """Return what of a line is looked through, and copied."""
        return line.text

    def tell(self) -> None:
        """Say how many there are: that has changed."""

    # The lines

    @property
    def count(self) -> int:
        """How many lines came since the view was cleared, kept or not."""
        return self._count

    @property
    def kept(self) -> int:
        """How many lines are kept, whether they are shown or not."""
        return len(self._lines)

    def line(self, index: int) -> EventLine:
        """Return the line of a row."""
        return self._lines[index if self._matches is None else self._found[index] - self._first]

    @property
    def _first(self) -> int:
        """The number of the oldest line that is kept; the first that came has 0."""
        return self._count - len(self._lines)

    def append(self, lines: Iterable[EventLine]) -> None:
        """Add *lines*, the newest last."""
        new = list(lines)
        if not new:
            return
        before = self.row_count()
        self._lines.extend(new)
        self._count += len(new)
        added = self._narrow_to(max(self._first, self._count - len(new)))
        dropped = before + added - self.row_count()
        self._appending = True
        try:
            if self.following:
                self.refresh_rows()
                self.cursor = self.row_count() - 1
                self.scroll_to_cursor()
            else:
                # What the user reads stays where it is while older rows go.
                offset = max(0, self.scroll_offset.y - dropped)
                self.cursor -= dropped
                self.refresh_rows()
                self.scroll_to(y=offset, animate=False, force=True)
        finally:
            self._appending = False
        self.tell()

    def _narrow_to(self, start: int) -> int:
        """Look which lines match, from a number on, and forget those that are kept no more; return how many came."""
        matches = self._matches
        if matches is None:
            return min(self._count - start, len(self._lines))
        found = self._found
        while found and found[0] < self._first:
            found.popleft()
        new = [
            number for number, line in enumerate(islice(self._lines, start - self._first, None), start) if matches(line)
        ]
        found.extend(new)
        return len(new)

    def clear(self) -> None:
        """Forget the lines."""
        self._lines.clear()
        self._found.clear()
        self._count = 0
        self.following = True
        self.refresh_rows()
        self.tell()

    def show_only(self, matches: Callable[[EventLine], object] | None) -> None:
        """Show only the lines that *matches* says yes to; without, all. The newest comes into sight."""
        self._matches = matches
        self._found.clear()
        self._narrow_to(self._first)
        self.refresh_rows()
        self.cursor = self.row_count() - 1
        self.following = True
        self.scroll_to_cursor()
        self.tell()

    # Rows

    def row_count(self) -> int:
        """Return how many lines are shown."""
        return len(self._lines) if self._matches is None else len(self._found)

    def row_text(self, index: int) -> str:
        """Return a line's text."""
        return self.line_text(self.line(index))

    def all_rows(self) -> Callable[[], Sequence[str]]:
        """Return what gives the lines that are shown."""
        shown = self.shown()
        return lambda: [self.line_text(line) for line in shown]

    def shown(self) -> list[EventLine]:
        """Return the lines that are shown now."""
        return [*self._lines] if self._matches is None else [self.line(row) for row in range(len(self._found))]

    def find(self, pattern: re.Pattern[str], start: int, step: int) -> int | None:
        """Search without asking the deque for each index."""
        texts = [self.line_text(line) for line in self._lines] if self._matches is None else None
        rows = range(start, self.row_count() if step > 0 else -1, step)
        return next((row for row in rows if pattern.search(texts[row] if texts else self.row_text(row))), None)

    # Behaviour

    def on_mount(self) -> None:
        """Begin with a title."""
        self.tell()

    def watch_following(self) -> None:
        """Say that newer lines are out of sight."""
        self.tell()

    def watch_cursor(self, old: int, new: int) -> None:
        """Follow while the cursor is on the newest line."""
        super().watch_cursor(old, new)
        if not self._appending:
            self.following = new >= self.row_count() - 1

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Stop following when the user scrolls up, and follow again at the bottom."""
        super().watch_scroll_y(old_value, new_value)
        if not self._appending and new_value != old_value:
            self.following = new_value >= self.max_scroll_y
