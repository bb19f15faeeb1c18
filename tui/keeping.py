"""Keeping: a recording of what the explorer sees, from the key that begins it to the one that ends it."""

from __future__ import annotations

import os
import re
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from ..core.errors import BpftuiError, UsageError
from .state.places import give, make_directory
from .state.recordings import SUFFIX, recordings_directory

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..core.live import Events, Sample
    from ..core.live.drawn import MarkKind
    from ..core.live.monitor import Monitor
    from ..core.runtime import Collection, Printed
    from ..core.tape import Recorder

__all__ = ["Keeping"]

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
        self._recorder: Recorder | None = None
        self._since = 0.0
        self.path = ""

    path: str
    """The file of the recording that goes on, or else of the last one; empty where there was none."""

    @property
    def seconds(self) -> float | None:
        """For how long it has been recording; None where it is not."""
        return None if self._recorder is None else self._clock() - self._since

    def begin(self, collection: Collection) -> None:
        """Begin a recording, in a file that is called after the object and the time.

        Raises:
            BpftuiError: It cannot be made; see `bpftui.core.tape.Recorder.of`.
        """
        from ..core.tape import Recorder

        directory = recordings_directory()
        try:
            make_directory(directory)
        except OSError as error:
            raise UsageError(f"{directory}: recordings cannot be kept there: {error.strerror or error}") from None
        path = directory / self._name(collection)
        graph = self._monitor.graph
        recorder = Recorder.of(str(path), collection, interval=self._monitor.interval, start=graph.now)
        with suppress(OSError):
            give(path)
        recorder.mark(graph.now, "loaded", collection.spec.title)
        self.path, self._since, self._recorder = str(path), self._clock(), recorder
        self._monitor.keeper = self

    @staticmethod
    def _name(collection: Collection) -> str:
        stem = _UNNAMED.sub("_", os.path.splitext(os.path.basename(collection.spec.title))[0])[:64] or "object"
        return f"{stem}-{time.strftime('%Y%m%d-%H%M%S')}{SUFFIX}"

    def end(self) -> bool:
        """End the recording, whole; return whether there was one."""
        recorder, self._recorder, self._monitor.keeper = self._recorder, None, None
        if recorder is None:
            return False
        recorder.close()
        return True

    # What the monitor tells

    def add(self, sample: Sample, events: Mapping[str, Events], printed: Printed) -> None:
        """Keep a sample."""
        recorder = self._recorder
        if recorder is not None:
            try:
                recorder.add(sample, events, printed)
            except BpftuiError as error:
                self._ended(error)

    def mark(self, time: float, kind: MarkKind, what: str, detail: str = "") -> None:
        """Keep what was done."""
        recorder = self._recorder
        if recorder is not None:
            try:
                recorder.mark(time, kind, what, detail)
            except BpftuiError as error:
                self._ended(error)

    def _ended(self, error: BpftuiError) -> None:
        if self.end():
            self._fail(error)
