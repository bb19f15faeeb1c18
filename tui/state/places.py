"""Where bpftui keeps what outlives a session, and whose it is: `config.toml`, and `$XDG_STATE_HOME/bpftui/`.

Under sudo both are those of the user who called it, so that presets and keys are the same with and without it, and
whatever is made there belongs to that user: root's files in a home would be in its owner's way.
"""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from ...core.errors import UsageError, reason_of

__all__ = [
    "DamagedError",
    "append",
    "config_directory",
    "give",
    "make_directory",
    "read",
    "set_aside",
    "state_directory",
    "write",
]

_NAME: Final = "bpftui"
_MOST: Final = 4 << 20
"""Bytes of a file that is read: whoever set every variable of a large object a hundred times has less."""


class DamagedError(UsageError):
    """A file of ours that is not what we write.

    Args:
        path: The file.
        what: What it should hold: `presets`.
        error: Why it does not.
    """

    def __init__(self, path: Path, what: str, error: Exception) -> None:
        # Which key was missed, or what had no items, says nothing to whoever has never seen the code.
        why = f": {reason_of(error)}" if isinstance(error, OSError | ValueError) else ""
        super().__init__(f"{path}: these are no {what}{why}", hint="delete the file")
        self.path = path


def config_directory() -> Path:
    """Return where `config.toml` is looked for, whether it exists or not."""
    home = _sudo_home("XDG_CONFIG_HOME")
    if home is not None:
        return home / ".config" / _NAME
    from platformdirs import user_config_path

    return user_config_path(_NAME)


def state_directory() -> Path:
    """Return where the log, the presets and the list of recent objects are, whether it exists or not."""
    home = _sudo_home("XDG_STATE_HOME")
    if home is not None:
        return home / ".local" / "state" / _NAME
    from platformdirs import user_state_path

    return user_state_path(_NAME)


def _sudo_user() -> tuple[int, int] | None:
    """Return user and group of who called sudo; None where it was not called, or by root."""
    if os.geteuid() != 0:
        return None
    user, group = os.environ.get("SUDO_UID", ""), os.environ.get("SUDO_GID", "")
    return (int(user), int(group)) if user.isdecimal() and group.isdecimal() and int(user) else None


def _sudo_home(variable: str) -> Path | None:
    """Return the home of who called sudo; None where it is not needed: *variable* says where, or nobody did."""
    user = _sudo_user()
    if user is None or os.environ.get(variable):
        return None
    import pwd

    try:
        return Path(pwd.getpwuid(user[0]).pw_dir)
    except KeyError:
        return None


def give(target: int | Path) -> None:
    """Let a new file (by its descriptor) or directory belong to who called sudo."""
    user = _sudo_user()
    if user is not None:
        # Where root may not give anything away (a user namespace without that user), it stays root's.
        with suppress(OSError):
            os.chown(target, *user, follow_symlinks=isinstance(target, int))


def make_directory(path: Path) -> None:
    """Make a directory with all that is missing above it, for its owner alone, as the XDG specification asks.

    Raises:
        OSError: It cannot be made.
    """
    missing = [each for each in (path, *path.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(mode=0o700, exist_ok=True)
        give(each)


def read(path: Path) -> str:
    """Return what a file holds, without waiting for it: a pipe may lie where it should, or a file of gigabytes.

    Raises:
        OSError: It cannot be read.
        UnicodeDecodeError: It is no UTF-8.
        UsageError: It is no regular file, or too large.
    """
    with open(path, "rb", opener=_open_at_once) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise UsageError(f"{path}: it is no regular file")
        data = file.read(_MOST + 1)
    if len(data) > _MOST:
        raise UsageError(f"{path}: it has more than {_MOST >> 20} MiB: nobody kept that much")
    return data.decode("utf-8")


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)


def write(path: Path, text: str) -> None:
    """Write a file as a whole: a reader, or a crash, meets the old one or the new one and nothing between.

    Raises:
        OSError: It cannot be written; the old file is as it was.
    """
    make_directory(path.parent)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(descriptor, "w", encoding="utf-8", errors="surrogateescape") as file:
            give(descriptor)
            file.write(text)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def set_aside(path: Path) -> Path:
    """Put a damaged file beside, so that it can be begun anew; return where it is: `NAME.damaged`, or with a number.

    Raises:
        OSError: It cannot be moved.
    """
    beside, number = path.with_name(f"{path.name}.damaged"), 1
    while os.path.lexists(beside):
        number += 1
        beside = path.with_name(f"{path.name}.damaged-{number}")
    os.rename(path, beside)
    return beside


def append(path: Path, text: str, *, limit: int) -> None:
    """Add to a file; one that would pass *limit* bytes becomes `NAME.1` first, in the place of an older one.

    Several processes may do so at once: each addition is one write.

    Raises:
        OSError: It cannot be written.
    """
    make_directory(path.parent)
    data = text.encode("utf-8", "backslashreplace")
    try:
        if path.stat().st_size + len(data) > limit:
            os.replace(path, path.with_name(f"{path.name}.1"))
    except FileNotFoundError:
        pass
    # A pipe in its place, which nobody reads, is not waited for.
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY
    descriptor = os.open(path, flags, 0o600)
    try:
        if os.fstat(descriptor).st_size == 0:
            give(descriptor)
        os.write(descriptor, data)
    finally:
        os.close(descriptor)
