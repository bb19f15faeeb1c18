"""Functions of files by their places in them: each file's tables are read once, until it changes."""

from __future__ import annotations

import bisect
import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from ...errors import BpftuiError
from ..attach.binary import function_places
from .build_ids import build_id_of, debug_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..attach.binary import FunctionPlace

__all__ = ["FileFunctions", "InFunction", "Version", "functions_of", "version_of"]

_MOST_FILES: Final = 16
"""Whose functions are kept: there are several places in a file, and its tables are read once for all of them."""
Version: TypeAlias = tuple[int, int, int, int]
"""By which a file is known to be the same: device, inode, the time of its last change (also of its mode), and size."""


class InFunction(NamedTuple):
    """A place in a function."""

    name: str
    offset: int
    """Bytes from where it begins."""

    def __str__(self) -> str:
        return f"{self.name}+0x{self.offset:x}" if self.offset else self.name


def version_of(path: str) -> Version | None:
    """Return by what a file is known; None where there is none, or one that is no regular file."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    return status.st_dev, status.st_ino, status.st_ctime_ns, status.st_size


def functions_of(path: str) -> list[FunctionPlace]:
    """Return the functions of a file by their places in it, with those that its debug information has elsewhere.

    Raises:
        BpftuiError: It is no ELF file, a damaged one, or cannot be read.
    """
    found = function_places(path)
    debug = debug_file(build_id_of(path))
    if os.path.isfile(debug) and not os.path.samefile(debug, path):
        with suppress(BpftuiError, OSError):
            known = {each.offset for each in found}
            found = sorted([*found, *(each for each in function_places(debug, path) if each.offset not in known)])
    return found


class FileFunctions:
    """Finds the functions of files, and remembers those of the last sixteen."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[Version, list[FunctionPlace]]] = {}

    def at(self, path: str, version: Version, offset: int) -> InFunction | None:
        """Return the function that a place in a file is in; None where it is in none that is known.

        Args:
            path: The file.
            version: What `version_of` says of it now.
            offset: Bytes from the beginning of the file.
        """
        return _function(self._functions(path, version), offset)

    def _functions(self, path: str, version: Version) -> list[FunctionPlace]:
        """Return the functions of a file; none of one that cannot be read, which is not tried again till it changes."""
        known, found = self._files.pop(path, (None, None))
        if found is None or known != version:
            try:
                found = functions_of(path)
            except BpftuiError:
                found = []
        if len(self._files) >= _MOST_FILES:
            self._files.pop(next(iter(self._files)))
        self._files[path] = version, found
        return found


def _function(known: Sequence[FunctionPlace], offset: int) -> InFunction | None:
    """Return the function that a place is in, of a file's in order."""
    at = bisect.bisect_right(known, offset, key=lambda each: each.offset) - 1
    if at < 0 or not known[at].offset <= offset < known[at].offset + max(known[at].size, 1):
        return None
    return InFunction(known[at].name, offset - known[at].offset)
