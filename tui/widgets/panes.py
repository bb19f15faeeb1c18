"""Panes: what stands behind the explorer's tabs, made only after its first frame has been drawn."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from textual.widgets import TabPane

from ...core.errors import BpftuiError
from ...core.live import State
from ...core.live.monitor import WINDOWS
from ..held import HeldObjects
from ..nodes import NodeKind, tab_title
from .code.marked_code import MarkedCodePane
from .live.graph_pane import GraphPane
from .live.map_pane import MapPane
from .live.printed_view import PrintedView
from .spec.variables_view import VariablesView
from .spec_lists import SpecLists
from .verifier.log_pane import LogPane

if TYPE_CHECKING:
    from ...core.live import Session
    from ...core.live.monitor import Monitor
    from ...core.live.quantity import Quantity
    from ...core.runtime import Printed
    from ...core.spec import CollectionSpec
    from ..nodes import Node
    from .lists.row_view import RowView
    from .place_tabs import PlaceTabs

__all__ = ["Panes"]


_BESIDE_MAPS: Final = ("overview", "code", "variables")
"""The tabs beside which the maps stand where there is room for a third column."""


class Panes:
    """One widget for each tab but the overview.

    Importing them takes about as long as importing Textual: hence a module of its own.
    """

    lists: SpecLists

    def __init__(self, spec: CollectionSpec, session: Session) -> None:
        self._spec = spec
        self.code = MarkedCodePane(spec, session)
        self.variables = VariablesView(spec)
        self.maps = MapPane(spec, unread=session.leaves_streams)
        self.maps.entries.held = HeldObjects(session)
        self.graph = GraphPane(theirs=session.theirs is not None)
        self.log = LogPane(spec, lambda: session.runtime, theirs=session.theirs is not None, past=session.is_past)
        self.printed = PrintedView()

    async def mount(self, tabs: PlaceTabs) -> None:
        """Put each into the tab of its name, the maps also beside others, and wait until it is there."""
        self._tabs = tabs
        self.lists = SpecLists(self._spec, tabs.get_pane("overview"))
        for tab, widget in (
            ("code", self.code),
            ("variables", self.variables),
            ("graph", self.graph),
            ("log", self.log),
        ):
            await tabs.get_pane(tab).mount(widget)
        # An object without maps has nothing to show there, and its code the room.
        await tabs.add_column(self.maps, tab="maps", beside=_BESIDE_MAPS if self.maps.map_name else ())

    def choose(self, node: Node) -> None:
        """Let the pane in which *node* is at home show it."""
        self.lists.choose(node)
        match node.kind:
            case NodeKind.PROGRAM:
                self.code.program = node.name
                self.log.choose(node.name)
                self._show_map_of(node.name)
            case NodeKind.FUNCTION:
                self.code.show_function(node.program, node.name)
                self._show_map_of(node.program)
            case NodeKind.MAP:
                self.maps.map_name = node.name
            case NodeKind.VARIABLE:
                self.variables.choose(node.name)
            case _:
                pass

    def _show_map_of(self, program: str) -> None:
        """Show in the third column a map of a program's, unless the one there is."""
        if not self._tabs.has_column:
            return
        with contextlib.suppress(BpftuiError):  # damaged code says so itself
            used = [name for name in self._spec.programs[program].maps if not self._spec.maps[name].is_data]
            if used and self.maps.map_name not in used:
                self.maps.map_name = used[0]

    def code_moved(self, view: RowView) -> None:
        """Show in the third column the map that the row of the code is about."""
        if view is not self.code.view or not self._tabs.has_column:
            return
        found = self.code.map_here
        if found is not None and found != self.maps.map_name:
            self.maps.map_name = found

    @property
    def has_chart(self) -> bool:
        """Whether the third column draws what moves."""
        return self._tabs.has_column and self.maps.has_chart

    def show_stage(self, stage: str, *, is_busy: bool) -> None:
        """Let panes that are empty still say what fills them.

        Args:
            stage: How far the object has come, a `State`.
            is_busy: Whether something is being done with it: before it is loaded that is the load.
        """
        if stage == State.SPEC:
            self.maps.awaits = "loading" if is_busy else "load"
        else:
            self.maps.awaits = "sample"
            self.graph.show_loaded()

    def draws(self, quantity: Quantity) -> bool:
        """Whether what is chosen is drawn where it was chosen: in the third column."""
        return self.has_chart and quantity.source == ("map", self.maps.map_name)

    def show_sample(self, tab: str, monitor: Monitor) -> None:
        """Draw the last sample in the pane of *tab* and in the third column: the others are out of sight.

        Variables are told in any tab: what the program wrote is marked in the tree.
        """
        if monitor.last is None:
            return
        self.variables.show_sample(monitor.last)
        if tab == "maps" or self._tabs.has_column:
            self.maps.show(monitor.last, monitor.previous, monitor.graph)
        if tab == "graph":
            self.graph.show(monitor.graph, monitor.last.end)

    def forget(self) -> None:
        """Forget what came and was printed so far: it is another moment."""
        self.maps.forget_events()
        if self.printed.is_attached:
            self.printed.action_clear()

    async def show_printed(self, time: float, printed: Printed) -> None:
        """Add what programs printed; there is no tab for it before something was."""
        if not self.printed.is_attached:
            await self._tabs.add_pane(TabPane(tab_title("printed"), self.printed, id="printed"))
        self.printed.add(time, printed)

    def change_window(self, step: int) -> None:
        """Draw a shorter (-1) or a longer (1) time."""
        here = min(range(len(WINDOWS)), key=lambda index: abs(WINDOWS[index] - self.graph.window))
        window = WINDOWS[max(0, min(len(WINDOWS) - 1, here + step))]
        self.graph.window = self.maps.chart.window = window
