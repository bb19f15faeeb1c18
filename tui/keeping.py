"""Keeping: a recording of what the explorer sees, from the key that begins it to the one that ends it."""

from __future__ import annotations

import os
import re
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from ..core.errors import BpftuiError, UsageError, reason_of
from .state.places import give, make_directory
from .state.recordings import SUFFIX, recordings_directory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from ..core.live import Events, Sample, Session
    from ..core.live.drawn import MarkKind
    from ..core.live.monitor import Monitor
    from ..core.live.trial import Ran
    from ..core.runtime import Collection, Printed
    from ..core.runtime.theirs import Theirs
    from ..core.tape import Recorder

__all__ = ["Keeping", "where_attached"]

_MOST: Final = 100
"""Recordings of an object that can begin within a second."""
_UNNAMED: Final = re.compile(r"[^\w.+-]+")


class Keeping:
    """Writes what a monitor sees to a file, which `bpftui FILE` opens again; see `bpftui.core.live.monitor.Keeper`.

    Args:
        monitor: What sees it.
        fail: Is told, in any thread, what ended a recording early.
        clock: Tells the time, in seconds.
    """

    def __init__(
        self, monitor: Monitor, fail: Callable[[BpftuiError], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._monitor = monitor
        self._fail = fail
        self._clock = clock
        self._lock = threading.Lock()
        """Recordings are begun in one thread, written in another, and ended in any."""
        self._recorder: Recorder | None = None
        self._runs: list[tuple[float, Ran]] = []
        self._marks: list[tuple[float, MarkKind, str, str]] = []
        """What was done since the last sample: it is written with the next one, for a disk may be slow."""
        self._since = 0.0
        self._closed = False
        self.path = ""

    path: str
    """The file of the recording that goes on, or else of the last one; empty where there was none."""

    @property
    def seconds(self) -> float | None:
        """For how long it has been recording; None where it is not."""
        return None if self._recorder is None else self._clock() - self._since

    def begin(
        self, collection: Collection, attached: Iterable[tuple[str, str]] = (), *, theirs: Theirs | None = None
    ) -> None:
        """Begin a recording, in a file that is called after the object and the time.

        Args:
            collection: What is recorded.
            attached: What is attached already: program and target.
            theirs: Set where others have loaded it.

        Raises:
            BpftuiError: It cannot be made; see `bpftui.core.tape.Recorder.of`.
        """
        from ..core.tape import Recorder

        directory = recordings_directory()
        try:
            make_directory(directory)
        except OSError as error:
            raise UsageError(f"{directory}: recordings cannot be kept there: {reason_of(error)}") from None
        now = self._monitor.graph.now
        path = _new_file(directory, collection)
        recorder = Recorder.of(str(path), collection, interval=self._monitor.interval, start=now, theirs=theirs)
        with suppress(OSError):
            give(path)
        with self._lock:
            if self._closed:  # whoever quits does not wait for it
                recorder.close()
                path.unlink(missing_ok=True)
                return
            self._runs = []
            self._marks = [(now, "attached", program, target) for program, target in attached]
            self.path, self._since, self._recorder = str(path), self._clock(), recorder
            self._monitor.keeper = self

    def end(self) -> bool:
        """End the recording, whole; return whether there was one."""
        with self._lock:
            recorder, self._recorder, self._monitor.keeper = self._recorder, None, None
        if recorder is None:
            return False
        with suppress(BpftuiError):  # what was done since the last sample
            self._write_marks(recorder)
        recorder.close()
        if not recorder.ticks:  # nobody had the time to see anything
            with suppress(OSError):
                os.unlink(recorder.path)
        return True

    def close(self) -> None:
        """End the recording; none is begun any more."""
        with self._lock:
            self._closed = True
        self.end()

    # What the monitor tells

    def add(self, sample: Sample, events: Mapping[str, Events], printed: Printed) -> None:
        """Keep a sample, and what was done before it."""
        recorder = self._recorder
        if recorder is None:
            return
        try:
            self._write_marks(recorder)
            recorder.add(sample, events, printed)
        except BpftuiError as error:
            with self._lock:
                if self._recorder is recorder:
                    self._recorder, self._monitor.keeper = None, None
            recorder.close()
            self._fail(error)

    def mark(self, time: float, kind: MarkKind, what: str, detail: str = "") -> None:
        """Keep what was done, with the next sample."""
        with self._lock:
            self._marks.append((time, kind, what, detail))

    def ran(self, time: float, run: Ran) -> None:
        """Keep a test run, with the next sample."""
        with self._lock:
            self._runs.append((time, run))

    def _write_marks(self, recorder: Recorder) -> None:
        with self._lock:
            marks, self._marks = self._marks, []
            runs, self._runs = self._runs, []
        for time_, kind, what, detail in marks:
            recorder.mark(time_, kind, what, detail)
        for time_, run in runs:
            recorder.ran(time_, run)


def where_attached(session: Session) -> list[tuple[str, str]]:
    """Return where the programs run that others have loaded, each with its place; of one's own nothing.

    It takes some tens of milliseconds. Where nobody may know it, nothing is returned.
    """
    theirs = session.theirs
    if theirs is None:
        return []
    with suppress(BpftuiError):
        theirs.look()
    return [(name, place.text) for name in session.spec.programs for place in theirs.places(name)]


def _new_file(directory: Path, collection: Collection) -> Path:
    """Return a name that nothing has yet: that of the object, and the time."""
    stem = _UNNAMED.sub("_", os.path.splitext(os.path.basename(collection.spec.title))[0])[:64] or "object"
    stem = f"{stem}-{time.strftime('%Y%m%d-%H%M%S')}"
    names = [f"{stem}{SUFFIX}", *(f"{stem}-{number}{SUFFIX}" for number in range(2, _MOST))]
    return next((directory / name for name in names if not os.path.lexists(directory / name)), directory / names[0])
