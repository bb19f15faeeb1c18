"""LinesView: a pane of the debugger: lines under headings, of what was seen where the run stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from ...text.fit import fitted, width_of
from ...text.shown import Text
from ..lists.row_view import RowView

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from textual import events

    from ....core.debug.sight import Sight

__all__ = ["Line", "LinesView"]


class Line(NamedTuple):
    """A line of a pane."""

    parts: tuple[tuple[str, str], ...]
    """Texts, each with a component class; empty for plain text."""
    about: object = None
    """What it is of: what a key does there depends on it."""
    is_heading: bool = False


class LinesView(RowView):
    """Lines that a subclass makes of what was seen, anew for each width. The cursor stays on what its line is about."""

    is_pane: ClassVar[bool] = True
    TITLE: ClassVar[str] = ""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "lines-view--heading",
        "lines-view--changed",
        "lines-view--muted",
        "lines-view--bad",
        "lines-view--good",
        "lines-view--link",
        "lines-view--read",
        "lines-view--written",
        "lines-view--here",
    }
    """
    | Class | Description |
    | :- | :- |
    | `lines-view--heading` | What the lines below are. |
    | `lines-view--changed` | What the step before has changed. |
    | `lines-view--read`, `--written` | Bytes that the program has read, and written to. |
    | `lines-view--here` | The byte under the cursor. |
    """

    DEFAULT_CSS = """
    LinesView {
        height: 1fr;
        & > .lines-view--heading { color: $foreground; text-style: bold; }
        & > .lines-view--changed { color: $changed; text-style: bold; }
        & > .lines-view--muted { color: $text-muted; }
        & > .lines-view--bad { color: $text-error; }
        & > .lines-view--good { color: $text-success; }
        & > .lines-view--link { color: $link; }
        & > .lines-view--read { color: $foreground; text-style: underline; }
        & > .lines-view--written { color: $changed; text-style: bold reverse; }
        & > .lines-view--here { color: $primary; text-style: bold reverse; }
    }
    """

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's own name
        """Initialise a pane of which nothing is known yet."""
        super().__init__(id=id)
        self.sight: Sight | None = None
        self._lines: list[Line] = []
        self.empty_text = "the run is not prepared yet"

    # What a subclass gives

    def lines(self, sight: Sight, width: int) -> Iterable[Line]:
        """Return the lines for *width* cells."""
        raise NotImplementedError

    def title(self, sight: Sight) -> str:
        """Return what stands behind the title."""
        return ""

    def empty(self, sight: Sight) -> str:
        """Return the sentence that stands there where there is no line."""
        return "nothing to show"

    # What the screen calls

    def show(self, sight: Sight) -> None:
        """Show what was seen."""
        self.sight = sight
        self.rebuild()

    def rebuild(self) -> None:
        """Make the lines anew; the cursor stays on what it was on, where that is still there."""
        sight = self.sight
        if sight is None:
            return
        about = self.about
        # One that was not shown so far has no width: where it is alone it will have all of it.
        self._lines = list(self.lines(sight, max(20, (self.size.width or self.screen.size.width) - 3)))
        self.empty_text = self.empty(sight)
        with self.prevent(self.Highlighted):
            self.refresh_rows()
            if about is not None:
                at = next((n for n, line in enumerate(self._lines) if line.about == about), None)
                if at is not None:
                    self.cursor = at

    @property
    def about(self) -> object:
        """What the cursor's line is of; None for nothing."""
        return self._lines[self.cursor].about if self.cursor < len(self._lines) else None

    @property
    def shown(self) -> Sequence[Line]:
        """The lines."""
        return self._lines

    # Rows

    def row_count(self) -> int:
        """Return how many lines there are."""
        return len(self._lines)

    def row_text(self, index: int) -> str:
        """Return a line as plain text."""
        return "".join(text for text, _ in self._lines[index].parts).rstrip()

    def draw_row(self, index: int, width: int) -> Text:
        """Draw a line."""
        line = self._lines[index]
        text = Text()
        for part, name in line.parts:
            text.append(part, self.ink(f"lines-view--{name}") if name else "")
        return text

    @property
    def header_height(self) -> int:
        """A title."""
        return 1

    def draw_header(self, line: int, width: int) -> Text:
        """Draw the title, and what stands behind it as far as there is room."""
        more = self.title(self.sight) if self.sight is not None else ""
        room = width - width_of(self.TITLE) - 3
        while width_of(more) > room and " · " in more:  # parts are dropped whole: a number that is cut is another one
            more = more.rpartition(" · ")[0]
        return Text(f"{self.TITLE}  {fitted(more, room).rstrip()}" if more and room > 8 else self.TITLE)

    def on_resize(self, event: events.Resize | None = None) -> None:
        """Make the lines for another width. Textual calls the base class's handler by itself."""
        self.rebuild()


def heading(text: str) -> Line:
    """Return the line above others."""
    return Line(((text, "heading"),), is_heading=True)
