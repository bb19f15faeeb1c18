"""Log: what was done in a session, in its tab and in the user's log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.errors import BpftuiError

if TYPE_CHECKING:
    from ..operations import Operations
    from ..widgets.verifier.log_pane import LogPane

__all__ = ["Log"]


class Log:
    """Says what happened.

    Args:
        operations: What keeps the user's log.
        pane: The tab with the session's messages.
    """

    def __init__(self, operations: Operations, pane: LogPane) -> None:
        self._operations = operations
        self._pane = pane

    def line(self, text: str, error: Exception | None = None) -> None:
        """Add to the session's messages and to the user's log, there with the traceback of an *error*."""
        self._pane.add(text)
        self.note(text, error)

    def failed(self, text: str, error: Exception) -> None:
        """Add what went wrong, in a sentence, and where a compiler has more to say all of that."""
        self.line(text, None if isinstance(error, BpftuiError) else error)
        for each in error.problems.values() if isinstance(error, BpftuiError) else ():
            self.show(each.message)

    def show(self, text: str, when: float | None = None) -> None:
        """Add to the session's messages only: of now, or of a moment in seconds since 1970."""
        self._pane.add(text, when)

    def note(self, text: str, error: Exception | None = None) -> None:
        """Add to the user's log only; where there can be none, the session's messages say so once."""
        if problem := self._operations.note(text, error):
            self._pane.add(problem)
