"""Lines of source files that DWARF names: it has no text of its own, as `.BTF.ext` has.

An object names whatever it likes, `/etc/shadow` too, and a listing with its lines may go into a ticket. So a file is
read only where a source file may be looked for, and only if it is the user's to read.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..dwarf.line import SourceFile

__all__ = ["SourceTexts"]

_MAX_SOURCE: Final = 16 << 20
"""Bytes of a source file; a larger one is taken for something else."""
_ACL: Final = "system.posix_acl_access"
_PATH_ONLY: Final[int] = getattr(os, "O_PATH", os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
"""Opens a file without doing anything to it, be it a pipe or a tape; without such a flag, as gently as can be."""


class SourceTexts:
    """Gives the lines of source files, as far as they are on this machine and are those that were compiled.

    A file is read if it lies below the object's folder or one of the *directories*, symbolic links followed; if it is a
    regular one of up to 16 MiB; and if the user may read it, who under sudo is the one who called sudo. DWARF 5 has a
    checksum of most files: it decides. Without one, a file counts that is not newer than the object, which is how make
    tells that an object is up to date.

    Args:
        object_file: The object's own file; where there is no such file, only checksums and *directories* count.
        directories: Where source files are besides. What was compiled elsewhere is looked for there with its whole
            path, and with ever fewer of its folders.
    """

    def __init__(self, object_file: str, directories: Sequence[str] = ()) -> None:
        self._roots = [os.path.realpath(directory) for directory in directories]
        self._folder: str | None = None
        self._compiled: float | None = None
        for name in (object_file, object_file.rpartition("#")[0]):
            try:
                self._compiled = os.stat(name).st_mtime
            except (OSError, ValueError):
                continue
            self._folder = os.path.realpath(os.path.dirname(name))
            break
        self._lines: dict[SourceFile, list[str]] = {}

    def line(self, file: SourceFile, number: int) -> str:
        """Return a line of a file, from 1; empty where the file is not there, is another one, or may not be read."""
        lines = self._lines.get(file)
        if lines is None:
            lines = self._lines[file] = self._read(file).decode("utf-8", "replace").splitlines()
        return lines[number - 1] if 0 < number <= len(lines) else ""

    def find(self, path: str) -> str | None:
        """Return where a source file is on this machine, by the path that an object has of it; None where it is not.

        The same places are looked at as for its lines, and the object's folder with ever fewer of the path's folders;
        it may be newer than the object.
        """
        parts = [part for part in path.split("/") if part not in ("", ".", "..")]
        folders = [] if self._folder is None else [self._folder]
        nearby = (os.path.join(folder, *parts[first:]) for folder in folders for first in range(len(parts)))
        for place in (*self._places(path), *nearby):
            try:
                real = os.path.realpath(place, strict=True)
                if self._is_within(real) and stat.S_ISREG(os.stat(real).st_mode) and _may_read(real):
                    return real
            except (OSError, ValueError):
                continue
        return None

    def _is_within(self, real: str) -> bool:
        roots = [*self._roots, *([self._folder] if self._folder is not None else [])]
        return any(os.path.commonpath([real, root]) == root for root in roots)

    def _read(self, file: SourceFile) -> bytes:
        for path in self._places(file.path):
            try:
                raw = self._read_at(path, file.md5)
            except (OSError, ValueError):
                continue
            if raw is not None:
                return raw
        return b""

    def _places(self, path: str) -> Iterator[str]:
        """Yield where a file can be that the compiler was given as *path*."""
        if os.path.isabs(path):
            yield path
        elif self._folder is not None:
            yield os.path.join(self._folder, path)
        parts = [part for part in path.split("/") if part not in ("", ".", "..")]
        for root in self._roots:
            for first in range(len(parts)):
                yield os.path.join(root, *parts[first:])

    def _read_at(self, path: str, md5: bytes) -> bytes | None:
        """Return the contents of a file that may be read and is the one with the checksum; None for another one.

        Raises:
            OSError, ValueError: There is none that could be read.
        """
        real = os.path.realpath(path, strict=True)
        if not self._is_within(real):
            return None
        place = os.open(real, _PATH_ONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            found = os.fstat(place)
            if not stat.S_ISREG(found.st_mode) or found.st_size > _MAX_SOURCE:
                return None
            if not md5 and (self._compiled is None or found.st_mtime > self._compiled):
                return None
            if not _may_read(real):
                return None
            with open(real, "rb", opener=_open_to_read) as stream:
                # Whatever was put in its place meanwhile is another file.
                if not os.path.samestat(os.fstat(stream.fileno()), found):
                    return None
                raw = stream.read(_MAX_SOURCE)
        finally:
            os.close(place)
        import hashlib  # brings OpenSSL, 5 MB, and few objects need it

        if md5 and hashlib.md5(raw, usedforsecurity=False).digest() != md5:
            return None
        return raw


def _open_to_read(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)


def _may_read(path: str) -> bool:
    """Whether the user may read a file; *path* has no symbolic links in it."""
    uid, gid = os.environ.get("SUDO_UID", ""), os.environ.get("SUDO_GID", "")
    if os.geteuid() != 0 or not (uid.isdecimal() and gid.isdecimal()):
        # access(2) goes by the real user, and without the capabilities that a program was given.
        return os.access(path, os.R_OK)
    user, groups = int(uid), _groups(int(uid), int(gid))
    folders = [path]
    while (folder := os.path.dirname(folders[-1])) != folders[-1]:
        folders.append(folder)
    return all(
        _allows(os.stat(each), user, groups, os.R_OK if each is path else os.X_OK) and (user == 0 or not _has_acl(each))
        for each in folders
    )


def _groups(user: int, group: int) -> set[int]:
    import pwd

    try:
        return {group, *os.getgrouplist(pwd.getpwuid(user).pw_name, group)}
    except (KeyError, OverflowError, OSError):
        return {group}


def _allows(found: os.stat_result, user: int, groups: set[int], wanted: int) -> bool:
    """Whether the mode of a file or folder lets a user do something: `os.R_OK` or `os.X_OK`."""
    if user == 0:
        return True
    shift = 6 if found.st_uid == user else 3 if found.st_gid in groups else 0
    return bool(found.st_mode >> shift & wanted)


def _has_acl(path: str) -> bool:
    """Whether a file has an access list, which can take away what its mode grants: it is not read for another user."""
    try:
        return _ACL in os.listxattr(path)
    except (OSError, AttributeError):  # no such attributes there
        return False
