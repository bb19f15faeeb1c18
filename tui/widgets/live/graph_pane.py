"""GraphPane: the chosen counters over time, on the whole pane."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Vertical

from ...text.format import duration
from ...text.shown import assembled
from ..pane_title import PaneTitle
from ..plain import Static
from .chart import Chart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from ....core.live.drawn import ChartSeries

__all__ = ["GraphPane"]


class GraphPane(Vertical, can_focus=True):
    """A chart under one line that says what it shows."""

    DEFAULT_CSS = """
    GraphPane {
    }
    """

    def compose(self) -> ComposeResult:
        """Compose title and chart."""
        yield PaneTitle(id="graph-title")
        chart = Chart(id="graph-chart", unit="/s")
        chart.empty_text = "nothing to draw yet: load, attach, then choose a number of a map (4) with w"
        yield chart

    def on_mount(self) -> None:
        """Say what is to be done."""
        self.title("")

    @property
    def window(self) -> float:
        """Seconds that the chart reaches back."""
        return self.query_one(Chart).window

    @window.setter
    def window(self, seconds: float) -> None:
        self.query_one(Chart).window = seconds

    def title(self, what: str) -> None:
        """Say what is drawn."""
        text = what or "Rates"
        self.query_one("#graph-title", Static).update(
            assembled(
                (text, "bold"),
                (f"  per second, the last {duration(self.window)}  ", ""),
                ("[ ] window · 4 and w: choose numbers", "$text-muted"),
            )
        )

    def show(self, series: Sequence[ChartSeries], now: float) -> None:
        """Draw *series*."""
        self.query_one(Chart).show(series, now)
