"""Collector: the garbage collector looks at all that there is while nobody waits for the screen.

By itself Python does so again and again as an analysis makes objects, whichever thread makes them, and all threads
stand still meanwhile: 0.1 to 0.5 seconds with a program of 500,000 instructions. What is young is looked at as ever,
which takes some milliseconds.
"""

from __future__ import annotations

import gc
import time
from typing import Final

__all__ = ["LOOK", "Collector"]

LOOK: Final = 1.0
"""Seconds between two calls of `look`."""
_YOUNG: Final = 700
"""New objects after which the young are looked at, and …"""
_OLDER: Final = 10
"""… how often they are until those that survived it are: both are Python's own."""
_NEVER: Final = 1 << 30
_DUE: Final = ((10, 2.0), (40, 0.3), (80, 0.0))
"""After more than so many looks at those all are to be looked at, where no key was pressed and no mouse was moved for
so many seconds: 80 are up to 560,000 new objects, most of which are gone by then."""
_BURST: Final = 20
"""More than so many within `LOOK` are objects that stay: an analysis, which is not looked at."""
_LOOK_TAKES: Final = 0.0005
"""Seconds that each of those, which are looks at 7,000 objects, adds to a look at all that there are."""
_OVERDUE: Final = ((20, 0.3), (60, 0.0))
"""The same of looks after which what was made was set aside. Screens that come and go under somebody's hands are as
much within minutes, and somebody who is never gone for long would have them all stay."""
_FEW: Final = 1_500_000
"""Objects that can all be looked at under somebody's hands: an object of a few programs is half of that."""
_PATIENCE: Final = 200
"""So many times as long as a look at all objects takes must nobody have been there for it."""
_SHARE: Final = 20
"""So many times as long as the last look at what was let go of took of the processor passes before the next one."""
_LONG: Final = 0.03
"""Seconds of a look after which what survived is not looked at again."""


class Collector:
    """Decides when all objects are looked at. Whoever runs the event loop calls `look` every `LOOK` seconds."""

    def __init__(self) -> None:
        self._touched = time.monotonic()
        self._before = 0
        """Looks at what is young, at the last call."""
        self._unseen = 0
        """Those after which what was made was set aside, and never looked at since."""
        self._are_many = False
        """Whether what was set aside is known to be too much to be looked at under somebody's hands."""
        self._takes = 0.0
        """Seconds that a look at all objects would take, analyses as well: by the last one, and what came since."""
        self._let_go_at: float | None = None
        self._next_sweep = 0.0

    def begin(self) -> None:
        """Turn the collector on; what there is by now stays to the end, and is not looked at again."""
        self._takes = _LOOK_TAKES * gc.get_count()[0] / (_YOUNG * _OLDER)
        gc.freeze()
        gc.set_threshold(_YOUNG, _OLDER, _NEVER)
        gc.enable()

    def touch(self) -> None:
        """Note that somebody is there."""
        self._touched = time.monotonic()

    def let_go(self) -> None:
        """Note that a screen is gone, and what it showed: circles, which may be among what is not looked at again."""
        self._let_go_at = time.monotonic()

    def look(self) -> None:
        """Look at all objects, where it is time to and nobody notices; at an analysis once everybody is long gone."""
        looks, start = gc.get_count()[2], time.monotonic()
        idle = start - self._touched
        if self._is_due(start, idle) or self._is_overdue(idle):
            self._sweep()
        elif looks - self._before > _BURST:
            gc.freeze()  # takes no time, however many they are
            self._unseen += looks
            self._takes += _LOOK_TAKES * (looks - self._before)
        elif self._unseen and idle >= max(_DUE[0][1], _PATIENCE * self._takes):
            self._sweep()
        elif _is_over(looks, idle, _DUE):
            gc.collect()
            if (took := time.monotonic() - start) > _LONG:
                gc.freeze()
                self._unseen += looks
                self._takes += took
        self._before = gc.get_count()[2]

    def _is_due(self, now: float, idle: float) -> bool:
        """Whether something was let go of that nobody has in hand any more, and nobody is there."""
        if self._let_go_at is None or idle < _DUE[0][1]:
            return False
        return now - self._let_go_at >= LOOK and now >= self._next_sweep

    def _is_overdue(self, idle: float) -> bool:
        """Whether much was set aside since all was looked at, and not too much to do so under somebody's hands."""
        if self._are_many or not _is_over(self._unseen, idle, _OVERDUE):
            return False
        self._are_many = gc.get_freeze_count() > _FEW  # to count it takes its time as well
        return not self._are_many

    def _sweep(self) -> None:
        """Look at all objects, those that are not looked at again as well."""
        start = time.thread_time()  # a machine that has other things to do makes it take no longer
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        self._unseen, self._are_many, self._let_go_at = 0, False, None
        self._takes = time.thread_time() - start
        self._next_sweep = time.monotonic() + _SHARE * self._takes


def _is_over(looks: int, idle: float, limits: tuple[tuple[int, float], ...]) -> bool:
    """Whether there were more looks than *limits* let pass with nobody there for *idle* seconds."""
    return any(looks > many and idle >= seconds for many, seconds in limits)
