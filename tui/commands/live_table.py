"""Samples as tables that fit a terminal: maps by their fields, with rates that have names, variables and programs.

A column that does not fit is left out whole, and counted; what there are too many rows of is counted too. No digit is
ever cut.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from ...core.visible import cells, cut, visible
from ..text.charset import is_writable
from ..text.colors import joined, paint
from ..text.format import counted, rate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ...core.live import Field, Fields, Sample
    from ...core.live.arrange import EntryTable
    from ...core.runtime import Collection, Entry, Map, MapSnapshot
    from ..text.colors import Painted

__all__ = ["LiveTable", "unlisted"]

_RUNS: Final = ("runs", "runs/s", "ns/run", "CPU %")
_GAP: Final = 2
"""Blanks between columns."""
_NARROW: Final = 56
"""Columns of a terminal below which the first line says only for how long there has been something to watch."""
_LEFT: Final = 16
"""Cells of what is watched that are worth more than what else there is to say in its line."""
_NAME: Final = 6
"""The same of a table's name."""
_LONGEST: Final = 40
"""Cells of a text that is no number; addresses are shorter."""
_LEAST: Final = 3
"""Rows of a table below its heading, if it has as many: the names of its columns, and entries."""


class _Cell(NamedTuple):
    text: str
    changed: bool = False


@dataclass(slots=True)
class _Column:
    title: str
    cells: list[_Cell]
    is_number: bool = False
    marks: bool = False
    """Whether what has changed is marked in it."""


@dataclass(slots=True)
class _Section:
    """A table and its heading."""

    name: str
    about: str
    columns: list[_Column] = field(default_factory=list[_Column])
    more: int = 0
    """Rows that are not here even if all that are here fit."""

    @property
    def rows(self) -> int:
        """How many rows are here."""
        return len(self.columns[0].cells) if self.columns else 0

    @property
    def height(self) -> int:
        """Lines that it takes if all rows are shown."""
        return 1 + (1 + self.rows + bool(self.more) if self.columns else 0)


class LiveTable:
    """What a collection holds, as lines that fit.

    Args:
        collection: What is sampled.
        title: What is watched, for the first line.
        interval: Seconds between two samples, as it was asked for.
        per_cpu: Whether values of per-CPU maps are lists of all CPUs', instead of sums of what counts.
        color: Whether there are colours.
    """

    def __init__(
        self, collection: Collection, title: str, interval: float, *, per_cpu: bool = False, color: bool = False
    ) -> None:
        from ...core.live.stacks import Stacks

        self._collection = collection
        self._stacks = Stacks(collection)
        self._title = title
        self._interval = interval
        self._per_cpu = per_cpu
        self._color = color
        utf8 = is_writable("•–…→·")
        self._changed, self._none, self._dots = ("•", "–", "…") if utf8 else ("*", "-", "~")
        self._arrow, self._dot = ("→", "·") if utf8 else (">", "-")
        self._sample: Sample | None = None
        self._before: Sample | None = None
        self._fields: dict[str, Fields] = {}
        self._widths: dict[tuple[str, int], int] = {}
        """Of each table's columns: the widest that there was, so that they stay where they are."""

    def update(self, sample: Sample) -> None:
        """Take the next sample."""
        self._before, self._sample = self._sample, sample
        self._stacks.note(sample)

    def lines(self, columns: int, rows: int) -> list[Painted]:
        """Return at most *rows* lines, none wider than *columns*."""
        sample = self._sample
        if sample is None:
            return []
        sections = [*(self._map(name) for name in sample.maps), *self._variables(), *self._programs()]
        when = f"{sample.time:.1f} s, every {self._interval:g} s {self._dot} ctrl+c ends"
        if columns < _NARROW:
            when = f"{sample.time:.1f} s"
        found = [self._spread(self._title, when, columns)]
        room = rows - 1
        # Which of them there is room for at all; then each gets its share of the rest.
        fitting: list[_Section] = []
        for at, section in enumerate(sections):
            least = min(section.height, _LEAST)
            left_out = len(sections) - at - 1
            if sum(min(each.height, _LEAST) for each in fitting) + least + bool(left_out) > room:
                break
            fitting.append(section)
        left_out = len(sections) - len(fitting)
        heights = _shares([section.height for section in fitting], room - bool(left_out))
        for section, height in zip(fitting, heights, strict=True):
            found += self._draw(section, columns, height)
        if left_out and room:
            text = self._cut(
                f"{self._dots} {counted(left_out, 'more table')}: make room, or choose with --map", columns
            )
            found.append(self._paint(text, "dim"))
        return found[:rows]

    # What there is

    def _map(self, name: str) -> _Section:
        assert self._sample is not None
        source, snapshot = self._collection.maps[name], self._sample.maps[name]
        if snapshot.note:
            return _Section(name, f"{source.type.label}  {unlisted(source, snapshot)}")
        fields, table = self._table(source)
        limit = f" of {source.max_entries:,}" if source.max_entries else ""
        at_least = "" if table.is_counted else "at least "
        about = f"{source.type.label}  {at_least}{table.total:,}{limit}"
        if fields.is_summed:
            about += "  summed over the CPUs"
        found = _Section(name, about)
        found.more = max(0, table.total - len(table.entries))
        if table.entries:  # the names of columns without anything in them are in the way of other tables
            for each in fields.all:
                found.columns += self._columns(each, table)
        return found

    def _table(self, source: Map) -> tuple[Fields, EntryTable]:
        from ...core.analysis.counting import Counting
        from ...core.live import Reading, arrange, fields_of

        assert self._sample is not None
        fields = self._fields.get(source.name)
        if fields is None:
            counting = self._collection.spec.derived(Counting)
            fields = self._fields[source.name] = fields_of(source, counting, self._stacks)
        return fields, arrange(source, fields, Reading.of(source.name, self._sample, self._before))

    def _columns(self, of: Field, table: EntryTable) -> Iterator[_Column]:
        """Yield the column of a field, and that of its rate where it has one."""

        def cell(entry: Entry) -> _Cell:
            return _Cell(self._text(of, entry), table.changed(of, entry))

        is_by_cpu = self._per_cpu and of.of == "value" and len(table.entries[0].values if table.entries else ()) > 1
        is_number = of.is_number and not of.is_by_cpu and not is_by_cpu
        yield _Column(of.label, [cell(entry) for entry in table.entries], is_number, marks=of.of == "value")
        if of.counter is not None and of.counts:
            rates = [self._rate(table.rate(of, entry)) for entry in table.entries]
            yield _Column(f"{of.label}/s", rates, is_number=True)

    def _text(self, of: Field, entry: Entry) -> str:
        if self._per_cpu and of.of == "value" and len(entry.values) > 1:
            return f"[{', '.join(of.text_of(value).replace(',', '') for value in entry.values)}]"
        return of.text(entry)

    def _rate(self, per_second: float | None) -> _Cell:
        return _Cell(self._none if per_second is None else rate(per_second))

    def _variables(self) -> Iterator[_Section]:
        assert self._sample is not None
        from ...core.btf import format_value
        from ...core.live.series import rate as rate_of

        now, before = self._sample, self._before
        found = [self._collection.variables[name] for name in now.variables]
        found.sort(key=lambda variable: variable.spec.constant)
        if not found:
            return
        names, values = _Column("name", []), _Column("value", [], is_number=True, marks=True)
        rates: list[_Cell] = []
        for variable in found:
            raw, ctype = now.variables[variable.name], variable.spec.type
            old = None if before is None else before.variables.get(variable.name)
            value = ctype.decode(raw) if ctype is not None else raw
            number = value if isinstance(value, int) and not isinstance(value, bool) else None
            text = (
                f"{number:,}" if number is not None else ctype.format(raw) if ctype is not None else format_value(raw)
            )
            names.cells.append(_Cell(variable.name))
            values.cells.append(
                _Cell(text if number is not None else self._cut(visible(text), _LONGEST), old not in (None, raw))
            )
            per_second = _Cell("")
            if number is not None and old is not None and not variable.spec.constant and ctype is not None:
                earlier = ctype.decode(old)
                assert isinstance(earlier, int)
                seconds = 0.0 if before is None else now.time_of("variable") - before.time_of("variable")
                per_second = self._rate(rate_of(earlier, number, seconds) if before else None)
            rates.append(per_second)
        columns = [names, values, _Column("per second", rates, is_number=True)]
        yield _Section("variables", f"{len(found):,}", columns)

    def _programs(self) -> Iterator[_Section]:
        assert self._sample is not None
        now, before = self._sample, self._before
        ran = {name: info for name, info in now.programs.items() if info.run_cnt}
        if not ran:
            return
        seconds = 0.0 if before is None else now.time_of("program") - before.time_of("program")
        columns = [_Column("name", []), *(_Column(each, [], is_number=True) for each in _RUNS)]
        for name, info in ran.items():
            old = None if before is None else before.programs.get(name)
            runs = 0 if old is None else info.run_cnt - old.run_cnt
            spent = 0 if old is None else info.run_time_ns - old.run_time_ns
            known = old is not None and seconds > 0 and runs >= 0
            texts = (
                name,
                f"{info.run_cnt:,}",
                rate(runs / seconds) if known else self._none,
                f"{spent / runs:,.0f}" if known and runs else self._none,
                f"{spent / seconds / 1e7:.2f}" if known else self._none,
            )
            for column, text in zip(columns, texts, strict=True):
                column.cells.append(_Cell(text))
        yield _Section("programs", f"{len(ran):,} of {len(now.programs):,} ran", columns)

    # How it is drawn

    def _draw(self, section: _Section, width: int, height: int) -> Iterator[Painted]:
        """Yield the lines of a table, *height* of them."""
        shown = section.rows if section.height <= height else max(0, height - _LEAST)
        fitting = self._fitting(section, width, shown)
        dropped = len(section.columns) - len(fitting)
        remark = f"+{counted(dropped, 'column')} {self._arrow}" if dropped else ""
        yield self._spread(f"{section.name}  {section.about}", remark, width, least=_NAME)
        if not fitting or height < 2:
            return
        yield self._paint(self._row([self._pad(each, each.title, cut) for each, cut in fitting]), "dim")
        for at in range(shown):
            yield self._row([self._cell(each, each.cells[at], cut) for each, cut in fitting])
        more = section.rows - shown + section.more
        if more and height > 2:
            yield self._paint(self._cut(f"{'':{_GAP}}{self._dots} {more:,} more", width), "dim")

    def _fitting(self, section: _Section, width: int, shown: int) -> list[tuple[_Column, int]]:
        """Return the columns that there is room for, each with its width, from the left."""
        found: list[tuple[_Column, int]] = []
        left = width
        for number, column in enumerate(section.columns):
            texts = [cells(self._shown(column, cell)) for cell in column.cells[:shown]]
            key = section.name, number
            wide = max(cells(visible(column.title)), self._widths.get(key, 0), *texts, 1)
            self._widths[key] = wide
            if _GAP + wide > left:
                if number or column.is_number or left <= _GAP:
                    break
                wide = left - _GAP  # without its key a row says nothing
            found.append((column, wide))
            left -= _GAP + wide
        return found

    def _shown(self, column: _Column, cell: _Cell) -> str:
        text = visible(cell.text)
        if not column.is_number:
            text = self._cut(text, _LONGEST)
        return f"{self._changed if cell.changed else ' '}{text}" if column.marks else text

    def _cell(self, column: _Column, cell: _Cell, width: int) -> Painted:
        text = self._pad(column, self._shown(column, cell), width)
        return paint(text, "changed") if cell.changed and self._color else joined(text)

    def _pad(self, column: _Column, text: str, width: int) -> str:
        text = self._cut(visible(text), width)
        blanks = " " * (width - cells(text))
        return blanks + text if column.is_number else text + blanks

    def _row(self, texts: Sequence[str]) -> Painted:
        return joined(*(part for text in texts for part in (" " * _GAP, text)))

    def _spread(self, left: str, right: str, width: int, *, least: int = _LEFT) -> Painted:
        """Return a text at the left, which is cut where it has to be, and one at the right, where there is room.

        Args:
            least: Cells of the left one that are worth more than the right one.
        """
        left, right = visible(left), visible(right)
        if cells(right) + _GAP + min(cells(left), least) > width:
            right = ""
        room = width - cells(right) - (_GAP if right else 0)
        left = self._cut(left, room)
        name, _, about = left.partition("  ")
        text = joined(paint(name, "bold"), f"  {about}" if about else "") if self._color else joined(left)
        return joined(text, " " * (width - cells(left) - cells(right)), right) if right else text

    def _paint(self, text: str, style: str) -> Painted:
        return paint(text, style) if self._color else joined(text)

    def _cut(self, text: str, width: int) -> str:
        return cut(text, width, self._dots)


def _shares(wanted: Sequence[int], room: int) -> list[int]:
    """Return how many lines each table gets: all that it wants, or an equal share of what there is."""
    given = [0] * len(wanted)
    waiting = sorted(range(len(wanted)), key=lambda at: wanted[at])
    for number, at in enumerate(waiting):
        given[at] = min(wanted[at], room // (len(wanted) - number))
        room -= given[at]
    return given


def unlisted(source: Map, snapshot: MapSnapshot) -> str:
    """Return what is to be said of a map whose entries cannot be listed."""
    if not source.type.is_queue:
        return snapshot.note
    if snapshot.upcoming is None:
        return f"empty, of {source.max_entries:,}"
    from ...core.btf import format_value
    from ...core.live import decoded

    upcoming = format_value(decoded(source.value, snapshot.upcoming))
    return f"next {upcoming}, of {source.max_entries:,} at most"
