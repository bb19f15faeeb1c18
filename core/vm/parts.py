"""What the programs and maps of one collection share."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .engine.calls import answered

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from .maps import Store
    from .world.host import Host

__all__ = ["Parts"]


class Parts:
    """What the programs and maps of one collection share.

    Args:
        host: What helpers reach.
        timed: Tells whether runs are counted and timed now.
    """

    def __init__(self, host: Host, timed: Callable[[], bool]) -> None:
        self.host = host
        self.timed = timed
        self.lock = threading.RLock()
        """Held while a program runs, and while somebody else reads or changes a map."""
        self.unsettled: list[Store] = []
        """The stores that have something to free between two runs."""

    def settle(self) -> None:
        """End a run: free what it deleted, take back what it kept."""
        for store in self.unsettled:
            store.settle()
        if self.host.locks:
            self.host.locks.clear()

    def catch_up(self) -> None:
        """Run what has become due, if nothing runs: timers.

        Raises:
            RunError: It was stopped.
        """
        host = self.host
        if not host.background or not host.processor.idle:
            return
        packet, host.packet = host.packet, None
        try:
            for run in host.background:
                answered(run(), host.call)
        finally:
            host.packet = packet
            self.settle()

    @contextmanager
    def between_runs(self) -> Generator[None]:
        """Keep programs from running while it is open, after what was due by then has run."""
        with self.lock:
            self.catch_up()
            yield
