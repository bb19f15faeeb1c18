"""Live reload: what is explored is read again when its file has changed, and shown where one was in it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from textual.css.query import NoMatches

from ..core.errors import BpftuiError
from ..core.live import State
from .status import Failure, told
from .text.format import clock_time

if TYPE_CHECKING:
    from .app import BpftuiApp, OpenObject
    from .hot_swap import HotSwap
    from .watched_file import Version, WatchedFile

__all__ = ["INTERVAL", "LiveReload"]

INTERVAL: Final = 0.2
"""Seconds between two looks at a file. It is read when two in a row see the same: a compiler writes piece by piece."""
_SETTLED: Final = 0.1
"""Seconds after which it is looked at once more where something new was seen: who saves waits for it."""
_MOST: Final = 5
"""Warnings of a compiler that are told."""
_READ: Final = "read again"
_GONE: Final = "file"
"""What can fail, each with a message of its own."""


class LiveReload:
    """Reads what is explored again when its file has changed.

    What is loaded stays, until it is swapped (`HotSwap`). Where the user is elsewhere, or in something that stands
    over the object (a dialog, a test run, a search), that is left alone, and the file is read when it is over.

    Args:
        app: What shows the objects.
        hot_swap: Puts another version in the place of what is loaded.
    """

    def __init__(self, app: BpftuiApp, hot_swap: HotSwap) -> None:
        self._app = app
        self._hot_swap = hot_swap
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
            if (watched := each.watched) is None:
                continue
            has_changed = await asyncio.to_thread(watched.has_changed)
            if self._is_busy(each):
                continue
            self._tell_absence(each, watched)
            if has_changed and watched.is_news():
                await self._read(each, watched)

    def _is_busy(self, each: OpenObject) -> bool:
        """Whether the user is elsewhere, or in the middle of something."""
        screen = each.screen
        if each not in self._app.objects or self._app.screen is not screen or not screen.furnished.is_set():
            return True
        return screen.work is not None or screen.search.is_open

    def _tell_absence(self, each: OpenObject, watched: WatchedFile) -> None:
        """Tell that a file is gone, or there again."""
        if watched.has_gone():
            what = "read" if each.session.state is State.SPEC else "loaded"
            text = f"{each.session.title} is gone: what was {what} of it stays"
            each.screen.message_line.fail(Failure(_GONE, text, "it is read again as soon as it is back"))
        elif watched.has_returned():
            each.screen.message_line.settle(_GONE)
            each.screen.notify(f"{each.session.title} is there again", timeout=4)

    async def _read(self, each: OpenObject, watched: WatchedFile) -> None:
        try:
            version = await asyncio.to_thread(watched.next_version, each.session.spec, each.screen.program_name())
        except Exception as error:  # a file may be anything, and what is open is not to end with it
            if each.session.state is not State.SPEC:
                self._mark_older(each, watched)
            self._complain(each, error)
            return
        if version is None:
            return
        if not version.differs:
            self._settle(each, watched, version)
        elif each.session.state is State.SPEC:
            await self._show(each, watched, version)
        else:
            self._note(each, watched, version)

    def _note(self, each: OpenObject, watched: WatchedFile, version: Version) -> None:
        """Take note that what is loaded is older than its file; have it swapped where that is wanted at once."""
        each.screen.message_line.settle(_READ)
        if version.look != watched.turned_down:  # what was wrong was wrong with a version before
            each.screen.message_line.settle("swap")
        self._mark_older(each, watched)
        if self._hot_swap.at_once:
            self._hot_swap.start(each, version)
            return
        text = (
            f"{each.session.title} is another file now, {version.changes.text}: what is loaded stays until L swaps it"
        )
        each.screen.notify(text, severity="warning", timeout=10)

    def _mark_older(self, each: OpenObject, watched: WatchedFile) -> None:
        """Let the status line say of when what is loaded is."""
        each.operations.older = clock_time(watched.taken_at)
        each.operations.changed()

    async def _show(self, old: OpenObject, watched: WatchedFile, version: Version) -> None:
        """Show another version of what is not loaded."""
        session = await asyncio.to_thread(self._app.begin_session, version.spec)
        # From here to the new screen nothing is waited for: what was true of the old one still is.
        if self._is_busy(old) or old.session.state is not State.SPEC:
            watched.ask_again()
            await asyncio.to_thread(session.close)
            return
        self._settle(old, watched, version)
        watched.carry_over(old.session.spec, session.spec)
        screen = await self._app.replace(old, session, version.changes)
        screen.notify(f"{session.title} was read again: {version.changes.text}", timeout=8)
        for note in version.notes[:_MOST]:
            screen.notify(note, severity="warning", timeout=8)
        if len(version.notes) > _MOST:
            screen.notify(f"and {len(version.notes) - _MOST:,} more", severity="warning", timeout=8)

    def _settle(self, old: OpenObject, watched: WatchedFile, version: Version) -> None:
        """Take that version as read."""
        watched.take(version)
        old.operations.older = ""
        old.operations.changed()
        for action in (_READ, "swap"):  # what was wrong with a version before
            old.screen.message_line.settle(action)

    def _complain(self, old: OpenObject, error: Exception) -> None:
        why = f"{old.session.title} is another file now, which is not taken: {told(error)}"
        hint = error.hint if isinstance(error, BpftuiError) else None
        old.screen.journal.failed(why, error)
        old.screen.message_line.fail(Failure(_READ, why, hint or "", tab="log"))
