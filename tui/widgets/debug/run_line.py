"""RunLine: the second line of the debugger: its tabs, and the run from its first step to its last."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from textual.message import Message
from textual.reactive import reactive
from textual.style import Style
from textual.widget import Widget

from ...text.charset import is_ascii_terminal
from ...text.shown import assembled, styled

if TYPE_CHECKING:
    from textual import events
    from textual.content import Content

__all__ = ["TABS", "RunLine", "Way"]

TABS: Final = ("code", "state", "packet", "maps", "why", "output")
"""The tabs by their ids: the number of each is its key."""
_LEAST: Final = 12
"""Cells from which on a run is drawn."""


class Way(NamedTuple):
    """A run, as the line draws it."""

    position: int = 0
    length: int = 0
    marks: tuple[int, ...] = ()
    """The steps at which it would be stopped."""
    has_more: bool = False
    """Whether there are more of them."""


class RunLine(Widget):
    """`1 Code  2 State  …   ├──●────────▼──●──┤ 2 stops, 43 steps to go`. Tabs and steps are chosen by click, too."""

    ALLOW_SELECT: ClassVar[bool] = False

    DEFAULT_CSS = """
    RunLine { height: 1; background: $footer-background; color: $text-muted; pointer: pointer; }
    """

    active: reactive[str] = reactive("code")
    way: reactive[Way] = reactive(Way())

    class TabChosen(Message):
        """A tab was clicked."""

        def __init__(self, tab: str) -> None:
            super().__init__()
            self.tab = tab

    class StepChosen(Message):
        """A place of the run was clicked."""

        def __init__(self, position: int) -> None:
            super().__init__()
            self.position = position

    def render(self) -> Content:
        """Draw the tabs, and with what room is left the run."""
        parts: list[Content] = []
        for number, tab in enumerate(TABS, 1):
            text = f" {number} {tab.capitalize()} "
            is_active = tab == self.active
            style = "bold $button-color-foreground on $primary" if is_active else "$text-muted"
            parts.append(styled(text, style).stylize(Style.from_meta({"tab": tab})))
        tabs = assembled(*parts)
        way = self.way
        marks = len(way.marks)
        least = "≥ " if way.has_more else ""
        stops = f"{least}{marks} {'stop' if marks == 1 else 'stops'}, " if marks else ""
        left = way.length - way.position
        told = f" {stops}{left:,} {'step' if left == 1 else 'steps'} to go"
        room = self.size.width - tabs.cell_length - len(told) - 3
        if room < _LEAST:
            told = ""
            room = self.size.width - tabs.cell_length - 3
        if not way.length or room < _LEAST:
            return tabs
        return assembled(tabs, "  ", self._drawn(room), (told, "$text-muted"))

    def _drawn(self, room: int) -> Content:
        """Draw the run in so many cells, the two ends among them."""
        way, plain = self.way, is_ascii_terminal()
        inside = room - 2
        line, stop, here, first, last = "-*|[]" if plain else "─●▼├┤"

        def cell(position: int) -> int:
            return min(inside - 1, position * inside // max(1, way.length))

        stops = {cell(each) for each in way.marks}
        at = cell(way.position)
        parts: list[Content] = [styled(first, "$text-muted")]
        for number in range(inside):
            sign, style = (
                (here, "bold $changed")
                if number == at
                else (stop, "$set")
                if number in stops
                else (line, "$foreground" if number < at else "$text-muted")
            )
            parts.append(styled(sign, style).stylize(Style.from_meta({"step": number * way.length // inside})))
        parts.append(styled(last, "$text-muted").stylize(Style.from_meta({"step": way.length})))
        return assembled(*parts)

    def on_click(self, event: events.Click) -> None:
        """Choose a tab, or a step."""
        meta = event.style.meta
        if isinstance(tab := meta.get("tab"), str):
            self.post_message(self.TabChosen(tab))
        elif isinstance(step := meta.get("step"), int):
            self.post_message(self.StepChosen(step))
