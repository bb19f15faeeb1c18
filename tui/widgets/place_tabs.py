"""PlaceTabs: the second line of a place, its tabs; below them what stands beside all, and what the shown one has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widgets import TabbedContent

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.widget import Widget

__all__ = ["PlaceTabs"]


class PlaceTabs(TabbedContent):
    """Tabs over the whole width, which digits choose: they are no pane, and never have the keyboard.

    Args:
        beside: What stands left of whichever tab is shown, if anything.
        initial: The id of the tab that is shown at first.
        id: Textual's own.
    """

    DEFAULT_CSS = """
    PlaceTabs {
        height: 1fr;
        layout: horizontal;
        & > ContentTabs { dock: top; height: 1; background: $footer-background; }
        & > ContentSwitcher { width: 1fr; height: 1fr; }
    }
    """

    def __init__(self, beside: Widget | None = None, *, initial: str, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(initial=initial, id=id)
        self._beside = beside

    def compose(self) -> ComposeResult:
        """Compose the tabs, and what is below them."""
        parts = iter(super().compose())
        tabs = next(parts)
        tabs.can_focus = False
        yield tabs
        if self._beside is not None:
            yield self._beside
        yield from parts
