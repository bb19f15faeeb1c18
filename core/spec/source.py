"""Lines of source files that DWARF names: it has no text of its own, as `.BTF.ext` has."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ..dwarf.line import SourceFile

__all__ = ["SourceTexts"]

_MAX_SOURCE: Final = 16 << 20
"""Bytes of a source file; a larger one is taken for something else."""


class SourceTexts:
    """Gives the lines of source files, as far as they are on this machine and are those that were compiled.

    DWARF 5 has a checksum of most files: it decides. Without one, a file counts that is named with its whole path and
    is not newer than the object, which is how make tells that an object is up to date.

    Args:
        object_file: The object's own file; where there is no such file, only checksums count.
    """

    def __init__(self, object_file: str) -> None:
        try:
            self._compiled: float | None = os.stat(object_file).st_mtime
        except (OSError, ValueError):
            self._compiled = None
        self._lines: dict[SourceFile, list[str]] = {}

    def line(self, file: SourceFile, number: int) -> str:
        """Return a line of a file, from 1; empty where the file is not there, or is another one."""
        lines = self._lines.get(file)
        if lines is None:
            lines = self._lines[file] = self._read(file).decode("utf-8", "replace").splitlines()
        return lines[number - 1] if 0 < number <= len(lines) else ""

    def _read(self, file: SourceFile) -> bytes:
        if not file.md5 and not os.path.isabs(file.path):
            return b""
        try:
            # An object can name anything: a pipe, say, that nobody writes to.
            handle = os.open(file.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except (OSError, ValueError):
            return b""
        try:
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode) or found.st_size > _MAX_SOURCE:
                return b""
            if not file.md5 and (self._compiled is None or found.st_mtime > self._compiled):
                return b""
            raw = os.read(handle, _MAX_SOURCE)
        except OSError:
            return b""
        finally:
            os.close(handle)
        import hashlib  # brings OpenSSL, 5 MB, and few objects need it

        if file.md5 and hashlib.md5(raw, usedforsecurity=False).digest() != file.md5:
            return b""
        return raw
