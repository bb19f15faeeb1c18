"""FieldList: one entry of a map, a line for each field and CPU."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from rich.segment import Segment
from textual.strip import Strip

from ...targets import type_target
from ...text.colors import tabbed
from ...text.fit import fitted, width_of
from ...text.shown import Text
from ..lists.linked_view import LinkedView

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ....core.btf import CType
    from ....core.live.field import Field
    from ....core.live.fields import Fields
    from ....core.runtime import Entry
    from ...held import HeldObject
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
    target: Target | None = None
    """What it stands for; without, it leads to its type."""

    @property
    def cells(self) -> tuple[str, ...]:
        """What stands in the columns."""
        return self.name, self.value, self.offset, self.raw, self.declared


class FieldList(LinkedView):
    """Name, value, offset, bytes and C type of each field of an entry, or of a record, which has no key.

    Args:
        fields: The map's.
        entry: The entry.
        held: What fields of its stand for.
    """

    def __init__(self, fields: Fields, entry: Entry, held: Mapping[Field, HeldObject] = MappingProxyType({})) -> None:
        super().__init__()
        self._lines = [
            line for field in fields.all for line in _lines(field, entry, held.get(field), is_record=not fields.keys)
        ]
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
        line, targets = self._lines[index], self.row_targets(index)
        value = None if line.target is None else self.name_style(index, 0)
        declared = self.name_style(index, len(targets) - 1) if type_target(line.ctype) else muted
        return Strip(
            [
                Segment(f"{cells[0]}  "),
                Segment(cells[1], value),
                Segment("  " + "  ".join(cells[2:-1]) + "  ", muted),
                Segment(cells[-1].rstrip(), declared),
            ]
        )

    def row_targets(self, index: int) -> Sequence[Target]:
        """Return where the value leads, if it stands for something, and the type, if it has a name."""
        line = self._lines[index]
        return tuple(each for each in (line.target, type_target(line.ctype)) if each is not None)

    def action_select(self) -> None:
        """Follow what is chosen, else the first that leads anywhere."""
        if self.follow_link():
            return
        for target in self.row_targets(self.cursor)[:1] if self.row_count() else ():
            self.post_message(self.Followed(self, self.cursor, target))


_TITLES = _Line("field", "value", "offset", "bytes", "type")


def _lines(field: Field, entry: Entry, held: HeldObject | None, *, is_record: bool) -> list[_Line]:
    name = field.path.removeprefix(".") if is_record and field.path else f"{field.of}{field.path}"
    offset = f"+{field.offset:#x}"
    wholes = field.wholes(entry)
    raws = [whole[field.offset : field.offset + field.size].hex(" ") for whole in wholes]
    if len(wholes) == 1:
        text = field.text(entry) if held is None else f"{field.text(entry)} {held.name}".rstrip()
        target = None if held is None else held.target
        return [_Line(name, text, offset, raws[0], field.declared, field.type, target)]
    total = _Line(name, field.text(entry), "", "sum over the CPUs", field.declared, field.type)
    summed = [] if field.counter is None else [total]
    return summed + [
        _Line(f"{name} CPU {cpu}", field.text_of(whole), offset, raw, field.declared, field.type)
        for cpu, (whole, raw) in enumerate(zip(wholes, raws, strict=True))
    ]
