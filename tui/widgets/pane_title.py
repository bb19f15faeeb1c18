"""PaneTitle: the line above a pane, which says what it shows and whether it has the keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message
from textual.style import Style
from textual.widget import Widget

from ..text.shown import plain
from .plain import Static

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.content import Content

    from ..targets import Target

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

    class Followed(Message):
        """A name in a title was clicked.

        Args:
            target: Where it leads.
        """

        def __init__(self, target: Target) -> None:
            super().__init__()
            self.target = target

    targets: Sequence[Target] = ()
    """Where the names lead that are drawn with `link`."""

    @staticmethod
    def link(text: str, number: int) -> Content:
        """Return a name that leads to the *number*-th of the targets."""
        return plain(text).stylize("$link").stylize(Style.from_meta({"target": number}))

    def on_click(self, event: events.Click) -> None:
        """Follow the name that was clicked."""
        number: int = event.style.meta.get("target", -1)
        if 0 <= number < len(self.targets):
            event.stop()
            self.post_message(self.Followed(self.targets[number]))

    def on_mount(self) -> None:
        """Follow the focus."""
        self.watch(self.screen, "focused", self._follow_focus)

    def _follow_focus(self) -> None:
        pane = self.parent
        self.set_class(isinstance(pane, Widget) and pane.has_focus_within, "-focus")
