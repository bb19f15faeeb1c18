"""Overview: what the chosen node is, in words that lead to what they name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from ..targets import Setting, leads_to
from ..text.fit import fitted
from ..text.page import Page, Part, rows_of
from .code.code_view import CodeView
from .lists.row_view import RowView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..targets import Target

__all__ = ["Overview"]


class _Spot(NamedTuple):
    """Where one is on a page."""

    row: int
    link: int
    top: int


class Overview(CodeView):
    """A page of text with a cursor. In a row with several names, the arrows to the sides choose among them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Follow", id="overview.open", tooltip="Follow the name, else go to its own tab"),
        Binding("e", "edit", "Edit", id="overview.edit", tooltip="Set what is marked with ✎"),
        Binding("left,h", "link(-1)", "Left", show=False, id="overview.left", tooltip="The name before in this row"),
        Binding("right,l", "link(1)", "Right", show=False, id="overview.right", tooltip="The next name in this row"),
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "overview--bold",
        "overview--muted",
        "overview--good",
        "overview--warning",
        "overview--bad",
        "overview--link",
        "overview--chosen",
    }
    """
    | Class | Description |
    | :- | :- |
    | `overview--link` | What leads somewhere. |
    | `overview--chosen` | The name that enter follows. |
    | `overview--bold`, `--muted`, `--good`, `--warning`, `--bad` | What words are. |
    """

    DEFAULT_CSS = """
    Overview {
        & > .overview--bold { text-style: bold; }
        & > .overview--muted { color: $text-muted; }
        & > .overview--good { color: $text-success; }
        & > .overview--warning { color: $text-warning; }
        & > .overview--bad { color: $text-error; }
        & > .overview--link { color: $link; }
        & > .overview--chosen { color: $link; text-style: bold underline; }
    }
    """

    is_pane: ClassVar[bool] = True

    first_link: ClassVar[int] = 0
    link: reactive[int] = reactive(0)
    """Which of the names in the cursor's row is chosen."""

    class Opened(Message):
        """The user wants to go where the chosen node is at home."""

    def __init__(self, page: Page) -> None:
        """Initialise it with the *page* that is shown at first."""
        super().__init__()
        self._page = page
        self._rows: list[tuple[Part, ...]] = []
        self._width = 0
        self._has_tab = False

    def show(self, page: Page, *, keep_place: bool = False, has_tab: bool = False) -> None:
        """Show *page*, from its top unless it is the same thing as before.

        Args:
            page: What is shown.
            keep_place: Whether it is the same thing in any case.
            has_tab: Whether what it is about has a tab of its own, which enter leads to.
        """
        self._has_tab = has_tab
        same = (page.title, page.kind) == (self._page.title, self._page.kind)
        if page != self._page:
            self._page = page
            self._lay_out()
        if not (keep_place or same):
            self.link = 0
            self.restart()

    @property
    def text(self) -> str:
        """The whole page."""
        return self._page.plain

    # Rows

    def _lay_out(self) -> None:
        width = max(1, self._width - 2)
        self._rows = [row for line in self._page.lines for row in rows_of(line, width)]
        self.refresh_rows()

    def on_resize(self) -> None:
        """Break the lines anew. Textual calls the base class's handler by itself."""
        if self._width != self.scrollable_content_region.width:
            self._width = self.scrollable_content_region.width
            self._lay_out()

    def row_count(self) -> int:
        """Return how many rows there are."""
        return len(self._rows)

    def row_text(self, index: int) -> str:
        """Return a row as plain text."""
        return "".join(part.text for part in self._rows[index]).rstrip()

    def row_targets(self, index: int) -> Sequence[Target]:
        """Return where the names of a row lead, from left to right."""
        found: list[Target] = []
        for part in self._rows[index]:
            if part.target is not None and (not found or found[-1] != part.target):
                found.append(part.target)
        return found

    @property
    def chosen(self) -> Target | None:
        """Where the chosen name leads; None where the cursor's row has none."""
        if not self.row_count():
            return None
        targets = self.row_targets(self.cursor)
        return targets[min(self.link, len(targets) - 1)] if targets else None

    # Drawing

    def row_variant(self, index: int) -> object:
        """Draw the cursor's row anew for each name that is chosen in it."""
        return (self.link, self.has_focus) if index == self.cursor else None

    def draw_row(self, index: int, width: int) -> Strip:
        """Draw a row."""
        targets = self.row_targets(index)
        chosen = min(self.link, len(targets) - 1) if index == self.cursor and self.has_focus else -1
        segments: list[Segment] = []
        for part in self._rows[index]:
            if part.kind == "c":
                segments += self.c_source(part.text)
            elif part.target is None:
                segments.append(Segment(part.text, self.ink(f"overview--{part.kind}") if part.kind else None))
            else:
                number = targets.index(part.target)
                ink = self.ink("overview--chosen" if number == chosen else "overview--link")
                segments.append(Segment(part.text, ink + Style(meta={"target": number})))
        return Strip(segments)

    @property
    def header_height(self) -> int:
        """The title."""
        return 1

    def draw_header(self, line: int, width: int) -> Strip:
        """Draw the title, and at its right where the chosen name leads."""
        page, target = self._page, self.chosen
        said = f"⏎ {leads_to(target)}" if target is not None and self.has_focus else ""
        room = width - cell_len(said) - 2 if said else width
        title = fitted(page.title, min(cell_len(page.title), max(8, room)))
        kind = fitted(f"  {page.kind}", room - cell_len(title)) if room > cell_len(title) + 4 else ""
        left = [Segment(title), Segment(kind, self.ink("overview--muted"))]
        space = width - cell_len(title) - cell_len(kind) - cell_len(said) - 1
        if not said or space < 1:
            return Strip(left)
        return Strip([*left, Segment(" " * space), Segment(said, self.ink("overview--muted"))])

    # Behaviour

    def watch_cursor(self, old: int, new: int) -> None:
        """Begin with the first name of the row that the cursor came to."""
        super().watch_cursor(old, new)
        self.refresh_line(0)

    def spot(self) -> _Spot:
        """Return where one is."""
        return _Spot(self.cursor, self.link, self.scroll_offset.y)

    def return_to(self, spot: Any) -> None:
        """Bring back the row, the name in it, and the scroll."""
        self.cursor = spot.row
        self.link = spot.link
        self.scroll_top_to(spot.top)

    def action_link(self, step: int) -> None:
        """Choose another name of the row; in one with none, scroll."""
        targets = self.row_targets(self.cursor) if self.row_count() else ()
        if targets:
            self.link = (min(self.link, len(targets) - 1) + step) % len(targets)
        else:
            self.action_side(step)

    def action_select(self) -> None:
        """Follow the chosen name; where there is none, go to the tab of what the page is about."""
        target = self.chosen
        if target is None:
            self.post_message(self.Opened())
        else:
            self.post_message(RowView.Followed(self, self.cursor, target))

    def action_edit(self) -> None:
        """Set what is marked in the cursor's row, else the first that is marked at all."""
        rows = [self.cursor, *range(self.row_count())] if self.row_count() else []
        for row in rows:
            for target in self.row_targets(row):
                if isinstance(target, Setting):
                    self.post_message(RowView.Followed(self, row, target))
                    return

    def why_not(self, action: str) -> str:
        """Return why there is nothing to follow or to set."""
        match action:
            case "edit":
                return "nothing here can be set: ✎ marks what can"
            case "select":
                return "this row names nothing to follow: what can be followed is blue"
            case _:
                return super().why_not(action)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to follow and to set only what can be."""
        if action == "edit":
            return any(isinstance(part.target, Setting) for row in self._rows for part in row)
        if action == "select":
            return self._has_tab or self.chosen is not None
        return super().check_action(action, parameters)
