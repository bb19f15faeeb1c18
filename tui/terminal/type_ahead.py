"""TypeAhead: the keys of a quick hand wait until what they are meant for is there."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from textual import events

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from textual.app import App
    from textual.dom import DOMNode
    from textual.message import Message
    from textual.message_pump import MessagePump

__all__ = ["TypeAhead", "typed"]

_SLICE: Final = 0.05
"""Seconds after which a widget that does not answer is looked at: it may be gone."""
_PATIENCE: Final = 2.0
"""Seconds that a key may take before the next is handed on all the same."""


def typed(message: object) -> TypeGuard[events.Key | events.Paste]:
    """Whether a message is a key, or what was pasted."""
    return isinstance(message, events.Key | events.Paste)


class TypeAhead:
    """Hands keys and pastes on one at a time: the next when all that the last one brought about has happened.

    A key goes from the focused widget upwards through the queues of its parents, and what it does there, a screen that
    opens above all, takes its time. The next key is meant for what is there then, not for what has the focus still.

    Args:
        app: The app whose keys these are.
        ready: Returns what is to have happened before the first key is handed on.
    """

    def __init__(self, app: App[Any], ready: Callable[[], asyncio.Event]) -> None:
        self._app = app
        self._ready = ready
        self._waiting: deque[events.Key | events.Paste] = deque()
        self._due: events.Event | None = None
        self._last: events.Event | None = None
        """What was handed on last."""
        self._task: asyncio.Task[None] | None = None
        self._asked: asyncio.Event | None = None
        """Set once what the last key asked for is there; None where it was there at once."""
        self._leaving = False

    @property
    def idle(self) -> bool:
        """Whether no key is on its way."""
        return self._task is None or self._task.done()

    @property
    def held(self) -> str:
        """The key that was handed on last and is to be handed on again: somebody holds it; empty for none."""
        last, following = self._last, next(iter(self._waiting), None)
        if isinstance(last, events.Key) and isinstance(following, events.Key) and following.key == last.key:
            return last.key
        return ""

    def take(self, event: events.Key | events.Paste) -> bool:
        """Return whether the app is to handle a key or a paste now; otherwise it comes again when it is its turn."""
        if event is self._due:
            self._due = None
            return True
        if self._is_asked and isinstance(event, events.Key) and event.key == "escape":
            self._waiting.clear()  # it gives up what they were meant for
            self._last = event
            return True
        at_once = self.idle and self._ready().is_set() and not self._is_asked and not self._leaving
        if at_once:
            self._last = event
        else:
            self._waiting.append(event)
        self._begin()
        return at_once

    def resume(self, waiting: Iterable[events.Key | events.Paste]) -> None:
        """Begin with keys that came before there was this app."""
        self._waiting.extendleft(reversed([*waiting]))
        if self._waiting:
            self._begin()

    def hold(self) -> asyncio.Event:
        """Let keys wait for what the last one asked for, until the event that is returned is set: then it is there.

        It is done in a thread. Keys wait for as long as one may take; escape, which gives it up, does not wait.
        """
        self._asked = asyncio.Event()
        return self._asked

    @property
    def _is_asked(self) -> bool:
        return self._asked is not None and not self._asked.is_set()

    def forget(self) -> None:
        """Hand on nothing of what waits: what it was meant for did not come."""
        self._waiting.clear()

    def leave(self) -> None:
        """Hand nothing on any more: the app is being left."""
        self._leaving = True
        if self._task is not None:
            self._task.cancel()

    def keep(self, message: Message) -> bool:
        """Keep a key that comes while the app is being left, and return whether it is one; from any thread."""
        if self._leaving and typed(message):
            self._waiting.append(message)
            return True
        return False

    def left(self) -> list[events.Key | events.Paste]:
        """Return the keys that wait when the app has been left, for the next."""
        return [_copied(event) for event in self._waiting]

    def _begin(self) -> None:
        if self.idle and not self._leaving:
            self._task = asyncio.create_task(self._hand_on(), name="type-ahead")

    async def _hand_on(self) -> None:
        """Hand on what waits, after the key that is being handled."""
        await self._ready().wait()
        await self._settle()
        while self._waiting and self._app.is_running and not self._leaving:
            if not (ready := self._ready()).is_set():  # what the last key was for, an object that is opened, takes time
                await ready.wait()
                continue
            self._due = self._last = self._waiting.popleft()
            self._app.post_message(self._due)
            await self._settle()

    async def _settle(self) -> None:
        """Wait until what the key has brought about has happened."""
        place = self._place()
        await self._passed(self._app)
        # Up with the key itself; then up with the message of what it did: a row that was chosen.
        for _ in range(2):
            node: DOMNode | None = place[1] or place[0]
            while node is not None and node is not self._app:
                await self._passed(node)
                node = node.parent
            await self._passed(self._app)
        if self._asked is not None:
            await self._come(self._asked, lambda: self._app.is_running)
            self._asked = None
        if self._app.is_running and self._place() != place:
            # Another screen, which mounts before it does anything else, or another pane, which is shown with the next
            # frame.
            screen = self._place()[0]
            await self._passed(screen)
            await self._passed(screen, refreshed=True)

    def _place(self) -> tuple[DOMNode, DOMNode | None]:
        screen: DOMNode = self._app.screen
        return screen, self._app.focused

    async def _passed(self, pump: MessagePump, *, refreshed: bool = False) -> None:
        """Wait until a widget has worked off what is in its queue by now, and where wanted, until it is drawn."""
        passed = asyncio.Event()
        if (pump.call_after_refresh if refreshed else pump.call_later)(passed.set):
            await self._come(passed, lambda: pump.is_running)

    async def _come(self, event: asyncio.Event, is_running: Callable[[], bool]) -> None:
        """Wait for an event for as long as a key may take, while who is to set it is there."""
        waited = 0.0
        while is_running() and waited < _PATIENCE:
            try:
                await asyncio.wait_for(event.wait(), _SLICE)
            except TimeoutError:
                waited += _SLICE
            else:
                return


def _copied(event: events.Key | events.Paste) -> events.Key | events.Paste:
    """Return an event as it came, for another app."""
    return events.Paste(event.text) if isinstance(event, events.Paste) else events.Key(event.key, event.character)
