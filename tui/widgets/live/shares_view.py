"""SharesView: what stands in one field of a stream's events, as bars: the most frequent values first."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from ....core.live.shares import Share, Shares, shares
from ...text.bars import lying_bar
from ...text.charset import is_ascii_terminal
from ...text.colors import tabbed
from ...text.fit import fitted, width_of
from ...text.format import grouped
from ..lists.row_view import RowView

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ....core.live.field import Field

__all__ = ["SharesView"]

_MOST: Final = 50
"""Values that are told apart."""
_LONGEST: Final = 24
"""Cells of a value that has room for its bar beside it."""
_SHARE: Final = len("100.0 %")
_COUNT: Final = len("10,000")
_LEAST_BAR: Final = 4


class SharesView(RowView):
    """Of the events that are shown, how many have each value of the chosen column; enter shows only those."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "side(-1)", "Column", show=False, id="shares.left", tooltip="Count the column to the left"),
        Binding("right,l", "side(1)", "Column", show=False, id="shares.right", tooltip="Count the column to the right"),
        Binding("enter", "select", "Filter", id="shares.filter", tooltip="Only events with this value"),
        Binding("v,escape", "close", "Events", id="shares.close", tooltip="Only the events again"),
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = {"shares-view--bar"}
    """
    | Class | Description |
    | :- | :- |
    | `shares-view--bar` | The bars. |
    """

    DEFAULT_CSS = """
    SharesView {
        & > .shares-view--bar { color: $series-1; }
    }
    """

    class Chosen(Message):
        """Only events with a value are to be shown.

        Args:
            condition: What narrows them.
        """

        def __init__(self, condition: str) -> None:
            super().__init__()
            self.condition = condition

    class ColumnAsked(Message):
        """Another column is to be counted.

        Args:
            direction: -1 for the one to the left, 1 for the one to the right.
        """

        def __init__(self, direction: int) -> None:
            super().__init__()
            self.direction = direction

    class Closed(Message):
        """The view is not wanted any more."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        """Initialise it before anything is counted."""
        super().__init__(id=id)
        self._label = ""
        self._shares = Shares(0, (), 0)
        self._is_ascii = is_ascii_terminal()
        self.empty_text = "no event is shown"

    def show(self, field: Field, records: Sequence[bytes]) -> None:
        """Count what stands in a field of records; the cursor stays on its value."""
        here = self._shares.most[self.cursor].text if self.cursor < len(self._shares.most) else None
        self._label, self._shares = field.label, shares(field, records, _MOST)
        self.cursor = next((row for row, each in enumerate(self._shares.most) if each.text == here), 0)
        self.refresh_rows()

    # Rows

    def row_count(self) -> int:
        """Return how many values there are, and one more for all others."""
        return len(self._shares.most) + bool(self._shares.others)

    @property
    def header_height(self) -> int:
        """What is counted."""
        return 1

    def draw_header(self, line: int, width: int) -> Strip:
        """Draw which field it is, and of how many events."""
        what = f" by {self._label} · {grouped(self._shares.total)} shown" if self._label else ""
        return Strip([Segment(fitted(what, width), self.ink("row-view--muted"))])

    def _row(self, index: int) -> Share:
        most = self._shares.most
        return most[index] if index < len(most) else Share("others", "", self._shares.others)

    def row_text(self, index: int) -> str:
        """Return a value, how many events have it, and their share."""
        row = self._row(index)
        return tabbed(row.text, str(row.records), f"{100 * row.records / self._shares.total:.1f} %")

    @property
    def has_titles(self) -> bool:
        """Whether there are titles: what is counted."""
        return bool(self._label)

    def all_rows(self) -> Callable[[], Sequence[str]]:
        """Return what gives all values, in columns."""
        rows = [self.row_text(index) for index in range(self.row_count())]
        return lambda: [tabbed(self._label, "events", "share"), *rows]

    def draw_row(self, index: int, width: int) -> Strip:
        """Draw a value, its bar and its share, of which no digit is cut."""
        row, most = self._row(index), self._row(0).records
        wide = min(_LONGEST, max(width_of(self._row(each).text) for each in range(self.row_count())))
        wide = max(1, min(wide, width - _SHARE - _COUNT - _LEAST_BAR - 5))
        room = max(0, width - wide - _SHARE - _COUNT - 5)
        bar = lying_bar(row.records, max(most, row.records), room, ascii_only=self._is_ascii)
        return Strip(
            [
                Segment(f" {fitted(row.text, wide)} "),
                Segment(f"{bar:<{room}}", self.ink("shares-view--bar")),
                Segment(f" {grouped(row.records):>{_COUNT}} {100 * row.records / self._shares.total:5.1f} % "),
            ]
        )

    # Behaviour

    def why_not(self, action: str) -> str:
        """Return why there is nothing to choose."""
        return "these are all other values together" if self.row_count() else self.empty_text

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to filter by a value, and not by all others."""
        if action == "select":
            return self.cursor < len(self._shares.most)
        return super().check_action(action, parameters)

    def action_select(self) -> None:
        """Show only events with the value."""
        self.post_message(self.Chosen(self._row(self.cursor).condition))

    def action_side(self, direction: int) -> None:
        """Count another column."""
        self.post_message(self.ColumnAsked(direction))

    def action_close(self) -> None:
        """Go back to the events."""
        self.post_message(self.Closed())
