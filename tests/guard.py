"""That a run of the tests comes to its end: how long a test may take, and how those take turns that run alone.

A test that takes longer than its limit is told so: an exception is raised wherever its main thread is, whatever that
waits for, and the test fails, with the tracebacks of all threads. It is raised again where it was swallowed, or where
what is cleaned up waits as well. Code in C that looks for no signals is not stopped by that: a little later the process
ends, and pytest-xdist, which knows what it was doing, fails the test and goes on with a new one.

What waits for its turn has not begun yet, and is not measured; that wait has an end of its own.
"""

from __future__ import annotations

import faulthandler
import fcntl
import os
import signal
import time
from contextlib import ExitStack, contextmanager
from typing import IO, TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator
    from types import FrameType

__all__ = ["Limit", "longest_turn", "turn"]

_AGAIN: Final = 0.1
"""The part of the limit after which an exception is raised again."""
_FOR_SURE: Final = 1.3
"""How many times the limit it takes until the process ends."""
_LOOK: Final = 0.005
"""Seconds between two looks at whether it is one's turn."""


class Limit:
    """What every test of a process may take.

    Args:
        seconds: By the clock, with its fixtures. It is there for what never ends: a loaded machine may take its time.
        out: Where tracebacks go, which no test captures: the descriptor of a file.
    """

    def __init__(self, seconds: float, out: int) -> None:
        self._seconds = seconds
        self._out = out
        self._running = ""
        self._interruptible = False

    @contextmanager
    def of(self, test: str) -> Generator[None]:
        """Limit what is done in the block, which is a test."""
        before = signal.signal(signal.SIGALRM, self._is_over)
        self._running = test
        self.renew()
        signal.setitimer(signal.ITIMER_REAL, self._seconds, self._seconds * _AGAIN)
        try:
            yield
        finally:
            self.suspend()
            self._running = ""
            signal.signal(signal.SIGALRM, before)

    @contextmanager
    def interruptible(self) -> Generator[None]:
        """Let an exception be raised in the block, the test's own: pytest's code, around it, would end the run."""
        self._interruptible = True
        try:
            yield
        finally:
            self._interruptible = False

    def renew(self) -> None:
        """Let the time begin anew after which the process ends: pytest stops faulthandler's clock when a test fails."""
        if self._running:
            faulthandler.dump_traceback_later(self._seconds * _FOR_SURE, exit=True, file=self._out)

    def suspend(self) -> None:
        """Limit the test no longer: somebody is looking at it."""
        signal.setitimer(signal.ITIMER_REAL, 0)
        faulthandler.cancel_dump_traceback_later()

    def _is_over(self, _number: int, _frame: FrameType | None) -> None:
        if not self._interruptible:
            return
        os.write(self._out, f"\n{self._running} takes more than {self._seconds:g} s:\n".encode())
        faulthandler.dump_traceback(self._out)
        pytest.fail(
            f"it takes more than {self._seconds:g} s; what each thread does is in the standard error of the run"
        )


@contextmanager
def turn(folder: str, *, alone: bool, patience: float) -> Generator[bool]:
    """Have one's turn, beside others or alone; whether it came within *patience* seconds is what the block is told.

    Others queue at the door while one that is to be alone waits for the room to be empty. The locks are fcntl(2)'s:
    they belong to a process and go with it, however it ends. Those of flock(2) stay with the children that it forked.
    """
    with ExitStack() as stack:
        door, room = (stack.enter_context(open(f"{folder}/{name}", "a+")) for name in ("door", "room"))
        stop = time.monotonic() + patience
        came = _lock(door, fcntl.LOCK_EX, stop) and _lock(room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH, stop)
        if not alone:
            fcntl.lockf(door, fcntl.LOCK_UN)
        yield came


def longest_turn(seconds: float, workers: int) -> float:
    """Return the seconds within which a turn comes if each of the others takes as long as the limit lets it."""
    return seconds * _FOR_SURE * (workers + 1)


def _lock(file: IO[str], kind: int, stop: float) -> bool:
    while True:
        try:
            fcntl.lockf(file, kind | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):  # EAGAIN or EACCES, as the system likes
            if time.monotonic() > stop:
                return False
            time.sleep(_LOOK)
        else:
            return True
