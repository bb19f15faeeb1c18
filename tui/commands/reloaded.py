"""Versions of an object that is watched by a command: its file changes, and what is loaded is swapped, or stays."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

from ...core.closing import Closing
from ...core.errors import BpftuiError, GivenUpError, VerifierError
from ...core.foreign import is_source
from ...core.interrupt import Interrupt
from ...core.threads import start_thread
from ..status import told
from ..text.format import clock_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ...core.live import Session, Swapped
    from ...core.spec import CollectionSpec
    from ..rereading import WatchedFile

__all__ = ["ObjectFile", "Versions"]

_INTERVAL: Final = 0.2
"""Seconds between two looks at the file; it is read when two in a row see the same."""


class ObjectFile(NamedTuple):
    """A file that is watched."""

    read: Callable[[Callable[[str], None]], CollectionSpec]
    """Reads it as it is now, as it was asked for, and tells its argument what there is to know besides."""
    watched: WatchedFile
    """Made before it was read for what runs: what is saved while that is compiled and attached is another version."""


class Versions(Closing):
    """The version of an object that runs, and those that its file becomes. It owns the session, and closes it.

    Args:
        session: What runs.
        file: What it was read from; None where that is no file that could change.
        swaps: Whether another version is put in the place of what runs; else it is told that there is one.
    """

    def __init__(self, session: Session, file: ObjectFile | None, *, swaps: bool) -> None:
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

    def _look(self, file: ObjectFile) -> None:
        watched = file.watched
        while not self._stopping.wait(_INTERVAL):
            if self._next is None and watched.has_changed() and watched.is_news():
                try:
                    self._changed(file)
                except GivenUpError:
                    return
                except Exception as error:  # whatever it is, what runs is not to end with it
                    what = "refused" if isinstance(error, VerifierError) else "not taken"
                    version = f"the version of {clock_time(watched.seen_at)}"
                    self._say(f"{version} is {what}, nothing was changed: {told(error)}")
                    if isinstance(error, BpftuiError) and error.hint:
                        self._say(f"what helps: {error.hint}")

    def _changed(self, file: ObjectFile) -> None:
        """Read the file anew; tell what it is, or swap it."""
        from ...core.diff import diff
        from ...core.live import Session, Swap
        from ..changes import Changes

        notes: list[str] = []
        watched = file.watched
        that = watched.look()
        try:
            spec = file.read(notes.append)
        except Exception:
            if is_source(watched.path) or watched.refuse():
                raise
            watched.ask_again()  # its writer may not have finished
            return
        changes = Changes(diff(self.session.spec.as_in_file(), spec.as_in_file()))
        if not changes.differs:
            watched.take(that)
            watched.include(spec.headers)
            return
        title = self.session.title
        if not self._swaps:
            self._say(*notes, f"{title} is another file now, {changes.text}: what is loaded stays; --reload swaps it")
            return
        after = Session(spec, self.session.runtime, traffic=self.session.traffic)
        with self._swapping:
            if self._stopping.is_set():
                return
            with Swap(self.session, after) as swap:
                swap.prepare(stop=self._stop)
                swapped = swap.commit()
            watched.take(that)
            watched.include(spec.headers)
            self._next = after
        self._say(*notes, *_told(title, swapped))


def _told(title: str, swapped: Swapped) -> list[str]:
    """Return what was done; each thing where not all of what was counted is there."""
    return [f"{title} was swapped: {swapped.summary}", *([] if swapped.whole else swapped.lines())]
