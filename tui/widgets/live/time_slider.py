"""TimeSlider: where in a recording one is, and when something was done."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar, Final

from textual.message import Message
from textual.widget import Widget

from ...text.format import clock, grouped
from ...text.shown import assembled, plain

if TYPE_CHECKING:
    from textual import events
    from textual.content import Content

    from ....core.live.monitor import Playhead

__all__ = ["TimeSlider"]

_LEAST: Final = 10
"""Cells that a slider has at least; where there is no room for them, there are only words."""


class TimeSlider(Widget, can_focus=False):
    """`12:07:43.6  ├────┊──────●────────────┤  5:12 of 8:00 · 624 of 960`: a click leads to a moment.

    Args:
        playhead: What is moved.
    """

    DEFAULT_CSS = """
    TimeSlider { height: 1; background: $footer-background; color: $foreground; }
    """

    FOCUS_ON_CLICK: ClassVar[bool] = False

    class Moved(Message):
        """The user wants to be at a moment.

        Args:
            tick: The sample there.
        """

        def __init__(self, tick: int) -> None:
            super().__init__()
            self.tick = tick

    def __init__(self, playhead: Playhead) -> None:
        super().__init__()
        self._playhead = playhead
        self._held = False
        self._bar = range(0)
        """The columns of the bar, as it was drawn last."""

    def render(self) -> Content:
        """Draw it."""
        playhead = self._playhead
        if not playhead.ticks:
            self._bar = range(0)
            return plain(" no sample is in this recording")
        now, first, last = playhead.time(playhead.tick), playhead.time(1), playhead.time(playhead.ticks)
        when = playhead.began + now
        date = time.strftime("%H:%M:%S", time.localtime(when)) + f".{int(when * 10) % 10}"
        # As wide at each moment: the bar stays where it is.
        whole, most = clock(last - first), grouped(playhead.ticks)
        far = f"{clock(now - first):>{len(whole)}} of {whole}"
        number = f" · {grouped(playhead.tick):>{len(most)}} of {most}"
        left = f" {date}  "
        width = self.size.width
        for right in (f"  {far}{number} ", f"  {far} "):
            cells = width - len(left) - len(right) - 2
            if cells >= _LEAST:
                break
        else:
            self._bar = range(0)
            return plain(f"{left}{far}"[:width])
        self._bar = range(len(left) + 1, len(left) + 1 + cells)
        span = (last - first) or 1.0
        signs = ["─"] * cells
        for mark in playhead.marks:
            # What was done before the first sample, or behind the last one, is seen in that.
            share = min(max(mark.time - first, 0.0), last - first) / span
            signs[round(share * (cells - 1))] = "┊"
        at = round((now - first) / span * (cells - 1))
        before, behind = "".join(signs[:at]), "".join(signs[at + 1 :])
        bar = (("├", "$text-muted"), (before, "$primary"), ("●", "bold $primary"), (f"{behind}┤", "$text-muted"))
        return assembled(left, *bar, right)

    def _go(self, x: int) -> None:
        if not self._bar:
            return
        playhead = self._playhead
        first, last = playhead.time(1), playhead.time(playhead.ticks)
        share = (min(max(x, self._bar.start), self._bar.stop - 1) - self._bar.start) / (len(self._bar) - 1)
        self.post_message(self.Moved(playhead.tick_at(first + share * (last - first))))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Go to a moment, and follow the mouse until it is let go; beside the bar there is none."""
        if event.x not in self._bar:
            return
        self._held = True
        self.capture_mouse()
        self._go(event.x)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Follow the mouse."""
        if self._held:
            self._go(event.x)

    def on_mouse_up(self) -> None:
        """Follow it no more."""
        self._held = False
        self.release_mouse()
