"""Chart: counters over time, as lines of braille."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from ...text.charset import is_ascii_terminal
from ...text.fit import fitted, wrapped
from ...text.format import axis_labels, duration, si
from ..lists.virtual_list import foreground
from .plot import Canvas, nice_ticks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.style import Style
    from textual import events

    from ....core.live.drawn import ChartSeries

__all__ = ["Chart"]

_MARKERS = "●▲■◆▼✚"
_ASCII_MARKERS = "*+x#o@"
_GAP_FACTOR = 2.5
"""Samples further apart than so many usual distances have a gap between them."""
_TICK_ROWS = 4
"""About so many rows of the plot to one tick of the y axis."""
_TICK_COLUMNS = 15
"""At least so many columns of the plot to one tick of the x axis."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """What one drawing is made from."""

    series: Sequence[ChartSeries] = ()
    now: float = 0.0
    visible: list[list[tuple[float, float]]] = field(default_factory=list[list[tuple[float, float]]])
    """Each series' points within the window, with one before it, so that the line reaches the edge."""

    @property
    def has_points(self) -> bool:
        return any(self.visible)


class Chart(Widget):
    """Series over the last `window` seconds: axes from zero with SI ticks, a legend with last and max.

    One series is an area under a line; several are lines. They are told apart by colour and by a marker, in the
    legend and along the line. The strips are built once for each `show`, not for each repaint.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "chart--axis",
        "chart--grid",
        "chart--legend",
        "chart--area",
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
        & > .chart--series-1 { color: $series-1; text-style: bold; }
        & > .chart--series-2 { color: $series-2; text-style: bold; }
        & > .chart--series-3 { color: $series-3; text-style: bold; }
        & > .chart--series-4 { color: $series-4; text-style: bold; }
        & > .chart--series-5 { color: $series-5; text-style: bold; }
        & > .chart--series-6 { color: $series-6; text-style: bold; }
    }
    """

    window: reactive[float] = reactive(60.0)
    """How many seconds back the x axis reaches."""
    unit: reactive[str] = reactive("")
    """The unit of the values, behind the SI prefix: "pps", "B/s"."""
    ascii: reactive[bool] = reactive(False)
    """Whether to draw with ASCII alone; from the locale unless it is given."""
    empty_text: reactive[str] = reactive("waiting for the first samples …")
    """The sentence of a chart without a point in its window."""

    def __init__(
        self,
        *,
        window: float = 60.0,
        unit: str = "",
        ascii: bool | None = None,  # noqa: A002 - the word for it
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name
        classes: str | None = None,
        disabled: bool = False,
    ) -> None:
        """Initialise a chart.

        Args:
            window: How many seconds back it reaches.
            unit: The unit of the values.
            ascii: Whether to draw with ASCII alone; None asks the locale.
            name: The name of the widget.
            id: The ID of the widget in the DOM.
            classes: The CSS classes of the widget.
            disabled: Whether the widget is disabled.
        """
        super().__init__(name=name, id=id, classes=classes, disabled=disabled)
        self._frame = _Frame()
        self._strips: list[Strip] | None = None
        self.set_reactive(Chart.window, window)
        self.set_reactive(Chart.unit, unit)
        self.set_reactive(Chart.ascii, is_ascii_terminal() if ascii is None else ascii)

    def show(self, series: Sequence[ChartSeries], now: float) -> None:
        """Draw *series*; *now* is the right edge, in seconds on the points' clock."""
        self._frame = _Frame(series, now, [_visible(line.points, now - self.window, now) for line in series])
        self._redraw()

    def watch_window(self) -> None:
        """Look further back, or less far."""
        self.show(self._frame.series, self._frame.now)

    def watch_unit(self) -> None:
        """Name the new unit."""
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
        """Return a line of the drawing."""
        if self._strips is None:
            self._strips = self._draw()
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width, self.rich_style)

    # Drawing

    def _draw(self) -> list[Strip]:
        width, height = self.size
        if width < 12 or height < 4:
            return []
        if not self._frame.has_points:
            return self._draw_empty(width, height)
        legend = self._draw_legend(width)[: max(1, height - 5)]
        rows = height - len(legend) - 2
        top, ticks = nice_ticks(self._peak(), max(1, rows // _TICK_ROWS))
        labels = axis_labels(ticks, self.unit)
        margin = max(map(len, labels)) + 1
        canvas = self._plot(max(1, width - margin - 2), rows, top)
        bottom = rows - 1
        tick_rows = {bottom - round(tick / top * bottom): label for tick, label in zip(ticks, labels, strict=True)}
        lines = [self._draw_plot_row(canvas, row, tick_rows.get(row), margin) for row in range(rows)]
        base = self.rich_style
        return [
            Strip(line).adjust_cell_length(width).apply_style(base)
            for line in [*legend, *lines, *self._draw_time_axis(canvas.columns, margin)]
        ]

    def _draw_empty(self, width: int, height: int) -> list[Strip]:
        text = self.empty_text if not self.ascii else self.empty_text.replace("…", "...")
        lines = wrapped(text, width)
        above = max(0, (height - len(lines)) // 2)
        rows = [*[""] * above, *lines, *[""] * height][:height]
        style = self._ink("chart--axis")
        return [Strip([Segment(f"{row:^{width}}", style)]).apply_style(self.rich_style) for row in rows]

    def _draw_legend(self, width: int) -> list[list[Segment]]:
        """Return the legend: marker, name, last and max of each series, as many to a line as fit."""
        lines: list[list[Segment]] = [[]]
        used = 0
        for number, (line, points) in enumerate(zip(self._frame.series, self._frame.visible, strict=True)):
            values = [value for _, value in points if not math.isnan(value)]
            numbers = ["no samples"]
            if values:
                numbers = [f"last {si(values[-1], self.unit)}", f"max {si(max(values), self.unit)}"]
            label = f" {self._marker(number)} {line.label}"
            if cell_len(label) + cell_len("  ".join(numbers)) + 2 > width:
                del numbers[1:]  # the last value and the name say more than the highest
                label = fitted(label, min(cell_len(label), max(8, width - cell_len(numbers[0]) - 2)))
            item = [
                Segment(f"{label}  ", self._ink(f"chart--series-{number % 6 + 1}")),
                Segment(f"{'  '.join(numbers)}  ", self._ink("chart--legend")),
            ]
            cells = Segment.get_line_length(item)
            if lines[-1] and used + cells > width:
                lines.append([])
                used = 0
            lines[-1] += item
            used += cells
        return lines

    def _plot(self, columns: int, rows: int, top: float) -> Canvas:
        """Return the canvas with all series on it, the first on top."""
        canvas = Canvas(columns, rows, ascii=self.ascii)
        start = self._frame.now - self.window
        x_scale = (canvas.dots_wide - 1) / self.window
        y_scale = (canvas.dots_high - 1) / top
        many = len(self._frame.series) > 1
        for number, points in reversed(list(enumerate(self._frame.visible))):
            for run in _runs(points):
                dots = [((time - start) * x_scale, value * y_scale) for time, value in run]
                canvas.line(dots, number, filled=not many, marker=self._marker(number) if many else "")
        return canvas

    def _draw_plot_row(self, canvas: Canvas, row: int, label: str | None, margin: int) -> list[Segment]:
        vertical, tick, dot = ("|", "+", ".") if self.ascii else ("│", "┤", "┈")
        axis = self._ink("chart--axis")
        left = Segment(f"{label or '':>{margin}} {vertical if label is None else tick}", axis)
        grid = " " if label in (None, "0") else dot
        inks = {None: self._ink("chart--grid"), -1: self._ink("chart--area")}
        cells: list[Segment] = [left]
        for text, owner in canvas.row(row, grid):
            style = inks.get(owner)
            if style is None and owner is not None:
                style = inks[owner] = self._ink(f"chart--series-{owner % 6 + 1}")
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
            text = "now" if part == parts else _ago(self.window * (parts - part) / parts)
            at = min(margin + 2 + column - len(text) // 2, len(labels) - len(text))
            labels[at : at + len(text)] = text
        axis = self._ink("chart--axis")
        return [
            [Segment(f"{'':>{margin}} {corner}{''.join(rule)}", axis)],
            [Segment("".join(labels), axis)],
        ]

    def _peak(self) -> float:
        return max((v for points in self._frame.visible for _, v in points if not math.isnan(v)), default=0.0)

    def _marker(self, number: int) -> str:
        markers = _ASCII_MARKERS if self.ascii else _MARKERS
        return markers[number % len(markers)]

    def _ink(self, name: str) -> Style:
        return foreground(self.get_component_rich_style(name))


def _visible(points: Sequence[tuple[float, float]], start: float, stop: float) -> list[tuple[float, float]]:
    """Return the points from *start* to *stop* and the last one before, so that the line reaches the edge."""
    first = next((index for index, (time, _) in enumerate(points) if time >= start), len(points))
    if first == len(points):
        return []
    return [point for point in points[max(0, first - 1) :] if point[0] <= stop]


def _runs(points: Sequence[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    """Split a series at its gaps: values that are NaN, and distances far above the usual one."""
    distances = [after[0] - before[0] for before, after in pairwise(points)]
    longest = _GAP_FACTOR * median(distances) if distances else 0.0
    runs: list[list[tuple[float, float]]] = [[]]
    previous = math.inf
    for time, value in points:
        if math.isnan(value) or time - previous > longest:
            runs.append([])
        if not math.isnan(value):
            runs[-1].append((time, value))
        previous = time
    return [run for run in runs if run]


def _ago(seconds: float) -> str:
    """Return a label of the x axis: `-60s`, `-2m`, `-1m30s`."""
    if seconds < 120 and seconds == int(seconds):
        return f"-{seconds:.0f}s"
    if seconds < 120:
        return "-" + duration(seconds).replace(" ", "")
    minutes, rest = divmod(round(seconds), 60)
    return f"-{minutes}m{rest:02}s" if rest else f"-{minutes}m"
