"""PlaceTabs: the second line of a place, its tabs; below them what stands beside all, and what the shown one has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.widgets import ContentSwitcher, TabbedContent

if TYPE_CHECKING:
    from collections.abc import Collection

    from textual import events
    from textual.app import ComposeResult
    from textual.widget import Widget

__all__ = ["BROAD", "WIDE", "PlaceTabs"]

WIDE: Final = 100
"""Columns of the terminal from which on a screen has the class `-wide`; below it has `-narrow`."""
BROAD: Final = 160
"""Columns of the terminal from which on there is room for a third column: a screen has the class `-broad` there."""
_NARROWEST: Final = 16
"""Cells that what stands on the left has at least."""
_NARROWEST_COLUMN: Final = 32
"""Cells that the third column has at least."""
_NARROWEST_TAB: Final = 40
"""Cells that a tab has at least beside the third column."""


class PlaceTabs(TabbedContent):
    """Tabs over the whole width, which digits choose: they are no pane, and never have the keyboard.

    What one of them shows can stand right of others as a third column (`add_column`), where the terminal is broad. The
    dividers between left, tab and column are moved with the mouse, too.

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
        & > .-column { border-left: vkey $rule; }
        & > .-dragged { border-right: vkey $primary; }
        & > .-column.-dragged { border-left: vkey $primary; border-right: none; }
    }
    """

    def __init__(self, beside: Widget | None = None, *, initial: str, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(initial=initial, id=id)
        self._beside = beside
        self._column: Widget | None = None
        self._column_tab = ""
        self._column_with: frozenset[str] = frozenset()
        self._zoomed: Widget | None = None
        self._dragged: Widget | None = None
        self._widths: dict[Widget, int] = {}
        """What the user has made of a width."""

    def compose(self) -> ComposeResult:
        """Compose the tabs, and what is below them."""
        parts = iter(super().compose())
        tabs = next(parts)
        tabs.can_focus = False
        yield tabs
        if self._beside is not None:
            yield self._beside
        yield from parts

    # The third column

    async def add_column(self, widget: Widget, *, tab: str, beside: Collection[str]) -> None:
        """Let *widget* be what the tab *tab* shows, and a column right of the tabs *beside* where there is room."""
        self._column, self._column_tab, self._column_with = widget, tab, frozenset(beside)
        widget.display = False
        await self.mount(widget)
        self._arrange()

    @property
    def has_column(self) -> bool:
        """Whether there is a third column beside the tab that is shown, be it behind what is zoomed."""
        return self._column is not None and self.active in self._column_with and self.size.width >= BROAD

    @property
    def _is_alone(self) -> bool:
        """Whether the tab of the third column is shown."""
        return self._column is not None and self.active == self._column_tab

    @property
    def place(self) -> str:
        """The id of the tab in which what has the keyboard is at home: of the third column its own."""
        column = self._column
        return self._column_tab if column is not None and column.has_focus_within else self.active

    def content(self, tab: str) -> Widget:
        """Return what a tab shows."""
        return self._column if self._column is not None and tab == self._column_tab else self.get_pane(tab)

    def watch_active(self) -> None:
        """Show what goes with another tab. Textual calls the base class's watcher by itself."""
        if self._zoomed is not None:
            self._zoomed = self._column if self._is_alone else self.get_child_by_type(ContentSwitcher)
        self._arrange()

    def on_resize(self, event: events.Resize) -> None:
        """Show a third column where there is room by now."""
        self._arrange()
        for widget, width in self._widths.items():
            self._give_width(widget, width)

    def _arrange(self) -> None:
        column, zoomed, beside = self._column, self._zoomed, self._beside
        switcher = self.get_child_by_type(ContentSwitcher)
        alone = self._is_alone
        if beside is not None:
            beside.display = zoomed is None
        if column is not None:
            had_focus = column.has_focus_within
            column.set_class(not alone, "-column")
            switcher.display = not alone and not (self.has_column and zoomed is column)
            column.display = alone or (self.has_column and zoomed is not switcher)
            if had_focus and not column.display:
                self._focus_tab()

    def _focus_tab(self) -> None:
        """Let the tab have the keyboard, which what is seen no more has had."""
        pane = self.get_pane(self.active)
        target = next((each for each in pane.query("*") if each.focusable and each.is_attached and each.display), None)
        if target is not None:
            self.screen.set_focus(target)

    # Zoom

    @property
    def is_zoomed(self) -> bool:
        """Whether one pane has the room of all."""
        return self._zoomed is not None

    def zoom(self) -> None:
        """Let the pane with the keyboard have the room of all; what is on the left has no more than it has."""
        column = self._column
        focused = column is not None and column.has_focus_within
        self._zoomed = column if focused else self.get_child_by_type(ContentSwitcher)
        self._arrange()

    def unzoom(self) -> None:
        """Show all again."""
        self._zoomed = None
        self._arrange()

    # Dividers

    def move_divider(self, cells: int) -> None:
        """Move the divider beside what has the keyboard: that of the third column, else that on the left."""
        column = self._column
        if column is not None and self.has_column and column.has_focus_within:
            self._set_width(column, column.outer_size.width - cells)
        elif self._beside is not None and self._beside.display:
            self._set_width(self._beside, self._beside.outer_size.width + cells)

    def _set_width(self, widget: Widget, width: int) -> None:
        """Give a widget the width that the user wants, as far as there is room now, and keep to it from now on."""
        self._widths[widget] = self._give_width(widget, width)

    def _give_width(self, widget: Widget, width: int) -> int:
        """Give a widget a width, as far as there is room for it beside the others; return what it got."""
        room = self.size.width
        if widget is self._beside:
            width = max(_NARROWEST, min(width, room * 2 // 3))
        else:
            left = self._beside.outer_size.width if self._beside is not None and self._beside.display else 0
            width = max(_NARROWEST_COLUMN, min(width, room - left - _NARROWEST_TAB))
        widget.styles.width = widget.styles.min_width = widget.styles.max_width = width
        return width

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take hold of a divider."""
        if (held := self._divided_at(event.screen_x, event.screen_y)) is not None:
            self._dragged = held
            held.add_class("-dragged")
            self.capture_mouse()
            event.stop()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Let the divider that is held follow the mouse."""
        held = self._dragged
        if held is not None:
            region = held.region
            self._set_width(held, region.right - event.screen_x if held is self._column else event.screen_x + 1)
            event.stop()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Let go of the divider."""
        if self._dragged is not None:
            self._dragged.remove_class("-dragged")
            self._dragged = None
            self.release_mouse()
            event.stop()

    def _divided_at(self, x: int, y: int) -> Widget | None:
        """Return what the divider at a place of the screen changes the width of; None where there is none."""
        beside, column = self._beside, self._column
        if beside is not None and beside.display and x == beside.region.right - 1 and beside.region.contains(x, y):
            return beside
        if column is None or not (self.has_column and column.display) or self.is_zoomed:
            return None
        return column if x == column.region.x and column.region.contains(x, y) else None
