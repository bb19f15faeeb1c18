"""How tests wait for what has no time of its own: for a condition, and on a loaded machine for as long as it takes."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE: Final = 120.0
"""Seconds until something is said never to happen. Nobody waits for it where all is well."""


class Effort:
    """What this process does from now on, against what a plain loop costs it.

    Seconds of a processor are no measure by themselves: there are slower ones, and one whose caches and units others
    use at the same time is slower, too.
    """

    def __init__(self) -> None:
        self._start = time.process_time()

    def within(self, seconds: float) -> bool:
        """Return whether it was no more than *seconds* of a processor as quick as `_LOOP`, all threads together."""
        used = time.process_time() - self._start
        return used < seconds or used < seconds * max(_loop() for _ in range(5)) / _LOOP


_LOOP: Final = 0.03
"""Seconds that the loop takes the processor for which the limits were chosen."""


def _loop() -> float:
    """Return the seconds of a processor that a plain loop takes."""
    start, number = time.process_time(), 0
    for step in range(200_000):
        number = (number * 31 + step) & 0xFFFF
    return time.process_time() - start


def wait_for(condition: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Wait until *condition* holds, and return whether it does."""
    stop = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > stop:
            return False
        time.sleep(0.01)
    return True


def waits(thread: int | None) -> bool:
    """Return whether a thread waits for what another one is to tell it, or for its next time, and has not been told."""
    frame = sys._current_frames().get(thread or 0)
    if frame is None or frame.f_code is not threading.Condition.wait.__code__:
        return False
    waiter = frame.f_locals.get("waiter")
    return waiter is not None and waiter.locked()


class Rest:
    """Whether a process has nothing to do: since the last look it hardly ran, and none of its threads is to run now.

    One that waits for a processor is not at rest, so that this says the same on a machine that has much else to do.
    """

    def __init__(self, process: int) -> None:
        self._tasks = Path(f"/proc/{process}/task")
        self._before, _ = self._look()

    def __call__(self) -> bool:
        before = self._before
        self._before, is_to_run = self._look()
        return not is_to_run and self._before - before < _HARDLY

    def _look(self) -> tuple[float, bool]:
        """Return the seconds that its threads ran, and whether one is to run or waits for a disk."""
        ran, is_to_run = 0, False
        for thread in self._tasks.iterdir():
            with contextlib.suppress(OSError):  # that ended
                ran += int((thread / "schedstat").read_text().split()[0])
                is_to_run |= (thread / "stat").read_text().rpartition(")")[2].split()[0] in "RD"
        return ran / 1e9, is_to_run


_HARDLY: Final = 0.02
"""Seconds that a process may have run between two looks and have been at rest: a cursor blinks."""


class Clock:
    """A clock that stands still, but for who sets it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Wait(threading.Condition):
    """Waits by having the clock tell that it has waited."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self._clock.now += timeout
        return False
