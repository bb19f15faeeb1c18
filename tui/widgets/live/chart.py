"""Chart: counters over time, as lines of braille."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from functools import partial
from itertools import chain, pairwise
from statistics import median
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from ....core.btf.units import Unit
from ....core.listing.amount import LEVELS
from ....core.live.series import mean, runs
from ...text.charset import is_ascii_terminal
from ...text.fit import fitted, wrapped
from ...text.format import amount, axis_labels, axis_scale, duration
from ..lists.virtual_list import foreground
from ..selecting import selected_text, with_selection
from .heat_map import HeatMap, HeatRow
from .legend import Legend, LegendRow
from .plot import AREA, CURSOR, MARK, Axis, Canvas, linear_axis, log_axis

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.style import Style
    from textual import events
    from textual.selection import Selection

    from ....core.live.drawn import ChartSeries, Mark
    from ....core.live.graph import Graph
    from ....core.live.series import Bucket, Point

__all__ = ["LEAST_ROWS", "VIEWS", "Chart", "end_of", "marker"]

VIEWS = ("lines", "small", "log", "heat")
"""All lines in one plot, each in a small one of its own, all on a logarithmic scale, or as rows of shades."""

MARKERS = "●▲■◆▼✚"
"""The shapes of the series, by their slots."""
_ASCII_MARKERS = "*+x#o@"
_GAP_FACTOR = 2.5
"""Samples further apart than so many usual distances have a gap between them."""
LEAST_ROWS = 6
"""A plot of fewer rows says nothing: it is not drawn."""
_THICK_FROM = 12
"""Rows of the plot from which on lines are two dots thick."""
_TICK_ROWS = 4
"""About so many rows of the plot to one tick of the y axis."""
_TICK_COLUMNS = 15
"""At least so many columns of the plot to one tick of the x axis."""
_HIGHEST_ROW = 3
"""Lines of a row of a heat map, where there is room for all rows."""
_AXIS_ROWS = 2
_MARKED_TWICE_FROM = 20
"""Rows of the chart from which on there are two lines for what was done."""


def marker(slot: int, *, ascii: bool) -> str:  # noqa: A002 - the word for it
    """Return the shape of the series in a slot."""
    markers = _ASCII_MARKERS if ascii else MARKERS
    return markers[slot % len(markers)]


@dataclass(frozen=True, slots=True)
class _Line:
    """A series as it is drawn."""

    series: ChartSeries
    points: list[Point]
    """Its points within the window, with one before it, so that the line reaches the edge."""
    longest: float
    """Points further apart, in seconds, have a gap between them."""
    runs: list[list[Point]]
    """What is drawn: without gaps, no denser than cells."""
    buckets: list[Bucket]
    """What its points are means of, within the window; none where they are points."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """What one drawing is made from."""

    series: Sequence[ChartSeries] = ()
    now: float = 0.0
    marks: Sequence[Mark] = ()


def end_of(graph: Graph | None, now: float) -> str:
    """Return what the right edge of a graph is called: `now`, or in a recording the time of the day."""
    if graph is None or not graph.is_past:
        return "now"
    return time.strftime("%H:%M:%S", time.localtime(graph.date(now)))


class Chart(Widget):
    """Series over the last `window` seconds: axes from zero with ticks of their unit, a legend with numbers.

    One series is an area under a line; several are lines. Of what is older than single points are kept there is the
    mean, and an area from the least to the greatest. Series are told apart by colour and by a marker, in the legend
    and along the line. Points that are denser than the cells are their mean there. What was done is marked, and
    a cursor reads the moment that it stands at. The strips are built once for each `show`, not for each repaint.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "chart--axis",
        "chart--grid",
        "chart--legend",
        "chart--area",
        "chart--cursor",
        "chart--mark",
        *(f"chart--heat-{level}" for level in range(1, LEVELS + 1)),
        "chart--series-1",
        "chart--series-2",
        "chart--series-3",
        "chart--series-4",
        "chart--series-5",
        "chart--series-6",
    }
    """
    | Class | Description |
    | :- | :- |
    | `chart--axis` | The axes and their labels, and the sentence of an empty chart. |
    | `chart--grid` | The dotted lines at the ticks. |
    | `chart--legend` | The numbers in the legend. |
    | `chart--area` | The area under a single series. |
    | `chart--cursor` | The moment that is read. |
    | `chart--mark` | What was done, and when. |
    | `chart--heat-1` … `-7` | Amounts of a heat map, from few to many. |
    | `chart--series-1` … `-6` | The lines' colours; a seventh series begins anew. |
    """

    DEFAULT_CSS = """
    Chart {
        height: 1fr;
        min-height: 4;
        background: $surface;
        & > .chart--axis { color: $text-muted; }
        & > .chart--grid { color: $text-disabled; }
        & > .chart--legend { color: $foreground; }
        & > .chart--area { color: $heat-2; }
        & > .chart--cursor { color: $primary; }
        & > .chart--mark { color: $set; }
        & > .chart--series-1 { color: $series-1; text-style: bold; }
        & > .chart--series-2 { color: $series-2; text-style: bold; }
        & > .chart--series-3 { color: $series-3; text-style: bold; }
        & > .chart--series-4 { color: $series-4; text-style: bold; }
        & > .chart--series-5 { color: $series-5; text-style: bold; }
        & > .chart--series-6 { color: $series-6; text-style: bold; }
    }
    """ + "\n".join(f"Chart > .chart--heat-{level} {{ color: $heat-{level}; }}" for level in range(1, LEVELS + 1))

    window: reactive[float] = reactive(60.0)
    """How many seconds back the x axis reaches."""
    cursor: reactive[float | None] = reactive[float | None](None)
    """The moment that is read, on the points' clock; None for none."""
    selected: reactive[int | None] = reactive[int | None](None)
    """The number of the series that is marked in the legend; None for none."""
    view: reactive[str] = reactive("lines")
    """One of `VIEWS`."""
    ascii: reactive[bool] = reactive(False)
    """Whether to draw with ASCII alone; from the locale unless it is given."""
    empty_text: reactive[str] = reactive("waiting for the first samples …")
    """The sentence of a chart without a point in its window."""

    def __init__(
        self,
        *,
        window: float = 60.0,
        ascii: bool | None = None,  # noqa: A002 - the word for it
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name
        classes: str | None = None,
        disabled: bool = False,
    ) -> None:
        """Initialise a chart.

        Args:
            window: How many seconds back it reaches.
            ascii: Whether to draw with ASCII alone; None asks the locale.
            name: The name of the widget.
            id: The ID of the widget in the DOM.
            classes: The CSS classes of the widget.
            disabled: Whether the widget is disabled.
        """
        super().__init__(name=name, id=id, classes=classes, disabled=disabled)
        self._frame, self._end = _Frame(), "now"
        self._strips: list[Strip] | None = None
        self._left = self._columns = 0
        self.set_reactive(Chart.window, window)
        self.set_reactive(Chart.ascii, is_ascii_terminal() if ascii is None else ascii)

    def show(self, series: Sequence[ChartSeries], now: float, marks: Sequence[Mark] = (), *, end: str = "now") -> None:
        """Draw *series* and *marks*; *now* is the right edge, in seconds on the points' clock, and is called *end*."""
        self._frame, self._end = _Frame(series, now, marks), end
        self._redraw()

    @property
    def reading(self) -> float | None:
        """The moment that is read, within what is seen; None for none."""
        if self.cursor is None:
            return None
        return min(self._frame.now, max(self._frame.now - self.window, self.cursor))

    @property
    def is_empty(self) -> bool:
        """Whether there is no point to be read in the window."""
        start, now = self._frame.now - self.window, self._frame.now
        return not any(_visible(series.points, start, now) for series in self._frame.series)

    @property
    def has_marks(self) -> bool:
        """Whether a mark is in sight."""
        return bool(self._marks_in_sight())

    def move_cursor(self, cells: int) -> None:
        """Read the moment so many cells later; the first time from the newest on."""
        cell = self.window / max(1, self._columns - 1)
        now = self._frame.now
        moved = (now if self.reading is None else self.reading) + cells * cell
        self.cursor = min(now, max(now - self.window, moved))

    def move_to_mark(self, direction: int) -> bool:
        """Read the moment of the next mark to the left (-1) or right (1); return whether there is one in sight."""
        here = self._frame.now if self.reading is None else self.reading
        times = [mark.time for mark in self._marks_in_sight()]
        if direction < 0:
            found = max((time for time in times if time < here - 1e-9), default=None)
        else:
            found = min((time for time in times if time > here + 1e-9), default=None)
        if found is not None:
            self.cursor = found
        return found is not None

    def moment_at(self, x: int) -> float | None:
        """Return which moment is drawn in a column of the widget; None beside the plot."""
        if not self._left <= x < self._left + self._columns:
            return None
        return self._frame.now - self.window * (1 - (x - self._left) / max(1, self._columns - 1))

    def row_text(self, number: int) -> str:
        """Return a line of the legend as text; nothing where there is none."""
        rows = self._legend(self._lines(max(1, self.size.width))).rows
        return rows[number].text if number < len(rows) else ""

    def watch_window(self) -> None:
        """Look further back, or less far."""
        self.show(self._frame.series, self._frame.now, self._frame.marks)

    def watch_cursor(self) -> None:
        """Read another moment."""
        self._redraw()

    def watch_selected(self) -> None:
        """Mark another series."""
        self._redraw()

    def watch_view(self) -> None:
        """Draw it otherwise."""
        self._redraw()

    def watch_ascii(self) -> None:
        """Use the other characters."""
        self._redraw()

    def watch_empty_text(self) -> None:
        """Say the new sentence."""
        self._redraw()

    def on_resize(self, event: events.Resize) -> None:
        """Draw for the new size."""
        self._redraw()

    def notify_style_update(self) -> None:
        """Draw in the new colours."""
        super().notify_style_update()
        self._strips = None

    def _redraw(self) -> None:
        self._strips = None
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Return a line of the drawing, with what of it is selected."""
        return with_selection(self, self._line(y), 0, y).apply_offsets(0, y)

    def _line(self, y: int) -> Strip:
        if self._strips is None:
            self._strips = self._draw()
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width, self.rich_style)

    def get_selection(self, selection: Selection) -> tuple[str, str]:
        """Return what is selected of the drawing."""
        return selected_text(selection, self.size.height, self._line), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Draw what is selected now."""
        self.refresh()

    # Drawing

    def _draw(self) -> list[Strip]:
        width, height = self.size
        self._columns = 0
        if width < 12 or not height:
            return []
        drawn = self._lines(width)
        if not any(line.points for line in drawn):
            return self._draw_sentence(self.empty_text, width, height)
        if self.view == "heat":
            return self._draw_heat(drawn, width, height)
        marks = self._marks_in_sight()
        most = 0 if not marks else 2 if height >= _MARKED_TWICE_FROM else 1
        most = max(0, min(most, height - LEAST_ROWS - _AXIS_ROWS - 1))
        below = _AXIS_ROWS + most
        legend = self._legend(drawn).lines(width, height - LEAST_ROWS - below)
        rows = height - len(legend) - below
        if rows < LEAST_ROWS:
            return self._draw_sentence("no room for a chart", width, height)
        plots = [(part, height, self._axis(part, height)) for part, height in self._parts(drawn, rows)]
        margin = max(len(label) for part, _, axis in plots for label in self._labels(axis, part[0].series)) + 1
        self._left, self._columns = margin + 2, max(1, width - margin - 2)
        lines: list[list[Segment]] = []
        for part, high, axis in plots:
            canvas = self._plot(part, high, axis, marked=len(drawn) > 1)
            for mark in marks:
                canvas.rule(self._column_of(mark.time), "!" if self.ascii else "┊", MARK)
            if self.reading is not None:
                canvas.rule(self._column_of(self.reading), "|" if self.ascii else "│", CURSOR)
            bottom = high - 1
            rounded = [bottom - round(axis.share(tick) * bottom) for tick in axis.ticks]
            tick_rows = dict(zip(rounded, self._labels(axis, part[0].series), strict=True))
            lines += [self._draw_plot_row(canvas, row, tick_rows.get(row), margin) for row in range(high)]
        lines += self._draw_time_axis(self._columns, margin)
        lines += self._draw_marks(marks, most)
        base = self.rich_style
        return [Strip(line).adjust_cell_length(width).apply_style(base) for line in [*legend, *lines]]

    def _draw_heat(self, drawn: Sequence[_Line], width: int, height: int) -> list[Strip]:
        """Draw a row for each series, the first at the bottom, and above them what the shades mean."""
        rows = [HeatRow(_row_label(line.series), line.runs, line.longest, line.series.span) for line in drawn]
        margin = min(max(cell_len(row.label) for row in rows), width // 3) + 1
        self._left, self._columns = margin + 2, max(1, width - margin - 2)
        start, last = self._frame.now - self.window, max(1, self._columns - 1)
        times = [start + self.window * column / last for column in range(self._columns)]
        heat = HeatMap(rows, times, ascii=self.ascii)
        if not heat.rows:
            return self._draw_sentence(f"all {len(rows)} are 0 in this window", width, height)
        room = height - 1 - _AXIS_ROWS
        if room < LEAST_ROWS:
            return self._draw_sentence("no room for a chart", width, height)
        marks = self._marks_in_sight()
        reads = None if self.reading is None else self._column_of(self.reading)
        room -= 1 if marks else 0
        shown = range(min(len(heat.rows), room))
        high = max(1, min(_HIGHEST_ROW, room // len(shown)))
        lines = [self._heat_legend(heat, drawn[0].series, reads, len(heat.rows) - len(shown), width)]
        axis, vertical = self._ink("chart--axis"), "|" if self.ascii else "┤"
        inks = [self._ink("chart--grid"), *(self._ink(f"chart--heat-{level}") for level in range(1, LEVELS + 1))]
        for number in reversed(shown):
            row = heat.rows[number]
            label = fitted(row.label, margin - 1) if row.span is None else row.label
            cells = [Segment(shade, inks[level]) for shade, level in heat.cells(number)]
            if reads is not None and cells[reads].text == " ":
                cells[reads] = Segment("|" if self.ascii else "│", self._ink("chart--cursor"))
            below = [Segment(f"{'':>{margin}} {'|' if self.ascii else '│'}", axis), *cells]
            lines += [[Segment(f"{label:>{margin}} {vertical}", axis), *cells], *[below] * (high - 1)]
        lines += self._draw_time_axis(self._columns, margin)
        lines += self._draw_marks(marks, min(1, max(0, height - len(lines))))
        return [Strip(line).adjust_cell_length(width).apply_style(self.rich_style) for line in lines]

    def _heat_legend(
        self, heat: HeatMap, series: ChartSeries, reads: int | None, hidden: int, width: int
    ) -> list[Segment]:
        """Return where half of all is at the moment that is read, what the shades mean, and how much is not shown.

        Where there is no room for all shades, those for the most are told: no number is cut.
        """
        told = heat.quantiles(self._columns - 1 if reads is None else reads)
        plain, muted = self._ink("chart--legend"), self._ink("chart--axis")
        before = "".join(f" {name} {label} " for name, label in told) + " "
        behind = f"  +{hidden} rows" if hidden else ""
        room = width - cell_len(before) - len(behind)
        steps: list[Segment] = []
        for number, (shade, least) in reversed([*enumerate(heat.steps)]):
            ink = self._ink(f"chart--heat-{1 + round(number * (LEVELS - 1) / (len(heat.steps) - 1))}")
            text = f" {amount(least, series.unit, per_second=series.per_second)}{'  ' if steps else ''}"
            room -= 2 + len(text)
            if room < 0:
                break
            steps = [Segment(shade * 2, ink), Segment(text, plain), *steps]
        return [Segment(before, plain), *steps, Segment(behind, muted)]

    def _column_of(self, time: float) -> int:
        """Return the column of the plot at a moment in sight."""
        share = 1 - (self._frame.now - time) / self.window
        return max(0, min(self._columns - 1, round(share * (self._columns - 1))))

    def _marks_in_sight(self) -> list[Mark]:
        start = self._frame.now - self.window
        return [mark for mark in self._frame.marks if start <= mark.time <= self._frame.now]

    def _draw_sentence(self, text: str, width: int, height: int) -> list[Strip]:
        text = text.replace("…", "...") if self.ascii else text
        lines = wrapped(text, width)
        above = max(0, (height - len(lines)) // 2)
        rows = [*[""] * above, *lines, *[""] * height][:height]
        style = self._ink("chart--axis")
        return [Strip([Segment(f"{row:^{width}}", style)]).apply_style(self.rich_style) for row in rows]

    def _lines(self, width: int) -> list[_Line]:
        """Return the series as they are drawn in *width* cells."""
        now, cell = self._frame.now, self.window / width
        lines: list[_Line] = []
        for series in self._frame.series:
            points = _visible(series.points, now - self.window, now)
            longest = _longest(points)
            drawn = runs(points, longest, cell, is_rate=series.is_rate)
            buckets = [
                each for each in series.buckets if now - self.window <= each.time <= now and each.high >= each.low
            ]
            lines.append(_Line(series, points, longest, drawn, buckets))
        return lines

    def _legend(self, drawn: Sequence[_Line]) -> Legend:
        """Return the legend, with what each series is at the cursor where there is one."""
        reading = self.reading
        rows: list[LegendRow] = []
        for number, line in enumerate(drawn):
            series = line.series
            known = [value for _, value in line.points if not math.isnan(value)]
            numbers = {
                "last": known[-1] if known else None,
                "max": max(chain(known, (high for *_, high in line.buckets)), default=None),
                "mean": mean(line.points, line.longest, is_rate=series.is_rate),
            }
            if reading is not None:
                numbers = {"at cursor": _value_at(line, reading), **numbers}
            shown = {
                name: "–" if value is None else amount(value, series.unit, per_second=series.per_second)
                for name, value in numbers.items()
            }
            sign, ink = marker(series.slot, ascii=self.ascii), self._ink_of(series.slot)
            rows.append(LegendRow(sign, series.label, shown, ink, number == self.selected))
        return Legend(rows, self._ink("chart--legend"), ascii=self.ascii)

    def _parts(self, drawn: list[_Line], rows: int) -> list[tuple[list[_Line], int]]:
        """Return which series are drawn in one plot, and on how many rows.

        A plot has one axis, so that what is of another unit has a plot of its own. Where there is no room for so many
        plots, the first ones are drawn: the legend has all.
        """
        groups: dict[object, list[_Line]] = {}
        for line in drawn:
            groups.setdefault((line.series.unit, line.series.per_second), []).append(line)
        parts = [[line] for line in drawn] if self.view == "small" else [*groups.values()]
        if rows // len(parts) < LEAST_ROWS:
            parts = [*groups.values()][: max(1, rows // LEAST_ROWS)]
        high, more = divmod(rows, len(parts))
        return [(part, high + (number < more)) for number, part in enumerate(parts)]

    def _axis(self, drawn: Sequence[_Line], rows: int) -> Axis:
        values = [value for line in drawn for value in _values(line)]
        values += [each.high for line in drawn for each in line.buckets]
        peak, unit = max(values, default=0.0), drawn[0].series.unit
        scale = axis_scale(peak, unit)
        if self.view == "log":
            least = min((value for value in values if value > 0), default=1.0)
            zero = any(value <= 0 for value in values)
            return log_axis(least, peak, 1024 if unit is Unit.BYTES else 10, zero=zero)
        return linear_axis(peak, max(1, rows // _TICK_ROWS), scale)

    def _labels(self, axis: Axis, series: ChartSeries) -> list[str]:
        labels = partial(axis_labels, unit=series.unit, per_second=series.per_second)
        if not axis.is_log:
            return labels(axis.ticks)
        # Each has a prefix of its own: one may be a million times another one.
        small = partial(amount, unit=series.unit, per_second=series.per_second)
        return [labels([tick])[0] if tick >= 1 or not tick else small(tick) for tick in axis.ticks]

    def _plot(self, drawn: Sequence[_Line], rows: int, axis: Axis, *, marked: bool) -> Canvas:
        """Return the canvas with series on it, the first on top; *marked* have their shapes."""
        canvas = Canvas(self._columns, rows, ascii=self.ascii)
        start = self._frame.now - self.window
        x_scale = (canvas.dots_wide - 1) / self.window
        highest = canvas.dots_high - 1
        thickness = 2 if rows >= _THICK_FROM and not self.ascii else 1
        is_filled = len(drawn) == 1 and not drawn[0].buckets
        for line in drawn:
            canvas.band(
                [
                    ((t - start) * x_scale, axis.share(a) * highest, axis.share(b) * highest)
                    for t, a, _, b in line.buckets
                ]
            )
        for line in reversed(drawn):
            slot = line.series.slot
            sign = marker(slot, ascii=self.ascii) if marked else ""
            for run in line.runs:
                dots = [((time - start) * x_scale, axis.share(value) * highest) for time, value in run]
                canvas.line(dots, slot, filled=is_filled, marker=sign, thickness=thickness)
        return canvas

    def _draw_plot_row(self, canvas: Canvas, row: int, label: str | None, margin: int) -> list[Segment]:
        vertical, tick, dot = ("|", "+", ".") if self.ascii else ("│", "┤", "┈")
        axis = self._ink("chart--axis")
        left = Segment(f"{label or '':>{margin}} {vertical if label is None else tick}", axis)
        grid = " " if label in (None, "0") else dot
        inks = {
            None: self._ink("chart--grid"),
            AREA: self._ink("chart--area"),
            MARK: self._ink("chart--mark"),
            CURSOR: self._ink("chart--cursor"),
        }
        cells: list[Segment] = [left]
        for text, owner in canvas.row(row, grid):
            style = inks.get(owner)
            if style is None and owner is not None:
                style = inks[owner] = self._ink_of(owner)
            cells.append(Segment(text, style))
        return cells

    def _draw_time_axis(self, columns: int, margin: int) -> list[list[Segment]]:
        """Return the x axis and its labels, `-60s` to `now`."""
        corner, line, tick = ("+", "-", "+") if self.ascii else ("└", "─", "┴")
        parts = next((n for n in (6, 4, 3, 2) if columns // n >= _TICK_COLUMNS), 1)
        rule = [line] * columns
        labels = [" "] * (margin + 2 + columns)
        for part in range(parts + 1):
            column = round(part / parts * (columns - 1))
            rule[column] = tick
            text = self._end if part == parts else _ago(self.window * (parts - part) / parts)
            at = min(margin + 2 + column - len(text) // 2, len(labels) - len(text))
            labels[at : at + len(text)] = text
        axis = self._ink("chart--axis")
        return [
            [Segment(f"{'':>{margin}} {corner}{''.join(rule)}", axis)],
            [Segment("".join(labels), axis)],
        ]

    def _draw_marks(self, marks: Sequence[Mark], most: int) -> list[list[Segment]]:
        """Return at most *most* lines that say what was done, the newest above.

        A text ends at its mark; where there is no room for it on the left and more on the right, it begins there.
        """
        sign = "!" if self.ascii else "┊"
        lines: list[list[tuple[int, str]]] = []
        for mark in reversed(marks):
            at = self._left + self._column_of(mark.time)
            length, left, right = cell_len(mark.text), at - 1, self._left + self._columns - at - 2
            if left < min(length, right):
                start, text = at, f"{sign} {fitted(mark.text, min(length, right))}"
            else:
                text = f"{fitted(mark.text, min(length, left))} {sign}"
                start = at + 1 - cell_len(text)
            line = next((line for line in lines if start + cell_len(text) < line[-1][0]), None)
            if line is None and len(lines) < most:
                lines.append(line := [])
            if line is not None:
                line.append((start, text))
        return [self._spread(line) for line in lines]

    def _spread(self, parts: Sequence[tuple[int, str]]) -> list[Segment]:
        """Return a line with texts at their places, which are given from right to left."""
        line: list[Segment] = []
        used = 0
        for start, text in reversed(parts):
            line += [Segment(" " * (start - used)), Segment(text, self._ink("chart--mark"))]
            used = start + cell_len(text)
        return line

    def _ink_of(self, slot: int) -> Style:
        return self._ink(f"chart--series-{slot % len(MARKERS) + 1}")

    def _ink(self, name: str) -> Style:
        return foreground(self.get_component_rich_style(name))


def _visible(points: Sequence[tuple[float, float]], start: float, stop: float) -> list[tuple[float, float]]:
    """Return the points from *start* to *stop* and the last one before, so that the line reaches the edge."""
    first = next((index for index, (time, _) in enumerate(points) if time >= start), len(points))
    if first == len(points):
        return []
    return [point for point in points[max(0, first - 1) :] if point[0] <= stop]


def _row_label(series: ChartSeries) -> str:
    """Return what a row of a heat map is called: a slot of a histogram by the least number that it counts."""
    return series.label if series.span is None else amount(series.span.low, series.span.unit)


def _values(line: _Line) -> Iterator[float]:
    """Iterate over what is drawn."""
    return (value for run in line.runs for _, value in run)


def _longest(points: Sequence[Point]) -> float:
    """Return how far apart points may be that have no gap between them: some times the usual distance."""
    distances = [after[0] - before[0] for before, after in pairwise(points)]
    return _GAP_FACTOR * median(distances) if distances else 0.0


def _value_at(line: _Line, time: float) -> float | None:
    """Return what is drawn nearest to a moment; None where nothing is."""
    for run in line.runs:
        if run[0][0] - line.longest <= time <= run[-1][0] + line.longest:
            return min(run, key=lambda point: abs(point[0] - time))[1]
    return None


def _ago(seconds: float) -> str:
    """Return a label of the x axis: `-60s`, `-2m`, `-1m30s`."""
    if seconds < 120 and seconds == int(seconds):
        return f"-{seconds:.0f}s"
    if seconds < 120:
        return "-" + duration(seconds).replace(" ", "")
    if seconds >= 7200:
        hours, rest = divmod(round(seconds / 60), 60)
        return f"-{hours}h{rest:02}m" if rest else f"-{hours}h"
    minutes, rest = divmod(round(seconds), 60)
    return f"-{minutes}m{rest:02}s" if rest else f"-{minutes}m"
