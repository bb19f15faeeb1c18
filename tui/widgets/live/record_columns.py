"""RecordColumns: the fields of a stream's records as columns: their titles, widths, and which have room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ....core.btf.units import is_moment
from ....core.live.events import is_record
from ....core.live.field import Form
from ....core.live.fields import record_fields
from ....core.runtime import Entry
from ...text.fit import width_of
from .map_columns import Window, window_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ....core.btf import CType
    from ....core.live.field import Field

__all__ = ["RecordColumns"]

_LONGEST: Final = 40
"""Cells of what is text; numbers are never cut."""
_CLOCK: Final = 8
"""Bytes of a moment."""
_SECOND: Final = 1_000_000_000
"""Nanoseconds. Less than that is no moment: nothing runs as soon after the boot."""
_MEASURED: Final = 50
"""Records that are measured of those that come at once. What is longer makes room when it is seen."""


class _Column(NamedTuple):
    """A field, and how wide it stands."""

    field: Field
    title: str
    """What stands above it: of a member of what the column before is a member of, too, its own name: `.protocol`."""
    width: int
    """In cells."""
    is_moment: bool = False
    """Whether it is when something was, in nanoseconds."""

    def text(self, entry: Entry, form: Form) -> str:
        """Return what stands in it: of a moment the seconds since boot, as in the kernel's log."""
        if self.is_moment and form is Form.TYPED and (number := int(self.field.number(entry))) >= _SECOND:
            return f"{number // _SECOND}.{number % _SECOND // 1000:06}s"
        return self.field.text(entry, form)


class RecordColumns:
    """The columns of records of one type. They only grow, so that what comes does not move what is there.

    Args:
        ctype: The type, whose size is fixed.
        form: How values are written.
    """

    def __init__(self, ctype: CType, form: Form) -> None:
        self.ctype = ctype
        self.form = form
        self._columns: list[_Column] = []
        before = ""
        for field in record_fields(ctype, ctype.size, ctype.c_text).values:
            of, dot, own = field.label.rpartition(".")
            title = f".{own}" if dot and of == before else field.label
            tells_when = field.is_number and field.size == _CLOCK and is_moment(field.label)
            self._columns.append(_Column(field, title, width_of(title), tells_when))
            before = of

    @property
    def titles(self) -> list[str]:
        """What stands above the columns."""
        return [column.title for column in self._columns]

    @property
    def fields(self) -> list[Field]:
        """What stands in the columns."""
        return [column.field for column in self._columns]

    def has(self, raw: bytes) -> bool:
        """Whether a record is what it is taken for; else it has no fields."""
        return is_record(raw, self.ctype)

    def cells(self, raw: bytes) -> list[str]:
        """Return what stands in each column of a record."""
        entry = Entry(b"", (raw,))
        return [column.text(entry, self.form) for column in self._columns]

    @property
    def tells_when(self) -> bool:
        """Whether one of them is a moment."""
        return any(column.is_moment for column in self._columns)

    def width(self, number: int) -> int:
        """Return the cells of a column."""
        return self._columns[number].width

    def is_right(self, number: int) -> bool:
        """Whether a column is aligned on the right, as numbers are."""
        return self._columns[number].field.is_number

    def make_room(self, records: Iterable[bytes]) -> bool:
        """Make columns as wide as some records want them; return whether any is wider now."""
        before = [column.width for column in self._columns]
        for raw, _ in zip(filter(self.has, records), range(_MEASURED), strict=False):
            for number, cell in enumerate(self.cells(raw)):
                column = self._columns[number]
                wanted = width_of(cell) if column.field.is_number else min(width_of(cell), _LONGEST)
                if wanted > column.width:
                    self._columns[number] = column._replace(width=wanted)
        return before != [column.width for column in self._columns]

    def window(self, width: int, chosen: int) -> Window:
        """Return which columns have room in *width* cells, the *chosen* one among them; none is cut."""
        return window_of([column.width for column in self._columns], width, chosen)
