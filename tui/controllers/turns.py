"""Turns: work that is done in threads, but never two at once."""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from .controller import Stage

__all__ = ["Turns"]

_Result = TypeVar("_Result")


class Turns:
    """Work that is done one after the other, in the order in which it was asked for.

    A turn is its work, in a thread, and what is done with its result, in the event loop. What that asks for belongs to
    it: it has its turn before all that was waiting already.

    Args:
        stage: What runs work in threads.
        failed: Gets what work raises, in place of what would have been done with its result.
    """

    def __init__(self, stage: Stage, failed: Callable[[Exception], None]) -> None:
        self._stage = stage
        self._failed = failed
        self._waiting: deque[Callable[[], None]] = deque()
        self._is_taken = False

    @property
    def is_taken(self) -> bool:
        """Whether something is being done, be it only with a result."""
        return self._is_taken

    def take(self, work: Callable[[], _Result], then: Callable[[_Result], None]) -> None:
        """Do *work* as soon as it is its turn; *then* gets what it returns."""
        self._waiting.append(partial(self._begin, work, then))
        if not self._is_taken:
            self._next()

    def after(self, then: Callable[[], None]) -> None:
        """Call *then* behind all that was asked for so far: now, where nothing is being done."""
        if self._is_taken:
            self.take(lambda: None, lambda _: then())
        else:
            then()

    def _next(self) -> None:
        self._is_taken = bool(self._waiting)
        if self._waiting:
            self._waiting.popleft()()

    def _begin(self, work: Callable[[], _Result], then: Callable[[_Result], None]) -> None:
        self._stage.find_out(
            work,
            lambda result: self._end(partial(then, result)),
            lambda error: self._end(partial(self._failed, error)),
        )

    def _end(self, last: Callable[[], None]) -> None:
        """End a turn with what is *last* in it."""
        behind, self._waiting = self._waiting, deque()
        last()  # the turn is still taken: what this asks for waits, in front of what is behind it
        self._waiting.extend(behind)
        self._next()
