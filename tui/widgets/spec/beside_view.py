"""BesideView: a struct of the object beside a kernel's, member by member."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from ...text.beside import TITLES, BesideCells
from ...text.colors import tabbed
from ...text.fit import fitted, width_of
from ...text.shown import Text
from ..lists.row_view import RowView

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["BesideView"]

_INKS: Final = {
    "✓": "beside-view--same",
    "⚠": "beside-view--other",
    "✗": "beside-view--missing",
    "+": "row-view--muted",
}
_LONGEST: Final = 40
"""Cells of a column, but for the last."""


class BesideView(RowView):
    """What a member is here, what it is there, and which CO-RE relocations name it."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"beside-view--same", "beside-view--other", "beside-view--missing"}
    """
    | Class | Description |
    | :- | :- |
    | `beside-view--same` | The mark of a member that is the same there. |
    | `beside-view--other` | Of one that moved, or has another type or size. |
    | `beside-view--missing` | Of one that is not there. |
    """

    DEFAULT_CSS = """
    BesideView {
        & > .beside-view--same { color: $text-success; }
        & > .beside-view--other { color: $text-warning; }
        & > .beside-view--missing { color: $text-error; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        """Initialise a view without a struct."""
        super().__init__(id=id)
        self._title = ""
        self._rows: Sequence[BesideCells] = ()
        self._widths: list[int] = []

    def show(self, title: str, rows: Sequence[BesideCells]) -> None:
        """Show a comparison from its first row, under a line that says what came of it."""
        self._title, self._rows = title, rows
        columns = zip(TITLES, *rows, strict=True)
        self._widths = [min(_LONGEST, max(map(width_of, cells))) for cells in columns]
        self.restart()

    def say(self, text: str) -> None:
        """Show a sentence in place of a comparison."""
        self._title, self._rows = "", ()
        self.empty_text = text
        self.restart()

    def row_count(self) -> int:
        """Return how many members there are."""
        return len(self._rows)

    def row_text(self, index: int) -> str:
        """Return the cells of a row with a tab between them."""
        return tabbed(*self._rows[index])

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join([self._title, *map(self.row_text, range(len(self._rows)))])

    @property
    def header_height(self) -> int:
        """What came of it, and the titles."""
        return 2 if self._rows else 0

    def draw_header(self, line: int, width: int) -> Text:
        """Say what came of it, or name the columns."""
        return Text(self._title if line == 0 else "  ".join(self._fitted(TITLES)), no_wrap=True)

    def draw_row(self, index: int, width: int) -> Text:
        """Draw a member."""
        row = self._rows[index]
        mark, member, here, there, difference, uses = self._fitted(row)
        ink = self.ink(_INKS.get(row.mark, "row-view--muted"))
        text = Text(no_wrap=True)
        text.append(f"{mark}  ", ink)
        text.append(f"{member}  {here}  {there}  ")
        text.append(f"{difference}  ", ink)
        text.append(uses.rstrip(), self.ink("row-view--muted"))
        return text

    def _fitted(self, cells: BesideCells) -> list[str]:
        """Return the cells of a row as wide as their columns; the last goes on as far as it has to."""
        kept = [fitted(cell, width) for cell, width in zip(cells[:-1], self._widths[:-1], strict=True)]
        return [*kept, cells.uses]
