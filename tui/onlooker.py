"""Onlooker: what the explorer does of what others have loaded: looks who has it, and keeps what is changed of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from .messages import Failed, Looked

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.message import Message

    from ..core.runtime.theirs import Theirs
    from .operations import Host
    from .permission import Permission

__all__ = ["Onlooker"]

_REST: Final = 19
"""Times as long as a look took until the next one that nothing calls for: looking is then 5 % of the time at most."""


class Onlooker:
    """Takes one look at a time, in a thread, and says once why it cannot.

    Args:
        theirs: What is looked at.
        permission: Whether it may be changed.
        host: Returns who it is done for.
        tell: Takes a message for the host, from whichever thread.
    """

    def __init__(
        self,
        theirs: Theirs,
        *,
        permission: Permission,
        host: Callable[[], Host],
        tell: Callable[[Message], None],
    ) -> None:
        self._theirs = theirs
        self._permission = permission
        self._host = host
        self._tell = tell
        self._is_looking = self._once_more = False
        self._due = 0.0
        """When the next look is due at the earliest."""
        self._blind = ""
        """Why the last look failed; empty where it did not."""

    def look(self, *, anew: bool = True) -> None:
        """Find out, in a thread, where it is attached and who has it now; Looked tells what came of it.

        Args:
            anew: Whether what was seen, or is being looked at, is not enough: it may be what was before a change.
        """
        if self._is_looking:
            self._once_more |= anew
            return
        if not anew and time.monotonic() < self._due:
            return
        self._is_looking = True
        self._host().start(self._look)

    def _look(self) -> None:
        began, failed = time.monotonic(), None
        try:
            self._theirs.look()
        except Exception as error:
            failed = error
        ended = time.monotonic()
        self._due = ended + _REST * (ended - began)
        self._tell(Looked(failed))

    def after_look(self, message: Looked) -> None:
        """Say why nothing can be seen, where that is news; take the next look, where one was asked for meanwhile."""
        self._is_looking = False
        before, self._blind = self._blind, "" if message.error is None else repr(message.error)
        if message.error is None:
            if before:
                self._host().settle("look")
        elif self._blind != before:
            self._tell(Failed("look", message.error))
        if self._once_more:
            self._once_more = False
            self.look()

    def allow_changes(self) -> None:
        """Let it be changed, where its user has said that it may be."""
        if self._permission.given:
            self._theirs.allow_changes()

    def keep_change(self, text: str) -> None:
        """Keep in a journal what was changed of it."""
        from .state.journal import changes_journal

        changes_journal().write(f"{self._theirs.title}: {text}")
