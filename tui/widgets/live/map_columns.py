"""MapColumns: the columns of a map's entries as they stand on the screen: their titles, widths, and which have room."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from ....core.live.field import Form
from ....core.live.stack_field import StackField
from ...text.fit import width_of
from ...text.format import rate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ....core.live.arrange import EntryTable
    from ....core.live.field import Field
    from ....core.live.fields import Fields
    from ....core.runtime import Entry

__all__ = ["GAP", "Column", "MapColumns", "Window", "window_of"]

GAP: Final = 2
"""Cells before a column: the first is for the mark of an order, the second for that of a change."""
_RATE_WIDTH: Final = 8
"""Cells of the longest rate: `999,999`, `-1.25 M`."""
_LONGEST_KEY: Final = 48
_LONGEST_VALUE: Final = 40
"""Cells of what is text; numbers and addresses are never cut."""
_LONGEST_STACK: Final = 160
"""The same of a stack trace, which is all that its map has: where there is less room, its latest functions count."""
_MEASURED: Final = 200
"""Entries that are measured: the first, and as many of all others. What is longer makes room when it is seen."""
_MEASURED_AGAIN: Final = 40
"""The same of columns that were measured before: it is done at every sample."""
_KEYS_SHARE: Final = 0.7
"""Of the width, what the columns of the key may take that always stay in sight."""
_COUNTED: Final = len(" +100 columns →")
"""Cells for how many columns are out of sight."""
_NOTHING: Final[Mapping[Field, Callable[[Entry], str]]] = MappingProxyType({})
_LEFT: Final = len("← 10  ")
"""Cells for how many of them are to the left, where there are such on both sides."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    field: Field
    is_rate: bool
    title: str
    width: int
    """In cells."""
    is_named: bool = False
    """Whether names stand behind its numbers."""

    @property
    def is_right(self) -> bool:
        """Whether it is aligned on the right, as numbers are."""
        return self.is_rate or (self.field.is_number and not self.field.is_by_cpu and not self.is_named)

    @property
    def place(self) -> tuple[Field, bool]:
        """What tells it from the other columns of its map."""
        return self.field, self.is_rate


class Window(NamedTuple):
    """Which columns have room."""

    shown: tuple[int, ...]
    """Their numbers, from left to right."""
    left: int
    """How many are out of sight on the left."""
    right: int
    """How many are out of sight on the right."""


class MapColumns:
    """The columns of a table. They are never narrower than they were: what changes in place does not move the rest.

    Args:
        table: The entries.
        form: How they are written.
        before: The columns before.
        called: For each field that stands for something, what returns how that is called in an entry.
    """

    def __init__(
        self,
        table: EntryTable,
        form: Form,
        before: MapColumns | None = None,
        called: Mapping[Field, Callable[[Entry], str]] = _NOTHING,
    ) -> None:
        self.form = form
        self.leading = frozenset(called)
        self._called = called if form is Form.TYPED else _NOTHING
        self.fields: Fields = table.fields
        self._table = table
        self._keys_measured: tuple[bytes, ...] = ()
        known: dict[tuple[Field, bool], int] = {}
        if before is not None and before.fields is self.fields and before.form is form:
            known = {column.place: column.width for column in before.all}
        rated = self._rated()
        columns: list[Column] = []
        some = self._some(_MEASURED_AGAIN if known else _MEASURED)
        self._keys_measured = tuple(entry.key for entry in some)
        same_keys = known and before is not None and before._keys_measured == self._keys_measured
        for field in self.fields.all:
            width = known.get((field, False), 0)
            if not (same_keys and field.of == "key"):
                width = max(width, self._width(field, some))
            columns.append(Column(field, False, field.label, width, field in self._called))
            if field in rated:
                title = f"{field.label}/s" if len(rated) > 1 else "rate/s"
                columns.append(Column(field, True, title, max(_RATE_WIDTH, width_of(title))))
        self.all = tuple(columns)

    all: tuple[Column, ...]
    """The columns of the key first."""
    leading: frozenset[Field]
    """What stands for something, to which it may lead."""

    @property
    def keys(self) -> int:
        """How many are of the key."""
        return len(self.fields.keys)

    @property
    def first_value(self) -> int:
        """The number of the column that is chosen at first: the first of the value."""
        return min(self.keys, max(0, len(self.all) - 1))

    def _rated(self) -> list[Field]:
        """Return the fields that have a column for their rate: what counts, else all integers."""
        drawn = [field for field in self.fields.values if field.counter is not None]
        return [field for field in drawn if field.counts] or drawn

    def _some(self, count: int) -> Sequence[Entry]:
        """Return the entries that are measured: the first *count*, and about as many of all others."""
        entries = self._table.entries
        return (*entries[:count], *entries[count :: max(1, len(entries) // count)])

    def _width(self, field: Field, some: Sequence[Entry]) -> int:
        form = self.form
        least = width_of(field.label)
        if field.counter is not None:
            return max(least, *(len(field.text(entry, form)) for entry in some)) if some else least
        longest = max((width_of(self._text(field, entry)) for entry in some), default=0)
        most = _LONGEST_KEY if field.of == "key" else _LONGEST_VALUE
        if isinstance(field, StackField):
            most = _LONGEST_STACK
        return max(least, longest if field.is_number else min(longest, most))

    def _text(self, field: Field, entry: Entry) -> str:
        text = field.text(entry, self.form)
        called = self._called.get(field)
        if called is not None:
            text = f"{text} {called(entry)}".rstrip()
        if entry.key in self._table.alike and field is self.fields.keys[-1]:
            return f"{text} ({entry.key.hex(' ')})"
        return text

    def cell(self, column: Column, entry: Entry) -> str:
        """Return what stands in a column of an entry."""
        if not column.is_rate:
            return self._text(column.field, entry)
        value = self._table.rate(column.field, entry)
        return "–" if value is None else rate(value)

    def make_room(self, number: int, width: int) -> None:
        """Make a column wider."""
        columns = list(self.all)
        columns[number] = replace(columns[number], width=width)
        self.all = tuple(columns)

    def window(self, width: int, chosen: int) -> Window:
        """Return which columns have room in *width* cells, the *chosen* one among them; none is cut."""
        return window_of([column.width for column in self.all], width, chosen, keys=self.keys)


def window_of(widths: Sequence[int], width: int, chosen: int, *, keys: int = 0) -> Window:
    """Return which columns of some *widths* have room in *width* cells, the *chosen* one among them; none is cut.

    Of the first *keys* columns those stay in sight that leave the others enough.
    """
    wide = [GAP + each for each in widths]
    if sum(wide) - GAP <= width:
        return Window(tuple(range(len(wide))), 0, 0)
    room = width - _COUNTED + GAP
    fixed = 1 if keys else 0
    while fixed < keys and sum(wide[: fixed + 1]) <= room * _KEYS_SHARE:
        fixed += 1
    room -= sum(wide[:fixed])
    start, stop = _span(wide, fixed, chosen, room)
    if start > fixed and stop < len(wide):
        start, stop = _span(wide, fixed, chosen, room - _LEFT)
    return Window((*range(fixed), *range(start, stop)), start - fixed, len(wide) - stop)


def _span(wide: Sequence[int], first: int, chosen: int, room: int) -> tuple[int, int]:
    """Return which columns from the *first* on are shown in so many cells: from one on, up to another."""
    start = first
    while start < chosen and sum(wide[start : chosen + 1]) > room:
        start += 1
    stop = start
    while stop < len(wide) and (stop == start or sum(wide[start : stop + 1]) <= room):
        stop += 1
    return start, stop
