"""A Textual app with the explorer's kinds of widgets and nothing behind them: what the explorer is measured against."""

from __future__ import annotations

from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import DataTable, Footer, RichLog, Static, TabbedContent, TabPane, Tree


class BareApp(App[None]):
    """A tree, six tabs, a status line, a footer."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "quit", "Quit")]

    def compose(self) -> ComposeResult:
        """Lay it out."""
        yield Static("status")
        with Horizontal():
            tree: Tree[None] = Tree("object")
            for branch in ("programs", "maps", "variables"):
                node = tree.root.add(branch, expand=True)
                for leaf in range(6):
                    node.add_leaf(f"{branch} {leaf}")
            yield tree
            with Vertical(), TabbedContent():
                yield TabPane("1 Overview", Static("overview"))
                yield TabPane("2 Code", RichLog())
                yield TabPane("3 Variables", DataTable[str]())
                yield TabPane("4 Maps", DataTable[str](), Static("chart"))
                yield TabPane("5 Graph", Static("chart"))
                yield TabPane("6 Log", RichLog())
        yield Footer()


if __name__ == "__main__":
    BareApp().run()
