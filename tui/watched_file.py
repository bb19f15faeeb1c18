"""A file that an object was read from: when it has become another one, and what that is. There is no screen in it."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final, NamedTuple

from ..core.foreign import is_source
from .state.presets import Preset, restore

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..core.btf import Value
    from ..core.live import Session, Swap
    from ..core.spec import CollectionSpec
    from .changes import Changes

__all__ = ["Look", "Version", "WatchedFile"]

_PATIENCE: Final = 3
"""How often a file that cannot be read is read, before that is said: who writes it may not have finished."""
_ABSENCE: Final = 5
"""Looks in a row at which a file is not there, before that is said: a compiler may remove it before it writes."""


class _Stamp(NamedTuple):
    """What tells a file from what it was."""

    modified: int
    """Nanoseconds since 1970."""
    size: int
    number: int
    """Of its inode: many editors and compilers write another file, and move it there."""


class Look(NamedTuple):
    """What a look saw."""

    file: _Stamp | None
    """None where there is no such file, or it is none that can be read again."""
    headers: tuple[_Stamp | None, ...] = ()

    @property
    def written_at(self) -> float | None:
        """When the newest of it was written, in seconds since 1970; None where nothing is there."""
        return max((each.modified / 1e9 for each in (self.file, *self.headers) if each is not None), default=None)


class Version(NamedTuple):
    """What a file has become, as it was read."""

    spec: CollectionSpec
    changes: Changes
    """What is not as it was in the version before."""
    notes: Sequence[str]
    """What was said of it when it was read."""
    look: Look
    """What the file was just before."""

    @property
    def differs(self) -> bool:
        """Whether there is anything to be shown of it."""
        return self.changes.differs


class WatchedFile:
    """Tells when a file, or a header that it includes, has become another one, once its writer has finished.

    A version that was read is *taken* as soon as it is what is shown or runs: what differs from it is news.

    Args:
        path: The file, as it was read already or is now.
        read: Reads it as it is now, in a thread, and tells its argument what there is to know besides.
        headers: What a C file includes, as it was when that was compiled.
    """

    def __init__(
        self, path: str, read: Callable[[Callable[[str], None]], CollectionSpec], headers: Sequence[str] = ()
    ) -> None:
        self.path = path
        self._read = read
        self._headers = tuple(headers)
        self._taken = self._seen = self.look()
        self._is_fresh = False
        self._refused: tuple[Look, int] = (Look(None), 0)
        """As what it was seen when it could not be read, and how often in a row."""
        self._told = Look(None)
        self._absent = 0
        """Looks in a row at which it was not there."""
        self._is_missed = False
        self.turned_down: Look | None = None
        """As what it was read when that version was last not put in the place of what is loaded."""
        self._values: dict[str, Value] = {}
        self._types: dict[str, str] = {}
        """What was set in a version that had it, and is set again as soon as one has it."""

    # When it is another one

    def look(self) -> Look:
        """Return what it is now."""
        return Look(_stamp(self.path), tuple(map(_stamp, self._headers)))

    def has_changed(self) -> bool:
        """Look once more: whether it is not what was taken, and is what it was at the look before."""
        before, self._seen = self._seen, self.look()
        is_there = self._seen.file is not None
        self._absent = 0 if is_there else self._absent + 1
        self._is_fresh = is_there and self._seen not in (self._taken, before)
        return is_there and self._seen != self._taken and self._seen == before

    @property
    def is_settling(self) -> bool:
        """Whether the last look was the first to see something new, which the next one may find settled."""
        return self._is_fresh

    def is_news(self) -> bool:
        """Return whether nobody has asked this of what was seen last."""
        before, self._told = self._told, self._seen
        return self._told != before

    def ask_again(self) -> None:
        """Let what was seen last be news at the next look, too."""
        self._told = Look(None)

    def has_gone(self) -> bool:
        """Return whether it has not been there for some looks, once."""
        before, self._is_missed = self._is_missed, self._is_missed or self._absent >= _ABSENCE
        return self._is_missed and not before

    def has_returned(self) -> bool:
        """Return whether it is there again after that was told, once."""
        before, self._is_missed = self._is_missed, self._is_missed and self._absent > 0
        return before and not self._is_missed

    @property
    def taken_at(self) -> float | None:
        """When the file was written that was taken, in seconds since 1970; None where there was none."""
        return self._taken.written_at

    @property
    def seen_at(self) -> float | None:
        """The same of the file that was seen last."""
        return self._seen.written_at

    # What it is then

    def next_version(self, before: CollectionSpec, program: str = "") -> Version | None:
        """Read it as it is now, as `read_version`; a file that cannot be read may not be finished.

        Returns:
            None where that may be so: it is news at the next look, too.

        Raises:
            Exception: Whatever reading it raises, where it is a C file, or was as it is for some looks.
        """
        try:
            return self.read_version(before, program)
        except Exception:
            if is_source(self.path) or self._has_lasted():
                raise
            self.ask_again()
            return None

    def read_version(self, before: CollectionSpec, program: str = "") -> Version:
        """Read it as it is now, and compare it with a version before; in a thread.

        Args:
            before: That version; what was set in it is no difference.
            program: Whose code is shown, and marked at once: what changed there is found here, too.

        Raises:
            Exception: Whatever reading it raises: a file may be anything.
        """
        from ..core.diff import diff
        from .changes import Changes

        look, notes = self.look(), list[str]()
        spec = self._read(notes.append)
        is_set = any(each.changed for each in spec.variables.values())  # by options of a command line
        changes = Changes(diff(before.as_in_file(), spec.as_in_file() if is_set else spec))
        changes.code(program)
        return Version(spec, changes, notes, look)

    def _has_lasted(self) -> bool:
        """Return whether it could not be read for some looks, as which it was the same."""
        before, times = self._refused
        self._refused = (self._seen, times + 1 if self._seen == before else 1)
        return self._refused[1] >= _PATIENCE

    def take(self, version: Version) -> None:
        """Take a version: from now on it has changed when it is another one than that."""
        self._taken = self._seen = version.look
        self.include(version.spec.headers)

    def include(self, headers: Sequence[str]) -> None:
        """Watch these headers from now on, which the version that was taken includes."""
        known = dict(zip(self._headers, self._taken.headers, strict=True))
        self._headers = tuple(headers)
        stamps = tuple(known[each] if each in known else _stamp(each) for each in headers)
        self._taken = self._seen = Look(self._taken.file, stamps)

    def swap(self, before: Session, version: Version, begin: Callable[[CollectionSpec], Session]) -> Swap:
        """Return what puts a version in the place of what is loaded, with what was set in that; nothing is done yet.

        Args:
            before: What is loaded.
            version: The version, which is taken as soon as that is done.
            begin: Makes the session of a spec.
        """
        from ..core.live import Swap

        self.carry_over(before.spec, version.spec)
        return Swap(before, begin(version.spec))

    def carry_over(self, old: CollectionSpec, new: CollectionSpec) -> None:
        """Set in another version what was set in this one, or in one before that had it."""
        for name, variable in old.variables.items():
            if variable.changed:
                self._values[name] = variable.get()
            else:
                self._values.pop(name, None)
        for name, program in old.programs.items():
            if program.typed_as:
                self._types[name] = program.typed_as
        for name, text in self._types.items():
            if name in new.programs and new.programs[name].typed_as != text:
                new.set_type(name, text)
        restore(new, Preset("", "", self._values))


def _stamp(path: str) -> _Stamp | None:
    """Return what a file is now; None where there is none, or what would keep its reader waiting (a FIFO)."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return _Stamp(found.st_mtime_ns, found.st_size, found.st_ino) if stat.S_ISREG(found.st_mode) else None
