"""How tests wait for what has no time of its own: for a condition, and on a loaded machine for as long as it takes."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE: Final = 120.0
"""Seconds until something is said never to happen. Nobody waits for it where all is well."""


def own_time() -> float:
    """Return the seconds of a clock that stands while this thread is to run and others have the processor."""
    return time.monotonic() - int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9


def wait_for(condition: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Wait until *condition* holds, and return whether it does."""
    stop = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > stop:
            return False
        time.sleep(0.01)
    return True


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
