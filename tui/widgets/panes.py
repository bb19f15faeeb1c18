"""Panes: what stands behind the explorer's tabs, made only after its first frame has been drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.widgets import TabPane

from ...core.live.monitor import WINDOWS
from ..nodes import NodeKind
from .code.kernel_code import KernelCodePane
from .live.graph_pane import GraphPane
from .live.map_pane import MapPane
from .live.printed_view import PrintedView
from .spec.variables_view import VariablesView
from .spec_lists import SpecLists
from .verifier.log_pane import LogPane

if TYPE_CHECKING:
    from textual.widgets import TabbedContent

    from ...core.live import Session
    from ...core.live.monitor import Monitor
    from ...core.runtime import Printed
    from ...core.spec import CollectionSpec
    from ..nodes import Node

__all__ = ["Panes"]


PRINTED: Final = "7 Printed"
"""The title of the tab that is there once something was printed."""


class Panes:
    """One widget for each tab but the overview.

    Importing them takes about as long as importing Textual: hence a module of its own.
    """

    lists: SpecLists

    def __init__(self, spec: CollectionSpec, session: Session) -> None:
        self._spec = spec
        self.code = KernelCodePane(spec, session)
        self.variables = VariablesView(spec)
        self.maps = MapPane(spec, theirs=session.theirs is not None)
        self.graph = GraphPane()
        self.log = LogPane(spec, lambda: session.runtime)
        self.printed = PrintedView()

    async def mount(self, tabs: TabbedContent) -> None:
        """Put each into the tab of its name, and wait until it is there."""
        self._tabs = tabs
        self.lists = SpecLists(self._spec, tabs.get_pane("overview"))
        for tab, widget in (
            ("code", self.code),
            ("variables", self.variables),
            ("maps", self.maps),
            ("graph", self.graph),
            ("log", self.log),
        ):
            await tabs.get_pane(tab).mount(widget)

    def choose(self, node: Node) -> None:
        """Let the pane in which *node* is at home show it."""
        self.lists.choose(node)
        match node.kind:
            case NodeKind.PROGRAM:
                self.code.program = node.name
                self.log.choose(node.name)
            case NodeKind.FUNCTION:
                self.code.show_function(node.program, node.name)
            case NodeKind.MAP:
                self.maps.map_name = node.name
            case NodeKind.VARIABLE:
                self.variables.choose(node.name)
            case _:
                pass

    def show_sample(self, tab: str, monitor: Monitor) -> None:
        """Draw the last sample in the pane of *tab*: the others are out of sight."""
        if monitor.last is None:
            return
        match tab:
            case "maps":
                self.maps.show(monitor.last, monitor.previous, monitor.graph)
            case "graph":
                self.graph.show(monitor.graph, monitor.last.time)
            case "variables":
                self.variables.refresh_values()
            case _:
                pass

    async def show_printed(self, time: float, printed: Printed) -> None:
        """Add what programs printed; there is no tab for it before something was."""
        if not self.printed.is_attached:
            await self._tabs.add_pane(TabPane(PRINTED, self.printed, id="printed"))
        self.printed.add(time, printed)

    def change_window(self, step: int) -> None:
        """Draw a shorter (-1) or a longer (1) time."""
        here = min(range(len(WINDOWS)), key=lambda index: abs(WINDOWS[index] - self.graph.window))
        self.graph.window = WINDOWS[max(0, min(len(WINDOWS) - 1, here + step))]
