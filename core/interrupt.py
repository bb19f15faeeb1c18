"""Interrupt: ends a load that takes too long, from another thread.

It is an event for whoever looks at it between two steps, and interrupts the step that is being made, too.

The verifier looks for signals of its thread at each instruction, and gives up with EAGAIN where there is one (Linux
5.0). SIGURG is used, which nothing else here is: by default it is ignored, and then it does not count.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from typing import TYPE_CHECKING, Final, Self

from .threads import NoThreadError, start_thread

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Interrupt"]

_PAUSE: Final = 0.02
"""Seconds from a signal to the next: a load that one interrupts is repeated some times (`syscall.call`)."""


class Interrupt(threading.Event):
    """Made in the main thread; entered by the thread that loads, and set by another one that has it given up.

    What the loading thread then gets is an error, or what it asked for where it was done already.
    """

    def __init__(self) -> None:
        super().__init__()
        signal.signal(signal.SIGURG, _ignore)
        self._loading: int | None = None
        self._changing = threading.Lock()

    def set(self) -> None:
        """Have the load given up; it does not wait for that."""
        if not self.is_set():
            super().set()
            with contextlib.suppress(NoThreadError):  # then the load ends behind the step that is being made
                start_thread(threading.Thread(target=self._signal, daemon=True))

    def _signal(self) -> None:
        while True:
            with self._changing:  # a thread that has left may have ended, and must not be signalled any more
                if self._loading is None:
                    return
                signal.pthread_kill(self._loading, signal.SIGURG)
            time.sleep(_PAUSE)

    def __enter__(self) -> Self:
        with self._changing:
            self._loading = threading.get_ident()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changing:
            self._loading = None


def _ignore(*_: object) -> None:
    """Do nothing: that there is a handler is what counts."""
