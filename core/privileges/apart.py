"""A child that was forked off, and is to have nothing in common with its parent but what it is there for."""

from __future__ import annotations

import contextlib
import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container

__all__ = ["be_apart", "thread_count"]


def thread_count() -> int:
    """Return how many threads this process has; without /proc, those that Python has started."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return threading.active_count()


def be_apart(channel: int, *, streams: Container[int] = ()) -> int:
    """Be a process of a session of its own, out of reach of the terminal's signals, with nothing open but *channel*.

    Args:
        channel: A file descriptor.
        streams: Which of the standard streams stay as they are; the others lead nowhere.

    Returns:
        The number that *channel* has from then on.
    """
    os.setsid()
    kept = os.dup2(channel, 3) if channel != 3 else channel
    os.closerange(4, os.sysconf("SC_OPEN_MAX"))
    for number in range(3):
        if number not in streams:
            with contextlib.suppress(OSError):
                os.close(number)
    with contextlib.suppress(OSError):  # without /dev/null they are closed
        while os.open(os.devnull, os.O_RDWR) < 3:
            pass
        os.close(4)
    return kept
