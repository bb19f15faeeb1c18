"""Threads: starting them, which the system may refuse, and who goes first.

Each counts as a process of its user, and its stack as memory. Python runs one at a time, and gives each as much of its
time as the others: what somebody waits for takes as many times as long as there are threads at work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import BpftuiError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from concurrent.futures import ThreadPoolExecutor

__all__ = ["NoThreadError", "give_way", "let_first", "start_pool", "start_thread"]

_first: Callable[[], object] | None = None


def let_first(wait: Callable[[], object] | None) -> None:
    """Have work that takes long call *wait* at each of its steps, for whoever must answer at once; None for nobody."""
    global _first  # noqa: PLW0603 - the process has one screen
    _first = wait


def give_way() -> None:
    """Let whoever must answer at once go first, if there is one: called by work that takes long, at each step."""
    if _first is not None:
        _first()


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


def start_pool(threads: int) -> ThreadPoolExecutor:
    """Return a pool of *threads* that all run already: what is given to it later fails for want of none.

    By itself a pool starts a thread when it first needs one; what was submitted then is neither run nor refused.

    Raises:
        NoThreadError: There can be no such number.
    """
    import threading
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(threads)
    all_run = threading.Barrier(threads)  # until then none of them is idle, and each call takes a thread of its own
    try:
        for _ in range(threads):
            pool.submit(all_run.wait)
    except RuntimeError as error:
        all_run.abort()
        pool.shutdown(wait=False, cancel_futures=True)
        raise NoThreadError from error
    return pool
