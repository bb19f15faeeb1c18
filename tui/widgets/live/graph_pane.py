"""GraphPane: the chosen counters over time, on the whole pane, and a cursor that reads them."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from math import isnan
from typing import TYPE_CHECKING, ClassVar, Final, cast

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message

from ....core.live.quantity import OfEntry, OfRecords, Total
from ...nodes import Node, NodeKind
from ...targets import EntryTarget
from ...text.colors import tabbed
from ...text.format import duration
from ...text.shown import assembled
from ..key_offer import KeyOffer
from ..lists.row_view import Writing
from ..pane_title import PaneTitle
from ..plain import Static
from .chart import VIEWS, Chart, end_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual import events
    from textual.app import ComposeResult

    from ....core.live.graph import Graph
    from ....core.live.quantity import Quantity
    from ...base_app import BaseApp
    from ...targets import Target

__all__ = ["GraphPane"]


_EMPTY: Final = "Nothing is drawn yet. A loads and attaches: then the runs are drawn, or what w chooses."
_EMPTY_LOADED: Final = "Nothing is drawn yet. A attaches: then the runs are drawn, or what w chooses."
_EMPTY_OF_THEIRS: Final = "Nothing is drawn yet: the runs are once its programs run, or what w chooses."
"""The same where others have loaded it: there is nothing to load."""
_VIEWS: Final = {"lines": "", "small": ", each by itself", "log": ", log scale", "heat": ", all of them as a heat map"}


class GraphPane(Vertical, can_focus=True):
    """A chart under one line that says what it shows."""

    PLACE_KEYS: ClassVar[tuple[str, ...]] = ("keep",)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "view", "View", id="graph.view", tooltip="Next view: lines, small ones, log scale, heat map"),
        Binding("x", "values", "Value", id="graph.values", tooltip="Values, or how much they grow a second"),
        Binding("e", "unit", "Unit", show=False, id="graph.unit", tooltip="Choose what the chosen line counts"),
        Binding("w", "remove", "Remove", id="graph.remove", tooltip="Draw the chosen line no more"),
        Binding("left,h", "read(-1)", "Cursor", id="graph.earlier", tooltip="Read the moment before"),
        Binding("right,l", "read(1)", "Later", show=False, id="graph.later", tooltip="Read the moment after"),
        Binding("comma", "read_now(-1)", "Cursor", show=False, id="graph.before", tooltip="Read the moment before"),
        Binding("full_stop", "read_now(1)", "Later", show=False, id="graph.after", tooltip="Read the moment after"),
        Binding("less_than_sign", "mark(-1)", "Marks", id="graph.mark-before", tooltip="Read the mark before"),
        Binding(
            "greater_than_sign", "mark(1)", "Mark", show=False, id="graph.mark-after", tooltip="Read the next mark"
        ),
        Binding("up,k", "select(-1)", "Line", show=False, id="graph.up", tooltip="Choose the line above"),
        Binding("down,j", "select(1)", "Line", show=False, id="graph.down", tooltip="Choose the line below"),
        Binding("enter", "open", "Open", show=False, id="graph.open", tooltip="To what the chosen line is of"),
        Binding("y", "copy_row", "Copy", show=False, id="graph.copy", tooltip="Copy the chosen line with its numbers"),
        Binding(
            "ctrl+s", "save", "Save", show=False, id="graph.save", tooltip="Write what is drawn to a file, as numbers"
        ),
        Binding("escape", "leave", "Now", show=False, id="graph.leave", tooltip="Read no moment any more"),
    ]

    class Followed(Message):
        """What a line is drawn of is to be seen.

        Args:
            target: Where it lives.
        """

        def __init__(self, target: Target) -> None:
            super().__init__()
            self.target = target

    class UnitAsked(Message):
        """The unit of a line is to be chosen.

        Args:
            quantity: What it is drawn of.
        """

        def __init__(self, quantity: Quantity) -> None:
            super().__init__()
            self.quantity = quantity

    class PastAsked(Message):
        """More is drawn than before: its past is to be read, where that is in a recording."""

    def __init__(self, *, theirs: bool = False) -> None:
        """Initialise the pane for what was loaded here or, where it is *theirs*, by others."""
        super().__init__()
        self._empty_text = _EMPTY_OF_THEIRS if theirs else _EMPTY
        self._graph: Graph | None = None
        self._now = 0.0
        self._offer = KeyOffer(self)

    def show_loaded(self) -> None:
        """Say no more that it is to be loaded."""
        if self._empty_text == _EMPTY:
            self._empty_text = self.query_one("#graph-chart", Chart).empty_text = _EMPTY_LOADED

    def compose(self) -> ComposeResult:
        """Compose title and chart."""
        yield PaneTitle(id="graph-title")
        chart = Chart(id="graph-chart")
        chart.empty_text = self._empty_text
        yield chart

    def on_mount(self) -> None:
        """Say what is to be done."""
        self._show_title()

    @property
    def chart(self) -> Chart:
        """What is drawn."""
        return self.query_one(Chart)

    @property
    def _has_rows(self) -> bool:
        """Whether the chosen line is of a map that may have several entries."""
        return isinstance(self._selected, OfEntry) and bool(self._selected.key)

    @property
    def window(self) -> float:
        """Seconds that the chart reaches back."""
        return self.chart.window

    @window.setter
    def window(self, seconds: float) -> None:
        self.chart.window = seconds
        self._show_title()

    def show(self, graph: Graph, now: float) -> None:
        """Draw what is chosen, up to *now*."""
        self._graph = graph
        chart = self.chart
        series = graph.series(chart.window)
        if chart.selected is not None or len(graph.chosen) > 1:
            chart.selected = min(chart.selected or 0, len(series) - 1) if len(series) > 1 else None
        if chart.view == "heat" and not self._has_rows:
            chart.view = "lines"
        if chart.view == "heat" and isinstance(selected := self._selected, OfEntry):
            series = graph.rows(selected, chart.window)
        chart.show(series, now, graph.marks, end=end_of(graph, now))
        self._now = now
        self._show_title()
        self._offer.follow()

    def _show_title(self) -> None:
        graph, chart = self._graph, self.chart
        what = "Rates"
        if graph is not None:
            what = self._what(graph, graph.drawn)
            if chart.view == "heat" and (selected := self._selected) is not None:
                what = self._what(graph, (selected,))
        view = _VIEWS[chart.view]
        about: list[tuple[str, str]] = [(what, "bold"), (f"  the last {duration(self.window)}{view}", "")]
        if graph is not None and (reading := chart.reading) is not None:
            ago = self._now - reading
            clock = time.strftime("%H:%M:%S", time.localtime(graph.date(reading)))
            # First: in a narrow pane the rest is cut off, and no digit of this.
            parts = [(f"cursor -{ago:.1f} s ({clock})  ", "$primary"), *about]
        elif chart.is_empty:
            parts = about[:1]
        else:
            parts = [*about, ("  [ ] window · ← → cursor", "$text-muted")]
        self.query_one("#graph-title", Static).update(assembled(*parts))

    def _what(self, graph: Graph, drawn: Sequence[Quantity]) -> str:
        """Return what lines are of: the one thing, else how many there are."""
        entries = [each for each in drawn if isinstance(each, OfEntry)]
        names = {(each.counter.label, each.counter.name) for each in entries}
        if not graph.chosen:
            what = "program runs"
        elif len(entries) == len(drawn) and len(names) == 1:
            ((label, of),) = names
            what = label if label == of else f"{label} of {of}"
        else:
            what = graph.label(drawn[0]) if len(drawn) == 1 else f"{len(drawn)} numbers"
        rates = all(not graph.shows_value(each) and not each.is_mean for each in drawn)
        return f"{what} per second" if rates else what

    def on_click(self, event: events.Click) -> None:
        """Follow the line of the legend that was clicked, else read the moment."""
        chart = self.chart
        if (number := event.style.meta.get("series")) is not None:
            self._open(number)
        elif event.widget is chart and (moment := chart.moment_at(event.x)) is not None:
            chart.cursor = moment
            self._show_title()

    # Actions

    def action_read(self, cells: int) -> None:
        """Read the moment before or after."""
        self.chart.move_cursor(cells)
        self._show_title()

    def action_read_now(self, cells: int) -> None:
        """Read the moment before or after, of what is seen now: in a recording these keys go to another moment."""
        self.action_read(cells)

    def action_mark(self, direction: int) -> None:
        """Read the moment of a mark."""
        if not self.chart.move_to_mark(direction):
            self.notify("no mark there: set, load, attach and detach leave one", severity="warning", timeout=3)
        self._show_title()

    def action_select(self, direction: int) -> None:
        """Choose another line."""
        graph, chart = self._graph, self.chart
        count = len(graph.drawn) if graph is not None else 0
        if count > 1:
            before = chart.selected
            chart.selected = 0 if before is None else max(0, min(count - 1, before + direction))

    def action_open(self) -> None:
        """Go to what the chosen line is of."""
        self._open(self.chart.selected or 0)

    def _open(self, number: int) -> None:
        drawn = () if self._graph is None else self._graph.drawn
        if number >= len(drawn):
            self.notify("nothing is drawn yet", severity="warning", timeout=3)
            return
        self.post_message(self.Followed(_home_of(drawn[number])))

    def action_view(self) -> None:
        """Draw all in one plot, each in one of its own where there are several, on a logarithmic scale, or all entries
        of the chosen line's map as a heat map.
        """
        chart, graph = self.chart, self._graph
        if graph is None:
            return
        can = {"small": len(graph.drawn) > 1, "heat": self._has_rows}
        views = [each for each in VIEWS if can.get(each, True)]
        chart.view = views[(views.index(chart.view) + 1) % len(views)] if chart.view in views else views[0]
        self.show(graph, self._now)
        if chart.view == "heat":
            self.post_message(self.PastAsked())

    def action_values(self) -> None:
        """Draw what the lines are, or how they change; of a heat map, the one line whose entries it has."""
        graph = self._graph
        if graph is None:
            return
        graph.turn(self._selected if self.chart.view == "heat" else None)
        self.show(graph, self._now)

    def action_unit(self) -> None:
        """Choose what the chosen line counts, where nothing tells."""
        if (chosen := self._selected) is not None:
            self.post_message(self.UnitAsked(chosen))

    @property
    def _selected(self) -> Quantity | None:
        chosen = self._graph.chosen if self._graph is not None else ()
        return chosen[self.chart.selected or 0] if chosen else None

    def action_remove(self) -> None:
        """Draw the chosen line no more."""
        if self._graph is None or (chosen := self._selected) is None:
            return
        self._graph.leave_out(chosen)
        self.show(self._graph, self._now)

    def action_copy_row(self) -> None:
        """Copy the chosen line of the legend."""
        text = self.chart.row_text(self.chart.selected or 0)
        if text:
            cast("BaseApp[object]", self.app).copy_to_clipboard(text)
            self.notify(f"copied: {text}", timeout=2)

    @property
    def has_titles(self) -> bool:
        """The first row that is written has the names of the lines."""
        return True

    def all_rows(self) -> Callable[[], Sequence[str]]:
        """Return what gives a row for each moment in the window: when it was, and what each line has there, if any."""
        graph = self._graph
        if graph is None:
            return list
        drawn = graph.series(self.window)
        since, dates = self._now - self.window, graph.date

        def rows() -> list[str]:
            columns = [{at: value for at, value in each.points if at >= since} for each in drawn]
            names = [f"{each.label} per second" if each.per_second else each.label for each in drawn]
            moments = sorted(set[float]().union(*columns))
            cells = ((_number(column.get(at)) for column in columns) for at in moments)
            clocks = (
                datetime.fromtimestamp(dates(at), tz=UTC).astimezone().isoformat(" ", "milliseconds") for at in moments
            )
            return [tabbed("time", *names), *(tabbed(when, *row) for when, row in zip(clocks, cells, strict=True))]

        return rows

    def action_save(self) -> None:
        """Ask the screen to write the numbers that are drawn to a file."""
        if isinstance(self.screen, Writing):
            self.screen.save_rows(self)

    def action_leave(self) -> None:
        """Read no moment."""
        self.chart.cursor = None
        self._show_title()

    def why_not(self, action: str) -> str:
        """Return why there is nothing to read, or to draw otherwise."""
        if action == "values":
            return "nothing is drawn yet"
        if action == "unit":
            return "what a unit is chosen for is a number in a map, a variable or a record: w draws one"
        if action == "remove" and self._graph is not None:
            return "nothing was chosen: the runs of the programs are drawn"
        if action.startswith("mark("):
            return "no mark is in sight: set, load, attach and detach leave one"
        if action.startswith("select("):
            return "there is no other line"
        return "" if action == "leave" else "nothing is drawn yet"

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what can be done with what is drawn; leave escape to the screen where no moment is read."""
        graph, chart = self._graph, self.chart
        match action:
            case "leave":
                return chart.cursor is not None
            case "values":
                return graph is not None and bool(graph.drawn)
            case "remove":
                return graph is not None and bool(graph.chosen)
            case "unit":
                return isinstance(self._selected, OfEntry | OfRecords | Total)
            case "mark" | "read_now" if graph is not None and graph.is_recorded:
                return False  # the screen's: they go to that moment
            case "mark":
                return chart.has_marks
            case "read" | "read_now" | "copy_row" | "save" | "view":
                return not chart.is_empty
            case "select":
                return graph is not None and len(graph.drawn) > 1
            case _:
                return super().check_action(action, parameters)


def _number(value: float | None) -> str:
    """Return a number as other programs read it; nothing where there is none, or a gap."""
    return "" if value is None or isnan(value) else f"{value:.12g}"


def _home_of(quantity: Quantity) -> Target:
    """Return where what is drawn lives."""
    kind, name = quantity.source
    match kind:
        case "program":
            return Node(NodeKind.PROGRAM, name)
        case "variable":
            return Node(NodeKind.VARIABLE, name)
        case _:
            if isinstance(quantity, OfEntry):
                return EntryTarget(name, quantity.key)
            return Node(NodeKind.MAP, name)
