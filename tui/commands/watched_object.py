"""An object that a command watches: its file changes, and what is loaded is swapped for what that is, or stays."""

from __future__ import annotations

import threading
import time
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Final

from ...core.closing import Closing
from ...core.errors import BpftuiError, GivenUpError, VerifierError
from ...core.interrupt import Interrupt
from ...core.threads import start_thread
from ..status import told
from ..text.format import clock_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ...core.live import Session, Swapped
    from ..watched_file import WatchedFile

__all__ = ["WatchedObject"]

_INTERVAL: Final = 0.2
"""Seconds between two looks at the file; it is read when two in a row see the same."""


class WatchedObject(Closing):
    """The version of an object that runs, and those that its file becomes. It owns the session, and closes it.

    Args:
        session: What runs.
        file: What it was read from, begun before it was: what is saved while that is compiled and attached is another
            version. None where it is no file that could change.
        swaps: Whether another version is put in the place of what runs; else it is told that there is one.
    """

    def __init__(self, session: Session, file: WatchedFile | None, *, swaps: bool) -> None:
        self.session = session
        self._file = file
        self._swaps = swaps
        self._next: Session | None = None
        self._texts: deque[str] = deque()
        self._wake: Callable[[], object] = lambda: None
        self._stop = Interrupt()
        self._stopping = threading.Event()
        self._swapping = threading.Lock()
        """Held while a version is put in the place of another one: what is waited for at the end."""
        self._thread: threading.Thread | None = None
        self._began = 0.0
        self.uncounted = ""

    session: Session
    """Of the version that is watched."""
    uncounted: str
    """Why runs are not counted, as a sentence; empty where they are."""

    def begin(self, wake: Callable[[], object]) -> None:
        """Look at the file from now on; *wake* is called, in another thread, when there is something to be told."""
        self._wake = wake
        if self._file is not None and self._thread is None:
            self._began = time.monotonic()
            thread = threading.Thread(target=self._look, args=(self._file,), name="bpftui-versions", daemon=True)
            start_thread(thread)
            self._thread = thread

    @property
    def start(self) -> float | None:
        """When the first version began to be watched, by the monotonic clock; None for one that is the first."""
        return self._began or None

    @property
    def is_over(self) -> bool:
        """Whether another version has taken over, so that this one is not watched any longer."""
        return self._next is not None

    def go_on(self) -> bool:
        """Take the version that has taken over for the one that runs, and close the one before; False for none."""
        if self._next is None:
            return False
        before, self.session = self.session, self._next
        self._next = None  # from here on the next version may be put in the place of this one
        before.close()
        return True

    def texts(self) -> Iterator[str]:
        """Yield what there is to be told since the last time, a sentence each."""
        while self._texts:
            yield self._texts.popleft()

    def close(self) -> None:
        """Stop looking, and close what runs; a second call does nothing.

        A swap that is being made is given up or waited for, a compiler is not: it ends with the process.
        """
        self._stop.set()
        self._stopping.set()
        with self._swapping:
            try:
                if self._next is not None:
                    self._next.close()
            finally:
                self.session.close()

    def _say(self, *texts: str) -> None:
        self._texts.extend(texts)
        self._wake()

    def _look(self, file: WatchedFile) -> None:
        title = self.session.title
        while not self._stopping.wait(_INTERVAL):
            if self._next is not None:
                continue
            has_changed = file.has_changed()
            if file.has_gone():
                self._say(f"{title} is gone: what is loaded of it stays")
            elif file.has_returned():
                self._say(f"{title} is there again")
            if has_changed and file.is_news():
                try:
                    self._changed(file)
                except GivenUpError:
                    return
                except Exception as error:  # whatever it is, what runs is not to end with it
                    what = "refused" if isinstance(error, VerifierError) else "not taken"
                    version = f"the version of {clock_time(file.seen_at)}"
                    self._say(f"{version} is {what}, nothing was changed: {told(error)}")
                    if isinstance(error, BpftuiError):
                        if not isinstance(error, VerifierError):
                            self._say(*(each.message for each in error.problems.values()))
                        if error.hint:
                            self._say(f"what helps: {error.hint}")

    def _changed(self, file: WatchedFile) -> None:
        """Read the file anew; tell what it is, or swap it."""
        from ...core.live import Session

        session = self.session
        version = file.next_version(session.spec)
        if version is None:
            return
        if not version.differs:
            file.take(version)
            return
        if not self._swaps:
            text = f"{session.title} is another file now, {version.changes.text}"
            self._say(*version.notes, f"{text}: what is loaded stays; --reload swaps it")
            return
        with self._swapping:
            if self._stopping.is_set():
                return
            begin = partial(Session, runtime=session.runtime, traffic=session.traffic)
            with file.swap(session, version, begin) as swap:
                swap.prepare(stop=self._stop)
                swapped = swap.commit()
            file.take(version)
            self._next = swap.after
        self._say(*version.notes, *_told(session.title, swapped))


def _told(title: str, swapped: Swapped) -> list[str]:
    """Return what was done; each thing where not all of what was counted is there."""
    return [f"{title} was swapped: {swapped.summary}", *([] if swapped.whole else swapped.lines())]
