"""Journal: `$XDG_STATE_HOME/bpftui/log`, what was loaded, attached and detached, what failed, and where it broke."""

from __future__ import annotations

import os
import time
import traceback
from typing import TYPE_CHECKING, Final

from ...core.errors import reason_of
from .places import append, state_directory

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Journal", "changes_journal", "crash_report"]

_LIMIT: Final = 512 * 1024
"""Bytes of the log, and as many of the one before it, `log.1`."""
_LONGEST: Final = 64 * 1024
"""Characters of one entry: a verifier's log can have megabytes."""


class Journal:
    """Writes entries; where it cannot, it says so once and is silent from then on, for nothing depends on it.

    Each entry has the time in UTC and the process; the lines after its first one are indented.

    Args:
        path: The file; without it the user's log.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or state_directory() / "log"
        self.problem = ""

    path: Path
    problem: str
    """Why nothing is kept, as one sentence; empty as long as all is well."""

    def write(self, text: str, *, file: str = "") -> str:
        """Write an entry, about an object's *file* where there is one.

        Return the `problem` when this is the first entry that could not be written, else nothing.
        """
        if self.problem:
            return ""
        if file:
            text = f"{file if file == '-' else os.path.abspath(file)}: {text}"
        if len(text) > _LONGEST:
            text = f"{text[:_LONGEST]}\n… and {len(text) - _LONGEST:,} characters more"
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        lines = "\n    ".join(text.rstrip("\n").split("\n"))
        try:
            append(self.path, f"{stamp} [{os.getpid()}] {lines}\n", limit=_LIMIT)
        except OSError as error:
            self.problem = f"no log is kept: {self.path}: {reason_of(error)}"
        return self.problem

    def write_error(self, error: BaseException, doing: str, *, file: str = "") -> str:
        """Write an error that nobody expected, with its traceback; return as for `write`."""
        return self.write(f"{doing}: unexpected error\n{''.join(traceback.format_exception(error))}", file=file)


def changes_journal() -> Journal:
    """Return the journal of what was changed of what others have loaded: `changes`, beside the log."""
    return Journal(state_directory() / "changes")


def crash_report(error: Exception, doing: str) -> str:
    """Write an error that nobody expected to the log; return what to tell the user, in one sentence."""
    journal = Journal()
    journal.write_error(error, doing)
    what = f"unexpected {type(error).__name__}: {error}" if str(error) else f"unexpected {type(error).__name__}"
    if not journal.problem:
        return f"{what}; the traceback is in {journal.path}"
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {frames[-1].filename}:{frames[-1].lineno} in {frames[-1].name}" if frames else ""
    return f"{what}{where}; {journal.problem}"
