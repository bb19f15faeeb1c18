"""FieldList: one entry of a map, a line for each field and CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rich.segment import Segment
from textual.strip import Strip

from ...targets import type_target
from ...text.colors import tabbed
from ...text.fit import fitted, width_of
from ...text.shown import Text
from ..lists.linked_view import LinkedView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ....core.btf import CType
    from ....core.live.field import Field
    from ....core.live.fields import Fields
    from ....core.runtime import Entry
    from ...targets import Target

__all__ = ["FieldList"]


class _Line(NamedTuple):
    """What stands in a line."""

    name: str
    value: str
    offset: str
    raw: str
    declared: str
    ctype: CType | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        """What stands in the columns."""
        return self.name, self.value, self.offset, self.raw, self.declared


class FieldList(LinkedView):
    """Name, value, offset, bytes and C type of each field of an entry, or of a record, which has no key.

    Args:
        fields: The map's.
        entry: The entry.
    """

    def __init__(self, fields: Fields, entry: Entry) -> None:
        super().__init__()
        self._lines = [line for field in fields.all for line in _lines(field, entry, is_record=not fields.keys)]
        self._widths = [
            max(width_of(title), *(width_of(line.cells[place]) for line in self._lines))
            for place, title in enumerate(_TITLES.cells)
        ]

    def row_count(self) -> int:
        """Return the fields."""
        return len(self._lines)

    def row_text(self, index: int) -> str:
        """Return what stands in a line, with a tab between."""
        return tabbed(*self._lines[index].cells)

    @property
    def header_height(self) -> int:
        """The titles."""
        return 1

    def draw_header(self, line: int, width: int) -> Text:
        """Draw the titles."""
        return Text("  ".join(fitted(title, wide) for title, wide in zip(_TITLES.cells, self._widths, strict=True)))

    def draw_row(self, index: int, width: int) -> Strip:
        """Draw a field."""
        muted = self.ink("row-view--muted")
        cells = [fitted(text, wide) for text, wide in zip(self._lines[index].cells, self._widths, strict=True)]
        declared = self.name_style(index, 0) if self.row_targets(index) else muted
        return Strip(
            [
                Segment(f"{cells[0]}  {cells[1]}"),
                Segment("  " + "  ".join(cells[2:-1]) + "  ", muted),
                Segment(cells[-1].rstrip(), declared),
            ]
        )

    def row_targets(self, index: int) -> Sequence[Target]:
        """Return where the type leads, if it has a name."""
        target = type_target(self._lines[index].ctype)
        return () if target is None else (target,)

    def action_select(self) -> None:
        """Follow the type: there is nothing else that enter could open."""
        for target in self.row_targets(self.cursor)[:1] if self.row_count() else ():
            self.post_message(self.Followed(self, self.cursor, target))


_TITLES = _Line("field", "value", "offset", "bytes", "type")


def _lines(field: Field, entry: Entry, *, is_record: bool) -> list[_Line]:
    name = field.path.removeprefix(".") if is_record and field.path else f"{field.of}{field.path}"
    offset = f"+{field.offset:#x}"
    wholes = field.wholes(entry)
    raws = [whole[field.offset : field.offset + field.size].hex(" ") for whole in wholes]
    if len(wholes) == 1:
        return [_Line(name, field.text(entry), offset, raws[0], field.declared, field.type)]
    total = _Line(name, field.text(entry), "", "sum over the CPUs", field.declared, field.type)
    summed = [] if field.counter is None else [total]
    return summed + [
        _Line(f"{name} CPU {cpu}", field.text_of(whole), offset, raw, field.declared, field.type)
        for cpu, (whole, raw) in enumerate(zip(wholes, raws, strict=True))
    ]
