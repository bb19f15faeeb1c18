"""The functions that processes run, by addresses in their memory, and by build ids."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from ...errors import reason_of
from ...runtime.stacks import Frame
from .build_ids import build_id_of, debug_file
from .functions import FileFunctions, version_of
from .memory import find_mapping, mappings_of, processes, started

if TYPE_CHECKING:
    from ...runtime.stacks import Call
    from .functions import InFunction
    from .memory import Mapping

__all__ = ["FilesById", "Processes"]

_PAUSE: Final = 1.0
"""Seconds for which a process is taken to be as it was when it was looked at, and its memory too."""
_SEARCH_PAUSE: Final = 10.0
"""Seconds for which no file of a build id is searched that was not found: all processes are looked at."""
_UNKNOWN_FILE: Final = "no process runs the file of a build id now, and its debug information is not installed"
_MOST: Final = 1024
"""Processes that are remembered."""


class _Process:
    """A process as it was when somebody last looked."""

    def __init__(self) -> None:
        self.started = 0
        self.seen_at = self.read_at = float("-inf")
        self.mappings: list[Mapping] = []
        self.problem = ""
        self.frames: dict[Call, Frame] = {}


class Processes:
    """Finds the functions that addresses are in, and remembers them while the process is the same.

    What was in the memory of one that has ended is known for as long as no other process has its pid.
    """

    def __init__(self, files: FileFunctions) -> None:
        self._files = files
        self._known: dict[int, _Process] = {}

    def frame(self, call: Call, pid: int) -> Frame:
        """Return the frame of an address in a process."""
        process = self._process(pid)
        found = process.frames.get(call)
        if found is None:
            found = self._frame(call, pid, process)
            if found.name:
                process.frames[call] = found
        return found

    def _process(self, pid: int) -> _Process:
        """Return a process as it is now, or was within the last second."""
        now = time.monotonic()
        known = self._known.get(pid)
        if known is not None and now - known.seen_at < _PAUSE:
            return known
        began = started(pid)
        if known is None or (began and began != known.started):
            if len(self._known) >= _MOST:
                self._known.pop(next(iter(self._known)))
            known = self._known[pid] = _Process()
            known.started = began
            if began:
                self._read(pid, known)
        if not began and not known.mappings:
            known.problem = f"process {pid} is gone: nobody knows any more what was in its memory"
        known.seen_at = now
        return known

    @staticmethod
    def _read(pid: int, process: _Process) -> None:
        process.read_at = time.monotonic()
        try:
            process.mappings, process.problem = mappings_of(pid), ""
        except OSError as error:
            process.problem = f"the memory of process {pid} is not to be seen: {reason_of(error)}"

    def _frame(self, call: Call, pid: int, process: _Process) -> Frame:
        mapping = find_mapping(process.mappings, call.address)
        is_same = 0 != process.started == started(pid)
        if mapping is None and is_same and time.monotonic() - process.read_at > _PAUSE:
            self._read(pid, process)  # it has loaded a library meanwhile
            mapping = find_mapping(process.mappings, call.address)
        if mapping is None or not mapping.path:
            nowhere = f"process {pid} has no file in memory where some of its addresses are"
            return Frame(call, problem=process.problem or nowhere)
        offset = call.address - mapping.start + mapping.offset
        where = os.path.basename(mapping.path)
        path = _reached(mapping, pid)
        version = version_of(path) if path else None
        function = None if version is None else self._files.at(path, version, offset)
        return _in_file(call, offset, where, function)


def _in_file(call: Call, offset: int, where: str, function: InFunction | None) -> Frame:
    if function is None:
        return Frame(call, "", offset, where, problem=f"{where} has no symbols for some of its code")
    return Frame(call, *function, where)


def _reached(mapping: Mapping, pid: int) -> str:
    """Return where the file is for this process that is in the memory of another one; empty where it is not there."""
    if not mapping.inode or mapping.is_deleted:
        return ""
    theirs = f"/proc/{pid}/root{mapping.path}"
    if os.access(theirs, os.R_OK):
        return theirs if os.path.realpath(f"/proc/{pid}/root") != "/" else mapping.path
    # Among its own mounts it may be another file's path.
    with suppress(OSError):
        if os.stat(mapping.path).st_ino == mapping.inode:
            return mapping.path
    return ""


class FilesById:
    """Finds the functions of files that are known by their build ids alone.

    A file is searched in the memory of all processes, and among the debug information that is installed.
    """

    def __init__(self, files: FileFunctions) -> None:
        self._files = files
        self._paths: dict[bytes, tuple[str, str]] = {}
        """By build id: where the file can be read, and what it is called."""
        self._looked_at: dict[tuple[str, int], bytes] = {}
        """The build ids of files, by their paths and inodes."""
        self._searched_at = float("-inf")

    def frame(self, call: Call) -> Frame:
        """Return the frame of a place in a file."""
        found = self._paths.get(call.build_id)
        if found is None or version_of(found[0]) is None:
            found = self._search(call.build_id)
        if found is None:
            return Frame(call, problem=_UNKNOWN_FILE)
        path, where = found
        version = version_of(path)
        function = None if version is None else self._files.at(path, version, call.address)
        return _in_file(call, call.address, where, function)

    def _search(self, build_id: bytes) -> tuple[str, str] | None:
        self._paths.pop(build_id, None)
        if time.monotonic() - self._searched_at > _SEARCH_PAUSE:
            self._searched_at = time.monotonic()
            for pid in processes():
                with suppress(OSError):
                    self._note(pid)
        debug = debug_file(build_id.rstrip(b"\0"))
        if build_id not in self._paths and os.path.isfile(debug):
            self._paths[build_id] = debug, os.path.basename(debug)
        return self._paths.get(build_id)

    def _note(self, pid: int) -> None:
        """Look at the files that a process runs."""
        for each in mappings_of(pid):
            place = each.path, each.inode
            if place not in self._looked_at and (path := _reached(each, pid)):
                # The kernel fills what is shorter with zeros.
                found = self._looked_at[place] = build_id_of(path)[:20].ljust(20, b"\0")
                if any(found):
                    self._paths[found] = path, os.path.basename(each.path)
