"""Starting threads, which the system may refuse: each counts as a process of its user, and its stack as memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import BpftuiError

if TYPE_CHECKING:
    import threading

__all__ = ["NoThreadError", "start_thread"]


class NoThreadError(BpftuiError):
    """The system starts no more threads."""

    def __init__(self) -> None:
        super().__init__(
            "no thread can be started: the system has no more processes or memory for this user",
            hint="see ulimit -u, the cgroup's pids.max, and ulimit -v",
        )


def start_thread(thread: threading.Thread) -> None:
    """Start a thread.

    Raises:
        NoThreadError: There can be no more.
    """
    try:
        thread.start()
    except RuntimeError as error:
        raise NoThreadError from error
