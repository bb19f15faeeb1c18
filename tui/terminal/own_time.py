"""OwnTime: how much time a process has had, on a machine that may have much else to do."""

from __future__ import annotations

import contextlib
import os
import time
from typing import Final

__all__ = ["OwnTime"]

_LEAST: Final = 0.1
"""The part of the time that counts however little of a processor the process gets."""


class OwnTime:
    """A clock that hardly goes on while a process is to run and others have the processor.

    The kernel adds up for each thread how long it ran and how long it waited for a processor
    (`/proc/PID/task/TID/schedstat`, nanoseconds; CONFIG_SCHED_INFO), a wait when it is over. Of the time since the last
    look what was waited does not count; and while a thread waits still, no more counts than was run. Where the kernel
    does not tell, this is the clock on the wall. A tenth of that it always is, so that every deadline comes.

    Args:
        process: Its number.
    """

    def __init__(self, process: int) -> None:
        self._tasks = f"/proc/{process}/task"
        self._spent: dict[str, tuple[int, int]] = {}
        self._now = 0.0
        self._before = time.monotonic(), *self._look()[:2]

    def __call__(self) -> float:
        """Return the seconds that it has had since this was made."""
        at = time.monotonic()
        ran, waited, is_to_run = self._look()
        before, ran_before, waited_before = self._before
        passed = at - before
        had = passed - (waited - waited_before)
        if is_to_run:
            had = min(had, ran - ran_before)
        self._now += max(_LEAST * passed, had)
        self._before = at, ran, waited
        return self._now

    def _look(self) -> tuple[float, float, bool]:
        """Return the seconds that its threads ran and waited, those that have ended too; and whether one is to run."""
        is_to_run = False
        with contextlib.suppress(OSError):
            for thread in os.listdir(self._tasks):
                with contextlib.suppress(OSError, IndexError, ValueError):
                    ran, waited, _ = map(int, _read(f"{self._tasks}/{thread}/schedstat").split())
                    self._spent[thread] = ran, waited
                    is_to_run |= _read(f"{self._tasks}/{thread}/stat").rpartition(b")")[2].split()[0] == b"R"
        ran, waited = (sum(spent) / 1e9 for spent in zip(*self._spent.values(), strict=True)) if self._spent else (0, 0)
        return ran, waited, is_to_run


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()
