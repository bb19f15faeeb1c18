"""Files by their names: written as a whole or not at all; and what is said where one cannot be read or written."""

from __future__ import annotations

import errno
import itertools
import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from .errors import BpftuiError, NoPermissionError, ObjectError, UsageError, nearest, reason_of

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["LATEST", "beside", "check_place", "inside", "unreadable", "unwritable", "write_whole"]

LATEST: Final = 250_000_000_000.0
"""Seconds since 1970 that a calendar has room for: the year 9892. What a file says of times may be anything."""

_MOST: Final = 2000
"""Files of a directory that are looked at."""
_NAMED: Final = 4
"""Of those, that are named."""


def inside(directory: str) -> str:
    """Return which objects there are in a directory, as a hint; empty where that cannot be said."""
    names = sorted(name for name in _files(directory) if name.endswith(".o"))
    if not names:
        return "no file in it ends with .o"
    shown = ", ".join(os.path.join(directory, name) for name in names[:_NAMED])
    return f"there is {shown}{f' and {len(names) - _NAMED:,} more' if len(names) > _NAMED else ''}"


def beside(path: str) -> str:
    """Return which file is meant where there is none of a name, as a hint; empty where none is near."""
    directory, name = os.path.split(path)
    close = nearest(name, _files(directory or "."))
    return f"did you mean {os.path.join(directory, close)}?" if close is not None else ""


def unreadable(path: str | os.PathLike[str], error: OSError) -> BpftuiError:
    """Return why a file cannot be read, in the same words whatever it should have been."""
    name = os.fspath(path) or "''"  # a sentence about nothing would name nothing
    match error:
        case FileNotFoundError():
            return ObjectError("there is no such file", file=name, hint=beside(name) or None)
        case IsADirectoryError():
            return ObjectError("it is a directory, not a file", file=name)
        case PermissionError():
            return NoPermissionError(f"{name}: it cannot be read: permission denied")
        case _:
            return ObjectError(f"it cannot be read: {reason_of(error)}", file=name)


def unwritable(path: str | os.PathLike[str], error: OSError | ValueError, what: str = "it") -> BpftuiError:
    """Return why a file cannot be written, in the same words whatever it should have become; *what* names that."""
    name = os.fspath(path) or "''"
    match error:
        case FileExistsError():
            return UsageError(f"{name}: there is a file of that name already", hint="name another one, or remove it")
        case IsADirectoryError():
            return ObjectError(f"{what} cannot be written: this is a directory", file=name)
        case FileNotFoundError():
            return ObjectError(f"{what} cannot be written: there is no directory {_missing(name)}", file=name)
        case PermissionError():
            return NoPermissionError(f"{name}: {what} cannot be written: permission denied")
        case _:
            return ObjectError(f"{what} cannot be written: {reason_of(error)}", file=name)


def _missing(path: str) -> str:
    """Return which of the directories above a file is not there: the uppermost."""
    missing = os.path.dirname(path) or "."
    while (above := os.path.dirname(missing)) and not os.path.exists(above):
        missing = above
    return missing


def _files(directory: str) -> list[str]:
    try:
        with os.scandir(directory) as entries:
            return [entry.name for entry in itertools.islice(entries, _MOST)]
    except (OSError, ValueError):
        return []


def check_place(path: str | os.PathLike[str]) -> None:
    """Raise what will keep a file from being written, as far as it is known before: nothing is made or changed.

    Raises:
        OSError: There is no such folder, a folder has that name, or there is no right to write there.
    """
    if os.path.isdir(path):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    place = path
    if not os.path.exists(path):
        place = os.path.dirname(os.path.realpath(path))
        if not os.path.isdir(place):
            number = errno.ENOTDIR if os.path.exists(place) else errno.ENOENT
            raise OSError(number, os.strerror(number))
    if not os.access(place, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def write_whole(path: str | os.PathLike[str], text: Iterable[str], *, replace: bool = True) -> None:
    """Write a file as a whole or not at all: beside its place, and then it is moved there.

    Only what is no regular file (a pipe, `/dev/stdout`), or lies where nothing can be written beside it, is written to
    directly.

    Args:
        path: The file.
        text: Its parts, which may be made while they are written.
        replace: Whether a file of that name may be replaced.

    Raises:
        FileExistsError: There is a file of that name, and it may not be replaced.
        OSError, ValueError: It cannot be written; an older file is as it was.
    """
    if not replace and os.path.lexists(path):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
    place = os.path.realpath(path)
    try:
        old = os.stat(path)  # a pipe's real path, as /dev/stdout has it, is none that could be opened
    except FileNotFoundError:
        old = None
    folder = os.path.dirname(place)
    if old is not None and not (stat.S_ISREG(old.st_mode) and os.access(folder, os.W_OK)):
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(text)
    else:
        _write_beside(place, text, old, replace=replace)


def _write_beside(place: str, text: Iterable[str], old: os.stat_result | None, *, replace: bool) -> None:
    """Write a file beside its place and move it there; the owner and the mode of an *old* one are kept."""
    import tempfile  # brings random and all that compresses, and few write

    descriptor, temporary = tempfile.mkstemp(dir=os.path.dirname(place), prefix=".bpftui-")
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            if old is None:
                umask = os.umask(0o077)
                os.umask(umask)
                os.fchmod(descriptor, 0o666 & ~umask)
            else:
                with suppress(OSError):
                    os.fchown(descriptor, old.st_uid, old.st_gid)
                os.fchmod(descriptor, stat.S_IMODE(old.st_mode))
            file.writelines(text)
        if replace:
            os.replace(temporary, place)
        else:
            os.link(temporary, place)  # fails where somebody has made one meanwhile
            os.unlink(temporary)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
