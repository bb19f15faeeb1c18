"""Files that are explored and change: when they have, what is different, and where one was."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Final, NamedTuple

from textual.css.query import NoMatches

from ..core.errors import BpftuiError
from ..core.foreign import is_source
from ..core.live import State
from .state.presets import Preset, restore
from .status import Failure, told
from .text.format import clock_time

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..core.btf import Value
    from ..core.live import Session
    from ..core.spec import CollectionSpec
    from .app import BpftuiApp, OpenObject, Reader
    from .changes import Changes
    from .reloading import Reloading

__all__ = ["INTERVAL", "Look", "NextVersion", "Rereading", "WatchedFile", "read_changed"]

INTERVAL: Final = 0.2
"""Seconds between two looks at a file. It is read when two in a row see the same: a compiler writes piece by piece."""
_SETTLED: Final = 0.1
"""Seconds after which it is looked at once more where something new was seen: who saves waits for it."""
_MOST: Final = 5
"""Warnings of a compiler that are told."""
_PATIENCE: Final = 3
"""How often a file that cannot be read is read, before that is said: who writes it may not have finished."""


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
    """None where there is no such file."""
    headers: tuple[_Stamp | None, ...] = ()

    @property
    def written_at(self) -> float | None:
        """When the newest of it was written, in seconds since 1970; None where nothing is there."""
        return max((each.modified / 1e9 for each in (self.file, *self.headers) if each is not None), default=None)


class WatchedFile:
    """Tells when a file, or a header that it includes, has become another one, once its writer has finished.

    Args:
        path: The file, as it was read already or is now.
        headers: What a C file includes, as it was when that was compiled.
    """

    def __init__(self, path: str, headers: Sequence[str] = ()) -> None:
        self.path = path
        self._headers = tuple(headers)
        self._taken = self._seen = self.look()
        self._is_fresh = False
        self._refused: tuple[Look, int] = (Look(None), 0)
        """As what it was seen when it could not be read, and how often in a row."""
        self._told = Look(None)
        self.turned_down: Look | None = None
        """As what it was read when that version was last not put in the place of what is loaded."""
        self._values: dict[str, Value] = {}
        self._types: dict[str, str] = {}
        """What was set in a version that had it, and is set again as soon as one has it."""

    def has_changed(self) -> bool:
        """Look once more: whether it is not what was taken, and is what it was at the look before."""
        before, self._seen = self._seen, self.look()
        self._is_fresh = self._seen.file is not None and self._seen not in (self._taken, before)
        return self._seen.file is not None and self._seen != self._taken and self._seen == before

    @property
    def is_settling(self) -> bool:
        """Whether the last look was the first to see something new, which the next one may find settled."""
        return self._is_fresh

    def look(self) -> Look:
        """Return what it is now: who reads it keeps that, for `take`."""
        return Look(_stamp(self.path), tuple(map(_stamp, self._headers)))

    def include(self, headers: Sequence[str]) -> None:
        """Watch these headers from now on, which the version that was taken includes."""
        known = dict(zip(self._headers, self._taken.headers, strict=True))
        self._headers = tuple(headers)
        stamps = tuple(known[each] if each in known else _stamp(each) for each in headers)
        self._taken = self._seen = Look(self._taken.file, stamps)

    @property
    def taken_at(self) -> float | None:
        """When the file was written that was taken, in seconds since 1970; None where there was none."""
        return self._taken.written_at

    @property
    def seen_at(self) -> float | None:
        """The same of the file that was seen last."""
        return self._seen.written_at

    def take(self, that: Look | None = None) -> None:
        """Take it as it was when it was read, or seen last: it has changed when it is another one than that."""
        self._taken = self._seen = self._seen if that is None else that

    def refuse(self) -> bool:
        """Say that it cannot be read; return whether that is to be told: it has been the same for some looks."""
        before, times = self._refused
        self._refused = (self._seen, times + 1 if self._seen == before else 1)
        return self._refused[1] >= _PATIENCE

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

    def ask_again(self) -> None:
        """Let what was seen last be news at the next look, too."""
        self._told = Look(None)

    def is_news(self) -> bool:
        """Return whether nobody has asked this of what was seen last."""
        before, self._told = self._told, self._seen
        return self._told != before


def _stamp(path: str) -> _Stamp | None:
    """Return what a file is now; None where there is none."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return _Stamp(found.st_mtime_ns, found.st_size, found.st_ino)


class NextVersion(NamedTuple):
    """What a file has become, as it was read."""

    changes: Changes
    notes: Sequence[str]
    """What was said of it when it was read."""
    look: Look | None
    """What the file was just before; None where it is not watched."""


def read_changed(read: Reader, old: OpenObject) -> NextVersion:
    """Return what a file has become, and what has changed, in a thread.

    What changed in the code that is shown is found here, too: it is marked at once.
    """
    from ..core.diff import diff
    from .changes import Changes

    look, notes = None if old.watched is None else old.watched.look(), list[str]()
    spec = read(old.session.name, notes.append)
    changes = Changes(diff(old.session.spec.as_in_file(), spec))
    changes.code(old.screen.program_name())
    return NextVersion(changes, notes, look)


class Rereading:
    """Reads what is explored again when its file has changed.

    What is loaded stays, until it is swapped (`Reloading`). Where the user is elsewhere, or in something that stands
    over the object (a dialog, a test run, a search), that is left alone, and the file is read when it is over.

    Args:
        app: What shows the objects.
        read: Reads one, in a thread.
        reloading: Puts another version in the place of what is loaded.
    """

    def __init__(self, app: BpftuiApp, read: Reader, reloading: Reloading) -> None:
        self._app = app
        self._read = read
        self._reloading = reloading
        self._is_looking = False

    def look_again(self) -> None:
        """Look whether files have changed, unless that is being done; called again and again."""
        if not self._is_looking and any(each.watched is not None for each in self._app.objects):
            self._is_looking = True
            self._app.run_worker(self._look(), group="reread", description="read again what has changed")

    async def _look(self) -> None:
        try:
            await self.look()
        except NoMatches:
            if self._app.is_running:
                raise
            # It has ended meanwhile, and its screens are taken apart.
        finally:
            self._is_looking = False
        if any(each.watched is not None and each.watched.is_settling for each in self._app.objects):
            self._app.set_timer(_SETTLED, self.look_again)

    async def look(self) -> None:
        """Read again what has become another file since it was read."""
        for each in list(self._app.objects):
            if each.watched is None or not await asyncio.to_thread(each.watched.has_changed) or self._is_busy(each):
                continue
            if each.session.state is State.SPEC:
                await self._read_again(each, each.watched)
            elif each.watched.is_news():
                await self._note(each, each.watched)

    def _is_busy(self, each: OpenObject) -> bool:
        """Whether the user is elsewhere, or in the middle of something."""
        screen = each.screen
        if each not in self._app.objects or self._app.screen is not screen or not screen.furnished.is_set():
            return True
        return screen.work is not None or screen.search.is_open

    async def _note(self, each: OpenObject, watched: WatchedFile) -> None:
        """Take note that what is loaded is older than its file; have it swapped where that is wanted at once."""
        try:
            version = await asyncio.to_thread(read_changed, self._read, each)
        except Exception as error:
            if is_source(watched.path) or watched.refuse():
                self._mark_older(each, watched)
                self._complain(each, error)
            else:
                watched.ask_again()
            return
        if not version.changes.differs:
            self._settle(each, watched, version)
            return
        each.screen.message_line.settle("read again")
        if version.look != watched.turned_down:  # what was wrong was wrong with a version before
            each.screen.message_line.settle("swap")
        self._mark_older(each, watched)
        if self._reloading.at_once:
            self._reloading.start(each, version)
            return
        changed = version.changes.text
        text = f"{each.session.title} is another file now, {changed}: what is loaded stays until L swaps it"
        each.screen.notify(text, severity="warning", timeout=10)

    def _mark_older(self, each: OpenObject, watched: WatchedFile) -> None:
        """Let the status line say of when what is loaded is."""
        each.operations.older = clock_time(watched.taken_at)
        each.operations.changed()

    async def _read_again(self, old: OpenObject, watched: WatchedFile) -> None:
        try:
            session, version = await asyncio.to_thread(self._begin, old)
        except Exception as error:  # a file may be anything, and what is open is not to end with it
            if is_source(watched.path) or watched.refuse():
                watched.take()
                self._complain(old, error)
            return
        # From here to the new screen nothing is waited for: what was true of the old one still is.
        if session is None:
            self._settle(old, watched, version)
            return
        if self._is_busy(old) or old.session.state is not State.SPEC:
            await asyncio.to_thread(session.close)
            return
        self._settle(old, watched, version)
        watched.carry_over(old.session.spec, session.spec)
        changes, notes = version.changes, version.notes
        screen = await self._app.replace(old, session, changes)
        screen.notify(f"{session.title} was read again: {changes.text}", timeout=8)
        for note in notes[:_MOST]:
            screen.notify(note, severity="warning", timeout=8)
        if len(notes) > _MOST:
            screen.notify(f"and {len(notes) - _MOST:,} more", severity="warning", timeout=8)

    def _begin(self, old: OpenObject) -> tuple[Session | None, NextVersion]:
        """Return the session of what a file has become, None where that is the same; and what changed. In a thread."""
        version = read_changed(self._read, old)
        return (self._app.begin_session(version.changes.after) if version.changes.differs else None), version

    def _settle(self, old: OpenObject, watched: WatchedFile, version: NextVersion) -> None:
        """Take that version as read."""
        watched.take(version.look)
        watched.include(version.changes.after.headers)
        old.operations.older = ""
        old.operations.changed()
        for action in ("read again", "swap"):  # what was wrong with a version before
            old.screen.message_line.settle(action)

    def _complain(self, old: OpenObject, error: Exception) -> None:
        why = f"{old.session.title} is another file now, which is not taken: {told(error)}"
        hint = error.hint if isinstance(error, BpftuiError) else None
        old.screen.message_line.fail(Failure("read again", why, hint or ""))
