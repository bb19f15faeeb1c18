"""The recordings that the explorer has made: `$XDG_STATE_HOME/bpftui/recordings/`, one file each."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from ...core.files import LATEST
from ...core.foreign import is_recording
from .places import state_directory

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["SUFFIX", "KnownRecording", "known_recordings", "recordings_directory"]

SUFFIX: Final = ".rec"
"""What names of recordings end in here; what one is, is told by what is in it."""
_MOST: Final = 500
"""Recordings that are listed, the newest."""


class KnownRecording(NamedTuple):
    """A recording to choose."""

    path: str
    size: int
    """Bytes."""
    changed: float
    """When it was written last, in seconds since 1970; 0 where no calendar has that."""


def recordings_directory() -> Path:
    """Return where the explorer's recordings are, whether it exists or not."""
    return state_directory() / "recordings"


def known_recordings() -> list[KnownRecording]:
    """Return the recordings that there are to choose from, the newest first: those kept by `K`, those of here."""
    found: dict[str, KnownRecording] = {}
    for directory in (recordings_directory(), "."):  # by name: one that was removed has none
        with suppress(OSError), os.scandir(directory) as entries:
            for entry in entries:
                with suppress(OSError):
                    if entry.name.endswith(SUFFIX) and entry.is_file() and is_recording(entry.path):
                        status = entry.stat()
                        path = os.path.abspath(entry.path)  # OSError where there is no working directory
                        when = status.st_mtime if 0 <= status.st_mtime < LATEST else 0.0
                        found[path] = KnownRecording(path, status.st_size + _unmerged(path), when)
    return sorted(found.values(), key=lambda each: each.changed, reverse=True)[:_MOST]


def _unmerged(path: str) -> int:
    """Return the bytes that are still beside a recording: it is being written, or whoever wrote it was killed."""
    try:
        return os.stat(f"{path}-wal").st_size
    except OSError:
        return 0
