"""PaneTitle: the line above a pane, which says what it shows and whether it has the keyboard."""

from __future__ import annotations

from textual.widget import Widget

from .plain import Static

__all__ = ["PaneTitle"]


class PaneTitle(Static):
    """One line; `▌` stands before it in the one pane that has the focus."""

    DEFAULT_CSS = """
    PaneTitle {
        height: 1;
        padding-right: 1;
        border-left: blank;
        background: $panel;
        text-wrap: nowrap;
        text-overflow: ellipsis;
        &.-focus {
            border-left: outer $primary;
            color: $primary;
        }
    }
    """

    def on_mount(self) -> None:
        """Follow the focus."""
        self.watch(self.screen, "focused", self._follow_focus)

    def _follow_focus(self) -> None:
        pane = self.parent
        self.set_class(isinstance(pane, Widget) and pane.has_focus_within, "-focus")
