"""FieldList: one entry of a map, a line for each field and CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rich.segment import Segment
from textual.strip import Strip

from ...text.colors import tabbed
from ...text.fit import fitted, width_of
from ...text.shown import Text
from ..lists.row_view import RowView

if TYPE_CHECKING:
    from ....core.live.fields import Field, Fields
    from ....core.runtime import Entry

__all__ = ["FieldList"]


class _Line(NamedTuple):
    """What stands in a line."""

    name: str
    value: str
    offset: str
    raw: str
    declared: str


class FieldList(RowView):
    """Name, value, offset, bytes and C type of each field of an entry.

    Args:
        fields: The map's.
        entry: The entry.
    """

    def __init__(self, fields: Fields, entry: Entry) -> None:
        super().__init__()
        self._lines = [line for field in fields.all for line in _lines(field, entry)]
        self._widths = [
            max(width_of(title), *(width_of(line[place]) for line in self._lines))
            for place, title in enumerate(_TITLES)
        ]

    def row_count(self) -> int:
        """Return the fields."""
        return len(self._lines)

    def row_text(self, index: int) -> str:
        """Return what stands in a line, with a tab between."""
        return tabbed(*self._lines[index])

    @property
    def header_height(self) -> int:
        """The titles."""
        return 1

    def draw_header(self, line: int, width: int) -> Text:
        """Draw the titles."""
        return Text("  ".join(fitted(title, wide) for title, wide in zip(_TITLES, self._widths, strict=True)))

    def draw_row(self, index: int, width: int) -> Strip:
        """Draw a field."""
        muted = self.ink("row-view--muted")
        cells = [fitted(text, wide) for text, wide in zip(self._lines[index], self._widths, strict=True)]
        return Strip([Segment(f"{cells[0]}  {cells[1]}"), Segment("  " + "  ".join(cells[2:]), muted)])


_TITLES = _Line("field", "value", "offset", "bytes", "type")


def _lines(field: Field, entry: Entry) -> list[_Line]:
    name = f"{field.of}{field.path}"
    offset = f"+{field.offset:#x}"
    wholes = field.wholes(entry)
    raws = [whole[field.offset : field.offset + field.size].hex(" ") for whole in wholes]
    if len(wholes) == 1:
        return [_Line(name, field.text(entry), offset, raws[0], field.declared)]
    summed = [] if field.counter is None else [_Line(name, field.text(entry), "", "sum over the CPUs", field.declared)]
    return summed + [
        _Line(f"{name} CPU {cpu}", field.text_of(whole), offset, raw, field.declared)
        for cpu, (whole, raw) in enumerate(zip(wholes, raws, strict=True))
    ]
