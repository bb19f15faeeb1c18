"""PlayheadController: where in a recording one is."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from .controller import Controller

if TYPE_CHECKING:
    from ...core.live.monitor import Playhead
    from ..operations import Operations
    from .controller import Stage

__all__ = ["PlayheadController"]


class PlayheadController(Controller):
    """Goes to other moments of a recording.

    Args:
        operations: Whose monitor plays it; one that sees what is now has no other moments.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("comma", "moment(-1)", "Before", id="time.before", tooltip="Recording: the sample before"),
        Binding("full_stop", "moment(1)", "After", id="time.after", tooltip="Recording: the next sample"),
        Binding(
            "less_than_sign",
            "moment_of_mark(-1)",
            "Mark before",
            show=False,
            id="time.mark-before",
            tooltip="Recording: where something was done before",
        ),
        Binding(
            "greater_than_sign",
            "moment_of_mark(1)",
            "Next mark",
            show=False,
            id="time.mark-after",
            tooltip="Recording: where something was done next",
        ),
    ]

    def __init__(self, stage: Stage, *, operations: Operations) -> None:
        super().__init__(stage)
        self._operations = operations

    @property
    def _playhead(self) -> Playhead | None:
        return self._operations.monitor.playhead

    def go_to(self, tick: int) -> None:
        """Go to a sample; time stands there."""
        playhead = self._playhead
        if playhead is not None:
            playhead.go_to(tick)
            self._operations.changed()

    def action_moment(self, by: int) -> None:
        """Go to a sample before or after this one."""
        playhead = self._playhead
        if playhead is None:
            return
        if not 0 < playhead.tick + by <= playhead.ticks:
            self.stage.notify(f"the recording {'begins' if by < 0 else 'ends'} here", timeout=3)
            return
        self.go_to(playhead.tick + by)

    def action_moment_of_mark(self, by: int) -> None:
        """Go to where something was done before or after this moment, and say what."""
        playhead = self._playhead
        if playhead is None or not playhead.ticks:
            return
        found = {_seen_at(playhead, mark.time): mark for mark in playhead.marks}
        ticks = [tick for tick in found if (tick < playhead.tick if by < 0 else tick > playhead.tick)]
        if not ticks:
            self.stage.notify(f"nothing was done {'before' if by < 0 else 'after'} this moment", timeout=3)
            return
        tick = max(ticks) if by < 0 else min(ticks)
        self.go_to(tick)
        self.stage.notify(found[tick].text, timeout=4)

    def check_action(self, action: str) -> bool:
        """Offer other moments where there are some."""
        playhead = self._playhead
        return playhead is not None and playhead.ticks > 0

    def why_not(self, action: str) -> str:
        """Return why there are none."""
        return "what is seen is now: K keeps it, and in the recording there are other moments"


def _seen_at(playhead: Playhead, time: float) -> int:
    """Return the first sample in which something is seen that was done at a time; the last one where there is none."""
    tick = playhead.tick_at(time)
    return tick if playhead.time(tick) >= time else min(tick + 1, playhead.ticks)
