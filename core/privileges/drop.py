"""Giving rights up for good, before something is read that is not to be trusted.

What is given up is gone from all five sets of capabilities(7), and no_new_privs keeps any program that is started from
bringing it back. Under sudo the process also becomes the user who called it: a user 0 without capabilities still owns
root's files.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import struct
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..errors import BpftuiError, UsageError
from .apart import thread_count
from .capability import CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, Capability, privileges

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence

__all__ = ["Dropped", "drop", "drop_all", "drop_to_run", "end_with_parent", "given_up"]

_VERSION: Final = 0x20080522
"""_LINUX_CAPABILITY_VERSION_3 of <linux/capability.h>: sets of 64 bits."""
_PR_SET_PDEATHSIG, _PR_SET_KEEPCAPS, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT = 1, 8, 24, 38, 47
_PR_CAP_AMBIENT_CLEAR_ALL: Final = 4
"""<linux/prctl.h>"""

_libc = ctypes.CDLL(None, use_errno=True)
_libc.prctl.argtypes = [ctypes.c_int, *[ctypes.c_ulong] * 4]


@dataclass(frozen=True, slots=True)
class Dropped:
    """What became of a process's rights."""

    kept: tuple[Capability, ...]
    user: int | None
    """Whom it runs as from now on; None where that has not changed."""
    reads_all: bool
    """Whether it may still read every file (CAP_DAC_READ_SEARCH), without which it could not read what was named."""

    def __str__(self) -> str:
        names = [capability.name for capability in self.kept] + ["CAP_DAC_READ_SEARCH"] * self.reads_all
        kept = f"all capabilities but {', '.join(names)}" if names else "all capabilities"
        return f"gave up {kept}" + ("" if self.user is None else f", and runs as user {self.user}")


_taken: set[int] = set()
"""The numbers of the capabilities that were given up."""


def given_up() -> int:
    """Return the capabilities that `drop` took from this process, as a set of bits."""
    return sum(1 << number for number in _taken)


def drop(keep: Iterable[Capability] = (), *, reads: Sequence[str | os.PathLike[str]] = ()) -> Dropped:
    """Give up all capabilities of this process but those to *keep*, for good; under sudo also being root.

    Without being called by sudo, root stays root: who else to be is not known. A process that has no capability gives
    up those that it could gain.

    Args:
        keep: What is kept of those that it has.
        reads: Files that it has to be able to read afterwards, as far as it is now: for their sake it stays root, and
            if need be keeps the right to read all files (CAP_DAC_READ_SEARCH).

    Raises:
        UsageError: It has several threads, each of which has capabilities of its own.
        BpftuiError: The kernel says no.
    """
    if thread_count() > 1:
        raise UsageError("rights are given up before threads are started, of which each has its own")
    before = privileges()
    kept = tuple(each for each in dict.fromkeys(keep) if before.permitted >> each & 1)
    readable = [path for path in reads if os.access(path, os.R_OK)]
    user = _invoker()
    if user is not None and not _can_read(readable, user):
        # It stays root, then, with root's own home: without rights it cannot write into another's.
        user = None
        for name in ("SUDO_UID", "SUDO_GID"):
            del os.environ[name]
    bits = sum(1 << each for each in kept)
    reads_all = user is None and bool(before.permitted >> CAP_DAC_READ_SEARCH & 1) and _needs_right(readable)
    if reads_all:
        bits |= 1 << CAP_DAC_READ_SEARCH
    _confine(bits, user)
    if privileges().effective != bits:
        raise BpftuiError("the rights of this process could not be given up")
    _taken.update(number for number in range(64) if before.permitted & ~bits & 1 << number)
    return Dropped(kept, None if user is None else user[0], reads_all)


def drop_all() -> None:
    """Give up all capabilities of this process, for good, and remain the user that it is.

    Raises:
        BpftuiError: The kernel says no.
    """
    _confine(0)


def drop_to_run() -> None:
    """Give up all capabilities, for good, and under sudo being root, before this process becomes another program.

    That one is to read what its user may read: nothing is kept for files that only root can, nor does it matter
    whether that user could run this Python.

    Raises:
        BpftuiError: The kernel says no.
    """
    _confine(0, _invoker())


def end_with_parent() -> None:
    """Have the kernel kill this process, or what it becomes, when the thread that started it ends (PR_SET_PDEATHSIG).

    The kernel forgets it when a process becomes another user: that comes first.
    """
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _confine(bits: int, user: tuple[int, int] | None = None) -> None:
    """Have these capabilities and no way to others, as *user* where one is given."""
    for number in range(64):
        # EINVAL past the last one that the kernel knows; EPERM for those without CAP_SETPCAP.
        if not bits >> number & 1 and _libc.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0) != 0:
            break
    if user is not None:
        _become(user)
    _libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    _capset(bits, bits)
    _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def _invoker() -> tuple[int, int] | None:
    """Return user and group of who called sudo."""
    user, group = os.environ.get("SUDO_UID", ""), os.environ.get("SUDO_GID", "")
    if os.getuid() != 0 or not user.isdecimal() or not group.isdecimal() or not int(user):
        return None
    return int(user), int(group)


def _capset(effective: int, permitted: int) -> None:
    header = ctypes.create_string_buffer(struct.pack("=Ii", _VERSION, 0))
    halves = [half >> shift & 0xFFFFFFFF for shift in (0, 32) for half in (effective, permitted, 0)]
    if _libc.capset(header, ctypes.create_string_buffer(struct.pack("=6I", *halves))) != 0:
        number = ctypes.get_errno()
        raise BpftuiError(f"the rights of this process cannot be given up: {os.strerror(number).lower()}")


def _can_read(paths: Sequence[str | os.PathLike[str]], user: tuple[int, int]) -> bool:
    """Whether a user can read these files, and this Python with its modules, which are imported as they are needed."""
    needed = [*paths, sys.executable, os.__file__, __file__]
    with _acting_as(user):
        return all(os.access(path, os.R_OK, effective_ids=True) for path in needed)


@contextlib.contextmanager
def _acting_as(user: tuple[int, int]) -> Generator[None]:
    group, groups = os.getegid(), os.getgroups()
    os.setgroups(_groups(user))
    os.setegid(user[1])
    os.seteuid(user[0])
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(group)
        os.setgroups(groups)


def _needs_right(paths: Sequence[str | os.PathLike[str]]) -> bool:
    """Whether one of these files can only be read with the right to read all files."""
    held = privileges()
    without = held.effective & ~(1 << CAP_DAC_OVERRIDE | 1 << CAP_DAC_READ_SEARCH)
    _capset(without, held.permitted)
    try:
        return not all(os.access(path, os.R_OK, effective_ids=True) for path in paths)
    finally:
        _capset(held.effective, held.permitted)


def _groups(user: tuple[int, int]) -> list[int]:
    import pwd

    try:
        return os.getgrouplist(pwd.getpwuid(user[0]).pw_name, user[1])
    except KeyError:
        return [user[1]]


def _become(user: tuple[int, int]) -> None:
    """Become another user, with the permitted capabilities kept and the home that is that user's."""
    import pwd

    _libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups(_groups(user))
    os.setresgid(user[1], user[1], user[1])
    os.setresuid(user[0], user[0], user[0])
    _libc.prctl(_PR_SET_KEEPCAPS, 0, 0, 0, 0)
    with contextlib.suppress(KeyError):
        entry = pwd.getpwuid(user[0])
        os.environ.update(HOME=entry.pw_dir, USER=entry.pw_name, LOGNAME=entry.pw_name)
