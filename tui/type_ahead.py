"""TypeAhead: the keys of a quick hand wait until what they are meant for is there."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual import events
    from textual.app import App
    from textual.dom import DOMNode
    from textual.message_pump import MessagePump

__all__ = ["TypeAhead"]

_SLICE: Final = 0.05
"""Seconds after which a widget that does not answer is looked at: it may be gone."""
_PATIENCE: Final = 2.0
"""Seconds that a key may take before the next is handed on all the same."""


class TypeAhead:
    """Hands keys and pastes on one at a time: the next when all that the last one brought about has happened.

    A key goes from the focused widget upwards through the queues of its parents, and what it does there, a screen that
    opens above all, takes its time. The next key is meant for what is there then, not for what has the focus still.

    Args:
        app: The app whose keys these are.
        ready: Returns what is to have happened before the first key is handed on; None for nothing.
    """

    def __init__(self, app: App[Any], ready: Callable[[], asyncio.Event | None]) -> None:
        self._app = app
        self._ready = ready
        self._waiting: deque[events.Event] = deque()
        self._due: events.Event | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def idle(self) -> bool:
        """Whether no key is on its way."""
        return self._task is None or self._task.done()

    def take(self, event: events.Event) -> bool:
        """Return whether the app is to handle a key or a paste now; otherwise it comes again when it is its turn."""
        if event is self._due:
            self._due = None
            return True
        ready = self._ready()
        at_once = self.idle and (ready is None or ready.is_set())
        if not at_once:
            self._waiting.append(event)
        if self.idle:
            self._task = asyncio.create_task(self._hand_on(), name="type-ahead")
        return at_once

    def close(self) -> None:
        """Forget the keys that still wait."""
        self._waiting.clear()
        if self._task is not None:
            self._task.cancel()

    async def _hand_on(self) -> None:
        """Hand on what waits, after the key that is being handled."""
        if (ready := self._ready()) is not None:
            await ready.wait()
        await self._settle()
        while self._waiting and self._app.is_running:
            self._due = self._waiting.popleft()
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
        queued = (pump.call_after_refresh if refreshed else pump.call_later)(passed.set)
        waited = 0.0
        while queued and pump.is_running and waited < _PATIENCE:
            try:
                await asyncio.wait_for(passed.wait(), _SLICE)
            except TimeoutError:
                waited += _SLICE
            else:
                return
