"""Hot swap: the version that a file has become takes the place of what was loaded from it, while packets come."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from textual.css.query import NoMatches

from ..core.errors import BpftuiError, GivenUpError
from ..core.interrupt import Interrupt
from ..core.live import State
from .dialogs.confirm import ConfirmDialog
from .text.format import clock_time

if TYPE_CHECKING:
    from ..core.live import Obstacle, Swap, Swapped
    from .app import BpftuiApp, OpenObject
    from .watched_file import Version

__all__ = ["HotSwap"]

_LOOK: Final = 0.1
"""Seconds between two looks whether the user is done with what lies over the object."""


class HotSwap:
    """Puts the version that a file has become in the place of what was loaded from it: see `bpftui.core.live.Swap`.

    Args:
        app: What shows the objects.
        at_once: Whether that is done at each change, without being asked for.
    """

    def __init__(self, app: BpftuiApp, *, at_once: bool = False) -> None:
        self._app = app
        self.at_once = at_once

    def asked(self, each: OpenObject) -> None:
        """Swap, because the user wants it; what cannot be done in one step is asked about."""
        self.start(each, asks=True)

    def start(self, old: OpenObject, version: Version | None = None, *, asks: bool = False) -> None:
        """Begin to swap; it is waited for by nobody, since it may wait for a user who is in another place.

        Args:
            old: What is loaded.
            version: The new version, where it was read already.
            asks: Whether the user is there to be asked about what cannot be swapped in one step.
        """
        self._app.run_worker(self._run(old, version, asks=asks), description="swap")

    async def _run(self, old: OpenObject, version: Version | None, *, asks: bool) -> None:
        try:
            await self._swap(old, version, asks=asks)
        except NoMatches:
            if self._app.is_running:
                raise
            # It has ended meanwhile, and its screens are taken apart.

    async def _swap(self, old: OpenObject, version: Version | None, *, asks: bool) -> None:
        """Read the file of a loaded object, have it verified, and let it take over; if it is refused all stays."""
        operations, watched, stop = old.operations, old.watched, Interrupt()
        if watched is None or old.session.state is State.SPEC:
            return
        if not operations.begin_work("swap", "verifying the new version", stop):
            return
        old.screen.message_line.forget()  # that there is another version
        try:
            if version is None:
                version = await asyncio.to_thread(watched.read_version, old.session.spec, old.screen.program_name())
            swap = await asyncio.to_thread(watched.swap, old.session, version, self._app.begin_session)
        except Exception as error:
            operations.end_work()
            old.screen.outcomes.not_swapped(error, clock_time(watched.seen_at))
            return
        swapped: Swapped | None = None
        try:
            await asyncio.to_thread(swap.prepare, progress=operations.loading, stop=stop)
            obstacles = swap.obstacles
            reopen = bool(obstacles) and asks and await self._is_sure(old, obstacles)
            if not obstacles or not asks or reopen:
                await self._wait_for_user(old)
                swapped = await asyncio.to_thread(_commit, swap, old, reopen=reopen)
        except GivenUpError as error:
            old.screen.notify(error.message)
        except Exception as error:  # whatever it is, what runs is not to end with it
            watched.turned_down = version.look
            old.screen.outcomes.not_swapped(error, clock_time(version.look.written_at), version.spec)
        else:
            if swapped is not None:
                watched.take(version)  # it may have been saved again while that was verified, or asked about
                await self._show(old, swap, swapped, version)
                return
            old.screen.notify("nothing was swapped", timeout=4)
        finally:
            if swapped is None:
                await asyncio.to_thread(swap.close)
        operations.end_work()

    async def _show(self, old: OpenObject, swap: Swap, swapped: Swapped, version: Version) -> None:
        """Show the new version where the old one was."""
        keeping = old.operations.keeping
        ended = keeping.path if keeping.seconds is not None else ""
        screen = await self._app.replace(old, swap.after, version.changes, swapped)
        if ended:
            screen.journal.line(f"the recording has ended with its version (K begins another): {ended}")
        screen.notify(f"{swap.after.title} was swapped: {swapped.summary}", timeout=8)
        for note in version.notes:
            screen.notify(note, severity="warning", timeout=8)

    async def _is_sure(self, old: OpenObject, obstacles: tuple[Obstacle, ...]) -> bool:
        """Ask whether what cannot be swapped in one step is to be attached anew all the same."""
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        lines = "\n".join(f"  {each.text}" for each in obstacles)
        question = f"These cannot be swapped in one step:\n{lines}\n\nAll else is handed over first."
        dialog = ConfirmDialog("Swap", question, confirm="Swap all the same")

        def answered(sure: bool | None) -> None:
            if not answer.done():
                answer.set_result(bool(sure))

        old.screen.show_work(None)  # nothing is done meanwhile
        self._app.push_screen(dialog, answered)
        return await answer

    async def _wait_for_user(self, old: OpenObject) -> None:
        """Wait until nothing lies over the object: it goes away with the version that it is about."""
        while self._app.screen is not old.screen and old in self._app.objects:
            await asyncio.sleep(_LOOK)


def _commit(swap: Swap, old: OpenObject, *, reopen: bool) -> Swapped:
    """Let the new version take over, and end who reads the old one; in a thread."""
    swapped = swap.commit(reopen=reopen)
    # What ends with the old version is over in any case, and the new one runs.
    for end in (old.operations.monitor.stop, old.session.close):
        with suppress(BpftuiError, OSError):
            end()
    return swapped
