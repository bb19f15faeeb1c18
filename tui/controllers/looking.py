"""LookingController: looks at what the machine runs again and again, as long as that is shown."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from textual.binding import Binding, BindingType

from ...core.errors import BpftuiError
from ...core.system.history import History
from ..text.format import duration
from .controller import Controller

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.timer import Timer

    from ...core.system.history import Seen
    from ...core.system.load import Look, Looker
    from .controller import Stage

__all__ = ["LookingController"]

_INTERVALS: Final = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds between two looks that can be chosen."""
_FIRST: Final = 0.5
"""Seconds to the second look at most: rates need two."""
_AGAIN: Final = 5.0
"""Seconds at least to the next look after one that failed."""


class _Taken(NamedTuple):
    """What came of a look."""

    looker: Looker | None
    look: Look | None
    error: BpftuiError | None


class LookingController(Controller):
    """Takes a look in a thread, shows it, and takes the next one when it is due.

    Runs are counted for as long as it looks, and no longer.

    Args:
        observe: Returns what looks, in a thread.
        show: Gets what was seen.
        fail: Gets why nothing can be seen; the next look is due all the same, later.
        changed: Is called where it was told to pause, or to go on.
        after: Calls something after so many seconds.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "pause", "Pause", id="looking.pause", tooltip="Look no more, until it is pressed again"),
        Binding(
            "right_curly_bracket",
            "interval(1)",
            "Longer",
            show=False,
            key_display="}",
            id="looking.longer",
            tooltip="A longer time between two looks",
        ),
        Binding(
            "left_curly_bracket",
            "interval(-1)",
            "Shorter",
            show=False,
            key_display="{",
            id="looking.shorter",
            tooltip="A shorter time between two looks",
        ),
    ]

    def __init__(
        self,
        stage: Stage,
        *,
        observe: Callable[[], Looker],
        show: Callable[[Seen], None],
        fail: Callable[[BpftuiError], None],
        changed: Callable[[], None],
        after: Callable[[float, Callable[[], None]], Timer],
    ) -> None:
        super().__init__(stage)
        self._observe = observe
        self._show = show
        self._fail = fail
        self._changed = changed
        self._after = after
        self._history = History()
        self._looker: Looker | None = None
        self._is_wanted = self._is_looking = False
        self._due: Timer | None = None
        self._looked_at = 0.0
        self.is_paused = False
        self.interval = 1.0
        """Seconds between two looks."""

    def begin(self) -> None:
        """Look, and go on."""
        self._is_wanted = True
        if not self._is_looking and self._due is None and not self.is_paused:
            self.look()

    def end(self) -> None:
        """Look no more, and have runs counted no more."""
        self._is_wanted = False
        self._wait_no_more()
        if not self._is_looking:
            self._let_go()

    def _wait_no_more(self) -> None:
        if self._due is not None:
            self._due.stop()
            self._due = None

    def _let_go(self) -> None:
        if self._looker is not None:
            self._looker.close()
            self._looker = None
        self._history = History()

    def look(self) -> None:
        """Look now, unless that is being done."""
        self._wait_no_more()
        if not self._is_wanted or self._is_looking:
            return
        self._is_looking = True
        self._looked_at = time.monotonic()
        looker = self._looker
        self.stage.find_out(lambda: self._take(looker), self._taken)

    def _take(self, looker: Looker | None) -> _Taken:
        """Take a look; in a thread."""
        try:
            looker = looker or self._observe()
            return _Taken(looker, looker.look(), None)
        except BpftuiError as error:
            return _Taken(looker, None, error)
        except Exception as error:  # what nobody expected is said as well, and not lost with the thread
            return _Taken(looker, None, BpftuiError(f"what runs here cannot be read: {type(error).__name__}: {error}"))

    def _taken(self, taken: _Taken) -> None:
        self._is_looking = False
        self._looker = taken.looker
        if not self._is_wanted:
            self._let_go()
            return
        if taken.error is not None:
            self._let_go()
            self._fail(taken.error)
            self._wait(max(self.interval, _AGAIN))
            return
        assert taken.look is not None
        uncounted = taken.looker.uncounted if taken.looker is not None else ""
        self._show(self._history.add(taken.look, (uncounted,) if uncounted else ()))
        wait = self.interval if taken.look.loads else min(self.interval, _FIRST)
        self._wait(wait)

    def _wait(self, seconds: float) -> None:
        if self._is_wanted and not self.is_paused and not self._is_looking:
            self._wait_no_more()
            left = self._looked_at + seconds - time.monotonic()
            self._due = self._after(max(left, 0.01), self.look)

    def action_pause(self) -> None:
        """Look no more, or again."""
        self.is_paused = not self.is_paused
        if self.is_paused:
            self._wait_no_more()
            self.stage.notify("paused: p goes on", timeout=3)
        else:
            self.begin()
        self._changed()

    def action_interval(self, step: int) -> None:
        """Take the next longer or shorter interval."""
        now = min(range(len(_INTERVALS)), key=lambda index: abs(_INTERVALS[index] - self.interval))
        self.interval = _INTERVALS[max(0, min(len(_INTERVALS) - 1, now + step))]
        self._wait(self.interval)
        self.stage.notify(f"looks every {duration(self.interval)}", timeout=3)
